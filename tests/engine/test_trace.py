"""The walk: right numbers, one record a step, forks summed term by term, problems said."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import GraphError
from engine.files.project import load
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.graph.levels import fully_open, open_composites
from engine.graph.problems import ProblemKind
from engine.ops import OPS
from engine.run.gradcheck import gradcheck
from engine.run.plan import lower
from engine.run.trace import trace
from engine.run.walk import Phase, Step, Term

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def circuit():
    """The lecture's circuit, in primitives, walked."""
    return trace(open_composites(load(EXAMPLES / "sigmoid_circuit.graph.json")).graph)


@pytest.fixture
def fork():
    """f = ab + a at (3, −2), walked."""
    return trace(load(EXAMPLES / "fork.graph.json"))


def chain(length: int) -> Graph:
    """sin(sin(… x)), ``length`` nodes with the input."""
    graph = Graph()
    last = graph.leaf("input", "x", 1.0)
    for _ in range(length - 1):
        last = graph.apply("sin", last)
    return graph


# numbers --------------------------------------------------------------------------------------


def test_the_lecture_s_numbers(circuit):
    y = 1 / (1 + math.exp(-1))
    slope = y * (1 - y)
    expected = {"w0": -slope, "x0": 2 * slope, "w1": -2 * slope, "x1": -3 * slope, "w2": slope}
    assert circuit.value("f") == pytest.approx(y, rel=1e-12)
    for name, gradient in expected.items():
        assert circuit.gradient(name) == pytest.approx(gradient, rel=1e-12)


def test_the_lecture_s_numbers_in_order(circuit):
    shown = [round(s.output, 6) for s in circuit.steps[: circuit.forward_count] if s.inputs]
    assert shown == [-2, 6, 4, 1, -1, 0.367879, 1.367879, 0.731059]
    back = [round(s.upstream, 6) for s in circuit.steps[circuit.forward_count :] if s.inputs]
    assert back[:4] == [1, -0.534447, -0.534447, -0.196612]


def test_two_walks_of_one_graph_are_equal():
    graph = load(EXAMPLES / "xor_network.graph.json")
    first, second = trace(graph), trace(graph)
    for node in graph.nodes:
        np.testing.assert_array_equal(first.gradient(node), second.gradient(node))
    plan = lower(graph)
    assert len(trace(plan)) == len(trace(plan)) == len(first)


def test_a_node_that_the_output_does_not_depend_on_has_gradient_zero():
    graph = Graph()
    graph.leaf("input", "idle", np.ones((2, 3)))
    graph.leaf("input", "lazy", 4.0)
    graph.apply("exp", graph.leaf("input", "x", 1.0))
    walk = trace(graph)
    np.testing.assert_array_equal(walk.gradient("idle"), np.zeros((2, 3)))
    assert walk.gradient("lazy") == 0.0
    assert walk.index_of(Phase.BACKWARD, "idle") is None


def test_an_output_that_is_not_a_scalar_stands_for_its_sum():
    graph = Graph()
    x = graph.leaf("input", "x", np.array([1.0, 2.0]))
    graph.apply("square", x)
    np.testing.assert_array_equal(trace(graph).gradient("x"), [2.0, 4.0])


def test_broadcasting_is_undone_in_the_gradient():
    graph = Graph()
    x = graph.leaf("input", "x", np.ones((4, 3)))
    b = graph.leaf("parameter", "b", np.zeros(3))
    graph.apply("add", x, b)
    np.testing.assert_array_equal(trace(graph).gradient("b"), [4.0, 4.0, 4.0])


@pytest.mark.parametrize(
    ("op", "a", "b", "expected"),
    [
        ("pow", 10, 20, 1e20),
        ("mul", 2**62, 4, 2.0**64),
        ("add", np.array([200], np.uint8), np.array([100], np.uint8), 300.0),
        ("sub", True, np.uint8(3), -2.0),
        ("mul", np.float32(3), np.float32(1e30), 3 * float(np.float32(1e30))),
    ],
)
def test_short_and_whole_numbers_are_computed_in_doubles(op, a, b, expected):
    graph = Graph()
    graph.apply(op, graph.leaf("input", "a", a), graph.leaf("input", "b", b), name="f")
    walk = trace(graph)
    np.testing.assert_array_equal(walk.value("f"), np.broadcast_to(expected, np.shape(a)))
    assert isinstance(walk.value("a"), float) or walk.value("a").dtype == np.float64


