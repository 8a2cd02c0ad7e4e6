"""A plot with axes in the theme's colours; what the plots of training have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pyqtgraph as pg
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from graphviz_app.theme import LIGHT, Theme, ui_font

AXIS_PX = 11
LEFT_PX, BELOW_PX = 62, 42  # room of the axes
PICTURE_SCALE = 2


class Plot(pg.PlotWidget):
    """Axes, a quiet grid, no menus; the mouse zooms and drags, a double click shows all again."""

    def __init__(self, name: str) -> None:
        super().__init__(background=None)  # type: ignore[arg-type]  # pyqtgraph has no stubs
        self.theme = LIGHT
        self._titles: tuple[str, str, str] | None = None
        self.item = cast(Any, self.getPlotItem())
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.layout.setContentsMargins(6, 6, 12, 4)
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

    def set_titles(self, below: str, left: str) -> None:
        """What the axes are of."""
        if self._titles == (below, left, self.theme.name):
            return  # each new title lays the whole plot out anew
        self._titles = below, left, self.theme.name
        style = {"color": self.theme.text_soft, "font-size": "12px"}
        self.item.setLabel("bottom", below or None, **style)
        self.item.setLabel("left", left or None, **style)

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
