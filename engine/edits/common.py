"""What several edits need: small questions about a graph."""

from __future__ import annotations

from engine.graph.graph import CONSTANT, Graph, Node
from engine.ops import OPS


def with_node(graph: Graph, node: Node) -> Graph:
    return graph.like({**graph.nodes, node.id: node})


def mere_constant(graph: Graph, node_id: str) -> bool:
    node = graph.nodes.get(node_id)
    return node is not None and node.op == CONSTANT and not node.name


def packed(op: str, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """The ports of an op of any number without the empty ones; two are always there."""
    if op not in OPS or not OPS[op].variadic:
        return inputs
    wired = tuple(i for i in inputs if i)
    return wired + ("",) * (2 - len(wired))


def last_result(graph: Graph) -> str:
    """The id of the last op that nothing uses, else of the last node."""
    users = graph.users()
    ends = [i for i in graph.nodes if not users[i]]
    ops = [i for i in ends if not graph.nodes[i].leaf]
    return (ops or ends or list(graph.nodes) or [""])[-1]