def test_an_unset_leaf_counts_as_one_and_is_marked():
    graph = Graph()
    graph.apply("exp", graph.leaf("input", "x"))
    walk = trace(graph)
    assert walk.value("x") == 1.0
    assert walk.steps[0].unset
    assert not walk.steps[1].unset


def test_insertion_order_does_not_matter():
    graph = Graph()
    graph.apply("mul", "x", "y", name="f")
    graph.leaf("input", "y", 5.0)
    graph.leaf("input", "x", 3.0)
    assert trace(graph).gradient("x") == 5.0


def test_the_output_may_lie_in_the_middle():
    graph = load(EXAMPLES / "chain_gates.graph.json")
    graph.output = "q"
    walk = trace(graph)
    assert (walk.value("q"), walk.gradient("x"), walk.gradient("z")) == (3.0, 1.0, 0.0)


# steps ----------------------------------------------------------------------------------------


def test_a_walk_is_a_sequence_of_steps(circuit):
    steps = circuit.steps
    assert len(steps) == 26
    assert all(isinstance(step, Step) for step in steps)
    assert [step.index for step in steps] == list(range(26))
    assert steps[-1] == steps[25]
    assert steps[2:5] == [steps[2], steps[3], steps[4]]
    assert steps[::-1][0] == steps[25]
    assert steps[30:] == []
    for outside in (26, -27):
        with pytest.raises(IndexError):
            steps[outside]


def test_forward_comes_first_and_backward_runs_in_reverse(circuit):
    phases = [step.phase for step in circuit.steps]
    assert phases == [Phase.FORWARD] * 13 + [Phase.BACKWARD] * 13
    forward = [step.node for step in circuit.steps[:13]]
    assert [step.node for step in circuit.steps[13:]] == forward[::-1]


def test_constants_take_no_step(circuit):
    assert "constant" not in {step.op for step in circuit.steps}


def test_where_and_index_of_find_steps_without_making_them(circuit):
    for step in circuit.steps:
        assert circuit.where(step.index) == (step.phase, step.node)
        assert circuit.index_of(step.phase, step.node) == step.index
    assert circuit.index_of(Phase.FORWARD, "nobody") is None


def test_a_backward_step_holds_local_times_upstream(circuit):
    for step in circuit.steps[circuit.forward_count :]:
        assert step.upstream == circuit.gradient(step.node)
        for slope, product, node in zip(step.locals, step.products, step.inputs, strict=True):
            if product is not None:
                assert product == slope * step.upstream
                assert circuit.gradient(node) == product  # there are no forks here


def test_a_port_that_carries_no_gradient_holds_none(circuit):
    plus_one = circuit.steps[circuit.index_of(Phase.BACKWARD, "f/add")]
    assert sorted(plus_one.products, key=str)[-1] is None
    assert plus_one.products.count(None) == 1


def test_a_fork_sums_its_gradient_term_by_term(fork):
    step = fork.steps[fork.index_of(Phase.BACKWARD, "a")]
    assert set(step.terms) == {Term("f", 1, 1.0), Term("mul", 0, -2.0)}
    assert step.upstream == sum(term.value for term in step.terms) == -1.0


def test_what_has_arrived_so_far_grows_at_a_fork(fork):
    add = fork.steps[fork.index_of(Phase.BACKWARD, "f")]
    mul = fork.steps[fork.index_of(Phase.BACKWARD, "mul")]
    assert add.accumulated == (1.0, 1.0)
    assert mul.accumulated == (-1.0, 3.0)


def test_the_seed_arrives_over_no_wire(fork):
    seed = fork.steps[fork.forward_count]
    assert (seed.node, seed.upstream, seed.terms) == ("f", 1.0, ())


def test_a_variable_used_twice_by_one_op_has_two_terms():
    graph = Graph()
    x = graph.leaf("input", "x", 3.0)
    graph.apply("mul", x, x, name="f")
    walk = trace(graph)
    assert walk.gradient("x") == 6.0
    terms = walk.steps[-1].terms
    assert terms == (Term("f", 0, 3.0), Term("f", 1, 3.0))


