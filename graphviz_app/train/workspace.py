"""The Train workspace: controls, the network as it learns, its boundary and curves.

The panels say what a person did and are told what to show; ``Training`` knows the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.data.choice import DRAWN, NO_DATA
from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.numerals import percent
from engine.training.glimpses import picture_side
from engine.training.looks import Frame, Scene, View
from engine.training.trainer import DIVERGED
from graphviz_app.document import Document
from graphviz_app.theme import Theme
from graphviz_app.train import network_edits
from graphviz_app.train.boundary import BoundaryPlot
from graphviz_app.train.compare import ComparePanel
from graphviz_app.train.curves import CurvesPlot
from graphviz_app.train.data_controls import DataControls
from graphviz_app.train.diagram import NetworkDiagram
from graphviz_app.train.exporting import TrainExports
from graphviz_app.train.health import HealthPanel
from graphviz_app.train.landscape import LandscapePlot
from graphviz_app.train.messages import Begun, Look
from graphviz_app.train.own_data import OwnData
from graphviz_app.train.pages import Pages
from graphviz_app.train.pictures import AttentionPanel, FirstWeightsPanel
from graphviz_app.train.run_controls import RunControls
from graphviz_app.train.run_keeping import RunKeeping
from graphviz_app.train.settings_form import SettingsForm
from graphviz_app.train.tables import ConfusionPanel, PredictionsPanel
from graphviz_app.train.training import Training
from graphviz_app.train.travel_bar import TravelBar

LEFT_PX, RIGHT_PX, LOWER_PX, BOUNDARY_PX = 248, 420, 320, 430
SEEN_SPEED = 30  # epochs a second, at which one can watch a point go down a function
REFRESH_MS = 1_500  # between two looks at what costs more: landscape, attention
HEALTH, COMPARE, CONFUSION = "health", "compare", "confusion"
PREDICTIONS, IMAGES, ATTENTION = "predictions", "images", "attention"
LOSS, ACCURACY, GRADIENTS, LANDSCAPE = "loss", "accuracy", "gradients", "landscape"


class TrainWorkspace(QWidget):
    """Signals: ``status(str)``, a sentence that something went wrong; ``said(str)``, any other;
    ``looked_inside(object)``: the step at hand is in the document's graph, with what the update
    will do.
    """

    status = Signal(str)
    said = Signal(str)
    looked_inside = Signal(object)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainWorkspace")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.document = document
        self.training = Training(document, self)
        self._theme = theme
        self._scene: Scene | None = None
        self._goal: tuple[str, float] | None = None
        self._turn = 0  # whose turn it is to be shown a frame
        self._frame: Frame | None = None
        self._waiting: list[Any] = []  # parts that are yet to show it
        self._build()
        self.own_data = OwnData(self.training, self.boundary, self)
        self.exporting = TrainExports(self)
        self.keeping = RunKeeping(
            self.training, self.compare, self.loss, self.boundary, self.landscape
        )
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._ask_for_pages)
        self._next_part = QTimer(self, interval=0, singleShot=True)
        self._next_part.timeout.connect(self._show_next)
        self._connect()
        self.set_theme(theme)
        self._show_setup()

    # building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.data_controls, self.form = DataControls(), SettingsForm()
        self.run_controls = RunControls()
        inner = QWidget()
        inner.setObjectName("rightColumn")
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.data_controls)
        column.addSpacing(8)
        column.addWidget(self.form)
        for row in self.run_controls.rows:
            column.addWidget(row)
        column.addStretch(1)
        scroll = _scrolled(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.left = QWidget()
        self.left.setFixedWidth(LEFT_PX)
        left = QVBoxLayout(self.left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(scroll, 1)
        left.addWidget(self.run_controls)

        self.diagram = NetworkDiagram()
        self.travel = TravelBar()
        self.health, self.compare = HealthPanel(), ComparePanel()
        self.confusion, self.predictions = ConfusionPanel(), PredictionsPanel()
        self.images, self.attention = FirstWeightsPanel(), AttentionPanel()
        self.tables = Pages(
            {
                HEALTH: ("LAYER HEALTH", self.health),
                COMPARE: ("COMPARE RUNS", self.compare),
                CONFUSION: ("CONFUSION", self.confusion),
                PREDICTIONS: ("PREDICTIONS", self.predictions),
                IMAGES: ("WEIGHTS", self.images),
                ATTENTION: ("ATTENTION", self.attention),
            }
        )
        upper = QWidget()
        above = QVBoxLayout(upper)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(0)
        above.addWidget(_scrolled(self.diagram), 1)
        above.addWidget(self.travel)
        self.vertical = _splitter(Qt.Orientation.Vertical, upper, self.tables)
        self.vertical.setSizes([540, LOWER_PX])

        self.boundary = BoundaryPlot()
        self.loss, self.accuracy = CurvesPlot("loss"), CurvesPlot("accuracy")
        self.gradients, self.landscape = CurvesPlot("gradients"), LandscapePlot()
        self.plots = Pages(
            {
                LOSS: ("LOSS", self.loss),
                ACCURACY: ("ACCURACY", self.accuracy),
                GRADIENTS: ("GRADIENTS", self.gradients),
                LANDSCAPE: ("LANDSCAPE", self.landscape),
            }
        )
        self.right = _splitter(Qt.Orientation.Vertical, self.boundary, self.plots)
        self.right.setStretchFactor(1, 1)  # both shrink in a low window
        self.right.setSizes([BOUNDARY_PX, 410])
        self.horizontal = _splitter(Qt.Orientation.Horizontal, self.left, self.vertical, self.right)
        self.horizontal.setSizes([LEFT_PX, 780, RIGHT_PX])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.horizontal)

    def _connect(self) -> None:
        training, controls, data = self.training, self.run_controls, self.data_controls
        training.setup_changed.connect(self._show_setup)
        training.begun.connect(self._show_begun)
        training.looked.connect(self._show_look)
        training.refused.connect(self.status)
        training.said.connect(self.said)
        training.state_changed.connect(self._show_state)
        training.looked_inside.connect(self.looked_inside)
        data.chosen.connect(training.choose_data)
        data.changed.connect(self._change_data)
        data.new_wanted.connect(training.new_data)
        data.points_wanted.connect(self.own_data.begin_points)
        data.curve_wanted.connect(self.own_data.begin_curve)
        data.file_wanted.connect(self.own_data.choose_file)
        self.own_data.refused.connect(self.status)
        self.exporting.refused.connect(self.status)
        self.exporting.said.connect(self.said)
        self.own_data.said.connect(self.said)
        self.form.changed.connect(self._change_settings)
        self.form.dropout_chosen.connect(self._set_dropout)
        controls.toggled.connect(self.toggle)
        controls.batch_wanted.connect(training.step_batch)
        controls.epoch_wanted.connect(training.step_epoch)
        controls.reset_wanted.connect(training.reset)
        controls.weights_wanted.connect(training.new_weights)
        controls.inside_wanted.connect(training.look_inside)
        controls.speed_chosen.connect(training.set_limit)
        controls.goal_chosen.connect(self._set_goal)
        self.diagram.entry_set.connect(training.set_entry)
        self.diagram.units_changed.connect(self._set_units)
        self.diagram.activation_chosen.connect(self._set_activation)
        self.diagram.layer_added.connect(self._add_layer)
        self.diagram.layer_removed.connect(self._remove_layer)
        self.diagram.refused.connect(self.status)
        self.health.units_marked.connect(self.diagram.highlight)
        self.boundary.plane_chosen.connect(self._choose_plane)
        self.tables.turned.connect(self._turned)
        self.plots.turned.connect(self._turned)
        for page in (self.confusion, self.predictions):
            page.part_chosen.connect(self._choose_part)
        self.keeping.comparing.connect(self._compare)
        self.landscape.wanted.connect(self._ask_landscape)
        self.attention.wanted.connect(self._ask_attention)
        self.travel.travelled.connect(training.travel)
        self.travel.restored.connect(self._restore_epoch)

    def set_theme(self, theme: Theme) -> None:
        """Repaint everything in ``theme``."""
        self._theme = theme
        self.setStyleSheet(
            f"#trainWorkspace, #trainWorkspace QSplitter {{ background: {theme.panel}; }}"
        )
        for part in (
            self.data_controls, self.form, self.run_controls, self.diagram, self.travel,
            self.tables, self.boundary, self.plots,
        ):  # fmt: skip
            part.set_theme(theme)

    # commands -----------------------------------------------------------------------------------

    @Slot()
    def toggle(self) -> None:
        """Run, as far as was chosen, or pause."""
        if self.training.going:
            self.training.pause()
        else:
            self.training.run(self._goal)

    @Slot()
    def _compare(self) -> None:
        """Show where runs are compared: their losses, or their ways down a function."""
        self.tables.show_page(COMPARE)
        if self.training.scene is not None and self.training.scene.has_data:
            self.plots.show_page(LOSS)

    @Slot(str, str, object)
    def _change_data(self, title: str, key: str, changes: dict[str, Any]) -> None:
        self.training.set_data(title, key or None, **changes)

    @Slot(str, str, object)
    def _change_settings(self, title: str, key: str, changes: dict[str, Any]) -> None:
        self.training.set_settings(title, key or None, **changes)

    @Slot(object)
    def _set_goal(self, goal: tuple[str, float] | None) -> None:
        self._goal = goal
        if self.training.going:
            self.training.run(goal)

    @Slot(str, int)
    def _set_units(self, node: str, units: int) -> None:
        self._edit(f"{units} units", lambda graph: network_edits.with_units(graph, node, units))

    @Slot(str, str)
    def _set_activation(self, node: str, activation: str) -> None:
        self._edit(
            f"Activation {activation}",
            lambda graph: network_edits.with_activation(graph, node, activation),
        )

    @Slot(float)
    def _set_dropout(self, share: float) -> None:
        title = f"Dropout {percent(share)}"
        self._edit(title, lambda graph: network_edits.with_dropout(graph, share), "dropout")

    @Slot(int)
    def _add_layer(self, after: int) -> None:
        """A layer behind the layer of that number; −1 is the input."""
        if self._scene is None:
            return
        layers = self._scene.layers
        node = layers[max(after, 0)].node

        def change(graph: Graph) -> Graph:
            source = node if after >= 0 else graph.nodes[node].inputs[0]
            return network_edits.with_layer_behind(graph, source)

        self._edit("Add a layer", change)

    @Slot(str)
    def _remove_layer(self, node: str) -> None:
        self._edit("Remove a layer", lambda graph: network_edits.without_layer(graph, node))

    def _edit(self, title: str, change: Callable[[Graph], Graph], key: str | None = None) -> None:
        """Change the network; edits in a row with one ``key`` are one step of undo."""
        try:
            after = change(self.document.graph)
        except (EngineError, KeyError) as error:
            self.status.emit(str(error))
            return
        self.document.edit(title, after, (key,) if key is not None else None)

    @Slot(int)
    def _restore_epoch(self, epoch: int) -> None:
        take = partial(self.training.restore, f"Weights of epoch {epoch:,}", record=None)
        self.training.session.ask("at_epoch", take, epoch=epoch)

    # what is looked at --------------------------------------------------------------------------

    @Slot(object)
    def _choose_plane(self, axes: tuple[int, ...]) -> None:
        self.training.set_view(_view(self.training.view, axes=axes))

    @Slot(str)
    def _choose_part(self, part: str) -> None:
        for page in (self.confusion, self.predictions):
            page.show_part(part)
        self.training.set_view(_view(self.training.view, part=part))

    @Slot(str)
    def _turned(self, _: str) -> None:
        page = self.tables.current
        self.training.set_view(
            _view(
                self.training.view,
                confusion=page == CONFUSION,
                predictions=page == PREDICTIONS,
            )
        )
        if self.training.last is not None:
            self._show_frame(self.training.last.frame)
        self._ask_for_pages()

    @Slot()
    def _ask_for_pages(self) -> None:
        if self._scene is None or not self.isVisible():
            return
        if self.landscape.isVisible() and not self.landscape.stays:
            self._ask_landscape()
        if self.tables.current == ATTENTION and self.attention.isVisible():
            self._ask_attention()

    @Slot()
    def _ask_landscape(self) -> None:
        take, question = self.landscape.show_answer, self.landscape.question
        self.training.session.ask("landscape", take, **question)

    @Slot()
    def _ask_attention(self) -> None:
        self.training.session.ask(
            "attention", self.attention.show_answer, self.attention.show_sentence
        )

    # showing ------------------------------------------------------------------------------------

    @Slot()
    def _show_setup(self) -> None:
        self.data_controls.show_choice(self.training.data)
        self.form.show_settings(self.training.settings)
        self.boundary.set_drawing(self.training.data.name == DRAWN)

    @Slot(object)
    def _show_begun(self, begun: Begun) -> None:
        scene = self._scene = begun.scene
        self._waiting = []
        for part in self._all:
            part.set_scene(scene)
        shown = {
            CONFUSION: scene.classes, IMAGES: picture_side(scene.features),
            ATTENTION: scene.attends, PREDICTIONS: scene.has_data, ACCURACY: scene.has_data,
        }  # fmt: skip
        for pages in (self.tables, self.plots):
            pages.offer([name for name in pages.pages if shown.get(name, True)])
        self.form.show_for_data(scene.has_data)
        self.form.show_dropout(network_edits.dropout_of(self.document.graph))
        self.form.show_notes(scene.notes)
        self._make_room()

    def _make_room(self) -> None:
        """Without data there is no boundary: the function's surface has its place."""
        alone = self.training.data.name == NO_DATA
        if alone == self.boundary.isHidden():
            return
        self.boundary.setHidden(alone)
        self.plots.show_page(LANDSCAPE if alone else LOSS)
        if alone:
            self.run_controls.suggest_speed(SEEN_SPEED)

    @property
    def _all(self) -> tuple[Any, ...]:
        return (
            self.diagram, self.health, self.confusion, self.predictions, self.images,
            self.attention, self.boundary, self.loss, self.accuracy, self.gradients,
            self.landscape,
        )  # fmt: skip

    @Slot(object)
    def _show_look(self, look: Look) -> None:
        self.run_controls.show_look(look, self.training.settings.patience)
        self.travel.show_epochs(look.kept, now=not look.frame.travelled)
        self.landscape.show_path(look.path)
        self._show_frame(look.frame, whole=not (look.going or self.training.going))
        if look.frame.events and look.frame.ended and not look.going:
            tell = self.status if look.frame.ended == DIVERGED else self.said
            tell.emit(look.frame.events[-1][1])

    def _show_frame(self, frame: Frame, whole: bool = True) -> None:
        """Show a frame at once, or (not ``whole``) one part after the other, with time for the
        window between; pages and plots then take turns from frame to frame.
        """
        if self._scene is None:
            return
        self._turn = 1 - self._turn
        skipped = (self.tables, self.plots)[self._turn]
        self._frame = frame
        self._waiting = [
            part
            for part in self._all
            if part.isVisible() and (whole or not skipped.isAncestorOf(part))
        ]
        self._show_next()
        while whole and self._waiting:
            self._show_next()

    @Slot()
    def _show_next(self) -> None:
        if self._frame is not None and self._waiting:
            self._waiting.pop(0).show_frame(self._frame)
        if self._waiting:
            self._next_part.start()

    @Slot()
    def _show_state(self) -> None:
        self.run_controls.show_going(self.training.going)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.toggle()
        else:
            super().keyPressEvent(event)

    # in and out of sight ------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.training.set_active(True)
        self._refresh.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._refresh.stop()
        self.training.set_active(False)

    def shutdown(self) -> None:
        """Stop everything that runs; called as the window closes."""
        self._refresh.stop()
        self.training.shutdown()


def _view(view: View, **changes: Any) -> View:
    return replace(view, **changes)


def _scrolled(widget: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setWidget(widget)
    return scroll


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    for part in parts:
        splitter.addWidget(part)
    splitter.setStretchFactor(len(parts) // 2 if len(parts) == 3 else 0, 1)
    splitter.setChildrenCollapsible(False)
    return splitter
