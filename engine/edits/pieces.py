"""Copying pieces of a graph out of it and into another."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from engine.edits.common import last_result, mere_constant, owner, packed
from engine.edits.naming import names_of, next_name
from engine.graph.graph import Graph, Group, Wire, free_id
from engine.graph.names import canonical
from engine.graph.owned import owned_leaves

Point = tuple[float, float]


def extract(graph: Graph, ids: Collection[str]) -> Graph:
    """The nodes and notes ``ids`` as a graph of their own, for the clipboard.

    Constants without a name come along with their users, weights with their layers.  Wires from
    outside keep the id that they come from, so that a paste can offer to wire them again.
    """
    chosen = set(ids)
    chosen.update(leaf for leaf, layer in owned_leaves(graph).items() if layer in chosen)
    for node in graph.nodes.values():
        if node.id in chosen:
            chosen.update(i for i in node.inputs if mere_constant(graph, i))
    piece = Graph((node for i, node in graph.nodes.items() if i in chosen), "", graph.name)
    piece.output = graph.output if graph.output in chosen else ""
    piece.positions = {
        i: at for i, at in graph.positions.items() if i in chosen or owner(i) in chosen
    }
    piece.groups = {i: g for i, g in graph.groups.items() if chosen.issuperset(g.members)}
    piece.notes = {i: note for i, note in graph.notes.items() if i in chosen}
    piece.keep_bends(graph.bends)
    return piece


def paste(
    graph: Graph,
    piece: Graph,
    offset: Point = (0.0, 0.0),
    keep_wires: bool = False,
    share_leaves: bool = False,
) -> tuple[Graph, list[str]]:
    """``graph`` with a copy of ``piece`` moved by ``offset``, and the ids of what is new.

    Ids and names that are taken give way to the next free ones.  With ``keep_wires`` wires from
    outside the piece are wired to the nodes of that id, where they exist; else they are left off.
    With ``share_leaves`` a variable whose name exists is that variable and not a copy of it.
    """
    known = _known_leaves(graph, piece) if share_leaves else {}
    taken = dict.fromkeys([*graph.nodes, *graph.groups, *graph.notes])
    names = names_of(graph)
    new_name: dict[str, str] = {}
    new_id: dict[str, str] = {}
    copied = {i: node for i, node in piece.nodes.items() if i not in known}
    for old, node in copied.items():
        new_name[old] = next_name(node.name, names) if node.name else ""
        names.add(canonical(new_name[old]))
    for old in [*copied, *piece.groups, *piece.notes]:
        named = old in copied and old == piece.nodes[old].name  # a variable's id is its name
        new_id[old] = free_id(new_name[old] if named else old, taken)
        taken[new_id[old]] = None
    after = graph.like()
    for old, node in copied.items():
        inputs = tuple(
            known.get(i)
            or (new_id[i] if i in copied else i if keep_wires and i in graph.nodes else "")
            for i in node.inputs
        )
        after.nodes[new_id[old]] = msgspec.structs.replace(
            node, id=new_id[old], name=new_name[old], inputs=packed(node, inputs)
        )
    for old, (x, y) in piece.positions.items():
        base = old if old in piece.nodes else owner(old)
        if base in new_id:
            after.positions[new_id[base] + old[len(base) :]] = (x + offset[0], y + offset[1])
    if piece.groups:
        after.groups = {**graph.groups, **_copied_groups(piece, new_id)}
    if piece.notes:
        copies = [
            msgspec.structs.replace(
                note,
                id=new_id[i],
                at=(note.at[0] + offset[0], note.at[1] + offset[1]),
                target=new_id.get(note.target, ""),
            )
            for i, note in piece.notes.items()
        ]
        after.notes = {**graph.notes, **{note.id: note for note in copies}}
    if piece.bends:
        after.bends = {**after.bends, **_copied_bends(piece, new_id, offset)}
    if graph.output not in after.nodes:
        after.output = new_id.get(piece.output, "") or last_result(after)
    return after, [*(new_id[i] for i in copied), *(new_id[i] for i in piece.notes)]


def _known_leaves(graph: Graph, piece: Graph) -> dict[str, str]:
    """The variables of ``piece`` that ``graph`` has: its id for each of theirs."""
    by_name = {canonical(node.name): i for i, node in graph.nodes.items() if node.name}
    return {
        i: by_name[canonical(node.name)]
        for i, node in piece.nodes.items()
        if node.leaf and node.name and canonical(node.name) in by_name
    }


def _copied_bends(
    piece: Graph, new_id: Mapping[str, str], offset: Point
) -> dict[Wire, tuple[Point, ...]]:
    dx, dy = offset
    return {
        Wire(new_id[w.source], new_id[w.target], w.port): tuple((x + dx, y + dy) for x, y in at)
        for w, at in piece.bends.items()
        if w.source in new_id and w.target in new_id
    }


def _copied_groups(piece: Graph, new_id: Mapping[str, str]) -> dict[str, Group]:
    return {
        new_id[i]: msgspec.structs.replace(
            group, id=new_id[i], members=tuple(new_id[m] for m in group.members if m in new_id)
        )
        for i, group in piece.groups.items()
    }
