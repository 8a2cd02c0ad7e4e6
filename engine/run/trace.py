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
    values = plan.leaves.copy()
    for slot, op, inputs, attrs in plan.steps:
        try:
            if attrs:
                raise TypeError  # attributes need their defaults filled in
            if op.arity == 2:
                a, b = inputs
                y = op.value(floats, values[a], values[b])
            elif op.arity == 1:
                y = op.value(floats, values[inputs[0]])
            else:
                y = op.value(floats, *[values[i] for i in inputs])
            if type(y) is not float:
                raise TypeError
        except NOT_FOR_FLOATS:
            try:
                y = _forward(op, [values[i] for i in inputs], attrs)
            except Exception as error:
                raise _failure(graph, plan, slot, error) from error
        values[slot] = y
    output = values[plan.output]
    gradients: list[Any] = [None] * len(values)
    gradients[plan.output] = 1.0 if type(output) is float else plain(np.ones(np.shape(output)))
    rows: list[tuple] = []
    record = rows.append
    for slot, op, inputs, attrs in reversed(plan.steps):
        g = gradients[slot]
        if g is None:  # nothing that the output depends on
            continue
        y = values[slot]
        try:
            if attrs or type(y) is not float:
                raise TypeError
            if op.arity == 2:
                a, b = inputs
                slopes = slope_a, slope_b = op.local(floats, y, values[a], values[b])  # type: ignore[misc]
                products = product_a, product_b = g * slope_a, g * slope_b
                before = gradients[a]
                gradients[a] = product_a if before is None else before + product_a
                before = gradients[b]
                gradients[b] = product_b if before is None else before + product_b
                record((slot, g, slopes, products))
                continue
            if op.arity == 1:
                a = inputs[0]
                slopes = op.local(floats, y, values[a])  # type: ignore[misc]
                product = g * slopes[0]
                before = gradients[a]
                gradients[a] = product if before is None else before + product
                record((slot, g, slopes, (product,)))
                continue
            slopes = op.local(floats, y, *[values[i] for i in inputs])  # type: ignore[misc]
            products = [g * s for s in slopes]
        except NOT_FOR_FLOATS:
            slopes, products = _backward(op, g, y, [values[i] for i in inputs], attrs)
        for i, product in zip(inputs, products, strict=True):
            before = gradients[i]
            gradients[i] = product if before is None else before + product
        record((slot, g, slopes, products))
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
