"""A matrix as a table in the colours of a heat map; only what is seen is formatted."""

from __future__ import annotations

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
from graphviz_app.heat import heat_color
from graphviz_app.theme import LIGHT, Theme, mono_font

Index = QModelIndex | QPersistentModelIndex
CELL_PX, ROW_PX, ROW_HEAD_PX = 78, 22, 40
ON_LIGHT, ON_DARK, HALF = "#1e2430", "#ffffff", 0.45  # inks, and where they change


class TensorModel(QAbstractTableModel):
    """The numbers of a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self._matrix = np.empty((0, 0))
        self._scale, self._gradient = 1.0, False
        self._theme = LIGHT

    @property
    def matrix(self) -> np.ndarray:
        """What is shown."""
        return self._matrix

    def set_matrix(self, matrix: np.ndarray, scale: float, gradient: bool) -> None:
        """Show ``matrix``; ``scale`` is the magnitude of the full colour."""
        same = matrix.shape == self._matrix.shape
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
            return f"[{index.row()}, {index.column()}] = {value!r}".replace("-", "−")
        return None

    def color(self, index: Index) -> QColor:
        """What is behind a number."""
        value = float(self._matrix[index.row(), index.column()])
        return heat_color(value, self._scale, self._theme, self._gradient)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        return str(section) if role == Qt.ItemDataRole.DisplayRole else None


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
        painter.setPen(QColor(ON_DARK if back.lightnessF() < HALF else ON_LIGHT))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(2, 0, -5, 0), int(flags), index.data())
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(QPen(QColor(self._table.frame), 1.6))
            painter.drawRect(box.adjusted(1, 1, -1, -1))


class TensorTable(QTableView):
    """Signals: ``cell_hovered(int, int)``, (−1, −1) for none."""

    cell_hovered = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers = TensorModel()
        self.frame = LIGHT.accent
        self.setModel(self.numbers)
        self.setItemDelegate(_CellDelegate(self))
        self.setFont(mono_font(12))
        self.setAccessibleName("Numbers of the tensor")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        for header, size in ((self.horizontalHeader(), CELL_PX), (self.verticalHeader(), ROW_PX)):
            header.setDefaultSectionSize(size)
            header.setMinimumSectionSize(20)
            header.setHighlightSections(False)
            header.setFont(mono_font(10))
        self.verticalHeader().setFixedWidth(ROW_HEAD_PX)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.entered.connect(self._enter)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.numbers.set_theme(theme)
        self.frame = theme.accent
        self.setStyleSheet(
            f"QTableView {{ background: {theme.panel}; border: none; }}"
            f" QHeaderView, QHeaderView::section {{ background: {theme.panel};"
            f" color: {theme.text_muted}; border: none; padding: 0 6px; }}"
        )

    def selected_block(self) -> np.ndarray:
        """The numbers that are selected, all where none are; a rectangle around them."""
        chosen = self.selectionModel().selectedIndexes()
        if not chosen:
            return self.numbers.matrix
        rows, columns = [i.row() for i in chosen], [i.column() for i in chosen]
        return self.numbers.matrix[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1]

    @Slot(QModelIndex)
    def _enter(self, index: QModelIndex) -> None:
        self.cell_hovered.emit(index.row(), index.column())

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.cell_hovered.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(as_csv(self.selected_block()))
        else:
            super().keyPressEvent(event)


def as_csv(matrix: np.ndarray) -> str:
    """Rows of exact numbers, separated by commas."""
    return "".join(",".join(map(repr, row)) + "\n" for row in np.atleast_2d(matrix).tolist())


def as_numpy(array: np.ndarray) -> str:
    """The call that makes the array, with exact numbers."""
    text = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({text})"
