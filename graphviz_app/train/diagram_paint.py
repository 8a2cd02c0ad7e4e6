"""How the network diagram is painted: cards, tiles with their maps, wires.

Maps go to the painter as the bytes that they are, with one table of colours.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    qRgb,
)

from engine.training.looks import CENTRE
from graphviz_app.heat import scale_of
from graphviz_app.theme import Theme, mix, mono_font, ui_font
from graphviz_app.train.colors import diverging
from graphviz_app.train.diagram_layout import Bundle
from graphviz_app.widgets.basics import dot_tile, rounded

THINNEST, THICKEST = 0.6, 5.6
LEVELS = 20  # widths of wires on each side of 0: few enough to be drawn together
HALF_WIDE = 1.0  # the weight whose wire is half as wide as the widest
FAINTEST = 0.3  # share of its colour that the weakest wire has
NOT_FINITE, UNKNOWN = LEVELS + 1, LEVELS + 2
CURVE_ROWS = 48  # of the picture of a function of one input
GRID_PX = 24
_TABLE = [qRgb(*color) for color in diverging().tolist()]


# maps ---------------------------------------------------------------------------------------------


def map_image(values: np.ndarray, every: int = 1) -> QImage:
    """A map of bytes (down, across), lowest first, with the highest on top; of one row a curve.

    ``every`` leaves out points that the tile has no pixels for.
    """
    if len(values) == 1:
        values = _curve(values[0])
    return _indexed(values[::-1][::every, ::every])


def entries_image(values: np.ndarray) -> QImage:
    """Numbers (rows, columns), the first row on top, each shaded by its share of the largest."""
    shares = np.nan_to_num(np.asarray(values, float) / scale_of(values), posinf=1, neginf=-1)
    return _indexed(np.rint(CENTRE + 127 * shares).astype(np.uint8))


def _indexed(values: np.ndarray) -> QImage:
    rows = np.ascontiguousarray(values)
    height, width = rows.shape
    image = QImage(rows.tobytes(), width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(_TABLE)
    return image


def _curve(values: np.ndarray) -> np.ndarray:
    """A function as an area between it and 0: bytes (CURVE_ROWS, across), lowest first."""
    heights = np.linspace(-130, 130, CURVE_ROWS)[:, None]
    levels = values.astype(int)[None, :] - CENTRE
    above = (heights > 0) & (heights <= levels)
    below = (heights < 0) & (heights >= levels)
    return np.where(above, CENTRE + 100, np.where(below, CENTRE - 100, CENTRE)).astype(np.uint8)


# tiles --------------------------------------------------------------------------------------------


def tile_frame(theme: Theme, side: float, scale: float) -> QPixmap:
    """What makes the corners of a square picture round: canvas around a hairline."""
    frame = QPixmap(round(side * scale), round(side * scale))
    frame.setDevicePixelRatio(scale)
    frame.fill(Qt.GlobalColor.transparent)
    radius = corner(side)
    whole, hole = QPainterPath(), QPainterPath()
    whole.addRect(QRectF(0, 0, side, side))
    hole.addRoundedRect(QRectF(0.5, 0.5, side - 1, side - 1), radius, radius)
    painter = QPainter(frame)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(whole.subtracted(hole), QColor(theme.canvas))
    painter.setPen(QPen(QColor(theme.node_border), 1))
    painter.drawPath(hole)
    painter.end()
    return frame


def corner(side: float) -> float:
    """The radius of a tile's corners."""
    return min(7.0, side / 5)


def paint_ring(painter: QPainter, rect: QRectF, color: str, width: float) -> None:
    """A frame around a tile."""
    radius = corner(rect.width()) + width / 2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(color), width))
    painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), radius, radius)


def paint_text(
    painter: QPainter,
    rect: QRectF,
    text: str,
    color: str,
    font: QFont,
    flags: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
) -> None:
    """One line of text, which ends in … where it has no room."""
    painter.setFont(font)
    painter.setPen(QColor(color))
    line = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, int(flags | Qt.TextFlag.TextSingleLine), line)


