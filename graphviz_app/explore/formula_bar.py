"""The formula bar: the function, typeset; its terms light their nodes; it is edited in place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.graph.graph import INPUT, PARAMETER, Graph
from engine.numerals import number
from graphviz_app.explore.formula_edit import ErrorLine, FormulaEdit
from graphviz_app.theme import LIGHT, Theme, mono_font
from graphviz_app.widgets import FormulaLabel

HEIGHT_PX = 58  # always: a bar that grew would push the canvas about
LEAST_TEXT_PX = 80  # a canonical text with less room is not shown


def one_line(text: str) -> str:
    """A formula's text to be read beside it: no lines that only declare, no quotes of names."""
    declarations = (f" = {INPUT}()", f" = {PARAMETER}()")
    lines = [line for line in text.splitlines() if not line.endswith(declarations)]
    return "; ".join(lines).replace("`", "")


class _Drawer(QFrame):
    """Hangs below the bar while the formula is edited; as high as what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("formulaDrawer")

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self.resize(self.width(), self.sizeHint().height())
        return super().event(event)


class FormulaBar(QFrame):
    """Shows the formula, and edits it.

    Signals: ``term_hovered(str)`` with a node id, "" when none is under the mouse;
    ``term_clicked(str)``; ``edited(str)`` shortly after typing pauses; ``committed(str)`` on
    Enter (answer with ``finish`` or ``set_error``); ``cancelled()`` on Esc.
    """

    term_hovered = Signal(str)
    term_clicked = Signal(str)
    edited = Signal(str)
    committed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._text = ""
        self._latex = ""
        self.setObjectName("formulaBar")
        self.label = FormulaLabel(px=20)
        self.label.hovered.connect(self.term_hovered)
        self.label.clicked.connect(self.term_clicked)
        self.text_label = QLabel()
        self.text_label.setFont(mono_font(13))
        self.text_label.setTextFormat(Qt.TextFormat.PlainText)
        self.text_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.text_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton("Edit")
        self.button.setToolTip("Edit the formula (F2)")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.start_editing)
        self.editor = FormulaEdit()
        self.editor.edited.connect(self.edited)
        self.editor.committed.connect(self.committed)
        self.editor.cancelled.connect(self._cancel)
        self.error_line = ErrorLine()
        self.drawer = _Drawer()
        self._build()
        self.set_theme(LIGHT)
        self._show_editor(False)

    def _build(self) -> None:
        self._shown = QWidget()
        line = QHBoxLayout(self._shown)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.label)
        line.addWidget(self.text_label, 1)
        line.addWidget(self.button)
        for part in (self.text_label, self.button):  # the formula stays where it is meanwhile
            policy = part.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            part.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 16, 8)
        layout.addWidget(self._shown)
        inside = QVBoxLayout(self.drawer)
        inside.setContentsMargins(12, 0, 16, 8)
        inside.setSpacing(5)
        inside.addWidget(self.editor)
        inside.addWidget(self.error_line)
        self.label.setMinimumHeight(1)  # what is higher is set smaller
        self.setFixedHeight(HEIGHT_PX)

    # setters ------------------------------------------------------------------------------------

    def set_formula(
        self, latex: str, text: str, link_colors: Mapping[str, str] | None = None
    ) -> None:
        """Show a formula: its LaTeX with links, its canonical text, and its terms' colours."""
        self._latex, self._text = latex, text
        self.label.set_latex(latex, link_colors or {})
        self._elide()

    def set_values_of(self, graph: Graph) -> None:
        """Say a leaf's value when the mouse rests on its term."""
        self.label.set_tips(
            {
                node.id: f"{node.name or node.id} = "
                + ("unset, counts as 1" if node.value is None else number(node.value))
                for node in graph.leaves()
            }
        )

    def highlight(self, node: str | None) -> None:
        """Light the terms of ``node``; "" or None puts the light out."""
        self.label.set_highlight(node or "")

    def preview(self, latex: str) -> None:
        """Show what the text being typed means; the typed text stays in the editor."""
        if self.editing:
            self.label.set_latex(latex)

    def set_error(self, message: str, line: int, column: int, length: int = 1) -> None:
        """Underline ``length`` columns from ``column`` of ``line`` (from 1); say what is wrong."""
        self.editor.set_error((line, column, max(1, length)))
        self.error_line.set_text(message, self.editor.error_x())

    def clear_error(self) -> None:
        """The text is fine."""
        self.editor.set_error(None)
        self.error_line.set_text("", 0)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for part in (self.label, self.editor, self.error_line):
            part.set_theme(theme)
        self.text_label.setStyleSheet(f"color: {theme.text_muted}")
        for part in (self, self.drawer):
            part.setStyleSheet(
                f"#{part.objectName()} {{ background: {theme.panel}; border: none;"
                f" border-bottom: 1px solid {theme.hairline}; }}"
            )

    # editing ------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        """Whether the editor is open."""
        return not self.drawer.isHidden()

    @Slot()
    def start_editing(self) -> None:
        """Open the editor on the canonical text."""
        if not self.editing:
            self._show_editor(True)
            self.editor.start(self._text)

    @Slot()
    def finish(self) -> None:
        """Close the editor and show the formula that was set."""
        self.editor.stop()
        self.clear_error()
        self._show_editor(False)
        self.label.set_latex(self._latex)

    @Slot()
    def _cancel(self) -> None:
        self.finish()
        self.cancelled.emit()

    def _show_editor(self, shown: bool) -> None:
        had_focus = self.editor.hasFocus()
        self.text_label.setVisible(not shown)
        self.button.setVisible(not shown)
        self.drawer.setParent(self.parentWidget() or self)
        self.drawer.setVisible(shown)
        self._place_drawer()
        if had_focus and not shown:
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.button.clearFocus()

    def _elide(self) -> None:
        layout = self._shown.layout()
        if layout is not None:  # the formula beside may have grown
            layout.activate()
        room = self.text_label.width()
        text = one_line(self._text)
        shown = self.text_label.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.text_label.setText(shown if room >= LEAST_TEXT_PX else "")
        self.text_label.setToolTip(self._text)

    def _place_drawer(self) -> None:
        """Below the bar, over what is there: nothing moves while one types."""
        below = self.geometry().bottom() if self.parentWidget() else self.height() - 1
        left = self.x() if self.parentWidget() else 0
        self.drawer.setGeometry(left, below, self.width(), self.drawer.sizeHint().height())
        self.drawer.raise_()

    # Qt overrides -------------------------------------------------------------------------------

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._place_drawer()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.start_editing()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()
        self._place_drawer()
