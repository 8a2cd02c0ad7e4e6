"""The level that is seen, in the upper left corner of the canvas, and which example of a batch."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from engine.graph.levels import LAYERS, LEVELS
from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import SegmentedSwitch

CORNER_PX = 16  # from the view's corner
WORDS = {LAYERS: "Layers"} | {level: level.capitalize() for level in LEVELS if level}


class LevelBar(QFrame):
    """Lies over the canvas.

    Signals: ``level_chosen(str)``, one of LEVELS; ``example_chosen(int)``, from 0.
    """

    level_chosen = Signal(str)
    example_chosen = Signal(int)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setObjectName("levelBar")
        self._example, self._count = 0, 0
        self.switch = SegmentedSwitch(label="Level")
        self.switch.set_choices([(WORDS[level], WORDS[level]) for level in LEVELS])
        self.switch.changed.connect(self._choose)
        self.before, self.after = QToolButton(), QToolButton()
        self.label = QLabel()
        self.label.setFont(ui_font(12))
        for button, name, tip, step in (
            (self.before, "chevron-left", "The example before", -1),
            (self.after, "chevron-right", "The next example", 1),
        ):
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setAutoRaise(True)
            button.setAutoRepeat(True)
            button.setFixedSize(22, 22)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._earlier if step < 0 else self._later)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(2)
        for part in (self.switch, self.before, self.label, self.after):
            layout.addWidget(part)
        self.move(CORNER_PX, CORNER_PX)
        view.installEventFilter(self)
        self.set_theme(LIGHT)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.switch.set_theme(theme)
        for button in (self.before, self.after):
            button.setIcon(icon(button.objectName(), theme))
        self.setStyleSheet(
            f"#levelBar {{ background: {theme.panel}; border: 1px solid {theme.hairline};"
            f" border-radius: 9px; }} QLabel {{ color: {theme.text_soft}; }}"
            f" QToolButton {{ border: none; border-radius: 5px; }}"
            f" QToolButton:hover {{ background: {theme.hover}; }}"
        )

    def show_level(self, level: str | None) -> None:
        """Mark the level that is seen; None where layers differ."""
        self.switch.set_current(None if level is None else WORDS[level])
        self.adjustSize()

    def show_example(self, example: int, count: int) -> None:
        """Say which example of ``count`` the numbers are of; nothing where there is one."""
        self._example, self._count = example, count
        for part in (self.before, self.label, self.after):
            part.setVisible(count > 1)
        self.label.setText(f"example {example + 1} of {count}")
        self.before.setEnabled(example > 0)
        self.after.setEnabled(example + 1 < count)
        self.adjustSize()

    @Slot(str)
    def _choose(self, word: str) -> None:
        self.level_chosen.emit(next(level for level in LEVELS if WORDS[level] == word))

    @Slot()
    def _earlier(self) -> None:
        self.example_chosen.emit(max(self._example - 1, 0))

    @Slot()
    def _later(self) -> None:
        self.example_chosen.emit(min(self._example + 1, self._count - 1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.raise_()
        return super().eventFilter(watched, event)