def card_picture(
    theme: Theme,
    size: QSizeF,
    color: str,
    lines: Iterable[str],
    mono: bool,
    lit: bool,
    scale: float,
) -> QPixmap:
    """The header of a column: a plate, a title on it, and what stands below that."""
    picture = QPixmap((size * scale).toSize())
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    rect = QRectF(QPointF(), size)
    rounded(painter, rect, 8, theme.hover if lit else theme.node_fill)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(color), 1.4))
    painter.drawRoundedRect(rect.adjusted(0.7, 0.7, -0.7, -0.7), 8, 8)
    _paint_lines(painter, theme, rect, color, lines, mono)
    painter.end()
    return picture


def _paint_lines(
    painter: QPainter, theme: Theme, rect: QRectF, color: str, lines: Iterable[str], mono: bool
) -> None:
    """A title, and what stands below it."""
    title, *below = [line for line in lines if line]
    step = 17.0
    top = rect.center().y() - step * (1 + len(below)) / 2
    for k, line in enumerate((title, *below)):
        row = QRectF(rect.left() + 4, top + k * step, rect.width() - 8, step)
        font = ui_font(12, 600) if k == 0 else mono_font(11) if mono else ui_font(11)
        paint_text(painter, row, line, color if k == 0 else theme.text_soft, font)


# wires --------------------------------------------------------------------------------------------


def levels_of(bundle: Bundle, shown: np.ndarray | None) -> np.ndarray:
    """How wide each wire is drawn, from −LEVELS to LEVELS with the sign of its weight.

    ``shown`` are the weights between shown units, (before, after); None where they are unknown.
    The width grows as |w|/(|w| + 1), for all layers alike, so that layers can be compared.
    """
    if shown is None:
        return np.full(len(bundle.pairs), UNKNOWN)
    weights = shown[bundle.pairs[:, 0], bundle.pairs[:, 1]]
    with np.errstate(invalid="ignore"):
        share = weights / (np.abs(weights) + HALF_WIDE)
    levels = np.nan_to_num(share * LEVELS)
    whole = np.where(levels < 0, np.floor(levels), np.ceil(levels))
    return np.where(np.isfinite(weights), whole, NOT_FINITE).astype(int)


def wire_pen(theme: Theme, level: int, room: float) -> QPen:
    """The pen of wires of a level, thinner where there is little ``room`` between units."""
    if level == UNKNOWN:
        return QPen(QColor(mix(theme.canvas, theme.wire, 0.4)), 1.0)
    if level == NOT_FINITE:
        return QPen(QColor(theme.problem), 1.5)
    share = abs(level) / LEVELS
    color = theme.positive if level > 0 else theme.negative if level else theme.wire
    strength = FAINTEST + (1 - FAINTEST) * min(1.0, 1.6 * share)
    width = THINNEST + (min(THICKEST, room) - THINNEST) * share
    return QPen(QColor(mix(theme.canvas, color, strength)), width)


def paint_wires(
    painter: QPainter, theme: Theme, bundles: Iterable[tuple[Bundle, np.ndarray]], room: float
) -> None:
    """All wires, the weak ones below the strong ones; wires of one level are drawn together."""
    paths: dict[int, QPainterPath] = {}
    for bundle, levels in bundles:
        for ends, level in zip(bundle.ends.tolist(), levels.tolist(), strict=True):
            _add_curve(paths.setdefault(level, QPainterPath()), ends)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    faint = (UNKNOWN,)
    for level in sorted(paths, key=lambda level: (level not in faint, abs(level))):
        painter.setPen(wire_pen(theme, level, room))
        painter.drawPath(paths[level])


def paint_wire(painter: QPainter, pen: QPen, ends: np.ndarray) -> None:
    """One wire."""
    path = QPainterPath()
    _add_curve(path, ends.tolist())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPath(path)


def _add_curve(path: QPainterPath, ends: list[float]) -> None:
    x0, y0, x1, y1 = ends
    middle = (x0 + x1) / 2
    path.moveTo(x0, y0)
    path.cubicTo(middle, y0, middle, y1, x1, y1)


def paint_dots(painter: QPainter, theme: Theme, rect: QRectF) -> None:
    """The canvas and its dots."""
    painter.drawTiledPixmap(rect, dot_tile(theme, GRID_PX, painter.device().devicePixelRatioF()))
