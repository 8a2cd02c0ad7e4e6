"""What a person does to nodes and wires on the canvas, as edits of the document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from PySide6.QtCore import Slot

from engine import edits
from engine.errors import EngineError, FormulaError
from engine.graph.bypass import bypassed
from engine.graph.graph import INPUT, LEAF_KINDS, Graph, Wire
from engine.graph.reach import node_called
from engine.layers.settings import set_size
from graphviz_app.canvas.guides import GRID, on_grid
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.layout import Layout, rounded
from graphviz_app.canvas.node_boxes import label_and_ports, size_of
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.advice import GraphAdvice
from graphviz_app.explore.arranging import places_when_inserted
from graphviz_app.explore.canvas_edits import CanvasEdits, Point
from graphviz_app.explore.palette_entries import layer_of_key
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.typed import read_shape, read_value

LEAST_GAP = 16.0  # between things that are lined up
NEXT_TO = 150.0  # from a node to one that is added after it


class Editing(CanvasEdits):
    """Adds, wires, moves, deletes and changes nodes."""

    def __init__(self, document: Document, view: GraphView, selection: Selection) -> None:
        super().__init__(document, view, selection)
        self._drags = 0  # of attributes; each is one step of undo

    # advice for gestures ------------------------------------------------------------------------

    def advice(self) -> GraphAdvice:
        """What may be wired, as the graph stands."""
        return GraphAdvice(self._graph, self._document.derived.opened)

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
        """Add an op, layer or kind of leaf, wired to ``port`` or put into ``wire`` where it fits.

        Without a place it stands beside the current node, and takes its output if it can.  A
        layer stands behind the output wherever it is put.
        """
        if layer := layer_of_key(key):
            self._add_layer(layer, at, port, wire)
            return
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
            if port is None:
                return graph
            graph = self._joined(graph, new, port)
            return graph if after_current else _led_to(graph, new, port, at)

        fitted = self._view.fitted
        if self._do(f"Add {key.replace('_', ' ')}", change, select=lambda: made):
            self._view.reveal_new(made[:1], fitted)

    def _add_layer(self, name: str, at: Point | None, port: Port | None, wire: Wire | None) -> None:
        """Add a layer with its weights behind ``port``, the current node or the output."""
        if wire is not None and not self.advice().may_change(wire):
            wire = None
        behind = self._node(port.node if port is not None else self._selection.current)
        behind = behind if behind in self._graph.nodes else ""
        shown = behind or self._graph.output
        place = at or self._free_place(shown, leaf=False)
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.put_layer(
                graph, name, behind, wire, (on_grid(place[0]), on_grid(place[1]))
            )
            made.append(new)
            if port is not None:
                graph = _led_to(graph, new, port, place)
            return graph if wire is None else self._spread(graph, new, wire)

        fitted = self._view.fitted
        if self._do(f"Add {name}", change, select=lambda: made):
            self._view.reveal_new(made[:1], fitted)

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
        along = 1 - axis
        lined = {i: (anchor[0], y) if axis == 0 else (x, anchor[1]) for i, (x, y) in things.items()}
        self._place("Align", self._apart(lined, along))

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
        self._place("Distribute", self._apart(moved, axis))

    def _place(self, title: str, places: dict[str, Point]) -> None:
        moved = self._with_inside(places)
        self._do(title, lambda graph: edits.place(graph, moved))

    def _apart(self, places: dict[str, Point], axis: int) -> dict[str, Point]:
        """``places`` spread along ``axis`` just so far that nothing lies over another."""
        order = sorted(places, key=lambda i: places[i][axis])
        clear = dict(places)
        for before, thing in pairwise(order):
            half = (self._view.size_of(before)[axis] + self._view.size_of(thing)[axis]) / 2
            across = self._view.size_of(before)[1 - axis] + self._view.size_of(thing)[1 - axis]
            if abs(clear[before][1 - axis] - clear[thing][1 - axis]) >= across / 2:
                continue  # they pass each other
            least = clear[before][axis] + half + LEAST_GAP
            if clear[thing][axis] < least:
                x, y = clear[thing]
                clear[thing] = (least, y) if axis == 0 else (x, least)
        return clear

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

    # deleting -----------------------------------------------------------------------------------

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
            self._do(title, lambda graph: edits.delete(graph, chosen), select=frozenset)

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

        return self._do(f"Rename to {name}", change, select=lambda: made or self._selection.things)

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
        title = f"Reshape {node_called(self._graph.nodes[node_id], self._graph)}"
        return self._do(title, lambda graph: edits.set_shape(graph, node_id, read_shape(text)))

    def set_size(self, node_id: str, name: str, value: object) -> bool:
        """Change how many units, filters or words a layer has; whether that can be."""
        title = f"Set {name} of {self._graph.nodes[node_id].op.replace('_', ' ')}"
        return self._do(title, lambda graph: set_size(graph, node_id, name, value), arranges=True)

    def set_attribute(self, node_id: str, name: str, value: object, final: bool = True) -> bool:
        """Set an attribute of an op; the changes of one drag are one step of undo."""

        def change(graph: Graph) -> Graph:
            why = edits.why_not_attribute(graph, node_id, name, value)
            if why:
                raise EngineError(why)
            return edits.set_attribute(graph, node_id, name, value)

        title = f"Set {name} of {node_called(self._graph.nodes[node_id], self._graph)}"
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


def _led_to(graph: Graph, new: str, port: Port, end: Point) -> Graph:
    """``graph`` with the end of the wire between ``port`` and the new node at ``end``."""
    node = graph.nodes[new]
    label, heights = label_and_ports(graph, node, {})
    width, _ = size_of(node, label, heights, None)
    x, y = end[0] - width / 2, end[1]
    if port.number == OUT:
        number = node.inputs.index(port.node) if port.node in node.inputs else 0
        x, y = end[0] + width / 2, end[1] - (heights[number] or 0.0 if heights else 0.0)
    return edits.place(graph, {new: (on_grid(x), on_grid(y))})
