"""Where everything is, in NumPy arrays: the source that all painting and hit testing reads.

Scene pixels, x to the right and y down; a node's place is its centre.  Knows no Qt.
"""

from __future__ import annotations

import numpy as np

PORT_STEP = 16.0  # between two ports of a node
MARGIN = 12.0  # how far a ring or a badge reaches beyond its node
LABEL_REACH = 136.0  # how far numbers reach to the right of their node, at most
LABEL_HEIGHT = 20.0  # and above and below the wire

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Geometry:
    """Centres and sizes of n nodes, and the ends of m wires.

    ``lines`` is m × 4: x and y of a wire's start at its source's output port and of its end at
    its target's input port.  ``port_dy`` is the end's height relative to the target's centre.
    ``bends`` are points that a wire passes level on its way, for the few that need to; ``fixed``
    are those of wires that the user leads over points, by wire.
    """

    def __init__(
        self, size: np.ndarray, source: np.ndarray, target: np.ndarray, port_dy: np.ndarray
    ) -> None:
        self.size = size
        self.xy = np.zeros_like(size)
        self.source, self.target, self.port_dy = source, target, port_dy
        self.revision = 0  # counts changes of places
        self.fan_out = np.bincount(source, minlength=len(size))
        self.lines = np.zeros((len(source), 4))
        self.span = np.zeros((len(source), 2))  # top and bottom of each wire
        self.across = np.zeros((len(source), 2))  # its left and right
        self.fixed: dict[int, tuple[Point, ...]] = {}
        self.bends: list[tuple[Point, ...]] = [()] * len(source)
        self._wires_of: list[list[int]] | None = None

    def __len__(self) -> int:
        return len(self.size)

    def set_centres(self, xy: np.ndarray) -> None:
        """Move all nodes."""
        self.xy[:] = xy
        self.revision += 1
        self.bends = [self.fixed.get(k, ()) for k in range(len(self.source))]
        self._refresh(slice(None))

    def bend(self, wire: int, points: tuple[Point, ...]) -> None:
        """Lead a wire over these points."""
        self.fixed[wire] = self.bends[wire] = points
        self._refresh(np.array([wire]))

    def move(self, nodes: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """Put these nodes at ``xy``; the wires that follow them."""
        ways = xy - self.xy[nodes]
        self.xy[nodes] = xy
        self.revision += 1
        wires = self.wires_at(nodes)
        if self.fixed:
            self._carry(nodes, ways)
        for wire in wires.tolist():
            self.bends[wire] = self.fixed.get(wire, ())
        if len(wires):
            self._refresh(wires)
        return wires

    def _carry(self, nodes: np.ndarray, ways: np.ndarray) -> None:
        """Take the bends of wires along, both of whose ends go the same way."""
        went = dict(zip(nodes.tolist(), map(tuple, ways.tolist()), strict=True))
        for wire, points in self.fixed.items():
            way = went.get(int(self.source[wire]))
            if way is not None and way == went.get(int(self.target[wire])):
                self.fixed[wire] = tuple((x + way[0], y + way[1]) for x, y in points)

    def _refresh(self, wires: slice | np.ndarray) -> None:
        source, target = self.source[wires], self.target[wires]
        self.lines[wires, 0] = self.xy[source, 0] + self.size[source, 0] / 2
        self.lines[wires, 1] = self.xy[source, 1]
        self.lines[wires, 2] = self.xy[target, 0] - self.size[target, 0] / 2
        self.lines[wires, 3] = self.xy[target, 1] + self.port_dy[wires]
        self.span[wires, 0] = self.lines[wires][:, (1, 3)].min(axis=1)
        self.span[wires, 1] = self.lines[wires][:, (1, 3)].max(axis=1)
        self.across[wires, 0] = self.lines[wires][:, (0, 2)].min(axis=1)
        self.across[wires, 1] = self.lines[wires][:, (0, 2)].max(axis=1)
        for wire, points in self.fixed.items():
            x0, y0, x1, y1 = self.lines[wire].tolist()
            xs, ys = zip(*points, (x0, y0), (x1, y1), strict=True)
            self.across[wire] = min(xs), max(xs)
            self.span[wire] = min(ys), max(ys)

    def detour(self, lanes: dict[int, list[Point]]) -> None:
        """Lead these wires along their lanes where the direct curve would run under a node."""
        t = np.linspace(0.05, 0.95, 25)
        ease = 3 * t**2 - 2 * t**3
        along = 1.5 * t * (1 - t) ** 2 + 1.5 * t**2 * (1 - t) + t**3
        half = self.size / 2 + (2.0, 4.0)
        for wire, points in lanes.items():
            if wire in self.fixed:
                continue
            x0, y0, x1, y1 = self.lines[wire].tolist()
            xs, ys = x0 + (x1 - x0) * along, y0 + (y1 - y0) * ease
            top, bottom = min(y0, y1), max(y0, y1)
            near = (self.xy[:, 0] > x0) & (self.xy[:, 0] < x1)
            near &= (self.xy[:, 1] > top - half[:, 1]) & (self.xy[:, 1] < bottom + half[:, 1])
            near[[self.source[wire], self.target[wire]]] = False
            inside = np.abs(self.xy[near, :1] - xs) < half[near, :1]
            inside &= np.abs(self.xy[near, 1:] - ys) < half[near, 1:]
            if inside.any():
                self.bends[wire] = tuple(points)
                heights = [y for _, y in points] + [y0, y1]
                self.span[wire] = min(heights), max(heights)

    def wires_at(self, nodes: np.ndarray) -> np.ndarray:
        """The wires that start or end at any of these nodes."""
        if len(nodes) == 1:
            return np.array(self.wires_of(int(nodes[0])), dtype=np.intp)
        chosen = np.zeros(len(self), dtype=bool)
        chosen[nodes] = True
        return np.flatnonzero(chosen[self.source] | chosen[self.target])

    def wires_of(self, node: int) -> list[int]:
        """The wires that start or end at ``node``."""
        if self._wires_of is None:
            self._wires_of = [[] for _ in range(len(self))]
            ends = zip(self.source.tolist(), self.target.tolist(), strict=True)
            for wire, (source, target) in enumerate(ends):
                self._wires_of[source].append(wire)
                self._wires_of[target].append(wire)
        return self._wires_of[node]

    def points_along(self, wire: int, count: int = 24) -> np.ndarray:
        """Points on a wire's curve, from its source to its target."""
        x0, y0, x1, y1 = self.lines[wire].tolist()
        t = np.linspace(0.0, 1.0, count)[:, None]
        parts, start = [], (x0, y0)
        for x, y in (*self.bends[wire], (x1, y1)):
            run = x - start[0]
            bend = run / 2 if run >= 40 else max(20.0, 40.0 - run / 4)
            corners = np.array([start, (start[0] + bend, start[1]), (x - bend, y), (x, y)])
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            parts.append(np.hstack(weights) @ corners)
            start = (x, y)
        return np.vstack(parts)

    # culling ------------------------------------------------------------------------------------

    def nodes_in(self, box: Box, reach: float = MARGIN) -> np.ndarray:
        """Indices of the nodes that touch ``box``, grown to the left and around by ``reach``."""
        left, top, right, bottom = box
        x, y = self.xy[:, 0], self.xy[:, 1]
        w, h = self.size[:, 0] / 2, self.size[:, 1] / 2
        keep = (x + w + reach >= left) & (x - w - MARGIN <= right)
        keep &= (y + h + MARGIN >= top) & (y - h - MARGIN <= bottom)
        return np.flatnonzero(keep)

    def wires_in(self, box: Box) -> np.ndarray:
        """Indices of the wires whose bounding box touches ``box``."""
        left, top, right, bottom = box
        keep = (self.across[:, 1] >= left - 60) & (self.across[:, 0] <= right + 60)
        keep &= (self.span[:, 1] >= top - 6) & (self.span[:, 0] <= bottom + 6)
        return np.flatnonzero(keep)

    def node_at(self, x: float, y: float, least: float) -> int:
        """The node under a point, or −1; every node is at least ``least`` wide and high."""
        if not len(self):
            return -1
        dx, dy = np.abs(self.xy[:, 0] - x), np.abs(self.xy[:, 1] - y)
        half = np.maximum(self.size, least) / 2
        hit = np.flatnonzero((dx <= half[:, 0]) & (dy <= half[:, 1]))
        if not len(hit):
            return -1
        return int(hit[np.argmin(np.hypot(dx[hit], dy[hit]))])

    def room_right(self, nodes: np.ndarray) -> np.ndarray:
        """For each of ``nodes`` the free width to its right, seen among these nodes only."""
        if not len(nodes):
            return np.empty(0)
        x, y = self.xy[nodes, 0], self.xy[nodes, 1]
        w, h = self.size[nodes, 0] / 2, self.size[nodes, 1] / 2
        free = (x - w)[None, :] - (x + w)[:, None]
        beside = np.abs(y[None, :] - y[:, None]) < h[None, :] + LABEL_HEIGHT
        return np.where(beside & (free > 0), free, np.inf).min(axis=1)

    def bounds(self, nodes: np.ndarray | None = None, reach: np.ndarray | float = 0.0) -> Box:
        """The box around all nodes (or these), numbers on the right included by ``reach``."""
        xy, size = (self.xy, self.size) if nodes is None else (self.xy[nodes], self.size[nodes])
        if not len(xy):
            return (0.0, 0.0, 0.0, 0.0)
        low, high = (xy - size / 2).min(axis=0), xy + size / 2
        right = (high[:, 0] + reach).max()
        return (float(low[0]), float(low[1]), float(right), float(high[:, 1].max()))

    def wires_box(self, wires: list[int] | np.ndarray) -> Box:
        """The box around some wires, curves included."""
        lines = self.lines[wires]
        xs, ys = self.across[wires], self.span[wires]
        bend = 40.0 + float(np.abs(lines[:, 2] - lines[:, 0]).max(initial=0.0)) / 4
        bend = bend if bool((lines[:, 2] < lines[:, 0] + 40).any()) else 8.0
        return (
            float(xs.min()) - bend,
            float(ys.min()) - 8,
            float(xs.max()) + bend,
            float(ys.max()) + 8,
        )
