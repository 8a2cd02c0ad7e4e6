"""Groups, notes and colours, and what is opened or folded, as edits of the document."""

from __future__ import annotations

from msgspec.structs import replace

from engine import edits
from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.labels import text_label
from engine.graph.levels import LAYERS
from graphviz_app.canvas.guides import on_grid
from graphviz_app.explore.advice import stand_ins
from graphviz_app.explore.arranging import places_apart, places_when_folded, places_when_opened
from graphviz_app.explore.canvas_edits import CanvasEdits, Point

LONGEST_TITLE = 200  # of a group


class Marking(CanvasEdits):
    """What a person groups, notes, colours, opens and folds."""

    def group(self, title: str, folded: bool = False, color: str = "") -> str:
        """Frame the selected nodes, and fold them into one; the id of the group, or ""."""
        chosen = [i for i in self._chosen() if i in self._graph.nodes]
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.add_group(graph, chosen, title, color)
            made.append(new)
            return edits.set_group(graph, new, folded=True) if folded else graph

        return made[0] if self._do("Fold" if folded else "Group", change) else ""

    def group_of(self, thing: str) -> str:
        """The smallest group around a node, or the folded group it stands for; "" for none."""
        around = [g for g in self._graph.groups.values() if self._node(thing) in g.members]
        folded = [g for g in around if g.folded and thing in self._stand_ins()]
        if folded:
            return max(folded, key=lambda g: len(g.members)).id
        return min(around, key=lambda g: len(g.members)).id if around else ""

    def group_chosen(self) -> str:
        """The group that is selected by its frame, or as a folded node; "" for none."""
        chosen = self._selection
        if chosen.group or chosen.current not in self._stand_ins() or len(chosen.things) > 1:
            return chosen.group
        return self.group_of(chosen.current)

    def group_around(self) -> str:
        """The group that is selected, else the smallest around what is; "" for none."""
        chosen = self._selection
        return chosen.group or self.group_of(chosen.current or next(iter(chosen.things), ""))

    def _stand_ins(self) -> set[str]:
        return stand_ins(self._document.derived.opened)

    def rename_group(self, group_id: str, title: str) -> bool:
        """Give a group another title."""
        title = title.strip()[:LONGEST_TITLE]
        if not title:
            self.refused.emit("A group needs a title: type one.")
            return False
        same = title == self._graph.groups[group_id].title
        return same or self.set_group(group_id, title=title)

    def set_group(self, group_id: str, **changes: object) -> bool:
        """Change a group's title, colour, members, or whether it is folded."""
        group = self._graph.groups.get(group_id)
        if group is None:
            return False
        verb, folds = "Change", "folded" in changes
        if folds:
            verb = "Fold" if changes["folded"] else "Open"
        elif "title" in changes:
            verb = "Rename"
        title = f"{verb} {group.title}"

        def change(graph: Graph) -> Graph:
            graph = edits.set_group(graph, group_id, **changes)
            return self._with_room(graph, group_id) if folds and graph.positions else graph

        return self._do(title, change, arranges=folds)

    def set_opened(self, node_id: str, level: str) -> None:
        """Show what is inside a composite at ``level``, or fold it again (LAYERS)."""

        def arranged(graph: Graph) -> Graph:
            if not graph.positions:
                return graph
            return self._with_room(edits.place(graph, self._pinned().positions), node_id)

        node = self._graph.nodes.get(node_id)
        if node is None or node.opened == level:
            return
        marked = self._graph.like({**self._graph.nodes, node_id: replace(node, opened=level)})
        try:
            edits.check_level(marked, level, [node_id])
        except EngineError as error:
            self.refused.emit(str(error))
            return
        stack = self._document.stack
        stack.beginMacro(f"{'Open' if level else 'Fold'} {node.op}")
        try:
            if node.opened and level and self._graph.positions:  # the room for what was open goes
                self._document.set_opened(node_id, LAYERS, arranged)
            self._document.set_opened(node_id, level, arranged)
        finally:
            stack.endMacro()

    def show_level(self, level: str) -> None:
        """Look at the whole graph at ``level``."""
        try:
            after = edits.show_level(self._graph, level)
        except EngineError as error:
            self.refused.emit(str(error))
            return
        self._document.edit(f"Show {level or 'layers'}", after)
        refused = self._document.derived.opened.refused
        if level and refused:
            first = next(iter(refused))
            more = f", and so do {len(refused) - 1} more" if len(refused) > 1 else ""
            label = text_label(self._graph, first)
            self.refused.emit(f"{label} stays whole: {refused[first]}{more}.")

    def _with_room(self, graph: Graph, key: str) -> Graph:
        """``graph`` with room for what was opened, a composite or group, or without if folded."""
        view, frames = self._view, self._document.derived.opened.frames
        for frame in frames:
            if key in (frame.node, frame.group):  # it was open until now
                fold = edits.fold_composite if frame.node else edits.fold_group
                graph = fold(graph, key, frame.inside or frame.members)
                behind, places = places_when_folded(graph, key, view.layouts.at_once)
                return edits.make_room(graph, behind, places) if places else graph
        view.stop_motion()
        inside, others = places_when_opened(graph, key, view.model, view.layouts.at_once)
        graph = edits.make_room(graph, key, {**self._with_inside(others), **inside})
        apart = places_apart(graph, view.model, view.layouts.at_once)
        return edits.make_room(graph, key, self._with_inside(apart)) if apart else graph

    def ungroup(self, group_id: str) -> None:
        """Take a frame away; its nodes stay."""
        if group_id in self._graph.groups:
            title = f"Ungroup {self._graph.groups[group_id].title}"
            self._do(title, lambda graph: edits.remove_group(graph, group_id))

    def add_note(self, at: Point) -> str:
        """A comment; its id."""
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.add_note(graph, "Note", (on_grid(at[0]), on_grid(at[1])))
            made.append(new)
            return graph

        self._do("Add note", change, select=lambda: made)
        return made[0] if made else ""

    def set_note(self, note_id: str, text: str) -> None:
        """Change what a comment says; an empty one is taken away."""
        if note_id in self._graph.notes:
            self._do("Edit note", lambda graph: edits.set_note(graph, note_id, text))

    def note_and_node(self) -> tuple[str, str] | None:
        """The note and the node that are selected, where it is one of each."""
        things = self._selection.things
        notes = [i for i in things if i in self._graph.notes]
        nodes = [i for i in things if i not in self._graph.notes]
        return (notes[0], nodes[0]) if len(notes) == len(nodes) == 1 else None

    def point_note(self) -> None:
        """Let the selected note point at the selected node, or no longer."""
        pair = self.note_and_node()
        if pair is None:
            return
        note, node = pair[0], self._node(pair[1])
        target = "" if self._graph.notes[note].target == node else node
        title = "Point note" if target else "Take arrow away"
        self._do(title, lambda graph: edits.set_note(graph, note, target=target))

    def set_color(self, color: str) -> None:
        """Give the selected notes a colour; without any the group around the selection."""
        notes = [i for i in self._selection.things if i in self._graph.notes]
        group = "" if notes else self.group_around()

        def change(graph: Graph) -> Graph:
            for note in notes:
                graph = edits.set_note(graph, note, color=color)
            return edits.set_group(graph, group, color=color) if group else graph

        if notes or group:
            self._do("Colour", change)
