"""Where things stand on the canvas; comments, and frames around groups of nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from engine.edits.common import mere_constant
from engine.errors import EngineError
from engine.graph.graph import Graph, Group, Note, Wire
from engine.graph.groups import why_not_fold

Point = tuple[float, float]


def place(graph: Graph, positions: Mapping[str, Point]) -> Graph:
    """Nodes and notes moved to these places."""
    after = graph.like()
    notes = {i: at for i, at in positions.items() if i in graph.notes}
    after.positions.update((i, at) for i, at in positions.items() if i not in notes)
    if graph.bends:
        after.bends = _carried(graph, positions)
    if notes:
        after.notes = {
            i: msgspec.structs.replace(note, at=notes.get(i, note.at))
            for i, note in graph.notes.items()
        }
    return after


def _carried(graph: Graph, positions: Mapping[str, Point]) -> dict[Wire, tuple[Point, ...]]:
    """The bends of wires, moved along where both ends go the same way."""
    bends = dict(graph.bends)
    for wire, points in bends.items():
        ends = (wire.source, wire.target)
        ways = {
            (positions[i][0] - graph.positions[i][0], positions[i][1] - graph.positions[i][1])
            for i in ends
            if i in positions and i in graph.positions
        }
        if len(ways) == 1 and all(i in positions for i in ends):
            ((dx, dy),) = ways
            bends[wire] = tuple((x + dx, y + dy) for x, y in points)
    return bends


def bend(graph: Graph, wire: Wire, points: Collection[Point]) -> Graph:
    """Lead a wire over ``points``, from its source to its target; straight if there are none.

    Raises EngineError where there is no such wire.
    """
    if not graph.has_wire(wire):
        raise EngineError("This wire is not there any more.")
    after = graph.like()
    others = {w: at for w, at in graph.bends.items() if w != wire}
    after.bends = {**others, wire: tuple(points)} if points else others
    return after


def straighten(graph: Graph, ids: Collection[str]) -> Graph:
    """Lead every wire between nodes of ``ids`` straight."""
    inside = set(ids)
    after = graph.like()
    after.bends = {w: at for w, at in graph.bends.items() if not {w.source, w.target} <= inside}
    return after


def add_note(graph: Graph, text: str, at: Point, color: str = "") -> tuple[Graph, str]:
    """A comment on the canvas, and its id."""
    note = Note(graph.free_id("note"), text, at, color)
    after = graph.like()
    after.notes = {**graph.notes, note.id: note}
    return after, note.id


def set_note(
    graph: Graph,
    note_id: str,
    text: str | None = None,
    color: str | None = None,
    target: str | None = None,
) -> Graph:
    """Change a comment; an empty text takes it away, an empty ``target`` its arrow."""
    note = graph.notes[note_id]
    after = graph.like()
    changed = msgspec.structs.replace(
        note,
        text=note.text if text is None else text,
        color=note.color if color is None else color,
        target=note.target if target is None else target,
    )
    after.notes = {**graph.notes, note_id: changed}
    if not changed.text.strip():
        after.notes = {i: n for i, n in graph.notes.items() if i != note_id}
    return after


def why_not_group(graph: Graph, ids: Collection[str]) -> str:
    """Why these nodes cannot be framed; "" if they can.  Groups lie apart or one in another."""
    chosen = _with_constants(graph, ids)
    if not chosen:
        return "Select the nodes to put into a group."
    for group in graph.groups.values():
        members = set(group.members)
        if chosen == members:
            return f'These nodes are the group "{group.title}" already.'
        if not (chosen.isdisjoint(members) or chosen < members or chosen > members):
            return f'Some of these nodes are in the group "{group.title}" and some are not.'
    return ""


def _with_constants(graph: Graph, ids: Collection[str]) -> set[str]:
    """These nodes and the constants without a name that only they use.

    A constant is drawn inside its user, where nobody can select it: it goes along unless that
    would make this group and another overlap.
    """
    chosen = {i for i in ids if i in graph.nodes}
    groups = [set(group.members) for group in graph.groups.values()]
    around = [members for members in groups if chosen <= members]
    for members in groups:
        solid = {i for i in members if not mere_constant(graph, i)}
        if solid and solid <= chosen:
            chosen |= members
    apart = [members for members in groups if chosen.isdisjoint(members)]
    users = graph.users()
    for i in [i for i in graph.nodes if mere_constant(graph, i) and users[i]]:
        mine = all(wire.target in chosen for wire in users[i])
        if mine and all(i in g for g in around) and not any(i in g for g in apart):
            chosen.add(i)
    return chosen


def _members(graph: Graph, ids: Collection[str]) -> tuple[str, ...]:
    """The members of a group around these nodes; raises EngineError where it cannot be."""
    why = why_not_group(graph, ids)
    if why:
        raise EngineError(why)
    chosen = _with_constants(graph, ids)
    return tuple(i for i in graph.nodes if i in chosen)


def add_group(graph: Graph, ids: Collection[str], title: str, color: str = "") -> tuple[Graph, str]:
    """A titled frame around these nodes, and its id; raises EngineError where it cannot be."""
    group = Group(graph.free_id("group"), title, _members(graph, ids), color=color)
    after = graph.like()
    after.groups = {**graph.groups, group.id: group}
    return after, group.id


def set_group(graph: Graph, group_id: str, **changes: Any) -> Graph:
    """Change a group's ``title``, ``color``, ``folded`` or ``members``.

    Raises EngineError, saying why, for a group that cannot be folded or whose new members
    cannot be framed.
    """
    if "members" in changes:
        members = _members(remove_group(graph, group_id), changes["members"])
        changes = {**changes, "members": members}
    group = msgspec.structs.replace(graph.groups[group_id], **changes)
    if changes.get("folded"):
        why = why_not_fold(graph, group.members)
        if why:
            raise EngineError(why)
    after = graph.like()
    after.groups = {**graph.groups, group_id: group}
    return after


def remove_group(graph: Graph, group_id: str) -> Graph:
    """Without the frame; its nodes stay."""
    after = graph.like()
    after.groups = {i: g for i, g in graph.groups.items() if i != group_id}
    return after
