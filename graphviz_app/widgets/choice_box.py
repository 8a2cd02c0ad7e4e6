"""One of many choices, in a list that opens: where they have no room side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font


class ChoiceBox(QComboBox):
    """Signals: ``changed(str)`` with the id of the choice a person made."""

    changed = Signal(str)

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setAccessibleName(label)
        self.setFont(mono_font(12))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._choose)

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer ``choices`` as (id, label)."""
        self.clear()
        for choice, label in choices:
            self.addItem(label, choice)

    def set_current(self, choice: str) -> None:
        """Change the choice without a signal."""
        self.setCurrentIndex(self.findData(choice))

    def set_theme(self, theme: Theme) -> None:
        """Take the arrow's colour from ``theme``; the rest is the application's style sheet."""
        self._theme = theme
        self.update()

    @Slot(int)
    def _choose(self, at: int) -> None:
        self.changed.emit(self.itemData(at))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.text_soft), 1.4))
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the panel; it changes nothing unseen."""
        event.ignore()
