"""The numbers on wires: a value above, a gradient below, each with a halo.

On screen all numbers of a frame go out in a few glyph runs: shaping five hundred
short texts one by one would take longer than everything else.  Exports draw real text instead.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGlyphRun,
    QPainter,
    QPainterPath,
    QPen,
    QRawFont,
)

from graphviz_app.canvas.model import CanvasModel
from graphviz_app.theme import Theme, mono_font

SIZES_PX = (12, 11, 9)  # the largest that fits beside the next node is taken
GAP = 9.0  # between the node and its numbers
RISE = 12.0  # from the wire to the middle of a number
DIMMED = 0.65  # opacity of numbers that are not lit
_HALO = [(dx, dy) for dx in (-1.6, 0.0, 1.6) for dy in (-1.6, 0.0, 1.6) if dx or dy]


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

    def fitting(self, characters: int, room: float) -> int:
        """The largest size in which so many characters fit into ``room``; else the smallest."""
        for size, advance in enumerate(self.advance):
            if characters * advance <= room:
                return size
        return len(self.advance) - 1

    def glyphs(self, text: str) -> list[int] | None:
        """Glyph indices of ``text``, or None where the font lacks a character."""
        known = self._glyphs
        for character in text:
            if character not in known:
                found = self.raw[0].glyphIndexesForString(character)
                known[character] = found[0] if len(found) == 1 else 0
        glyphs = [known[c] for c in text]
        return glyphs if all(glyphs) else None


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
        room = float(self._rooms[node]) - GAP - 3.0
        size = fonts.fitting(max(len(value), len(gradient)), room)
        advance, drop = fonts.advance[size], fonts.drop[size]
        unknown = value == "?" or model.unset[node]
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
    halo: bool = True,
) -> None:
    """Draw the numbers beside ``nodes`` in as few calls as there are colours and sizes."""
    batches: dict[tuple[int, Ink, bool], tuple[list[int], list[QPointF]]] = {}
    strange = []
    lights = model.lit.tolist()
    for node, numbers in cache.of(nodes):
        for placed in numbers:
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
    if halo:
        painter.setPen(QColor(theme.halo))
        for dx, dy in _HALO:
            offset = QPointF(dx, dy)
            for run, _, _ in runs:
                painter.drawGlyphRun(offset, run)
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
    """Draw the numbers beside ``nodes`` as text over outlines, for files that can be scaled."""
    halo = QPen(QColor(theme.halo), 3.5)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    inks = ink_colors(theme)
    for node, numbers in NumberCache(model, fonts).of(nodes):
        for placed in numbers:
            font, start = fonts.fonts[placed.size], QPointF(placed.x, placed.y)
            path = QPainterPath()
            path.addText(start, font, placed.text)
            painter.setOpacity(1.0)
            painter.strokePath(path, halo)
            painter.setOpacity(1.0 if model.lit[node] else DIMMED)
            painter.setFont(font)
            painter.setPen(inks[placed.ink])
            painter.drawText(start, placed.text)
    painter.setOpacity(1.0)
