"""The stepwise executor: one forward and one backward pass over a plan, every step recorded.

It writes compact rows, so that recording costs little; ``walk.py`` reads them as steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import EngineError, GraphError, no_graph
from engine.graph.graph import CONSTANT, LEAF_KINDS, NO_ATTRS, Graph, Node, Value
from engine.graph.problems import Problem, ProblemKind, node_title, size_problem
from engine.ops import OPS
from engine.ops.kinds import arrays, floats
from engine.ops.op import Op, unbroadcast
from engine.run.plan import Plan, PlanStep, lower, plain, refusal
from engine.run.walk import Walk

# What a float rule raises where IEEE 754 has an answer (infinity, NaN) or where the step needs
# arrays after all: the same rule is then run with arrays.
NOT_FOR_FLOATS = (ArithmeticError, ValueError, TypeError, AttributeError)


def _forward(op: Op, values: list[Any], attrs: Mapping[str, Any]) -> Value:
    """One op on any values, by its array rule."""
    with np.errstate(all="ignore"):
        return plain(op.value(arrays, *map(np.asarray, values), **op.with_defaults(attrs)))


def _backward(
    op: Op, g: Value, y: Value, values: list[Any], attrs: Mapping[str, Any]
) -> tuple[tuple[Value, ...] | None, list[Value]]:
    """(locals, products) of one op on any values; array ops have no locals, number by number."""
    with np.errstate(all="ignore"):
        xs = [np.asarray(v) for v in values]
        full = op.with_defaults(attrs)
        if op.local is not None:
            slopes = op.local(arrays, np.asarray(y), *xs, **full)
            products = [g * s for s in slopes]
            kept = tuple(plain(s) for s in slopes)
        else:
            assert op.pullback is not None
            products = op.pullback(arrays, np.asarray(g), np.asarray(y), *xs, **full)
            kept = None
        return kept, [
            plain(unbroadcast(np.asarray(p, float), x.shape))
            for p, x in zip(products, xs, strict=True)
        ]


def trace(graph: Graph | Plan) -> Walk:
    """Run ``graph`` forward, then backward from its output, and record every step.

    The seed gradient is 1; an output that is not a scalar is seeded with ones, which gives the
    gradients of its sum.  Raises GraphError with the problems of a graph that cannot run.
    """
    if isinstance(graph, Plan):
        return trace_plan(graph)
    try:
        walk = _trace_floats(list(graph.nodes.values()), graph.output)
    except (LookupError, TypeError, ValueError):
        walk = None  # not in order, or broken: the plan finds out
    except AttributeError:
        if isinstance(graph, Graph):
            raise
        raise no_graph("trace", graph) from None
    if walk is not None:
        return walk
    plan = lower(graph)
    try:
        return trace_plan(plan)
    except GraphError as error:
        refused = refusal(graph)  # shapes that do not meet are told better by the graph
        raise (refused if refused.problems else error) from error


def trace_plan(plan: Plan) -> Walk:
    """``trace`` for values of any shape, by the array rules.

    Raises GraphError at the node that cannot be computed.
    """
    values = plan.leaves.copy()
    for slot, op, attrs, *inputs in plan.steps:
        try:
            trouble = size_problem(op.shape(*(np.shape(values[i]) for i in inputs), **attrs))
            if trouble:
                raise EngineError(f"it {trouble}")
            values[slot] = _forward(op, [values[i] for i in inputs], attrs)
        except Exception as error:
            raise _failure(plan, slot, error) from error
    gradients: list[Any] = [None] * len(values)
    gradients[plan.output] = plain(np.ones(np.shape(values[plan.output])))
    rows: list[tuple] = []
    for slot, op, attrs, *inputs in reversed(plan.steps):
        g = gradients[slot]
        if g is None:  # nothing that the output depends on
            continue
        try:
            slopes, products = _backward(op, g, values[slot], [values[i] for i in inputs], attrs)
        except Exception as error:
            raise _failure(plan, slot, error) from error
        for i, product in zip(inputs, products, strict=True):
            before = gradients[i]
            gradients[i] = product if before is None else before + product
        rows.append((slot, g, slopes, *products))
    return Walk(plan, values, gradients, rows)


def _trace_floats(nodes: list[Node], output_id: str) -> Walk | None:
    """``trace`` where every value is one Python float: the same rules, a tenth of the time.

    Lowers and runs in one sweep.  None where it cannot: for arrays, attributes, ops of more than
    two inputs.  Raises LookupError, TypeError or ValueError where the graph is out of order or
    broken.
    """
    xp, find_op = floats, OPS.get
    slots: dict[str, int] = {}
    values: list[Any] = []
    steps: list[PlanStep] = []
    constants: list[int] = []
    put, add_step = values.append, steps.append
    slot = 0
    for node in nodes:
        op = find_op(node.op)
        if op is None:
            value = node.value
            if value.__class__ is not float:
                if value is not None:
                    return None
                value = 1.0
            if node.op == CONSTANT:
                constants.append(slot)
            elif node.op not in LEAF_KINDS:
                return None
            put(value)
        else:
            if node.attrs or op.local is None:
                return None
            rule = op.value
            if op.arity == 2:
                a, b = node.inputs
                a, b = slots[a], slots[b]
                try:
                    put(rule(xp, values[a], values[b]))
                except NOT_FOR_FLOATS:
                    put(_forward(op, [values[a], values[b]], NO_ATTRS))
                add_step((slot, op, NO_ATTRS, a, b))
            elif op.arity == 1:
                (a,) = node.inputs
                a = slots[a]
                try:
                    put(rule(xp, values[a]))
                except NOT_FOR_FLOATS:
                    put(_forward(op, [values[a]], NO_ATTRS))
                add_step((slot, op, NO_ATTRS, a))
            else:
                return None
        slots[node.id] = slot
        slot += 1
    output = slots[output_id] if output_id else slot - 1
    gradients: list[Any] = [None] * slot
    gradients[output] = 1.0
    rows: list[tuple] = []
    record = rows.append
    for step in reversed(steps):
        slot = step[0]
        g = gradients[slot]
        if g is None:
            continue
        rule = step[1].local
        try:
            if len(step) == 5:
                _, _, _, a, b = step
                slope, slope_b = slopes = rule(xp, values[slot], values[a], values[b])
                product, product_b = g * slope, g * slope_b
                record((slot, g, slopes, product, product_b))
            else:
                _, _, _, a = step
                (slope,) = slopes = rule(xp, values[slot], values[a])
                product = g * slope
                record((slot, g, slopes, product))
        except NOT_FOR_FLOATS:
            given = [values[i] for i in step[3:]]
            slopes, products = _backward(step[1], g, values[slot], given, NO_ATTRS)
            record((slot, g, slopes, *products))
            product, product_b = products[0], products[-1]
        before = gradients[a]
        gradients[a] = product if before is None else before + product
        if len(step) == 5:
            before = gradients[b]
            gradients[b] = product_b if before is None else before + product_b
    plan = Plan(nodes, slots, values, steps, constants, output)
    return Walk(plan, values, gradients, rows)


def _failure(plan: Plan, slot: int, error: Exception) -> GraphError:
    """What to say when a step could not be computed at all."""
    node = plan.nodes[slot]
    sentence = f"{node_title(node)} could not be computed: {error}"
    return GraphError(sentence, (Problem(ProblemKind.VALUE, node.id, sentence),))
