"""A slider over real numbers whose range grows when the value is pushed past its end."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphviz_app.theme import LIGHT, Theme

LEAST_SPAN = 5.0
RADIUS_PX = 7.5
STEPS = 200  # positions over the whole range; arrow keys move by one


def span_for(value: float) -> float:
    """Half the range: a round number above the value."""
    need = max(LEAST_SPAN, abs(value))
    power = 10.0 ** math.floor(math.log10(need))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= need)


class ValueSlider(QWidget):
    """Drag to change; at the end of the groove the range grows.

    Signals: ``changed(float)`` live, ``committed(float)`` at the end of a drag.
    """

    changed = Signal(float)
    committed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._color = ""
        self._value, self.span = 0.0, LEAST_SPAN
        self._dragging = False
        self._start = 0.0
        self._grow = QTimer(self)
        self._grow.setInterval(80)
        self._grow.timeout.connect(self._grow_range)
        self._pull = 0
        self.setFixedHeight(24)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    # value --------------------------------------------------------------------------------------

    def value(self) -> float:
        """The number."""
        return self._value

    @property
    def dragging(self) -> bool:
        """Whether the handle is held."""
        return self._dragging

    def set_value(self, value: float, refit: bool = False) -> None:
        """Show ``value`` without a signal; the range grows to hold it, or is chosen anew."""
        self._value = value
        if math.isfinite(value) and (refit or abs(value) > self.span):
            self.span = span_for(value)
        self.setAccessibleDescription(f"{value:g}, from {-self.span:g} to {self.span:g}")
        self.update()

    def set_color(self, color: str) -> None:
        """The colour of the filled part: that of the leaf's kind."""
        self._color = color
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    # geometry -----------------------------------------------------------------------------------

    def x_of(self, value: float) -> float:
        """Where ``value`` lies on the groove."""
        share = (max(-self.span, min(value, self.span)) + self.span) / (2 * self.span)
        return RADIUS_PX + 1 + share * (self.width() - 2 * RADIUS_PX - 2)

    def value_at(self, x: float) -> float:
        """The number at ``x``, rounded to the slider's steps."""
        share = (x - RADIUS_PX - 1) / max(1.0, self.width() - 2 * RADIUS_PX - 2)
        step = 2 * self.span / STEPS
        value = round((2 * max(0.0, min(share, 1.0)) - 1) * self.span / step) * step
        return round(value, 10) + 0.0

    def _ask(self, value: float) -> None:
        if value != self._value:
            self.set_value(value)
            self.changed.emit(value)

    @Slot()
    def _grow_range(self) -> None:
        """While the handle is held past the end, the range grows and the value with it."""
        self.span = min(self.span * 1.15, 1e12)
        self._ask(float(f"{self._pull * self.span:.3g}"))
        self.update()

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(180, 24)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging, self._start = True, self._value
            self._follow(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._follow(event.position().x())

    def _follow(self, x: float) -> None:
        self._pull = 1 if x > self.width() else -1 if x < 0 else 0
        if self._pull:
            if not self._grow.isActive():
                self._ask(self.value_at(x))
                self._grow.start()
        else:
            self._grow.stop()
            self._ask(self.value_at(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grow.stop()
        if self._dragging:
            self._dragging = False
            self.update()
            self.committed.emit(self._value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10,
            Qt.Key.Key_PageUp: 10,
        }
        move = moves.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape and self._dragging:
            self._dragging = False
            self._grow.stop()
            self._ask(self._start)
            self.committed.emit(self._start)
        elif move is None:
            event.ignore()
        else:
            step = 2 * self.span / STEPS
            self._ask(round((round(self._value / step) + move) * step, 10) + 0.0)
            self.committed.emit(self._value)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        color = QColor(self._color or theme.accent)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        groove = QRectF(1, middle - 2, self.width() - 2, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hairline))
        painter.drawRoundedRect(groove, 2, 2)
        if not math.isfinite(self._value):
            painter.end()
            return
        x = self.x_of(self._value)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(1, middle - 2, x - 1, 4), 2, 2)
        if self.hasFocus():
            halo = QColor(color)
            halo.setAlpha(50)
            painter.setBrush(halo)
            painter.drawEllipse(QPointF(x, middle), RADIUS_PX + 4, RADIUS_PX + 4)
        painter.setBrush(QColor(theme.field))
        painter.setPen(QPen(color, 2.5))
        painter.drawEllipse(QPointF(x, middle), RADIUS_PX - 1, RADIUS_PX - 1)
        painter.end()
