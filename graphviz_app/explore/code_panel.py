"""The network as code, at the left: its listing, which can be typed over, and its summary."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.layers.source import Source
from graphviz_app.explore.code_edit import CodeEdit
from graphviz_app.explore.summary_table import ROW_PX, LayerRow, SummaryTable
from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import SectionTitle

NO_NETWORK = Source()
INVITATION = (
    "Type or paste a {dialect} listing and press Ctrl+Enter: it builds the network as a graph. "
    "File ▸ New network begins with one that is ready."
)
EXAMPLES = {
    "Keras": "model = Sequential()\nmodel.add(Dense(8, input_dim=2))\nmodel.add(Dense(1))",
    "PyTorch": "model = nn.Sequential(\n    nn.Linear(2, 8),\n    nn.Linear(8, 1),\n)",
}
MARGIN_PX = 16


class CodePanel(QWidget):
    """Shows a listing and a summary, and what of a listing was not understood.

    What was typed stays until it is built or taken back.  Signals: ``built(str)`` with a listing
    that a network is wanted of; ``chosen(str)`` and ``hovered(str)`` with the node of a line or
    row, "" for none.
    """

    built = Signal(str)
    chosen = Signal(str)
    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._source, self._dialect = NO_NETWORK, "Keras"
        self._drafts: dict[str, str] = {}  # what was typed and not built, by dialect
        self._lit = self._hovered = ""  # layers whose lines are lit
        self.editor = CodeEdit()
        self.trouble, self.error = _sentence("trouble"), _sentence("error")
        self.trouble.linkActivated.connect(self.chosen)
        self.build_button = QPushButton("Build")
        self.build_button.setProperty("primary", True)
        self.build_button.setToolTip("Build the network that is written here (Ctrl+Enter)")
        self.back_button = QPushButton("Take back")
        self.back_button.setToolTip("Show the network as it is (Esc)")
        self.copy_button = QToolButton()
        self.copy_button.setToolTip("Copy the listing")
        self.copy_button.setAccessibleName("Copy the listing")
        self.copy_button.setIconSize(QSize(16, 16))
        self.editor.set_corner(self.copy_button)
        self.summary_title = SectionTitle()
        self.summary_title.set_title("Summary")
        self.summary = SummaryTable()
        self._scroll = _scrolling(self.summary)
        self._lay_out()
        self.editor.textChanged.connect(self._typed)
        self.editor.build_asked.connect(self._build)
        self.editor.cancelled.connect(self.take_back)
        self.editor.line_clicked.connect(self._choose_line)
        self.editor.line_hovered.connect(self._hover_line)
        self.summary.chosen.connect(self.chosen)
        self.summary.hovered.connect(self.hovered)
        self.build_button.clicked.connect(self._build)
        self.back_button.clicked.connect(self.take_back)
        self.copy_button.clicked.connect(self.copy)
        self.set_theme(LIGHT)
        self.take_back()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setContentsMargins(MARGIN_PX, 6, 8, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.build_button)
        buttons.addWidget(self.back_button)
        buttons.addStretch(1)
        title = QHBoxLayout()
        title.setContentsMargins(MARGIN_PX, 14, MARGIN_PX, 4)
        title.addWidget(self.summary_title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 8)
        layout.setSpacing(0)
        layout.addWidget(self.trouble)
        layout.addWidget(self.editor)
        layout.addWidget(self.error)
        layout.addLayout(buttons)
        layout.addLayout(title)
        layout.addWidget(self._scroll)
        layout.addStretch(1)

    # what is shown ------------------------------------------------------------------------------

    def show_source(self, source: Source, dialect: str) -> None:
        """Show the listing of a network, or why there is none; what is being typed stays."""
        self._drafts[self._dialect] = self.editor.toPlainText() if self.typed else ""
        self._source, self._dialect = source, dialect
        draft = self._drafts.get(dialect, "")
        self.editor.example = EXAMPLES.get(dialect, "")
        trouble = html.escape(source.trouble or INVITATION.format(dialect=dialect))
        if source.node:
            trouble += f' <a href="{html.escape(source.node)}">Show it</a>'
        self.trouble.setText(trouble)
        self.trouble.setVisible(not source.lines)
        if draft != self.editor.toPlainText() or not draft:
            self.editor.set_text(draft or source.text)
        self._typed()

    def forget(self) -> None:
        """Drop what was typed: another document comes."""
        self._source = NO_NETWORK
        self._drafts.clear()
        self.take_back()

    def show_summary(self, rows: Sequence[LayerRow], kept: int) -> None:
        """Show the layers of a network; without any there is no summary."""
        self.summary.set_rows(rows, kept)
        self._scroll.setMinimumHeight(min(6 * ROW_PX, self.summary.sizeHint().height()))
        self._scroll.updateGeometry()
        for part in (self.summary_title, self._scroll):
            part.setVisible(bool(rows))

    def set_lit(self, node: str) -> None:
        """Light the lines and the row of a layer, "" for none."""
        self._lit = node
        self._show_lit()
        self.summary.set_selected(node)

    def set_hovered(self, node: str) -> None:
        """Light them faintly."""
        self._hovered = node
        self._show_lit()

    def _show_lit(self) -> None:
        """Light the lines that these layers have in the listing that is there now."""
        typed = self.typed
        self.editor.set_lit(() if typed else self._lines_of(self._lit))
        self.editor.set_hovered(() if typed else self._lines_of(self._hovered))

    def _lines_of(self, node: str) -> list[int]:
        lines = enumerate(self._source.lines, 1)
        return [number for number, line in lines if node and line.node == node]

    def show_error(self, sentence: str, line: int) -> None:
        """Say what was not understood, and underline its line."""
        self.error.setText(sentence)
        self.error.show()
        self.editor.set_wrong(line)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.editor.set_theme(theme)
        self.summary.set_theme(theme)
        self.summary_title.set_theme(theme)
        self.copy_button.setIcon(icon("copy", theme))
        self.setStyleSheet(
            f"#codePanel {{ background: {theme.panel}; }}"
            f"#trouble {{ color: {theme.text_soft}; }} #error {{ color: {theme.problem}; }}"
        )

    # what is typed ------------------------------------------------------------------------------

    @property
    def typed(self) -> bool:
        """Whether the text differs from the network's own."""
        return self.editor.toPlainText().strip() != self._source.text.strip()

    @Slot()
    def take_back(self) -> None:
        """Show the network's own listing again."""
        self.editor.set_text(self._source.text)
        self._typed()

    @Slot()
    def _typed(self) -> None:
        typed = self.typed
        self.error.hide()
        self.editor.set_wrong(0)
        self._show_lit()
        self.build_button.setVisible(typed)
        self.back_button.setVisible(typed and bool(self._source.lines))
        self.copy_button.setVisible(bool(self.editor.toPlainText()))

    @Slot()
    def _build(self) -> None:
        if self.typed:
            self.built.emit(self.editor.toPlainText())

    @Slot()
    def copy(self) -> None:
        """Put the listing onto the clipboard."""
        QGuiApplication.clipboard().setText(self.editor.toPlainText())

    @Slot(int)
    def _choose_line(self, line: int) -> None:
        node = self._node_of(line)
        if node:
            self.chosen.emit(node)

    @Slot(int)
    def _hover_line(self, line: int) -> None:
        self.hovered.emit(self._node_of(line))

    def _node_of(self, line: int) -> str:
        lines = self._source.lines
        return lines[line - 1].node if not self.typed and 0 < line <= len(lines) else ""


def _sentence(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setFont(ui_font(12))
    label.setWordWrap(True)
    label.setContentsMargins(MARGIN_PX, 6, MARGIN_PX, 4)
    label.hide()
    return label


class _Room(QScrollArea):
    """Scrolls one widget, and asks for no more room than that has."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self._inside = inside
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()


def _scrolling(widget: QWidget) -> QScrollArea:
    area = _Room(widget)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
