"""What nodes are called: the next free name, and what cannot be a name."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from engine.edits.common import with_id, with_node
from engine.errors import EngineError
from engine.graph.graph import CONSTANT, INPUT, Graph, free_id
from engine.graph.names import canonical

LONGEST_NAME = 60
_NUMBERED = re.compile(r"(.*?)([0-9]*)\Z", re.DOTALL)


def next_name(name: str, taken: Collection[str]) -> str:
    """``name`` if it is free, else the next number of its family: w3 after w0, w1, w2.

    ``taken`` are names in their canonical spelling: beside w0 neither w_0 nor w₀ is free.
    """
    plain = canonical(name)
    if plain not in taken:
        return name
    match = _NUMBERED.match(plain)
    assert match is not None
    stem = match[1]
    used = [int(n[len(stem) :]) for n in taken if _numbered_as(n, stem)]
    return f"{stem}{max(used, default=1) + 1}"


def new_variable(kind: str, taken: Collection[str]) -> str:
    """The name of a new leaf: the next w for a parameter, the next x for an input."""
    stem = {INPUT: "x", CONSTANT: "c"}.get(kind, "w")
    return next_name(f"{stem}0", taken)


def _numbered_as(name: str, stem: str) -> bool:
    return name.startswith(stem) and name[len(stem) :].isdecimal() and name[len(stem) :].isascii()


def names_of(graph: Graph) -> set[str]:
    """All names in a graph, in their canonical spelling."""
    return {canonical(node.name) for node in graph.nodes.values() if node.name}


def why_not_rename(graph: Graph, node_id: str, name: str) -> str:
    """Why a node cannot be called ``name``; "" if it can."""
    node = graph.nodes[node_id]
    if not canonical(name):
        return "" if not node.leaf or node.op == CONSTANT else "A variable needs a name: type one."
    if "`" in name or not name.isprintable() or name != name.strip():
        return f"{name!r} cannot be a name: use letters, digits and _."
    if len(name) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters."
    for other in graph.nodes.values():
        if other.id != node_id and other.name and canonical(other.name) == canonical(name):
            return f'There is a node "{other.name}" already: choose another name.'
    return ""


def rename(graph: Graph, node_id: str, name: str) -> Graph:
    """Call a node ``name`` (an op may have none); raises EngineError where it cannot be.

    An id that was the name follows it, so that no node is found under the old name of another.
    """
    why = why_not_rename(graph, node_id, name)
    if why:
        raise EngineError(why)
    name = canonical(name)
    node = graph.nodes[node_id]
    follows = bool(name) and node.id == node.name
    graph = with_node(graph, msgspec.structs.replace(node, name=name))
    if not follows or name == node_id:
        return graph
    taken = dict.fromkeys([*graph.nodes, *graph.groups, *graph.notes])
    if name in taken:
        if name not in graph.nodes:
            return graph
        graph = with_id(graph, name, free_id(f"{name}_2", taken))
    return with_id(graph, node_id, name)
