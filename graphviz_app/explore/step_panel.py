"""The step panel: what happens in this step, in one sentence and in formulas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.graph.bypass import bypassed, own_op
from engine.ops import OPS
from engine.run.walk import Phase, Step
from graphviz_app.explore.blocks import BlockCard
from graphviz_app.explore.step_blocks import blocks, operation_latex
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets import FormulaLabel, Pill, SectionTitle

MARGIN_PX = 16
LEAST_HEIGHT_PX, MOST_HEIGHT_PX = 340, 480
TITLE_FORMULA_WIDEST = 60  # characters of LaTeX

EMPTY = "Nothing is computed yet."
EMPTY_KEYS = "Press Space for the first step, or P to let the walk run. Backspace steps back."
STOPPED = "Nothing to walk through yet."
DONE = "The walk is done."
DONE_KEYS = "Drag the timeline or press Backspace to look at a step again; Home starts over."

_LEAVES = {"input": "input", "parameter": "parameter", "constant": "constant"}


class StepPanel(QWidget):
    """Shows one step.  It sends no signals.

    Its height follows the content between two bounds, so that the panels below it stay still;
    longer content scrolls inside.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._step: Step | None = None
        self._names: Callable[[str], str] = str
        self.heading = SectionTitle("This step")
        self.title = QLabel()
        self.title.setFont(ui_font(15, 600))
        self.formula = FormulaLabel(px=14)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setFont(ui_font(13))
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card = BlockCard()
        self.verified = Pill()
        self._build()
        self.show_step(None, str, "")

    def _build(self) -> None:
        self._body = QWidget()
        self._body.setObjectName("stepBody")
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.title)
        line.addWidget(self.formula, 1)
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(MARGIN_PX, 14, MARGIN_PX, 12)
        inner.setSpacing(10)
        inner.addWidget(self.heading)
        inner.addLayout(line)
        inner.addWidget(self.sentence)
        inner.addWidget(self.card)
        inner.addWidget(self.verified)
        inner.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._body)
        self._body.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)

    # setters ------------------------------------------------------------------------------------

    def show_step(self, step: Step | None, names: Callable[[str], str], label: str = "") -> None:
        """Show ``step``; ``names`` gives the LaTeX name of a node id, ``label`` its plain title.

        Without a step the panel tells which keys begin; ``label`` is then the result of a walk
        that is done, or empty before it has begun.
        """
        self._step, self._names = step, names
        if step is None:
            self.title.setText(DONE if label else EMPTY)
            self.formula.set_latex("")
            self.sentence.setText(f"{label}. {DONE_KEYS}" if label else EMPTY_KEYS)
            self.card.set_blocks([])
        else:
            self.title.setText(_title(step))
            self.title.setToolTip(label)
            self.formula.set_latex(_title_latex(step, names))
            self.sentence.setText(_sentence(step).replace("/", "/\u2060"))  # ∂f/∂x stays whole
            self.card.set_blocks(blocks(step, names))
        self._fit_height()

    def show_missing(self, sentence: str) -> None:
        """There is no walk: ``sentence`` says what is missing."""
        self.show_step(None, str)
        if sentence:
            self.title.setText(STOPPED)
            self.sentence.setText(sentence)
            self._fit_height()

    def set_verified(self, text: str, ok: bool = True) -> None:
        """The outcome of the gradient check: the relative error, and whether it is small."""
        if not text:
            self.verified.set_state("", True)
        elif ok:
            self.verified.set_state(f"✓ verified {text.replace('-', '−')}", True)
        else:
            finite = text not in ("inf", "nan")
            why = f"off by {text.replace('-', '−')}" if finite else "not finite"
            self.verified.set_state(f"✗ not verified: {why}", False)
        self.verified.setToolTip(
            "The gradient check compares every gradient with a central difference,\n"
            "(f(x + h) − f(x − h)) / 2h. This is the largest relative error found;\n"
            "below 1e−6 the gradients count as verified."
        )
        self._fit_height()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.heading.set_theme(theme)
        self.formula.set_color(theme.text_soft)
        self.formula.set_theme(theme)
        self.card.set_theme(theme)
        self.verified.set_theme(theme)
        self.title.setStyleSheet(f"color: {theme.text}")
        self.sentence.setStyleSheet(f"color: {theme.text_soft}")
        self._body.setStyleSheet(f"#stepBody {{ background: {theme.panel}; }}")

    # geometry -----------------------------------------------------------------------------------

    @Slot()
    def _fit_height(self) -> None:
        layout = self._body.layout()
        assert layout is not None
        wanted = layout.totalHeightForWidth(max(self._scroll.viewport().width(), 240))
        self._body.setMinimumHeight(wanted)  # a scroll area does not ask for height for width
        self.setFixedHeight(max(LEAST_HEIGHT_PX, min(wanted, MOST_HEIGHT_PX)))
        layout.activate()

    def sizeHint(self) -> QSize:
        return QSize(320, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit_height()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._body and event.type() is QEvent.Type.LayoutRequest:
            self._fit_height()
        return super().eventFilter(watched, event)


def _title(step: Step) -> str:
    if step.op in OPS:
        way = "Forward" if step.phase is Phase.FORWARD else "Backward"
        passed = "bypassed " if bypassed(step) else ""
        return f"{way} through {passed}{OPS[own_op(step)].symbol}"
    kind = _LEAVES.get(step.op, step.op)
    return f"The {kind}" if step.phase is Phase.FORWARD else "The gradient of"


def _title_latex(step: Step, names: Callable[[str], str]) -> str:
    if step.op not in OPS:
        return names(step.node)
    latex = operation_latex(step, names)
    return latex if len(latex) <= TITLE_FORMULA_WIDEST else names(step.node)


def _sentence(step: Step) -> str:
    """The op's own sentence; its numbers stand in the card."""
    op = OPS.get(step.op)
    if op is None:
        return step.sentence
    if step.phase is Phase.FORWARD:
        return op.says
    seed = "" if step.terms else "The backward pass starts here, with a gradient of 1. "
    return seed + (op.gradient_says or step.sentence)
