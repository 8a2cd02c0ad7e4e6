"""Where nodes stand when layers are opened: each layer is a block, and blocks never overlap.

Pure data; knows no Qt.  What is inside a block is laid out by itself; then blocks and all other
nodes are laid out as nodes of a smaller graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from graphviz_app.canvas.layout import FRAME_PAD, FRAME_TITLE, Layout, Point, Size, arrange

Box = tuple[float, float, float, float]
GAP = 36.0  # between two nodes of a column
BETWEEN, MOST_BETWEEN = 56.0, 168.0  # the width kept free behind a block, for its wires
FOR_A_WIRE = 8.0  # of it
AIR = 8.0  # between the border of a block and what is inside


def arrange_blocks(
    nodes: Sequence[str],
    wires: Sequence[tuple[str, str]],
    sizes: Mapping[str, Size],
    label_room: Mapping[str, float],
    blocks: Sequence[Sequence[str]],
    quick: bool,
) -> Layout:
    """As `arrange`, with the nodes of each of ``blocks`` in a box of its own."""
    block_of = {n: f"\0block {k}" for k, block in enumerate(blocks) for n in block}
    inner: dict[str, Layout] = {}
    boxes: dict[str, Box] = {}
    for key in dict.fromkeys(block_of.values()):
        members = [n for n in nodes if block_of.get(n) == key]
        inside = [(s, t) for s, t in wires if block_of.get(s) == block_of.get(t) == key]
        inner[key] = _inside(members, inside, sizes, label_room, quick)
        boxes[key] = _box(inner[key], sizes, label_room)
    outer_nodes = list(dict.fromkeys(block_of.get(n, n) for n in nodes))
    outer_wires = dict.fromkeys((block_of.get(s, s), block_of.get(t, t)) for s, t in wires)
    leaving = Counter(
        block_of.get(s, s) for s, t in wires if block_of.get(s, s) != block_of.get(t, t)
    )
    between = {
        i: min(label_room.get(i, BETWEEN) + FOR_A_WIRE * (count - 1) ** 0.75, MOST_BETWEEN)
        for i, count in leaving.items()
    }
    outer_sizes = dict(sizes)
    for key, (left, top, right, bottom) in boxes.items():
        outer_sizes[key] = right - left + 2 * FRAME_PAD, bottom - top + FRAME_TITLE
    outer = arrange(
        outer_nodes,
        [(s, t) for s, t in outer_wires if s != t],
        outer_sizes,
        label_room={**label_room, **between},
        quick=quick,
    )
    centres = {n: at for n, at in outer.centres.items() if n not in boxes}
    lanes = {e: way for e, way in outer.lanes.items() if boxes.keys().isdisjoint(e)}
    for key, layout in inner.items():
        left, top, right, bottom = boxes[key]
        x, y = outer.centres[key]
        dx, dy = x - (left + right) / 2, y - (top + bottom) / 2
        centres.update((n, (px + dx, py + dy)) for n, (px, py) in layout.centres.items())
        for ends, way in layout.lanes.items():
            lanes[ends] = [(px + dx, py + dy) for px, py in way]
    final = outer.final and all(layout.final for layout in inner.values())
    return Layout(centres, lanes, final)


def _inside(
    nodes: list[str],
    wires: list[tuple[str, str]],
    sizes: Mapping[str, Size],
    label_room: Mapping[str, float],
    quick: bool,
) -> Layout:
    """What is in one block; neurons that have nothing to do with each other stand in a column."""
    if wires:
        return arrange(nodes, wires, sizes, label_room=label_room, gap=GAP, quick=quick)
    y, centres = 0.0, {}
    for node in nodes:
        height = sizes[node][1]
        centres[node] = (0.0, y + height / 2)
        y += height + GAP
    return Layout(centres, {})


def _box(layout: Layout, sizes: Mapping[str, Size], label_room: Mapping[str, float]) -> Box:
    """The room that is taken, numbers beside nodes included."""
    lefts, tops, rights, bottoms = [], [], [], []
    for node, (x, y) in layout.centres.items():
        width, height = sizes[node]
        lefts.append(x - width / 2)
        rights.append(x + width / 2 + label_room.get(node, 0.0))
        tops.append(y - height / 2)
        bottoms.append(y + height / 2)
    points: list[Point] = [at for way in layout.lanes.values() for at in way]
    tops += [y for _, y in points]
    bottoms += [y for _, y in points]
    return min(lefts) - AIR, min(tops) - AIR, max(rights) + AIR, max(bottoms) + AIR