def test_array_ops_have_products_but_no_locals():
    walk = trace(load(EXAMPLES / "xor_network.graph.json"))
    step = walk.steps[walk.index_of(Phase.BACKWARD, "matmul")]
    assert step.locals is None
    assert np.shape(step.products[1]) == (2, 4)


def test_every_step_speaks():
    for path in EXAMPLES.glob("*.json"):
        for step in trace(open_composites(load(path)).graph):
            assert step.sentence.endswith("."), (path.name, step)
            assert step.latex


@pytest.mark.parametrize("spelling", ["w0", "w_0", "w₀", "w_{0}"])
def test_a_name_may_be_spelled_as_in_the_formula(spelling):
    graph = parse("f = w_0*x").with_values({spelling: 3})
    assert trace(graph).value(spelling) == 3.0


@pytest.mark.parametrize("x", [-1.0, 0.0])
def test_a_gradient_that_is_not_finite_is_not_called_a_rise_or_a_fall(x):
    sentence = trace(parse("f = sqrt(x)", x=x)).steps[-1].sentence
    assert "says nothing of how f changes with x" in sentence


def test_names_are_found_and_unknown_ones_named(circuit):
    assert circuit.value("w0") == 2.0
    with pytest.raises(KeyError, match="no node 'w9'"):
        circuit.gradient("w9")


# size -----------------------------------------------------------------------------------------


def test_a_chain_of_ten_thousand_nodes_is_walked():
    walk = trace(chain(10_000))
    assert len(walk) == 20_000
    assert math.isfinite(walk.gradient("x"))
    assert walk.steps[-1].node == "x"


def test_a_graph_of_many_constants_is_indexed_without_delay():
    graph = Graph()
    last = graph.leaf("input", "x", 1.0)
    for _ in range(10_000):
        last = graph.apply("add", last, graph.leaf("constant", "", 1.0))
    assert len(trace(graph)) == 20_002


# problems -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "values"),
    [("log", (0.0,)), ("exp", (1000.0,)), ("div", (1.0, 0.0)), ("sqrt", (-1.0,))],
)
def test_the_first_op_that_made_a_number_infinite_or_nan_is_named(op, values):
    graph = Graph()
    culprit = graph.apply(op, *(graph.leaf("input", "x", v) for v in values), name="culprit")
    graph.apply("square", graph.apply("neg", culprit))
    (problem,) = trace(graph).problems
    assert problem.kind is ProblemKind.NON_FINITE
    assert problem.node == "culprit"
    assert '"culprit"' in problem.sentence
    assert OPS[op].domain in problem.sentence


def test_a_slope_that_is_infinite_is_named():
    graph = Graph()
    graph.apply("sqrt", graph.leaf("input", "x", 0.0), name="root")
    (problem,) = trace(graph).problems
    assert problem.node == "root"
    assert "slope" in problem.sentence


@pytest.mark.parametrize("x", [-2.0, 0.0])
def test_the_slope_by_a_constant_is_nobody_s_problem(x):
    """x² as pow(x, 2): ln x is not finite, but no gradient flows to the exponent."""
    graph = Graph()
    graph.apply("pow", graph.leaf("input", "x", x), graph.leaf("constant", "", 2.0))
    walk = trace(graph)
    assert walk.gradient("x") == 2 * x
    assert walk.problems == []


def test_the_slope_by_a_part_of_constants_is_nobody_s_problem():
    walk = trace(parse("f = x^(4/2)", x=-2))
    assert walk.gradient("x") == -4
    assert walk.problems == []


@pytest.mark.parametrize(
    ("formula", "x", "slope"),
    [
        ("f = sigmoid(x)", -800, 0.0),
        ("f = softplus(x)", 800, 1.0),
        ("f = sigmoid(x)", np.array([-800.0, 1.0]), None),
    ],
)
def test_the_step_that_makes_a_gradient_nan_says_why(formula, x, slope):
    """Folded there is no such step: the shortcut has the slope where the primitives overflow."""
    graph = parse(formula, x=x)
    walk = trace(fully_open(graph))
    assert np.isnan(walk.gradient("x")).any()
    saying = [step for step in walk if "0 × ∞ has no value" in step.sentence]
    assert [step.node for step in saying] == ["f/exp"]
    assert "NaN, NaN" not in saying[0].sentence
    folded = trace(graph)
    assert np.isfinite(folded.gradient("x")).all()
    assert slope is None or folded.gradient("x") == pytest.approx(slope, abs=1e-300)
    assert not any("0 × ∞" in step.sentence for step in folded)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_leaf_that_is_not_finite_is_blamed_and_not_the_op_after_it(value):
    (problem,) = trace(parse("f = sin(x)", x=value)).problems
    assert problem.node == "x"
    assert "not finite" in problem.sentence


