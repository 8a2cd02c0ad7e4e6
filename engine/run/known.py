"""What can be computed of a graph that is not complete: values forward, as far as they go."""

from __future__ import annotations

import numpy as np

from engine.graph.graph import Graph, Node, Value
from engine.graph.problems import attribute_problem, is_value, size_problem
from engine.ops import OPS
from engine.run.plan import plain


def known_values(graph: Graph) -> dict[str, Value]:
    """The value of every leaf, and of every op whose inputs are known and whose rule takes them.

    Never raises for a bad graph: what cannot be computed, and all that depends on it, is missing.
    Of a complete graph these are the values of its walk.
    """
    values: dict[str, Value] = {}
    users = graph.users()
    missing = {i: {s for s in node.inputs if s} for i, node in graph.nodes.items()}
    ready = [i for i, node in graph.nodes.items() if node.leaf or not missing[i]]
    while ready:
        node_id = ready.pop()
        value = _value(graph.nodes[node_id], values)
        if value is None:
            continue
        values[node_id] = value
        for target in {wire.target for wire in users[node_id]}:
            missing[target].discard(node_id)
            if not missing[target] and not graph.nodes[target].leaf:
                ready.append(target)
    return values


def _value(node: Node, known: dict[str, Value]) -> Value | None:
    """The value of ``node``, all of whose wired inputs are known; None where it has none."""
    try:
        if node.leaf:
            value = 1.0 if node.value is None else node.value
            return plain(value) if is_value(value) else None
        op = OPS[node.op]
        inputs = [known[i] for i in node.inputs]
        if attribute_problem(op, node.attrs):
            return None
        shape = op.shape(*map(np.shape, inputs), **node.attrs)
        return None if size_problem(shape) else plain(op.forward(*inputs, **node.attrs))
    except Exception:  # values and attributes of any type come from files
        return None
