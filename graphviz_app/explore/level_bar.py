"""The level that is seen, in the upper left corner of the canvas, and which example of a batch."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from engine.graph.levels import LAYERS, LEVELS
from graphviz_app.theme import LIGHT, Theme
from graphviz_app.widgets import SegmentedSwitch, Stepper

CORNER_PX = 16  # from the view's corner
WORDS = {LAYERS: "Layers"} | {level: level.capitalize() for level in LEVELS if level}


class NeuronStepper(Stepper):
    """Which neuron of a layer: called by its index, as in the names of its weights."""

    def __init__(self) -> None:
        super().__init__("neuron")

    def says(self, value: int, count: int) -> str:
        return f"neuron {value:,} of 0–{count - 1:,}"


class LevelBar(QFrame):
    """Lies over the canvas.

    Signals: ``level_chosen(str)``, one of LEVELS; ``neuron_chosen(int)`` and
    ``example_chosen(int)``, from 0.
    """

    level_chosen = Signal(str)
    neuron_chosen = Signal(int)
    example_chosen = Signal(int)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setObjectName("levelBar")
        self.switch = SegmentedSwitch(label="Level")
        self.switch.set_choices([(WORDS[level], WORDS[level]) for level in LEVELS])
        self.switch.changed.connect(self._choose)
        self.neurons = NeuronStepper()
        self.neurons.changed.connect(self.neuron_chosen)
        self.stepper = Stepper("example")
        self.stepper.changed.connect(self.example_chosen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(2)
        layout.addWidget(self.switch)
        layout.addWidget(self.neurons)
        layout.addWidget(self.stepper)
        self.move(CORNER_PX, CORNER_PX)
        self.set_theme(LIGHT)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.switch.set_theme(theme)
        self.neurons.set_theme(theme)
        self.stepper.set_theme(theme)
        self.setStyleSheet(
            f"#levelBar {{ background: {theme.panel}; border: 1px solid {theme.hairline};"
            " border-radius: 9px; }"
        )

    def show_level(self, level: str | None) -> None:
        """Mark the level that is seen; None where layers differ."""
        self.switch.set_current(None if level is None else WORDS[level])
        self._fit()

    def show_neuron(self, neuron: int, count: int) -> None:
        """Say which neuron of a layer of ``count`` is seen; nothing for 0."""
        self.neurons.show_value(neuron, count)
        self._fit()

    def show_example(self, example: int, count: int) -> None:
        """Say which example of ``count`` the numbers are of; nothing where there is one."""
        self.stepper.show_value(example, count)
        self._fit()

    def _fit(self) -> None:
        """Be as wide as what is shown now: a layout tells of it only later."""
        for part in (self.neurons, self.stepper, self):
            layout = part.layout()
            if layout is not None:
                layout.invalidate()
                layout.activate()
        self.resize(self.sizeHint())

    @Slot(str)
    def _choose(self, word: str) -> None:
        self.level_chosen.emit(next(level for level in LEVELS if WORDS[level] == word))
