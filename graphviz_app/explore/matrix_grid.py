"""A small grid in which the entries of a vector or matrix are edited."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font
from graphviz_app.widgets.scrub_box import compact, parse_number

LARGEST = 6  # rows and columns that are shown
CELL_HEIGHT_PX = 26


class MatrixGrid(QTableWidget):
    """Entries of an array; double-click or type to edit one.

    Signals: ``entry_changed(tuple, float)`` with the index into the array and the new number;
    ``refused(str)`` with a sentence for a text that is no number.
    """

    entry_changed = Signal(tuple, float)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._array = np.zeros((0, 0))
        self._filling = False
        self.setObjectName("matrixGrid")
        self.setFont(mono_font(12))
        self.setAccessibleName("Entries")
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setVisible(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(CELL_HEIGHT_PX)
        self.verticalHeader().setDefaultSectionSize(CELL_HEIGHT_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.itemChanged.connect(self._edited)

    @staticmethod
    def fits(shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape is small enough to be edited here."""
        return 1 <= len(shape) <= 2 and min(shape) > 0 and max(shape) <= LARGEST

    def set_array(self, array: np.ndarray) -> None:
        """Show ``array`` (one or two axes) without a signal."""
        rows = np.atleast_2d(array)
        self._filling = True
        if rows.shape != (self.rowCount(), self.columnCount()):
            self.setRowCount(rows.shape[0])
            self.setColumnCount(rows.shape[1])
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                item = self.item(r, c)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    self.setItem(r, c, item)
                item.setText(compact(float(value)))
                item.setToolTip(repr(float(value)))
        self._array = array
        self._filling = False
        self.setFixedHeight(CELL_HEIGHT_PX * rows.shape[0] + 2)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.setStyleSheet(
            f"#matrixGrid {{ background: {theme.field}; border: 1px solid {theme.hairline};"
            f" border-radius: 7px; gridline-color: {theme.hairline}; color: {theme.text}; }}"
            f"#matrixGrid::item {{ padding: 0; }}"
            f"#matrixGrid::item:selected {{ background: {theme.accent_soft};"
            f" color: {theme.text}; }}"
            f"#matrixGrid QLineEdit {{ border: 1px solid {theme.accent}; border-radius: 0;"
            f" padding: 0 2px; }}"
        )
        self.setPalette(self.palette())

    @Slot(QTableWidgetItem)
    def _edited(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        row, column = item.row(), item.column()
        index = (column,) if self._array.ndim == 1 else (row, column)
        old = float(self._array[index])
        try:
            value = parse_number(item.text())
        except ValueError as error:
            self._put(item, old)
            self.refused.emit(str(error))
            return
        self._put(item, value)
        if value != old:
            self.entry_changed.emit(index, value)

    def _put(self, item: QTableWidgetItem, value: float) -> None:
        self._filling = True
        item.setText(compact(value))
        item.setToolTip(repr(value))
        item.setForeground(QColor(self._theme.text))
        self._filling = False

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            QGuiApplication.clipboard().setText(item.toolTip())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            if self.state() != self.State.EditingState:
                self.editItem(item)
        else:
            super().keyPressEvent(event)
