"""Rows of the controls: a title and what is set there, in one grid for all panels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from graphviz_app.theme import Theme, mono_font, ui_font
from graphviz_app.widgets import ChoiceBox, ScrubBox

TITLE_PX, VALUE_PX = 86, 48
STEPS = 1000  # of a slider


class QuietSlider(QSlider):
    """A slider that the wheel does not move: the wheel scrolls the panel."""

    def __init__(self, label: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(label)
        self.setRange(0, STEPS)
        self.setMinimumWidth(40)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Row(QWidget):
    """A title and one control; ``tip`` says what it does, and whether the run begins anew."""

    def __init__(self, title: str, tip: str = "") -> None:
        super().__init__()
        self.title = QLabel(title)
        self.title.setFont(ui_font(13))
        self.title.setFixedWidth(TITLE_PX)
        self.setToolTip(tip)
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(8)
        self.line.addWidget(self.title)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.title.setStyleSheet(f"color: {theme.text_soft}")


class ChoiceRow(Row):
    """One of several choices.  Signals: ``changed(str)`` with the id."""

    changed = Signal(str)

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], tip: str = "") -> None:
        super().__init__(title, tip)
        self.box = ChoiceBox(title)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.setMinimumContentsLength(6)
        self.box.setSizeAdjustPolicy(
            ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.box.set_choices(choices)
        self.box.changed.connect(self.changed)
        self.line.addWidget(self.box, 1)

    def show_choice(self, choice: str) -> None:
        """Show what is chosen."""
        self.box.set_current(choice)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        super().set_theme(theme)
        self.box.set_theme(theme)


class NumberRow(Row):
    """A number that is typed or dragged.  Signals: ``changed(float)`` once it is decided."""

    changed = Signal(float)

    def __init__(self, title: str, tip: str = "") -> None:
        super().__init__(title, tip)
        self.box = ScrubBox()
        self.box.setAccessibleName(title)
        self.box.committed.connect(self.changed)
        self.line.addWidget(self.box, 1)

    def show_number(self, number: float) -> None:
        """Show the number as it is."""
        self.box.set_value(number)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        super().set_theme(theme)
        self.box.set_theme(theme)


class SliderRow(Row):
    """A number on a slider, its value beside it.

    Signals: ``changed(float)`` as the slider moves.
    """

    changed = Signal(float)

    def __init__(
        self,
        title: str,
        low: float,
        high: float,
        written: Callable[[float], str],
        tip: str = "",
        step: float = 0.0,
    ) -> None:
        super().__init__(title, tip)
        self._low, self._high, self._written, self._step = low, high, written, step
        self.slider = QuietSlider(title)
        self.value_label = QLabel()
        self.value_label.setFont(mono_font(12))
        self.value_label.setFixedWidth(VALUE_PX)
        self.value_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider.valueChanged.connect(self._moved)
        self.line.addWidget(self.slider, 1)
        self.line.addWidget(self.value_label)

    def value(self) -> float:
        """Where the slider stands."""
        found = self._low + (self._high - self._low) * self.slider.value() / STEPS
        return round(found / self._step) * self._step if self._step else found

    def show_number(self, number: float) -> None:
        """Show the number as it is, without a signal."""
        blocked = self.slider.blockSignals(True)
        share = (number - self._low) / (self._high - self._low) if self._high > self._low else 0.0
        if not self.slider.isSliderDown():
            self.slider.setValue(round(STEPS * min(max(share, 0.0), 1.0)))
        self.slider.blockSignals(blocked)
        self.value_label.setText(self._written(number))

    @Slot()
    def _moved(self) -> None:
        self.value_label.setText(self._written(self.value()))
        self.changed.emit(self.value())

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        super().set_theme(theme)
        self.value_label.setStyleSheet(f"color: {theme.text}")


class RateRow(QWidget):
    """The learning rate: any number that is typed, or a slider on the logarithmic scale.

    Signals: ``changed(float)``.
    """

    changed = Signal(float)
    LOW, HIGH = 1e-5, 10.0

    def __init__(self) -> None:
        super().__init__()
        self.row = NumberRow("Learning rate", "The run goes on with the new rate.")
        self.slider = QuietSlider("Learning rate, logarithmic")
        self.slider.setToolTip(f"From {self.LOW:g} to {self.HIGH:g}, on the logarithmic scale")
        self.row.changed.connect(self._typed)
        self.slider.valueChanged.connect(self._slid)
        self.below = Row("")
        self.below.line.addWidget(self.slider, 1)

    def show_number(self, rate: float) -> None:
        """Show the rate as it is."""
        self.row.show_number(rate)
        span = math.log(self.HIGH / self.LOW)
        share = math.log(max(rate, self.LOW) / self.LOW) / span
        blocked = self.slider.blockSignals(True)
        if not self.slider.isSliderDown():
            self.slider.setValue(round(STEPS * min(max(share, 0.0), 1.0)))
        self.slider.blockSignals(blocked)

    @Slot(float)
    def _typed(self, rate: float) -> None:
        self.changed.emit(rate)

    @Slot(int)
    def _slid(self, at: int) -> None:
        rate = self.LOW * (self.HIGH / self.LOW) ** (at / STEPS)
        digits = 1 - math.floor(math.log10(rate))
        rate = round(rate, digits)  # two digits, as one reads them
        self.row.show_number(rate)
        self.changed.emit(rate)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.row.set_theme(theme)
        self.below.set_theme(theme)
