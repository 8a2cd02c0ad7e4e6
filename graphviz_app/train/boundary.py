"""The decision boundary: what the network predicts in every point of a plane, and the data."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, cast

import contourpy
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainterPath
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.numerals import fixed, number
from engine.training.looks import ROOM_TO_DRAW, Frame, Part, Scene
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.colors import MARKS, class_color, of_classes, of_values, rgb
from graphviz_app.train.plane_choice import PlaneChoice
from graphviz_app.train.plot import Plot
from graphviz_app.widgets import SectionTitle

CLICK_PX = 4  # a press that moves less is a click
EMPTY = "The boundary is drawn here as soon as there is something to train."


class _BoundaryCanvas(Plot):
    """Says where it is clicked and where the pointer is."""

    pressed = Signal(float, float, object)
    hovered = Signal(float, float)
    left = Signal()

    def __init__(self) -> None:
        super().__init__("Decision boundary")
        self.drawing = False
        self._press: QPointF | None = None
        self.setMouseTracking(True)
        self.item.setMouseEnabled(False, False)

    def _place(self, at: QPointF) -> QPointF:
        return self.item.vb.mapSceneToView(self.mapToScene(at.toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = event.position()
        if not self.drawing:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self._place(event.position())
        self.hovered.emit(place.x(), place.y())
        moved = self._press is not None and (event.position() - self._press).manhattanLength()
        if self.drawing and moved and moved > 3 * CLICK_PX:  # freehand
            self._press = event.position()
            self.pressed.emit(place.x(), place.y(), event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.drawing:  # two points in quick succession
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        if not self.drawing:
            super().mouseReleaseEvent(event)
        elif press is not None and (event.position() - press).manhattanLength() <= CLICK_PX:
            place = self._place(event.position())
            self.pressed.emit(place.x(), place.y(), event.modifiers())

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.left.emit()


class BoundaryPlot(QWidget):
    """Signals: ``plane_chosen(object)``, two features or () for the principal axes;
    ``point_drawn(x, y, class)`` and ``point_erased(x, y)`` while points are drawn by hand.
    """

    plane_chosen = Signal(object)
    point_drawn = Signal(float, float, int)
    point_erased = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._scene: Scene | None = None
        self._frame: Frame | None = None
        self.heading = SectionTitle("Decision boundary")
        self.test = _check("test points", "Points that the network does not learn from", True)
        self.discrete = _check("discretise", "Show the side of the boundary alone", False)
        self.plane = PlaneChoice()
        self.canvas = _BoundaryCanvas()
        self.probe = QLabel(" ")
        self.probe.setFont(mono_font(12))
        self.empty = QLabel(EMPTY)
        self.empty.setFont(ui_font(13))
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        header = QHBoxLayout()
        header.setSpacing(12)
        header.addWidget(self.heading)
        header.addStretch(1)
        for part in (self.discrete, self.test):
            header.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 14, 6)
        layout.setSpacing(6)
        layout.addLayout(header)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.plane)
        layout.addWidget(self.probe)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._line = pg.QtWidgets.QGraphicsPathItem()  # the threshold
        self._curve = pg.PlotCurveItem(antialias=True)
        self._points: list[pg.ScatterPlotItem] = []
        for item in (self._image, self._line, self._curve):
            self.canvas.addItem(item)
        self.canvas.hovered.connect(self._probe)
        self.canvas.left.connect(self._leave)
        self.canvas.pressed.connect(self._press)
        self.test.toggled.connect(self._again)
        self.discrete.toggled.connect(self._again)
        self.plane.chosen.connect(self.plane_chosen)
        self.set_scene(None)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.heading.set_theme(theme)
        self.canvas.set_theme(theme)
        self.plane.set_theme(theme)
        self.probe.setStyleSheet(f"color: {theme.text_soft}")
        self.empty.setStyleSheet(f"color: {theme.text_muted}")
        for check in (self.test, self.discrete):
            check.setStyleSheet(f"QCheckBox {{ color: {theme.text_soft}; }}")
        self._again()

    def set_drawing(self, drawing: bool) -> None:
        """Whether clicks draw points."""
        self.canvas.drawing = drawing
        shape = Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor
        self.canvas.viewport().setCursor(shape)

    # what is shown ------------------------------------------------------------------------------

    def set_scene(self, scene: Scene | None) -> None:
        """Another run, or the same in another plane."""
        before, self._scene, self._frame = self._scene, scene, None
        there = scene is not None and scene.extent is not None
        self.canvas.setVisible(there)
        self.empty.setVisible(not there)
        self.test.setVisible(there)
        self.discrete.setVisible(there and bool(scene and scene.classes))
        self.plane.set_scene(scene)
        self.probe.setText(" ")
        self._image.clear()
        self._curve.setData([], [])
        self._line.setPath(QPainterPath())
        if scene is None or scene.extent is None:
            self.empty.setText(scene.no_maps if scene is not None and scene.no_maps else EMPTY)
            return
        self.heading.set_title("Decision boundary" if scene.classes else "Prediction")
        left, right, bottom, top = scene.extent
        if scene.is_line:
            bottom, top = self._heights()
        self.canvas.follow()
        self.canvas.show_range((left, right), (bottom, top), alike=not scene.is_line)
        self.canvas.set_titles(scene.titles[0], "y" if scene.is_line else scene.titles[1])
        if before is None or not _same_points(before, scene):
            self._show_points()

    def _heights(self) -> tuple[float, float]:
        ys = [part.y.ravel() for part in self._parts().values() if len(part.y)]
        if self.canvas.drawing:
            ys.append(np.array(ROOM_TO_DRAW))
        low, high = (float(f(np.concatenate(ys))) if ys else 0.0 for f in (np.min, np.max))
        air = 0.15 * (high - low or 1.0)
        return low - air, high + air

    def _parts(self) -> dict[str, Part]:
        return dict(self._scene.parts) if self._scene is not None else {}

    def show_frame(self, frame: Frame) -> None:
        """The network as it is now."""
        self._frame = frame
        scene = self._scene
        if scene is None or scene.extent is None or frame.prediction is None:
            return
        left, right, bottom, top = scene.extent
        if scene.is_line:
            across = np.linspace(left, right, frame.prediction.shape[1])
            self._curve.setData(across, frame.prediction.reshape(len(across), -1)[:, 0])
            return
        rows, columns = frame.prediction.shape[:2]
        self._image.setImage(self._colored(frame.prediction), autoLevels=False, levels=(0, 255))
        dx, dy = (right - left) / (columns - 1), (top - bottom) / (rows - 1)
        self._image.setRect(left - dx / 2, bottom - dy / 2, columns * dx, rows * dy)
        self._draw_threshold(frame.prediction)

    def _colored(self, prediction: np.ndarray) -> np.ndarray:
        scene = self._scene
        assert scene is not None
        if prediction.ndim == 3:
            if self.discrete.isChecked():
                best = prediction.argmax(axis=-1)
                prediction = np.eye(prediction.shape[-1])[best]
            return of_classes(prediction)
        if scene.classes:
            low, high = (0.0, 1.0) if scene.threshold else (-1.0, 1.0)
            if self.discrete.isChecked():
                prediction = np.where(prediction > scene.threshold, high, low)
            return of_values(prediction, low, high)
        return of_values(prediction, *self._range())

    def _range(self) -> tuple[float, float]:
        ys = [part.y.ravel() for part in self._parts().values() if len(part.y)]
        return (float(np.concatenate(ys).min()), float(np.concatenate(ys).max())) if ys else (0, 1)

    def _draw_threshold(self, prediction: np.ndarray) -> None:
        scene, path = self._scene, QPainterPath()
        if scene is not None and scene.extent and scene.classes and prediction.ndim == 2:
            left, right, bottom, top = scene.extent
            rows, columns = prediction.shape
            found = contourpy.contour_generator(
                np.linspace(left, right, columns), np.linspace(bottom, top, rows), prediction
            )
            for line in cast(list[np.ndarray], found.lines(scene.threshold)):
                points = line.tolist()
                path.moveTo(*points[0])
                for x, y in points[1:]:
                    path.lineTo(x, y)
        self._line.setPath(path)
        pen = pg.mkPen("#2b3038", width=1.4)
        pen.setCosmetic(True)
        self._line.setPen(pen)

    # points -------------------------------------------------------------------------------------

    def _show_points(self) -> None:
        for item in self._points:
            self.canvas.removeItem(item)
        self._points = []
        scene = self._scene
        if scene is None:
            return
        for name, part in scene.parts.items():
            if name == "train" or self.test.isChecked():
                self._points += self._scattered(scene, part, learned=name == "train")
        for item in self._points:
            self.canvas.addItem(item)

    def _scattered(self, scene: Scene, part: Part, learned: bool) -> list[pg.ScatterPlotItem]:
        outline = pg.mkPen("#ffffff" if learned else "#20242c", width=1)
        if scene.is_line:
            color = self._theme.accent if learned else self._theme.loss
            places = np.column_stack([part.places[:, 0], part.y.ravel()[: len(part.places)]])
            return [_scatter(places, color, "o", outline)]
        if not scene.classes:
            low, high = self._range()
            colors = [pg.mkBrush(*c) for c in of_values(part.y[:, 0], low, high).tolist()]
            item = _scatter(part.places, colors, "o", pg.mkPen("#20242c", width=1))
            return [item]
        found = []
        for label in range(len(scene.classes)):
            chosen = part.places[part.y == label]
            if len(chosen):
                color = class_color(label, len(scene.classes))
                found.append(_scatter(chosen, color, MARKS[label % len(MARKS)], outline))
        return found

    @Slot()
    def _again(self) -> None:
        self._curve.setPen(pg.mkPen(self._theme.forward, width=2))
        self._show_points()
        if self._frame is not None:
            self.show_frame(self._frame)

    # the pointer --------------------------------------------------------------------------------

    @Slot(float, float)
    def _probe(self, x: float, y: float) -> None:
        scene, frame = self._scene, self._frame
        if scene is None or scene.extent is None or frame is None or frame.prediction is None:
            return
        left, right, bottom, top = scene.extent
        rows, columns = frame.prediction.shape[:2]
        column = round((x - left) / (right - left) * (columns - 1))
        row = 0 if scene.is_line else round((y - bottom) / (top - bottom) * (rows - 1))
        if not (0 <= column < columns and 0 <= row < rows):
            self._leave()
            return
        found = frame.prediction[row, column]
        x = left + column * (right - left) / (columns - 1)  # where exactly this was computed
        y = y if scene.is_line else bottom + row * (top - bottom) / (rows - 1)
        titles = [title.split(" (")[0] for title in scene.titles]
        text = f"{titles[0]} = {fixed(x, 2)}"
        if not scene.is_line:
            text += f"   {titles[1]} = {fixed(y, 2)}"
        if np.ndim(found):
            best = int(np.argmax(found))
            text += f"   {scene.classes[best]} {100 * float(found[best]):.1f} %"
        else:
            text += f"   prediction {number(float(found), 5)}"
        self.probe.setText(text)

    @Slot()
    def _leave(self) -> None:
        self.probe.setText(" ")

    @Slot(float, float, object)
    def _press(self, x: float, y: float, keys: Qt.KeyboardModifier) -> None:
        if keys & Qt.KeyboardModifier.ControlModifier:
            self.point_erased.emit(x, y)
        else:
            self.point_drawn.emit(x, y, int(bool(keys & Qt.KeyboardModifier.ShiftModifier)))

    # export -------------------------------------------------------------------------------------

    def pixels(self, prediction: np.ndarray | None) -> np.ndarray | None:
        """A prediction as a picture, (rows, columns, 3) bytes; None where there is none."""
        if self._scene is None or prediction is None or self._scene.is_line:
            return None
        return np.ascontiguousarray(self._colored(prediction)[::-1])

    def thumbnail(self, prediction: np.ndarray | None, side: int) -> np.ndarray | None:
        """The same, made smaller."""
        pixels = self.pixels(prediction)
        if pixels is None:
            return None
        keep = np.linspace(0, len(pixels) - 1, side).round().astype(int)
        return np.ascontiguousarray(pixels[keep][:, keep])

    def save(self, path: Path) -> None:
        """Write the plot as PNG or SVG; raises OSError."""
        self.canvas.save(path, self._theme.panel)

    def export_csv(self) -> str:
        """The prediction on the grid, a line for each point."""
        scene, frame = self._scene, self._frame
        if scene is None or scene.extent is None or frame is None or frame.prediction is None:
            return ""
        left, right, bottom, top = scene.extent
        rows, columns = frame.prediction.shape[:2]
        grid = frame.prediction.reshape(rows, columns, -1)
        names = scene.classes if grid.shape[-1] > 1 else ("prediction",)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow((*scene.titles, *names))
        for row, y in enumerate(np.linspace(bottom, top, rows).tolist()):
            for column, x in enumerate(np.linspace(left, right, columns).tolist()):
                writer.writerow((x, y, *grid[row, column].tolist()))
        return out.getvalue()


def _check(text: str, tip: str, on: bool) -> QCheckBox:
    check = QCheckBox(text)
    check.setFont(ui_font(12.5))
    check.setToolTip(tip)
    check.setChecked(on)
    return check


def _same_points(one: Scene, other: Scene) -> bool:
    """Whether two runs have the same points: drawing them anew costs more than to compare them."""
    names = (one.parts.keys(), one.classes, one.is_line)
    return names == (other.parts.keys(), other.classes, other.is_line) and all(
        np.array_equal(a.places, b.places) and np.array_equal(a.y, b.y)
        for a, b in zip(one.parts.values(), other.parts.values(), strict=True)
    )


def _scatter(places: np.ndarray, color: Any, mark: str, outline: Any) -> pg.ScatterPlotItem:
    brush = color if isinstance(color, list) else pg.mkBrush(*rgb(color).astype(int).tolist())
    return pg.ScatterPlotItem(
        x=places[:, 0], y=places[:, 1], size=8, symbol=mark, pen=outline, brush=brush
    )
