"""Room for what is opened: nodes make way, and come back when it is folded again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.edits.marks import Point, place
from engine.graph.graph import Graph
from engine.graph.owned import owned_leaves


def _places(graph: Graph) -> dict[str, Point]:
    return {**graph.positions, **{note.id: note.at for note in graph.notes.values()}}


def _gone(at: Point, way: Point) -> Point:
    return at[0] + way[0], at[1] + way[1]


def make_room(graph: Graph, key: str, places: Mapping[str, Point]) -> Graph:
    """Things moved to ``places`` because ``key``, a node or a group, was opened, or needs more."""
    before = _places(graph)
    moves = dict(graph.room.get(key, {}))
    for i, at in places.items():
        was = before.get(i)
        old, new = moves.get(i, (was, at))
        if i in moves and was is not None:
            at = (new[0] + at[0] - was[0], new[1] + at[1] - was[1])
        moves[i] = old, at
    after = place(graph, places)
    after.room = {**graph.room, key: moves}
    return after


def _closed(graph: Graph, key: str) -> Graph:
    """Things back where they were before ``key`` was opened.

    What was moved since then is moved as far from where it was.
    """
    now = _places(graph)
    moves = graph.room.get(key, {})
    ways: dict[str, Point] = {}
    back: dict[str, Point] = {}
    for i, (old, new) in moves.items():
        if i in now and old is not None:
            ways[i] = old[0] - new[0], old[1] - new[1]
            back[i] = old if now[i] == new else _gone(now[i], ways[i])
    leaves = owned_leaves(graph)
    for i, at in now.items():  # what was opened since then goes with the node that stood there
        head = i.partition("/")[0]
        way = ways.get(leaves.get(head, head))
        if i not in moves and i != head and way:
            back[i] = _gone(at, way)
    after = place(graph, back)
    for i, (old, _) in graph.room.get(key, {}).items():
        if old is None and i not in graph.nodes:  # it came up beside what was opened
            after.positions.pop(i, None)
    after.room = {i: moves for i, moves in graph.room.items() if i != key}
    return after


def fold_composite(graph: Graph, node_id: str, inside: Collection[str]) -> Graph:
    """``graph`` with one place for the opened composite that is folded, and no room for more."""
    after = _closed(graph, node_id)
    places = [graph.positions[i] for i in inside if i in graph.positions]
    if places and node_id not in graph.room:
        xs, ys = zip(*places, strict=True)
        after.positions[node_id] = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    for i in inside:
        if i != node_id:
            after.positions.pop(i, None)
    return after


def fold_group(graph: Graph, group_id: str, inside: Collection[str]) -> Graph:
    """``graph`` as a group is folded: no room for it, and what a person placed inside stays so."""
    after = _closed(graph, group_id)
    moves = graph.room.get(group_id, {})
    fresh = {i: new for i, (old, new) in moves.items() if old is None and i in inside}
    by_hand = any(graph.positions.get(i) != new for i, new in fresh.items())
    for i in inside:
        if by_hand and i in graph.positions:
            after.positions[i] = graph.positions[i]
        elif i in fresh:
            after.positions.pop(i, None)
    return after
