"""The canvas as an editor: selection, search, fields on nodes and the clipboard."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, Signal, Slot
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QWidget

from engine import edits
from engine.errors import FormulaError
from engine.graph.bypass import bypassed, own_op
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Node
from engine.graph.labels import text_label
from engine.graph.levels import can_open
from engine.graph.templates import attr_text
from engine.graph.writer import to_text
from engine.ops import OPS
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.inline_editor import InlineEditor, NoteEditor
from graphviz_app.canvas.model import kind_color
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.editing import Editing
from graphviz_app.explore.palette import op_entries
from graphviz_app.explore.selection import Selection
from graphviz_app.theme import Theme
from graphviz_app.widgets import SearchEntry, SearchPopup

Point = tuple[float, float]
PRIMITIVE = "a primitive: it opens no further"
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class CanvasEditor(QObject):
    """Signals: ``said(sentence)`` for the status line; ``menu_asked(kind, QPoint)``."""

    said = Signal(str)
    menu_asked = Signal(str, object)

    def __init__(
        self, document: Document, view: GraphView, selection: Selection, over: QWidget, theme: Theme
    ) -> None:
        super().__init__(view)
        self._document, self._view, self._over, self._theme = document, view, over, theme
        self.selection = selection
        self.editing = Editing(document, view, selection)
        self.search = SearchPopup(over)
        self.field = InlineEditor(view.viewport())
        self.note_field = NoteEditor(view.viewport())
        self._found = self._nothing_found  # what choosing from the search does
        self._typed = self._nothing_found
        self._edited = ("", "")  # (what, id) in the field
        self.place: Point | None = None  # where the context menu was asked for
        self._connect()

    def _connect(self) -> None:
        view, editing = self._view, self.editing
        view.set_advisor(editing.advice)
        view.selection_asked.connect(self._select)
        view.wire_asked.connect(self.selection.set_wire)
        view.things_moved.connect(editing.move)
        view.things_copied.connect(editing.copy_to)
        view.wire_drawn.connect(editing.wire)
        view.wire_dropped.connect(self._add_at_wire)
        view.wires_cut.connect(editing.cut_wires)
        view.dropped.connect(editing.drop)
        view.refused.connect(self.said)
        view.search_asked.connect(self.add_here)
        view.double_clicked.connect(self.open)
        view.menu_asked.connect(self._ask_menu)
        editing.refused.connect(self.said)
        self.selection.changed.connect(self._show_selection)
        self.search.chosen.connect(self._choose)
        self.search.free_text.connect(self._take_text)
        for field in (self.field, self.note_field):
            field.committed.connect(self._commit_field)
            field.closed.connect(view.setFocus)

    def set_theme(self, theme: Theme) -> None:
        """Colours of what floats over the canvas."""
        self._theme = theme
        self.search.set_theme(theme)

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

    # searching and adding -----------------------------------------------------------------------

    @staticmethod
    def _nothing_found(_key: str) -> None:
        """The search was not opened by anyone."""

    def _open_search(self, entries: list[SearchEntry], at: Point | None, hint: str) -> None:
        point = None
        if at is not None:
            corner = self._view.to_viewport(at).toPoint()
            point = self._view.viewport().mapTo(self._over, corner)
        self.search.open_at(entries, point, hint)

    @Slot(str)
    def _choose(self, key: str) -> None:
        self._found(key)

    @Slot(str)
    def _take_text(self, text: str) -> None:
        self._typed(text)

    @Slot(object)
    def add_here(self, at: Point) -> None:
        """Search for something to add at a place of the canvas."""
        self._search_nodes(at, at, None)

    def add_beside(self) -> None:
        """Search for something to add after the current node, or at the pointer."""
        current = self.selection.current
        places = self._view.places_of(self.selection.things)
        if current in places:
            x, y = places[current]
            self._search_nodes((x + 60.0, y - 20.0), None, None)
            return
        pointer = self._pointer_place()
        self._search_nodes(pointer or self._view.middle(), pointer, None)

    def _pointer_place(self) -> Point | None:
        """The scene point under the mouse, if that is over the canvas."""
        viewport = self._view.viewport()
        at = viewport.mapFromGlobal(QCursor.pos())
        if not viewport.rect().contains(at):
            return None
        place = self._view.to_scene(QPointF(at))
        return place.x(), place.y()

    @Slot(object, object)
    def _add_at_wire(self, port: Port, at: Point) -> None:
        why = self.editing.why_closed(port)
        if why:
            self.said.emit(why)
        else:
            self._search_nodes(at, at, port)

    def _search_nodes(self, show_at: Point, at: Point | None, port: Port | None) -> None:
        """Offer what can be added, only what fits if it is to be wired to ``port``."""

        def add(key: str) -> None:
            self.editing.add(key, at, port)
            self._begin_value()

        def add_text(text: str) -> None:
            self.editing.add_formula(text, at)

        entries = self._fitting(port)
        self._found, self._typed = add, add_text
        self.search.set_free_text_hint(_formula_hint if port is None else None)
        hint = "Add an operation or type a formula" if port is None else "Add what fits here"
        self._open_search(entries, show_at, hint)

    def insert_on_wire(self) -> None:
        """Search for something to put into the selected wire."""
        wire = self.selection.wire
        if wire is None:
            return
        places = self._view.places_of([wire.source, wire.target])
        why = self.editing.why_closed(Port(wire.target, wire.port))
        if why:
            self.said.emit(why)
        if why or len(places) < 2:
            return
        (x0, y0), (x1, y1) = places[wire.source], places[wire.target]
        at = ((x0 + x1) / 2, (y0 + y1) / 2)
        port = Port(wire.source, OUT)

        def insert(key: str) -> None:
            self.editing.drop("node", key, at, wire)

        self._found, self._typed = insert, self._nothing_found
        self.search.set_free_text_hint(None)
        entries = self._fitting(port)
        self._open_search(entries, at, "Insert an operation")

    def _begin_value(self) -> None:
        """After a variable was added by search its value can be typed at once."""
        new = self.graph.nodes.get(self.selection.current)
        if new is not None and new.leaf and new.id in self._view.model.index:
            self.edit_value()

    def _fitting(self, port: Port | None) -> list[SearchEntry]:
        """What of the palette could be wired to ``port``; what a new node gives fits anywhere."""
        entries = op_entries(self._theme)
        if port is None or port.number != OUT:
            return entries
        graph, candidates = self.graph, {}
        for entry in entries:
            if entry.key not in LEAF_KINDS:
                graph, candidates[entry.key] = edits.add_op(graph, entry.key)
        wiring = edits.Wiring(graph)  # one for all: the shapes of the graph are inferred once
        fitting = {k for k, i in candidates.items() if wiring.free_port(port.node, i) is not None}
        return [entry for entry in entries if entry.key in fitting]

    def find_node(self) -> None:
        """Search among the nodes that are shown, and go to one."""
        shown = self._document.shown
        entries = [
            SearchEntry(
                key=i,
                title=node.name or text_label(shown, i),
                hint=f"{node.op} · {text_label(shown, i)}" if node.name else node.op,
                keywords=f"{i} {node.op} {own_op(node)}",
                sign=OPS[own_op(node)].symbol if own_op(node) in OPS else "•",
                color=kind_color(node, self._theme),
            )
            for i, node in shown.nodes.items()
        ]

        self._found, self._typed = self.go_to, self._nothing_found
        self.search.set_free_text_hint(None)
        self._open_search(entries, None, "Find a node")

    @Slot(str)
    def go_to(self, node_id: str) -> None:
        """Select a node and bring it to the middle."""
        shown = self._view.model.index.get(node_id)
        if shown is not None:
            name = self._view.model.ids[shown]
            self.selection.set({name}, name)
            self._view.center_on(name)

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
        text = self.editing.copied_text()
        if text:
            QGuiApplication.clipboard().setText(text)
        else:
            self.said.emit("Nothing is selected: click a node first.")

    def cut(self) -> None:
        """Copy and delete."""
        if self.editing.copied_text():
            self.copy()
            self.editing.delete()

    def paste(self) -> None:
        """What was copied, or a formula, at the pointer."""
        self.editing.paste_text(QGuiApplication.clipboard().text(), self._pointer_place())

    def paste_wired(self) -> None:
        """What was copied, wired to where the originals are."""
        text = QGuiApplication.clipboard().text()
        self.editing.paste_text(text, self._pointer_place(), keep_wires=True)

    def commit_fields(self) -> None:
        """Take what is being typed on the canvas, before the graph is saved or left."""
        self.field.commit()
        self.note_field.commit()

    # fields on the canvas -----------------------------------------------------------------------

    @Slot(str, str)
    def open(self, kind: str, what: str) -> None:
        """A double click: edit a value or note, open a composite or group, fold it again."""
        if kind == "note":
            self._edit_note(what)
        elif kind == "group":
            self._edit_group_title(what)
        else:
            self._open_node(what)

    def open_current(self) -> None:
        """What a double click on the current thing does."""
        current = self.selection.current
        if current in self.graph.notes:
            self._edit_note(current)
        elif current in self._view.model.index:
            self._open_node(current)

    def open_selected(self) -> None:
        """Show what the current node is made of."""
        self.toggle_opened(self.selection.current)

    def fold_selected(self) -> None:
        """Show the opened composite around the current node as one node again."""
        owner = self.frame_of(self.selection.current)
        if owner:
            self.editing.set_opened(owner, False)

    def _open_node(self, node_id: str) -> None:
        node = self._document.shown.nodes.get(node_id)
        if node is None:
            return
        if node.leaf or self._constant_in(node) is not None:
            self.selection.set({node_id}, node_id)
            self.edit_value()
        else:
            self.toggle_opened(node_id)

    def toggle_opened(self, node_id: str) -> None:
        """Open a composite or folded group; on what is inside an opened one, fold it again."""
        group = self.editing.group_of(node_id)
        node = self._document.shown.nodes.get(node_id)
        if node is not None and node.op == "group" and group:
            self.editing.set_group(group, folded=False)
        elif owner := self.frame_of(node_id):
            self.editing.set_opened(owner, False)
        elif node is not None and can_open(node):
            self.editing.set_opened(node_id, True)
        elif node is not None:
            why = "bypassed: bring it back" if bypassed(node) else PRIMITIVE
            self.said.emit(f"{node.name or OPS[own_op(node)].name} is {why}.")

    def frame_of(self, node_id: str) -> str:
        """The opened composite that a shown node belongs to, or an empty string."""
        for frame in self._document.derived.opened.frames:
            if frame.node and node_id in frame.members:
                return frame.node
        return ""

    def _constant_in(self, node: Node) -> str | None:
        """The constant that stands in an op's label, by id."""
        model = self._view.model
        for source in node.inputs:
            inside = self._document.shown.nodes.get(source)
            if inside is not None and inside.op == CONSTANT and source not in model.ids:
                return source
        return None

    def edit_value(self) -> None:
        """Type the current leaf's value, or the number in an op's label, on the node itself."""
        node = self._document.shown.nodes.get(self.selection.current)
        if node is None:
            return
        leaf = node.id if node.leaf else self._constant_in(node)
        if leaf is None or leaf not in self.graph.nodes:
            self.said.emit("This node has no value of its own: it computes one.")
            return
        value = self.graph.nodes[leaf].value
        text = "" if value is None else attr_text(np.asarray(value).tolist())
        self._edited = ("value", leaf)
        name = self.graph.nodes[leaf].name or "this constant"
        self.field.open_over(self._view.area_of(node.id), text, f"Value of {name}")

    def rename(self) -> None:
        """Type the current node's name on the node itself, or the title of a folded group."""
        current = self.selection.current
        shown = self._document.shown.nodes.get(current)
        if shown is not None and shown.op == "group":
            self._edit_group_title(self.editing.group_of(current))
        elif current in self.graph.nodes and current in self._view.model.index:
            self._edited = ("name", current)
            name = self.graph.nodes[current].name
            self.field.open_over(self._view.area_of(current), name, "Name of this node")
        elif current in self.graph.notes:
            self._edit_note(current)
        else:
            self.said.emit("Select a node to name it.")

    def _edit_group_title(self, group_id: str) -> None:
        group = self.graph.groups.get(group_id)
        if group is None:
            return
        shown = [i for i in group.members if i in self._view.model.index]
        if not shown:  # while a large graph is derived the view shows the one before
            return
        area = self._view.area_of(self._view.model.ids[self._view.model.index[shown[0]]])
        for other in shown[1:]:
            area = area.united(self._view.area_of(other))
        title = area.adjusted(0, -64, 0, 0)
        title.setHeight(30)
        self._edited = ("group", group_id)
        self.field.open_over(title, group.title, "Title of this group")

    def _edit_note(self, note_id: str) -> None:
        note = self.graph.notes.get(note_id)
        if note is not None and self._view.has_thing(note_id):
            self._edited = ("note", note_id)
            self.note_field.open_over(self._view.area_of(note_id), note.text, "Note")

    @Slot(str)
    def _commit_field(self, text: str) -> None:
        (what, key), self._edited = self._edited, ("", "")
        if what == "value" and key in self.graph.nodes:
            self.editing.type_value(key, text)
        elif what == "name" and key in self.graph.nodes:
            self.editing.rename(key, text.strip())
        elif what == "group" and key in self.graph.groups:
            self.editing.rename_group(key, text)
        elif what == "note":
            self.editing.set_note(key, text)

    # groups and notes ---------------------------------------------------------------------------

    def group(self) -> None:
        """Frame the selection, then type its title."""
        new = self.editing.group("Group")
        if new:
            self._edit_group_title(new)

    def fold(self) -> None:
        """Show the selection as one node: its group if it is one, else a new group."""
        group = self._group_selected()
        if group:
            self.editing.set_group(group, folded=True)
        else:
            group = self.editing.group(self._title_for_selection(), folded=True)
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
        return self.editing.group_of(self.selection.current) if len(chosen) == 1 else ""

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
        self._edit_group_title(self.editing.group_around())

    def ungroup(self) -> None:
        """Take the frame that is selected away, or the one around the current node."""
        self.editing.ungroup(self.editing.group_around())

    def add_note(self) -> None:
        """A comment at the pointer, ready to be typed."""
        at = self.place or self._pointer_place() or self._view.middle()
        note = self.editing.add_note(at)
        if note:
            self._edit_note(note)

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


def _formula_hint(text: str) -> str:
    """What pressing Ctrl+Enter would add, if ``text`` is more than the name of an op."""
    if not any(c in text for c in "+-*/^=()·×[]| ") and not text.isdigit():
        return ""
    try:
        graph = parse(text)
    except FormulaError:
        return ""
    return f"Add the formula {to_text(graph).splitlines()[-1]}"
