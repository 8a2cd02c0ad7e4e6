"""The graph on screen: shows a model and says what the user asks for; changes no graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainterPath,
    QWheelEvent,
)

from engine.graph.graph import Graph, Wire
from engine.run.walk import Phase
from graphviz_app.canvas import tips
from graphviz_app.canvas.camera import Camera
from graphviz_app.canvas.dropping import Dropping
from graphviz_app.canvas.elements import Element, element_at
from graphviz_app.canvas.glide import NodeGlide
from graphviz_app.canvas.hits import Port
from graphviz_app.canvas.layout import Layout
from graphviz_app.canvas.layouts import Layouts
from graphviz_app.canvas.model import CanvasModel, ProblemLike
from graphviz_app.canvas.overlay import Overlay
from graphviz_app.canvas.paint import qrect
from graphviz_app.canvas.pointer import Pointer
from graphviz_app.canvas.pointer_tip import PointerTip
from graphviz_app.canvas.pulse import Pulse
from graphviz_app.canvas.tips import Flow, Reader, nothing_known
from graphviz_app.canvas.wiring import Advice, NoAdvice
from graphviz_app.theme import LIGHT, Theme

TARGET_PX = 24  # nodes are at least this big to the mouse


class GraphView(Camera):
    """Shows one `CanvasModel`; changes nothing but places while things are dragged.

    Things are nodes and notes, by id.  Where they are asked for, the places of nodes are those
    that they are going to.  Owns ``layouts`` and ``pointer_tip``.  Signals, each once at the end of
    a gesture:

    ``selection_asked(things, current)``: select this set; ``current`` is the thing or group
    that was clicked, or "".
    ``wire_asked(Wire)``: select this wire.
    ``double_clicked(kind, id)``: a "node", a "note" or a "group".
    ``node_hovered(id)``: "" when the pointer leaves.
    ``element_hovered(Element | None)``: a number of a heat map.
    ``things_moved(places, Wire | None)``: to these places, and into this wire.
    ``things_copied(places)``: copies of the selection are wanted at these places.
    ``wire_drawn(Wire, Wire | None)``: a new wire, in place of one that was taken off.
    ``wire_dropped(Port, place)``: a wire from this port let go in the open.
    ``wire_bent(Wire, points)``: lead a wire over these points.
    ``wires_cut(list of Wire)``; ``refused(sentence)``: why a gesture did nothing.
    ``search_asked(place)``: something is to be added here.
    ``level_stepped(±1, id)``: a level closer or back, of this node's layer or ("") of all.
    ``space_tapped()``: Space was let go and nothing was dragged meanwhile.
    ``menu_asked(kind, what, QPoint)``: a context menu at this place of the screen.
    ``dropped(kind, text, place, Wire | None)``: a "node" of the palette, or "text".
    """

    selection_asked = Signal(object, str)
    wire_asked = Signal(object)
    double_clicked = Signal(str, str)
    node_hovered = Signal(str)
    element_hovered = Signal(object)
    things_moved = Signal(object, object)
    things_copied = Signal(object)
    wire_drawn = Signal(object, object)
    wire_dropped = Signal(object, object)
    wire_bent = Signal(object, object)
    wires_cut = Signal(object)
    refused = Signal(str)
    search_asked = Signal(object)
    level_stepped = Signal(int, str)
    space_tapped = Signal()
    menu_asked = Signal(str, object, object)
    dropped = Signal(str, str, object, object)

    _ready = False

    def __init__(self, theme: Theme = LIGHT) -> None:
        super().__init__(theme)
        self._pointer = Pointer(self)
        self._dropping = Dropping(self)
        self.pointer_tip = PointerTip(self.viewport())
        self.layouts = Layouts(self)
        self._node_glide = NodeGlide(self)
        self._pulse = Pulse(self)
        self._ready = True
        self._advisor: Callable[[], Advice] = NoAdvice
        self._reader: Reader = nothing_known
        self._flow: Flow = nothing_known
        self.hovered = ""
        self._element: Element | None = None
        self._in_formula: frozenset[int] = frozenset()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(200, 120)
        self.setAccessibleName("Graph")
        self.viewport().setMouseTracking(True)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)

    # what is shown ------------------------------------------------------------------------------

    def set_graph(self, model: CanvasModel, begin: np.ndarray | None = None) -> None:
        """Show another model; a gesture under way is dropped, a fitted view stays fitted.

        Its nodes come from the places ``begin``, where these are given.
        """
        self._pointer.cancel()
        self._node_glide.drop()
        self.stop_motion()
        self.hovered, self._in_formula, self._element = "", frozenset(), None
        self.graph_scene.set_model(model)
        self._arrive(begin)
        self._ask_layout()
        self.repaint_all()

    def set_places(self, graph: Graph) -> None:
        """Nodes, notes and wires are where ``graph`` has them, all others where the layout does."""
        begin = self.model.geometry.xy.copy()
        self._node_glide.drop()
        self.model.set_positions(graph.positions, graph.bends)
        self.model.move_notes({note.id: note.at for note in graph.notes.values()})
        self.graph_scene.place_all()
        self._arrive(begin)
        self._ask_layout()

    def _arrive(self, begin: np.ndarray | None) -> None:
        """Lead nodes from ``begin`` to where they are now."""
        if self._stays_fitted:
            self.fit(animated=begin is not None)
        if begin is not None:
            self._node_glide.start(begin)
        self.view_changed.emit()

    def _ask_layout(self) -> None:
        """See to the full layout, where that did not come at once."""
        layout = self.model.layout
        if layout is None or layout.final or self.model.placed:
            self.layouts.forget()
        else:
            self.layouts.ask(self.model.layout_task(), self._take_layout)

    def _take_layout(self, layout: Layout) -> None:
        if not self._pointer.busy:  # what is in the hand is not to be moved from elsewhere
            begin = self.model.geometry.xy.copy()
            self._node_glide.drop()
            self.model.set_layout(layout)
            self.graph_scene.place_all()
            self._arrive(begin)

    def set_texts(self, values: Sequence[str], gradients: Sequence[str]) -> None:
        """What stands above and below the wires, in the order of ``model.ids``; [] for none."""
        self.model.set_texts(values, gradients)
        self.repaint_all()

    def set_tensors(self, tensors: Mapping[str, tuple[Any, Any]]) -> None:
        """(value, gradient) of nodes that show theirs as heat maps; drawn with the next texts."""
        index = self.model.index
        tiles = set(self.model.tiles)
        at = ((index.get(i, -1), pair) for i, pair in tensors.items())
        self.model.set_tensors({k: pair for k, pair in at if k in tiles})

    def mark_example(self, example: int) -> None:
        """Mark the row of this example in the tensors of a batch."""
        self.model.example = example
        self.repaint_all()

    def set_active(
        self,
        node: str | None,
        phase: Phase = Phase.FORWARD,
        wires: Iterable[tuple[str, str, int]] = (),
    ) -> None:
        """Light a node and some wires (source, target, port) and dim the rest; None lights all."""
        self._pulse.stop()
        self.model.set_active(node, phase, wires)
        if self.model.lit_wires and not self.reduced_motion and self.isVisible():
            self._pulse.start()
        self.repaint_all()

    def set_selection(self, things: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Ring these nodes, notes and wires, and nothing else."""
        model = self.model
        before, old = model.selection, (model.selected_notes, model.selected_wires)
        model.select(things, wires)
        self.graph_scene.redraw_nodes(set(before ^ model.selection))
        if old != (model.selected_notes, model.selected_wires):
            self.graph_scene.wires.update()

    @property
    def selection(self) -> frozenset[str]:
        """The ids of the selected nodes and notes."""
        model = self.model
        return frozenset(model.ids[k] for k in model.selection) | model.selected_notes

    def highlight(self, nodes: Iterable[str]) -> None:
        """Glow behind these nodes (the terms under the pointer in the formula)."""
        index = self.model.index
        self._in_formula = frozenset(index[n] for n in nodes if n in index)
        self._show_glow()

    def set_problems(self, problems: Iterable[ProblemLike]) -> None:
        """Mark the nodes that something is wrong with."""
        self.model.set_problems(problems)
        self.repaint_all()

    def set_reader(self, reader: Reader, flow: Flow = nothing_known) -> None:
        """What tooltips tell: ``reader(id)`` of a node, ``flow(wire)`` of a wire."""
        self._reader, self._flow = reader, flow

    def set_advisor(self, advisor: Callable[[], Advice]) -> None:
        """``advisor()`` gives what a gesture asks about the graph as it stands."""
        self._advisor = advisor

    def advice(self) -> Advice:
        """What may be wired, as the graph stands."""
        return self._advisor()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.graph_scene.set_theme(theme)
        self.repaint_all()
        self.view_changed.emit()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Whether nothing moves that need not."""
        self.reduced_motion = reduced
        if reduced:
            self.stop_motion()

    def center_on(self, node: str) -> None:
        """Bring a node to the middle, near enough to be read."""
        if node in self.model.index:
            self._stays_fitted = False
            self.look_at(max(self.zoom, 0.5), self.node_position(node), animated=True)

    def fit_things(self, things: Iterable[str]) -> None:
        """Show these nodes and notes as large as fits."""
        box = self._box_around(things)
        if not box.isNull():
            self.fit_box(box.adjusted(-48, -32, 96, 32))

    def reveal(self, *things: str) -> None:
        """Bring nodes and notes into sight; the view moves no further than that takes."""
        self.bring_into_sight(self._box_around(things))

    def reveal_new(self, things: Collection[str], fitted: bool) -> None:
        """Bring what was added into sight; what was ``fitted`` shows everything again."""
        if fitted and not self.visible_rect().contains(qrect(self.model.bounds())):
            self.fit(animated=True)
        else:
            self._stays_fitted = fitted
            self.reveal(*things)

    def follow(self, node: str) -> None:
        """Bring a node out of sight to the middle: where a walk leads, it goes on."""
        if node in self.model.index and not self.visible_rect().contains(self._box_around([node])):
            self.look_at(self.zoom, self.node_position(node), animated=True)

    def _box_around(self, things: Iterable[str]) -> QRectF:
        """What these nodes and notes cover, in the scene, where they will have come to rest."""
        box = QRectF()
        notes = {note.id: note.box for note in self.model.notes}
        for thing in things:
            if thing in self.model.index:
                centre, (width, height) = self.node_position(thing), self.size_of(thing)
                box |= QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
            elif thing in notes:
                box |= qrect(notes[thing])
        return box

    def stop_motion(self) -> None:
        super().stop_motion()
        self._node_glide.stop()
        self._pulse.stop()

    def shutdown(self) -> None:
        """Stop what moves and let go of the model; the view shows nothing from then on."""
        self._pointer.cancel()
        self._reader = self._flow = nothing_known
        self._advisor = NoAdvice
        self.layouts.shutdown()
        self.set_graph(CanvasModel.from_graph(Graph()))

    # nodes --------------------------------------------------------------------------------------

    def node_at(self, position: QPointF) -> str:
        """The id of the node at a place in the viewport, or an empty string."""
        place = self.to_scene(position)
        found = self.model.geometry.node_at(place.x(), place.y(), TARGET_PX / self.zoom)
        return self.model.ids[found] if found >= 0 else ""

    def node_position(self, node: str) -> QPointF:
        """A node's centre in the scene."""
        return QPointF(*self._node_glide.ends[self.model.index[node]].tolist())

    def has_thing(self, thing: str) -> bool:
        """Whether a node or a note is shown."""
        return thing in self.model.index or any(n.id == thing for n in self.model.notes)

    def to_viewport(self, place: tuple[float, float]) -> QPointF:
        """A scene point, in the viewport."""
        return self.viewportTransform().map(QPointF(*place))

    def area_of(self, thing: str) -> QRect:
        """Where a node or a note is in the viewport."""
        model = self.model
        for note in model.notes:
            if note.id == thing:
                box = note.box
                break
        else:
            box = model.geometry.bounds(np.array([model.index[thing]]))
        corner, end = self.to_viewport(box[:2]), self.to_viewport(box[2:])
        return QRectF(corner, end).toRect()

    def size_of(self, thing: str) -> tuple[float, float]:
        """Width and height of a node or a note, in the scene."""
        model = self.model
        for note in model.notes:
            if note.id == thing:
                left, top, right, bottom = note.box
                return right - left, bottom - top
        width, height = model.geometry.size[model.index[thing]].tolist()
        return width, height

    def places_of(self, things: Iterable[str]) -> dict[str, tuple[float, float]]:
        """The centres of nodes and the corners of notes, of those that are shown."""
        model = self.model
        things = set(things)
        places = {n.id: n.box[:2] for n in model.notes if n.id in things}
        centres = zip(model.ids, self._node_glide.ends.tolist(), strict=True)
        places.update((node, (x, y)) for node, (x, y) in centres if node in things)
        return places

    def bends_of(self, wire: Wire) -> tuple[tuple[float, float], ...]:
        """The points that a wire is led over."""
        return self.model.geometry.fixed.get(self.model.wires.index(wire), ())

    def show_bends(self, wire: Wire, points: tuple[tuple[float, float], ...]) -> None:
        """Show a wire led over these points."""
        if wire in self.model.wires:
            self.graph_scene.bend_wire(self.model.wires.index(wire), points)

    def move_things(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Show nodes, with their wires, and notes elsewhere; nobody is told."""
        index = self.model.index
        nodes = {index[i]: at for i, at in places.items() if i in index}
        if nodes:
            self.graph_scene.move_nodes(list(nodes), np.array(list(nodes.values())))
        if len(nodes) < len(places):
            self.graph_scene.move_notes(places)

    def wire_path(self, wire: Wire) -> QPainterPath | None:
        """The curve of a wire that is drawn."""
        number = self.model.wire_index.get((wire.source, wire.target, wire.port))
        return None if number is None else self.graph_scene.wires.path(number)

    def port_name(self, port: Port) -> str:
        """What a port is called, with the shape that comes in."""
        return tips.port_name(self.model, port, self._reader)

    def show_overlay(self, overlay: Overlay) -> None:
        """Draw what a gesture would do."""
        self.graph_scene.overlay.show_overlay(overlay)

    def say_beside_pointer(self, position: QPointF, sentence: str, node: str = "") -> None:
        """A short text beside the pointer, as long as a gesture lasts; clear of ``node``."""
        keep_clear = self.area_of(node) if node in self.model.index else None
        self.pointer_tip.say(sentence, position.toPoint(), keep_clear)

    def say_nothing(self) -> None:
        """The gesture is over."""
        self.pointer_tip.hide()

    def ask_selection(self, things: frozenset[str], current: str = "") -> None:
        """Ask for these things to be selected."""
        self.selection_asked.emit(things, current)

    def ask_wire(self, wire: Wire) -> None:
        """Ask for a wire to be selected."""
        self.wire_asked.emit(wire)

    def hover(self, node: str) -> None:
        """Glow behind the node under the pointer ("" for none)."""
        if node == self.hovered:
            return
        self.hovered = node
        self._show_glow()
        self.node_hovered.emit(node)

    def hover_element(self, position: QPointF) -> None:
        """Tell which number of a heat map is at a place in the viewport."""
        element = self.element_at(position)
        if element != self._element:
            self._element = element
            self.element_hovered.emit(element)

    def element_at(self, position: QPointF) -> Element | None:
        """The number of a heat map at a place in the viewport."""
        place = self.to_scene(position)
        return element_at(self.model, place.x(), place.y(), TARGET_PX / self.zoom)

    def light_elements(self, masks: Mapping[str, np.ndarray]) -> None:
        """Frame these numbers of heat maps, by node, and no others."""
        model = self.model
        before = set(model.lit_elements)
        model.lit_elements = {model.index[i]: mask for i, mask in masks.items() if i in model.index}
        self.graph_scene.redraw_nodes(before | set(model.lit_elements))

    def _show_glow(self) -> None:
        model = self.model
        before = model.highlighted
        hovered = {model.index[self.hovered]} if self.hovered in model.index else set()
        model.highlighted = self._in_formula | hovered
        self.graph_scene.redraw_nodes(set(before ^ model.highlighted))

    def tooltip(self, node: str, element: Element | None = None) -> str:
        """All that is known of a node, or of one number of its heat map, as HTML."""
        if element is not None:
            return tips.element_tip(self.model, element, self._reader)
        return tips.node_tip(self.model, node, self._reader, self.theme.problem)

    def port_tooltip(self, port: Port) -> str:
        """What a port is called and the numbers at it, as HTML."""
        return tips.port_tip(self.model, port, self._reader, self._flow)

    def wire_tooltip(self, wire: Wire) -> str:
        """Where a wire leads and what went along it, as HTML."""
        return tips.wire_tip(self.model, wire, self._reader, self._flow)

    # events -------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pointer.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pointer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pointer.double_click(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._pointer.context_menu(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._pointer.wheel(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._dropping.drag_over(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._dropping.drag_over(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._dropping.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self._dropping.drop(event)

    def wire_by_keys(self, node: str) -> str:
        """Begin a wire from a node's output that the keyboard leads; why not, if it cannot be."""
        return self._pointer.wire_by_keys(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._pointer.key(event, pressed=True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._pointer.key(event, pressed=False):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._pointer.lose_focus()
        super().focusOutEvent(event)

    def event(self, event: QEvent) -> bool:
        if not self._ready:  # events come while the base class is still being made
            return super().event(event)
        return self._pointer.watch(event) or super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if not self._ready:
            return super().viewportEvent(event)
        return self._pointer.viewport_event(event) or super().viewportEvent(event)
