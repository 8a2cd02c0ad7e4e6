"""The one text field on the canvas: over the node, note or title that is being edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from graphviz_app.theme import ui_font

LEAST_WIDTH_PX, HEIGHT_PX = 96, 30


class InlineEditor(QLineEdit):
    """Signals: ``committed(text)`` on Enter or when the focus leaves, ``closed()`` after either
    that or Escape."""

    committed = Signal(str)
    closed = Signal()

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.setFont(ui_font(14))
        self.setObjectName("inlineEditor")
        self.returnPressed.connect(self._commit)
        self.hide()

    def open_over(self, area: QRect, text: str, label: str) -> None:
        """Edit ``text`` over ``area`` of the viewport; ``label`` is for screen readers."""
        width = max(LEAST_WIDTH_PX, area.width() + 16, 12 * len(text))
        box = QRect(0, 0, min(width, self._viewport.width() - 8), HEIGHT_PX)
        box.moveCenter(area.center())
        room = self._viewport.rect().adjusted(4, 4, -4, -4)
        box.moveLeft(max(room.left(), min(box.left(), room.right() - box.width())))
        box.moveTop(max(room.top(), min(box.top(), room.bottom() - box.height())))
        self.setGeometry(box)
        self.setText(text)
        self.setAccessibleName(label)
        self.setPlaceholderText(label)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    @Slot()
    def _commit(self) -> None:
        if self.isVisible():
            self.hide()
            self.committed.emit(self.text())
            self._close()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def event(self, event: QEvent) -> bool:
        # Every key that writes or edits is the field's, whatever shortcut it is elsewhere.
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._commit()


class NoteEditor(QPlainTextEdit):
    """The same for the lines of a comment: Ctrl+Enter or leaving commits, Escape does not."""

    committed = Signal(str)
    closed = Signal()

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.setFont(ui_font(13))
        self.setObjectName("inlineEditor")
        self.setAccessibleName("Note")
        self.hide()

    def open_over(self, area: QRect, text: str, label: str) -> None:
        """Edit ``text`` over ``area`` of the viewport."""
        self.setGeometry(area.adjusted(-4, -4, 24, 28))
        self.setAccessibleName(label)
        self.setPlainText(text)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    def _commit(self) -> None:
        if self.isVisible():
            self.hide()
            self.committed.emit(self.toPlainText())
            self.closed.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._commit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._commit()
