"""What several edits need: small questions about a graph."""

from __future__ import annotations

from collections.abc import Container, Mapping

import msgspec

from engine.graph.bypass import own_op
from engine.graph.graph import CONSTANT, Graph, Node, Note, Wire
from engine.ops import OPS


def with_node(graph: Graph, node: Node) -> Graph:
    return graph.like({**graph.nodes, node.id: node})


def mere_constant(graph: Graph, node_id: str) -> bool:
    node = graph.nodes.get(node_id)
    return node is not None and node.op == CONSTANT and not node.name


def packed(node: Node, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """``inputs`` for ``node``: of an op of any number without the empty ones, at least two."""
    op = own_op(node)
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


def owner(inner: str) -> str:
    """The composite that a node inside it, ``{id}/{op}``, belongs to; an id may hold a slash."""
    return inner.rpartition("/")[0]


def aimed(notes: Mapping[str, Note], nodes: Container[str]) -> dict[str, Note]:
    """``notes``, pointing at nothing where they pointed at a node that is not among ``nodes``."""
    return {
        i: note
        if not note.target or note.target in nodes
        else msgspec.structs.replace(note, target="")
        for i, note in notes.items()
    }


def with_id(graph: Graph, old: str, new: str) -> Graph:
    """``graph`` with another id for one node, wherever it is mentioned."""

    def follow(node_id: str) -> str:
        if node_id == old:
            return new
        return new + node_id[len(old) :] if node_id.startswith(f"{old}/") else node_id

    nodes = {}
    for i, node in graph.nodes.items():
        if i == old or old in node.inputs:
            inputs = tuple(new if source == old else source for source in node.inputs)
            node = msgspec.structs.replace(node, id=new if i == old else i, inputs=inputs)
        nodes[node.id] = node
    after = graph.like(nodes)
    after.output = new if graph.output == old else graph.output
    if any(note.target == old for note in graph.notes.values()):
        after.notes = {
            i: msgspec.structs.replace(note, target=new) if note.target == old else note
            for i, note in graph.notes.items()
        }
    after.keep_bends(
        {Wire(follow(w.source), follow(w.target), w.port): at for w, at in graph.bends.items()}
    )
    after.positions = {follow(i) if i not in nodes else i: at for i, at in graph.positions.items()}
    after.groups = {
        i: msgspec.structs.replace(
            group, members=tuple(new if m == old else m for m in group.members)
        )
        for i, group in graph.groups.items()
    }
    return after
