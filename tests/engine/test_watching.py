"""What one sees of a run: every number against another way to it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.data.choice import DataChoice
from engine.errors import TrainingError
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.layers.network import sequential
from engine.layers.presets import PRESETS
from engine.training.fitting import fits, fitted
from engine.training.history import Series
from engine.training.looks import CENTRE, View
from engine.training.settings import Settings
from engine.training.trainer import Trainer
from engine.training.watching import BINS, GRID, MOST_CURVE, Watcher, histogram, thinned

CIRCLE = DataChoice(name="circle", test=0.3, validation=0.2)


def watched(
    choice: DataChoice = CIRCLE, graph: Graph | None = None, epochs: int = 2, **view
) -> tuple[Trainer, Watcher]:
    data = choice.load()
    graph = graph or fitted(PRESETS["2-4-2-1"].build(), data.train)
    trainer = Trainer(graph, data, Settings(optimizer="adam", rate=0.03))
    for _ in range(epochs):
        trainer.step_epoch()
    return trainer, Watcher(trainer, choice, View(**view))


def walked(trainer: Trainer, rows: np.ndarray) -> np.ndarray:
    """The prediction for rows by the walk that learners step through, not by the executor."""
    objective = trainer.objective
    graph = trainer.graph
    nodes = dict(graph.nodes)
    for leaf, value in trainer.weights().items():
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=value)
    x = next(i for i, n in nodes.items() if n.op == "input" and np.ndim(n.value) > 1 and i == "x")
    nodes[x] = msgspec.structs.replace(nodes[x], value=rows)
    needed, open_ = set(), [objective.prediction]
    while open_:
        node = open_.pop()
        needed.add(node)
        open_ += nodes[node].inputs
    graph = graph.like({i: n for i, n in nodes.items() if i in needed})
    graph.output = objective.prediction
    return np.asarray(engine.trace(graph).value(objective.prediction))


@pytest.mark.parametrize(
    ("choice", "view"),
    [
        (CIRCLE, {}),
        (DataChoice(name="circle", inputs=("x1", "x1²", "sin x2")), {}),
        (DataChoice(name="iris", scaling="standard"), {}),
        (DataChoice(name="iris", scaling="standard"), {"axes": (2, 0)}),
        (DataChoice(name="plane"), {}),
        (DataChoice(name="sine"), {}),
    ],
)
def test_the_map_is_what_the_walk_predicts_at_every_place(choice, view):
    trainer, watcher = watched(choice, **view)
    scene, frame = watcher.scene(), watcher.look()
    assert frame.prediction is not None
    left, right, bottom, top = scene.extent
    down = np.zeros(1) if scene.is_line else np.linspace(bottom, top, GRID)
    across = np.linspace(left, right, GRID)
    for row, column in ((0, 0), (len(down) - 1, 3), (len(down) // 2, GRID - 1)):
        place = np.array([[across[column], down[row]]])
        expected = walked(trainer, watcher._plane.points(place))
        found = frame.prediction[row, column]
        np.testing.assert_allclose(np.ravel(found), np.ravel(expected), rtol=2e-6, atol=1e-7)


def test_with_more_than_two_features_the_plane_is_principal_until_two_are_chosen():
    choice = DataChoice(name="iris", scaling="standard")
    _, watcher = watched(choice)
    assert watcher.scene().axes == ()
    assert watcher.scene().titles[0].startswith("axis 1")
    watcher.set_view(View(axes=(1, 3)))
    assert watcher.scene().axes == (1, 3)
    assert watcher.scene().titles == ("sepal width (cm)", "petal width (cm)")
    assert watched()[1].scene().axes == (0, 1)


def test_maps_spans_and_points_agree():
    trainer, watcher = watched()
    scene, frame = watcher.scene(), watcher.look()
    for layer in scene.layers:
        maps, spans = frame.maps[layer.output], frame.spans[layer.output]
        assert maps.shape == (layer.units, GRID, GRID)
        assert (spans[:, 0] <= spans[:, 1]).all()
        if layer.squash == "tanh":
            assert (np.abs(spans) <= 1).all()
            most = np.abs(spans).max(axis=1)  # each map is scaled to its own largest
            low = maps.reshape(layer.units, -1).min(axis=1).astype(float) - CENTRE
            np.testing.assert_allclose(low / 127, spans[:, 0] / most, atol=0.01)
    np.testing.assert_array_equal(scene.parts["test"].places, trainer.split.test.x)
    parts = trainer.split
    assert scene.counts == {
        "train": parts.train.count, "val": parts.validation.count, "test": parts.test.count,
    }  # fmt: skip


def test_the_scene_names_layers_and_their_activations():
    layers = [
        ("Dense", {"units": 3, "activation": "relu"}),
        ("Dense", {"units": 1}),
        ("BCE from scores", {}),
    ]
    graph = sequential(layers, (4, 2), 0)  # fmt: skip
    _, watcher = watched(graph=graph)
    first, last = watcher.scene().layers
    assert (first.units, first.activation, first.parameters) == (3, "relu", 9)
    assert (last.units, last.activation) == (1, "linear")
    assert watcher.scene().threshold == 0


def test_loose_parameters_are_single_units():
    _, watcher = watched(graph=parse("bce(σ(w0*x0 + w1*x1 + w2), y)"), epochs=1)
    layers = watcher.scene().layers
    assert [layer.title for layer in layers] == ["w0", "w1", "w2"]
    assert all(layer.node == layer.weights for layer in layers)
    assert [layer.units for layer in layers] == [1, 1, 1]


def test_health_counts_every_number_and_finds_dead_units():
    trainer, watcher = watched(
        graph=sequential(
            [("Dense", {"units": 4, "activation": "relu"}),
             ("Dense", {"units": 1, "activation": "sigmoid"}), ("BCE", {})], (4, 2), 0,
        ),
    )  # fmt: skip
    trainer.set_entry("b1", (2,), -1e6)
    trainer.step_epoch()
    frame = watcher.look()
    first, last = (frame.health[layer.node] for layer in trainer.layers)
    assert int(first.weights[0].sum()) == 12
    assert first.dead[2]
    leaves = trainer.layers[0].leaves
    flat = np.concatenate([trainer.weights()[i].ravel() for i in leaves])
    assert first.weight_norm == pytest.approx(np.linalg.norm(flat))
    assert last.saturated.shape == (1,)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_a_histogram_counts_what_is_finite(numbers):
    counts, low, high = histogram(np.array(numbers))
    assert len(counts) == BINS
    assert low == -high
    assert counts.sum() == np.isfinite(numbers).sum()


@given(st.integers(0, 2000))
def test_a_thinned_history_keeps_its_order_and_its_newest_row(rows):
    series = Series(("epoch", "loss"), 800)
    for k in range(rows):
        series.append(k, 1 / (k + 1))
    few = thinned(series)
    if not rows:
        return
    assert len(few["epoch"]) <= 2 * MOST_CURVE
    assert (np.diff(few["epoch"]) > 0).all()
    assert few["epoch"][-1] == rows - 1
    np.testing.assert_array_equal(few["loss"], 1 / (few["epoch"] + 1))


def test_confusion_and_predictions_are_of_the_part_asked_for():
    choice = DataChoice(name="iris", test=0.3, scaling="standard")
    trainer, watcher = watched(choice, confusion=True, predictions=True, part="test")
    frame, test = watcher.look(), trainer.split.test
    given_ = walked(trainer, test.x)
    expected = np.zeros((3, 3), int)
    np.add.at(expected, (test.y, given_.argmax(axis=1)), 1)
    np.testing.assert_array_equal(frame.confusion, expected)
    seen = frame.predictions
    order, answers, found = seen.order, seen.answers, seen.given
    np.testing.assert_array_equal(answers, test.y[order])
    np.testing.assert_allclose(found, given_[order], atol=1e-9)
    sure = found[np.arange(len(found)), answers]
    assert (np.diff(sure) >= -1e-12).all()  # the most wrong first


def test_scores_of_several_classes_are_shown_as_shares():
    choice = DataChoice(name="iris", test=0.3, scaling="standard")
    layers = [("Dense", {"units": 3}), ("Cross-entropy from scores", {})]
    trainer, watcher = watched(choice, sequential(layers, (4, 4), 0), predictions=True, part="test")
    frame = watcher.look()
    np.testing.assert_allclose(frame.prediction.sum(axis=-1), 1, atol=1e-6)
    scores = walked(trainer, trainer.split.test.x)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(frame.predictions.given, shares[frame.predictions.order], atol=1e-9)


def test_looking_back_shows_other_weights_and_leaves_the_run_as_it_was():
    trainer, watcher = watched(epochs=0)
    start, first = trainer.weights(), watcher.look()
    start = {k: w.copy() for k, w in start.items()}
    for _ in range(5):
        trainer.step_epoch()
    now = {k: w.copy() for k, w in trainer.weights().items()}
    back = watcher.look_back(start, watcher.look())
    assert back.travelled
    np.testing.assert_array_equal(back.prediction, first.prediction)
    for leaf, weight in back.weights.items():
        np.testing.assert_array_equal(weight, start[leaf])
        np.testing.assert_array_equal(trainer.weights()[leaf], now[leaf])


def test_attention_weights_are_shares_of_the_words_that_are_there():
    choice = DataChoice(name="flagged_word", test=0.3)
    graph = fitted(PRESETS["attention"].build(), choice.load().train)
    _, watcher = watched(choice, graph, epochs=1)
    assert watcher.scene().attends
    found = watcher.attention(6)
    shares = found["weights"]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-12)
    assert (shares[found["mask"] == 0] == 0).all()
    assert not watched()[1].scene().attends
    with pytest.raises(TrainingError, match="no attention"):
        watched()[1].attention(3)


def test_words_have_no_map_and_the_scene_says_why():
    choice = DataChoice(name="flagged_word", test=0.3)
    graph = fitted(PRESETS["attention"].build(), choice.load().train)
    _, watcher = watched(choice, graph, epochs=0)
    assert watcher.scene().extent is None
    assert "no plane" in watcher.scene().no_maps
    assert watcher.look().prediction is None


@pytest.mark.parametrize(
    ("name", "loss", "outputs"),
    [
        ("circle", "bce", 1), ("iris", "cross_entropy", 3), ("plane", "mse", 1),
        ("diabetes", "mse", 1), ("digits", "cross_entropy", 10), ("sine", "mse", 1),
    ],
)  # fmt: skip
def test_a_network_is_fitted_to_data_and_keeps_what_still_has_a_place(name, loss, outputs):
    before = PRESETS["2-8-8-1"].build()
    settings = {"flat": True} if name == "digits" else {}
    data = DataChoice(name=name, settings=settings).load().train
    after = fitted(before, data)
    assert after.nodes[after.output].op == loss
    trainer = Trainer(after, data, Settings())
    assert trainer.layers[-1].node
    assert trainer.weights()["W3"].shape == (8, outputs)
    assert trainer.weights()["W1"].shape[0] == data.x.shape[1]
    np.testing.assert_array_equal(after.nodes["W2"].value, before.nodes["W2"].value)
    assert fits(after, data)
    assert fits(before, data) == (name == "circle")


def test_a_formula_cannot_be_fitted_and_says_why():
    with pytest.raises(TrainingError, match="chain of layers behind one input"):
        fitted(parse("σ(w0*x0 + w1)"), DataChoice(name="iris").load().train)
