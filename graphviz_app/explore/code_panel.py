"""The network as code: its listing in Keras or PyTorch, to follow and to change; its summary."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.layers.network import Row
from engine.layers.source import Line
from graphviz_app.explore.code_editor import CodeEditor
from graphviz_app.explore.summary_table import SummaryTable
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import SectionTitle

PAD_PX = 16
INVITATION = (
    "Paste a Keras Sequential or a PyTorch nn.Sequential listing here and press Ctrl+Enter: "
    "it is read, never run."
)


class CodePanel(QWidget):
    """Shows a listing line by line; what is typed is handed on by a button or Ctrl+Enter.

    Signals: ``built(str)`` with the text; ``node_chosen(str)``, ``node_hovered(str)`` ("" none).
    """

    built = Signal(str)
    node_chosen = Signal(str)
    node_hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = LIGHT
        self._lines: list[Line] = []
        self._shown = ""  # the text as it was written, before anybody typed
        self.editor = CodeEditor()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setFont(ui_font(12))
        self.build_button = QPushButton("Build")
        self.build_button.setProperty("primary", "true")
        self.build_button.setToolTip("Make the network that the listing describes (Ctrl+Enter)")
        self.discard_button = QPushButton("Discard")
        self.copy_button = QPushButton("Copy")
        self.title = SectionTitle("Summary")
        self.summary = SummaryTable()
        self._build()
        self._connect()
        self.set_theme(LIGHT)
        self._typed()

    def _build(self) -> None:
        buttons = QHBoxLayout()
        buttons.setContentsMargins(PAD_PX, 4, PAD_PX, 8)
        buttons.setSpacing(8)
        for button in (self.build_button, self.discard_button, self.copy_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        message = QHBoxLayout()
        message.setContentsMargins(PAD_PX, 6, PAD_PX, 2)
        message.addWidget(self.message)
        title = QHBoxLayout()
        title.setContentsMargins(PAD_PX, 8, PAD_PX, 2)
        title.addWidget(self.title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 8)
        layout.setSpacing(0)
        layout.addWidget(self.editor, 1)
        layout.addLayout(message)
        layout.addLayout(buttons)
        layout.addLayout(title)
        layout.addWidget(self.summary)
        layout.addStretch(0)

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._typed)
        self.editor.entered.connect(self._hand_on)
        self.editor.left.connect(self.discard)
        self.editor.line_chosen.connect(self._choose)
        self.editor.line_hovered.connect(self._hover)
        self.build_button.clicked.connect(self._hand_on)
        self.discard_button.clicked.connect(self.discard)
        self.copy_button.clicked.connect(self._copy)
        self.summary.chosen.connect(self.node_chosen)

    @property
    def typed(self) -> bool:
        """Whether somebody has changed the text."""
        return self.editor.toPlainText() != self._shown

    def show_source(self, lines: Sequence[Line], missing: str, anew: bool) -> None:
        """Show a listing, unless somebody is typing (``anew`` all the same), and what it lacks."""
        self._lines = list(lines)
        typed, self._shown = self.typed, "\n".join(line.text for line in lines)
        if anew or not typed:
            self._missing = missing
            self.editor.setPlainText(self._shown)
        self._typed()

    _missing = ""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show the summary; none where there are no layers."""
        self.summary.set_rows(rows)
        for part in (self.title, self.summary):
            part.setVisible(bool(rows))

    def show_error(self, sentence: str, line: int) -> None:
        """Say what of the text was not understood, in this line (from 1)."""
        self.editor.set_wrong(line - 1)
        self._say(sentence, wrong=True)

    def light(self, nodes: Collection[str], current: str) -> None:
        """Put a band behind the lines of these nodes; the summary's row of ``current`` is bold."""
        if not self.typed:
            lines = [k for k, line in enumerate(self._lines) if line.node and line.node in nodes]
            self.editor.light(lines)
        self.summary.set_current(current)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.setStyleSheet(f"#codePanel {{ background: {theme.panel}; }}")
        for part in (self.editor, self.summary, self.title):
            part.set_theme(theme)
        self._say(self.message.text(), wrong=self._wrong)

    _wrong = False

    def _say(self, sentence: str, wrong: bool = False) -> None:
        self._wrong = wrong
        color = self._theme.problem if wrong else self._theme.text_muted
        self.message.setStyleSheet(f"color: {color}")
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    @Slot()
    def _typed(self) -> None:
        typed = self.typed
        self.build_button.setVisible(typed)
        self.discard_button.setVisible(typed)
        self.copy_button.setVisible(bool(self._shown) and not typed)
        self.editor.set_wrong(-1)
        if typed:
            self.editor.light(())
            self._say("")
        else:
            self._say(self._missing or ("" if self._shown else INVITATION))

    @Slot()
    def _hand_on(self) -> None:
        if self.typed:
            self.built.emit(self.editor.toPlainText())

    @Slot()
    def discard(self) -> None:
        """Show the network's own listing again."""
        self.editor.setPlainText(self._shown)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._shown + "\n")

    def _node_of(self, line: int) -> str:
        known = not self.typed and 0 <= line < len(self._lines)
        return self._lines[line].node if known else ""

    @Slot(int)
    def _choose(self, line: int) -> None:
        if node := self._node_of(line):
            self.node_chosen.emit(node)

    @Slot(int)
    def _hover(self, line: int) -> None:
        self.node_hovered.emit(self._node_of(line))
