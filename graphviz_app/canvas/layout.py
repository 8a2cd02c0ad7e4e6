"""Where nodes stand: columns from left to right, as few crossings as can be had cheaply.

Pure data in, data out; knows no Qt, so it may run in another process.  Columns are ours (a leaf
near its consumer), the order inside a column is the better of operand order, barycentre sweeps
and graphlay, and heights are a least-squares fit that keeps nodes apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphviz_app.canvas.layers import LANE, ROUNDS, Layers, reading_order

Point = tuple[float, float]
Size = tuple[float, float]

GRAPHLAY_NODES = 250  # above it graphlay takes from 0.3 s to several seconds
AT_ONCE_NODES = 32  # up to it the full layout fits into a frame
QUICK_NODES = 150  # up to it all sweeps, without graphlay, fit into a frame
FEW_SWEEPS_NODES = 400  # … and up to it two sweeps
DUMMY_NODES = 600  # above it long wires get no way-points of their own
LECTURE_NODES = 24  # up to it leaves stand in the first column, as circuits are drawn by hand
LECTURE_SPAN = 2  # … unless that leaves more than so many columns in between
ROUNDING = 2.0  # scene pixels that places are rounded to
MIN_GAP = 28.0  # between the columns, where there is no label
FRAME_PAD = 14.0  # more room in front of and behind the border of an opened composite
FRAME_TITLE = 40.0  # above and below it


@dataclass(frozen=True)
class Layout:
    """The centre of every node; for a wire (source, target) that passes columns, where it does.

    ``final`` is whether taking more time could not have made it better.
    """

    centres: dict[str, Point]
    lanes: dict[tuple[str, str], list[Point]]
    final: bool = True


def rounded(layout: Layout) -> dict[str, Point]:
    """The centres of a layout on whole, even scene pixels: lines are drawn sharp there."""
    return {
        i: (round(x / ROUNDING) * ROUNDING, round(y / ROUNDING) * ROUNDING)
        for i, (x, y) in layout.centres.items()
    }


@dataclass(frozen=True)
class LayoutTask:
    """All that a layout depends on; what the fields mean, `arrange` says."""

    nodes: list[str]
    wires: list[tuple[str, str]]
    sizes: dict[str, Size]
    label_room: dict[str, float]
    frames: list[list[str]]
    blocks: list[list[str]] = field(default_factory=list)

    def arranged(self, quick: bool = False) -> Layout:
        """Where everything stands; what is in one of ``blocks`` is kept apart from all else."""
        if self.blocks:
            from graphviz_app.canvas.block_layout import arrange_blocks  # which builds on this

            return arrange_blocks(
                self.nodes, self.wires, self.sizes, self.label_room, self.blocks, quick
            )
        return arrange(
            self.nodes,
            self.wires,
            self.sizes,
            label_room=self.label_room,
            frames=self.frames,
            quick=quick,
        )


def place(
    nodes: Sequence[str],
    wires: Iterable[tuple[str, str]],
    sizes: Mapping[str, Size],
    *,
    label_room: Mapping[str, float] | None = None,
    frames: Sequence[Sequence[str]] = (),
    gap: float = 36.0,
) -> dict[str, Point]:
    """The centre of every node: what `arrange` finds, without the lanes of long wires."""
    return arrange(nodes, wires, sizes, label_room=label_room, frames=frames, gap=gap).centres


def arrange(
    nodes: Sequence[str],
    wires: Iterable[tuple[str, str]],
    sizes: Mapping[str, Size],
    *,
    label_room: Mapping[str, float] | None = None,
    frames: Sequence[Sequence[str]] = (),
    gap: float = 36.0,
    quick: bool = False,
) -> Layout:
    """Where nodes stand, in scene pixels; the first column starts at x = 0.

    ``wires`` are (source, target) pairs, those of one target in port order; a wire that closes a
    cycle is ignored.  ``label_room`` is the width kept free to the right of a node, ``gap`` the
    height between two nodes of a column; ``frames`` are groups of nodes that a box is drawn
    around.  No two nodes overlap, and every wire runs to the right; that holds for a ``quick``
    layout too, which fits into a frame and may have more crossings and bends.
    """
    nodes = list(dict.fromkeys(nodes))
    if not nodes:
        return Layout({}, {})
    inputs = _acyclic(nodes, wires)
    used = {s for sources in inputs.values() for s in sources}
    wired = {n for n in nodes if inputs[n] or n in used}
    beside = {n: wired.intersection(f) for f in frames if wired.intersection(f) for n in f}
    alone = [n for n in nodes if n not in wired and n not in beside]
    nodes = [n for n in nodes if n in wired or n in beside]
    room = label_room or {}
    if not nodes:
        return Layout(_grid(alone, sizes, room, 0.0, 0.0, gap), {})
    inputs = {n: inputs[n] for n in nodes}
    ranks = _ranks(nodes, inputs)
    # a node without any wire stands in its frame
    ranks.update((n, min(ranks[m] for m in beside[n])) for n in nodes if n not in wired)
    layers = Layers.build(nodes, inputs, ranks, dummies=len(nodes) <= DUMMY_NODES)
    hurried = quick and len(nodes) > QUICK_NODES
    slow = AT_ONCE_NODES < len(nodes) <= GRAPHLAY_NODES
    few = 2 if len(nodes) <= FEW_SWEEPS_NODES else 0
    crossings = layers.order(
        use_graphlay=len(nodes) <= AT_ONCE_NODES or (slow and not quick),
        sweeps=few if hurried else ROUNDS,
    )
    heights = {n: max(sizes[n][1], LANE) + gap for n in nodes}
    ys = layers.heights(heights, rounds=1 if hurried else ROUNDS)
    members = [{n for n in frame if n in heights} for frame in frames]
    _clear_frames(nodes, [group for group in members if group], ranks, heights, ys)
    xs = _column_centres(layers.columns, ranks, sizes, room, members)
    centres = {n: (xs[ranks[n]], ys[n]) for n in nodes}
    lanes = {ends: [(xs[r], ys[way]) for r, way in ways] for ends, ways in layers.ways.items()}
    bottom = max(ys[n] + heights[n] / 2 for n in nodes) + FRAME_TITLE
    centres.update(_grid(alone, sizes, room, max(xs), bottom, gap))
    return Layout(centres, lanes, final=not (hurried or (quick and slow and crossings)))


def _acyclic(nodes: Sequence[str], wires: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The inputs of every node, without wires that close a cycle."""
    inputs: dict[str, list[str]] = {n: [] for n in nodes}
    for source, target in wires:
        if source in inputs and target in inputs and source != target:
            inputs[target].append(source)
    done: dict[str, bool] = {}  # False while on the path, True when finished
    for root in nodes:
        if root in done:
            continue
        done[root] = False
        path = [(root, iter(list(inputs[root])))]
        while path:
            node, rest = path[-1]
            for source in rest:
                if source not in done:
                    done[source] = False
                    path.append((source, iter(list(inputs[source]))))
                    break
                if not done[source]:
                    inputs[node] = [s for s in inputs[node] if s != source]
            else:
                done[node] = True
                path.pop()
    return inputs


