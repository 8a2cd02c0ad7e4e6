"""Where the parts of the diagram go: columns of units, cards above them.  Knows no Qt widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from engine.training.watching import MOST_MAPPED, Scene

CARD_PX, CARD_TOP, CARD_GAP = 42, 12, 12
SIDE, LEAST_SIDE, LEAST_GAP = 52.0, 9.0, 3.0
FOOT_PX = 22  # below the units: how many more there are
MARGIN = 56.0  # of the first and last column's middle
MOST_WIRES = 900  # that are drawn, the strongest of all


@dataclass(frozen=True)
class Column:
    """Units under a card: their tiles from above, and how many there are in all.

    ``layer`` is the place in ``scene.layers``, −1 for the inputs.
    """

    layer: int
    x: float
    card: QRectF
    tiles: tuple[QRectF, ...]
    units: int

    @property
    def hidden(self) -> int:
        """How many units have no tile."""
        return self.units - len(self.tiles)


@dataclass(frozen=True)
class Arrangement:
    """All columns, and the card of the loss."""

    columns: tuple[Column, ...]
    loss: QRectF


def input_count(scene: Scene) -> int:
    """How many inputs the network has, as far as its first layer tells."""
    return len(scene.features)


def arranged(scene: Scene, width: float, height: float, as_one: bool) -> Arrangement:
    """The diagram in so much room; ``as_one`` shows all inputs as one tile."""
    counts = [input_count(scene), *(layer.units for layer in scene.layers)]
    gaps = len(counts)  # the loss stands behind the last layer
    card_width = min(104.0, (width - 2 * CARD_GAP) / (gaps + 1) - CARD_GAP)
    left = CARD_GAP + card_width / 2
    right = width - CARD_GAP - 1.5 * card_width - 10
    step = (right - left) / max(len(counts) - 1, 1)
    top, bottom = CARD_TOP + CARD_PX + 14.0, height - FOOT_PX
    columns = []
    for place, units in enumerate(counts):
        x = left + place * step
        card = QRectF(x - card_width / 2, CARD_TOP, card_width, CARD_PX)
        shown = min(units, MOST_MAPPED)
        if place == 0 and as_one:
            shown = 1
        fit = max(1, int((bottom - top) / (LEAST_SIDE + LEAST_GAP)))
        tiles = _stacked(x, top, bottom, min(shown, fit), min(SIDE, 0.55 * step if step else SIDE))
        columns.append(Column(place - 1, x, card, tiles, units))
    last = columns[-1].card
    loss = QRectF(last.right() + 10, CARD_TOP, card_width, CARD_PX)
    return Arrangement(tuple(columns), loss)


def _stacked(x: float, top: float, bottom: float, count: int, most: float) -> tuple[QRectF, ...]:
    if not count:
        return ()
    room = (bottom - top) / count
    side = max(LEAST_SIDE, min(most, room - max(LEAST_GAP, 0.16 * room)))
    pitch = min(room, side * 1.9)
    first = (top + bottom) / 2 - pitch * (count - 1) / 2
    return tuple(
        QRectF(x - side / 2, first + k * pitch - side / 2, side, side) for k in range(count)
    )


@dataclass(frozen=True, eq=False)
class Wires:
    """The wires into one layer: which units they join, their weights, and points along them.

    ``sources``, ``targets`` and ``weights`` are (n,), ``ends`` (n, 4) with x and y of both ends.
    """

    layer: int
    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    ends: np.ndarray


def wires_between(before: Column, after: Column, weights: np.ndarray) -> Wires | None:
    """The wires from one column to the next; None where weights do not join their units."""
    if weights.ndim != 2 or weights.shape != (before.units, after.units):
        return None
    if len(before.tiles) == 1 < before.units:
        return None  # all inputs are one tile
    shown = weights[: len(before.tiles), : len(after.tiles)]
    sources, targets = np.indices(shown.shape).reshape(2, -1)
    flat = shown.ravel()
    if flat.size > MOST_WIRES:
        keep = np.sort(np.argpartition(-np.abs(flat), MOST_WIRES)[:MOST_WIRES])
        sources, targets, flat = sources[keep], targets[keep], flat[keep]
    starts = np.array([(t.right(), t.center().y()) for t in before.tiles])
    stops = np.array([(t.left(), t.center().y()) for t in after.tiles])
    ends = np.concatenate([starts[sources], stops[targets]], axis=1)
    return Wires(after.layer, sources, targets, flat, ends)


def nearest_wire(wires: Wires, at: QPointF, within: float) -> int | None:
    """Which wire passes nearest to a point, no farther than ``within``."""
    t = np.linspace(0, 1, 25)[None, :]
    x0, y0, x1, y1 = (wires.ends[:, [k]] for k in range(4))
    middle = (x0 + x1) / 2
    x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * middle + 3 * (1 - t) * t**2 * middle + t**3 * x1
    y = (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * y0 + 3 * (1 - t) * t**2 * y1 + t**3 * y1
    away = np.min(np.hypot(x - at.x(), y - at.y()), axis=1)
    if not len(away) or away.min() > within:
        return None
    return int(np.argmin(away))
