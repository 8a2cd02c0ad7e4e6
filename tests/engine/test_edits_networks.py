"""Layers put into networks, and networks in the place of graphs."""

import numpy as np
import pytest

import engine
from engine import edits
from engine.errors import EngineError
from engine.graph.graph import Graph, Note, Wire
from engine.graph.problems import examine
from engine.layers import LAYERS, sequential, summary
from engine.layers.presets import PRESETS


def network() -> Graph:
    return sequential([("Dense", {"units": 3}), ("Dense", {"units": 2}), ("MSE", {})], (2, 4))


@pytest.mark.parametrize("name", [n for n, layer in LAYERS.items() if not layer.several])
def test_any_layer_may_begin_a_network(name):
    graph, new = edits.put_layer(Graph(), name, at=(0.0, 0.0))
    assert graph.output == new
    if name not in ("Cross-entropy", "BCE"):  # of normal numbers, which are no probabilities
        assert examine(graph)[1] == []
        assert np.all(np.isfinite(engine.trace(graph).value(new)))


def test_layers_one_after_another_are_a_chain():
    graph = Graph()
    for name in ("Dense", "Dropout", "Dense", "MSE"):
        graph, _ = edits.put_layer(graph, name)
    assert [row.name for row in summary(graph)] == ["Dense", "Dropout", "Dense", "MSE"]
    assert engine.trace(graph).value(graph.output) > 0


def test_at_the_end_means_before_the_loss_whose_answers_follow():
    graph, new = edits.put_layer(network(), "Dense")
    assert graph.output == "mse"
    assert graph.nodes["mse"].inputs == (new, "y")
    assert graph.nodes[new].inputs[0] == "dense_2"
    assert np.shape(graph.nodes["y"].value) == (2, 4)
    assert examine(graph)[1] == []


def test_answers_that_still_fit_stay():
    before = network()
    answers = np.array([[1.0, 2.0], [3.0, 4.0]])
    before.nodes["y"].value = answers
    graph, _ = edits.put_layer(before, "Dropout")
    np.testing.assert_array_equal(graph.nodes["y"].value, answers)


def test_a_second_loss_is_refused():
    with pytest.raises(EngineError, match="ends in a loss already"):
        edits.put_layer(network(), "MAE")


def test_behind_a_weight_means_behind_its_layer():
    graph, new = edits.put_layer(network(), "Dropout", behind="W1")
    assert graph.nodes[new].inputs[0] == "dense"
    assert graph.output == "mse"


def test_a_layer_goes_into_a_wire():
    wire = Wire("dense", "dense_2", 0)
    graph, new = edits.put_layer(network(), "Dropout", wire=wire)
    assert graph.nodes["dense_2"].inputs[0] == new
    assert examine(graph)[1] == []
    assert graph.output == "mse"


def test_a_network_in_the_place_of_another_keeps_what_still_means_the_same():
    before = PRESETS["logistic"].build()
    before.notes = {"n": Note("n", "hello", (0.0, 0.0), target="gone")}
    after = edits.in_place_of(before, sequential([("Dense", {"units": 1})], (4, 2), seed=9))
    np.testing.assert_array_equal(after.nodes["x"].value, before.nodes["x"].value)
    np.testing.assert_array_equal(after.nodes["W1"].value, before.nodes["W1"].value)
    assert after.name == "logistic regression"
    assert after.notes["n"] == Note("n", "hello", (0.0, 0.0), target="")


def test_answers_among_five_classes_are_none_among_three():
    def classes(units: int) -> Graph:
        specs = [("Dense", {"units": units, "activation": "softmax"}), ("Cross-entropy", {})]
        return sequential(specs, (2, 4))

    before = classes(5)
    before.nodes["y"].value = np.array([4.0, 1.0])
    after = edits.in_place_of(before, classes(3))
    np.testing.assert_array_equal(after.nodes["y"].value, [0.0, 0.0])
