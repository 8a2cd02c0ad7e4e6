"""A matrix as a table in the colours of a heat map; only what is seen is formatted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.numerals import number
from graphviz_app.heat import heat_color, ink_on
from graphviz_app.theme import LIGHT, Theme, mono_font

Place = tuple[int, ...]  # of an element in its tensor
Index = QModelIndex | QPersistentModelIndex
CELL_PX, ROW_PX, ROW_HEAD_PX = 88, 22, 40


class TensorModel(QAbstractTableModel):
    """The numbers of a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self._matrix = np.empty((0, 0))
        self._scale, self._gradient = 1.0, False
        self._slice: Place | None = None
        self._theme = LIGHT

    @property
    def matrix(self) -> np.ndarray:
        """What is shown."""
        return self._matrix

    def set_matrix(
        self, matrix: np.ndarray, scale: float, gradient: bool, slice_: Place | None = ()
    ) -> None:
        """Show ``matrix``; ``scale`` is the magnitude of the full colour.

        ``slice_`` is where the matrix is along the axes before its own; None says that it is a
        vector, which has no rows.
        """
        vector = slice_ is None
        same = matrix.shape == self._matrix.shape and vector == (self._slice is None)
        self._slice = slice_
        if not same:
            self.beginResetModel()
        self._matrix, self._scale, self._gradient = matrix, scale, gradient
        if not same:
            self.endResetModel()
        elif matrix.size:
            last = self.index(matrix.shape[0] - 1, matrix.shape[1] - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._matrix.shape[0]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._matrix.shape[1]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = float(self._matrix[index.row(), index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return number(value, 4)
        if role == Qt.ItemDataRole.ToolTipRole:
            place = ", ".join(map(str, self.place(index.row(), index.column())))
            return f"[{place}] = {value!r}".replace("-", "−")
        return None

    def place(self, row: int, column: int) -> Place:
        """Where a cell is in the tensor."""
        return (column,) if self._slice is None else (*self._slice, row, column)

    def cell(self, place: Place) -> tuple[int, int] | None:
        """The row and column of an element, None where another slice holds it."""
        *before, row, column = (0, *place) if self._slice is None else place
        inside = row < self._matrix.shape[0] and column < self._matrix.shape[1]
        return (row, column) if inside and tuple(before) == (self._slice or ()) else None

    def color(self, index: Index) -> QColor:
        """What is behind a number."""
        value = float(self._matrix[index.row(), index.column()])
        return heat_color(value, self._scale, self._theme, self._gradient)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        row_of_vector = self._slice is None and orientation == Qt.Orientation.Vertical
        return "" if row_of_vector else str(section)


class _CellDelegate(QStyledItemDelegate):
    """Paints a number on its colour, in the ink that is read on it."""

    def __init__(self, table: TensorTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        numbers, box = self._table.numbers, option.rect  # type: ignore[attr-defined]
        back = numbers.color(index)
        painter.fillRect(box, back)
        painter.setFont(self._table.font())
        painter.setPen(ink_on(back))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(2, 0, -5, 0), int(flags), index.data())
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(QPen(QColor(self._table.frame), 1.6))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        if (index.row(), index.column()) in self._table.ringed:
            painter.setPen(QPen(QColor(self._table.ring_color), 2.0))
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), 4, 4)


class TensorTable(QTableView):
    """Signals: ``cell_hovered(int, int)``, (−1, −1) for none."""

    cell_hovered = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers = TensorModel()
        self.frame, self.ring_color = LIGHT.accent, LIGHT.text
        self.ringed: set[tuple[int, int]] = set()
        self.setModel(self.numbers)
        self.setItemDelegate(_CellDelegate(self))
        self.setFont(mono_font(12))
        self.setAccessibleName("Numbers of the tensor")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # cells that are copied together are a rectangle
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        for header, size in ((self.horizontalHeader(), CELL_PX), (self.verticalHeader(), ROW_PX)):
            header.setDefaultSectionSize(size)
            header.setMinimumSectionSize(20)
            header.setHighlightSections(False)
            header.setFont(mono_font(10))
            header.setDefaultAlignment(  # over and beside numbers that end at the right
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )
        self.verticalHeader().setFixedWidth(ROW_HEAD_PX)
        self.entered.connect(self._enter)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.numbers.set_theme(theme)
        self.frame, self.ring_color = theme.accent, theme.text
        self.setStyleSheet(
            f"QTableView {{ background: {theme.panel}; border: none; }}"
            f" QHeaderView, QHeaderView::section {{ background: {theme.panel};"
            f" color: {theme.text_muted}; border: none; padding: 0 6px; }}"
            f" QAbstractScrollArea::corner {{ background: {theme.panel}; border: none; }}"
        )

    def selected_block(self) -> np.ndarray | None:
        """The rectangle of numbers that are selected, None where none are."""
        selection = self.selectionModel().selection()
        if selection.isEmpty():
            return None
        first = selection.first()  # the only one, in a contiguous selection
        rows = slice(first.top(), first.bottom() + 1)
        return self.numbers.matrix[rows, first.left() : first.right() + 1]

    def ring(self, places: Iterable[Place]) -> None:
        """Ring these elements of the tensor, as far as this slice holds them, and no others."""
        cells = {self.numbers.cell(place) for place in places}
        self.ringed = {cell for cell in cells if cell is not None}
        self.viewport().update()

    @Slot(QModelIndex)
    def _enter(self, index: QModelIndex) -> None:
        self.cell_hovered.emit(index.row(), index.column())

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.cell_hovered.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            block = self.selected_block()
            chosen = self.numbers.matrix if block is None else block
            QGuiApplication.clipboard().setText(as_csv(chosen))
        else:
            super().keyPressEvent(event)


def as_csv(array: np.ndarray) -> str:
    """Rows of exact numbers, separated by commas; the slices of more axes follow each other."""
    rows = array.reshape(math.prod(array.shape[:-1]), array.shape[-1])
    return "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())


def as_numpy(array: np.ndarray) -> str:
    """The call that makes the array, with exact numbers."""
    if not array.size:
        return f"np.empty({array.shape})"  # a list of nothing would lose the shape
    text = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({text})"
