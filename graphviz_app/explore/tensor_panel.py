"""The tensor inspector: all numbers of the selected node as a table, with what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from graphviz_app.canvas.faces import spaced
from graphviz_app.explore.tensor_figures import GRADIENT, VALUE, Described, Figures
from graphviz_app.explore.tensor_table import Place, TensorTable, as_csv, as_numpy
from graphviz_app.heat import scale_of
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import ElidedLabel, SegmentedSwitch, Stepper

SIDE_PX = 200
ROOMY_PX = 620  # a narrower panel leaves the statistics to the right column
TITLE_PX = 60  # what is left of the title before the buttons make way
GAP_PX, MARGIN_PX = 10, 16
NOTHING = "Select a node that holds a vector, a matrix or more to see all of its numbers."
NOT_REACHED = (
    "There is no gradient here yet: step on through the backward pass. A constant never has one."
)
NOTCH = 120  # of the wheel, in Qt's units


class AxisStepper(Stepper):
    """The index along one axis, counted from 0 as in the table; the wheel turns it too."""

    def __init__(self, axis: int) -> None:
        super().__init__(f"axis {axis}")

    def says(self, value: int, count: int) -> str:
        self.setToolTip(f"Index {value} of 0 to {count - 1} along {self._name}; turn the wheel")
        return f"{self._name}: {value}"

    def wheelEvent(self, event: QWheelEvent) -> None:
        place = self.value - round(event.angleDelta().y() / NOTCH)
        if 0 <= place < self.count and place != self.value:
            self.changed.emit(place)
        event.accept()


class TensorPanel(QWidget):
    """Signals: ``element_hovered(object)``, the place in the tensor or None; ``described(object)``
    with what is said of the numbers that are shown, None where no tensor is selected."""

    element_hovered = Signal(object)
    described = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._arrays: dict[str, Any] = {VALUE: None, GRADIENT: None}
        self._slice: list[int] = []
        self._lit: list[Place] = []
        self._shown = ""
        self.title = ElidedLabel()
        self.title.setFont(ui_font(13, 600))
        self.switch = SegmentedSwitch(label="Numbers")
        self.switch.set_choices([(VALUE, "Value"), (GRADIENT, "Gradient")])
        self.steppers: list[AxisStepper] = []
        self.numpy_button, self.csv_button = (
            QPushButton("Copy NumPy"),
            QPushButton("Copy CSV"),
        )
        for button in (self.numpy_button, self.csv_button):
            button.setToolTip("Copies the selected cells, or else all numbers")
        self.message = QLabel(NOTHING)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.table = TensorTable()
        self.figures = Figures()
        self.figures.setFixedWidth(SIDE_PX)
        self._build()
        self.switch.changed.connect(self._refresh)
        self.numpy_button.clicked.connect(self.copy_numpy)
        self.csv_button.clicked.connect(self.copy_csv)
        self.table.cell_hovered.connect(self._hover)
        self.show_nothing()

    def _build(self) -> None:
        self._line = QHBoxLayout()
        self._line.setContentsMargins(MARGIN_PX, 2, MARGIN_PX, 4)
        self._line.setSpacing(GAP_PX)
        self._line.addWidget(self.title)
        self._line.addWidget(self.switch)
        self._line.addStretch(1)
        self._line.addWidget(self.numpy_button)
        self._line.addWidget(self.csv_button)
        body = QHBoxLayout()
        body.setContentsMargins(8, 0, MARGIN_PX, 4)
        body.setSpacing(12)
        body.addWidget(self.table, 1)
        body.addWidget(self.figures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._line)
        layout.addWidget(self.message, 1)
        layout.addLayout(body, 1)

    def _need_steppers(self, count: int) -> None:
        """Make sure that each axis before the last two has its stepper."""
        for axis in range(len(self.steppers), count):
            stepper = AxisStepper(axis)
            stepper.set_theme(self._theme)
            stepper.changed.connect(self._slicer(axis))
            self.steppers.append(stepper)
            self._line.insertWidget(2 + axis, stepper)  # after title and switch

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
        self.message.setStyleSheet(f"color: {theme.text_muted}; padding: 0 16px;")
        self.setStyleSheet("QPushButton { padding: 2px 8px; }")

    # what is shown ------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """No tensor is selected."""
        self._arrays = {VALUE: None, GRADIENT: None}
        self._shown, self._slice, self._lit = "", [], []
        self._refresh()

    def show_tensor(self, name: str, value: Any, gradient: Any) -> None:
        """Show the numbers of a node; the gradient is None where the walk has not come to it."""
        if np.ndim(value) == 0:
            self.show_nothing()
            return
        array = np.asarray(value, float)
        leading = max(array.ndim - 2, 0)
        if name != self._shown or len(self._slice) != leading:
            self._slice, self._lit = [0] * leading, []
        limits = zip(self._slice, array.shape, strict=False)
        self._slice = [max(min(place, count - 1), 0) for place, count in limits]
        self._shown = name
        self._need_steppers(leading)
        self._arrays = {VALUE: array, GRADIENT: gradient}
        self.title.setText(f"{name}   {spaced(array.shape)}")
        self._refresh()

    @Slot(str)
    def show_numbers(self, numbers: str) -> None:
        """Show the value or the gradient."""
        self.switch.set_current(numbers)
        self._refresh()

    def highlight(self, indices: Iterable[Place]) -> None:
        """Ring these elements in the table, and no others; those of other slices wait there."""
        self._lit = list(indices)
        self.table.ring(self._lit)

    @property
    def array(self) -> np.ndarray | None:
        """What is shown of all axes; None for a gradient that has not come yet."""
        found = self._arrays[self.switch.current]
        return None if found is None else np.asarray(found, float)

    @Slot()
    def _refresh(self) -> None:
        value, array, numbers = self._arrays[VALUE], self.array, self.switch.current
        for axis, stepper in enumerate(self.steppers):
            deep = axis < len(self._slice)
            stepper.show_value(self._slice[axis] if deep else 0, value.shape[axis] if deep else 0)
        told = None
        if array is not None:
            told = Described.of(array, numbers)
            here = tuple(self._slice)
            empty = 0 in array.shape[: len(here)]  # there is no slice to show
            self.table.numbers.set_matrix(
                np.empty((0, 0)) if empty else np.atleast_2d(array[here]),
                scale_of(array),
                numbers == GRADIENT,
                None if array.ndim == 1 else here,
            )
        elif value is not None:
            told = Described(value.shape, numbers)
        self.table.ring(self._lit if array is not None else [])
        self.figures.show_described(told)
        self._show_parts()
        self.described.emit(told)

    def _show_parts(self) -> None:
        """Show what there is, as far as there is room."""
        selected, reached = self._arrays[VALUE] is not None, self.array is not None
        self.message.setText(NOT_REACHED if selected else NOTHING)
        self.message.setVisible(not reached)
        self.title.setVisible(selected)
        self.switch.setVisible(selected)
        self.table.setVisible(reached)
        self.figures.setVisible(reached and self.width() >= ROOMY_PX)
        buttons = (self.numpy_button, self.csv_button)
        fixed = [self.switch, *self.steppers[: len(self._slice)], *buttons]
        needed = TITLE_PX + sum(part.sizeHint().width() + GAP_PX for part in fixed)
        for button in buttons:
            button.setVisible(reached and self.width() >= needed + 2 * MARGIN_PX)

    # what is done -------------------------------------------------------------------------------

    def _chosen(self) -> np.ndarray | None:
        """The cells that are selected, else all numbers."""
        array, block = self.array, self.table.selected_block()
        if array is None or block is None:
            return array
        return block[0] if array.ndim == 1 else block

    @Slot()
    def copy_numpy(self) -> None:
        """Copy the selected cells, or else all numbers, as the call that makes the array."""
        chosen = self._chosen()
        if chosen is not None:
            QGuiApplication.clipboard().setText(as_numpy(chosen))

    @Slot()
    def copy_csv(self) -> None:
        """Copy the selected cells, or else all numbers, row by row."""
        chosen = self._chosen()
        if chosen is not None:
            QGuiApplication.clipboard().setText(as_csv(chosen))

    @Slot(int, int)
    def _hover(self, row: int, column: int) -> None:
        known = self.array is not None and row >= 0
        self.element_hovered.emit(self.table.numbers.place(row, column) if known else None)

    # Qt overrides -------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        return QSize(TITLE_PX, super().minimumSizeHint().height())  # what has no room is hidden

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_parts()
