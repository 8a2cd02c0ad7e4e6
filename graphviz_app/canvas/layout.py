"""Where nodes stand: columns from left to right, as few crossings as can be had cheaply.

Pure data in, data out; knows no Qt, so it may run in another process.  Columns are ours (a leaf
near its consumer), the order inside a column is the better of operand order, barycentre sweeps
and graphlay, and heights are a least-squares fit that keeps nodes apart.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

try:
    import graphlay
except ImportError:  # no wheel for this platform: our own order has to do
    graphlay = None

Point = tuple[float, float]
Size = tuple[float, float]

GRAPHLAY_NODES = 300  # above it graphlay takes over 0.2 s and would hold up the window
DUMMY_NODES = 600  # above it long wires get no way-points of their own
LECTURE_NODES = 24  # up to it leaves stand in the first column, as circuits are drawn by hand
LECTURE_SPAN = 2  # … unless that leaves more than so many columns in between
MIN_GAP = 28.0  # between the columns, where there is no label
FRAME_PAD = 14.0  # more room in front of and behind the border of an opened composite
FRAME_TITLE = 40.0  # above and below it
LANE = 14.0  # the height that a long wire takes as it passes a column


def place(
    nodes: Sequence[str],
    wires: Iterable[tuple[str, str]],
    sizes: Mapping[str, Size],
    *,
    label_room: Mapping[str, float] | None = None,
    frames: Sequence[Sequence[str]] = (),
    gap: float = 36.0,
) -> dict[str, Point]:
    """The centre of every node, in scene pixels; the first column starts at x = 0.

    ``wires`` are (source, target) pairs, those of one target in port order; a wire that closes a
    cycle is ignored.  ``label_room`` is the width kept free to the right of a node, ``gap`` the
    height between two nodes of a column; ``frames`` are groups of nodes that a box is drawn
    around.  No two nodes overlap, and every wire runs to the right.
    """
    nodes = list(dict.fromkeys(nodes))
    if not nodes:
        return {}
    inputs = _acyclic(nodes, wires)
    ranks = _ranks(nodes, inputs)
    layers = _Layers.build(nodes, inputs, ranks, dummies=len(nodes) <= DUMMY_NODES)
    layers.order(use_graphlay=len(nodes) <= GRAPHLAY_NODES)
    heights = {n: max(sizes[n][1], LANE) + gap for n in nodes}
    ys = layers.heights(heights)
    members = [{n for n in frame if n in heights} for frame in frames]
    for group in members + members[::-1]:
        _clear_frame(group, layers.columns, heights, ys)
    xs = _column_centres(layers.columns, ranks, sizes, label_room or {}, members)
    return {n: (xs[ranks[n]], ys[n]) for n in nodes}


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


def _reading_order(nodes: Sequence[str], inputs: Mapping[str, list[str]]) -> dict[str, int]:
    """Every node's turn when the outputs are read operand by operand, inputs before users."""
    used = {s for sources in inputs.values() for s in sources}
    turn: dict[str, int] = {}
    seen: set[str] = set()
    for root in [n for n in nodes if n not in used] + list(nodes):
        stack = [(root, False)]
        while stack:
            node, finished = stack.pop()
            if finished:
                turn[node] = len(turn)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((s, False) for s in reversed(inputs[node]))
    return turn


def _ranks(nodes: Sequence[str], inputs: Mapping[str, list[str]]) -> dict[str, int]:
    """The column of every node: after all its inputs, leaves and private branches pulled close."""
    turn = _reading_order(nodes, inputs)
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


