"""What a node depends on and what depends on it; and what messages call it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.graph.graph import Graph, Node
from engine.graph.problems import node_title


def node_called(node: Node, graph: Graph) -> str:
    """A node of ``graph`` in a sentence: its name, else its op with what it is given."""
    return node.name or node_title(node, graph.nodes)


def upstream(graph: Graph, ids: Iterable[str]) -> set[str]:
    """These nodes and all that they depend on."""
    found: set[str] = set()
    rest = [i for i in ids if i in graph.nodes]
    while rest:
        node_id = rest.pop()
        if node_id not in found:
            found.add(node_id)
            rest += [s for s in graph.nodes[node_id].inputs if s in graph.nodes]
    return found


def downstream(graph: Graph, ids: Iterable[str]) -> set[str]:
    """These nodes and all that depends on them."""
    users = graph.users()
    found: set[str] = set()
    rest = [i for i in ids if i in graph.nodes]
    while rest:
        node_id = rest.pop()
        if node_id not in found:
            found.add(node_id)
            rest += [wire.target for wire in users[node_id]]
    return found
