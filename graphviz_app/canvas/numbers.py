"""The numbers on wires: a value above, a gradient below, each on a plate that covers the wire.

On screen all numbers of a frame go out in a few glyph runs: shaping five hundred
short texts one by one would take longer than everything else.  Exports draw real text instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGlyphRun,
    QPainter,
    QRawFont,
)

from graphviz_app.canvas.batches import draw_rects
from graphviz_app.canvas.geometry import LABEL_REACH
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.theme import Theme, mono_font

SIZES_PX = (12, 11, 9)  # the largest that fits beside the next node is taken
SHORT_SIZE = 1  # the one for a vector that fits in none
GAP = 9.0  # between the node and its numbers
RISE = 12.0  # from the wire to the middle of a number
DIMMED = 0.65  # opacity of numbers that are not lit
PLATE = (1.5, 3.0)  # how far the plate reaches beyond the digits
PLATE_OPACITY = 0.8  # a trace of the wire remains, for the eye to follow


class Ink(IntEnum):
    """What a number means, which is its colour."""

    VALUE = 0
    GRADIENT = 1
    UNKNOWN = 2


class NumberFonts:
    """The mono font in its three sizes, with the width of a character and the glyph of each."""

    def __init__(self) -> None:
        self.fonts = [mono_font(px, 600) for px in SIZES_PX]
        self.advance = [QFontMetricsF(f).horizontalAdvance("0") for f in self.fonts]
        self.drop = [QFontMetricsF(f).capHeight() / 2 for f in self.fonts]
        self.raw = [QRawFont.fromFont(f) for f in self.fonts]
        self._glyphs: dict[str, int] = {}

    def fitting(self, texts: Sequence[str], room: float) -> tuple[int, list[str]]:
        """The largest size in which ``texts`` fit into ``room``, and what is shown of them.

        Where none is small enough, vectors lose entries; numbers stay and take the smallest.
        """
        longest = max(map(len, texts))
        for size, advance in enumerate(self.advance):
            if longest * advance <= room:
                return size, list(texts)
        vectors = any(text.startswith("[") for text in texts)
        size = SHORT_SIZE if vectors else len(self.advance) - 1
        return size, [shortened(text, int(room / self.advance[size])) for text in texts]

    def plate(self, placed: Placed) -> tuple[float, float, float, float]:
        """Left, top, width and height of what lies behind a number."""
        size, (beside, above) = placed.size, PLATE
        width = len(placed.text) * self.advance[size] + 2 * beside
        height = 2 * (self.drop[size] + above)
        return placed.x - beside, placed.y - 2 * self.drop[size] - above, width, height

    def glyphs(self, text: str) -> list[int] | None:
        """Glyph indices of ``text``, or None where the font lacks a character."""
        known = self._glyphs
        for character in text:
            if character not in known:
                found = self.raw[0].glyphIndexesForString(character)
                known[character] = found[0] if len(found) == 1 else 0
        glyphs = [known[c] for c in text]
        return glyphs if all(glyphs) else None


def shortened(text: str, characters: int) -> str:
    """A vector with as many of its entries as fit, as [0.66, …]; any other text as it is."""
    if len(text) <= characters or not text.startswith("["):
        return text
    entries = text[1:-1].removesuffix(", …").split(", ")
    for count in range(len(entries) - 1, 0, -1):
        short = f"[{', '.join(entries[:count])}, …]"
        if len(short) <= characters:
            return short
    return "[…]"


def ink_colors(theme: Theme) -> list[QColor]:
    """The colour of each `Ink`."""
    return [QColor(theme.forward), QColor(theme.backward), QColor(theme.text_muted)]


class Placed(NamedTuple):
    """One number: its baseline's start, and its glyphs there (None where the font lacks one)."""

    text: str
    x: float
    y: float
    size: int
    ink: Ink
    glyphs: list[int] | None
    points: list[QPointF]


