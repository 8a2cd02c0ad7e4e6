"""The numbers on wires: a value above, a gradient below, each with a halo.

On screen all numbers of a frame go out in a few glyph runs (`NumberBatch`): shaping five hundred
short texts one by one would take longer than everything else.  Exports draw real text instead.
"""

from __future__ import annotations

from collections import defaultdict
from enum import IntEnum

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


def placed_numbers(
    model: CanvasModel, nodes: np.ndarray, fonts: NumberFonts
) -> list[tuple[str, float, float, int, Ink, bool]]:
    """(text, left, baseline, size, ink, lit) of every number beside ``nodes``."""
    geometry = model.geometry
    rooms = geometry.room_right(nodes) - GAP - 3.0
    found = []
    for node, room in zip(nodes.tolist(), rooms.tolist(), strict=True):
        value, gradient = model.values[node], model.gradients[node]
        if not value and not gradient:
            continue
        left = float(geometry.xy[node, 0] + geometry.size[node, 0] / 2) + GAP
        y = float(geometry.xy[node, 1])
        size = fonts.fitting(max(len(value), len(gradient)), room)
        drop, lit = fonts.drop[size], bool(model.lit[node])
        if value:
            ink = Ink.UNKNOWN if value == "?" or model.unset[node] else Ink.VALUE
            found.append((value, left, y - RISE + drop, size, ink, lit))
        if gradient:
            ink = Ink.UNKNOWN if gradient == "?" else Ink.GRADIENT
            found.append((gradient, left, y + RISE + drop, size, ink, lit))
    return found


def draw_numbers_fast(
    painter: QPainter,
    model: CanvasModel,
    nodes: np.ndarray,
    fonts: NumberFonts,
    theme: Theme,
    halo: bool = True,
) -> None:
    """Draw the numbers beside ``nodes`` in as few calls as there are colours and sizes."""
    batches: dict[tuple[int, Ink, bool], tuple[list[int], list[QPointF]]]
    batches = defaultdict(lambda: ([], []))
    strange = []
    for number in placed_numbers(model, nodes, fonts):
        text, x, y, size, ink, lit = number
        glyphs = fonts.glyphs(text)
        if glyphs is None:
            strange.append(number)
            continue
        indices, points = batches[size, ink, lit]
        indices += glyphs
        advance = fonts.advance[size]
        points += [QPointF(x + k * advance, y) for k in range(len(text))]
    runs = []
    for (size, ink, lit), (indices, points) in batches.items():
        run = QGlyphRun()
        run.setRawFont(fonts.raw[size])
        run.setGlyphIndexes(indices)
        run.setPositions(points)
        runs.append((run, ink, lit))
    if halo:
        painter.setOpacity(1.0)
        painter.setPen(QColor(theme.halo))
        for dx, dy in _HALO:
            for run, _, _ in runs:
                painter.drawGlyphRun(QPointF(dx, dy), run)
    inks = ink_colors(theme)
    for run, ink, lit in runs:
        painter.setOpacity(1.0 if lit else DIMMED)
        painter.setPen(inks[ink])
        painter.drawGlyphRun(QPointF(), run)
    for text, x, y, size, ink, lit in strange:
        painter.setOpacity(1.0 if lit else DIMMED)
        painter.setFont(fonts.fonts[size])
        painter.setPen(inks[ink])
        painter.drawText(QPointF(x, y), text)
    painter.setOpacity(1.0)


def draw_numbers_as_text(
    painter: QPainter, model: CanvasModel, fonts: NumberFonts, theme: Theme
) -> None:
    """Draw all numbers as text over stroked outlines, for files that can be scaled."""
    halo = QPen(QColor(theme.halo), 3.5)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    inks = ink_colors(theme)
    for text, x, y, size, ink, lit in placed_numbers(model, np.arange(len(model.ids)), fonts):
        path = QPainterPath()
        path.addText(QPointF(x, y), fonts.fonts[size], text)
        painter.setOpacity(1.0)
        painter.strokePath(path, halo)
        painter.setOpacity(1.0 if lit else DIMMED)
        painter.setFont(fonts.fonts[size])
        painter.setPen(inks[ink])
        painter.drawText(QPointF(x, y), text)
    painter.setOpacity(1.0)
