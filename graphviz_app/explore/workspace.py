"""Explore: one graph, its walk and its panels, kept in step with each other.

The panels know nothing of one another: each is told what to show here, and what a person does in
one of them goes through here to the document or the player.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from engine.errors import FormulaError
from engine.graph.formula import parse, to_text
from engine.graph.graph import Value
from engine.graph.notation import latex_graph, latex_name, text_label
from engine.numerals import number
from engine.run.explain import names_in_step, typeset_name
from engine.run.walk import Phase, Step, Walk
from graphviz_app.canvas.minimap import Minimap
from graphviz_app.canvas.model import CanvasModel, kind_color
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.curve import CurvePlot
from graphviz_app.explore.formula_bar import FormulaBar
from graphviz_app.explore.inspector import Inspector
from graphviz_app.explore.problems import ProblemList
from graphviz_app.explore.step_panel import StepPanel
from graphviz_app.explore.tape import TapeTable
from graphviz_app.explore.timeline import Timeline
from graphviz_app.player import Player
from graphviz_app.theme import Theme
from graphviz_app.walk_view import lit_at, numbers_at

RIGHT_COLUMN_PX = 320
TAPE_PX = 150
# While a value is dragged the canvas and the panels follow every frame; the tape, whose digits
# nobody can read at that pace and which costs as much as the canvas, follows twenty times a second.
TAPE_PAUSE_MS = 50


class ExploreWorkspace(QWidget):
    """Formula bar, canvas, timeline and tape on the left; step, curve and selection on the right.

    Signals: ``status(str)``, a sentence for the status line; ``selection_changed()``.
    """

    status = Signal(str)
    selection_changed = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.player = Player(self)
        self.selected = ""
        self._theme = theme
        self._tape_pause = QTimer(self, singleShot=True, interval=TAPE_PAUSE_MS)
        self._build()
        self._connect()
        self.set_theme(theme)

    # building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.formula_bar = FormulaBar()
        self.view = GraphView()
        self.minimap = Minimap(self.view)
        self.timeline = Timeline()
        self.tape = TapeTable()
        self.problems = ProblemList()
        self.step_panel = StepPanel()
        self.curve = CurvePlot()
        self.inspector = Inspector()

        upper = _column(self.formula_bar, (self.view, 1), self.timeline)
        lower = _column((self.tape, 1), self.problems)
        self.vertical = QSplitter(Qt.Orientation.Vertical)
        self.vertical.addWidget(upper)
        self.vertical.addWidget(lower)
        self.vertical.setStretchFactor(0, 1)
        self.vertical.setCollapsible(0, False)
        self.vertical.setSizes([600, TAPE_PX])

        right = _column(self.step_panel, self.curve, self.inspector, stretch_end=True)
        right.setObjectName("rightColumn")
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(right)
        scroll.setMinimumWidth(280)
        self._right = scroll
        self.horizontal = QSplitter(Qt.Orientation.Horizontal)
        self.horizontal.addWidget(self.vertical)
        self.horizontal.addWidget(scroll)
        self.horizontal.setStretchFactor(0, 1)
        self.horizontal.setCollapsible(0, False)
        self.horizontal.setSizes([1120, RIGHT_COLUMN_PX])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.horizontal)

    def _connect(self) -> None:
        document, player = self.document, self.player
        document.structure_changed.connect(self._show_structure)
        document.values_changed.connect(self._show_values)
        document.moved.connect(self._show_positions)
        player.moved.connect(self._show_place)
        player.playing_changed.connect(self.timeline.set_playing)
        player.speed_changed.connect(self.timeline.set_speed)
        self.timeline.index_requested.connect(player.seek)
        self.timeline.step_requested.connect(self._step_by)
        self.timeline.play_toggled.connect(player.toggle)
        self.timeline.first_requested.connect(player.first)
        self.timeline.last_requested.connect(player.last)
        self.timeline.speed_changed.connect(player.set_speed)
        self._tape_pause.timeout.connect(self._show_tape)
        self.tape.row_chosen.connect(player.seek)
        self.view.node_clicked.connect(self.select)
        self.view.node_hovered.connect(self.formula_bar.highlight)
        self.view.set_reader(self._numbers_of)
        self.view.background_clicked.connect(self._select_nothing)
        self.view.node_double_clicked.connect(self.toggle_opened)
        self.view.node_moved.connect(self._node_moved)
        self.formula_bar.term_hovered.connect(self._light_term)
        self.formula_bar.term_clicked.connect(self.select)
        self.formula_bar.edited.connect(self._check_formula)
        self.formula_bar.committed.connect(self._commit_formula)
        self.inspector.value_changed.connect(document.set_value)
        self.inspector.entry_changed.connect(document.set_entry)
        self.problems.chosen.connect(self._go_to_node)

    def set_theme(self, theme: Theme) -> None:
        """Repaint everything in ``theme``."""
        self._theme = theme
        for panel in (
            self.formula_bar,
            self.view,
            self.minimap,
            self.timeline,
            self.tape,
            self.problems,
            self.step_panel,
            self.curve,
            self.inspector,
        ):
            panel.set_theme(theme)
        self._show_formula()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Whether nothing moves that need not."""
        self.view.set_reduced_motion(reduced)

    def shutdown(self) -> None:
        """Stop everything that runs; called as the window closes."""
        self.player.pause()
        self._tape_pause.stop()
        self.view.shutdown()

    # from the document --------------------------------------------------------------------------

    @Slot()
    def _show_structure(self) -> None:
        document = self.document
        if self.selected not in document.shown.nodes:
            self.selected = ""
        self.model = CanvasModel.from_graph(
            document.shown, document.derived.opened.frames, document.graph.positions
        )
        self.model.set_problems(document.problems)
        self.view.set_graph(self.model)
        self._show_formula()
        walk = document.walk
        self._tape_pause.stop()
        self.tape.set_walk(walk)
        self.timeline.set_walk(walk.forward_count if walk else 0, len(walk) if walk else 0)
        self.problems.set_problems(document.problems)
        self._show_check()
        self.player.set_total(len(walk) if walk else 0, keep=False)
        self.view.set_selection(self.selected or None)
        self._show_selection()
        self.view.fit()

    @Slot()
    def _show_values(self) -> None:
        walk = self.document.walk
        if (len(walk) if walk else 0) != self.player.total:  # it began or ceased to run
            self._show_structure()
            return
        if not self._tape_pause.isActive():
            self._tape_pause.start()
        self._show_unset()
        self.view.set_problems(self.document.problems)
        self.problems.set_problems(self.document.problems)
        self._show_check()
        if walk is not None:
            self._show_numbers(walk, self.player.index)
        self._show_selection()
        if not self.formula_bar.editing:
            self.formula_bar.set_values_of(self.document.graph)

    @Slot()
    def _show_tape(self) -> None:
        self.tape.set_walk(self.document.walk)

    def _show_unset(self) -> None:
        """Draw leaves as set or unset: a value came by hand or went by undo."""
        nodes, unset = self.document.shown.nodes, self.model.unset
        for place, node in enumerate(self.model.nodes):
            if node.leaf and node.op != "constant":
                unset[place] = nodes[node.id].value is None

    @Slot()
    def _show_positions(self) -> None:
        self.view.set_positions(self.document.graph.positions)

    def _show_formula(self) -> None:
        graph = self.document.graph
        if not graph.nodes:
            self.formula_bar.set_formula("", "", {})
            return
        colors = {i: kind_color(node, self._theme) for i, node in graph.nodes.items()}
        self.formula_bar.set_formula(latex_graph(graph, link=True), self._text(), colors)

    def _text(self) -> str:
        try:
            return to_text(self.document.graph)
        except FormulaError:
            return ""

    def _show_check(self) -> None:
        check = self.document.derived.check
        if check is None or check.worst is None:
            self.step_panel.set_verified("", True)
        else:
            error = f"{check.worst.relative_error:.0e}".replace("e-0", "e-")
            self.step_panel.set_verified(error, check.passed)

    # from the player ----------------------------------------------------------------------------

    @Slot(int)
    def _show_place(self, index: int) -> None:
        walk = self.document.walk
        if walk is None:
            self.view.set_texts([], [])
            self.view.set_active(None, Phase.FORWARD, [])
            self.step_panel.show_step(None, latex_name, "")
            return
        self.view.set_active(*lit_at(walk, index))
        self.timeline.set_index(min(index, len(walk) - 1))
        self.timeline.set_caption(self._caption(index))
        self.tape.set_index(min(index, len(walk) - 1))
        self._show_numbers(walk, index)

    def _show_numbers(self, walk: Walk, index: int) -> None:
        """All that changes while a value is dragged and the place in the walk stays."""
        self.view.set_texts(*numbers_at(walk, self.model.ids, index))
        self._explain(walk.steps[index] if 0 <= index < len(walk) else None)

    def _numbers_of(self, node_id: str) -> tuple[Value | None, Value | None] | None:
        """A shown node's (value, gradient) as far as the walk has come, for its tooltip."""
        walk = self.document.walk
        if walk is None or node_id not in walk.nodes:
            return None
        values, gradients = walk.seen_at(self.player.index)
        return values.get(node_id), gradients.get(node_id)

    def _caption(self, index: int) -> str:
        walk = self.document.walk
        assert walk is not None
        if index < 0:
            return "Press Space for the first step"
        if index >= len(walk):
            return "Done · Space starts again"
        _, node = walk.where(index)
        return text_label(self.document.shown, node)

    def _explain(self, step: Step | None) -> None:
        walk = self.document.walk
        assert walk is not None
        if step is None:
            self.step_panel.show_step(None, latex_name, self._summary())
            self._show_curve(self._curve_step())
            return
        own, inputs = names_in_step(step, walk)
        names = {step.node: own, **dict(zip(step.inputs, inputs, strict=True))}
        names[walk.output] = walk.nodes[walk.output].name or "f"
        self.step_panel.show_step(
            step,
            lambda i: typeset_name(names.get(i, i)),
            text_label(self.document.shown, step.node),
        )
        self._show_curve(step if step.inputs else self._curve_step())

    def _summary(self) -> str:
        walk = self.document.walk
        if walk is None or not self.player.done:
            return ""
        name = walk.nodes[walk.output].name or "f"
        return f"{name} = {number(walk.value(walk.output))}"

    def _curve_step(self) -> Step | None:
        """Whose curve is shown while no op is active: the selection's, else the output's."""
        walk = self.document.walk
        if walk is None:
            return None
        for node in (self.selected, walk.output):
            place = walk.index_of(Phase.BACKWARD, node) if node else None
            if place is not None and walk.steps[place].inputs:
                return walk.steps[place]
        return None

    def _show_curve(self, step: Step | None) -> None:
        walk = self.document.walk
        if step is None or walk is None:
            self.curve.show_step(None, [])
            return
        _, inputs = names_in_step(step, walk)
        nodes = self.document.shown.nodes
        constants = [k for k, i in enumerate(step.inputs) if nodes[i].op == "constant"]
        self.curve.show_step(step, list(inputs), constants)

    @Slot(int)
    def _step_by(self, steps: int) -> None:
        self.player.step() if steps > 0 else self.player.back()

    # from the panels ----------------------------------------------------------------------------

    @Slot(str)
    def select(self, node_id: str) -> None:
        """Select a node: its value can be edited on the right."""
        if node_id not in self.document.shown.nodes:
            return
        self.selected = node_id
        self.view.set_selection(node_id)
        self._show_selection()
        if self.player.done or self.player.index < 0:
            self._show_curve(self._curve_step())
        # where the window is low, what can be changed now may lie below its edge
        QTimer.singleShot(0, self, lambda: self._right.ensureWidgetVisible(self.inspector, 0, 0))
        self.selection_changed.emit()

    @Slot()
    def _select_nothing(self) -> None:
        self.selected = ""
        self.view.set_selection(None)
        self._show_selection()
        self.selection_changed.emit()

    def _show_selection(self) -> None:
        walk, node = self.document.walk, self.document.shown.nodes.get(self.selected)
        if node is None:
            self.inspector.show_nothing()
            return
        value = walk.value(node.id) if walk else node.value
        gradient = walk.gradient(node.id) if walk and node.op != "constant" else None
        check = self.document.derived.check
        numerical = check.numerical(node.id) if check else None
        self.inspector.show_node(node, value, gradient, numerical)

    @Slot(str)
    def _light_term(self, node_id: str) -> None:
        self.view.highlight([node_id] if node_id else [])

    @Slot(str)
    def toggle_opened(self, node_id: str) -> None:
        """Open a composite into its ops; on one of those, fold it again."""
        owner = self.frame_of(node_id)
        if owner:
            self.document.set_opened(owner, False)
        else:
            self.document.set_opened(node_id, True)

    def frame_of(self, node_id: str) -> str:
        """The opened composite that a shown node belongs to, or an empty string."""
        for frame in self.document.derived.opened.frames:
            if node_id in frame.members:
                return frame.node
        return ""

    @Slot(str, float, float)
    def _node_moved(self, node_id: str, x: float, y: float) -> None:
        self.document.move(node_id, x, y)

    @Slot(str)
    def _check_formula(self, text: str) -> None:
        try:
            graph = parse(text)
        except FormulaError as error:
            self.formula_bar.set_error(str(error), error.line, error.column, error.length)
            return
        self.formula_bar.clear_error()
        self.formula_bar.preview(latex_graph(graph))

    @Slot(str)
    def _commit_formula(self, text: str) -> None:
        try:
            self.document.set_formula(text)
        except FormulaError as error:
            self.formula_bar.set_error(str(error), error.line, error.column, error.length)
            return
        self.formula_bar.finish()
        self._show_formula()

    @Slot(str)
    def _go_to_node(self, node_id: str) -> None:
        if node_id in self.document.shown.nodes:
            self.select(node_id)
            self.view.center_on(node_id)


def _column(*parts: QWidget | tuple[QWidget, int], stretch_end: bool = False) -> QWidget:
    """A widget with ``parts`` below each other, without gaps; (widget, stretch) where it grows."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for part in parts:
        widget, stretch = part if isinstance(part, tuple) else (part, 0)
        layout.addWidget(widget, stretch)
    if stretch_end:
        layout.addStretch(1)
    return column
