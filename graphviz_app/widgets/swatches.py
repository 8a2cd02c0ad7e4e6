"""A row of colours to choose from."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from graphviz_app.theme import MARK_COLORS
from graphviz_app.widgets.basics import SegmentedSwitch

SIDE_PX = 24.0
RADIUS_PX = 7.0


class Swatches(SegmentedSwitch):
    """The colours of groups and notes as discs; the current one has a ring around it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, label="Colour")
        self.set_choices(MARK_COLORS)
        self.setMinimumSize(self.sizeHint())

    def segments(self) -> list[tuple[str, QRectF]]:
        """(id, rectangle) of each colour."""
        return [
            (choice, QRectF(k * SIDE_PX, 0, SIDE_PX, SIDE_PX))
            for k, (choice, _) in enumerate(self._choices)
        ]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.setToolTip(self._choices[self._hovered][1].capitalize() if self._hovered >= 0 else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for k, (choice, rect) in enumerate(self.segments()):
            color = QColor(getattr(theme, choice or "field"))
            painter.setPen(QPen(color if choice else QColor(theme.plain), 1.5))
            painter.setBrush(color)
            painter.drawEllipse(rect.center(), RADIUS_PX, RADIUS_PX)
            if choice == self._current or k == self._hovered:
                lit = choice == self._current and self.hasFocus()
                painter.setPen(QPen(QColor(theme.accent if lit else theme.text_soft), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(rect.center(), RADIUS_PX + 3.5, RADIUS_PX + 3.5)
        if self.hasFocus() and self._current is None:
            painter.setPen(QPen(QColor(theme.accent), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        painter.end()
