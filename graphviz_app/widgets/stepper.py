"""One of a row of numbered things: a text between two arrows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from graphviz_app.icons import icon
from graphviz_app.theme import Theme, ui_font

BUTTON_PX = 22


class Stepper(QWidget):
    """Says which of ``count`` is shown: ``example 3 of 128``.  Counts from 0, says it from 1.

    Signals: ``changed(int)`` with what a person chose.
    """

    changed = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.value, self.count = 0, 0
        self.label = QLabel()
        self.label.setFont(ui_font(12))
        self.before = self._button("chevron-left", f"The {name} before")
        self.after = self._button("chevron-right", f"The next {name}")
        self.before.clicked.connect(self._earlier)
        self.after.clicked.connect(self._later)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for part in (self.before, self.label, self.after):
            layout.addWidget(part)
        self.show_value(0, 0)

    def _button(self, picture: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(picture)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setAutoRepeat(True)
        button.setFixedSize(BUTTON_PX, BUTTON_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for button in (self.before, self.after):
            button.setIcon(icon(button.objectName(), theme))
        self.setStyleSheet(
            f"QLabel {{ color: {theme.text_soft}; }}"
            " QToolButton { border: none; border-radius: 5px; padding: 0; }"
            f" QToolButton:hover {{ background: {theme.hover}; }}"
        )

    def show_value(self, value: int, count: int) -> None:
        """Say which of how many; there is nothing to see where there is but one."""
        self.value, self.count = value, count
        self.setVisible(count > 1)
        self.label.setText(self.says(value, count))
        self.before.setEnabled(value > 0)
        self.after.setEnabled(value + 1 < count)

    def says(self, value: int, count: int) -> str:
        """The text between the arrows."""
        return f"{self._name} {value + 1} of {count}"

    @Slot()
    def _earlier(self) -> None:
        self.changed.emit(max(self.value - 1, 0))

    @Slot()
    def _later(self) -> None:
        self.changed.emit(min(self.value + 1, self.count - 1))
