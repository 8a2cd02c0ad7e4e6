"""A tensor in brief, for the right column: its shape in words, statistics, histogram, copying."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.ops.op import shape_words
from graphviz_app.explore.tensor_figures import GRADIENT, VALUE, Described, Figures
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import SectionTitle, SegmentedSwitch

MARGIN_PX = 16
FIGURES_PX = 136


class TensorSummary(QWidget):
    """There where a tensor is selected.  Signals: ``numbers_chosen(str)`` for its value or its
    gradient; ``opened()``, ``numpy_wanted()`` and ``csv_wanted()`` from the buttons."""

    numbers_chosen = Signal(str)
    opened = Signal()
    numpy_wanted = Signal()
    csv_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = SectionTitle("All numbers")
        self.switch = SegmentedSwitch(label="Numbers")
        self.switch.set_choices([(VALUE, "Value"), (GRADIENT, "Gradient")])
        self.words = QLabel()
        self.words.setFont(ui_font(13))
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.figures = Figures()
        self.figures.setFixedHeight(FIGURES_PX)
        self.open_button = QPushButton("Show table")
        self.open_button.setToolTip("Show all numbers below the canvas (T)")
        self.numpy_button, self.csv_button = QPushButton("Copy NumPy"), QPushButton("Copy CSV")
        for button in (self.numpy_button, self.csv_button):
            button.setToolTip("Copies the selected cells of the table, or else all numbers")
        self._build()
        self.switch.changed.connect(self.numbers_chosen)
        self.open_button.clicked.connect(self.opened)
        self.numpy_button.clicked.connect(self.numpy_wanted)
        self.csv_button.clicked.connect(self.csv_wanted)
        self.set_theme(LIGHT)
        self.hide()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.switch)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.open_button, self.numpy_button, self.csv_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 16)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.words)
        layout.addWidget(self.figures)
        layout.addLayout(buttons)

    @Slot(object)
    def show_described(self, told: Described | None) -> None:
        """Show what is told of a tensor; None is that no tensor is selected."""
        self.setVisible(told is not None)
        if told is None:
            return
        words = shape_words(told.shape)
        self.words.setText(f"{words[0].upper()}{words[1:]}.")
        self.switch.set_current(told.numbers)
        self.figures.show_described(told)
        for button in (self.numpy_button, self.csv_button):
            button.setEnabled(told.statistics is not None)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for part in (self.heading, self.switch, self.figures):
            part.set_theme(theme)
        self.words.setStyleSheet(f"color: {theme.text_soft}")
        self.setStyleSheet("QPushButton { padding: 3px 6px; }")
