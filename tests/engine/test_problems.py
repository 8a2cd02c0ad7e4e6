"""Problems are data: one sentence each, at its node, with the names and shapes; never a crash."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import GraphError
from engine.graph.graph import LEAF_KINDS, Graph, Node, Wire
from engine.graph.levels import LEVELS, open_composites
from engine.graph.problems import (
    Problem,
    ProblemKind,
    find_problems,
    infer_shapes,
    node_title,
    topological_order,
)
from engine.ops import OPS
from engine.run.known import known_values
from engine.run.trace import trace
from engine.run.walk import Walk


def only(graph: Graph) -> Problem:
    """The one problem of ``graph``, which must be a sentence."""
    (problem,) = find_problems(graph)
    assert problem.sentence.endswith((".", "?"))
    return problem


@pytest.fixture
def graph():
    """v is a vector of 3, w one of 4, s a number; nothing is computed yet."""
    graph = Graph()
    graph.leaf("input", "v", np.ones(3))
    graph.leaf("input", "w", np.ones(4))
    graph.leaf("input", "s", 2.0)
    return graph


def test_a_sound_graph_has_none(graph):
    graph.apply("mul", "v", "s", name="f")
    assert find_problems(graph) == []
    assert infer_shapes(graph) == {"v": (3,), "w": (4,), "s": (), "f": (3,)}


def test_an_unknown_op_is_named_with_the_nearest_known_one(graph):
    graph.apply("sigmoud", "s", name="f")
    problem = only(graph)
    assert (problem.kind, problem.node) == (ProblemKind.UNKNOWN_OP, "f")
    assert '"sigmoud"' in problem.sentence
    assert '"f"' in problem.sentence
    assert 'Did you mean "sigmoid"?' in f"{problem.sentence}"


def test_an_op_like_no_other_gets_no_suggestion(graph):
    graph.apply("qqqq", "s", name="f")
    assert "mean" not in only(graph).sentence


@pytest.mark.parametrize("inputs", [("s",), ("s", "")])
def test_a_port_without_a_wire_is_named(graph, inputs):
    graph.apply("mul", *inputs, name="f")
    problem = only(graph)
    assert (problem.kind, problem.node) == (ProblemKind.MISSING_INPUT, "f")
    assert problem.sentence == '"f" has nothing on its input b: connect a wire.'


def test_a_variadic_op_wants_at_least_one_wire(graph):
    graph.apply("concat", name="f")
    assert only(graph).kind is ProblemKind.MISSING_INPUT


def test_a_wire_from_nowhere_is_named_with_its_port(graph):
    graph.apply("mul", "s", "gone", name="f")
    problem = only(graph)
    assert problem.kind is ProblemKind.MISSING_INPUT
    assert problem.wire == Wire("gone", "f", 1)
    assert '"gone"' in problem.sentence
    assert '"f"' in problem.sentence


def test_a_wire_too_many_is_counted(graph):
    graph.apply("exp", "s", "v", name="f")
    problem = only(graph)
    assert problem.wire == Wire("v", "f", 1)
    assert "takes 1 input" in problem.sentence
    assert "has 2" in problem.sentence


def test_a_cycle_names_its_nodes_and_a_wire_to_cut(graph):
    graph.apply("add", "s", "c", name="a")
    graph.apply("exp", "a", name="b")
    graph.apply("neg", "b", name="c")
    graph.apply("neg", "c", name="after")
    problem = only(graph)
    assert problem.kind is ProblemKind.CYCLE
    for name in ("a", "b", "c"):
        assert f'"{name}"' in problem.sentence
    assert "after" not in problem.sentence
    assert problem.wire in list(graph.wires())


def test_a_long_cycle_is_still_one_short_sentence():
    graph = Graph()
    for k in range(2_000):
        graph.apply("sin", f"n{(k + 1) % 2_000}", name=f"n{k}")
    (problem,) = find_problems(graph)
    assert problem.kind is ProblemKind.CYCLE
    assert "… 1,992 more …" in problem.sentence
    assert len(problem.sentence) < 300


def test_a_large_array_that_is_not_finite_is_said_in_one_line(graph):
    graph.nodes["x"] = Node("x", "input", (), np.full((50, 50), np.nan), "x")
    (sentence,) = [p.sentence for p in find_problems(graph) if p.node == "x"]
    assert "50×50" in sentence
    assert "\n" not in sentence


def test_a_node_that_feeds_itself_is_a_cycle(graph):
    graph.apply("exp", "f", name="f")
    assert only(graph).wire == Wire("f", "f", 0)


def test_two_cycles_do_not_hide_other_problems(graph):
    graph.apply("exp", "a", name="a")
    graph.apply("exp", "b", name="b")
    graph.apply("nonsense", "s", name="n")
    kinds = {problem.kind for problem in find_problems(graph)}
    assert kinds == {ProblemKind.CYCLE, ProblemKind.UNKNOWN_OP}


def test_shapes_that_do_not_meet_are_both_said(graph):
    graph.apply("add", "v", "w", name="f")
    problem = only(graph)
    assert (problem.kind, problem.node) == (ProblemKind.SHAPE, "f")
    assert "a is 3, b is 4" in problem.sentence
    assert '(node "f")' in problem.sentence


def test_matrices_that_do_not_meet_are_both_said():
    graph = Graph()
    a = graph.leaf("input", "A", np.ones((10, 4)))
    graph.apply("matmul", a, graph.leaf("parameter", "B", np.ones((3, 2))), name="hidden 1")
    sentence = only(graph).sentence
    assert "10×4" in sentence
    assert "3×2" in sentence
    assert '"hidden 1"' in sentence


def test_a_problem_is_said_once_and_not_at_every_node_after_it(graph):
    graph.apply("exp", graph.apply("neg", graph.apply("add", "v", "w")))
    assert only(graph).kind is ProblemKind.SHAPE


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.array([1.0, math.nan])])
def test_a_value_that_is_not_finite_is_said_at_its_leaf(graph, value):
    graph.nodes["s"].value = value
    problem = only(graph)
    assert (problem.kind, problem.node) == (ProblemKind.VALUE, "s")
    assert '"s"' in problem.sentence
    assert "not finite" in problem.sentence


@pytest.mark.parametrize(
    "value", ["two", {"a": 1}, [1.0, [2.0]], object(), np.array(["a"]), np.array([1j]), 1j]
)
def test_a_value_that_is_no_number_is_said_at_its_leaf(graph, value):
    graph.nodes["s"].value = value
    problem = only(graph)
    assert (problem.kind, problem.node) == (ProblemKind.VALUE, "s")
    assert "not a number" in problem.sentence


def test_whole_numbers_and_numpy_scalars_are_numbers(graph):
    for value in (3, True, np.float32(2), np.int64(5), np.array(1.5), 10**400):
        graph.nodes["s"].value = value
        assert all(problem.kind is ProblemKind.VALUE for problem in find_problems(graph))


def test_a_leaf_takes_no_wires(graph):
    graph.nodes["s"].inputs = ("v",)
    assert "takes no wires" in only(graph).sentence


def test_an_attribute_that_does_not_exist_is_named(graph):
    graph.apply("leaky_relu", "s", name="f", slop=0.2)
    problem = only(graph)
    assert problem.kind is ProblemKind.VALUE
    assert "'slop'" in problem.sentence
    assert "slope" in problem.sentence


@pytest.mark.parametrize("axis", [7, "rows", 0.5, (0, 0, 0)])
def test_an_axis_that_does_not_exist_is_said(graph, axis):
    graph.apply("log_softmax", "v", name="f", axis=axis)
    assert '"f"' in only(graph).sentence


@pytest.mark.parametrize(
    ("op", "attrs", "words"),
    [
        ("leaky_relu", {"slope": "steep"}, "needs a number for its slope, not 'steep'"),
        ("leaky_relu", {"slope": (None, [])}, "needs a number"),
        ("sum", {"keepdims": "yes"}, "needs true or false for its keepdims"),
        ("gelu", {"approximate": 3}, "needs text for its approximate"),
        ("sum", {"axes": (0, "x")}, "needs a whole number or a list of them for its axes"),
    ],
)
def test_an_attribute_of_another_kind_is_said_and_refused(graph, op, attrs, words):
    graph.apply(op, "v", name="f", **attrs)
    assert words in only(graph).sentence
    with pytest.raises(GraphError, match="f"):
        trace(graph)


def test_what_keeps_a_graph_from_running_is_said_before_what_does_not(graph):
    graph.nodes["v"].value = math.nan
    graph.apply("exp", "gone", name="f")
    with pytest.raises(GraphError, match='"gone"'):
        trace(graph)


def test_an_op_may_be_called_by_its_alias(graph):
    graph.apply("σ", "s", name="f")
    assert find_problems(graph) == []
    assert trace(graph).value("f") == 1 / (1 + math.exp(-2.0))


@pytest.mark.parametrize("value", [[1.0, [2.0]], "two", [1.0, 2.0]])
def test_a_leaf_that_holds_no_number_is_refused(graph, value):
    graph.nodes["s"].value = value
    graph.output = "s"
    with pytest.raises(GraphError, match='value of "s" is not a number'):
        trace(graph)


def test_an_empty_graph_says_how_to_begin():
    sentence = "The graph is empty: double-click the canvas, press Tab, or type a formula."
    assert only(Graph()).sentence == sentence


def test_an_output_that_does_not_exist_is_named(graph):
    graph.output = "gone"
    assert '"gone"' in only(graph).sentence


@pytest.mark.parametrize(
    ("node", "title"),
    [
        (Node("mul", "mul"), "×"),
        (Node("mul_2", "mul", ("q", "k")), "× of q and exp"),
        (Node("mul_3", "mul", ("q", "c")), "× of q and 3"),
        (Node("mul_4", "mul", ("", "q")), "× of q"),
        (Node("concat", "concat", ("q", "c", "k", "q")), "concat of q, 3 and 2 more"),
        (Node("mul_2", "mul", name="q"), '"q"'),
        (Node("leaky_relu", "leaky_relu"), "leaky relu"),
        (Node("concat", "concat"), "concat"),
        (Node("f/exp", "exp"), "exp"),
        (Node("σ", "σ"), "sigmoid"),
        (Node("c", "constant", value=2.0), "constant 2"),
        (Node("sigmoud", "sigmoud"), "sigmoud"),
    ],
    ids=lambda v: getattr(v, "id", v),
)
def test_a_node_without_a_name_is_called_by_what_stands_on_it(node, title):
    nodes = [Node("q", "input", name="q"), Node("k", "exp", ("q",)), Node("c", "constant", value=3)]
    assert node_title(node, {n.id: n for n in nodes}) == title


def test_what_an_op_without_a_name_lacks_is_said_once(graph):
    graph.apply("mul", "s", "")
    assert only(graph).sentence == "× of s has nothing on its input b: connect a wire."
    graph.apply("mul", "", "s")
    assert find_problems(graph)[1].sentence == (
        "× of s has nothing on its input a: connect a wire."
    )


def test_shapes_that_do_not_meet_name_the_node(graph):
    graph.apply("add", "v", "w")
    assert only(graph).sentence.endswith("a is 3, b is 4 (node + of v and w).")


def test_order_keeps_to_insertion_where_it_can():
    graph = Graph([Node("f", "exp", ("b",)), Node("a", "input"), Node("b", "neg", ("a",))])
    assert topological_order(graph) == (["a", "b", "f"], [])


# any graph ------------------------------------------------------------------------------------

IDS = ["a", "b", "c", "d", "e", "gone", ""]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=4,
)
values = st.one_of(
    st.none(),
    st.floats(),
    st.sampled_from(
        [
            np.ones(3),
            np.ones((2, 3)),
            np.zeros((0, 2)),
            np.array([0, 2]),
            np.array([True]),
            np.array(2.0),
            np.array(["x"]),
            np.array([None]),
            1.0,
            -2,
            1e308,
        ]
    ),
    anything,
)
attributes = st.dictionaries(
    st.sampled_from(["axis", "axes", "shape", "slope", "alpha", "keepdims", "approximate", "x"]),
    st.integers(-2, 3) | st.lists(st.integers(-2, 3), max_size=3).map(tuple) | anything,
    max_size=2,
)


@st.composite
def graphs(draw):
    """Any graph that the types allow, and a few that they do not."""
    graph = Graph()
    for node_id in draw(st.lists(st.sampled_from(IDS[:5]), min_size=1, max_size=5, unique=True)):
        leaf = draw(st.booleans())
        op = draw(st.sampled_from(LEAF_KINDS if leaf else [*OPS, *OPS, "σ", "nonsense"]))
        count = 0 if leaf else len(OPS[op].inputs) if op in OPS else 1
        count += draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
        inputs = tuple(draw(st.sampled_from(IDS)) for _ in range(count))
        attrs = {} if leaf or draw(st.booleans()) else draw(attributes)
        graph.nodes[node_id] = Node(
            node_id, op, inputs, draw(values), draw(st.sampled_from(["", node_id])), attrs
        )
        graph.nodes[node_id].opened = draw(st.sampled_from(LEVELS))
    graph.output = draw(st.sampled_from([*graph.nodes, *graph.nodes, "", "gone"]))
    return graph


@settings(max_examples=500)
@given(graphs())
def test_no_graph_makes_it_raise(graph):
    for problem in find_problems(graph):
        assert problem.sentence
        assert "\n" not in problem.sentence
        assert problem.node in graph.nodes or problem.node == ""
    open_composites(graph)


@settings(max_examples=500)
@given(graphs())
def test_of_any_graph_it_is_known_what_can_be_computed(graph):
    known = known_values(graph)
    assert set(known) <= set(graph.nodes)
    for node_id in known:
        node = graph.nodes[node_id]
        assert node.leaf or known.keys() >= set(node.inputs)


@settings(max_examples=500)
@given(graphs())
def test_any_graph_is_walked_or_refused_with_its_problems(graph):
    try:
        walk = trace(open_composites(graph).graph)
    except GraphError as error:
        problems = error.problems
    else:
        assert isinstance(walk, Walk)
        assert all(problem.sentence for problem in walk.problems)
        return
    assert problems


@st.composite
def runnable(draw):
    """Graphs in which every wire leads to a node before it, with one-input and two-input ops."""
    graph = Graph()
    ids = [graph.leaf("input", f"x{k}", draw(values)) for k in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 4))):
        op = OPS[draw(st.sampled_from(list(OPS)))]
        attrs = draw(attributes) if draw(st.integers(0, 3)) == 0 else {}
        ids.append(graph.apply(op.name, *(draw(st.sampled_from(ids)) for _ in op.inputs), **attrs))
        graph.nodes[ids[-1]].opened = draw(st.sampled_from(LEVELS))
    return graph


@settings(max_examples=500)
@given(runnable())
def test_any_graph_in_order_is_walked_or_refused_with_its_problems(graph):
    problems: tuple | None = None
    try:
        for step in trace(open_composites(graph).graph):
            assert step.sentence
    except GraphError as error:
        problems = error.problems
    assert problems is None or problems


def test_a_result_too_large_for_memory_is_refused_before_it_is_made():
    graph = Graph()
    column = graph.leaf("input", "x", np.zeros((100_000, 1)))
    row = graph.leaf("input", "y", np.zeros((1, 100_000)))
    graph.apply("add", column, row, name="f")
    (problem,) = find_problems(graph)
    assert problem.node == "f"
    assert "10,000,000,000" in problem.sentence
    with pytest.raises(GraphError, match="10,000,000,000"):
        trace(graph)
