"""Folding a group changes what is seen, never what is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import edits
from engine.errors import EngineError, GraphError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, INPUT, LEAF_KINDS, PARAMETER, Graph, Group, Node
from engine.graph.groups import fold_groups, results, why_not_fold
from engine.graph.levels import as_shown, open_composites
from engine.graph.problems import find_problems
from engine.ops import OPS
from engine.ops.group import GROUP
from engine.run.gradcheck import gradcheck
from engine.run.plan import lower
from engine.run.trace import trace, trace_plan

SCALAR_OPS = ["add", "sub", "mul", "neg", "sin", "tanh", "square", "max", "greater", "sigmoid"]
ARRAY_OPS = [*SCALAR_OPS, "sum", "mean", "reduce_max", "softmax", "matmul", "transpose", "concat"]
SHAPES = [(), (2,), (2, 2)]


def framed(graph: Graph, *groups: list[str], folded: bool = True) -> Graph:
    """``graph`` with these groups, titled A, B …, folded whether or not they can be."""
    for title, ids in zip("ABCDEF", groups, strict=False):
        graph, new = edits.add_group(graph, ids, title)
        graph.groups = {**graph.groups, new: Group(new, title, graph.groups[new].members, folded)}
    return graph


@pytest.fixture
def neuron():
    """f = tanh(a + b)·x1 with a = w0·x0 and b = w1·x1."""
    text = "a = w0*x0\nb = w1*x1\ns = a + b\nf = tanh(s)*x1"
    return parse(text, w0=0.5, x0=2.0, w1=-1.0, x1=3.0)


# what is computed -----------------------------------------------------------------------------


@st.composite
def dags(draw: st.DrawFn, ops: list[str], shapes: list[tuple[int, ...]]) -> Graph:
    """A graph that runs, with forks, constants and opened composites; one node gives the result."""
    graph = Graph()
    numbers = st.integers(-8, 8).map(lambda n: n / 4)
    for k in range(draw(st.integers(2, 4))):
        kind = draw(st.sampled_from(LEAF_KINDS))
        shape = draw(st.sampled_from(shapes))
        size = int(np.prod(shape))
        drawn = np.array(draw(st.lists(numbers, min_size=size, max_size=size))).reshape(shape)
        graph.leaf(kind, "" if kind == CONSTANT else f"x{k}", drawn if shape else float(drawn))
    for _ in range(draw(st.integers(2, 9))):
        op = OPS[draw(st.sampled_from(ops))]
        sources = list(graph.nodes)
        inputs = [draw(st.sampled_from(sources[-5:] + sources[:2])) for _ in op.inputs]
        trial = graph.copy()
        added = trial.apply(op.name, *inputs)
        if not find_problems(trial):
            trial.nodes[added].opened = draw(st.sampled_from(["", "tensors"]))
            graph = trial
    assume(any(not node.leaf for node in graph.nodes.values()))
    return graph


@st.composite
def grouped(draw: st.DrawFn, ops: list[str], shapes: list[tuple[int, ...]]) -> Graph:
    """A graph with up to three groups that are folded and lie apart or one in another."""
    graph = draw(dags(ops, shapes))
    ops_there = [i for i, node in graph.nodes.items() if not node.leaf]
    for title in "ABC"[: draw(st.integers(1, 3))]:
        end = draw(st.sampled_from(ops_there))
        above = edits.upstream(graph, [end])
        ids = {end, *(i for i in above if draw(st.booleans()))}
        members = edits.extract(graph, ids).nodes
        if not edits.why_not_group(graph, ids) and not why_not_fold(graph, members):
            graph, new = edits.add_group(graph, ids, title)
            if not why_not_fold(graph, graph.groups[new].members):
                graph = edits.set_group(graph, new, folded=True)
    assume(any(group.folded for group in graph.groups.values()))
    return graph


def assert_same_numbers(graph: Graph, *, exact: bool) -> None:
    """Each node of the folded graph has the value and the gradient that it has unfolded."""
    shown = as_shown(graph)
    assert any(node.op == "group" for node in shown.graph.nodes.values())
    assert find_problems(shown.graph) == []
    unfolded = trace_plan(lower(open_composites(graph).graph))
    folded = trace_plan(lower(shown.graph))
    for i in shown.graph.nodes:
        assert np.shape(folded.value(i)) == np.shape(unfolded.value(i))
        if exact:
            assert np.array_equal(folded.value(i), unfolded.value(i))
        tolerance = {"rtol": 1e-12, "atol": 1e-12}
        np.testing.assert_allclose(folded.value(i), unfolded.value(i), **tolerance)
        np.testing.assert_allclose(folded.gradient(i), unfolded.gradient(i), **tolerance)


@settings(max_examples=150)
@given(grouped(SCALAR_OPS, [()]))
def test_scalars_are_the_same_folded_and_unfolded(graph):
    assert_same_numbers(graph, exact=True)


@settings(max_examples=150)
@given(grouped(ARRAY_OPS, SHAPES))
def test_arrays_are_the_same_folded_and_unfolded(graph):
    assert_same_numbers(graph, exact=True)


@settings(max_examples=50)
@given(grouped(SCALAR_OPS, [()]))
def test_scalars_by_float_rules_agree_with_the_folded_graph(graph):
    folded, unfolded = trace(as_shown(graph).graph), trace(graph)
    assert folded.value(graph.output) == pytest.approx(unfolded.value(graph.output), rel=1e-12)


def test_a_chain_s_gradients_are_the_same_to_the_last_bit():
    graph = parse("f = tanh(sin(a*b) + exp(a))*b", a=0.3, b=-0.7)
    unfolded = trace_plan(lower(graph))
    folded = trace_plan(lower(as_shown(framed(graph, ["sin"])).graph))
    assert folded.gradient("a") == unfolded.gradient("a")
    assert folded.gradient("b") == unfolded.gradient("b")


def test_truth_values_inside_add_up_as_numbers():
    graph = Graph()
    a, b = graph.leaf(INPUT, "a", 1.0), graph.leaf(INPUT, "b", np.array([2.0, 0.0]))
    p, q = graph.apply("greater", b, a), graph.apply("greater", b, a)
    s = graph.apply("add", p, q)
    graph.apply("mul", s, a, name="f")
    assert trace(as_shown(framed(graph, [p, q, s])).graph).value("f").tolist() == [2.0, 0.0]


@pytest.mark.parametrize("value", [np.array([200], np.uint8), 2**62, True, np.float32(0.1)])
def test_short_and_whole_numbers_inside_are_computed_in_doubles(value):
    graph = Graph()
    graph.apply("mul", graph.leaf(INPUT, "x", 4.0), graph.leaf(PARAMETER, "w", value), name="f")
    folded = trace(as_shown(framed(graph, ["w", "f"])).graph)
    np.testing.assert_array_equal(folded.value("f"), trace(graph).value("f"))


def test_a_number_inside_is_given_to_the_rules_of_arrays_as_one():
    graph = parse("f = x*sum(w)", x=3.0, w=2.0)
    assert trace(as_shown(framed(graph, ["w", "sum", "f"])).graph).value("f") == 6.0


def test_an_unset_parameter_inside_counts_as_one(neuron):
    graph = neuron.with_values({})
    graph.nodes["w0"] = Node("w0", PARAMETER, name="w0")
    assert trace(as_shown(framed(graph, ["w0", "a"])).graph).value("a") == 2.0


def test_a_port_that_carries_no_gradient_receives_zero():
    graph = parse("c = greater(x, y)\nf = where(c, x, y)", x=3.0, y=2.0)
    walk = trace(as_shown(framed(graph, ["f"])).graph)
    assert (walk.gradient("c"), walk.gradient("x"), walk.gradient("y")) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("sample", GROUP.samples, ids=str)
def test_the_group_s_entry_in_the_op_table_holds_for_its_samples(sample):
    a, b = map(np.asarray, sample)
    y = GROUP.forward(a, b)
    np.testing.assert_allclose(y, a * b + 1)
    assert GROUP.shape(a.shape, b.shape) == y.shape
    for gradient, x in zip(GROUP.vjp(np.ones(y.shape), y, a, b), (a, b), strict=True):
        assert gradient.shape == x.shape
    assert "group" in OPS
    assert "group" not in list(OPS)


def test_gradients_of_a_folded_graph_are_verified(neuron):
    graph = framed(neuron, ["a", "b", "s"])
    check = gradcheck(as_shown(graph).graph)
    assert check.passed
    assert {row.name for row in check.rows} == {"w0", "w1", "x0", "x1"}


# what is seen ---------------------------------------------------------------------------------


def test_a_folded_group_is_one_node_with_the_result_s_id_and_name(neuron):
    graph = framed(neuron, ["a", "b", "s"])
    shown = as_shown(graph)
    assert list(shown.graph.nodes) == ["w0", "x0", "w1", "x1", "s", "tanh", "f"]
    node = shown.graph.nodes["s"]
    assert (node.op, node.name, node.inputs) == ("group", "s", ("w0", "x0", "w1", "x1"))
    assert node.attrs["body"].title == "A"
    assert shown.hidden == {"a": "s", "b": "s"}
    assert shown.frames == ()


def test_a_group_that_is_not_folded_is_a_frame(neuron):
    shown = as_shown(framed(neuron, ["a", "b", "s"], folded=False))
    assert shown.graph.nodes == neuron.nodes
    (frame,) = shown.frames
    assert (frame.group, frame.title, frame.node, frame.op) == ("group", "A", "", "")
    assert frame.members == ("a", "b", "s")
    assert shown.owner("a") == "a", "a frame is no composite"
    assert as_shown(neuron).graph is neuron


def test_a_folded_group_stands_in_the_middle_of_its_nodes(neuron):
    neuron.positions = {"a": (0.0, 0.0), "b": (10.0, 40.0), "s": (20.0, 10.0), "f": (7.0, 7.0)}
    shown = as_shown(framed(neuron, ["a", "b", "s"]))
    assert shown.graph.positions == {"s": (10.0, 20.0), "f": (7.0, 7.0)}
    assert neuron.positions["s"] == (20.0, 10.0)


def test_the_walk_over_a_folded_group_calls_it_by_its_title(neuron):
    graph = edits.set_group(framed(neuron, ["a", "b", "s"]), "group", title="linear layer")
    walk = trace(as_shown(graph).graph)
    steps = [step for step in walk if step.op == "group"]
    assert len(steps) == 2
    assert "linear layer(w0, x0, w1, x1)" in steps[0].sentence
    assert r"\operatorname{linear layer}" in steps[0].latex
    assert "open the group" in steps[1].sentence
    assert steps[1].products[:2] == pytest.approx(
        (trace(graph).gradient("w0"), trace(graph).gradient("x0"))
    )
    assert all(step.sentence for step in walk)


@pytest.mark.parametrize("title", ["", "{a}", "{b:1}", "a}b{", "%_\\$^", "日本", "x" * 1000])
def test_any_title_can_be_said(neuron, title):
    graph = edits.set_group(framed(neuron, ["a"]), "group", title=title)
    for step in trace(as_shown(graph).graph):
        assert step.sentence
        assert step.latex


def test_an_opened_composite_folds_with_its_group():
    graph = parse("f = 2*sigmoid(x*y)", x=1.0, y=2.0)
    graph.nodes["sigmoid"].opened = "tensors"
    shown = as_shown(framed(graph, ["sigmoid", "mul"]))
    assert {i for i in shown.graph.nodes if "/" in i} == set()
    assert set(shown.hidden.values()) == {"sigmoid"}
    assert shown.frames == ()
    unfolded = as_shown(framed(graph, ["sigmoid", "mul"], folded=False))
    assert [frame.node for frame in unfolded.frames] == ["sigmoid", ""]
    assert "sigmoid/exp" in unfolded.frames[1].members
    assert unfolded.owner("sigmoid/exp") == "sigmoid"


def test_a_node_whose_id_looks_like_one_inside_another_is_not_of_its_group():
    graph = parse("s = sin(x)", x=1.0)
    graph.leaf(INPUT, "s/y", 2.0)
    graph.apply("mul", "s", "s/y", name="f")
    shown = as_shown(framed(graph, ["s"]))
    assert "s/y" in shown.graph.nodes
    assert trace(shown.graph).value("f") == pytest.approx(2 * np.sin(1.0))


def test_the_outermost_of_folded_groups_is_seen(neuron):
    nested = framed(neuron, ["a", "b", "s"], ["a"], ["s"])
    shown = as_shown(nested)
    assert shown.graph.nodes["s"].attrs["body"].title == "A"
    assert set(shown.hidden) == {"a", "b"}
    inside = as_shown(edits.set_group(nested, "group", folded=False))
    assert [n.attrs["body"].title for n in inside.graph.nodes.values() if n.op == "group"] == [
        "B",
        "C",
    ]
    (frame,) = inside.frames
    assert (frame.title, frame.members) == ("A", ("a", "b", "s"))


def test_groups_from_a_file_that_overlap_are_shown_somehow(neuron):
    neuron.groups = {
        "g": Group("g", "G", ("a", "b", "s"), True),
        "h": Group("h", "H", ("s", "tanh"), True),
    }
    shown = as_shown(neuron)
    assert shown.graph.nodes["s"].attrs["body"].title == "G"
    assert trace(shown.graph).value("f") == trace(neuron).value("f")


# what cannot be folded ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["w0", "x0"], "There is nothing to compute inside: select at least one op."),
        (["gone"], "There is nothing to compute inside: select at least one op."),
        (["a", "b"], "A folded group has one output; this one has 2: a, b."),
        (["a", "tanh"], "A folded group has one output; this one has 2: a, tanh"),
        (["s", "f"], "A folded group has one output; this one has 2: s, f."),
        (["s", "f", "tanh", "x1"], "A folded group has one output; this one has 2: x1, f."),
        (["w0", "x0", "w1", "b", "a", "s"], ""),
        (["a", "b", "s", "tanh"], ""),
    ],
)
def test_why_nodes_cannot_be_folded_is_said(neuron, ids, words):
    why = why_not_fold(neuron, ids)
    assert why.startswith(words) if words else why == ""


def test_a_group_that_would_feed_itself_has_more_than_one_output():
    graph = parse("a = sin(x)\nb = exp(a)\nf = a*b")
    assert results(graph, ["a", "f"]) == ["a", "f"]
    assert why_not_fold(graph, ["a", "f"]).startswith("A folded group has one output")


def test_what_is_not_complete_cannot_be_folded(neuron):
    broken = edits.disconnect(neuron, "a", 0)
    assert why_not_fold(broken, ["a", "b", "s"]) == (
        "a inside cannot be computed yet: complete it."
    )
    text = neuron.like()
    text.nodes["w0"] = Node("w0", PARAMETER, value="two", name="w0")
    assert why_not_fold(text, ["w0", "a"]).startswith("w0 inside cannot be computed")


def test_a_group_into_which_nothing_goes_cannot_be_folded(neuron):
    assert why_not_fold(neuron, list(neuron.nodes)).startswith("Nothing goes into this group")
    assert why_not_fold(neuron, ["w0", "x0", "a"]).startswith("Nothing goes into this group")


def test_a_result_too_large_is_not_hidden_in_a_group():
    graph = Graph()
    x = graph.leaf(INPUT, "x", np.ones((100_000, 1)))
    y = graph.apply("matmul", x, graph.apply("transpose", x))
    graph.apply("sum", y, name="f")
    assert "the limit is" in why_not_fold(graph, ["transpose", y, "f"])
    with pytest.raises(GraphError, match="the limit is"):
        trace(as_shown(framed(graph, ["transpose", y, "f"])).graph)


def test_what_can_no_longer_be_folded_is_shown_unfolded(neuron):
    graph = framed(neuron, ["a", "b", "s"])
    for spoilt in (
        edits.disconnect(graph, "a", 0),
        edits.set_output(graph, "a"),
        edits.delete(graph, ["s"]),
    ):
        shown = as_shown(spoilt)
        assert shown.hidden == {}
        assert "group" not in {node.op for node in shown.graph.nodes.values()}
        assert [frame.title for frame in shown.frames] == ["A"]
    with pytest.raises(EngineError, match="one output"):
        edits.set_group(edits.set_output(graph, "a"), "group", folded=True)


def test_a_cycle_elsewhere_does_not_spoil_a_group(neuron):
    graph = framed(neuron, ["a", "b", "s"])
    graph.nodes["p"] = Node("p", "exp", ("q",))
    graph.nodes["q"] = Node("q", "sin", ("p",))
    body = as_shown(graph).graph.nodes["s"].attrs["body"]
    assert [op.name for op, _, _ in body.steps] == ["mul", "mul", "add"]


def test_folding_leaves_the_document_alone(neuron):
    graph = framed(neuron, ["a", "b", "s"])
    before = graph_bytes(graph)
    as_shown(graph)
    fold_groups(graph)
    assert graph_bytes(graph) == before
    assert graph_from_bytes(before) == graph
