"""A bypassed op passes one input on, whatever reads the graph, and comes back as it was."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import edits
from engine.errors import EngineError, FormulaError, GraphError
from engine.files.dot import to_dot
from engine.files.project import graph_bytes, graph_from_bytes
from engine.files.tikz import to_tikz
from engine.graph.bypass import bypassed, own_op
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Wire
from engine.graph.labels import text_label
from engine.graph.levels import LEVELS, as_shown, fully_open, open_composites
from engine.graph.notation import latex_graph
from engine.graph.problems import find_problems, infer_shapes
from engine.graph.writer import to_text
from engine.ops import OPS
from engine.run.gradcheck import gradcheck
from engine.run.known import known_values
from engine.run.trace import trace

OPS_USED = ["add", "mul", "div", "sin", "tanh", "sigmoid", "max", "where", "sum", "softmax"]
OPS_USED += ["matmul", "transpose", "concat"]
SHAPES = [(), (), (2,), (2, 2)]


@st.composite
def bypassed_graphs(draw: st.DrawFn) -> tuple[Graph, Graph]:
    """A graph that runs, and the same with some of its ops bypassed, which runs too."""
    graph = Graph()
    numbers = st.integers(1, 8).map(lambda n: n / 4)
    for k in range(draw(st.integers(2, 4))):
        kind = draw(st.sampled_from(LEAF_KINDS))
        shape = draw(st.sampled_from(SHAPES))
        size = int(np.prod(shape))
        drawn = np.array(draw(st.lists(numbers, min_size=size, max_size=size))).reshape(shape)
        graph.leaf(kind, "" if kind == CONSTANT else f"x{k}", drawn if shape else float(drawn))
    for k in range(draw(st.integers(1, 7))):
        op = OPS[draw(st.sampled_from(OPS_USED))]
        ports = draw(st.integers(1, 3)) if op.variadic else op.arity
        inputs = [draw(st.sampled_from([*graph.nodes][-6:])) for _ in range(ports)]
        trial = graph.copy()
        added = trial.apply(op.name, *inputs, name=draw(st.sampled_from(["", f"z{k}"])))
        if not find_problems(trial):
            trial.nodes[added].opened = draw(st.sampled_from(LEVELS))
            graph = trial
    ops = [i for i, node in graph.nodes.items() if not node.leaf]
    assume(ops)
    chosen = draw(st.lists(st.sampled_from(ops), min_size=1, unique=True))
    after = edits.set_bypassed(graph, chosen, True)
    assume(not find_problems(after))
    return graph, after


def with_identities(graph: Graph) -> Graph:
    """``graph`` with an identity of the input that passes in place of every bypassed op."""
    nodes = {
        i: msgspec.structs.replace(
            node, op="identity", attrs={}, inputs=(node.inputs[node.attrs["port"]],)
        )
        if bypassed(node)
        else node
        for i, node in graph.nodes.items()
    }
    return graph.like(nodes)


@pytest.fixture
def neuron() -> Graph:
    """f = tanh(w·x + b)·c."""
    return parse("f = tanh(w*x + b)*c", w=0.5, x=2.0, b=0.25, c=3.0)


# what is computed -----------------------------------------------------------------------------


@settings(max_examples=200)
@given(bypassed_graphs())
def test_the_walk_is_that_of_an_identity_on_the_passed_input(graphs):
    _, graph = graphs
    wanted, walk, known = trace(with_identities(graph)), trace(graph), known_values(graph)
    for i in graph.nodes:
        np.testing.assert_array_equal(walk.value(i), wanted.value(i))
        np.testing.assert_array_equal(walk.gradient(i), wanted.gradient(i))
        np.testing.assert_array_equal(known[i], walk.value(i))
        assert infer_shapes(graph)[i] == np.shape(walk.value(i))
    assert all(step.sentence for step in walk)


@settings(max_examples=50)
@given(bypassed_graphs())
def test_the_gradient_check_passes(graphs):
    _, graph = graphs
    wanted, check = gradcheck(with_identities(graph)), gradcheck(graph)
    assert check.passed == wanted.passed
    assert [row.verdict for row in check.rows] == [row.verdict for row in wanted.rows]


@settings(max_examples=100)
@given(bypassed_graphs())
def test_opening_and_folding_keep_every_number(graphs):
    _, graph = graphs
    ops = [i for i, node in graph.nodes.items() if not node.leaf]
    framed, new = edits.add_group(graph, ops, "all")
    try:
        framed = edits.set_group(framed, new, folded=True)
    except EngineError:
        framed = graph
    for shown in (open_composites(graph).graph, fully_open(graph), as_shown(framed).graph):
        np.testing.assert_allclose(
            trace(shown).value(graph.output), trace(graph).value(graph.output), rtol=1e-12
        )


def test_one_input_receives_the_gradient_and_the_others_zero(neuron):
    graph = edits.set_bypassed(neuron, ["mul"], True)
    walk = trace(graph)
    assert walk.value("mul") == 0.5
    assert walk.gradient("w") == walk.gradient("mul") != 0
    assert walk.gradient("x") == 0
    step = walk[walk.index_of(walk[-1].phase, "mul")]
    assert step.locals == (1.0, 0.0)
    assert "bypassed" in step.sentence


@pytest.mark.parametrize(
    ("text", "values", "op", "passed"),
    [
        ("matmul(a, b)", {"a": np.ones((2, 2)), "b": np.ones((2, 3))}, "matmul", "b"),
        ("matmul(a, b)", {"a": np.ones((2, 3)), "b": np.ones((3, 4))}, "matmul", "a"),
        ("add(a, b)", {"a": 1.0, "b": np.ones(3)}, "add", "b"),
        ("sum(a)", {"a": np.ones(3)}, "sum", "a"),
        ("2*a", {"a": 1.0}, "mul", "a"),
        ("where(a, b, c)", {"a": 1.0, "b": 2.0, "c": 3.0}, "where", "b"),
    ],
)
def test_the_input_that_looks_like_the_result_passes(text, values, op, passed):
    graph = edits.set_bypassed(parse(f"f = {text}", **values), ["f"], True)
    node = graph.nodes["f"]
    assert own_op(node) == op
    assert node.inputs[node.attrs["port"]] == passed


# coming back, files -----------------------------------------------------------------------------


@settings(max_examples=100)
@given(bypassed_graphs())
def test_bypassed_and_brought_back_is_the_same_file(graphs):
    graph, after = graphs
    chosen = [i for i, node in after.nodes.items() if bypassed(node)]
    again = graph_from_bytes(graph_bytes(after))
    assert again == after
    for bypassed_graph in (after, again):
        back = edits.set_bypassed(bypassed_graph, chosen, False)
        assert back == graph
        assert graph_bytes(back) == graph_bytes(graph)


def test_attributes_come_back():
    graph = Graph()
    x = graph.leaf("input", "x", np.ones((2, 3)))
    y = graph.apply("softmax", x, axis=0)
    graph.apply("sum", graph.apply("leaky_relu", y, slope=0.25), axis=(0, 1), keepdims=True)
    after = edits.set_bypassed(graph, list(graph.nodes), True)
    assert find_problems(after) == []
    assert edits.set_bypassed(graph_from_bytes(graph_bytes(after)), [*graph.nodes], False) == graph


def test_a_graph_that_is_given_is_not_written_into(neuron):
    before = graph_bytes(neuron)
    edits.set_bypassed(neuron, ["tanh", "mul"], True)
    assert graph_bytes(neuron) == before


BROKEN = [
    {"of": "nonsense"},
    {"of": "bypass"},
    {"of": "group"},
    {"of": "input"},
    {"of": 3},
    {"of": "tanh", "port": 0},
    {"of": "add", "port": 7},
    {"of": "add", "port": -1},
    {"of": "add", "port": 0.5},
    {"of": "add", "port": [0, 1]},
    {"of": "add", "port": None},
    {"of": "add", "settings": [1]},
    {"of": "add", "what": 1},
]


@pytest.mark.parametrize("attrs", BROKEN, ids=json.dumps)
def test_a_broken_file_is_told_in_one_sentence_and_crashes_nothing(attrs):
    nodes = [
        {"id": "a", "op": "input", "value": 1},
        {"id": "b", "op": "input", "value": 2},
        {"id": "k", "op": "bypass", "inputs": ["a", "b"], "attrs": attrs},
    ]
    graph = graph_from_bytes(json.dumps({"version": 1, "nodes": nodes, "output": "k"}).encode())
    (problem,) = find_problems(graph)
    assert problem.node == "k"
    assert problem.sentence.endswith((".", "?"))
    with pytest.raises(GraphError):
        trace(graph)
    for show in (latex_graph, to_dot, as_shown, known_values, lambda g: to_tikz(g, {})):
        show(graph)
    text_label(graph, "k")
    find_problems(edits.set_bypassed(graph, ["k"], False))
    edits.refusal(graph, "a", "k", 0)
    edits.delete(graph, ["a"])


def test_an_unwired_input_is_missed_by_its_own_name():
    graph, k = edits.add_op(Graph(), "div")
    (first, second) = find_problems(edits.set_bypassed(graph, [k], True))
    assert first.sentence == "bypassed ÷ has nothing on its input a: connect a wire."
    assert "input b" in second.sentence


# edits ------------------------------------------------------------------------------------------


def test_wires_stay_on_their_ports(neuron):
    graph = edits.disconnect(edits.set_bypassed(neuron, ["mul"], True), "mul", 0)
    assert graph.nodes["mul"].inputs == ("", "x")
    assert edits.refusal(graph, "b", "mul", 2) == "mul takes 2 inputs, and no more."
    graph = edits.connect(graph, "b", "mul", 0)
    assert edits.set_bypassed(graph, ["mul"], False).nodes["mul"].inputs == ("b", "x")
    assert Wire("b", "mul", 0) in set(graph.wires())


def test_leaves_are_refused_and_passed_over_among_ops(neuron):
    with pytest.raises(EngineError, match="Only ops can be bypassed"):
        edits.set_bypassed(neuron, ["w", "x"], True)
    graph = edits.set_bypassed(neuron, ["w", "mul"], True)
    assert [i for i, node in graph.nodes.items() if bypassed(node)] == ["mul"]


def test_what_is_in_a_folded_group_is_refused(neuron):
    for ids in (["tanh"], ["mul", "add"]):
        graph, new = edits.add_group(neuron, ids, "part")
        graph = edits.set_group(graph, new, folded=True)
        with pytest.raises(EngineError, match="folded group"):
            edits.set_bypassed(graph, [ids[0]], True)


def test_an_opened_composite_closes_and_opens_again(neuron):
    neuron.nodes["tanh"].opened = "tensors"
    graph = edits.set_bypassed(neuron, ["tanh"], True)
    assert as_shown(graph).frames == ()
    assert as_shown(edits.set_bypassed(graph, ["tanh"], False)).frames


# what is written --------------------------------------------------------------------------------


def test_formulas_show_what_is_computed(neuron):
    graph = edits.set_bypassed(neuron, ["tanh", "mul"], True)
    assert to_text(graph) == "f = (w + b)*c"
    assert latex_graph(graph) == r"f = \left(w + b\right) c"
    assert text_label(graph, "f") == "(w + b)·c"
    assert text_label(graph, "tanh") == "tanh bypassed"
    with pytest.raises(FormulaError):
        parse("bypass(x)")


@settings(max_examples=200)
@given(bypassed_graphs())
def test_the_text_reads_back_as_what_is_computed(graphs):
    _, graph = graphs
    again = parse(to_text(graph, values=True))
    np.testing.assert_allclose(
        trace(again).value(again.output), trace(graph).value(graph.output), rtol=1e-12
    )


def test_figures_put_the_sign_in_brackets(neuron):
    graph = edits.set_bypassed(neuron, ["tanh"], True)
    assert 'label="(tanh)"' in to_dot(graph)
    assert "style=dashed" in to_dot(graph)
    assert r"dashed] (n5)" in to_tikz(graph, {})
    assert r"{($\mathrm{tanh}$)}" in to_tikz(graph, {})