class NumberCache:
    """Where the numbers of a model stand, kept until they or the nodes around them change.

    Panning and zooming then cost no more than putting lists together.
    """

    def __init__(self, model: CanvasModel, fonts: NumberFonts) -> None:
        self._model, self._fonts = model, fonts
        self._revision = -1
        self._rooms = np.empty(0)
        self._kept: list[tuple[str, str, list[Placed]] | None] = []

    def of(self, nodes: np.ndarray) -> list[tuple[int, list[Placed]]]:
        """(node, its numbers) for ``nodes``; neighbours to the right must be among them."""
        model, geometry = self._model, self._model.geometry
        if self._revision != geometry.revision:
            self._revision = geometry.revision
            self._rooms = np.full(len(geometry), np.nan)
            self._kept = [None] * len(geometry)
        if np.isnan(self._rooms[nodes]).any():
            self._rooms[nodes] = geometry.room_right(nodes)
        found = []
        values, gradients, kept = model.values, model.gradients, self._kept
        for node in nodes.tolist():
            value, gradient = values[node], gradients[node]
            entry = kept[node]
            if entry is None or entry[0] != value or entry[1] != gradient:
                entry = kept[node] = (value, gradient, self._place(node, value, gradient))
            if entry[2]:
                found.append((node, entry[2]))
        return found

    def _place(self, node: int, value: str, gradient: str) -> list[Placed]:
        model, fonts = self._model, self._fonts
        x, y = model.geometry.xy[node].tolist()
        x += float(model.geometry.size[node, 0]) / 2 + GAP
        room = min(float(self._rooms[node]), LABEL_REACH) - GAP - 3.0
        unknown = value == "?" or model.unset[node]
        size, (value, gradient) = fonts.fitting((value, gradient), room)
        advance, drop = fonts.advance[size], fonts.drop[size]
        placed = []
        for text, baseline, ink in (
            (value, y - RISE + drop, Ink.UNKNOWN if unknown else Ink.VALUE),
            (gradient, y + RISE + drop, Ink.UNKNOWN if gradient == "?" else Ink.GRADIENT),
        ):
            if text:
                points = [QPointF(x + k * advance, baseline) for k in range(len(text))]
                placed.append(Placed(text, x, baseline, size, ink, fonts.glyphs(text), points))
        return placed


def draw_numbers_fast(
    painter: QPainter,
    model: CanvasModel,
    nodes: np.ndarray,
    cache: NumberCache,
    fonts: NumberFonts,
    theme: Theme,
    plates: bool = True,
) -> None:
    """Draw the numbers beside ``nodes`` in as few calls as there are colours and sizes."""
    batches: dict[tuple[int, Ink, bool], tuple[list[int], list[QPointF]]] = {}
    strange: list[tuple[Placed, bool]] = []
    boxes: list[tuple[float, float, float, float]] = []
    lights = model.lit.tolist()
    for node, numbers in cache.of(nodes):
        for placed in numbers:
            if plates:
                boxes.append(fonts.plate(placed))
            if placed.glyphs is None:
                strange.append((placed, lights[node]))
                continue
            key = (placed.size, placed.ink, lights[node])
            batch = batches.get(key)
            if batch is None:
                batch = batches[key] = ([], [])
            batch[0].extend(placed.glyphs)
            batch[1].extend(placed.points)
    runs = []
    for (size, ink, lit), (indices, points) in batches.items():
        run = QGlyphRun()
        run.setRawFont(fonts.raw[size])
        run.setGlyphIndexes(indices)
        run.setPositions(points)
        runs.append((run, ink, lit))
    painter.setOpacity(1.0)
    if plates:
        painter.setOpacity(PLATE_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.plate))
        draw_rects(painter, np.array(boxes))
    inks = ink_colors(theme)
    for run, ink, lit in runs:
        painter.setOpacity(1.0 if lit else DIMMED)
        painter.setPen(inks[ink])
        painter.drawGlyphRun(QPointF(), run)
    for placed, lit in strange:
        painter.setOpacity(1.0 if lit else DIMMED)
        painter.setFont(fonts.fonts[placed.size])
        painter.setPen(inks[placed.ink])
        painter.drawText(QPointF(placed.x, placed.y), placed.text)
    painter.setOpacity(1.0)


def draw_numbers_as_text(
    painter: QPainter, model: CanvasModel, nodes: np.ndarray, fonts: NumberFonts, theme: Theme
) -> None:
    """Draw the numbers beside ``nodes`` as text, for files that can be scaled."""
    inks = ink_colors(theme)
    for node, numbers in NumberCache(model, fonts).of(nodes):
        for placed in numbers:
            font, start = fonts.fonts[placed.size], QPointF(placed.x, placed.y)
            painter.setOpacity(PLATE_OPACITY)
            painter.fillRect(QRectF(*fonts.plate(placed)), QColor(theme.plate))
            painter.setOpacity(1.0 if model.lit[node] else DIMMED)
            painter.setFont(font)
            painter.setPen(inks[placed.ink])
            painter.drawText(start, placed.text)
    painter.setOpacity(1.0)
