"""The shipped examples: each opens at once and shows the numbers that the lectures give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.files.project import graph_bytes, load
from engine.graph.levels import fully_open, open_composites
from engine.graph.problems import find_problems
from engine.run.gradcheck import gradcheck
from engine.run.trace import trace

FOLDER = Path(__file__).parents[2] / "examples"
FILES = sorted(FOLDER.glob("*.graph.json"))

SIGMOID = 1 / (1 + np.exp(-1.0))
SIGMOID_SLOPE = SIGMOID * (1 - SIGMOID)
CIRCUIT = {
    "f": SIGMOID,
    "w0": -SIGMOID_SLOPE,
    "x0": 2 * SIGMOID_SLOPE,
    "w1": -2 * SIGMOID_SLOPE,
    "x1": -3 * SIGMOID_SLOPE,
    "w2": SIGMOID_SLOPE,
}
SOFTMAX = np.exp([2, 1, 0.1]) / np.exp([2, 1, 0.1]).sum()
AT_MINUS_6 = 1 / (1 + np.exp(6.0))
SLOPE_AT_MINUS_6 = AT_MINUS_6 * (1 - AT_MINUS_6)

# What each example must show: the output's value under its name, gradients under the leaves'.
EXPECTED = {
    "sigmoid_circuit": CIRCUIT,
    "sigmoid_circuit_folded": CIRCUIT,
    "chain_gates": {"f": -12, "x": -4, "y": -4, "z": 3, "q": -4},
    "max_gate": {"f": -20, "x": -8, "y": 6, "z": 2, "w": 0},
    "fork": {"f": -3, "a": -1, "b": 3},
    "perceptron": {
        "g": AT_MINUS_6,
        "θ0": SLOPE_AT_MINUS_6,
        "θ1": -SLOPE_AT_MINUS_6,
        "θ2": 2 * SLOPE_AT_MINUS_6,
        "x1": 3 * SLOPE_AT_MINUS_6,
        "x2": -2 * SLOPE_AT_MINUS_6,
    },
    "softmax_cross_entropy": {"L": -np.log(SOFTMAX[0]), "z": SOFTMAX - [1, 0, 0]},
    "logistic_regression": {"L": 0.6321377548307933},
    "xor_network": {"L": 0.9237627308209083},
    # functions to descend, at the places where one starts
    "double_well": {"f": 5.8564 - 4.84 + 0.66, "w": 10.648 - 4.4 + 0.3},
    "valley": {"f": 6.25 + 0.625, "w0": -5 - 15, "w1": -5},
    "saddle": {"f": 0.5 - 0.5e-6 + 0.05e-12, "w0": 1, "w1": -0.001 + 0.2e-9},
    "bowl": {"f": 100, "w0": 10, "w1": 100},
    # both sides of an equivalence cost the same
    "linear_layers": {"L": 15.216145833333334},
    "softmax_is_sigmoid": {"L": 2 * np.log1p(np.exp(4.15)), "z0": 2 / (1 + np.exp(-4.15))},
    "sigmoid_and_bce": {"L": 2 * np.log1p(np.exp(0.8)), "z": 2 / (1 + np.exp(-0.8))},
}


@pytest.fixture(params=FILES, ids=lambda path: path.name.removesuffix(".graph.json"))
def example(request):
    """One example file."""
    return request.param


def test_every_example_has_its_numbers_stated():
    assert {path.name.removesuffix(".graph.json") for path in FILES} == set(EXPECTED)


def test_an_example_opens_without_problems(example):
    graph = load(example)
    assert find_problems(graph) == []
    assert graph.name


def test_an_example_shows_the_lecture_s_numbers(example):
    walk = trace(open_composites(load(example)).graph)
    assert walk.problems == []
    expected = EXPECTED[example.name.removesuffix(".graph.json")]
    for name, number in expected.items():
        shown = walk.value(name) if name == walk.output else walk.gradient(name)
        np.testing.assert_allclose(shown, number, rtol=1e-12, atol=1e-15, err_msg=name)


def test_an_example_keeps_its_gradients_when_it_is_opened_down_to_primitives(example):
    graph = load(example)
    folded, opened = trace(graph), trace(fully_open(graph))
    for leaf in graph.leaves():
        np.testing.assert_allclose(
            opened.gradient(leaf.id), folded.gradient(leaf.id), rtol=1e-12, atol=1e-14
        )


def test_an_example_passes_the_gradient_check(example):
    assert gradcheck(load(example)).passed


def test_an_example_is_written_as_we_write_files(example):
    assert graph_bytes(load(example)) == example.read_bytes()


def test_an_example_leaves_its_layout_to_the_app(example):
    assert load(example).positions == {}


def test_two_linear_layers_are_the_one_that_their_product_is():
    walk = trace(load(FOLDER / "linear_layers.graph.json"))
    for what in (walk.value, walk.gradient):
        np.testing.assert_allclose(what("a"), what("b"), rtol=1e-12)


def test_softmax_of_two_classes_is_a_sigmoid_of_the_difference():
    walk = trace(load(FOLDER / "softmax_is_sigmoid.graph.json"))
    np.testing.assert_allclose(walk.value("p")[1], walk.value("q"), rtol=1e-12)


def test_the_gradient_of_sigmoid_and_bce_is_the_error():
    walk = trace(load(FOLDER / "sigmoid_and_bce.graph.json"))
    np.testing.assert_allclose(walk.gradient("z"), 2 * walk.value("e"), rtol=1e-12)


def test_the_circuit_in_primitives_walks_thirteen_nodes():
    walk = trace(open_composites(load(FOLDER / "sigmoid_circuit.graph.json")).graph)
    assert walk.forward_count == 13
    ops = [step.op for step in walk.steps[:13]]
    leaves = [op for op in ops if op in ("input", "parameter")]
    assert len(leaves) == 5
    primitives = [op for op in ops if op not in leaves]
    assert primitives == ["mul", "mul", "add", "add", "neg", "exp", "add", "reciprocal"]
    values = [step.output for step in walk.steps[:13] if step.op not in leaves]
    numbers = [-2, 6, 4, 1, -1, 0.367879441171, 1.367879441171, 0.731058578630]
    np.testing.assert_allclose(values, numbers, rtol=1e-11)
