"""LANDSCAPE: the loss around the weights as they are, and the path that led there.

Of one or two numbers the whole function is shown, with the paths of runs that are compared; it is
computed anew where the mouse looks.  Of more, a plane that is computed anew as the run goes on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import contourpy
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.numerals import number
from engine.training.looks import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.train.diagram_reading import loss_title
from graphviz_app.train.plot import End, Plot

LEVELS = 14  # contour lines
LOOK_MS = 150  # after the mouse chose another part
FLOOR = 1e-3  # of the median height, below which the shades no longer tell apart
EMPTY = (
    "The loss over two directions: those in which the weights have moved most. "
    "It is computed anew while this page is open."
)
MOST_DOTS = 200  # of a path
MARKERS = {"start": "s", "now": "o"}


class LandscapePlot(QWidget):
    """Signals: ``wanted()``: it is to be computed anew, as ``question`` says."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._scene: Scene | None = None
        self._answer: dict[str, Any] | None = None
        self._stale = True  # whether the answer is of another run
        self._path: np.ndarray | None = None  # of one or two numbers, as the run goes on
        self._others: list[tuple[str, str, np.ndarray]] = []
        self.canvas = Plot("Loss landscape")
        self.note = QLabel(EMPTY)
        self.note.setFont(ui_font(12))
        self.note.setWordWrap(True)
        self.again = QPushButton("Compute anew")
        self.again.clicked.connect(self.wanted)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._contours = pg.QtWidgets.QGraphicsPathItem()
        self._curve = pg.PlotCurveItem(antialias=True)
        self._line = pg.PlotCurveItem(antialias=True)
        self._start, self._now = (
            pg.ScatterPlotItem(size=size, symbol=MARKERS[name])
            for name, size in (("start", 9), ("now", 12))
        )
        self._steps = pg.ScatterPlotItem(size=4, pen=None)  # each epoch, while they are few
        self._lines: list[Any] = []  # of other runs
        for item in (
            self._image, self._contours, self._curve, self._line, self._steps, self._start,
            self._now,
        ):  # fmt: skip
            self.canvas.addItem(item)
        colors = cast(Any, pg.colormap.get("viridis"))
        self._image.setLookupTable(colors.getLookupTable(0.0, 1.0, 256))
        self._pause = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._pause.timeout.connect(self.wanted)
        self.canvas.moved.connect(self._moved)
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
        self._curve.setPen(pg.mkPen(theme.forward, width=2))
        for item in (self._start, self._now):
            item.setBrush(pg.mkBrush("#ffffff"))
            item.setPen(pg.mkPen("#20242c", width=1.5))
        self._draw_path()
        self._draw_others()

    # what is shown ------------------------------------------------------------------------------

    def set_scene(self, scene: Scene | None) -> None:
        """Another run; what the mouse looked at stays, if it is over the same numbers."""
        self._scene, self._path, self._stale = scene, None, True
        if scene is None or scene.parameters > 2:
            self._answer = None
            self._image.clear()
            self._contours.setPath(QPainterPath())
            self._curve.setData([], [])
            self.canvas.follow()
            self.note.setText(EMPTY)
        self._draw_path()
        self._draw_others()

    def set_others(self, others: Sequence[tuple[str, str, np.ndarray | None]]) -> None:
        """Runs to be compared: name, colour, and path where they learned one or two numbers."""
        self._others = [(name, color, path) for name, color, path in others if path is not None]
        self._draw_others()
        if self._is_whole:
            self.wanted.emit()  # for a box that holds them all

    def show_frame(self, frame: Frame) -> None:
        """The landscape is asked for by itself: a frame does not hold it."""

    def show_path(self, path: np.ndarray | None) -> None:
        """The way of one or two numbers up to now."""
        self._path = path
        if self.isVisible() and self._is_whole:
            self._draw_path()

    @property
    def question(self) -> dict[str, Any]:
        """What the worker is to compute."""
        if self.canvas.follows:
            return {"others": [path for _, _, path in self._others]}
        (left, right), (bottom, top) = self.canvas.item.viewRange()
        return {"box": (left, right, bottom, top)}

    @property
    def stays(self) -> bool:
        """Whether what is shown is still right after another update."""
        return self._is_whole and not self._stale

    @property
    def _is_whole(self) -> bool:
        return self._answer is not None and bool(self._answer["whole"])

    @Slot()
    def _moved(self) -> None:
        if self._is_whole:
            self._pause.start()

    def show_answer(self, answer: dict[str, Any]) -> None:
        """What the question "landscape" gives."""
        surface = np.asarray(answer["surface"], float)
        finite = np.isfinite(surface)
        if not finite.any():
            self.note.setText("The loss is not finite around here.")
            return
        self._answer, self._stale = answer, False
        if answer["whole"] and (self._path is None or len(self._path) < len(answer["path"])):
            self._path = answer["path"]
        along, across = answer["along"], answer["across"]
        if len(across):
            self._draw_surface(along, across, np.where(finite, surface, surface[finite].max()))
            self.canvas.set_titles(*answer["titles"])
            self.canvas.show_range((along[0], along[-1]), (across[0], across[-1]), alike=True)
        else:
            self._draw_curve(along, surface[0], answer["titles"][0])
        self._draw_path()
        self._draw_others()
        least, most = float(surface[finite].min()), float(surface[finite].max())
        dark = " (dark)" if len(across) else ""
        text = f"{self._name()} {number(least, 3)}{dark} to {number(most, 3)}"
        if answer["whole"]:
            text += ". Zoom with the wheel, drag, double-click for all."
        else:
            text += f" at epoch {answer['epoch']:,}."
        if answer["explained"]:
            text += f" The plane holds {100 * answer['explained']:.0f} % of the path (white)."
        self.note.setText(text)

    def _name(self) -> str:
        return loss_title(self._scene.loss) if self._scene is not None else "Loss"

    def _draw_surface(self, along: np.ndarray, across: np.ndarray, surface: np.ndarray) -> None:
        """Shades on a logarithmic scale above the lowest place, and lines of equal height."""
        self._curve.setData([], [])
        above = surface - surface.min()
        heights = np.log10(above + max(FLOOR * float(np.median(above)), 1e-300))
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
        found = contourpy.contour_generator(along, across, heights)
        path = QPainterPath()
        for level in np.linspace(low, high, LEVELS + 2)[1:-1].tolist():
            for line in cast(list[np.ndarray], found.lines(level)):
                points = line.tolist()
                path.moveTo(*points[0])
                for x, y in points[1:]:
                    path.lineTo(x, y)
        self._contours.setPath(path)
        pen = pg.mkPen(255, 255, 255, 70, width=1)
        pen.setCosmetic(True)
        self._contours.setPen(pen)

    def _draw_curve(self, along: np.ndarray, heights: np.ndarray, title: str) -> None:
        self._image.clear()
        self._contours.setPath(QPainterPath())
        self._curve.setData(along, heights, connect="finite")
        self.canvas.set_titles(title, self._name())
        finite = heights[np.isfinite(heights)]
        low, high = float(finite.min()), float(finite.max())
        air = 0.06 * (high - low or 1.0)
        self.canvas.show_range((float(along[0]), float(along[-1])), (low - air, high + air))

    def _draw_path(self) -> None:
        answer = self._answer
        if answer is None:
            for item in (self._line, self._start, self._now, self._steps):
                item.setData([], [])
            return
        whole = answer["whole"]
        path = self._path if whole and self._path is not None else np.asarray(answer["path"])
        ink = "#ffffff" if len(answer["across"]) else self._theme.text_soft
        x, y = self._placed(path)
        self._line.setPen(pg.mkPen(ink, width=2))
        self._line.setData(x, y, connect="finite")
        self._steps.setBrush(pg.mkBrush(ink))
        few = whole and len(x) <= MOST_DOTS
        _scatter(self._steps, x if few else x[:0], y if few else y[:0])
        _scatter(self._start, x[:1], y[:1])
        _scatter(self._now, *((x[-1:], y[-1:]) if whole else np.zeros((2, 1))))

    def _draw_others(self) -> None:
        for item in self._lines:
            self.canvas.removeItem(item)
        self._lines = []
        ends = []
        width = self._answer["path"].shape[1:] if self._answer is not None else ()
        for name, color, path in self._others if self._is_whole else ():
            if path.shape[1:] != width:
                continue
            x, y = self._placed(path)
            line = pg.PlotCurveItem(x, y, antialias=True, connect="finite")
            line.setPen(pg.mkPen(color, width=2.4))
            end = pg.ScatterPlotItem(size=10, symbol="o", brush=pg.mkBrush(color))
            end.setPen(pg.mkPen("#ffffff", width=1.2))
            _scatter(end, x[-1:], y[-1:])
            for item in (line, end):
                item.setZValue(2)
                self.canvas.addItem(item)
                self._lines.append(item)
            if np.isfinite(x[-1]) and np.isfinite(y[-1]):
                ends.append(End(float(x[-1]), float(y[-1]), name, color))
        self.canvas.show_ends(ends)

    def _placed(self, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a path runs: in the plane, or along the curve of a function of one number."""
        if path.shape[1] > 1 or self._answer is None:
            return path[:, 0], path[:, -1]
        along, heights = self._answer["along"], np.asarray(self._answer["surface"], float)[0]
        return path[:, 0], np.interp(path[:, 0], along, heights, left=np.nan, right=np.nan)

    def export_csv(self) -> str:
        """The surface: a row for each of its points; "" where there is none yet."""
        answer = self._answer
        if answer is None:
            return ""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*answer["titles"][: 1 + bool(len(answer["across"]))], "loss"])
        rows = answer["across"].tolist() or [None]
        for y, line in zip(rows, np.asarray(answer["surface"], float).tolist(), strict=True):
            for x, height in zip(answer["along"].tolist(), line, strict=True):
                writer.writerow(map(repr, [x, height] if y is None else [x, y, height]))
        return out.getvalue()

    def save(self, path: Path) -> None:
        """Write the plot as PNG or SVG; raises OSError."""
        self.canvas.save(path, self._theme.panel)


def _scatter(item: pg.ScatterPlotItem, x: np.ndarray, y: np.ndarray) -> None:
    """Put points where they are finite; pyqtgraph warns of others."""
    there = np.isfinite(x) & np.isfinite(y)
    item.setData(x[there], y[there])
