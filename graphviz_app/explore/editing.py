"""What a person does on the canvas, as edits of the document; each is one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from PySide6.QtCore import QObject, Signal, Slot

from engine import edits
from engine.errors import EngineError, FormulaError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.bypass import bypassed, own_op
from engine.graph.formula import parse
from engine.graph.graph import INPUT, LEAF_KINDS, Graph, Wire
from engine.graph.levels import Opened
from engine.graph.reach import node_called
from engine.ops import OPS
from graphviz_app.canvas.guides import GRID, on_grid
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.layout import Layout, rounded
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.arranging import places_when_inserted, places_when_opened
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.typed import read_shape, read_value

Point = tuple[float, float]
INSIDE_OPENED = "This node is inside an opened one: fold that to wire it."
FOLDED = "This group is folded: open it to change the wires that lead into it."
PASTE_STEP = 3 * GRID  # a copy stands so far beside its original
LONGEST_TITLE = 200  # of a group
NEXT_TO = 150.0  # from a node to one that is added after it


class Editing(QObject):
    """Edits of one document, for what is shown in one view.

    Adding a node moves no other: before an edit every node is pinned to where it is shown.
    Signal ``refused(sentence)``: why nothing was done.
    """

    refused = Signal(str)

    def __init__(self, document: Document, view: GraphView, selection: Selection) -> None:
        super().__init__(view)
        self._document, self._view, self._selection = document, view, selection
        self._drags = 0  # of attributes; each is one step of undo

    # the graph as it stands ---------------------------------------------------------------------

    @property
    def _graph(self) -> Graph:
        return self._document.graph

    def _pinned(self) -> Graph:
        """The document's graph with every node where it is shown."""
        graph = self._graph.like()
        opened = self._document.derived.opened
        # where a folded group stands follows from what is inside, if that has places
        settled = set(opened.hidden.values()) & set(opened.graph.positions)
        shown = self._view.places_of(self._view.model.ids)
        graph.positions.update((i, at) for i, at in shown.items() if i not in settled)
        return graph

    def _do(
        self,
        title: str,
        change: Callable[[Graph], Graph],
        key: tuple | None = None,
        arranges: bool = False,
    ) -> bool:
        """Put ``change`` of the pinned graph onto the undo stack; says why it cannot be.

        What changes nothing is no step: to pin the nodes alone is not worth one.  What ``arranges``
        the graph pins nothing where nothing has a place, and all stays in view.
        """
        before = self._pinned() if self._graph.positions or not arranges else self._graph
        try:
            after = change(before)
        except EngineError as error:
            self.refused.emit(str(error))
            return False
        if after != before:
            if not arranges:
                self._view.stop_fitting()
            self._document.edit(title, after, key)
        return True

    def _node(self, node_id: str) -> str:
        """A node's id in the document: an opened composite's for what is inside it."""
        return self._document.derived.opened.owner(node_id)

    def _chosen(self) -> list[str]:
        """The selected nodes and notes of the document; folded nodes stand for all inside."""
        hidden = self._document.derived.opened.hidden
        chosen = {self._node(i) for i in self._selection.things}
        chosen.update(i for i, stands_for in hidden.items() if stands_for in chosen)
        known = [*self._graph.nodes, *self._graph.notes]
        return [i for i in known if i in chosen]

    def title_of(self, ids: Collection[str]) -> str:
        """What an edit of these is called in the Edit menu."""
        nodes = [i for i in ids if i in self._graph.nodes]
        if len(nodes) == 1:
            node = self._graph.nodes[nodes[0]]
            return node.name or own_op(node)
        return f"{len(ids)} things" if ids else "nothing"

    # advice for gestures ------------------------------------------------------------------------

    def advice(self) -> _Advice:
        """What may be wired, as the graph stands."""
        return _Advice(self._graph, self._document.derived.opened)

    def why_closed(self, port: Port) -> str:
        """Why no wire may begin or end at a port that is shown; "" if one may."""
        return self.advice().why_closed(port.node, gives=port.number == OUT)

    # adding -------------------------------------------------------------------------------------

    def add(
        self,
        key: str,
        at: Point | None = None,
        port: Port | None = None,
        wire: Wire | None = None,
    ) -> None:
        """Add an op or a kind of leaf, wired to ``port`` or put into ``wire`` where it fits.

        Without a place it stands beside the current node, and takes its output if it can.
        """
        current = self._node(self._selection.current)
        after_current = at is None and port is None and current in self._graph.nodes
        if after_current and key not in LEAF_KINDS:
            port = Port(current, OUT)
        at = at or self._free_place(current, key in LEAF_KINDS)
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            place = (on_grid(at[0]), on_grid(at[1]))
            if key in LEAF_KINDS:
                graph, new = edits.add_leaf(graph, key, place)
            else:
                graph, new = edits.add_op(graph, key, place)
            made.append(new)
            if wire is not None:
                return self._inserted(graph, new, wire)
            return self._joined(graph, new, port) if port else graph

        if self._do(f"Add {key.replace('_', ' ')}", change):
            self._selection.set(made)
            self._view.reveal(made[0])

    def _joined(self, graph: Graph, new: str, port: Port) -> Graph:
        """``graph`` with the new node wired to ``port``, where that can be."""
        if port.number != OUT:
            why = self.why_closed(port) or edits.refusal(graph, new, port.node, port.number)
            return graph if why else edits.connect(graph, new, port.node, port.number)
        free = edits.free_port(graph, self._node(port.node), new)
        return graph if free is None else edits.connect(graph, self._node(port.node), new, free)

    def _inserted(self, graph: Graph, new: str, wire: Wire) -> Graph:
        """``graph`` with the new node in ``wire``, or beside it where it does not fit."""
        if not self.advice().may_change(wire):
            return graph
        try:
            graph = edits.insert_on_wire(graph, new, wire)
        except EngineError:
            return graph
        return self._spread(graph, new, wire)

    def _free_place(self, current: str, leaf: bool) -> Point:
        """Where a new node stands: an op after the current node or all others, a leaf below.

        Clear of all that is there; in the middle of the view where there is nothing.
        """
        places = self._view.places_of(self._view.model.ids)
        if not places:
            x, y = self._view.middle()
        elif current in places:
            x, y = places[current]
            x += 0.0 if leaf and self._graph.nodes[current].leaf else NEXT_TO
        else:
            xs, ys = zip(*places.values(), strict=True)
            x, y = (min(xs), max(ys)) if leaf else (max(xs) + NEXT_TO, (min(ys) + max(ys)) / 2)
        while any(abs(px - x) < 72 and abs(py - y) < 56 for px, py in places.values()):
            y += 8 * GRID
        return x, y

    def add_formula(self, text: str, at: Point | None = None) -> bool:
        """Add what a formula says as nodes; variables that exist already are the same ones."""
        try:
            piece = parse(text)
        except FormulaError as error:
            self.refused.emit(str(error))
            return False
        return self._put("Add formula", piece, at, share=True)

    def _put(
        self, title: str, piece: Graph, at: Point | None, share: bool = False, wires: bool = False
    ) -> bool:
        """Paste ``piece`` with its middle ``at``, or where it was and a step aside."""
        piece = piece.like()
        model = CanvasModel.from_graph(piece, (), piece.positions)
        xy = zip(model.ids, model.geometry.xy.tolist(), strict=True)
        piece.positions.update((i, (x, y)) for i, (x, y) in xy)
        left, top, right, bottom = model.bounds()
        if at is None:
            offset = (PASTE_STEP, PASTE_STEP)
        else:
            x, y = at[0] - (left + right) / 2, at[1] - (top + bottom) / 2
            offset = (on_grid(x), on_grid(y))
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.paste(graph, piece, offset, keep_wires=wires, share_leaves=share)
            made.extend(new)
            return graph

        if not self._do(title, change):
            return False
        self._select_copies(made)
        return True

    def _select_copies(self, made: Collection[str]) -> None:
        """Select what was pasted; the copy of a folded group is one thing."""
        hidden = self._document.derived.opened.hidden
        self._selection.set({hidden.get(i, i) for i in made})

    @Slot(str, str, object, object)
    def drop(self, kind: str, text: str, at: Point, wire: Wire | None) -> None:
        """Something was dropped on the canvas: a node of the palette, or text."""
        if kind != "node":
            self.paste_text(text, at)
            return
        if text not in OPS and text not in LEAF_KINDS:
            return
        self.add(text, at, wire=wire)

    # wires --------------------------------------------------------------------------------------

    @Slot(object, object)
    def wire(self, wire: Wire, detached: Wire | None = None) -> None:
        """Draw a wire, in place of one that was taken off its port."""
        advice = self.advice()
        why = advice.why_closed(wire.source, gives=True) or advice.why_closed(wire.target)
        if detached is not None:
            why = why or advice.why_closed(detached.target)
        if why:
            self.refused.emit(why)
            return

        def change(graph: Graph) -> Graph:
            if detached is not None:
                graph = edits.disconnect(graph, detached.target, detached.port)
            return edits.connect(graph, wire.source, wire.target, wire.port)

        if wire != detached:
            self._do("Lead wire elsewhere" if detached else "Connect", change)

    @Slot(object)
    def cut_wires(self, wires: Collection[Wire]) -> None:
        """Take wires that are shown off the ports that they lead to."""
        advice = self.advice()
        kept = [why for w in wires if (why := advice.why_closed(w.target))]
        if kept:
            self.refused.emit(kept[0])
        self._disconnect([w for w in wires if not advice.why_closed(w.target)])

    def _disconnect(self, wires: Collection[Wire]) -> None:
        def change(graph: Graph) -> Graph:
            there = set(graph.wires())
            for w in sorted(wires, key=lambda w: -w.port):  # ports behind one that closes move up
                if w in there:
                    graph = edits.disconnect(graph, w.target, w.port)
            return graph

        if wires:
            self._do("Disconnect" if len(wires) == 1 else "Cut wires", change)

    @Slot(object, object)
    def bend_wire(self, wire: Wire, points: Collection[Point]) -> None:
        """Lead a wire over these points, straight if there are none."""
        why = self.why_closed(Port(wire.target, wire.port))
        if why:
            self.refused.emit(why)
            return
        title = "Bend wire" if points else "Straighten wire"
        if not self._do(title, lambda graph: edits.bend(graph, wire, points)):
            self._view.set_places(self._document.shown)

    def disconnect_inputs(self) -> None:
        """Take all wires off the inputs of the selected nodes; not those inside folded groups."""
        chosen, hidden = set(self._chosen()), self._document.derived.opened.hidden
        into = [w for w in self._graph.wires() if w.target in chosen]
        self._disconnect(
            [w for w in into if hidden.get(w.source, w.source) != hidden.get(w.target, w.target)]
        )

    # moving -------------------------------------------------------------------------------------

    def _with_inside(self, places: Mapping[str, Point]) -> dict[str, Point]:
        """``places``, those of folded nodes handed on to all that is inside."""
        opened = self._document.derived.opened
        moved: dict[str, Point] = {}
        for thing, (x, y) in places.items():
            inside = [i for i, stands_for in opened.hidden.items() if stands_for == thing]
            if not inside or thing not in opened.graph.positions:
                moved[thing] = (x, y)
                continue
            x0, y0 = opened.graph.positions[thing]
            for i in (*inside, thing):
                if i in self._graph.positions:
                    px, py = self._graph.positions[i]
                    moved[i] = (px + x - x0, py + y - y0)
        return moved

    def _spread(self, graph: Graph, new: str, wire: Wire) -> Graph:
        """``graph`` with room for the node that was put into ``wire``."""
        self._view.stop_motion()
        places = places_when_inserted(graph, new, wire, self._view.model, self._document.shown)
        return edits.place(graph, self._with_inside(places))

    @Slot(object, object)
    def move(self, places: Mapping[str, Point], wire: Wire | None = None) -> None:
        """Put things where they were dragged, and a single node into a wire."""
        moved = self._with_inside(places)
        # the drag shows them there already, but nodes are pinned to where they were before it
        self._view.set_places(self._document.shown)

        def change(graph: Graph) -> Graph:
            graph = edits.place(graph, moved)
            if wire is None:
                return graph
            new = next(iter(places))
            return self._spread(edits.insert_on_wire(graph, new, wire), new, wire)

        self._do("Insert" if wire else f"Move {self.title_of(list(places))}", change)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection a little; nudges in a row are one step of undo."""
        things = self._view.places_of(self._selection.things)
        moved = self._with_inside({i: (x + dx, y + dy) for i, (x, y) in things.items()})
        if moved:
            key = ("nudge", self._selection.things)
            title = f"Move {self.title_of(list(things))}"
            self._do(title, lambda graph: edits.place(graph, moved), key)

    def align(self, axis: int) -> None:
        """Put the selected nodes on one line: 0 under each other, 1 beside each other."""
        things = self._view.places_of(self._selection.things)
        if len(things) < 2:
            return
        anchor = things.get(self._selection.current) or next(iter(things.values()))
        moved = {i: (anchor[0], y) if axis == 0 else (x, anchor[1]) for i, (x, y) in things.items()}
        moved = self._with_inside(moved)
        self._do("Align", lambda graph: edits.place(graph, moved))

    def distribute(self, axis: int) -> None:
        """Put equal distances between the selected things, 0 across and 1 down."""
        things = self._view.places_of(self._selection.things)
        order = sorted(things, key=lambda i: things[i][axis])
        if len(order) < 3:
            return
        first, last = things[order[0]][axis], things[order[-1]][axis]
        moved = {}
        for k, i in enumerate(order):
            at = first + (last - first) * k / (len(order) - 1)
            moved[i] = (at, things[i][1]) if axis == 0 else (things[i][0], at)
        moved = self._with_inside(moved)
        self._do("Distribute", lambda graph: edits.place(graph, moved))

    def tidy(self) -> None:
        """Lay out the selected nodes where they are, or all nodes anew."""
        view, graph = self._view, self._graph
        chosen = [i for i in view.model.ids if i in self._selection.things]
        task = view.model.layout_task(chosen if len(chosen) > 1 else None)

        def take(layout: Layout) -> None:
            if self._graph is graph:  # else it is of no use any more
                self._tidy_to(layout)

        view.layouts.ask(task, take)

    def _tidy_to(self, layout: Layout) -> None:
        view, places = self._view, rounded(layout)
        whole = len(places) == len(view.model.ids)
        if whole:
            view.model.layout = layout
            view.start_fitting()
        else:
            before = view.places_of(places)
            dx, dy = (
                sum(at[k] for at in before.values()) / len(before)
                - sum(at[k] for at in places.values()) / len(places)
                for k in (0, 1)
            )
            places = {i: (on_grid(x + dx), on_grid(y + dy)) for i, (x, y) in places.items()}
        moved = self._with_inside(places)

        def change(graph: Graph) -> Graph:
            return edits.straighten(edits.place(graph, moved), moved)

        self._do("Tidy up", change, arranges=whole)

    # deleting, copying --------------------------------------------------------------------------

    def delete(self) -> None:
        """Delete what is selected; a wire through a deleted node of one input is healed."""
        if self._selection.wire is not None:
            self.cut_wires([self._selection.wire])
            return
        inside = self._selection.things - set(self._graph.nodes) - set(self._graph.notes)
        chosen = [i for i in self._chosen() if i not in {self._node(k) for k in inside}]
        if inside:
            self.refused.emit("This node is inside an opened one: fold that first.")
        if chosen:
            title = f"Delete {self.title_of(chosen)}"
            self._do(title, lambda graph: edits.delete(graph, chosen))

    def copied_text(self) -> str:
        """The selection as the text of a graph file, "" where nothing is selected."""
        chosen = self._chosen()
        return graph_bytes(edits.extract(self._pinned(), chosen)).decode() if chosen else ""

    def paste_text(self, text: str, at: Point | None = None, keep_wires: bool = False) -> bool:
        """Paste copied nodes, or a formula; anything else is refused in a sentence."""
        text = text.strip()
        if not text:
            self.refused.emit("There is nothing to paste: copy nodes or a formula first.")
            return False
        if text.startswith("{"):
            try:
                piece = graph_from_bytes(text.encode("utf-8", "replace"))
            except EngineError as error:
                self.refused.emit(str(error).replace("This graph", "What was copied"))
                return False
            return self._put("Paste", piece, at, wires=keep_wires)
        if len(text) > 20_000:
            self.refused.emit("The text to paste is too long for a formula.")
            return False
        return self.add_formula(text, at)

    def duplicate(self) -> None:
        """A copy of the selection beside it, with the same inputs."""
        chosen = self._chosen()
        if chosen:
            piece = edits.extract(self._pinned(), chosen)
            self._put(f"Duplicate {self.title_of(chosen)}", piece, None, wires=True)

    @Slot(object)
    def copy_to(self, places: Mapping[str, Point]) -> None:
        """A copy of the selection, dragged to these places."""
        chosen = self._chosen()
        piece = edits.extract(self._pinned(), chosen)
        some = next(iter(places))
        before = self._view.places_of([some]).get(some, places[some])
        offset = (places[some][0] - before[0], places[some][1] - before[1])
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.paste(graph, piece, offset, keep_wires=True)
            made.extend(new)
            return graph

        if self._do(f"Duplicate {self.title_of(chosen)}", change):
            self._select_copies(made)

    # what nodes are -----------------------------------------------------------------------------

    def rename(self, node_id: str, name: str) -> bool:
        """Call a node something else."""
        if name == self._graph.nodes[node_id].name:
            return True
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            after = edits.rename(graph, node_id, name)
            made.extend(i for i in after.nodes if i not in graph.nodes)  # the id may follow
            return after

        done = self._do(f"Rename to {name}", change)
        if made:
            self._selection.set(made)
        return done

    def type_value(self, node_id: str, text: str) -> bool:
        """Give a leaf the number or array that ``text`` says; none is unset."""
        try:
            self._document.set_value(node_id, read_value(text))
        except FormulaError as error:
            self.refused.emit(f"The value was not changed: {error}")
            return False
        return True

    def type_shape(self, node_id: str, text: str) -> bool:
        """Give a leaf's array the shape that ``text`` says."""
        title = f"Reshape {node_called(self._graph.nodes[node_id])}"
        return self._do(title, lambda graph: edits.set_shape(graph, node_id, read_shape(text)))

    def set_attribute(self, node_id: str, name: str, value: object, final: bool = True) -> bool:
        """Set an attribute of an op; the changes of one drag are one step of undo."""

        def change(graph: Graph) -> Graph:
            why = edits.why_not_attribute(graph, node_id, name, value)
            if why:
                raise EngineError(why)
            return edits.set_attribute(graph, node_id, name, value)

        title = f"Set {name} of {node_called(self._graph.nodes[node_id])}"
        done = self._do(title, change, ("attribute", node_id, name, self._drags))
        self._drags += final
        return done

    def set_kind(self, kind: str) -> None:
        """Make the selected leaves inputs, parameters or constants."""
        nodes, things = self._graph.nodes, self._selection.things
        leaves = [i for i, node in nodes.items() if node.leaf and i in things]

        def change(graph: Graph) -> Graph:
            for i in leaves:
                graph = edits.set_kind(graph, i, kind)
            return graph

        if leaves:
            one = f"{'an' if kind == INPUT else 'a'} {kind}"
            what = one if len(leaves) == 1 else f"{kind}s"
            self._do(f"Make {self.title_of(leaves)} {what}", change)

    def bypass(self) -> None:
        """Bypass the selected ops, or bring them back if all of them are bypassed."""
        nodes = self._graph.nodes
        chosen = [i for i in self._chosen() if i in nodes]
        ops = [i for i in chosen if not nodes[i].leaf]
        on = not (ops and all(bypassed(nodes[i]) for i in ops))
        title = f"{'Bypass' if on else 'Bring back'} {self.title_of(ops)}"
        self._do(title, lambda graph: edits.set_bypassed(graph, chosen, on))

    def set_output(self) -> None:
        """Take the gradients of the current node."""
        node = self._node(self._selection.current)
        if node in self._graph.nodes:
            title = f"Take gradients of {self.title_of([node])}"
            self._do(title, lambda graph: edits.set_output(graph, node))

    # groups and notes ---------------------------------------------------------------------------

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

    def set_opened(self, node_id: str, opened: bool) -> None:
        """Open a composite into the ops that define it, or fold it again."""

        def arranged(graph: Graph) -> Graph:
            if not graph.positions:
                return graph
            return self._with_room(edits.place(graph, self._pinned().positions), node_id)

        self._document.set_opened(node_id, opened, arranged)

    def _with_room(self, graph: Graph, key: str) -> Graph:
        """``graph`` with room for what was opened, a composite or group, or without if folded."""
        view, frames = self._view, self._document.derived.opened.frames
        for frame in frames:
            if key in (frame.node, frame.group):  # it was open until now
                fold = edits.fold_composite if frame.node else edits.fold_group
                return fold(graph, key, frame.members)
        view.stop_motion()
        inside, others = places_when_opened(graph, key, view.model, view.layouts.at_once)
        return edits.make_room(graph, key, {**self._with_inside(others), **inside})

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

        self._do("Add note", change)
        self._selection.set(made)
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


