"""The gradient check: it verifies what is right, finds what is wrong, and knows kinks."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GraphError
from engine.files.project import load
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.graph.levels import fully_open
from engine.ops import OPS
from engine.run.gradcheck import GradCheck, Verdict, gradcheck
from engine.run.plan import lower

EXAMPLES = Path(__file__).parents[2] / "examples"


def applied(op: str, *values, **attrs) -> Graph:
    """f = op(x0, x1 …) on inputs with these values."""
    graph = Graph()
    graph.apply(op, *(graph.leaf("input", f"x{k}", v) for k, v in enumerate(values)), **attrs)
    return graph


@pytest.fixture
def circuit():
    """The lecture's circuit."""
    return load(EXAMPLES / "sigmoid_circuit.graph.json")


@pytest.fixture
def wrong_sigmoid(monkeypatch):
    """σ with a slope that is wrong by one part in a thousand."""
    wrong = dataclasses.replace(OPS["sigmoid"], local=lambda xp, y, x: (1.001 * y * (1 - y),))
    monkeypatch.setitem(OPS, "sigmoid", wrong)


def test_the_circuit_is_verified_at_every_leaf(circuit):
    check = gradcheck(circuit)
    assert check.passed
    assert [row.where for row in check.rows] == ["w0", "x0", "w1", "x1", "w2"]
    assert all(row.verdict is Verdict.VERIFIED for row in check.rows)
    assert check.worst.relative_error < 1e-8


def test_the_worst_row_says_where_and_how_much(circuit):
    worst = gradcheck(circuit).worst
    assert str(worst).startswith(f"{worst.where}: gradient ")
    assert "relative error" in str(worst)
    assert worst.node in circuit.nodes


def test_a_wrong_gradient_fails_and_says_where(circuit, wrong_sigmoid):
    check = gradcheck(circuit)
    assert not check.passed
    assert check.worst.verdict is Verdict.WRONG
    assert check.worst.relative_error == pytest.approx(1e-3, rel=0.01)
    assert "failed" in str(check)


def test_an_opened_composite_does_not_use_the_wrong_shortcut(circuit, wrong_sigmoid):
    assert gradcheck(fully_open(circuit)).passed


def test_the_tolerance_is_the_caller_s(circuit, wrong_sigmoid):
    assert gradcheck(circuit, tolerance=0.01).passed


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("relu", (0.0,)),
        ("abs", (0.0,)),
        ("leaky_relu", (0.0,)),
        ("max", (1.0, 1.0)),
        ("min", (2.0, 2.0)),
        ("greater", (1.0, 1.0)),
        ("reduce_max", (np.array([3.0, 1.0, 3.0]),)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_kink_is_named_and_is_no_failure(op, values):
    check = gradcheck(applied(op, *values))
    assert check.passed
    if check.rows:
        assert check.worst.verdict is Verdict.VERIFIED or "kink" in str(check.worst)
        assert op == "greater" or any(row.verdict is Verdict.KINK for row in check.rows)


def test_a_kink_is_seen_beside_a_large_number():
    """There the difference is noisy, and as the gradient 0 is right the kink alone tells it."""
    graph = Graph()
    graph.apply(
        "add",
        graph.apply("abs", graph.leaf("input", "x", 0.0)),
        graph.leaf("constant", "", 1e6),
    )
    assert gradcheck(graph).worst.verdict is Verdict.KINK


@pytest.mark.parametrize(
    "formula",
    [
        "f = max(x, y, z) + min(x, y)",
        "f = max(max(x, y), z) + min(x, y)",
        "f = relu(x - y) - 2*relu(y - x)/2 + z",
    ],
)
def test_a_kink_that_others_make_up_for_is_named_and_is_no_failure(formula):
    """Along x the sum is smooth, but the tie rules share out each gradient by themselves."""
    check = gradcheck(parse(formula, x=1, y=1, z=1))
    assert check.passed, str(check)
    assert "at a kink" in str(check.rows[0])
    assert check.rows[0].verdict is check.rows[1].verdict is Verdict.KINK


def test_a_wrong_gradient_before_a_kink_far_away_is_still_wrong(wrong_sigmoid):
    check = gradcheck(parse("f = relu(sigmoid(x)) + max(x, y)", x=1, y=2))
    assert [row.verdict for row in check.rows] == [Verdict.WRONG, Verdict.VERIFIED]


def test_a_kink_nearby_is_not_mistaken_for_one_here():
    check = gradcheck(applied("relu", 1e-6))
    assert check.worst.verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("op", "value"),
    [
        ("sin", 1000.0),
        ("log", 1e-6),
        ("sqrt", 1e-8),
        ("exp", 100.0),
        ("exp", -300.0),
        ("tanh", 20.0),
        ("sigmoid", -40.0),
        ("square", 0.0),
        ("reciprocal", 1e-4),
    ],
)
def test_a_right_gradient_is_verified_where_plain_differences_are_poor(op, value):
    check = gradcheck(applied(op, value))
    assert check.passed, str(check)


