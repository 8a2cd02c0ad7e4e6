"""What is selected, shown in the inspector; what is typed and chosen there, as edits."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from engine.graph.graph import Node, Value, same_value
from engine.layers.settings import sizes_of
from graphviz_app.document import Document
from graphviz_app.explore.editing import Editing
from graphviz_app.explore.inspector import Inspector
from graphviz_app.explore.marking import Marking
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.walking import Walking


class Inspecting(QObject):
    """Keeps one inspector in step with the selection, and changes what it shows.

    Why something cannot be is said by ``editing`` or ``marking``; the field is marked.
    """

    def __init__(
        self,
        document: Document,
        selection: Selection,
        editing: Editing,
        marking: Marking,
        walking: Walking,
        inspector: Inspector,
    ) -> None:
        super().__init__(inspector)
        self._document, self._selection = document, selection
        self._editing, self._marking = editing, marking
        self._walking, self._inspector = walking, inspector
        inspector.value_changed.connect(document.set_value)
        inspector.entry_changed.connect(document.set_entry)
        form = inspector.form
        form.renamed.connect(self._rename)
        form.kind_chosen.connect(editing.set_kind)
        form.value_typed.connect(self._set_value)
        form.shape_typed.connect(self._set_shape)
        form.color_chosen.connect(marking.set_color)
        form.attribute_changed.connect(self._set_attribute)

    @Slot()
    def show(self) -> None:
        """Show what is selected, with its numbers as far as the walk has come."""
        inspector, chosen = self._inspector, self._selection
        graph, shown = self._document.graph, self._document.shown
        group = graph.groups.get(self._marking.group_chosen())
        if chosen.group and group is not None:
            inspector.show_group(group, len(chosen.things))
        elif len(chosen.things) > 1:
            nodes = [node for i, node in shown.nodes.items() if i in chosen.things]
            notes = [note for i, note in graph.notes.items() if i in chosen.things]
            inspector.show_several(nodes, notes)
        elif chosen.current in graph.notes:
            inspector.show_note(graph.notes[chosen.current])
        elif chosen.current in shown.nodes:
            node = shown.nodes[chosen.current]
            own = group or graph.nodes.get(node.id)
            if node.op == "assemble" and isinstance(own, Node):
                node = own  # put together from its elements, it is what it is in the document
            sizes = sizes_of(graph, node.id) if isinstance(own, Node) else {}
            why = self._document.derived.opened.refused.get(node.id)
            note = f"It stays whole at this level: {why}." if why else ""
            inspector.show_node(node, *self._numbers(node.id), own=own, sizes=sizes, note=note)
        else:
            inspector.show_nothing()

    def _numbers(self, node_id: str) -> tuple[Value | None, Value | None, Value | None]:
        """A shown node's value, gradient, and gradient by central differences."""
        node = self._document.shown.nodes[node_id]
        value, gradient = self._walking.numbers_of(node_id) or (node.value, None)
        check, walk = self._document.derived.check, self._document.walk
        # of a fork's gradient branches may be missing, and then there is nothing to compare
        complete = walk is not None and same_value(gradient, walk.gradient(node_id))
        return value, gradient, check.numerical(node_id) if check and complete else None

    # edits --------------------------------------------------------------------------------------

    def _answer(self, field: str, done: bool) -> None:
        """Show what an edit made of a text, or mark its field."""
        if done:
            self.show()
        else:
            self._inspector.form.refuse(field)

    @Slot(str)
    def _rename(self, text: str) -> None:
        group, node = self._marking.group_chosen(), self._selection.current
        with self._inspector.keeping_focus():
            if group:
                done = self._marking.rename_group(group, text)
            else:
                done = self._editing.rename(node, text.strip())
            self._answer("name", done)

    @Slot(str)
    def _set_value(self, text: str) -> None:
        self._answer("value", self._editing.type_value(self._selection.current, text))

    @Slot(str)
    def _set_shape(self, text: str) -> None:
        self._answer("shape", self._editing.type_shape(self._selection.current, text))

    @Slot(str, object, bool)
    def _set_attribute(self, name: str, value: object, final: bool) -> None:
        node, graph = self._selection.current, self._document.graph
        if node in graph.nodes and name in sizes_of(graph, node):
            self._answer(name, self._editing.set_size(node, name, value))
        else:
            self._answer(name, self._editing.set_attribute(node, name, value, final))
