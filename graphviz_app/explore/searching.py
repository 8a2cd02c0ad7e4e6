"""The search that floats over the canvas: what to add, and where to go."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from engine import edits
from engine.errors import EngineError, FormulaError
from engine.graph.bypass import own_op
from engine.graph.formula import parse
from engine.graph.graph import LEAF_KINDS
from engine.graph.labels import text_label
from engine.graph.writer import to_text
from engine.layers.network import unfilled
from engine.ops import OPS
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.kinds import kind_color
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.canvas_edits import Point
from graphviz_app.explore.editing import Editing
from graphviz_app.explore.fields import CanvasFields
from graphviz_app.explore.palette import op_entries
from graphviz_app.explore.palette_entries import layer_of_key
from graphviz_app.explore.pasting import Pasting
from graphviz_app.explore.selection import Selection
from graphviz_app.theme import Theme
from graphviz_app.widgets import SearchEntry, SearchPopup

_VARIABLE = re.compile(r"[^\W\d_]_?\d*")  # one letter, and a number: w0, x, β1


class Searching(QObject):
    """Owns the search popup over the canvas, and does what is chosen in it.

    Signal ``said(sentence)``: why there is nothing to search for.
    """

    said = Signal(str)

    def __init__(
        self,
        document: Document,
        view: GraphView,
        selection: Selection,
        editing: Editing,
        pasting: Pasting,
        fields: CanvasFields,
        over: QWidget,
        theme: Theme,
    ) -> None:
        super().__init__(view)
        self._document, self._view, self._selection = document, view, selection
        self._editing, self._pasting, self._fields = editing, pasting, fields
        self._over, self._theme = over, theme
        self.popup = SearchPopup(over)
        self._found = self._nothing_found  # what choosing from the search does
        self._typed = self._nothing_found
        self.popup.chosen.connect(self._choose)
        self.popup.free_text.connect(self._take_text)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the popup and of what it offers."""
        self._theme = theme
        self.popup.set_theme(theme)

    @staticmethod
    def _nothing_found(_key: str) -> None:
        """The search was not opened by anyone."""

    def _open_search(self, entries: list[SearchEntry], at: Point | None, hint: str) -> None:
        point = None
        if at is not None:
            corner = self._view.to_viewport(at).toPoint()
            point = self._view.viewport().mapTo(self._over, corner)
        self.popup.open_at(entries, point, hint)

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
        current = self._selection.current
        places = self._view.places_of(self._selection.things)
        if current in places:
            x, y = places[current]
            self._search_nodes((x + 60.0, y - 20.0), None, None)
            return
        pointer = self._view.pointer_place()
        self._search_nodes(pointer or self._view.middle(), pointer, None)

    @Slot(object, object)
    def add_at_wire(self, port: Port, at: Point) -> None:
        """Search for something to add where a wire from ``port`` was let go."""
        why = self._editing.why_closed(port)
        if why:
            self.said.emit(why)
        else:
            self._search_nodes(at, at, port)

    def _search_nodes(self, show_at: Point, at: Point | None, port: Port | None) -> None:
        """Offer what can be added, only what fits if it is to be wired to ``port``."""

        def add(key: str) -> None:
            self._editing.add(key, at, port)
            self._begin_value()

        def add_text(text: str) -> None:
            self._pasting.add_formula(text, at)

        entries = self._fitting(port)
        self._found, self._typed = add, add_text
        self.popup.set_free_text_hint(_formula_hint if port is None else None)
        hint = "Add an operation or type a formula" if port is None else "Add what fits here"
        self._open_search(entries, show_at, hint)

    def insert_on_wire(self) -> None:
        """Search for something to put into the selected wire."""
        wire = self._selection.wire
        if wire is None:
            return
        places = self._view.places_of([wire.source, wire.target])
        why = self._editing.why_closed(Port(wire.target, wire.port))
        if why:
            self.said.emit(why)
        if why or len(places) < 2:
            return
        (x0, y0), (x1, y1) = places[wire.source], places[wire.target]
        at = ((x0 + x1) / 2, (y0 + y1) / 2)
        port = Port(wire.source, OUT)

        def insert(key: str) -> None:
            self._editing.add(key, at, wire=wire)

        self._found, self._typed = insert, self._nothing_found
        self.popup.set_free_text_hint(None)
        entries = self._fitting(port)
        self._open_search(entries, at, "Insert an operation")

    def _begin_value(self) -> None:
        """After a variable was added by search its value can be typed at once."""
        new = self._document.graph.nodes.get(self._selection.current)
        if new is not None and new.leaf and new.id in self._view.model.index:
            self._fields.edit_value()

    def _fitting(self, port: Port | None) -> list[SearchEntry]:
        """What of the palette could be wired to ``port``; what a new node gives fits anywhere."""
        entries = op_entries(self._theme)
        if port is None:
            return entries
        if port.number != OUT:  # a layer takes what is before it, and feeds no single port
            return [entry for entry in entries if not layer_of_key(entry.key)]
        graph, candidates = self._document.graph, {}
        for entry in entries:
            if entry.key not in LEAF_KINDS and not layer_of_key(entry.key):
                graph, candidates[entry.key] = edits.add_op(graph, entry.key)
        wiring = edits.Wiring(graph)  # one for all: the shapes of the graph are inferred once
        fitting = {k for k, i in candidates.items() if wiring.free_port(port.node, i) is not None}
        return [e for e in entries if e.key in fitting or self._layer_fits(e.key, port.node)]

    def _layer_fits(self, key: str, behind: str) -> bool:
        name, graph = layer_of_key(key), self._document.graph
        behind = self._document.derived.opened.owner(behind)
        if not name or behind not in graph.nodes:
            return False
        try:
            edits.put_layer(graph, name, behind, fill=unfilled)
        except EngineError:
            return False
        return True

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
        self.popup.set_free_text_hint(None)
        self._open_search(entries, None, "Find a node")

    @Slot(str)
    def go_to(self, node_id: str) -> None:
        """Select a node and bring it to the middle."""
        shown = self._view.model.index.get(node_id)
        if shown is not None:
            name = self._view.model.ids[shown]
            self._selection.set({name}, name)
            self._view.center_on(name)


def _formula_hint(text: str) -> str:
    """What pressing Ctrl+Enter would add, if ``text`` is more than the name of an op."""
    if _VARIABLE.fullmatch(text.strip()):
        return f"Add the variable {text.strip()}"
    if not any(c in text for c in "+-*/^=()·×[]| ") and not text.isdigit():
        return ""
    try:
        graph = parse(text)
    except FormulaError:
        return ""
    return f"Add the formula {to_text(graph).splitlines()[-1]}"
