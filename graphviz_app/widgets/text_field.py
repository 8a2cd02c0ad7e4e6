"""A line of text that is committed as a whole, and says when it was refused."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font


class TextField(QLineEdit):
    """Enter or leaving commits, Esc takes back what was typed.

    Signals: ``committed(str)`` with a text that differs from the one that was shown.  Who hears it
    answers with ``show_text`` or, to refuse, with ``refuse``.
    """

    committed = Signal(str)

    def __init__(self, label: str, font: QFont | None = None, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = LIGHT
        self._shown = self._before = ""  # before what was committed last
        self._refused = False
        self.setFont(font or mono_font(13))
        self.setAccessibleName(label)
        self.textEdited.connect(self._forget_refusal)
        self._restyle()

    @property
    def editing(self) -> bool:
        """Whether something was typed that is not committed."""
        return self.text() != self._shown

    def show_text(self, text: str, force: bool = False) -> None:
        """Show ``text``; what is being typed stays, unless by ``force``."""
        typing = self.editing and self.hasFocus() and not force
        self._shown = text
        if not typing:
            self.take_back()

    def take_back(self) -> None:
        """Show what was there before something was typed."""
        self.setText(self._shown)
        self.setCursorPosition(0)
        self._forget_refusal()

    def refuse(self) -> None:
        """What was committed cannot be: mark it until it is changed."""
        self._refused, self._shown = True, self._before
        self._restyle()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self._restyle()

    def _forget_refusal(self) -> None:
        if self._refused:
            self._refused = False
            self._restyle()

    def _restyle(self) -> None:
        theme = self._theme
        rest = theme.problem if self._refused else theme.hairline
        lit = theme.problem if self._refused else theme.accent
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.field}; color: {theme.text};"
            f" border: 1px solid {rest}; border-radius: 7px; padding: 3px 8px; }}"
            f"QLineEdit:hover, QLineEdit:focus {{ border-color: {lit}; }}"
        )

    def _commit(self) -> None:
        if self.editing:
            self._before, self._shown = self._shown, self.text()
            self.committed.emit(self._shown)

    # Qt overrides -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
            if not self._refused:
                self.selectAll()
        elif event.key() == Qt.Key.Key_Escape:
            self.take_back()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            if not self._refused:
                self._commit()
            self.take_back()

    def event(self, event: QEvent) -> bool:
        # Enter and Esc are the field's while one types, whatever they are elsewhere
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            mine = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.key() in mine:
                event.accept()
                return True
        return super().event(event)
