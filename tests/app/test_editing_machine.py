"""Editing on the canvas in any order: what is drawn is the document, and undo knows every step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import capture_exceptions

from engine import edits
from engine.edits.common import owner
from engine.files.project import Session, graph_bytes, graph_from_bytes, load, save
from engine.graph.formula import parse
from engine.graph.graph import LEAF_KINDS, Graph, Wire
from engine.graph.levels import as_shown, can_open
from engine.graph.problems import topological_order
from engine.ops import OPS
from graphviz_app.application import make_app
from graphviz_app.canvas.hits import OUT, Port, input_ports
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import theme


def circuit(opened: bool = False, folded: bool = False) -> Graph:
    """The sigmoid circuit; without places, as no file of ours is but those of other programs."""
    graph = parse("f = sigmoid(w0*x0 + w1*x1 + w2)")
    graph.nodes["f"].opened = "tensors" if opened else ""
    if folded:
        graph, group = edits.add_group(graph, ["f", *graph.nodes["f"].inputs], "neuron")
        graph = edits.set_group(graph, group, folded=True)
    return graph


ARRAYS = "h = tanh([1, 2]*w + 1)\nf = sum(h*h)"
STARTS = [Graph(), parse(ARRAYS), circuit(), circuit(True), circuit(False, True)]
FORMULAS = ["f = tanh(w0*x0 + 2)", "q = sigmoid(x)\nq*q - 1/q", "mean([1, 2]*v)", "f = (", ""]
TEXTS = [*FORMULAS, "{", '{"format": 1}', "hello, world", "日本\n`;--", "x" * 30_000]
OPS_TRIED = ["add", "mul", "exp", "neg", "sigmoid", "softmax", "sum", "matmul", "concat", "where"]
VALUES = ["", "0.5", "-2", "1e300", "[1, 2]", "[[1, 2], [3, 4]]", "x", "1 +", "nan", "1/2"]
NAMES = ["x0", "θ₁", "hidden 1", "", "a/b", "`", "f", "x" * 80]
ATTRIBUTES = [("axis", 0), ("axis", 7), ("keepdims", True), ("slope", 0.3), ("none", 1)]
MOST_NODES = 40  # a graph that grows for ever shows nothing more and takes longer

some = st.integers(0, 10**6)  # which of what is there, counted around
several = st.lists(some, max_size=4)
places = st.tuples(st.integers(-500, 500).map(float), st.integers(-500, 500).map(float))
maybe_place = st.none() | places


class Canvas(RuleBasedStateMachine):
    """One workspace for all runs, each on a document of its own."""

    workspace: ExploreWorkspace
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.document, self.view = self.workspace.document, self.workspace.view
        self.selection, self.editor = self.workspace.selection, self.workspace.editor
        self.editing, self.pasting = self.editor.editing, self.editor.pasting
        self.marking = self.editor.marking
        self.document.clear()  # nothing of the run before is left
        QGuiApplication.clipboard().clear()
        self.states: list[bytes] = []  # the graph before the first step of undo, after it, …
        self.saved: bytes | None = None

    # a person -----------------------------------------------------------------------------------

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: Graph) -> None:
        path = self.folder / "start.graph.json"
        save(start, path)
        self.document.load(path)
        self.states, self.saved = [self.bytes()], self.bytes()

    def bytes(self) -> bytes:
        return graph_bytes(self.document.graph)

    def pick(self, things, k: int):
        things = list(things)
        return things[k % len(things)]

    def node(self, k: int) -> str:
        return self.pick(self.view.model.ids, k)

    def wire_at(self, k: int) -> Wire:
        return Wire(*self.pick(self.view.model.wires, k))

    def do(self, act: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Do it; whatever it was, it is one step of undo or none."""
        stack, before = self.document.stack, self.bytes()
        count, index = stack.count(), stack.index()
        with capture_exceptions() as caught:
            act(*args, **kwargs)
            QApplication.processEvents()
        assert not caught, caught
        assert not self.view.graph_scene.stage.failures
        now = self.bytes()
        if stack.index() == index and stack.count() == count and before == now:
            return
        assert stack.index() - index in (0, 1), "one gesture is one step"
        if stack.index() == index:
            assert stack.command(index - 1).id() != -1, "only what says so goes into the last step"
        self.states = [*self.states[: stack.index()], now]
        assert len(self.states) == stack.count() + 1

    def room(self) -> bool:
        return len(self.document.graph.nodes) < MOST_NODES

    # adding -------------------------------------------------------------------------------------

    @precondition(room)
    @rule(key=st.sampled_from([*OPS_TRIED, *LEAF_KINDS]), at=maybe_place)
    def add(self, key, at):
        self.do_and_move_none(self.editing.add, key, at)

    @precondition(lambda self: self.room() and self.view.model.ids)
    @rule(key=st.sampled_from([*OPS_TRIED, *LEAF_KINDS]), node=some, port=some, at=places)
    def add_at_port(self, key, node, port, at):
        node = self.node(node)
        numbers = [OUT, *input_ports(self.view.model, self.view.model.index[node], growing=True)]
        self.do_and_move_none(self.editing.add, key, at, Port(node, self.pick(numbers, port)))

    @precondition(lambda self: self.room() and self.view.model.wires)
    @rule(key=st.sampled_from([*OPS_TRIED, *LEAF_KINDS, "no such op"]), wire=some, at=places)
    def drop_from_palette(self, key, wire, at):
        self.do(self.view.dropped.emit, "node", key, at, self.wire_at(wire))

    @precondition(room)
    @rule(text=st.sampled_from(TEXTS), at=places)
    def drop_text(self, text, at):
        self.do(self.view.dropped.emit, "text", text, at, None)

    @precondition(room)
    @rule(text=st.sampled_from(FORMULAS), at=maybe_place)
    def add_formula(self, text, at):
        self.do_and_move_none(self.pasting.add_formula, text, at)

    def do_and_move_none(self, act: Callable[..., object], *args: object) -> None:
        folded = set(self.document.derived.opened.hidden.values())
        before = self.view.places_of(self.view.model.ids)
        self.do(act, *args)
        # a wire from inside opens a folded group: then the node itself is there
        folded ^= set(self.document.derived.opened.hidden.values())
        after = self.view.places_of({*self.view.model.ids} - folded)
        assert {i: at for i, at in after.items() if i in before} == {
            i: at for i, at in before.items() if i in after
        }

    # wires --------------------------------------------------------------------------------------

    @precondition(lambda self: self.view.model.ids)
    @rule(giver=some, taker=some, port=st.integers(-1, 3))
    def connect(self, giver, taker, port):
        source, target = self.node(giver), self.node(taker)
        why = self.view.advice().refusal(source, target, port)
        before = self.document.graph
        self.do(self.view.wire_drawn.emit, Wire(source, target, port), None)
        assert (self.document.graph is before) == bool(
            why or source == before.nodes[target].inputs[port : port + 1]
        ) or (source,) == before.nodes[target].inputs[port : port + 1]

    @precondition(lambda self: self.view.model.wires)
    @rule(wire=some, taker=some, port=st.integers(0, 3))
    def lead_elsewhere(self, wire, taker, port):
        old = self.wire_at(wire)
        self.do(self.view.wire_drawn.emit, Wire(old.source, self.node(taker), port), old)

    @precondition(lambda self: self.view.model.wires)
    @rule(wires=several)
    def cut_wires(self, wires):
        self.do(self.view.wires_cut.emit, list({self.wire_at(k) for k in wires}))

    @precondition(lambda self: self.view.model.wires)
    @rule(wire=some)
    def select_wire(self, wire):
        self.do(self.view.wire_asked.emit, self.wire_at(wire))

    # the selection, and what is done to it ------------------------------------------------------

    @rule(ks=several)
    def select(self, ks):
        things = [*self.view.model.ids, *self.document.graph.notes]
        chosen = {self.pick(things, k) for k in ks} if things else set()
        current = self.pick(sorted(chosen), 0) if chosen else ""
        self.do(self.view.selection_asked.emit, frozenset(chosen), current)

    @rule(name=st.sampled_from(["select_all", "select_upstream", "select_downstream", "next_wire"]))
    def select_more(self, name):
        self.do(getattr(self.editor, name))

    @rule(dx=st.sampled_from([-8, 8, 64]), dy=st.sampled_from([0, 8]))
    def nudge(self, dx, dy):
        self.do(self.editing.nudge, dx, dy)

    @rule(name=st.sampled_from(["align", "distribute"]), axis=st.integers(0, 1))
    def line_up(self, name, axis):
        self.do(getattr(self.editing, name), axis)

    @rule(name=st.sampled_from(["delete", "disconnect_inputs", "set_output", "tidy"]))
    def change(self, name):
        self.do(getattr(self.editing, name))

    @rule(dx=st.integers(-300, 300), dy=st.integers(-300, 300), copies=st.booleans(), wire=some)
    def drag(self, dx, dy, copies, wire):
        """As the gesture does: shown elsewhere first, then asked for."""
        home = self.view.places_of(self.selection.things)
        if not home or (copies and not self.room()):
            return
        there = {i: (x + dx, y + dy) for i, (x, y) in home.items()}
        if copies:
            self.do(self.view.things_copied.emit, there)
            return
        landing = None
        if self.view.model.wires and len(home) == 1:
            landing = self.wire_at(wire)
            if not self.view.advice().may_insert(next(iter(home)), landing):
                landing = None
        self.view.move_things(there)
        self.do(self.view.things_moved.emit, there, landing)

    @rule(kind=st.sampled_from(LEAF_KINDS))
    def set_kind(self, kind):
        self.do(self.editing.set_kind, kind)

    @rule(color=st.sampled_from(["", "input", "loss"]))
    def set_color(self, color):
        self.do(self.marking.set_color, color)

    # clipboard ----------------------------------------------------------------------------------

    @rule(name=st.sampled_from(["copy", "cut"]))
    def copy(self, name):
        self.do(getattr(self.editor, name))

    @rule(text=st.sampled_from(TEXTS))
    def copy_elsewhere(self, text):
        QGuiApplication.clipboard().setText(text)

    @precondition(room)
    @rule(keep_wires=st.booleans(), at=maybe_place)
    def paste(self, keep_wires, at):
        text = QGuiApplication.clipboard().text()
        self.do(self.pasting.paste_text, text, at, keep_wires)

    @precondition(room)
    @rule()
    def duplicate(self):
        self.do(self.pasting.duplicate)

    # what a node is -----------------------------------------------------------------------------

    @precondition(lambda self: self.document.graph.nodes)
    @rule(node=some, name=st.sampled_from(NAMES))
    def rename(self, node, name):
        self.do(self.editing.rename, self.pick(self.document.graph.nodes, node), name)

    @precondition(lambda self: self.document.graph.leaves())
    @rule(node=some, text=st.sampled_from(VALUES))
    def set_value(self, node, text):
        leaf = self.pick(self.document.graph.leaves(), node).id
        self.do(self.editing.type_value, leaf, text)

    @precondition(lambda self: any(not n.leaf for n in self.document.graph.nodes.values()))
    @rule(node=some, attribute=st.sampled_from(ATTRIBUTES))
    def set_attribute(self, node, attribute):
        ops = [i for i, n in self.document.graph.nodes.items() if not n.leaf]
        self.do(self.editing.set_attribute, self.pick(ops, node), *attribute)

    @precondition(lambda self: self.composites())
    @rule(node=some)
    def open_composite(self, node):
        self.do(self.editor.toggle_opened, self.pick(self.composites(), node))

    def composites(self) -> list[str]:
        return [i for i, n in self.document.shown.nodes.items() if can_open(n) or n.op == "group"]

    @precondition(lambda self: self.document.derived.opened.frames)
    @rule(frame=some, member=some)
    def fold_what_is_open(self, frame, member):
        frame = self.pick(self.document.derived.opened.frames, frame)
        node = self.pick(frame.members, member)
        self.selection.set({node}, node)
        self.do(self.editor.fold_selected if frame.node else self.editor.fold)

    @rule(text=st.sampled_from([*FORMULAS, ARRAYS]))
    def edit_formula(self, text):
        self.do(self.workspace.formula_bar.committed.emit, text)

    # groups and notes ---------------------------------------------------------------------------

    @rule(name=st.sampled_from(["group", "fold", "ungroup", "fold_selected"]))
    def group(self, name):
        self.do(getattr(self.editor, name))
        self.editor.fields.line.hide()

    @precondition(lambda self: self.document.graph.output in self.view.model.index)
    @rule(depth=st.integers(1, 3), folded=st.booleans())
    def group_what_the_output_needs(self, depth, folded):
        graph, chosen = self.document.graph, {self.document.graph.output}
        for _ in range(depth):
            chosen |= {i for n in chosen for i in graph.nodes[n].inputs if i}
        drawn = chosen.intersection(self.view.model.ids)
        self.selection.set({i for i in drawn if not graph.nodes[i].leaf})
        self.do(self.editor.fold if folded else self.editor.group)
        self.editor.fields.line.hide()

    @precondition(lambda self: self.document.graph.groups)
    @rule(group=some, change=st.sampled_from([{"folded": True}, {"folded": False}, {"title": "t"}]))
    def change_group(self, group, change):
        self.do(self.marking.set_group, self.pick(self.document.graph.groups, group), **change)

    @rule(at=places)
    def add_note(self, at):
        self.do(self.marking.add_note, at)

    @precondition(lambda self: self.document.graph.notes and self.view.model.ids)
    @rule(note=some, node=some)
    def point_note(self, note, node):
        self.selection.set({self.pick(self.document.graph.notes, note), self.node(node)})
        self.do(self.editor.marking.point_note)

    @precondition(lambda self: self.view.model.wires)
    @rule(wire=some, at=places, straight=st.booleans())
    def bend_wire(self, wire, at, straight):
        self.do(self.editing.bend_wire, self.wire_at(wire), () if straight else (at,))

    @precondition(lambda self: self.document.graph.notes)
    @rule(note=some, text=st.sampled_from(["why\nnot", "", "日本"]))
    def set_note(self, note, text):
        self.do(self.marking.set_note, self.pick(self.document.graph.notes, note), text)

    # undo and files -----------------------------------------------------------------------------

    @precondition(lambda self: self.document.stack.canUndo())
    @rule()
    def undo(self):
        self.document.stack.undo()
        QApplication.processEvents()

    @precondition(lambda self: self.document.stack.canRedo())
    @rule()
    def redo(self):
        self.document.stack.redo()
        QApplication.processEvents()

    @rule()
    def save_it(self):
        path = self.folder / "work.graph.json"
        self.document.save(path, Session())
        self.saved = self.bytes()
        assert load(path) == self.document.graph
        assert not self.document.modified

    # what is so at any time ---------------------------------------------------------------------

    @invariant()
    def the_graph_is_whole(self):
        graph = self.document.graph
        assert graph_from_bytes(graph_bytes(graph)) == graph
        assert topological_order(graph)[1] == []
        assert all(i == "" or i in graph.nodes for n in graph.nodes.values() for i in n.inputs)
        assert all(n.leaf or n.op in OPS for n in graph.nodes.values())
        assert graph.output in graph.nodes or not graph.nodes
        for i in graph.positions:
            assert i in graph.nodes or owner(i) in graph.nodes, i

    @invariant()
    def the_scene_shows_exactly_the_graph(self):
        shown, view = as_shown(self.document.graph), self.view
        mine = self.document.derived.opened
        assert mine.graph.positions == shown.graph.positions
        assert (mine.frames, mine.hidden) == (shown.frames, shown.hidden)
        fresh = CanvasModel.of_view(self.document.graph, shown, self.document.derived.shapes)
        model, geometry = view.model, view.model.geometry
        assert (model.ids, model.wires) == (fresh.ids, fresh.wires)
        assert model.notes == fresh.notes
        assert [_frame(f) for f in model.frames] == [_frame(f) for f in fresh.frames]
        np.testing.assert_array_equal(geometry.xy, fresh.geometry.xy)
        np.testing.assert_array_equal(geometry.lines, fresh.geometry.lines)
        items = [(item.x(), item.y()) for item in view.graph_scene.nodes]
        np.testing.assert_array_equal(np.reshape(items, (-1, 2)), geometry.xy)

    @invariant()
    def what_is_selected_is_there_and_ringed(self):
        selection, shown = self.selection, self.document.shown
        assert selection.things <= {*shown.nodes, *shown.notes}
        assert selection.current in {"", *selection.things}
        assert selection.wire is None or selection.wire in list(shown.wires())
        drawn = {*self.view.model.ids, *shown.notes}
        assert self.view.selection == selection.things & drawn

    @invariant()
    def undo_knows_where_it_is(self):
        stack = self.document.stack
        assert not self.states or self.states[stack.index()] == self.bytes()
        assert self.document.modified or self.bytes() == self.saved or self.saved is None

    def teardown(self):
        stack = self.document.stack
        if not self.states:
            return
        end = len(self.states) - 1
        while stack.canRedo():
            stack.redo()
        assert (stack.index(), self.bytes()) == (end, self.states[end])
        while stack.canUndo():
            stack.undo()
            self.undo_knows_where_it_is()
        self.the_scene_shows_exactly_the_graph()
        while stack.canRedo():
            stack.redo()
        assert self.bytes() == self.states[end]
        self.the_scene_shows_exactly_the_graph()


def _frame(frame) -> tuple[str, list[int], object, str]:
    return frame.title, frame.members.tolist(), frame.kind, frame.group


@pytest.fixture(scope="module")
def workspace(qapp):
    make_app([])
    made = ExploreWorkspace(Document(), theme(False, False))
    made.set_reduced_motion(True)
    made.resize(900, 640)
    made.show()
    yield made
    made.shutdown()
    made.close()


def test_whatever_is_done_is_shown_and_can_be_undone(workspace, tmp_path):
    Canvas.workspace, Canvas.folder = workspace, tmp_path
    examples = int(os.environ.get("EDITING_EXAMPLES", "25"))
    run_state_machine_as_test(
        Canvas,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            phases=[Phase.generate],  # a run of 50 gestures takes too long to shrink
            suppress_health_check=list(HealthCheck),
        ),
    )
