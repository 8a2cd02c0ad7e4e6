"""The tensor inspector: all numbers of the selected node, their statistics and a histogram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.numerals import number
from engine.run.statistics import Statistics, describe, histogram
from graphviz_app.canvas.faces import spaced
from graphviz_app.explore.tensor_table import TensorTable, as_csv, as_numpy
from graphviz_app.heat import heat_color, scale_of
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.widgets import SegmentedSwitch, Stepper

VALUE, GRADIENT = "value", "gradient"
SIDE_PX = 200
NOTHING = "Select a node that holds a vector, a matrix or more to see all of its numbers."
LINE_PX = 18


class TensorPanel(QWidget):
    """Signals: ``element_hovered(object)``, the place in the tensor or None."""

    element_hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._arrays: dict[str, Any] = {VALUE: None, GRADIENT: None}
        self._slice: list[int] = []
        self._shown = ""
        self.title = QLabel()
        self.title.setFont(ui_font(13, 600))
        self.switch = SegmentedSwitch(label="Numbers")
        self.switch.set_choices([(VALUE, "Value"), (GRADIENT, "Gradient")])
        self.steppers = [Stepper(f"axis {axis}:") for axis in range(3)]
        self.numpy_button, self.csv_button = (
            QPushButton("Copy as NumPy"),
            QPushButton("Copy as CSV"),
        )
        self.message = QLabel(NOTHING)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.table = TensorTable()
        self.figures = Figures()
        self._build()
        self.switch.changed.connect(self._refresh)
        self.numpy_button.clicked.connect(self._copy_numpy)
        self.csv_button.clicked.connect(self._copy_csv)
        self.table.cell_hovered.connect(self._hover)
        for axis, stepper in enumerate(self.steppers):
            stepper.changed.connect(self._slicer(axis))
        self.show_nothing()

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(16, 2, 16, 4)
        line.setSpacing(10)
        for part in (self.title, self.switch, *self.steppers):
            line.addWidget(part)
        line.addStretch(1)
        line.addWidget(self.numpy_button)
        line.addWidget(self.csv_button)
        body = QHBoxLayout()
        body.setContentsMargins(8, 0, 16, 4)
        body.setSpacing(12)
        body.addWidget(self.table, 1)
        body.addWidget(self.figures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.message, 1)
        layout.addLayout(body, 1)

    def _slicer(self, axis: int) -> Callable[[int], None]:
        def choose(place: int) -> None:
            self._slice[axis] = place
            self._refresh()

        return choose

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for part in (self.switch, *self.steppers, self.table, self.figures):
            part.set_theme(theme)
        self.title.setStyleSheet(f"color: {theme.text}")
        self.message.setStyleSheet(f"color: {theme.text_muted}")
        self.setStyleSheet("QPushButton { padding: 2px 8px; }")

    def show_nothing(self) -> None:
        """No tensor is selected."""
        self._arrays = {VALUE: None, GRADIENT: None}
        self._shown = ""
        self._set_visible(False)

    def show_tensor(self, name: str, value: Any, gradient: Any) -> None:
        """Show the numbers of a node; the gradient is None where the walk has not come to it."""
        if np.ndim(value) == 0:
            self.show_nothing()
            return
        if name != self._shown or len(self._slice) != max(np.ndim(value) - 2, 0):
            self._slice = [0] * max(np.ndim(value) - 2, 0)
        self._shown = name
        self._arrays = {VALUE: np.asarray(value, float), GRADIENT: gradient}
        self.title.setText(f"{name}   {spaced(np.shape(value))}")
        self._set_visible(True)
        self._refresh()

    def _set_visible(self, visible: bool) -> None:
        self.message.setVisible(not visible)
        for part in (
            self.title, self.switch, self.table, self.figures, self.numpy_button, self.csv_button
        ):  # fmt: skip
            part.setVisible(visible)
        if not visible:
            for stepper in self.steppers:
                stepper.show_value(0, 0)

    @property
    def array(self) -> np.ndarray | None:
        """What is shown of all axes; None for a gradient that has not come yet."""
        found = self._arrays[self.switch.current]
        return None if found is None else np.asarray(found, float)

    @Slot()
    def _refresh(self) -> None:
        array = self.array
        gradient = self.switch.current == GRADIENT
        if array is None or array.ndim == 0:
            self.table.numbers.set_matrix(np.empty((0, 0)), 1.0, gradient)
            self.figures.show_array(None, gradient)
            return
        for axis, stepper in enumerate(self.steppers):
            deep = axis < len(self._slice)
            stepper.show_value(self._slice[axis] if deep else 0, array.shape[axis] if deep else 0)
        part = array[tuple(min(k, n - 1) for k, n in zip(self._slice, array.shape, strict=False))]
        self.table.numbers.set_matrix(np.atleast_2d(part), scale_of(array), gradient)
        self.figures.show_array(array, gradient)

    @Slot()
    def _copy_numpy(self) -> None:
        if self.array is not None:
            QGuiApplication.clipboard().setText(as_numpy(self.array))

    @Slot()
    def _copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(as_csv(self.table.selected_block()))

    @Slot(int, int)
    def _hover(self, row: int, column: int) -> None:
        array = self.array
        if array is None or row < 0:
            self.element_hovered.emit(None)
        else:
            inner = (column,) if array.ndim == 1 else (row, column)
            self.element_hovered.emit((*self._slice, *inner))


class Figures(QWidget):
    """Statistics in words and digits, and a histogram below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._said: Statistics | None = None
        self._counts, self._edges = np.zeros(1), np.zeros(2)
        self._gradient = False
        self.setFixedWidth(SIDE_PX)
        self.setAccessibleName("Statistics of the tensor")

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_array(self, array: np.ndarray | None, gradient: bool) -> None:
        """Describe these numbers; None is that there are none yet."""
        self._gradient = gradient
        self._said = None if array is None else describe(array)
        if array is not None:
            self._counts, self._edges = histogram(array)
        self.update()

    def lines(self) -> list[tuple[str, str]]:
        """(what, how much) of each line."""
        said = self._said
        if said is None:
            return [("not reached yet", "")]
        zeros = 100 * said.zeros / max(said.count, 1)
        lines = [
            ("min, max", f"{number(said.least, 3)}, {number(said.most, 3)}"),
            ("mean ± std", f"{number(said.mean, 3)} ± {number(said.deviation, 3)}"),
            ("norm · zeros", f"{number(said.norm, 3)} · {zeros:.0f} %"),
        ]
        if said.broken:
            lines.append(("NaN or ∞", f"{said.broken:,}"))
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        y = 0.0
        for what, how in self.lines():
            painter.setFont(ui_font(11))
            painter.setPen(QColor(theme.text_muted))
            painter.drawText(QRectF(0, y, 84, LINE_PX), Qt.AlignmentFlag.AlignVCenter, what)
            painter.setFont(mono_font(11))
            painter.setPen(QColor(theme.text))
            room = QRectF(78, y, self.width() - 78, LINE_PX)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(room, int(flags), how)
            y += LINE_PX
        if self._said is not None:
            self._draw_bars(painter, QRectF(0, y + 6, self.width(), self.height() - y - 22))
        painter.end()

    def _draw_bars(self, painter: QPainter, area: QRectF) -> None:
        if area.height() < 16 or not self._counts.any():
            return
        theme, most = self._theme, float(self._counts.max())
        wide = area.width() / len(self._counts)
        reach = float(np.abs(self._edges).max()) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(self._counts.tolist()):
            high = area.height() * count / most
            middle = float(self._edges[k] + self._edges[k + 1]) / 2
            painter.setBrush(heat_color(middle, reach, theme, self._gradient).darker(106))
            bar = QRectF(area.left() + k * wide, area.bottom() - high, wide - 1, high)
            painter.drawRect(bar)
        painter.setPen(QColor(theme.hairline))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(mono_font(9))
        painter.setPen(QColor(theme.text_muted))
        low, high_edge = number(float(self._edges[0]), 2), number(float(self._edges[-1]), 2)
        painter.drawText(QPointF(area.left(), area.bottom() + 12), low)
        end = painter.fontMetrics().horizontalAdvance(high_edge)
        painter.drawText(QPointF(area.right() - end, area.bottom() + 12), high_edge)
