"""The stepwise executor: one forward and one backward pass over a plan, every step recorded.

It writes compact rows, so that recording costs little; ``walk.py`` reads them as steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import GraphError
from engine.graph.graph import Graph, Value
from engine.graph.problems import Problem, ProblemKind, node_title
from engine.ops.kinds import arrays, floats
from engine.ops.op import Op, unbroadcast
from engine.run.plan import Plan, lower, refusal
from engine.run.walk import Walk

# What a float rule raises where IEEE 754 has an answer (infinity, NaN) or where the step needs
# arrays after all: the same rule is then run with arrays.
NOT_FOR_FLOATS = (ArithmeticError, ValueError, TypeError, AttributeError)


def plain(result: Any) -> Value:
    """A float for a scalar, a float64 array for anything larger."""
    result = np.asarray(result, dtype=np.float64)
    return float(result) if result.ndim == 0 else result


def _forward(op: Op, values: list[Any], attrs: dict[str, Any]) -> Value:
    """One op on any values, by its array rule."""
    with np.errstate(all="ignore"):
        return plain(op.value(arrays, *map(np.asarray, values), **op.with_defaults(attrs)))


def _backward(
    op: Op, g: Value, y: Value, values: list[Any], attrs: dict[str, Any]
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
    plan = graph if isinstance(graph, Plan) else lower(graph)
    if plan.scalar:
        return _trace_floats(plan)
    values = plan.leaves.copy()
    for slot, op, attrs, *inputs in plan.steps:
        try:
            values[slot] = _forward(op, [values[i] for i in inputs], attrs)
        except Exception as error:
            raise _failure(graph, plan, slot, error) from error
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
            raise _failure(graph, plan, slot, error) from error
        for i, product in zip(inputs, products, strict=True):
            before = gradients[i]
            gradients[i] = product if before is None else before + product
        rows.append((slot, g, slopes, *products))
    return Walk(plan, values, gradients, rows)


def _trace_floats(plan: Plan) -> Walk:
    """``trace`` where every slot is one Python float: the same rules, a tenth of the time."""
    xp = floats
    values = plan.leaves.copy()
    for step in plan.steps:
        op = step[1]
        rule = op.value
        try:
            if op.arity == 2:
                slot, _, _, a, b = step
                values[slot] = rule(xp, values[a], values[b])
            else:
                slot, _, _, a = step
                values[slot] = rule(xp, values[a])
        except NOT_FOR_FLOATS:
            values[slot] = _forward(op, [values[i] for i in step[3:]], {})
    gradients: list[Any] = [None] * len(values)
    gradients[plan.output] = 1.0
    rows: list[tuple] = []
    record = rows.append
    for step in reversed(plan.steps):
        slot = step[0]
        g = gradients[slot]
        if g is None:
            continue
        op = step[1]
        rule = op.local
        try:
            if op.arity == 2:
                _, _, _, a, b = step
                slope_a, slope_b = slopes = rule(xp, values[slot], values[a], values[b])
                product, product_b = g * slope_a, g * slope_b
                record((slot, g, slopes, product, product_b))
            else:
                _, _, _, a = step
                (slope_a,) = slopes = rule(xp, values[slot], values[a])
                product = g * slope_a
                record((slot, g, slopes, product))
        except NOT_FOR_FLOATS:
            slopes, products = _backward(op, g, values[slot], [values[i] for i in step[3:]], {})
            record((slot, g, slopes, *products))
            product, product_b = products[0], products[-1]
        before = gradients[a]
        gradients[a] = product if before is None else before + product
        if op.arity == 2:
            before = gradients[b]
            gradients[b] = product_b if before is None else before + product_b
    return Walk(plan, values, gradients, rows)


def _failure(graph: Graph | Plan, plan: Plan, slot: int, error: Exception) -> GraphError:
    """What to say when a step could not be computed at all: the graph's own problem if any."""
    if isinstance(graph, Graph):
        refused = refusal(graph)
        if refused.problems:
            return refused
    node = plan.nodes[slot]
    sentence = f"{node_title(node)} could not be computed: {error}"
    problem = Problem(ProblemKind.VALUE, node.id, sentence)
    return GraphError(problem.sentence, (problem,))
