"""The picture of a curve and its tangent; labels are put where no line runs.

Knows nothing of ops: it is told what to draw.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent

from graphviz_app.theme import LIGHT, Theme, ui_font


class CurveCanvas(pg.PlotWidget):
    """A bare plot: no axes, no menu, no mouse; zero lines and captions are painted over it."""

    def __init__(self) -> None:
        super().__init__(background=None)  # type: ignore[arg-type]  # pyqtgraph has no stubs
        self.theme = LIGHT
        self.labels: tuple[str, str, str] = ("", "", "")  # y label, x label, slope
        self.dot: tuple[float, float] | None = None
        self.slope = 0.0
        item = self.item = cast(Any, self.getPlotItem())
        item.hideAxis("left")
        item.hideAxis("bottom")
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setMouseEnabled(False, False)
        item.layout.setContentsMargins(8, 8, 8, 8)
        self.setFrameShape(self.Shape.NoFrame)
        # The labels are painted over the whole plot, so a change of any item repaints all of it.
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setStyleSheet("background: transparent; border: none")
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.zero_x = pg.InfiniteLine(0, 90)
        self.zero_y = pg.InfiniteLine(0, 0)
        self.curve = pg.PlotCurveItem(antialias=True, connect="finite")
        self.tangent = pg.PlotCurveItem(antialias=True)
        self.point = pg.ScatterPlotItem(size=10, pxMode=True)
        for part in (self.zero_x, self.zero_y, self.curve, self.tangent, self.point):
            self.addItem(part)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        for line in (self.zero_x, self.zero_y):
            line.setPen(pg.mkPen(theme.hairline, width=1))
        self.curve.setPen(pg.mkPen(theme.forward, width=2))
        dashed = pg.mkPen(theme.backward, width=2)
        dashed.setDashPattern([4, 3])
        self.tangent.setPen(dashed)
        self.point.setBrush(pg.mkBrush(theme.backward))
        self.point.setPen(pg.mkPen(None))
        self.viewport().update()

    def _pixels(self, item: pg.PlotCurveItem) -> np.ndarray:
        """The points of ``item`` in pixels, one a row."""
        xs, ys = item.getData()
        if xs is None or ys is None:
            return np.empty((0, 2))
        points = np.column_stack((xs, ys))
        zero, one = self._at(0, 0), self._at(1, 1)
        scale = (one.x() - zero.x(), one.y() - zero.y())
        return points[np.isfinite(points).all(axis=1)] * scale + (zero.x(), zero.y())

    def _at(self, x: float, y: float) -> QPointF:
        return self.item.vb.mapViewToScene(QPointF(x, y))

    def _paint_labels(self, painter: QPainter) -> None:
        y_label, x_label, slope = self.labels
        theme, font = self.theme, ui_font(11)
        metrics = QFontMetricsF(font)
        height = metrics.height()
        box = QRectF(self.viewport().rect()).adjusted(10, 8, -10, -8)
        origin = self._at(0, 0)
        drawn = [self._pixels(self.curve)]
        tangent = self._pixels(self.tangent)
        if len(tangent) == 2:
            drawn.append(np.linspace(tangent[0], tangent[1], 60))
        lines = np.vstack(drawn)
        painter.setFont(font)
        painter.setPen(QColor(theme.text_soft))
        taken: list[QRectF] = []
        if x_label:
            width = metrics.horizontalAdvance(x_label)
            tops = (origin.y() + 4, origin.y() - height - 4)
            places = [QRectF(x, y, width, height) for x in (box.right() - width,) for y in tops]
            taken.append(_best_place(places, box, lines, taken))
            painter.drawText(taken[-1], Qt.AlignmentFlag.AlignCenter, x_label)
        if y_label:
            shown = metrics.elidedText(y_label, Qt.TextElideMode.ElideRight, box.width() - 8)
            width = metrics.horizontalAdvance(shown) + 1
            lefts = (origin.x() + 5, origin.x() - width - 5, box.left(), box.right() - width)
            tops = (box.top(), box.bottom() - height)
            places = [QRectF(x, y, width, height) for y in tops for x in lefts]
            taken.append(_best_place(places, box, lines, taken))
            painter.drawText(taken[-1], Qt.AlignmentFlag.AlignCenter, shown)
        if slope and self.dot is not None:
            font = ui_font(11, 500)
            width = QFontMetricsF(font).horizontalAdvance(slope) + 1
            painter.setFont(font)
            painter.setPen(QColor(theme.backward))
            places = _beside(self._at(*self.dot), width, height, self.slope)
            place = _best_place(places, box, lines, taken)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, slope)

    def wheelEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]  # the panel scrolls

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_labels(painter)
        painter.end()


def _beside(dot: QPointF, width: float, height: float, slope: float) -> list[QRectF]:
    """Places around the dot, those first that the tangent leaves free."""
    above, below = dot.y() - height - 9, dot.y() + 9
    left, right = dot.x() - width - 10, dot.x() + 10
    middle = dot.x() - width / 2
    order = [(right, below), (left, above)] if slope >= 0 else [(left, below), (right, above)]
    order += [(x, y) for x in (middle, left, right) for y in (below, above)]
    order += [(middle, above - height), (middle, below + height)]
    return [QRectF(x, y, width, height) for x, y in order]


def _best_place(
    places: list[QRectF], box: QRectF, lines: np.ndarray, taken: list[QRectF]
) -> QRectF:
    """The first place that lies in the box, on no line and on no other label; else the best."""

    def cost(place: QRectF) -> float:
        near = place.adjusted(-2, -1, 2, 1)
        x, y = lines[:, 0], lines[:, 1]
        crossed = (
            (near.left() <= x) & (x <= near.right()) & (near.top() <= y) & (y <= near.bottom())
        )
        overlaps = sum(near.intersects(other) for other in taken)
        return float(crossed.sum()) + 1000.0 * overlaps

    inside = []
    for place in places:
        moved = QRectF(place)
        moved.moveLeft(max(box.left(), min(place.left(), box.right() - place.width())))
        moved.moveTop(max(box.top(), min(place.top(), box.bottom() - place.height())))
        inside.append(moved)
    return min(inside, key=cost)  # of equals the first
