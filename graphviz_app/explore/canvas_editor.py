"""The canvas as an editor: what a gesture or command means, for what is selected."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QPointF, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from engine import edits
from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import LEAF_KINDS, Graph, Wire
from engine.graph.levels import LAYERS, LEVELS, PRIMITIVES, TENSORS, can_open
from engine.graph.neuron import neuron_of
from engine.ops import OPS
from graphviz_app.canvas import hits
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.canvas_edits import Point
from graphviz_app.explore.editing import Editing
from graphviz_app.explore.fields import CanvasFields
from graphviz_app.explore.marking import Marking
from graphviz_app.explore.palette_entries import layer_of_key
from graphviz_app.explore.pasting import Pasting
from graphviz_app.explore.searching import Searching
from graphviz_app.explore.selection import Selection
from graphviz_app.theme import Theme

MENU_REACH = 20.0  # scene pixels from a wire to where its menu was asked for
PRIMITIVE = "a primitive: it opens no further"
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class CanvasEditor(QObject):
    """Leads what the view asks for to edits, fields and search, all of which it owns.

    Signals: ``said(sentence)`` for the status line; ``menu_asked(kind, QPoint)``.
    """

    said = Signal(str)
    menu_asked = Signal(str, object)

    def __init__(
        self, document: Document, view: GraphView, selection: Selection, over: QWidget, theme: Theme
    ) -> None:
        super().__init__(view)
        self._document, self._view = document, view
        self.selection = selection
        self.editing = Editing(document, view, selection)
        self.pasting = Pasting(document, view, selection)
        self.marking = Marking(document, view, selection)
        self.fields = CanvasFields(document, view, selection, self.editing, self.marking)
        self.searching = Searching(
            document, view, selection, self.editing, self.pasting, self.fields, over, theme
        )
        self.place: Point | None = None  # where the context menu was asked for
        self._connect()

    def _connect(self) -> None:
        view, editing = self._view, self.editing
        view.set_advisor(editing.advice)
        view.selection_asked.connect(self._select)
        view.wire_asked.connect(self.selection.set_wire)
        view.level_stepped.connect(self.step_level)
        view.things_moved.connect(editing.move)
        view.things_copied.connect(self.pasting.copy_to)
        view.wire_drawn.connect(editing.wire)
        view.wire_dropped.connect(self.searching.add_at_wire)
        view.wires_cut.connect(editing.cut_wires)
        view.wire_bent.connect(editing.bend_wire)
        view.dropped.connect(self.drop)
        view.refused.connect(self.said)
        view.search_asked.connect(self.searching.add_here)
        view.double_clicked.connect(self.open)
        view.menu_asked.connect(self._ask_menu)
        for maker in (editing, self.pasting, self.marking):
            maker.refused.connect(self.said)
        self.fields.said.connect(self.said)
        self.searching.said.connect(self.said)
        self.selection.changed.connect(self._show_selection)

    def set_theme(self, theme: Theme) -> None:
        """Colours of what floats over the canvas."""
        self.searching.set_theme(theme)

    @property
    def graph(self) -> Graph:
        """The document's graph."""
        return self._document.graph

    @Slot(object, str)
    def _select(self, things: frozenset[str], current: str) -> None:
        if current in self.graph.groups:
            self.selection.set_group(current, things)
        else:
            self.selection.set(things, current)

    @Slot()
    def _show_selection(self) -> None:
        selection = self.selection
        self._view.set_selection(selection.things, [selection.wire] if selection.wire else [])

    @Slot(str, str, object, object)
    def drop(self, kind: str, text: str, at: Point, wire: Wire | None) -> None:
        """Something was dropped on the canvas: a node of the palette, or text."""
        if kind != "node":
            self.pasting.paste_text(text, at)
            return
        if text not in OPS and text not in LEAF_KINDS and not layer_of_key(text):
            return
        self.editing.add(text, at, wire=wire)

    def add_bend(self) -> None:
        """Lead the selected wire over a point: where the menu was asked for, else in its middle."""
        wire, model = self.selection.wire, self._view.model
        if wire not in model.wires:
            return
        number = model.wires.index(wire)
        at = self.place
        if at is None or hits.wire_at(model, *at, MENU_REACH) != number:
            line = model.geometry.points_along(number)
            at = tuple(line[len(line) // 2].tolist())
        self.editing.bend_wire(wire, tuple(hits.with_bend(model, number, at)))

    def straighten(self) -> None:
        """Lead the selected wire straight again."""
        if self.selection.wire is not None:
            self.editing.bend_wire(self.selection.wire, ())

    # selecting ----------------------------------------------------------------------------------

    def select_all(self) -> None:
        """Every node and note."""
        model = self._view.model
        self.selection.set({*model.ids, *(note.id for note in model.notes)})

    def select_nothing(self) -> None:
        """Nothing."""
        self.selection.set(())

    def select_upstream(self) -> None:
        """All that the selection depends on, as well."""
        things = self.selection.things
        self.selection.set(things | edits.upstream(self._document.shown, things))

    def select_downstream(self) -> None:
        """All that depends on the selection, as well."""
        things = self.selection.things
        self.selection.set(things | edits.downstream(self._document.shown, things))

    def focus_toward(self, direction: str) -> None:
        """Select the nearest node in a direction; without a selection the output."""
        places = self._view.places_of(self._view.model.ids)
        current = self.selection.current
        if current not in places:
            first = self.graph.output if self.graph.output in places else next(iter(places), "")
            if first:
                self.selection.set({first}, first)
                self._view.reveal(first)
            return
        dx, dy = DIRECTIONS[direction]
        x0, y0 = places[current]
        best, least = "", float("inf")
        for i, (x, y) in places.items():
            along, across = (x - x0) * dx + (y - y0) * dy, abs((x - x0) * dy) + abs((y - y0) * dx)
            if along > 1 and along + 2.5 * across < least:
                best, least = i, along + 2.5 * across
        if best:
            self.selection.set({best}, best)
            self._view.reveal(best)

    def next_wire(self) -> None:
        """Select one wire of the current node after the other."""
        wire, current = self.selection.wire, self.selection.current
        if wire is not None:
            current = wire.target
        wires = [w for w in self._document.shown.wires() if current in (w.source, w.target)]
        if wires:
            at = wires.index(wire) + 1 if wire is not None and wire in wires else 0
            self.selection.set_wire(wires[at % len(wires)])

    def connect_by_keys(self) -> None:
        """Lead a wire from the current node with the arrow keys."""
        if self.selection.current not in self._view.model.index:
            self.said.emit("Select the node that the wire shall start from.")
            return
        why = self._view.wire_by_keys(self.selection.current)
        if why:
            self.said.emit(why)

    # clipboard ----------------------------------------------------------------------------------

    def copy(self) -> None:
        """The selection, as the text of a graph file."""
        text = self.pasting.copied_text()
        if text:
            QGuiApplication.clipboard().setText(text)
        else:
            self.said.emit("Nothing is selected: click a node first.")

    def cut(self) -> None:
        """Copy and delete."""
        if self.pasting.copied_text():
            self.copy()
            self.editing.delete()

    def paste(self) -> None:
        """What was copied, or a formula, at the pointer."""
        self.pasting.paste_text(QGuiApplication.clipboard().text(), self._view.pointer_place())

    def paste_wired(self) -> None:
        """What was copied, wired to where the originals are."""
        text = QGuiApplication.clipboard().text()
        self.pasting.paste_text(text, self._view.pointer_place(), keep_wires=True)

    # opening and folding ------------------------------------------------------------------------

    @Slot(str, str)
    def open(self, kind: str, what: str) -> None:
        """A double click: edit a value or note, open a composite or group, fold it again."""
        if kind == "note":
            self.fields.edit_note(what)
        elif kind == "group":
            self.fields.edit_group_title(what)
        else:
            self._open_node(what)

    def open_current(self) -> None:
        """What a double click on the current thing does."""
        current = self.selection.current
        if current in self.graph.notes:
            self.fields.edit_note(current)
        elif current in self._view.model.index:
            self._open_node(current)

    def open_selected(self) -> None:
        """Show what the current node is made of."""
        self.toggle_opened(self.selection.current)

    def fold_selected(self) -> None:
        """Show the opened composite or group around the current node as one node again."""
        owner, group = self.frame_of(self.selection.current), self.open_group()
        if owner:
            self.marking.set_opened(owner, LAYERS)
        elif group and self.marking.set_group(group, folded=True):
            self._select_folded(group)

    def open_group(self) -> str:
        """The group that is selected, or around the current node, while it is not folded."""
        group = self.graph.groups.get(self.marking.group_around())
        return group.id if group is not None and not group.folded else ""

    def _open_node(self, node_id: str) -> None:
        node = self._document.shown.nodes.get(node_id)
        if node is None:
            return
        if node.leaf or self.fields.constant_in(node) is not None:
            self.selection.set({node_id}, node_id)
            self.fields.edit_value()
        else:
            self.toggle_opened(node_id)

    def toggle_opened(self, node_id: str) -> None:
        """Open a composite or folded group; on what is inside an opened one, fold it again."""
        group = self.marking.group_of(node_id)
        node = self._document.shown.nodes.get(node_id)
        if node is not None and node.op == "group" and group:
            self.marking.set_group(group, folded=False)
        elif owner := self.frame_of(node_id):
            self.marking.set_opened(owner, LAYERS)
        elif node is not None and can_open(node):
            self.marking.set_opened(node_id, TENSORS)
        elif node is not None:
            why = "bypassed: bring it back" if bypassed(node) else PRIMITIVE
            self.said.emit(f"{node.name or OPS[own_op(node)].name} is {why}.")

    def show_layer_at(self, level: str) -> None:
        """Show the layer that is selected, or that the selected node is inside of, at ``level``."""
        node_id = self._document.derived.opened.owner(self.selection.current)
        self.marking.set_opened(node_id, level)

    @Slot(int, str)
    def step_level(self, deeper: int, node_id: str = "") -> None:
        """One level closer (1) or back (−1), of the layer of a shown node or of the whole graph."""
        if node_id:
            owner = self._document.derived.opened.owner(node_id)
            node = self.graph.nodes.get(owner)
            if node is not None and can_open(node):
                at = LEVELS.index(self._depth(node.opened)) + deeper
                if 0 <= at < len(LEVELS):
                    self.marking.set_opened(owner, LEVELS[at])
            return
        now = edits.level_shown(self.graph)
        at = 0 if now is None else LEVELS.index(now) + deeper
        if 0 <= at < len(LEVELS):
            self.show_level(LEVELS[at])

    @staticmethod
    def _depth(level: str) -> str:
        """One neuron is seen in primitives."""
        return level if neuron_of(level) is None else PRIMITIVES

    def show_level(self, level: str) -> None:
        """Look at the whole graph at ``level``, all of it in sight."""
        self._view.start_fitting()
        self.marking.show_level(level)

    def frame_of(self, node_id: str) -> str:
        """The opened composite that a shown node belongs to, or an empty string."""
        for frame in self._document.derived.opened.frames:
            if node_id in frame.inside:
                return frame.node
        return ""

    # groups and notes ---------------------------------------------------------------------------

    def group(self) -> None:
        """Frame the selection, then type its title."""
        new = self.marking.group("Group")
        if new:
            self.fields.edit_group_title(new)

    def fold(self) -> None:
        """Show the selection as one node: its group if it is one, else a new group."""
        group = self._group_selected()
        if group:
            self.marking.set_group(group, folded=True)
        else:
            group = self.marking.group(self._title_for_selection(), folded=True)
        if group:
            self._select_folded(group)

    def _group_selected(self) -> str:
        """The group that was clicked, whose members are selected, or around the current node."""
        if self.selection.group:
            return self.selection.group
        chosen = {i for i in self.selection.things if i in self.graph.nodes}
        for group in self.graph.groups.values():
            if chosen == {i for i in group.members if i in self._view.model.ids}:
                return group.id
        return self.marking.group_of(self.selection.current) if len(chosen) == 1 else ""

    def _title_for_selection(self) -> str:
        ends = [self.graph.nodes[i] for i in self.selection.things if i in self.graph.nodes]
        named = [n.name for n in ends if n.name and not n.leaf]
        ops = {n.op for n in ends}
        if ops & {"sigmoid", "tanh", "relu", "leaky_relu"} and "add" in ops:
            return "neuron"
        return named[-1] if named else "group"

    def _select_folded(self, group_id: str) -> None:
        group = self.graph.groups.get(group_id)
        hidden = self._document.derived.opened.hidden
        shown = {hidden.get(i, i) for i in group.members} if group else set()
        self.selection.set(shown)

    def rename_group(self) -> None:
        """Type the title of the group that is selected, or around the selection."""
        self.fields.edit_group_title(self.marking.group_around())

    def ungroup(self) -> None:
        """Take the frame that is selected away, or the one around the current node."""
        self.marking.ungroup(self.marking.group_around())

    def add_note(self) -> None:
        """A comment at the pointer, ready to be typed."""
        at = self.place or self._view.pointer_place() or self._view.middle()
        note = self.marking.add_note(at)
        if note:
            self.fields.edit_note(note)

    # menus --------------------------------------------------------------------------------------

    @Slot()
    def forget_place(self) -> None:
        """The context menu is closed."""
        self.place = None

    @Slot(str, object, object)
    def _ask_menu(self, kind: str, what: object, at: QPoint) -> None:
        viewport = self._view.viewport()
        place = self._view.to_scene(QPointF(viewport.mapFromGlobal(at)))
        self.place = (place.x(), place.y())
        self.menu_asked.emit(kind, at)
