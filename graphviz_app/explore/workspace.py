"""Explore: one graph, its walk and its panels, kept in step with each other.

The panels know nothing of one another: each is told what to show here, and what a person does in
one of them goes through here to the document or the player.  ``CanvasEditor`` does the same for
what is edited on the canvas, ``Inspecting`` for what is selected, ``Walking`` for the place in the
walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from engine.errors import FormulaError
from engine.graph.formula import parse, to_text
from engine.graph.graph import Graph
from engine.graph.notation import latex_lines
from engine.graph.problems import ProblemKind
from graphviz_app.canvas.glide import places_before
from graphviz_app.canvas.kinds import kind_color
from graphviz_app.canvas.minimap import Minimap
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document, Sight
from graphviz_app.explore.canvas_editor import CanvasEditor
from graphviz_app.explore.code_panel import CodePanel
from graphviz_app.explore.coding import Coding
from graphviz_app.explore.curve import CurvePlot
from graphviz_app.explore.formula_bar import FormulaBar
from graphviz_app.explore.history import HistoryPanel
from graphviz_app.explore.inspecting import Inspecting
from graphviz_app.explore.inspector import Inspector
from graphviz_app.explore.left_column import LeftColumn
from graphviz_app.explore.level_bar import LevelBar
from graphviz_app.explore.leveling import Leveling
from graphviz_app.explore.lower_panel import TENSOR, LowerPanel
from graphviz_app.explore.palette import Palette
from graphviz_app.explore.problems import ProblemList
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.step_panel import StepPanel
from graphviz_app.explore.tape import TapeTable
from graphviz_app.explore.tensor_panel import TensorPanel
from graphviz_app.explore.tensor_summary import TensorSummary
from graphviz_app.explore.timeline import Timeline
from graphviz_app.explore.update_panel import UpdatePanel
from graphviz_app.explore.walking import Walking
from graphviz_app.player import Player
from graphviz_app.theme import Theme

LEFT_COLUMN_PX, RIGHT_COLUMN_PX = 208, 320
LOWER_PX = 178
LEAST_RIGHT_PX, LEAST_LOWER_PX = 264, 120  # what can still be used
# While a value is dragged the canvas and the panels follow every frame; the tape, whose digits
# nobody can read at that pace and which costs as much as the canvas, follows twenty times a second.
TAPE_PAUSE_MS = 50


class ExploreWorkspace(QWidget):
    """Palette, code and history on the left; formula bar, canvas, timeline and tape in the middle;
    step, curve and selection on the right.

    Signals: ``status(str)``, a sentence that something went wrong; ``selection_changed()``.
    """

    status = Signal(str)
    selection_changed = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.player = Player(self)
        self.selection = Selection(self)
        self._theme = theme
        self._asleep = self._missed = False  # behind another workspace; an edit came meanwhile
        self._replaced = True  # whether what comes next has nothing to do with what is shown
        self._tape_pause = QTimer(self, singleShot=True, interval=TAPE_PAUSE_MS)
        self._build()
        self.walking = Walking(
            document,
            self.player,
            self.selection,
            self.view,
            self.timeline,
            self.tape,
            self.step_panel,
            self.curve,
        )
        self.editor = CanvasEditor(document, self.view, self.selection, self, theme)
        self.inspecting = Inspecting(
            document,
            self.selection,
            self.editor.editing,
            self.editor.marking,
            self.walking,
            self.inspector,
        )
        self.leveling = Leveling(
            document,
            self.editor,
            self.walking,
            self.view,
            self.level_bar,
            self.tensor_panel,
            self.tensor_summary,
        )
        self.coding = Coding(
            document, self.selection, self.player, self.view, self.left_column, self.code_panel
        )
        self._connect()
        self.set_theme(theme)

    @property
    def selected(self) -> str:
        """The thing whose value can be edited, or an empty string."""
        return self.selection.current

    # building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.palette_panel = Palette()
        self.code_panel = CodePanel()
        self.left_column = LeftColumn(self.palette_panel, self.code_panel)
        self.history = HistoryPanel()
        self.history.set_stack(self.document.stack)
        self.formula_bar = FormulaBar()
        self.view = GraphView()
        self.minimap = Minimap(self.view)
        self.level_bar = LevelBar(self.view)
        self.timeline = Timeline()
        self.tape = TapeTable()
        self.problems = ProblemList()
        self.step_panel = StepPanel()
        self.curve = CurvePlot()
        self.inspector = Inspector()

        upper = _column(self.formula_bar, (self.view, 1), self.timeline)
        self.tensor_panel = TensorPanel()
        self.lower_panel = LowerPanel(self.tape, self.problems, self.tensor_panel)
        self.vertical = QSplitter(Qt.Orientation.Vertical)
        self.vertical.addWidget(upper)
        self.vertical.addWidget(self.lower_panel)
        self.vertical.setStretchFactor(0, 1)
        self.vertical.setCollapsible(0, False)
        self.vertical.setSizes([600, LOWER_PX])

        self.tensor_summary = TensorSummary()
        self.update_panel = UpdatePanel()
        right = _column(
            self.step_panel, self.update_panel, self.curve, self.inspector, self.tensor_summary,
            stretch_end=True,
        )  # fmt: skip
        right.setObjectName("rightColumn")
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(right)
        scroll.setMinimumWidth(LEAST_RIGHT_PX)
        self._right = scroll
        self.left = QSplitter(Qt.Orientation.Vertical)
        self.left.addWidget(self.left_column)
        self.left.addWidget(self.history)
        self.left.setStretchFactor(0, 1)
        self.history.hide()
        self.horizontal = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.left, self.vertical, scroll):
            self.horizontal.addWidget(part)
        self.horizontal.setStretchFactor(1, 1)
        self.horizontal.setCollapsible(1, False)
        self.horizontal.setSizes([LEFT_COLUMN_PX, 912, RIGHT_COLUMN_PX])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.horizontal)

    def _connect(self) -> None:
        document = self.document
        document.replaced.connect(self._forget)
        document.structure_changed.connect(self._show_structure)
        document.values_changed.connect(self._show_values)
        document.checked.connect(self._show_check)
        document.checked.connect(self.inspecting.show)
        document.moved.connect(self._show_positions)
        document.file_changed.connect(self._show_file)
        document.sight_returned.connect(self._look_again)
        self.player.moved.connect(self.inspecting.show)
        self.selection.changed.connect(self._selection_changed)
        self.editor.said.connect(self.status)
        self.left_column.page_changed.connect(self._make_way_for_page)
        self._tape_pause.timeout.connect(self._show_tape)
        self.palette_panel.chosen.connect(self._add)
        self.view.node_hovered.connect(self.formula_bar.highlight)
        self.formula_bar.term_hovered.connect(self._light_term)
        self.formula_bar.term_clicked.connect(self.select)
        self.formula_bar.edited.connect(self._check_formula)
        self.formula_bar.committed.connect(self._commit_formula)
        self.tensor_summary.opened.connect(self.show_tensor)
        self.tensor_panel.described.connect(self.curve.make_way)
        self.problems.chosen.connect(self.editor.searching.go_to)

    def set_theme(self, theme: Theme) -> None:
        """Repaint everything in ``theme``."""
        self._theme = theme
        for panel in (
            self.palette_panel,
            self.code_panel,
            self.left_column,
            self.history,
            self.formula_bar,
            self.view,
            self.minimap,
            self.level_bar,
            self.timeline,
            self.tape,
            self.problems,
            self.tensor_panel,
            self.tensor_summary,
            self.lower_panel,
            self.step_panel,
            self.update_panel,
            self.curve,
            self.inspector,
            self.editor,
        ):
            panel.set_theme(theme)
        self._show_formula()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Whether nothing moves that need not."""
        self.view.set_reduced_motion(reduced)

    def show_update(self, inside: Mapping[str, Any] | None) -> None:
        """The step of training that one looks into, and what follows from it; None for none."""
        self.update_panel.show_step(inside)
        self.update_panel.show_leaf(self.selection.current)

    def show_tensor(self) -> None:
        """Bring the numbers of the selected tensor into view."""
        self.lower_panel.show_page(TENSOR)

    def show_columns(self, palette: bool, history: bool) -> None:
        """Show or hide the parts of the left column."""
        self.left_column.setVisible(palette)
        self.history.setVisible(history)
        self.left.setVisible(palette or history)

    def commit_fields(self) -> None:
        """Take what is being typed into fields, before the graph is saved or left."""
        self.editor.fields.commit()
        self.inspector.commit()

    def shutdown(self) -> None:
        """Stop everything that runs; called as the window closes."""
        self.player.pause()
        self._tape_pause.stop()
        self.view.shutdown()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.left_column.set_room(self.width())
        self._give_the_canvas_half()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._asleep = False
        if self._missed:
            self._missed = False
            self._show_structure()
        self._give_the_canvas_half()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._asleep = not event.spontaneous()  # behind another workspace

    def _sleeps(self) -> bool:
        """Whether an edit can wait until this is in sight again; another document cannot."""
        self._missed = self._asleep and not self._replaced
        return self._missed

    @Slot()
    def _give_the_canvas_half(self) -> None:
        """Of a small window the canvas has half; the panels on two sides of it make way."""
        left, middle, right = self.horizontal.sizes()
        missing = self.width() // 2 - middle
        spare = min(missing, right - LEAST_RIGHT_PX)
        if right and spare > 0:
            self.horizontal.setSizes([left, middle + spare, right - spare])
        upper, lower = self.vertical.sizes()
        missing = self.window().height() // 2 - self.view.height()
        spare = min(missing, lower - LEAST_LOWER_PX)
        if lower and spare > 0:
            self.vertical.setSizes([upper + spare, lower - spare])

    # from the document --------------------------------------------------------------------------

    @Slot()
    def _forget(self) -> None:
        self._replaced = True
        self.selection.set(())
        self.walking.forget()
        self.view.start_fitting()

    @Slot()
    def _show_structure(self) -> None:
        if self._sleeps():
            return
        document, opened = self.document, self.document.derived.opened
        self.model = CanvasModel.of_view(
            document.graph, opened, document.derived.shapes, self.view.layouts.at_once
        )
        self.model.set_problems(document.problems)
        if not self._replaced:
            self.model.keep_lanes(self.view.model)
        begin = None if self._replaced else places_before(self.view.model, self.model)
        self._replaced = False
        self.view.set_graph(self.model, begin)
        self.leveling.show()
        self.coding.show()
        self._show_formula()
        shown = opened.graph
        existing = {*shown.nodes, *shown.notes, *document.graph.groups}
        self.selection.keep(existing, list(shown.wires()))
        self.view.set_selection(
            self.selection.things, [self.selection.wire] if self.selection.wire else []
        )
        self._show_walk()

    def _show_walk(self) -> None:
        self._tape_pause.stop()
        self._show_problems()
        self._show_check()
        self.walking.show_walk()

    @Slot()
    def _show_values(self) -> None:
        if self._sleeps():
            return
        walk = self.document.walk
        if (len(walk) if walk else 0) != self.player.total:  # it began or ceased to run
            self.view.set_problems(self.document.problems)
            self._show_unset()
            self._show_walk()
            return
        if not self._tape_pause.isActive():
            self._tape_pause.start()
        self._show_unset()
        self.model.read_weights(self.document.shown)
        self.view.set_problems(self.document.problems)
        self._show_problems()
        self._show_check()
        self.walking.show_numbers()
        self.inspecting.show()
        if not self.formula_bar.editing:
            self.formula_bar.set_values_of(self.document.graph)

    def _show_problems(self) -> None:
        problems = self.document.problems
        self.problems.set_problems(problems)
        wrong = [p for p in problems if p.kind is not ProblemKind.EMPTY]
        self.lower_panel.set_count(
            len(wrong), blocked=bool(problems) and self.document.walk is None
        )

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
    def _show_file(self) -> None:
        self.history.set_in_file(self.document.path is not None)

    @Slot(object)
    def _look_again(self, sight: Sight) -> None:
        self.selection.set(sight.things, sight.current)
        if sight.fitted and not self.view.fitted:
            self.view.fit(animated=True)

    def _sight(self) -> Sight:
        return Sight(self.selection.things, self.selection.current, self.view.fitted)

    @Slot()
    def _show_positions(self) -> None:
        if self._sleeps():
            return
        self.view.set_places(self.document.shown)

    def _show_formula(self) -> None:
        graph = self.document.graph
        if not graph.nodes:
            self.formula_bar.set_formula("", "", {})
            return
        colors = {i: kind_color(node, self._theme) for i, node in graph.nodes.items()}
        self.formula_bar.set_formula(in_one_line(graph, link=True), self._text(), colors)

    def _text(self) -> str:
        try:
            return to_text(self.document.graph)
        except FormulaError:
            return ""

    @Slot()
    def _show_check(self) -> None:
        check = self.document.derived.check
        if check is None or check.worst is None:
            self.step_panel.set_verified("", True)
        else:
            error = f"{check.worst.relative_error:.0e}".replace("e-0", "e-")
            self.step_panel.set_verified(error, check.passed)

    # from the panels ----------------------------------------------------------------------------

    @Slot(str)
    def select(self, node_id: str) -> None:
        """Select a node: its value can be edited on the right."""
        if node_id in self.document.shown.nodes:
            self.selection.set({node_id}, node_id)

    @Slot()
    def _selection_changed(self) -> None:
        self.inspecting.show()
        self.walking.show_curve()
        self.update_panel.show_leaf(self.selection.current)
        # where the window is low, what can be changed now may lie below its edge
        if self.selection.things:
            QTimer.singleShot(0, self, self._reveal_inspector)
        self.selection_changed.emit()

    @Slot()
    def _reveal_inspector(self) -> None:
        # what has come to it must have its room first
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # type: ignore[arg-type]
        if self.tensor_summary.isVisible():
            self._right.ensureWidgetVisible(self.tensor_summary, 0, 0)
        self._right.ensureWidgetVisible(self.inspector, 0, 0)

    @Slot(str)
    def _add(self, key: str) -> None:
        self.editor.editing.add(key)
        self.view.setFocus()

    @Slot(str)
    def _make_way_for_page(self, _page: str) -> None:
        # the column must have its new width first
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # type: ignore[arg-type]
        self._give_the_canvas_half()

    @Slot(str)
    def _light_term(self, node_id: str) -> None:
        self.view.highlight([node_id] if node_id else [])

    @Slot(str)
    def _check_formula(self, text: str) -> None:
        try:
            graph = parse(text)
        except FormulaError as error:
            self.formula_bar.set_error(str(error), error.line, error.column, error.length)
            return
        self.formula_bar.clear_error()
        self.formula_bar.preview(in_one_line(graph))

    @Slot(str)
    def _commit_formula(self, text: str) -> None:
        before, graph = self._sight(), self.document.graph
        self.view.start_fitting()  # the graph is laid out anew
        try:
            if text != self._text():  # typed as it was it keeps what no formula says
                self.document.set_formula(text)
            if self.document.graph is not graph:
                self.document.remember_sight(before, self._sight())
        except FormulaError as error:
            self.formula_bar.set_error(str(error), error.line, error.column, error.length)
            return
        self.formula_bar.finish()
        self._show_formula()


def in_one_line(graph: Graph, link: bool = False) -> str:
    """The formula of ``graph`` typeset in one line: the output first, then what it refers to."""
    *others, output = latex_lines(graph, link=link)
    return r",\quad ".join([output, *others])


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
