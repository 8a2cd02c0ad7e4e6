"""Leaves that belong to a layer: its weights, its mask, the answers that its loss is held to."""

from __future__ import annotations

from engine.graph.bypass import own_op
from engine.graph.graph import Graph
from engine.ops import OPS


def is_layer(op: str) -> bool:
    """Whether the op of this name is a layer of a network."""
    return op in OPS and OPS[op].kind == "layer"


def has_layers(graph: Graph) -> bool:
    """Whether ``graph`` is a network, or has one in it."""
    return any(is_layer(own_op(node)) for node in graph.nodes.values())


def owned_leaves(graph: Graph) -> dict[str, str]:
    """Each leaf that is wired to one layer alone, behind its first port: leaf id → layer id.

    In a network that goes for losses too.
    """
    if not has_layers(graph):
        return {}
    users = graph.users()
    owned = {}
    for node in graph.nodes.values():
        op = own_op(node)
        if not (is_layer(op) or (op in OPS and OPS[op].kind == "loss")):
            continue
        for source in node.inputs[1:]:
            leaf = graph.nodes.get(source)
            if leaf is not None and leaf.leaf and len(users[source]) == 1:
                owned[source] = node.id
    return owned