def stand_ins(opened: Opened) -> set[str]:
    """The nodes that are shown in place of folded groups."""
    return {i for i, node in opened.graph.nodes.items() if node.op == "group"}


class _Advice:
    """What gestures ask about a graph, as it stood when they began."""

    def __init__(self, graph: Graph, opened: Opened) -> None:
        self._graph = graph
        self._wiring = edits.Wiring(graph)
        self._inside = {i for frame in opened.frames if frame.node for i in frame.members}
        self._results = {frame.node for frame in opened.frames}
        self._folded = stand_ins(opened)

    @cached_property
    def _users(self) -> Mapping[str, Collection[Wire]]:
        return self._graph.users()

    def why_closed(self, node: str, gives: bool = False) -> str:
        """Why no wire ends at a shown node, or begins there (``gives``); "" if one may.

        Ports of what is shown in place of a node are not ports of that node; its result is.
        """
        if node in self._inside and not (gives and node in self._results):
            return INSIDE_OPENED
        return FOLDED if node in self._folded and not gives else ""

    def refusal(self, source: str, target: str, port: int) -> str:
        """Why a wire cannot be; "" if it can."""
        return (
            self.why_closed(source, gives=True)
            or self.why_closed(target)
            or self._wiring.refusal(source, target, port)
        )

    def may_change(self, wire: Wire) -> bool:
        """Whether a wire that is shown is one of the document, and not inside something."""
        return not (self.why_closed(wire.source, gives=True) or self.why_closed(wire.target))

    def may_insert(self, node: str, wire: Wire) -> bool:
        """Whether a node without wires can be put into ``wire``."""
        nodes = self._graph.nodes
        if node not in nodes or wire.target not in nodes or node in (wire.source, wire.target):
            return False
        if not self.may_change(wire) or self.why_closed(node):
            return False
        loose = not any(nodes[node].inputs) and not self._users[node]
        return loose and self._wiring.free_port(wire.source, node) is not None
