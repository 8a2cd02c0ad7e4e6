"""A number that is dragged like a slider and typed like text."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from engine.numerals import fixed, number
from graphviz_app.theme import LIGHT, Theme, mono_font

FINE, COARSE = 0.1, 10.0  # with Shift, with Ctrl
KEY_UNITS = 10  # one press of an arrow key, one notch of the wheel


def compact(value: float) -> str:
    """Two decimals where they are the whole truth, else up to six digits."""
    short = fixed(value, 2)
    return short if float(f"{value:.2f}") == value and abs(value) < 1e5 else number(value, 6)


def parse_number(text: str) -> float:
    """The number that ``text`` says: −2, 0,5, 1e-3, 1/3; raises ValueError with a sentence."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(" ", "")
    if "," in plain and "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    if not plain:
        raise ValueError("Type a number; an empty box has no value.")
    over, slash, under = plain.partition("/")
    try:
        if "_" in plain or "/" in under:
            raise ValueError
        value = float(over) / float(under) if slash else float(plain)
    except ZeroDivisionError:
        raise ValueError(
            "Division by zero has no value: change the number below the bar."
        ) from None
    except ValueError:
        raise ValueError(
            f"“{text.strip()}” is not a number. Type one such as 2, −0.5, 1e−3 or 1/3."
        ) from None
    if math.isnan(value):
        raise ValueError("NaN is not a number to start from. Type one such as 2 or −0.5.")
    if math.isinf(value):
        raise ValueError("That number is too large for a double; the largest is about 1.8e308.")
    return value


def scrub_unit(value: float) -> float:
    """How much one pixel of dragging changes a number of this size: 0.01 up to ten, then more."""
    size = max(1.0, abs(value)) if math.isfinite(value) else 1.0
    return 10.0 ** (math.floor(math.log10(size) + 1e-12) - 2)


class ScrubBox(QLineEdit):
    """Shows a number compactly; drag to scrub, double-click or Enter to type, Esc to cancel.

    Shift drags finely, Ctrl coarsely; the wheel works while the box has the focus.

    Signals: ``changed(float)`` with each new value while scrubbing, ``committed(float)`` at the
    end of a drag, of typing, or of a turn of the wheel.
    """

    changed = Signal(float)
    committed = Signal(float)

    def __init__(self, value: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._value = float(value)
        self._press: QPoint | None = None
        self._last_x = 0.0
        self._exact = 0.0  # where the drag is, before it is rounded to the unit
        self._start = 0.0
        self._unit = 0.01
        self._scrubbing = False
        self._wrong = ""
        self.setFont(mono_font(13))
        self.setReadOnly(True)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.textEdited.connect(self._forget_error)
        self._show()
        self._restyle()

    # value --------------------------------------------------------------------------------------

    def value(self) -> float:
        """The number, in full."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show ``value`` without a signal; text that is being typed stays."""
        self._value = float(value)
        if not self.editing:
            self._show()

    @property
    def editing(self) -> bool:
        """Whether text is being typed."""
        return not self.isReadOnly()

    @property
    def error(self) -> str:
        """What is wrong with the text, or an empty string."""
        return self._wrong

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self._restyle()

    def _show(self) -> None:
        self.setText(compact(self._value))
        self.setCursorPosition(0)
        self.setToolTip(f"{self._value!r}\nDrag to change, double-click to type")

    def _restyle(self) -> None:
        theme = self._theme
        border = theme.problem if self._wrong else theme.accent if self.editing else theme.hairline
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.field}; color: {theme.text};"
            f" border: 1px solid {border}; border-radius: 7px; padding: 4px 8px; }}"
            f"QLineEdit:hover, QLineEdit:focus {{ border-color: "
            f"{theme.problem if self._wrong else theme.accent}; }}"
        )

    # typing -------------------------------------------------------------------------------------

    def start_editing(self) -> None:
        """Let the number be typed, in full and selected."""
        self.setReadOnly(False)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setText(repr(self._value).removesuffix(".0"))
        self.selectAll()
        self._restyle()

    def _stop_editing(self) -> None:
        self._wrong = ""
        self.setReadOnly(True)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.deselect()
        self._show()
        self._restyle()

    def _commit_text(self) -> bool:
        try:
            value = parse_number(self.text())
        except ValueError as error:
            self._wrong = str(error)
            self.setToolTip(self._wrong)
            self._restyle()
            return False
        self._value = value
        self._stop_editing()
        self.changed.emit(value)
        self.committed.emit(value)
        return True

    def _forget_error(self) -> None:
        if self._wrong:
            self._wrong = ""
            self.setToolTip("")
            self._restyle()

    # scrubbing ----------------------------------------------------------------------------------

    def _move_to(self, exact: float) -> None:
        """Take ``exact`` rounded to whole units, so that dragging gives short numbers."""
        decimals = max(0, -math.floor(math.log10(self._unit) + 1e-9))
        value = round(round(exact / self._unit) * self._unit, decimals + 1)
        if value != self._value and math.isfinite(value):
            self._value = value + 0.0
            self._show()
            self.changed.emit(self._value)

    def _nudge(self, units: float, modifiers: Qt.KeyboardModifier) -> None:
        self._unit = scrub_unit(self._value) * _factor(modifiers)
        self._move_to(self._value + units * self._unit)
        self.committed.emit(self._value)

    # Qt overrides -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.editing or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._press = event.position().toPoint()
        self._last_x = event.position().x()
        self._exact = self._start = self._value
        self._scrubbing = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            super().mouseMoveEvent(event)
            return
        x = event.position().x()
        if not self._scrubbing:
            if abs(x - self._press.x()) < QApplication.startDragDistance() / 2:
                return
            self._scrubbing = True
        self._unit = scrub_unit(self._start) * _factor(event.modifiers())
        self._exact += (x - self._last_x) * self._unit
        self._last_x = x
        self._move_to(self._exact)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        scrubbed, self._scrubbing = self._scrubbing, False
        if self._press is None:
            super().mouseReleaseEvent(event)
            return
        self._press = None
        if scrubbed:
            self.committed.emit(self._value)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.editing:
            super().mouseDoubleClickEvent(event)
        else:
            self._press = None
            self.start_editing()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.editing or not self.hasFocus():
            event.ignore()  # the panel scrolls
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        self._nudge(KEY_UNITS * delta / 120, event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self.editing:
            if enter:
                self._commit_text()
            elif key == Qt.Key.Key_Escape:
                self._stop_editing()
            else:
                super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape and self._press is not None:
            self._press, self._scrubbing = None, False
            self._move_back()
        elif enter:
            self.start_editing()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._nudge(KEY_UNITS if key == Qt.Key.Key_Up else -KEY_UNITS, event.modifiers())
        elif event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(repr(self._value))
        elif event.text() and event.text() in "0123456789-−.,+":
            self.start_editing()
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _move_back(self) -> None:
        """Undo the drag that is going on."""
        if self._value != self._start:
            self._value = self._start
            self._show()
            self.changed.emit(self._value)
        self.committed.emit(self._value)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        leaving = event.reason() != Qt.FocusReason.PopupFocusReason
        if self.editing and leaving and not self._commit_text():
            self._stop_editing()
        super().focusOutEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            mine = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if (self.editing or self._press is not None) and event.key() in mine:
                event.accept()
                return True
        return super().event(event)


def _factor(modifiers: Qt.KeyboardModifier) -> float:
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return FINE
    return COARSE if modifiers & Qt.KeyboardModifier.ControlModifier else 1.0
