"""A formula that was typed anew: what of the graph before it is still meant."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.edits.common import aimed, owner
from engine.graph.graph import CONSTANT, Graph, Node, free_id
from engine.graph.names import canonical

Point = tuple[float, float]
ACROSS, DOWN = 150.0, 64.0  # from a node to the next, in scene pixels


def keep_what_fits(new: Graph, old: Graph) -> Graph:
    """``new`` with what it shares with ``old``: ids, values, kinds, places, groups and notes.

    A variable or named op is the same if its name is; an op without a name if it applies the same
    op to the same inputs.  New nodes stand beside those that they are wired to, where the others
    have places.
    """
    same = _matches(new, old)
    taken = dict.fromkeys([*old.nodes, *old.groups, *old.notes])
    ids: dict[str, str] = {}
    for i in new.nodes:
        ids[i] = same.get(i) or free_id(i, taken)
        taken[ids[i]] = None
    after = Graph((), "", new.name)
    for i, node in new.nodes.items():
        inputs = tuple(ids.get(source, source) for source in node.inputs)
        kept = _with_what_was(node, old.nodes[same[i]]) if i in same else node
        after.nodes[ids[i]] = msgspec.structs.replace(kept, id=ids[i], inputs=inputs)
    after.output = ids.get(new.output, "")
    after.notes = aimed(old.notes, after.nodes)
    after.groups = {
        i: msgspec.structs.replace(group, members=members)
        for i, group in old.groups.items()
        if (members := tuple(m for m in group.members if m in after.nodes))
    }
    after.positions = {
        i: at for i, at in old.positions.items() if i in after.nodes or owner(i) in after.nodes
    }
    after.keep_bends(old.bends)
    if any(i in after.nodes for i in after.positions):
        _place_rest(after)
    return after


def _matches(new: Graph, old: Graph) -> dict[str, str]:
    """For nodes of ``new`` the id of the same node in ``old``."""
    named = {canonical(node.name): i for i, node in old.nodes.items() if node.name}
    unnamed: dict[tuple, list[str]] = {}
    for i, node in old.nodes.items():
        if not node.name:
            unnamed.setdefault(_signature(node, node.inputs), []).append(i)
    same: dict[str, str] = {}
    for i, node in new.nodes.items():
        if node.name:
            found = named.get(canonical(node.name), "")
            if found and old.nodes[found].leaf == node.leaf:
                same[i] = found
            continue
        inputs = tuple(same.get(source, f"new {source}") for source in node.inputs)
        candidates = unnamed.get(_signature(node, inputs))
        if candidates:
            same[i] = candidates.pop(0)
    return same


def _signature(node: Node, inputs: tuple[str, ...]) -> tuple:
    value = repr(node.value) if node.op == CONSTANT else ""
    return node.op, inputs, value, repr(dict(node.attrs))


def _with_what_was(node: Node, before: Node) -> Node:
    """``node`` with what the text did not say: a value, a kind, whether it is opened."""
    if not node.leaf:
        opened = before.opened if node.op == before.op else ""
        return msgspec.structs.replace(node, opened=opened)
    if CONSTANT in (node.op, before.op):
        return node
    value = before.value if node.value is None else node.value
    return msgspec.structs.replace(node, op=before.op, value=value)


def _place_rest(graph: Graph) -> None:
    """Give places to nodes that have none: ops after their inputs, leaves before their users."""
    places = graph.positions
    users = graph.users()
    for _ in range(2):  # a leaf waits for the op that uses it
        for i, node in graph.nodes.items():
            if i in places:
                continue
            near = [s for s in node.inputs if s in places]
            ahead = [w.target for w in users[i] if w.target in places]
            if near:
                x = max(places[s][0] for s in near) + ACROSS
                y = sum(places[s][1] for s in near) / len(near)
            elif ahead:
                x = min(places[t][0] for t in ahead) - ACROSS
                y = places[ahead[0]][1]
            else:
                continue
            places[i] = _free(places, x, y)
    for i in graph.nodes:
        if i not in places:
            lowest = max(y for _, y in places.values())
            places[i] = (min(x for x, _ in places.values()), lowest + DOWN)


def _free(places: Mapping[str, Point], x: float, y: float) -> Point:
    while any(abs(px - x) < 72 and abs(py - y) < 56 for px, py in places.values()):
        y += DOWN
    return x, y
