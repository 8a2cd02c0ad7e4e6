"""The stepwise executor: one forward and one backward pass over a plan, every step recorded.

It writes compact rows, so that recording costs little; ``walk.py`` reads them as steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import EngineError, GraphError, no_graph
from engine.graph.graph import LEAF_KINDS, Graph, Value
from engine.graph.problems import Problem, ProblemKind, node_title, size_problem
from engine.ops import OPS
from engine.ops.kinds import arrays, floats
from engine.ops.op import Op, unbroadcast
from engine.run.plan import Plan, lower, plain, refusal
from engine.run.walk import Row, Walk

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
            slopes = None
            if np.ndim(y) == 0 and all(x.ndim == 0 for x in xs):  # then there are locals after all
                slopes = op.pullback(arrays, np.ones(()), np.asarray(y), *xs, **full)
                products = [g * s for s in slopes]
            else:
                products = op.pullback(arrays, np.asarray(g), np.asarray(y), *xs, **full)
            kept = slopes and tuple(plain(s) for s in slopes)
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
        walk = _trace_floats(graph)
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
    ids = plan.ids
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
    rows: list[Row] = []
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
        rows.append((ids[slot], plan.nodes[slot].inputs, slopes, products))
    rows.reverse()
    reached = {i: g for i, g in zip(ids, gradients, strict=True) if g is not None}
    nodes = dict(zip(ids, plan.nodes, strict=True))
    return Walk(nodes, ids[plan.output], dict(zip(ids, values, strict=True)), reached, rows)


def _trace_floats(graph: Graph) -> Walk | None:
    """``trace`` where every value is one Python float: the same rules, a tenth of the time.

    Sweeps over ids without lowering; local gradients are taken on the way forward, where the
    inputs are at hand.  None where it cannot: for arrays, attributes, ops of more than two
    inputs.  Raises LookupError, TypeError or ValueError where the graph is out of order or broken.
    """
    xp, find_op = floats, OPS.find
    nodes = graph.nodes.copy()
    values: dict[str, Any] = {}
    rows: list[Any] = []
    record = rows.append
    node_id = ""
    for node_id, node in nodes.items():
        inputs = node.inputs
        if not inputs:
            value = node.value
            if value.__class__ is not float:
                if value is not None:
                    return None
                value = 1.0
            if node.op not in LEAF_KINDS:
                return None
            values[node_id] = value
            continue
        op = find_op(node.op)
        if op is None or node.attrs or op.local is None:
            return None
        if op.arity == 2:
            a, b = inputs
            x_a, x_b = values[a], values[b]
            try:
                values[node_id] = y = op.value(xp, x_a, x_b)
                record((node_id, inputs, op.local(xp, y, x_a, x_b), None))
            except NOT_FOR_FLOATS:
                values[node_id], slopes = _by_arrays(op, x_a, x_b)
                record((node_id, inputs, slopes, None))
        elif op.arity == 1:
            (a,) = inputs
            x_a = values[a]
            try:
                values[node_id] = y = op.value(xp, x_a)
                record((node_id, inputs, op.local(xp, y, x_a), None))
            except NOT_FOR_FLOATS:
                values[node_id], slopes = _by_arrays(op, x_a)
                record((node_id, inputs, slopes, None))
        else:
            return None
    output = graph.output or node_id
    gradients: dict[str, Any] = {output: 1.0}
    if output not in values:
        return None
    for node_id, inputs, slopes, _ in reversed(rows):
        if node_id not in gradients:  # nothing that the output depends on
            continue
        g = gradients[node_id]
        if len(inputs) == 2:
            a, b = inputs
            slope, slope_b = slopes
            if a in gradients:
                gradients[a] += g * slope
            else:
                gradients[a] = g * slope
            if b in gradients:
                gradients[b] += g * slope_b
            else:
                gradients[b] = g * slope_b
        else:
            (a,) = inputs
            if a in gradients:
                gradients[a] += g * slopes[0]
            else:
                gradients[a] = g * slopes[0]
    return Walk(nodes, output, values, gradients, rows)


def _by_arrays(op: Op, *inputs: float) -> tuple[Value, tuple[Value, ...]]:
    """(value, slopes) of a scalar op by its array rule, which answers where floats raise."""
    with np.errstate(all="ignore"):
        xs = [np.asarray(x) for x in inputs]
        y = plain(op.value(arrays, *xs))
        assert op.local is not None
        return y, tuple(plain(slope) for slope in op.local(arrays, np.asarray(y), *xs))


def _failure(plan: Plan, slot: int, error: Exception) -> GraphError:
    """What to say when a step could not be computed at all."""
    node = plan.nodes[slot]
    sentence = f"{node_title(node, {n.id: n for n in plan.nodes})} could not be computed: {error}"
    return GraphError(sentence, (Problem(ProblemKind.VALUE, node.id, sentence),))
