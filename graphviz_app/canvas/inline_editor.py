"""The one text field on the canvas: over the node, note or title that is being edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from graphviz_app.theme import ui_font

LEAST_WIDTH_PX, HEIGHT_PX = 96, 30

_EDITING = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
    QKeySequence.StandardKey.SelectAll,
)


def keeps_key(event: QEvent) -> bool:
    """Whether a field takes a key that is a shortcut elsewhere: what writes or edits, no command.

    The event is then accepted.
    """
    if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    commands = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    moves = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Backspace)
    enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if event.modifiers() & commands and not (moves or enters or any(map(event.matches, _EDITING))):
        return False
    event.accept()
    return True


class InlineEditor(QLineEdit):
    """Signals: ``committed(text)`` on Enter, Tab or when the focus leaves, ``closed()`` when Enter,
    Tab or Escape ended it, so that the focus is still to be given away."""

    committed = Signal(str)
    closed = Signal()

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.setFont(ui_font(14))
        self.setObjectName("inlineEditor")
        self.returnPressed.connect(self._enter)
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
    def _enter(self) -> None:
        self.commit()
        self.closed.emit()

    def commit(self) -> None:
        """Take what was typed, if the field is open."""
        if self.isVisible():
            self.hide()
            self.committed.emit(self.text())

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab ends typing; what is next is the canvas, and no button far away."""
        self._enter()
        return True

    def event(self, event: QEvent) -> bool:
        return keeps_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.commit()


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

    def commit(self) -> None:
        """Take what was typed, if the field is open."""
        if self.isVisible():
            self.hide()
            self.committed.emit(self.toPlainText())

    def event(self, event: QEvent) -> bool:
        return keeps_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.commit()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.commit()