def test_a_gradient_of_exactly_zero_is_no_failure():
    graph = Graph()
    z = graph.leaf("input", "z", np.array([2.0, 1.0, 0.1]))
    graph.apply("sum", graph.apply("softmax", z))
    assert gradcheck(graph).passed


def test_cancellation_is_not_taken_for_a_wrong_gradient():
    graph = Graph()
    x, big = graph.leaf("input", "x", 3.0), graph.leaf("constant", "", 1e9)
    graph.apply("sub", graph.apply("add", x, big), big)
    assert gradcheck(graph).passed


@pytest.mark.parametrize(("op", "value"), [("log", 0.0), ("sqrt", 0.0), ("exp", 800.0)])
def test_a_number_that_is_not_finite_fails_and_says_where(op, value):
    check = gradcheck(applied(op, value))
    assert not check.passed
    assert check.worst.verdict is Verdict.NOT_FINITE
    assert "x0" in str(check.worst)
    assert "not finite" in str(check.worst)
    assert not math.isfinite(check.worst.relative_error)


def test_arrays_give_one_row_a_number_with_its_index():
    a, b = np.arange(6.0).reshape(2, 3), np.ones((3, 2))
    check = gradcheck(applied("matmul", a, b))
    assert [row.index for row in check.rows[:6]] == list(np.ndindex(2, 3))
    assert check.rows[4].where == "x0[1, 1]"
    assert check.passed
    np.testing.assert_allclose(check.numerical("x0"), np.full((2, 3), 2.0), rtol=1e-9)


def test_the_numerical_gradient_of_a_scalar_is_a_number(circuit):
    assert gradcheck(circuit).numerical("w0") == pytest.approx(-0.19661193324)
    assert gradcheck(circuit).numerical("add") is None


def test_constants_and_indices_are_left_out():
    graph = Graph()
    x = graph.leaf("input", "x", np.array([1.0, 2.0, 3.0]))
    rows = graph.leaf("input", "rows", np.array([2, 0]))
    scale = graph.leaf("constant", "", 2.0)
    graph.apply("mul", scale, graph.apply("take", x, rows))
    check = gradcheck(graph)
    assert {row.node for row in check.rows} == {"x"}
    assert check.passed


def test_class_targets_are_left_out():
    for target in (1, 1.0):
        check = gradcheck(applied("cross_entropy_from_logits", np.array([2.0, 1.0, 0.1]), target))
        assert {row.node for row in check.rows} == {"x0"}
        assert check.passed


def test_an_input_that_the_output_does_not_depend_on_has_gradient_zero():
    graph = applied("exp", 1.0)
    graph.leaf("input", "idle", 5.0)
    row = gradcheck(graph).rows[-1]
    assert (row.node, row.analytic, row.numerical, row.passed) == ("idle", 0.0, 0.0, True)


def test_a_fork_is_checked_as_one_variable():
    graph = load(EXAMPLES / "fork.graph.json")
    check = gradcheck(graph)
    assert [(row.where, row.analytic) for row in check.rows] == [("a", -1.0), ("b", 3.0)]
    assert check.passed


def test_float32_and_whole_numbers_are_checked_in_double_precision():
    check = gradcheck(applied("mul", np.array([1.1, 2.2], np.float32), 3))
    assert check.passed, str(check)


def test_a_gradient_that_vanishes_at_the_bottom_of_a_bowl_is_verified():
    """At x[1] the difference is nothing but rounding; the slopes on both sides give its scale."""
    graph = Graph()
    prediction = graph.leaf("input", "x", np.array([1 + 1e-8, 2.0]))
    graph.apply("mse", prediction, graph.leaf("constant", "", np.array([1.0, 2.0])))
    check = gradcheck(graph)
    assert check.passed, str(check)


def test_nothing_to_check_is_said():
    graph = Graph()
    graph.apply("exp", graph.leaf("constant", "", 1.0))
    check = gradcheck(graph)
    assert check == GradCheck((), 1e-6)
    assert check.worst is None
    assert str(check) == "There is no input or parameter to check."


def test_a_graph_that_cannot_run_raises_its_problems():
    graph = Graph()
    graph.apply("exp", "nobody")
    with pytest.raises(GraphError) as caught:
        gradcheck(graph)
    assert caught.value.problems


def test_the_check_leaves_the_plan_as_it_was(circuit):
    plan = lower(circuit)
    before = list(plan.leaves)
    gradcheck(plan)
    assert plan.leaves == before
