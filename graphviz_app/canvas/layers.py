"""Columns of a layered drawing: the order inside each, and heights that keep nodes apart.

Pure data; knows no Qt.  Long wires take part as way-points in the columns that they pass.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

try:
    import graphlay
except ImportError:  # no wheel for this platform: our own order has to do
    graphlay = None

LANE = 14.0  # the height that a long wire takes as it passes a column
ROUNDS = 6  # sweeps that order the columns, and as many that settle their heights


def reading_order(nodes: Sequence[str], inputs: Mapping[str, list[str]]) -> dict[str, int]:
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


@dataclass
class Layers:
    """Columns of nodes and of the way-points that stand for long wires passing by.

    ``before[v]`` are (neighbour in the column to the left, port) and ``after[u]`` the reverse;
    without way-points the neighbour may be further away.  ``ways`` are the (column, way-point)
    that a long wire passes.
    """

    columns: list[list[str]]
    before: dict[str, list[tuple[str, int]]]
    after: dict[str, list[tuple[str, int]]]
    real: set[str]
    ways: dict[tuple[str, str], list[tuple[int, str]]]

    @classmethod
    def build(
        cls,
        nodes: Sequence[str],
        inputs: Mapping[str, list[str]],
        ranks: Mapping[str, int],
        dummies: bool,
    ) -> Layers:
        turn = reading_order(nodes, inputs)
        columns: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
        before: dict[str, list[tuple[str, int]]] = {n: [] for n in nodes}
        after: dict[str, list[tuple[str, int]]] = {n: [] for n in nodes}
        key: dict[str, float] = dict(turn)
        ways: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for node in nodes:
            columns[ranks[node]].append(node)
            for port, source in enumerate(inputs[node]):
                last = source
                passed = range(ranks[source] + 1, ranks[node]) if dummies else range(0)
                for rank in passed:
                    way = f"\0{source}\0{rank}"  # shared by all wires of a fork that pass here
                    ways.setdefault((source, node), []).append((rank, way))
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
        return cls(columns, before, after, set(nodes), ways)

    # order --------------------------------------------------------------------------------------

    def order(self, use_graphlay: bool, sweeps: int = ROUNDS) -> int:
        """Keep the candidate with the fewest crossings and say how many those are.

        Operand order wins a draw.
        """
        best, fewest = self.columns, self.crossings(self.columns)
        if fewest:
            for candidate in self._candidates(use_graphlay, sweeps):
                count = self.crossings(candidate)
                if count < fewest:
                    best, fewest = candidate, count
        self.columns = best
        return fewest

    def _candidates(self, use_graphlay: bool, sweeps: int) -> Iterable[list[list[str]]]:
        swept = [list(c) for c in self.columns]
        for _ in range(sweeps):
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
        assert graphlay is not None
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

    def heights(self, size: Mapping[str, float], rounds: int = ROUNDS) -> dict[str, float]:
        """The y of every node and way-point: near its neighbours' as the order allows."""
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
        return ys

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
