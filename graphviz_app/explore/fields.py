"""The fields on the canvas: values, names, titles and notes are typed where they stand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from engine.graph.graph import CONSTANT, Graph, Node
from engine.graph.templates import attr_text
from graphviz_app.canvas.inline_editor import InlineEditor, NoteEditor
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.editing import Editing
from graphviz_app.explore.marking import Marking
from graphviz_app.explore.selection import Selection


class CanvasFields(QObject):
    """Owns the fields over the canvas, and makes edits of what is typed.

    Signal ``said(sentence)``: why no field was opened.
    """

    said = Signal(str)

    def __init__(
        self,
        document: Document,
        view: GraphView,
        selection: Selection,
        editing: Editing,
        marking: Marking,
    ) -> None:
        super().__init__(view)
        self._document, self._view, self._selection = document, view, selection
        self._editing, self._marking = editing, marking
        self.line = InlineEditor(view.viewport())
        self.note = NoteEditor(view.viewport())
        self._edited = ("", "")  # (what, id) in the field
        self._refused = ("", "", "")  # what, of what and which text was not taken
        for field in (self.line, self.note):
            field.committed.connect(self._commit)
            field.closed.connect(self._close)

    @property
    def _graph(self) -> Graph:
        return self._document.graph

    def commit(self) -> None:
        """Take what is being typed on the canvas, before the graph is saved or left."""
        self.line.commit()
        self.note.commit()

    def constant_in(self, node: Node) -> str | None:
        """The constant that stands in an op's label, by id."""
        model = self._view.model
        for source in node.inputs:
            inside = self._document.shown.nodes.get(source)
            if inside is not None and inside.op == CONSTANT and source not in model.ids:
                return source
        return None

    def edit_value(self) -> None:
        """Type the current leaf's value, or the number in an op's label, on the node itself."""
        node = self._document.shown.nodes.get(self._selection.current)
        if node is None:
            return
        leaf = node.id if node.leaf else self.constant_in(node)
        if leaf is None or leaf not in self._graph.nodes:
            self.said.emit("This node has no value of its own: it computes one.")
            return
        value = self._graph.nodes[leaf].value
        text = "" if value is None else attr_text(np.asarray(value).tolist())
        self._edited = ("value", leaf)
        name = self._graph.nodes[leaf].name or "this constant"
        self.line.open_over(self._view.area_of(node.id), text, f"Value of {name}")

    def rename(self) -> None:
        """Type the current node's name on the node itself, or the title of a folded group."""
        current = self._selection.current
        shown = self._document.shown.nodes.get(current)
        if shown is not None and shown.op == "group":
            self.edit_group_title(self._marking.group_of(current))
        elif current in self._graph.nodes and current in self._view.model.index:
            self._edited = ("name", current)
            name = self._graph.nodes[current].name
            self.line.open_over(self._view.area_of(current), name, "Name of this node")
        elif current in self._graph.notes:
            self.edit_note(current)
        else:
            self.said.emit("Select a node to name it.")

    def edit_group_title(self, group_id: str) -> None:
        """Type a group's title above what is inside."""
        group = self._graph.groups.get(group_id)
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
        self.line.open_over(title, group.title, "Title of this group")

    def edit_note(self, note_id: str) -> None:
        """Type what a note says on the note itself."""
        note = self._graph.notes.get(note_id)
        if note is not None and self._view.has_thing(note_id):
            self._edited = ("note", note_id)
            self.note.open_over(self._view.area_of(note_id), note.text, "Note")

    @Slot(str)
    def _commit(self, text: str) -> None:
        (what, key), self._edited = self._edited, ("", "")
        self._refused = ("", "", "")
        if what == "value" and key in self._graph.nodes:
            if not self._editing.type_value(key, text):
                self._refused = what, key, text
        elif what == "name" and key in self._graph.nodes:
            if not self._editing.rename(key, text.strip()):
                self._refused = what, key, text
        elif what == "group" and key in self._graph.groups:
            self._marking.rename_group(key, text)
        elif what == "note":
            self._marking.set_note(key, text)

    @Slot()
    def _close(self) -> None:
        """Back to the canvas; what was refused stays in its field, to be mended or given up."""
        (what, key, text), self._refused = self._refused, ("", "", "")
        self._view.setFocus()
        if what and self._selection.current in self._view.model.index:
            self.edit_value() if what == "value" else self.rename()
            if self._edited == (what, key):
                self.line.setText(text)
                self.line.selectAll()