@dataclass
class _Layers:
    """Columns of nodes and of the way-points that stand for long wires passing by.

    ``before[v]`` are (neighbour in the column to the left, port) and ``after[u]`` the reverse;
    without way-points the neighbour may be further away.
    """

    columns: list[list[str]]
    before: dict[str, list[tuple[str, int]]]
    after: dict[str, list[tuple[str, int]]]
    real: set[str]

    @classmethod
    def build(
        cls,
        nodes: Sequence[str],
        inputs: Mapping[str, list[str]],
        ranks: Mapping[str, int],
        dummies: bool,
    ) -> _Layers:
        turn = _reading_order(nodes, inputs)
        columns: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
        before: dict[str, list[tuple[str, int]]] = {n: [] for n in nodes}
        after: dict[str, list[tuple[str, int]]] = {n: [] for n in nodes}
        key: dict[str, float] = dict(turn)
        for node in nodes:
            columns[ranks[node]].append(node)
            for port, source in enumerate(inputs[node]):
                last = source
                for rank in range(ranks[source] + 1, ranks[node]) if dummies else ():
                    way = f"\0{source}\0{rank}"  # shared by all wires of a fork that pass here
                    if way not in before:
                        key[way] = turn[source]
                        before[way], after[way] = [(last, 0)], []
                        after[last].append((way, 0))
                        columns[rank].append(way)
                    last = way
                before[node].append((last, port))
                after[last].append((node, port))
        for column in columns:
            column.sort(key=key.__getitem__)
        return cls(columns, before, after, set(nodes))

    # order --------------------------------------------------------------------------------------

    def order(self, use_graphlay: bool) -> None:
        """Keep the candidate with the fewest crossings; operand order wins a draw."""
        best, fewest = self.columns, self.crossings(self.columns)
        if fewest:
            for candidate in self._candidates(use_graphlay):
                count = self.crossings(candidate)
                if count < fewest:
                    best, fewest = candidate, count
        self.columns = best

    def _candidates(self, use_graphlay: bool) -> Iterable[list[list[str]]]:
        swept = [list(c) for c in self.columns]
        for _ in range(6):
            self._sweep(swept)
            yield [list(c) for c in swept]
        if use_graphlay and graphlay is not None:
            found = self._graphlay_order()
            for candidate in (found, [c[::-1] for c in found]):
                self._transpose(candidate)
                yield candidate

    def crossings(self, columns: list[list[str]]) -> int:
        """How many pairs of wires cross between neighbouring columns, ports told apart."""
        place = {n: k for column in columns for k, n in enumerate(column)}
        total = 0
        for column in columns[:-1]:
            seen: list[tuple[int, int]] = []
            for node in column:
                ends = sorted((place[v], port) for v, port in self.after[node])
                for end in ends:
                    total += len(seen) - bisect_right(seen, end)
                for end in ends:
                    insort(seen, end)
        return total

    def _sweep(self, columns: list[list[str]]) -> None:
        """One barycentre sweep to the right and one back."""
        place = {n: float(k) for column in columns for k, n in enumerate(column)}

        def arrange(column: list[str], neighbours: Mapping[str, list[tuple[str, int]]]) -> None:
            pull = {
                n: sum(place[m] + 0.1 * port for m, port in neighbours[n]) / len(neighbours[n])
                for n in column
                if neighbours[n]
            }
            column.sort(key=lambda n: pull.get(n, place[n]))
            place.update((n, float(k)) for k, n in enumerate(column))

        for column in columns[1:]:
            arrange(column, self.before)
        for column in columns[-2::-1]:
            arrange(column, self.after)

    def _transpose(self, columns: list[list[str]]) -> None:
        """Swap neighbours in a column as long as that undoes crossings."""
        for _ in range(4):
            place = {n: k for column in columns for k, n in enumerate(column)}
            improved = False
            for column in columns:
                for k in range(len(column) - 1):
                    upper, lower = column[k], column[k + 1]
                    if self._gain(upper, lower, place) > 0:
                        column[k], column[k + 1] = lower, upper
                        place[lower], place[upper] = k, k + 1
                        improved = True
            if not improved:
                return

    def _gain(self, upper: str, lower: str, place: Mapping[str, int]) -> int:
        gain = 0
        for neighbours in (self.before, self.after):
            mine = [(place[n], p if neighbours is self.after else 0) for n, p in neighbours[upper]]
            other = [(place[n], p if neighbours is self.after else 0) for n, p in neighbours[lower]]
            gain += sum((a > b) - (a < b) for a in mine for b in other)
        return gain

    def _graphlay_order(self) -> list[list[str]]:
        graph = graphlay.Graph()
        for rank, column in enumerate(self.columns):
            for node in column:
                graph.node(node, width=10.0, height=10.0, rank={"fixed": rank})
        for source, ends in self.after.items():
            for target, _ in ends:
                graph.edge(source, target)
        y = {n: p[1] for n, p in graphlay.layout(graph, options={"seed": 1}).positions().items()}
        return [sorted(column, key=y.__getitem__) for column in self.columns]

    # heights ------------------------------------------------------------------------------------

    def heights(self, size: Mapping[str, float], rounds: int = 6) -> dict[str, float]:
        """The y of every node: as near to its neighbours' as the column's order allows."""
        room = {n: size.get(n, LANE) for column in self.columns for n in column}
        ys: dict[str, float] = {}
        for column in self.columns:
            y = -sum(room[n] for n in column) / 2
            for node in column:
                ys[node] = y + room[node] / 2
                y += room[node]
        for _ in range(rounds):
            for column in self.columns[-2::-1]:
                self._settle(column, self.after, ys, room)
            for column in self.columns[1:]:
                self._settle(column, self.before, ys, room)
        return {n: y for n, y in ys.items() if n in self.real}

    def _settle(
        self,
        column: list[str],
        neighbours: Mapping[str, list[tuple[str, int]]],
        ys: dict[str, float],
        room: Mapping[str, float],
    ) -> None:
        """Least squares to the neighbours' mean under the column's order and distances."""
        shift, blocks = 0.0, []  # blocks of (sum of weight × wish, weight, count)
        for k, node in enumerate(column):
            if k:
                shift += (room[column[k - 1]] + room[node]) / 2
            near = neighbours[node]
            weight = 4.0 if node not in self.real else 1.0 if near else 0.05
            wish = sum(ys[m] for m, _ in near) / len(near) if near else ys[node]
            total, heavy, count = weight * (wish - shift), weight, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / heavy:
                t, w, c = blocks.pop()
                total, heavy, count = total + t, heavy + w, count + c
            blocks.append((total, heavy, count))
        shift, k = 0.0, 0
        for total, heavy, count in blocks:
            for _ in range(count):
                if k:
                    shift += (room[column[k - 1]] + room[column[k]]) / 2
                ys[column[k]] = total / heavy + shift
                k += 1


def _clear_frame(
    group: set[str],
    columns: list[list[str]],
    heights: Mapping[str, float],
    ys: dict[str, float],
) -> None:
    """Push nodes that are no members above or below the box around ``group``."""
    if not group:
        return
    top = min(ys[n] - heights[n] / 2 for n in group) - FRAME_TITLE
    bottom = max(ys[n] + heights[n] / 2 for n in group) + FRAME_TITLE / 2
    spanned = [k for k, column in enumerate(columns) if group.intersection(column)]
    for column in columns[spanned[0] : spanned[-1] + 1]:
        nodes = [n for n in column if n in heights]
        inside = [k for k, n in enumerate(nodes) if n in group]
        middle = (top + bottom) / 2
        split = inside[0] if inside else sum(ys[n] < middle for n in nodes)
        rest = nodes[split:] if not inside else nodes[inside[-1] + 1 :]
        limit = top
        for node in reversed(nodes[:split]):
            ys[node] = min(ys[node], limit - heights[node] / 2)
            limit = ys[node] - heights[node] / 2
        limit = bottom
        for node in rest:
            ys[node] = max(ys[node], limit + heights[node] / 2)
            limit = ys[node] + heights[node] / 2


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
