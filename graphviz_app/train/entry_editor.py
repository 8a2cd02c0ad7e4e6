"""The small field in which one weight or bias is typed, where it is on the diagram."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from graphviz_app.theme import mono_font
from graphviz_app.widgets.scrub_box import parse_number

EDGE_PX = 4


class EntryEditor(QLineEdit):
    """Signals: ``entered(leaf, index, value)``, a number was typed and confirmed;
    ``refused(str)``, why what was typed is none.
    """

    entered = Signal(str, object, float)
    refused = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = parent
        self._entry: tuple[str, tuple[int, ...]] | None = None
        self.setFont(mono_font(13))
        self.setFixedWidth(124)
        self.returnPressed.connect(self._commit)
        self.hide()

    def open_entry(self, leaf: str, index: tuple[int, ...], value: float, at: QPoint) -> None:
        """Ask for another value of a leaf's number, with the field around ``at``."""
        self._entry = leaf, index
        self.setText(repr(value))
        self.setAccessibleName(f"{leaf} {list(index)}" if index else leaf)
        room = self._around.size()
        x = min(max(EDGE_PX, at.x() - self.width() // 2), room.width() - self.width() - EDGE_PX)
        y = min(max(EDGE_PX, at.y() - 14), room.height() - 34)
        self.move(x, y)
        self.show()
        self.selectAll()
        self.setFocus()

    @Slot()
    def close_entry(self) -> None:
        """Away with it, unchanged."""
        self._entry = None
        self.hide()

    @Slot()
    def _commit(self) -> None:
        if self._entry is None:
            return
        leaf, index = self._entry
        try:
            value = parse_number(self.text())
        except ValueError as error:
            self.refused.emit(str(error))
            self.selectAll()
            return
        self.close_entry()
        self.entered.emit(leaf, index, value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_entry()
            self._around.setFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.close_entry()
