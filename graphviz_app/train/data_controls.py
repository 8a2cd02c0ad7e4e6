"""DATA: which set the network learns from, how noisy, how it is split, and what is given of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.data.choice import DRAWN, NO_DATA, DataChoice, is_table_file
from engine.data.input_features import INPUT_FEATURES, PLAIN
from engine.data.table import DATASETS
from engine.numerals import percent
from graphviz_app.theme import Theme, ui_font
from graphviz_app.train.defaults import has_plane
from graphviz_app.train.rows import ChoiceRow, SliderRow
from graphviz_app.train.thumbnails import Thumbnails
from graphviz_app.widgets import SectionTitle

PICTURED = ("circle", "xor_clouds", "gaussians", "spiral", "moons", "multi_gaussian")
OWN_POINTS, OWN_CURVE, OWN_FILE = ":points", ":curve", ":file"
MOST_NOISE = 1.0
ANEW = " The run begins anew."
CHIP_COLUMNS = 4


class DataControls(QWidget):
    """Signals: ``chosen(str)``, a set of the table; ``points_wanted()``, ``curve_wanted()`` and
    ``file_wanted()``, data of one's own; ``changed(str, str, object)``: a title, a key under which
    changes in a row are one, and the changed fields of the ``DataChoice``; ``new_wanted()``.
    """

    chosen = Signal(str)
    points_wanted = Signal()
    curve_wanted = Signal()
    file_wanted = Signal()
    new_wanted = Signal()
    changed = Signal(str, str, object)

    def __init__(self) -> None:
        super().__init__()
        self._choice: DataChoice | None = None
        self.heading = SectionTitle("Data")
        self.thumbnails = Thumbnails(PICTURED)
        self.thumbnails.chosen.connect(self.chosen)
        listed = [(name, source.title) for name, source in DATASETS.items()]
        own = [
            (OWN_POINTS, "Own points…"), (OWN_CURVE, "Own curve…"), (OWN_FILE, "A CSV file…"),
            (NO_DATA, "No data"),
        ]  # fmt: skip
        self.sets = ChoiceRow("Set", [*listed, *own], "All sets, and data of your own." + ANEW)
        self.sets.changed.connect(self._choose)
        self.noise = SliderRow(
            "Noise", 0, MOST_NOISE, lambda v: f"{v:.2f}", "Spread of the points." + ANEW, step=0.01
        )
        self.noise.changed.connect(self._set_noise)
        self.flip = SliderRow(
            "Wrong labels", 0, 0.5, percent, "Share of labels that are exchanged." + ANEW, step=0.01
        )
        self.flip.changed.connect(self._set_flip)
        self.test = SliderRow(
            "Test share", 0, 0.9, percent, "Rows that the network never learns from." + ANEW,
            step=0.05,
        )  # fmt: skip
        self.test.changed.connect(self._set_test)
        self.validation = SliderRow(
            "Validation", 0, 0.5, percent,
            "Rows that decide when to stop early, and judge nothing." + ANEW, step=0.05,
        )  # fmt: skip
        self.validation.changed.connect(self._set_validation)
        self.new = QPushButton("New data")
        self.new.setToolTip("Other rows of the same kind, from the next seed." + ANEW)
        self.new.clicked.connect(self.new_wanted)
        self.inputs_heading = SectionTitle("Inputs")
        self.chips = {name: self._chip(name) for name in INPUT_FEATURES}
        chips = QGridLayout()
        chips.setSpacing(6)
        for k, chip in enumerate(self.chips.values()):
            chips.addWidget(chip, k // CHIP_COLUMNS, k % CHIP_COLUMNS)
        self.chip_box = QWidget()
        self.chip_box.setLayout(chips)
        chips.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        line.addWidget(self.new)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for part in (self.heading, self.thumbnails, self.sets, *self._sliders):
            layout.addWidget(part)
        layout.addLayout(line)
        layout.addSpacing(6)
        layout.addWidget(self.inputs_heading)
        layout.addWidget(self.chip_box)

    @property
    def _sliders(self) -> tuple[SliderRow, ...]:
        return self.noise, self.flip, self.test, self.validation

    def _chip(self, name: str) -> QPushButton:
        chip = QPushButton(name)
        chip.setCheckable(True)
        chip.setFont(ui_font(12))
        chip.setAccessibleName(f"Input {name}")
        chip.setToolTip(f"Whether the network is given {name}." + ANEW)
        chip.setObjectName("chip")
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.clicked.connect(self._choose_inputs)
        return chip

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for part in (
            self.heading, self.thumbnails, self.sets, self.inputs_heading, *self._sliders,
        ):  # fmt: skip
            part.set_theme(theme)
        self.chip_box.setStyleSheet(
            f"QPushButton {{ padding: 4px 2px; border-radius: 7px; color: {theme.text_soft};"
            f" background: {theme.field}; border: 1px solid {theme.hairline}; }}"
            f"QPushButton:hover, QPushButton:focus {{ border-color: {theme.accent}; }}"
            f"QPushButton:checked {{ background: {theme.accent_soft}; color: {theme.accent};"
            f" border-color: {theme.accent}; }}"
        )

    def show_choice(self, choice: DataChoice) -> None:
        """Show what is trained on."""
        self._choice = choice
        source = DATASETS.get(choice.name)
        self.thumbnails.show_choice(choice.name)
        drawn = OWN_POINTS if choice.settings.get("dimensions", 2) == 2 else OWN_CURVE
        own = drawn if choice.name == DRAWN else OWN_FILE
        listed = source is not None or choice.name == NO_DATA
        self.sets.show_choice(choice.name if listed else own)
        if is_table_file(choice.name):
            self.sets.setToolTip(choice.name)
        settings: Mapping[str, Any] = choice.settings
        for row, name in ((self.noise, "noise"), (self.flip, "flip")):
            setting = source.settings.get(name) if source is not None else None
            row.setVisible(setting is not None)
            if setting is not None:
                row.show_number(float(settings.get(name, setting.default)))
        for row, share in ((self.test, choice.test), (self.validation, choice.validation)):
            row.show_number(float(share) if isinstance(share, float) or share == 0 else 0.0)
            row.setVisible(choice.name != NO_DATA)
        random = source is not None and source.is_random
        self.new.setEnabled(random)
        self.new.setVisible(choice.name != NO_DATA)
        plane = has_plane(source) if source is not None else own == OWN_POINTS
        plane = plane and choice.name != NO_DATA
        self.inputs_heading.setVisible(plane)
        self.chip_box.setVisible(plane)
        for name, chip in self.chips.items():
            chip.setChecked(name in (choice.inputs or PLAIN))

    @Slot(str)
    def _choose(self, name: str) -> None:
        if name == OWN_POINTS:
            self.points_wanted.emit()
        elif name == OWN_CURVE:
            self.curve_wanted.emit()
        elif name == OWN_FILE:
            self.file_wanted.emit()
        else:
            self.chosen.emit(name)

    @Slot(float)
    def _set_noise(self, noise: float) -> None:
        self._set("Noise", noise=noise)

    @Slot(float)
    def _set_flip(self, share: float) -> None:
        self._set("Wrong labels", flip=share)

    def _set(self, title: str, **settings: float) -> None:
        if self._choice is not None:
            after = {**self._choice.settings, **settings}
            self.changed.emit(title, title, {"settings": after})

    @Slot(float)
    def _set_test(self, share: float) -> None:
        self.changed.emit("Test share", "test", {"test": float(share)})

    @Slot(float)
    def _set_validation(self, share: float) -> None:
        self.changed.emit("Validation share", "validation", {"validation": float(share)})

    @Slot()
    def _choose_inputs(self) -> None:
        names = tuple(name for name, chip in self.chips.items() if chip.isChecked())
        if not names:  # a network needs something to go on
            self.chips["x1"].setChecked(True)
            names = ("x1",)
        self.changed.emit("Input features", "", {"inputs": () if names == PLAIN else names})
