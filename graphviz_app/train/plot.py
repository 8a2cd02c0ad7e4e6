"""A plot with axes in the theme's colours; what the plots of training have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtSvg import QSvgGenerator

from graphviz_app.theme import LIGHT, Theme, ui_font

AXIS_PX = 11
LEFT_PX, BELOW_PX = 62, 42  # room of the axes
MARGINS = (6.0, 6.0, 12.0, 4.0)  # left, top, right, bottom
THINNEST = 3.0  # of a plot whose axes compare: one span to the other
PICTURE_SCALE = 2
LABEL_PX = 15.0  # of height for a label at the end of a line


class End(NamedTuple):
    """The end of a line, in the coordinates of its axes, and what is written there."""

    x: float
    y: float
    text: str
    color: str


class Plot(pg.PlotWidget):
    """Axes, a quiet grid, no menus; the mouse zooms and drags, a double click shows all again.

    Signals: ``moved()``: the mouse chose another part of the plane, or all of it again.
    """

    moved = Signal()

    def __init__(self, name: str) -> None:
        super().__init__(background=None)  # type: ignore[arg-type]  # pyqtgraph has no stubs
        self.theme = LIGHT
        self.shows_pointer = False  # whether a line stands where the pointer is
        self._pointer: QPointF | None = None
        self._ends: Sequence[End] = ()
        self.setMouseTracking(True)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self._titles: tuple[str, str, str] | None = None
        self.follows = True  # whether the plot shows what it is told to, until the mouse zooms
        self._whole: tuple[tuple[float, float], tuple[float, float]] | None = None
        self._aspect = 0.0  # width to height, if that is not as the room is
        self.item = cast(Any, self.getPlotItem())
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.layout.setContentsMargins(*MARGINS)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setStyleSheet("background: transparent; border: none")
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for side in ("left", "bottom"):
            axis = self.item.getAxis(side)
            axis.setStyle(tickFont=ui_font(AXIS_PX), tickLength=-4)
            axis.enableAutoSIPrefix(False)
        # fixed, since axes that grow and shrink with their numbers lay the plot out in every frame
        self.item.getAxis("left").setWidth(LEFT_PX)
        self.item.getAxis("bottom").setHeight(BELOW_PX)

        self.item.vb.sigRangeChangedManually.connect(self._chose)

    def show_range(
        self, x: tuple[float, float], y: tuple[float, float], alike: bool = False
    ) -> None:
        """Show this part of the plane, unless the mouse chose one.

        ``alike``: the axes compare, so that a unit is as long on both, and what is at right angles
        looks so; unless one of the spans is more than ``THINNEST`` times the other.
        """
        self._whole = x, y
        across = (x[1] - x[0]) / (y[1] - y[0]) if alike else 0.0
        self._aspect = across if 1 / THINNEST <= across <= THINNEST else 0.0
        self._keep_aspect()
        if self.follows:
            self.item.setRange(xRange=x, yRange=y, padding=0)

    def follow(self) -> None:
        """Show what the plot is told to again, whatever the mouse chose."""
        self.follows = True
        if self._whole is not None:
            self.item.setRange(xRange=self._whole[0], yRange=self._whole[1], padding=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_aspect"):  # pyqtgraph resizes while it is made
            self._keep_aspect()

    def _keep_aspect(self) -> None:
        """Leave room beside or below the axes where these must not fill all of it."""
        left, top, right, bottom = MARGINS
        if self._aspect:
            wide = max(1.0, self.width() - LEFT_PX - left - right)
            high = max(1.0, self.height() - BELOW_PX - top - bottom)
            beside = max(0.0, wide - high * self._aspect) / 2
            left, right = left + beside, right + beside
            bottom += max(0.0, high - wide / self._aspect)
        self.item.layout.setContentsMargins(left, top, right, bottom)

    @Slot()
    def _chose(self) -> None:
        self.follows = False
        self.moved.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.follow()
        self.moved.emit()

    def set_titles(self, below: str, left: str) -> None:
        """What the axes are of."""
        if self._titles == (below, left, self.theme.name):
            return  # each new title lays the whole plot out anew
        self._titles = below, left, self.theme.name
        style = {"color": self.theme.text_soft, "font-size": "12px"}
        self.item.setLabel("bottom", below or None, **style)
        self.item.setLabel("left", left or None, **style)

    def show_ends(self, ends: Sequence[End]) -> None:
        """Write at the ends of lines."""
        self._ends = ends
        self.scene().update()  # with what else changed there, so that it is painted once

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        for side in ("left", "bottom"):
            axis = self.item.getAxis(side)
            axis.setPen(pg.mkPen(theme.hairline))
            axis.setTextPen(pg.mkPen(theme.text_muted))
            axis.label.setDefaultTextColor(QColor(theme.text_soft))

    def picture(self, background: str) -> QImage:
        """The plot as it is seen, twice as fine."""
        size = self.size() * PICTURE_SCALE
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor(background))
        painter = QPainter(image)
        painter.scale(PICTURE_SCALE, PICTURE_SCALE)
        self._draw(painter)
        painter.end()
        return image

    def _draw(self, painter: QPainter) -> None:
        self.render(painter, self.rect().toRectF(), self.viewport().rect())
        self._paint_over(painter)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._pointer = event.position()
        if self.shows_pointer:
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        if self.shows_pointer:
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_over(painter)
        painter.end()

    def _paint_over(self, painter: QPainter) -> None:
        """The labels at the ends of lines, and where the pointer is."""
        box, font = self.item.vb.sceneBoundingRect(), ui_font(11.5, 600)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        ground = QColor(self.theme.panel)
        ground.setAlpha(215)
        rects, ends = [], []
        for end in self._ends:
            at = self.item.vb.mapViewToScene(QPointF(end.x, end.y))
            if box.adjusted(-1, -1, 1, 1).contains(at):
                wide = metrics.horizontalAdvance(end.text) + 4
                rects.append(QRectF(at.x() - wide / 2, at.y() - LABEL_PX - 2, wide, LABEL_PX))
                ends.append(end)
        for rect, end in zip(placed(rects, box.adjusted(2, 2, -2, -2)), ends, strict=True):
            painter.fillRect(rect, ground)
            painter.setPen(QColor(end.color))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, end.text)
        at = self._pointer
        if self.shows_pointer and at is not None and box.contains(at):
            painter.setPen(QColor(self.theme.text_muted))
            painter.drawLine(QPointF(at.x(), box.top()), QPointF(at.x(), box.bottom()))

    def save(self, path: Path, background: str) -> None:
        """Write a picture, as PNG or SVG; raises OSError where it cannot be written."""
        if path.suffix.lower() != ".svg":
            if not self.picture(background).save(str(path)):
                raise OSError(f"{path} could not be written.")
            return
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(QSize(self.width(), self.height()))
        generator.setViewBox(QRect(0, 0, self.width(), self.height()))
        painter = QPainter()
        if not painter.begin(generator):
            raise OSError(f"{path} could not be written.")
        painter.fillRect(self.rect(), QColor(background))
        self._draw(painter)
        painter.end()


def _to_border(label: QRectF, box: QRectF) -> float:
    return min(label.top() - box.top(), box.bottom() - label.bottom())


def placed(labels: Sequence[QRectF], box: QRectF) -> list[QRectF]:
    """Labels moved into ``box`` and up or down from one another, each as little as it takes.

    Where there is no room for all of them, the last ones lie upon others.
    """
    found: dict[int, QRectF] = {}
    # from both borders inwards, so that labels pushed off one keep their order
    for k in sorted(range(len(labels)), key=lambda k: _to_border(labels[k], box)):
        rect = QRectF(labels[k])
        rect.moveLeft(max(min(rect.left(), box.right() - rect.width()), box.left()))
        rect.moveTop(max(min(rect.top(), box.bottom() - rect.height()), box.top()))
        # beside one of the others, or where it is: nowhere else can be nearest
        tops = [rect.top()]
        for other in found.values():
            tops += [other.bottom(), other.top() - rect.height()]
        for top in sorted(tops, key=lambda top: abs(top - rect.top())):
            tried = QRectF(rect.left(), top, rect.width(), rect.height())
            inside = box.top() <= top <= box.bottom() - rect.height()
            if inside and not any(tried.intersects(other) for other in found.values()):
                rect = tried
                break
        found[k] = rect
    return [found[k] for k in range(len(labels))]
