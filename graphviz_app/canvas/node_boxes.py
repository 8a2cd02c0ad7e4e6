"""How large a node is, what stands on it and where its ports are.  Knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.graph.bypass import own_op
from engine.graph.graph import Graph, Node
from engine.ops import OPS
from graphviz_app.canvas.faces import Face
from graphviz_app.canvas.geometry import PORT_STEP
from graphviz_app.canvas.labels import Label, inlinable, leaf_label, op_label, width_estimate

LEAF_SIZE = (64.0, 44.0)
OP_SIZE = (60.0, 44.0)


def size_of(
    node: Node, label: Label, heights: list[float | None], face: Face | None
) -> tuple[float, float]:
    """Width and height of a node."""
    if face is not None:
        return face.size
    least = LEAF_SIZE if node.leaf else OP_SIZE
    width = max(least[0], 8.0 * float(np.ceil((width_estimate(label) + 22.0) / 8.0)))
    return width, max(least[1], PORT_STEP * (len(heights) - heights.count(None)) + 8.0)


def inlined_constants(graph: Graph, inside: Mapping[str, str]) -> dict[str, str]:
    """Constants that stand in a label: id of the constant → id of the op that uses it."""
    users = graph.users()
    inlined: dict[str, str] = {}
    taken: set[str] = set()
    for node in graph.nodes.values():
        if node.id in inside or not inlinable(node) or node.id == graph.output:
            continue
        if len(users[node.id]) != 1:
            continue
        user = graph.nodes[users[node.id][0].target]
        others = [i for i in user.inputs if i != node.id]
        if len(user.inputs) == 2 and len(others) == 1 and user.id not in taken:
            inlined[node.id] = user.id
            taken.add(user.id)
    return inlined


def label_and_ports(
    graph: Graph, node: Node, inlined: Mapping[str, str]
) -> tuple[Label, list[float | None]]:
    """A node's label, and the height of each input port (None where a constant is inlined)."""
    if node.leaf:
        return leaf_label(node), [None] * len(node.inputs)
    known = OPS.resolve(own_op(node))
    arity = OPS[known].arity if known else 0  # −1 for a variadic op
    count = max(len(node.inputs), arity)
    constant, at = None, -1
    drawn = []
    for port in range(count):
        source = node.inputs[port] if port < len(node.inputs) else ""
        if source and inlined.get(source) == node.id:
            leaf = graph.nodes.get(source)  # it may have stayed outside a part that is laid out
            if leaf is not None and inlinable(leaf):
                constant, at = (1.0 if leaf.value is None else leaf.value), port
        else:
            drawn.append(port)
    heights: list[float | None] = [None] * count
    for place_, port in enumerate(drawn):
        heights[port] = (place_ - (len(drawn) - 1) / 2) * PORT_STEP
    return op_label(node, constant, at), heights
