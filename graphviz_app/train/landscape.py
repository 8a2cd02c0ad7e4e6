"""LANDSCAPE: the loss around the weights as they are, and the path that led there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import contourpy
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.numerals import number
from engine.training.watching import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.train.plot import Plot

LEVELS = 12  # contour lines
EMPTY = (
    "The loss over two directions: those in which the weights have moved most. "
    "It is computed anew while this page is open."
)


class LandscapePlot(QWidget):
    """Signals: ``wanted()``: it is to be computed anew."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.canvas = Plot("Loss landscape")
        self.note = QLabel(EMPTY)
        self.note.setFont(ui_font(12))
        self.note.setWordWrap(True)
        self.again = QPushButton("Compute anew")
        self.again.clicked.connect(self.wanted)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._contours = pg.QtWidgets.QGraphicsPathItem()
        self._path = pg.PlotCurveItem(antialias=True)
        self._start = pg.ScatterPlotItem(size=9, symbol="s")
        self._now = pg.ScatterPlotItem(size=12, symbol="o")
        for item in (self._image, self._contours, self._path, self._start, self._now):
            self.canvas.addItem(item)
        colors = cast(Any, pg.colormap.get("viridis"))
        self._image.setLookupTable(colors.getLookupTable(0.0, 1.0, 256))
        line = QHBoxLayout()
        line.addWidget(self.note, 1)
        line.addWidget(self.again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 4, 10, 6)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.canvas, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.canvas.set_theme(theme)
        self.note.setStyleSheet(f"color: {theme.text_soft}")
        self._path.setPen(pg.mkPen("#ffffff", width=2))
        for item, color in ((self._start, theme.accent), (self._now, theme.positive)):
            item.setBrush(pg.mkBrush(color))
            item.setPen(pg.mkPen("#ffffff", width=1.5))

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        self._image.clear()
        self._contours.setPath(QPainterPath())
        for item in (self._path, self._start, self._now):
            item.setData([], [])
        self.note.setText(EMPTY)

    def show_frame(self, frame: Frame) -> None:
        """The landscape is asked for by itself: a frame does not hold it."""

    def show_answer(self, answer: dict[str, Any]) -> None:
        """What the question "landscape" gives."""
        along, across = answer["along"], answer["across"]
        surface = np.asarray(answer["surface"], float)
        finite = np.isfinite(surface)
        if not finite.any():
            self.note.setText("The loss is not finite around here.")
            return
        heights = np.log10(np.maximum(np.where(finite, surface, surface[finite].max()), 1e-12))
        low, high = float(heights.min()), float(heights.max())
        high = high if high > low else low + 1
        self._image.setImage(heights, autoLevels=False, levels=(low, high))
        dx, dy = along[1] - along[0], across[1] - across[0]
        self._image.setRect(
            QRectF(
                along[0] - dx / 2, across[0] - dy / 2,
                along[-1] - along[0] + dx, across[-1] - across[0] + dy,
            )
        )  # fmt: skip
        self._draw_contours(along, across, heights, np.linspace(low, high, LEVELS + 2)[1:-1])
        path = np.asarray(answer["path"])
        self._path.setData(path[:, 0], path[:, 1])
        self._start.setData(path[:1, 0], path[:1, 1])
        self._now.setData([0.0], [0.0])
        self.canvas.item.setRange(
            xRange=(along[0], along[-1]), yRange=(across[0], across[-1]), padding=0
        )
        self.canvas.set_titles(*answer["titles"])
        least, most = float(surface[finite].min()), float(surface[finite].max())
        text = f"Loss {number(least, 3)} (dark) to {number(most, 3)} at epoch {answer['epoch']:,}."
        if answer["explained"]:
            text += f" The plane holds {100 * answer['explained']:.0f} % of the path (white)."
        self.note.setText(text)

    def _draw_contours(
        self, along: np.ndarray, across: np.ndarray, heights: np.ndarray, levels: np.ndarray
    ) -> None:
        found = contourpy.contour_generator(along, across, heights)
        path = QPainterPath()
        for level in levels.tolist():
            for line in cast(list[np.ndarray], found.lines(level)):
                points = line.tolist()
                path.moveTo(*points[0])
                for x, y in points[1:]:
                    path.lineTo(x, y)
        self._contours.setPath(path)
        pen = pg.mkPen(255, 255, 255, 70, width=1)
        pen.setCosmetic(True)
        self._contours.setPen(pen)

    def save(self, path: Path) -> None:
        """Write the plot as PNG or SVG; raises OSError."""
        self.canvas.save(path, self._theme.panel)