def broken(**nodes) -> Graph:
    """A graph of ops that are wired wrongly: name=(op, inputs …)."""
    graph = Graph()
    graph.leaf("input", "v", np.ones(3))
    graph.leaf("input", "w", np.ones(4))
    for name, (op, *inputs) in nodes.items():
        graph.apply(op, *inputs, name=name)
    return graph


@pytest.mark.parametrize(
    ("graph", "kind", "words"),
    [
        (broken(a=("exp", "b"), b=("exp", "a")), ProblemKind.CYCLE, ('"a"', '"b"')),
        (broken(f=("mul", "v")), ProblemKind.MISSING_INPUT, ('"f"', "b")),
        (broken(f=("exp", "gone")), ProblemKind.MISSING_INPUT, ('"f"', '"gone"')),
        (broken(f=("add", "v", "w")), ProblemKind.SHAPE, ('"f"', "3", "4")),
        (broken(f=("sigmoud", "v")), ProblemKind.UNKNOWN_OP, ('"sigmoud"', '"sigmoid"')),
        (broken(f=("exp", "v", "w")), ProblemKind.MISSING_INPUT, ('"f"', "1", "2")),
        (Graph(), ProblemKind.EMPTY, ("empty",)),
    ],
    ids=["cycle", "no wire", "dangling", "shapes", "unknown op", "too many wires", "empty"],
)
def test_a_graph_that_cannot_run_raises_its_problems(graph, kind, words):
    with pytest.raises(GraphError) as caught:
        trace(graph)
    assert kind in {problem.kind for problem in caught.value.problems}
    for word in words:
        assert word in str(caught.value)


# any graph ------------------------------------------------------------------------------------

SMOOTH = ["add", "sub", "mul", "neg", "sin", "cos", "tanh", "sigmoid", "softplus", "square", "silu"]


@st.composite
def smooth_graphs(draw):
    """Scalar graphs of smooth ops, with forks and with nodes that lead nowhere."""
    graph = Graph()
    ids = [
        graph.leaf(draw(st.sampled_from(["input", "parameter"])), f"x{k}", draw(st.floats(-2, 2)))
        for k in range(draw(st.integers(1, 4)))
    ]
    for _ in range(draw(st.integers(1, 12))):
        op = OPS[draw(st.sampled_from(SMOOTH))]
        ids.append(graph.apply(op.name, *(draw(st.sampled_from(ids)) for _ in op.inputs)))
    return graph


@given(smooth_graphs())
def test_every_gradient_equals_central_differences(graph):
    assert gradcheck(graph).passed or any(abs(trace(graph).value(i)) > 1e6 for i in graph.nodes)


@given(smooth_graphs())
def test_every_gradient_is_the_sum_of_its_terms(graph):
    walk = trace(graph)
    for step in walk:
        if step.terms and step.node != walk.output:
            total = functools.reduce(lambda a, b: a + b, (term.value for term in step.terms))
            assert step.upstream == total


@settings(max_examples=50)
@given(smooth_graphs())
def test_every_gradient_equals_torch_autograd(graph):
    torch = pytest.importorskip("torch")
    values = {}
    for node in graph.nodes.values():
        if node.leaf:
            values[node.id] = torch.tensor(node.value, dtype=torch.float64, requires_grad=True)
        else:
            rule = functools.reduce(getattr, OPS[node.op].torch.split("."), torch)
            values[node.id] = rule(*(values[i] for i in node.inputs))
    values[graph.output].backward()
    walk = trace(graph)
    assert walk.value(graph.output) == pytest.approx(values[graph.output].item(), rel=1e-9)
    for leaf in graph.leaves():
        theirs = values[leaf.id].grad
        ours = walk.gradient(leaf.id)
        if theirs is None:
            assert ours == 0.0
        elif math.isfinite(ours):
            assert ours == pytest.approx(theirs.item(), rel=1e-8, abs=1e-10)