def _ranks(nodes: Sequence[str], inputs: Mapping[str, list[str]]) -> dict[str, int]:
    """The column of every node: after all its inputs, leaves and private branches pulled close."""
    turn = reading_order(nodes, inputs)
    order = sorted(nodes, key=turn.__getitem__)
    users: dict[str, list[str]] = {n: [] for n in nodes}
    ranks: dict[str, int] = {}
    private: dict[str, bool] = {}
    for node in order:
        for source in inputs[node]:
            users[source].append(node)
        ranks[node] = max((ranks[s] + 1 for s in inputs[node]), default=0)
    for node in order:
        one_user = len(set(users[node])) == 1
        private[node] = not inputs[node] or (one_user and all(private[s] for s in inputs[node]))
    lecture = len(nodes) <= LECTURE_NODES
    for node in reversed(order):
        if not users[node] or not private[node]:
            continue
        beside = min(ranks[u] for u in users[node]) - 1
        if lecture and beside - ranks[node] <= LECTURE_SPAN:
            continue
        ranks[node] = beside
    first = min(ranks.values())
    return {n: r - first for n, r in ranks.items()}


def _grid(
    nodes: Sequence[str],
    sizes: Mapping[str, Size],
    label_room: Mapping[str, float],
    width: float,
    top: float,
    gap: float,
) -> dict[str, Point]:
    """Nodes without any wire, in rows below ``top`` that are about ``width`` long."""
    if not nodes:
        return {}
    across = max(sizes[n][0] + max(MIN_GAP, label_room.get(n, 0.0)) for n in nodes)
    down = max(sizes[n][1] for n in nodes) + gap
    columns = max(round(width / across), round((len(nodes) * down / across) ** 0.5), 1)
    first = max(sizes[n][0] for n in nodes) / 2
    return {
        n: (first + k % columns * across, top + (k // columns + 0.5) * down)
        for k, n in enumerate(nodes)
    }


def _clear_frames(
    nodes: Sequence[str],
    frames: Sequence[set[str]],
    ranks: Mapping[str, int],
    heights: Mapping[str, float],
    ys: dict[str, float],
) -> None:
    """Move nodes down until no box around a frame meets another one or a node outside.

    A frame moves as one thing, with all that is inside it; frames that share nodes are one.
    """
    boxes: list[set[str]] = []
    for frame in sorted(frames, key=len, reverse=True):
        shared = [box for box in boxes if box & frame]
        boxes = [box for box in boxes if not box & frame]
        boxes.append(frame.union(*shared))
    for box in boxes:
        inner = [frame for frame in frames if frame < box]
        if inner:
            _clear_frames([n for n in nodes if n in box], inner, ranks, heights, ys)
    framed = set().union(*boxes)
    things = [(box, FRAME_TITLE, FRAME_TITLE / 2) for box in boxes]
    things += [({n}, 0.0, 0.0) for n in nodes if n not in framed]
    spans = []
    for members, above, below in things:
        top = min(ys[n] - heights[n] / 2 for n in members) - above
        bottom = max(ys[n] + heights[n] / 2 for n in members) + below
        spans.append((top + bottom, top, bottom, members))
    lowest = {k: float("-inf") for k in ranks.values()}  # of what stands, by column
    for _, top, bottom, members in sorted(spans, key=lambda span: span[:3]):
        columns = range(min(ranks[n] for n in members), max(ranks[n] for n in members) + 1)
        down = max(0.0, *(lowest[k] - top for k in columns))
        for n in members:
            ys[n] += down
        lowest |= dict.fromkeys(columns, bottom + down)


def _column_centres(
    columns: list[list[str]],
    ranks: Mapping[str, int],
    sizes: Mapping[str, Size],
    label_room: Mapping[str, float],
    frames: Sequence[set[str]],
) -> list[float]:
    """The x of each column: wide enough for its nodes, then room for their labels."""
    starts = {min(ranks[n] for n in group) for group in frames if group}
    ends = {max(ranks[n] for n in group) for group in frames if group}
    centres, x = [], 0.0
    for rank, column in enumerate(columns):
        real = [n for n in column if n in sizes]
        width = max((sizes[n][0] for n in real), default=0.0)
        x += FRAME_PAD * (rank in starts)
        centres.append(x + width / 2)
        # A narrow node's label starts further left, but never reaches further right.
        labels = max((label_room.get(n, 0.0) for n in real), default=0.0)
        x += width + max(MIN_GAP, labels) + FRAME_PAD * (rank in ends)
    return centres
