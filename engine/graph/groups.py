"""Folding: a group of nodes is shown, walked and differentiated as one node.

The document keeps the nodes; the flat graph made here takes its place on the canvas and in the
walk.  The node that yields the group's value keeps its id and name, so wires and questions such
as ``walk.gradient("z")`` at the border mean the same whether the group is folded or not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.graph.graph import Graph, Group, Node
from engine.graph.problems import infer_shapes, topological_order
from engine.graph.reach import downstream, node_called
from engine.ops import OPS
from engine.ops.group import Body


@dataclass(frozen=True, slots=True)
class Folded:
    """A graph with its folded groups as single nodes; ``hidden`` maps what is inside to them."""

    graph: Graph
    hidden: dict[str, str]


def results(graph: Graph, members: Collection[str]) -> list[str]:
    """Which of ``members`` are used outside, are the output, or are not used at all."""
    users = graph.users()
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

    One node has one output, every wire in it must be there, and nothing that it feeds may feed it.
    """
    members = {i for i in ids if i in graph.nodes}
    if all(graph.nodes[i].leaf for i in members):
        return "There is nothing to compute inside: select at least one op."
    ends = results(graph, members)
    if len(ends) != 1:
        named = ", ".join(node_called(graph.nodes[i]) for i in ends[:4]) or "none"
        return f"A folded group has one output; this one has {len(ends)}: {named}."
    if graph.nodes[ends[0]].leaf:
        return f"The output of the group would be the leaf {node_called(graph.nodes[ends[0]])}."
    shapes = infer_shapes(graph)
    for i in members:
        if i not in shapes:
            return f"{node_called(graph.nodes[i])} inside cannot be computed yet: complete it."
    wires = list(graph.wires())
    outside = [w.target for w in wires if w.source in members and w.target not in members]
    feeding = {w.source for w in wires if w.target in members and w.source not in members}
    back = downstream(graph, outside) & feeding
    if back:
        way = node_called(graph.nodes[min(back)])
        return f"The group would feed itself by way of {way}: select that as well."
    return ""


def fold_groups(graph: Graph) -> Folded:
    """``graph`` with every group that is marked ``folded`` as one node, where that can be.

    Nodes inside opened composites belong to their composite's group.  Inputs and parameters
    inside count with the values that they have.
    """
    hidden: dict[str, str] = {}
    for group in sorted(graph.groups.values(), key=lambda g: -len(g.members)):
        if not group.folded or any(m in hidden for m in group.members):
            continue
        wanted = set(group.members)
        members = [i for i in graph.nodes if i in wanted or i.split("/")[0] in wanted]
        if not members or why_not_fold(graph, members):
            continue
        (end,) = results(graph, members)
        graph = _with_folded(graph, group, members, end)
        hidden.update((i, end) for i in members if i != end)
    return Folded(graph, hidden)


def _with_folded(graph: Graph, group: Group, members: list[str], end: str) -> Graph:
    inside = set(members)
    order = [i for i in topological_order(graph)[0] if i in inside]
    ports = list(dict.fromkeys(s for i in order for s in graph.nodes[i].inputs if s not in inside))
    leaves = [i for i in order if graph.nodes[i].leaf]
    ops = [i for i in order if not graph.nodes[i].leaf]
    ops.sort(key=lambda i: i == end)  # the result comes last: nothing inside uses it
    slots = {i: k for k, i in enumerate([*ports, *leaves, *ops])}
    constants = tuple(1.0 if graph.nodes[i].value is None else graph.nodes[i].value for i in leaves)
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
