"""Folding: a group of nodes is shown, walked and differentiated as one node.

The document keeps the nodes; the flat graph made here takes its place on the canvas and in the
walk.  The node that yields the group's value keeps its id and name, so wires and questions such
as ``walk.gradient("z")`` at the border mean the same whether the group is folded or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.graph.graph import Graph, Group, Node, Value, Wire
from engine.graph.problems import infer_shapes, is_value, size_problem, topological_order
from engine.graph.reach import node_called
from engine.ops import OPS
from engine.ops.group import Body
from engine.ops.op import Shape

Users = Mapping[str, Collection[Wire]]  # the wires that lead out of each node
NOTHING_OPENED: Mapping[str, Collection[str]] = {}


@dataclass(frozen=True, slots=True)
class Folded:
    """A graph with its folded groups as single nodes; ``hidden`` maps what is inside to them."""

    graph: Graph
    hidden: dict[str, str]


def results(graph: Graph, members: Collection[str]) -> list[str]:
    """Which of ``members`` are used outside, are the output, or are not used at all."""
    return _results(graph, graph.users(), members)


def _results(graph: Graph, users: Users, members: Collection[str]) -> list[str]:
    return [
        i
        for i in graph.nodes
        if i in members
        and (
            i == graph.output
            or any(wire.target not in members for wire in users[i])
            or not users[i]
        )
    ]


def why_not_fold(graph: Graph, ids: Collection[str]) -> str:
    """Why these nodes cannot be shown as one; "" if they can.

    One node has one output, something must go into it, and every wire in it must be there.  With
    one output it cannot come to feed itself: each node inside leads there and nowhere else.
    """
    return _why_not(graph, graph.users(), infer_shapes(graph), ids)


def _why_not(graph: Graph, users: Users, shapes: dict[str, Shape], ids: Collection[str]) -> str:
    members = {i for i in ids if i in graph.nodes}
    if all(graph.nodes[i].leaf for i in members):
        return "There is nothing to compute inside: select at least one op."
    ends = _results(graph, users, members)
    if len(ends) != 1:
        named = ", ".join(node_called(graph.nodes[i], graph) for i in ends[:4]) or "none"
        return f"A folded group has one output; this one has {len(ends)}: {named}."
    if graph.nodes[ends[0]].leaf:
        return (
            f"The output of the group would be the leaf {node_called(graph.nodes[ends[0]], graph)}."
        )
    for i, node in graph.nodes.items():
        if i not in members:
            continue
        if i not in shapes or (node.leaf and node.value is not None and not is_value(node.value)):
            return f"{node_called(node, graph)} inside cannot be computed yet: complete it."
        if size_problem(shapes[i]):
            return f"{node_called(node, graph)} inside {size_problem(shapes[i])}"
    if all(members.issuperset(graph.nodes[i].inputs) for i in members):
        return "Nothing goes into this group: leave an input or a parameter outside."
    return ""


def members_shown(group: Group, opened: Mapping[str, Collection[str]]) -> set[str]:
    """The members of a group, and what is inside those composites among them that are opened."""
    return {i for member in group.members for i in opened.get(member, (member,))}


def fold_groups(graph: Graph, opened: Mapping[str, Collection[str]] = NOTHING_OPENED) -> Folded:
    """``graph`` with every group that is marked ``folded`` as one node, where that can be.

    ``opened`` holds the nodes inside composites that are opened in ``graph``; they belong to
    their composite's group.  Inputs and parameters inside count with the values that they have.
    """
    if not any(group.folded for group in graph.groups.values()):
        return Folded(graph, {})
    hidden: dict[str, str] = {}
    covered: set[str] = set()
    # folding one group changes neither the shapes nor the users of what is in another
    whole, users, shapes = graph, graph.users(), infer_shapes(graph)
    for group in sorted(graph.groups.values(), key=lambda g: -len(g.members)):
        wanted = members_shown(group, opened)
        if not group.folded or not covered.isdisjoint(wanted):
            continue
        members = [i for i in whole.nodes if i in wanted]
        if _why_not(whole, users, shapes, members):
            continue
        (end,) = _results(whole, users, members)
        graph = _with_folded(graph, group, members, end)
        covered.update(members)
        hidden.update((i, end) for i in members if i != end)
    return Folded(graph, hidden)


def _in_doubles(value: Any) -> Value:
    """What a leaf counts as in a walk."""
    array = np.asarray(1.0 if value is None else value, np.float64)
    return array if array.ndim else float(array)


def _with_folded(graph: Graph, group: Group, members: list[str], end: str) -> Graph:
    inside = set(members)
    order, _ = topological_order(Graph(graph.nodes[i] for i in members))
    ports = list(dict.fromkeys(s for i in order for s in graph.nodes[i].inputs if s not in inside))
    leaves = [i for i in order if graph.nodes[i].leaf]
    ops = [i for i in order if not graph.nodes[i].leaf]
    ops.sort(key=lambda i: i == end)  # the result comes last: nothing inside uses it
    slots = {i: k for k, i in enumerate([*ports, *leaves, *ops])}
    constants = tuple(_in_doubles(graph.nodes[i].value) for i in leaves)
    steps = []
    for i in ops:
        node = graph.nodes[i]
        steps.append((OPS[node.op], node.attrs, tuple(slots[s] for s in node.inputs)))
    body = Body(group.title, tuple(ports), constants, tuple(steps))
    name = graph.nodes[end].name
    nodes = {
        i: Node(end, "group", tuple(ports), None, name, {"body": body}) if i == end else node
        for i, node in graph.nodes.items()
        if i == end or i not in inside
    }
    flat = graph.like(nodes)
    places = [graph.positions[i] for i in members if i in graph.positions]
    flat.positions = {i: at for i, at in graph.positions.items() if i not in inside}
    if places:
        xs, ys = zip(*places, strict=True)
        flat.positions[end] = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return flat
