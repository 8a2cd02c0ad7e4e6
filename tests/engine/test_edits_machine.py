"""Edits in any order: whatever a person does, the graph stays one that can be shown and saved."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine import edits
from engine.errors import EngineError, FormulaError, GraphError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.formula import parse, to_text
from engine.graph.graph import LEAF_KINDS, Graph, Wire
from engine.graph.levels import LEVELS, as_shown, can_open
from engine.graph.names import canonical
from engine.graph.problems import find_problems, topological_order
from engine.ops import OPS
from engine.run.trace import trace

SOME_OPS = ["add", "mul", "exp", "tanh", "neg", "sum", "matmul", "concat", "where", "leaky_relu"]
VALUES = [None, 0.5, -2.0, np.array([1.0, -2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])]
NAMES = ["x0", "w_0", "θ₁", "f", "note", "group", "a/b", "hidden 1", "mul_2", "_", "2x", "", "`"]
TITLES = ["", "layer", "{a:0}", "日本", "\n"]
ATTRIBUTES = [
    ("axis", 0),
    ("axis", 5),
    ("dim", None),
    ("slope", 0.1),
    ("slope", "x"),
    ("keepdims", True),
]

PIECES = [
    parse("f = tanh(w0*x0 + w1*x1 + 2)", w0=0.5, x0=-1.0, w1=2.0, x1=3.0),
    parse("q = sigmoid(x)\nf = q*q - 1/q", x=0.25),
]

some = st.integers(0, 10**6)  # which of what is there, counted around
places = st.tuples(st.integers(-99, 99).map(float), st.floats(-1e4, 1e4))


class Canvas(RuleBasedStateMachine):
    """A graph, a clipboard, and a person who does one thing after another."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.clipboard = Graph()

    def node(self, k: int) -> str:
        return list(self.graph.nodes)[k % len(self.graph.nodes)]

    def chosen(self, ks: list[int]) -> set[str]:
        everything = [*self.graph.nodes, *self.graph.notes]
        return {everything[k % len(everything)] for k in ks} if everything else set()

    def edit(self, edit, *args, **kwargs) -> None:
        """Do it, or be told why not; what there was before is written into by nothing."""
        before, nodes = graph_bytes(self.graph), dict(self.graph.nodes)
        graph = self.graph
        try:
            done = edit(graph, *args, **kwargs)
            self.graph = done[0] if isinstance(done, tuple) else done
        except EngineError as error:
            sentence = str(error)
            assert len(sentence) > 10
            assert sentence[-1] in ".:?"
        assert graph_bytes(graph) == before
        assert graph.nodes == nodes

    # what a person does -----------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(LEAF_KINDS), value=st.sampled_from(VALUES), name=st.sampled_from(NAMES)
    )
    def add_leaf(self, kind, value, name):
        if not name or not canonical(name) or "`" in name:
            name = ""
        self.edit(edits.add_leaf, kind, (1.0, 2.0), value, name)

    @rule(op=st.sampled_from(SOME_OPS), at=st.none() | places)
    def add_op(self, op, at):
        self.edit(edits.add_op, op, at)

    @precondition(lambda self: self.graph.nodes)
    @rule(giver=some, taker=some, port=st.integers(-1, 4))
    def connect(self, giver, taker, port):
        source, target = self.node(giver), self.node(taker)
        why = edits.refusal(self.graph, source, target, port)
        before = self.graph
        self.edit(edits.connect, source, target, port)
        assert (self.graph is before) == bool(why)
        assert why or self.graph.nodes[target].inputs[port] == source

    @precondition(lambda self: self.graph.nodes)
    @rule(giver=some, taker=some)
    def connect_where_it_fits(self, giver, taker):
        source, target = self.node(giver), self.node(taker)
        port = edits.free_port(self.graph, source, target)
        if port is not None:
            self.graph = edits.connect(self.graph, source, target, port)

    @precondition(lambda self: self.graph.nodes)
    @rule(op=st.sampled_from(SOME_OPS), givers=st.lists(some, min_size=3, max_size=3))
    def add_a_wired_op(self, op, givers):
        sources = [self.node(k) for k in givers]
        graph, new = edits.add_op(self.graph, op)
        for port, source in enumerate(sources[: len(graph.nodes[new].inputs)]):
            if edits.refusal(graph, source, new, port):
                return
            graph = edits.connect(graph, source, new, port)
        self.graph = graph

    @rule(piece=st.sampled_from(PIECES))
    def paste_a_formula(self, piece):
        if len(self.graph.nodes) < 20:
            self.graph, _ = edits.paste(self.graph, piece)

    @precondition(lambda self: self.graph.nodes)
    @rule(taker=some, port=st.integers(-1, 4))
    def disconnect(self, taker, port):
        self.edit(edits.disconnect, self.node(taker), port)

    @precondition(lambda self: any(self.graph.wires()))
    @rule(node=some, wire=some)
    def insert_on_wire(self, node, wire):
        wires = list(self.graph.wires())
        self.edit(edits.insert_on_wire, self.node(node), wires[wire % len(wires)])

    @precondition(lambda self: self.graph.nodes)
    @rule(node=some, source=some)
    def insert_on_a_wire_that_is_gone(self, node, source):
        self.edit(edits.insert_on_wire, self.node(node), Wire("gone", self.node(source), 0))

    @rule(ks=st.lists(some, max_size=3), heal=st.booleans())
    def delete(self, ks, heal):
        gone = self.chosen(ks)
        self.edit(edits.delete, gone, heal=heal)
        assert gone.isdisjoint({*self.graph.nodes, *self.graph.notes})

    @rule(ks=st.lists(some, max_size=4))
    def copy(self, ks):
        self.clipboard = edits.extract(self.graph, self.chosen(ks))
        assert graph_from_bytes(graph_bytes(self.clipboard)) == self.clipboard

    @rule(offset=places, keep_wires=st.booleans())
    def paste(self, offset, keep_wires):
        if len(self.graph.nodes) < 20:
            before = len(self.graph.nodes)
            self.edit(edits.paste, self.clipboard, offset, keep_wires)
            assert len(self.graph.nodes) == before + len(self.clipboard.nodes)

    @precondition(lambda self: self.graph.nodes)
    @rule(node=some, name=st.sampled_from(NAMES))
    def rename(self, node, name):
        self.edit(edits.rename, self.node(node), name)

    @precondition(lambda self: any(not n.leaf for n in self.graph.nodes.values()))
    @rule(node=some, attribute=st.sampled_from(ATTRIBUTES))
    def set_attribute(self, node, attribute):
        ops = [i for i, n in self.graph.nodes.items() if not n.leaf]
        self.edit(edits.set_attribute, ops[node % len(ops)], *attribute)

    @precondition(lambda self: self.graph.nodes)
    @rule(node=some, kind=st.sampled_from(LEAF_KINDS))
    def set_kind(self, node, kind):
        self.edit(edits.set_kind, self.node(node), kind)

    @precondition(lambda self: self.graph.nodes)
    @rule(node=some)
    def set_output(self, node):
        self.edit(edits.set_output, self.node(node))

    @precondition(lambda self: any(can_open(n) for n in self.graph.nodes.values()))
    @rule(node=some, level=st.sampled_from(LEVELS))
    def open_or_close(self, node, level):
        composites = [i for i, n in self.graph.nodes.items() if can_open(n)]
        after = self.graph.copy()
        chosen = after.nodes[composites[node % len(composites)]]
        chosen.opened = level
        self.graph = after

    @rule(ks=st.lists(some, max_size=4), title=st.sampled_from(TITLES))
    def group(self, ks, title):
        chosen = self.chosen(ks)
        why = edits.why_not_group(self.graph, chosen)
        before = len(self.graph.groups)
        self.edit(edits.add_group, chosen, title)
        assert len(self.graph.groups) == before + (not why)

    @precondition(lambda self: self.graph.nodes)
    @rule(node=some, depth=st.integers(1, 3))
    def group_and_fold_what_a_node_needs(self, node, depth):
        chosen = {self.node(node)}
        for _ in range(depth):
            chosen |= {i for n in chosen for i in self.graph.nodes[n].inputs if i}
        chosen = {i for i in chosen if not self.graph.nodes[i].leaf}
        if chosen and not edits.why_not_group(self.graph, chosen):
            self.graph, new = edits.add_group(self.graph, chosen, "piece")
            self.edit(edits.set_group, new, folded=True)

    @precondition(lambda self: self.graph.groups)
    @rule(group=some, change=st.sampled_from([{"folded": True}, {"folded": False}, {"title": "x"}]))
    def change_group(self, group, change):
        self.edit(edits.set_group, self.group_id(group), **change)

    @precondition(lambda self: self.graph.groups)
    @rule(group=some, ks=st.lists(some, max_size=3))
    def change_members(self, group, ks):
        self.edit(edits.set_group, self.group_id(group), members=self.chosen(ks))

    @precondition(lambda self: self.graph.groups)
    @rule(group=some)
    def ungroup(self, group):
        self.edit(edits.remove_group, self.group_id(group))

    def group_id(self, k: int) -> str:
        return list(self.graph.groups)[k % len(self.graph.groups)]

    @rule(text=st.sampled_from(["why", "", "日本\n"]), at=places)
    def add_note(self, text, at):
        self.edit(edits.add_note, text, at)

    @precondition(lambda self: self.graph.notes)
    @rule(note=some, text=st.sampled_from(["because", " "]))
    def set_note(self, note, text):
        notes = list(self.graph.notes)
        self.edit(edits.set_note, notes[note % len(notes)], text=text)

    @rule(ks=st.lists(some, max_size=3), at=places)
    def place(self, ks, at):
        self.edit(edits.place, dict.fromkeys(self.chosen(ks), at))

    # what is so at any time -------------------------------------------------------------------

    @invariant()
    def every_wire_comes_from_a_node_and_ports_fit_the_op(self):
        for node in self.graph.nodes.values():
            assert all(i == "" or i in self.graph.nodes for i in node.inputs)
            if node.leaf:
                assert node.inputs == ()
            elif OPS[node.op].variadic:
                assert len(node.inputs) >= 2
            else:
                assert len(node.inputs) == OPS[node.op].arity

    @invariant()
    def nothing_feeds_itself(self):
        assert topological_order(self.graph)[1] == []

    @invariant()
    def ids_and_names_are_unique(self):
        graph = self.graph
        ids = [*graph.nodes, *graph.groups, *graph.notes]
        assert len(set(ids)) == len(ids)
        for table in (graph.nodes, graph.groups, graph.notes):
            assert all(i == part.id for i, part in table.items())
        names = [canonical(node.name) for node in graph.nodes.values() if node.name]
        assert len(set(names)) == len(names)
        assert all(n.name for n in graph.nodes.values() if n.op in ("input", "parameter"))

    @invariant()
    def groups_lie_apart_or_one_in_another(self):
        groups = [set(group.members) for group in self.graph.groups.values()]
        for k, one in enumerate(groups):
            assert one
            assert one <= set(self.graph.nodes)
            for other in groups[:k]:
                assert one.isdisjoint(other) or one <= other or one >= other

    @invariant()
    def there_is_an_output(self):
        assert self.graph.output in self.graph.nodes or not self.graph.nodes

    @invariant()
    def places_are_those_of_what_is_there(self):
        for i in self.graph.positions:
            assert i in self.graph.nodes or i.split("/")[0] in self.graph.nodes

    @invariant()
    def it_can_be_shown_and_walked_or_its_problems_are_said(self):
        shown = as_shown(self.graph)
        assert set(shown.hidden.values()) <= set(shown.graph.nodes)
        assert set(shown.hidden).isdisjoint(shown.graph.nodes)
        for problem in find_problems(self.graph):
            assert problem.sentence
        here, there = self.walked(self.graph), self.walked(shown.graph)
        assert (here is None) == (there is None)
        if here is not None and there is not None:
            value, folded = here.value(self.graph.output), there.value(self.graph.output)
            np.testing.assert_allclose(folded, value, rtol=1e-9, equal_nan=True)
            assert all(step.sentence for step in there)

    @staticmethod
    def walked(graph):
        try:
            return trace(graph)
        except GraphError:
            return None

    @invariant()
    def it_can_be_saved_and_written_down(self):
        graph = self.graph
        assert graph_from_bytes(graph_bytes(graph)) == graph
        try:
            text = to_text(graph, values=True)
        except FormulaError:
            return
        assert not text or len(parse(text).nodes) == len(graph.nodes)


Canvas.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestCanvas = Canvas.TestCase
