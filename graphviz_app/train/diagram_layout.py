"""Where the parts of the network diagram go: columns of units below cards, and wires between them.

Knows scenes and numbers, and no widget.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from engine.training.glimpses import picture_side
from engine.training.looks import LayerInfo, Scene

CARD_PX, CARD_TOP, WIDEST_CARD, CARD_GAP = 42.0, 12.0, 116.0, 8.0
STRIP_PX = 24.0  # between cards and units: the buttons that add a layer
FOOT_PX = 20.0  # below the units: how many more there are
LEAST_PITCH, MOST_PITCH = 58.0, 190.0  # from column to column; a longer network scrolls
SIDE, COMFORTABLE, LEAST_SIDE, LEAST_GAP = 52.0, 28.0, 20.0, 4.0
WIRE_ROOM = 30.0  # between the units of two columns, at least
CURVE_POINTS = 25  # of a wire, where it is asked what the pointer is on


class Kind(Enum):
    """What a column is of; the value is the token of its colour."""

    INPUT = "input"
    LAYER = "layer"
    LOOSE = "parameter"  # parameters that belong to no layer
    PREDICTION = "activation"  # what a graph without layers gives
    LOSS = "loss"


@dataclass(frozen=True)
class Column:
    """Units under a card.

    ``layer`` is the place in ``scene.layers`` (−1 where it is none), ``loose`` are the parameters
    of a column of them, ``names`` those of its units where they have any; ``as_one`` shows all
    units as one tile.
    """

    kind: Kind
    units: int
    layer: int = -1
    names: tuple[str, ...] = ()
    loose: tuple[LayerInfo, ...] = ()
    as_one: bool = False

    @property
    def tiles(self) -> int:
        """How many tiles would show all of it."""
        return 1 if self.as_one else self.units


def is_loose(layer: LayerInfo) -> bool:
    """Whether it is a parameter that belongs to no layer."""
    return layer.node == layer.weights


def columns_of(scene: Scene) -> tuple[Column, ...]:
    """The columns from left to right."""
    features = len(scene.features)
    inputs = Column(
        Kind.INPUT,
        max(features, 1),
        names=scene.features,
        as_one=not features or picture_side(scene.features) > 0,
    )
    loose = tuple(layer for layer in scene.layers if is_loose(layer))
    answers = scene.classes if len(scene.classes) > 2 else ()
    columns = [inputs] if scene.has_data else []
    for place, layer in enumerate(scene.layers):
        if not is_loose(layer):
            columns.append(Column(Kind.LAYER, layer.units, place))
    if answers and columns[-1].units == len(answers) and columns[-1].layer >= 0:
        columns[-1] = Column(Kind.LAYER, len(answers), columns[-1].layer, answers)
    if loose:
        names = tuple(layer.title for layer in loose)
        columns.append(Column(Kind.LOOSE, len(loose), names=names, loose=loose))
    if scene.has_data and all(column.kind is not Kind.LAYER for column in columns):
        columns.append(Column(Kind.PREDICTION, len(answers) or 1, names=answers))
    return (*columns, Column(Kind.LOSS, 0))


@dataclass(frozen=True, eq=False)
class Bundle:
    """The wires between two columns: pairs of places among their shown units, and their ends.

    ``pairs`` is (n, 2) of places, ``ends`` (n, 4) with x and y of both ends.  ``layer`` is whose
    weights they may be, −1 where they are of nobody.
    """

    source: int
    target: int
    layer: int
    pairs: np.ndarray
    ends: np.ndarray

    def nearest(self, at: QPointF) -> tuple[float, int]:
        """(how far away, which) the wire is that passes nearest to a point."""
        t = np.linspace(0, 1, CURVE_POINTS)[None, :]
        x0, y0, x1, y1 = (self.ends[:, [k]] for k in range(4))
        inner = 3 * (1 - t) * t
        x = (1 - t) ** 3 * x0 + inner * (x0 + x1) / 2 + t**3 * x1
        y = (1 - t) ** 2 * (1 + 2 * t) * y0 + t**2 * (3 - 2 * t) * y1
        away = _distances(x - at.x(), y - at.y())
        wire = int(np.argmin(away))
        return float(away[wire]), wire

    def middle(self, wire: int) -> QPointF:
        """The middle of a wire."""
        x0, y0, x1, y1 = self.ends[wire].tolist()
        return QPointF((x0 + x1) / 2, (y0 + y1) / 2)


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far the origin is from each polyline (n, points)."""
    dx, dy = np.diff(x), np.diff(y)
    along = -(x[:, :-1] * dx + y[:, :-1] * dy) / np.maximum(dx * dx + dy * dy, 1e-12)
    along = np.clip(along, 0, 1)
    return np.hypot(x[:, :-1] + along * dx, y[:, :-1] + along * dy).min(axis=1)


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything is, in pixels.

    ``width`` may be more than there was.  For each column: its ``cards``, the numbers of its
    ``shown`` units and their ``tiles`` from above.
    """

    width: float
    bottom: float  # of the units' room
    side: float  # of a tile
    columns: tuple[Column, ...]
    cards: tuple[QRectF, ...]
    shown: tuple[tuple[int, ...], ...]
    tiles: tuple[tuple[QRectF, ...], ...]
    bundles: tuple[Bundle, ...]

    def hidden(self, place: int) -> int:
        """How many units of a column have no tile."""
        return self.columns[place].tiles - len(self.shown[place])

    def adder(self, place: int) -> QPointF:
        """The middle of the button that adds a layer behind a column."""
        x = (self.cards[place].right() + self.cards[place + 1].left()) / 2
        return QPointF(x, CARD_TOP + CARD_PX + STRIP_PX / 2 - 1)


def arranged(
    scene: Scene, width: float, height: float, wanted: Mapping[str, Collection[int]]
) -> Layout:
    """The diagram in so much room; ``wanted`` units of layers are shown before others."""
    columns = columns_of(scene)
    pitch = min(max((width - 2 * CARD_GAP) / len(columns), LEAST_PITCH), MOST_PITCH)
    whole = pitch * len(columns) + 2 * CARD_GAP
    left = max(0.0, (width - whole) / 2) + CARD_GAP + pitch / 2
    xs = [left + pitch * k for k in range(len(columns))]
    card = min(WIDEST_CARD, pitch - CARD_GAP)
    cards = tuple(QRectF(x - card / 2, CARD_TOP, card, CARD_PX) for x in xs)
    top, bottom = CARD_TOP + CARD_PX + STRIP_PX, max(height - FOOT_PX, 130.0)
    counts = _counts(columns, bottom - top)
    shown = tuple(
        chosen(column.tiles, count, wanted.get(_node(scene, column), ()))
        for column, count in zip(columns, counts, strict=True)
    )
    apart = columns[-2].kind is Kind.PREDICTION
    rows = _rows(counts, apart)
    most = max(max(each, default=0.0) for each in rows) + 1
    room = (bottom - top) / most
    side = max(min(SIDE, pitch - WIRE_ROOM, room - max(LEAST_GAP, 0.14 * room)), 8.0)
    step = min(room, side * 1.9)
    first = (top + bottom) / 2 - step * (most - 1) / 2
    tiles = tuple(
        tuple(_tile(x, first + row * step, side) for row in each)
        for x, each in zip(xs, rows, strict=True)
    )
    bundles = _prediction_bundles(tiles) if apart else _bundles(scene, columns, tiles)
    return Layout(max(whole, width), bottom, side, columns, cards, shown, tiles, bundles)


def _node(scene: Scene, column: Column) -> str:
    return scene.layers[column.layer].node if column.layer >= 0 else ""


def _counts(columns: tuple[Column, ...], room: float) -> list[int]:
    """How many units each column shows: all that can, else as many as are easily seen."""
    fit = int((room + LEAST_GAP) / (LEAST_SIDE + LEAST_GAP))
    easily = int((room + LEAST_GAP) / (COMFORTABLE * 1.2))
    return [c.tiles if c.tiles <= fit else max(1, easily) for c in columns]


def chosen(units: int, count: int, wanted: Collection[int]) -> tuple[int, ...]:
    """Which ``count`` of ``units`` are shown: those that are wanted, then the first ones."""
    first = sorted(k for k in wanted if 0 <= k < units)[:count]
    rest = (k for k in range(units) if k not in set(first))
    return tuple(
        sorted([*first, *(k for k, _ in zip(rest, range(count - len(first)), strict=False))])
    )


def _rows(counts: list[int], apart: bool) -> list[list[float]]:
    """In which row each unit stands, columns being centred beside each other.

    Where parameters stand ``apart``, inputs are above them, so that their wires pass by.
    """
    if apart:
        *before, answers, _ = counts
        rows, above = [], 0
        for count in before:
            rows.append([float(above + k) for k in range(count)])
            above += count
        middle = before[0] - 0.5 if len(before) > 1 else (before[0] - 1) / 2
        start = max(0.0, middle - (answers - 1) / 2)
        return [*rows, [start + k for k in range(answers)], []]
    most = max(counts)
    return [[(most - count) / 2 + k for k in range(count)] for count in counts]


def _tile(x: float, y: float, side: float) -> QRectF:
    """A tile on whole pixels, so that its map is crisp."""
    whole = round(side)
    return QRectF(round(x - whole / 2), round(y - whole / 2), whole, whole)


def _bundles(
    scene: Scene, columns: tuple[Column, ...], tiles: tuple[tuple[QRectF, ...], ...]
) -> tuple[Bundle, ...]:
    found = []
    for place in range(1, len(columns)):
        before, after = columns[place - 1], columns[place]
        if after.kind is not Kind.LAYER:
            continue
        layer = scene.layers[after.layer]
        dense = before.units * after.units
        one_to_one = before.units == after.units and layer.parameters not in (
            dense,
            dense + after.units,
        )
        pairs = _pairs(len(tiles[place - 1]), len(tiles[place]), one_to_one)
        found.append(_bundle(tiles, place - 1, place, after.layer, pairs))
    return tuple(found)


def _prediction_bundles(tiles: tuple[tuple[QRectF, ...], ...]) -> tuple[Bundle, ...]:
    """Everything before it goes into the prediction; how, only the formula knows."""
    last = len(tiles) - 2
    return tuple(
        _bundle(tiles, place, last, -1, _pairs(len(tiles[place]), len(tiles[last]), False))
        for place in range(last)
    )


def _pairs(before: int, after: int, one_to_one: bool) -> np.ndarray:
    if one_to_one:
        return np.repeat(np.arange(min(before, after))[:, None], 2, axis=1)
    return np.indices((before, after)).reshape(2, -1).T


def _bundle(
    tiles: tuple[tuple[QRectF, ...], ...], source: int, target: int, layer: int, pairs: np.ndarray
) -> Bundle:
    starts = np.array([(t.right(), t.center().y()) for t in tiles[source]])
    stops = np.array([(t.left(), t.center().y()) for t in tiles[target]])
    ends = np.concatenate([starts[pairs[:, 0]], stops[pairs[:, 1]]], axis=1)
    return Bundle(source, target, layer, pairs, ends)
