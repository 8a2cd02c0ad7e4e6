"""The trainer: right to the digit, stopped and resumed anywhere, honest when things go wrong."""

from __future__ import annotations

import gc
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import load_data, split
from engine.data.choice import DataChoice
from engine.errors import TrainingError
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.layers.network import sequential
from engine.run.trace import trace
from engine.run.walk import Phase
from engine.training.history import MOST_UPDATES
from engine.training.initial import with_new_weights
from engine.training.optimizers import OPTIMIZERS
from engine.training.snapshots import pack, unpack
from engine.training.trainer import DIVERGED, FINISHED, STOPPED_EARLY, Trainer


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = {
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0) * 1.0),
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
}


class ReferenceMLP:
    """A network written by hand, as the course's own numbers were made: it shares no line with the
    trainer.  Dense layers, one linear output; mean BCE of its sigmoid, or MSE.
    """

    def __init__(self, weights: list[tuple[np.ndarray, np.ndarray]], act: str, loss: str) -> None:
        self.layers = [(w.copy(), b.copy()) for w, b in weights]
        self.act, self.slope = ACTIVATIONS[act]
        self.kind = loss

    def forward(self, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        outputs, sums = [x], []
        for k, (w, b) in enumerate(self.layers):
            sums.append(outputs[-1] @ w + b)
            outputs.append(self.act(sums[-1]) if k < len(self.layers) - 1 else sums[-1])
        return outputs, sums

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        z = self.forward(x)[0][-1][:, 0]
        if self.kind == "bce":
            return float(np.mean(np.logaddexp(0, z) - y * z))
        return float(np.mean((z - y) ** 2))

    def gradients(self, x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        outputs, sums = self.forward(x)
        z = outputs[-1]
        error = sigmoid(z) - y[:, None] if self.kind == "bce" else 2 * (z - y[:, None])
        error = error / len(x)
        found = []
        for k in range(len(self.layers) - 1, -1, -1):
            found.insert(0, (outputs[k].T @ error, error.sum(0)))
            if k:
                error = error @ self.layers[k][0].T * self.slope(sums[k - 1], outputs[k])
        return found


def dense(units: int, activation: str = "linear") -> tuple[str, dict]:
    return "Dense", {"units": units, "activation": activation}


def net(*sizes: int, act: str = "tanh", end: str = "sigmoid", inputs: int = 2, seed: int = 0):
    layers = [dense(n, act) for n in sizes[:-1]] + [dense(sizes[-1], end)]
    return with_new_weights(sequential(layers, (4, inputs), 0), seed)


def reference_of(graph: Graph, act: str, loss: str) -> ReferenceMLP:
    values = {n.id: n.value for n in graph.nodes.values()}
    count = sum(name.startswith("W") for name in values)
    pairs = [(values[f"W{k}"], values[f"b{k}"]) for k in range(1, count + 1)]
    return ReferenceMLP(pairs, act, loss)


# right to the digit -------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("batch", [0, 32, 7, 1])
def test_gradient_descent_takes_the_steps_that_one_takes_by_hand(act, batch):
    data = load_data("moons", 3, count=60)
    graph = net(5, 3, 1, act=act)
    trainer = Trainer(graph, data, optimizer="sgd", rate=0.3, batch=batch, epochs=4, seed=11)
    trainer.run()
    hand, order = reference_of(graph, act, "bce"), np.random.RandomState(11)
    y = data.y.astype(float)
    for _ in range(4):
        rows = np.arange(60) if batch == 0 else order.permutation(60)
        for start in range(0, 60, batch or 60):
            chosen = rows[start : start + (batch or 60)]
            for (w, b), (gw, gb) in zip(
                hand.layers, hand.gradients(data.x[chosen], y[chosen]), strict=True
            ):
                w -= 0.3 * gw
                b -= 0.3 * gb
    learned = trainer.learned()
    for k, (w, b) in enumerate(hand.layers, 1):
        np.testing.assert_allclose(learned.nodes[f"W{k}"].value, w, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(learned.nodes[f"b{k}"].value, b, rtol=1e-10, atol=1e-13)
    assert trainer.history.epochs.last["loss"] == pytest.approx(hand.loss(data.x, y), rel=1e-10)


def test_a_typed_neuron_and_a_layer_of_one_neuron_learn_the_same():
    data = load_data("gaussians", 1, count=80)
    typed = parse("σ(w0x0 + w1x1 + w2)", w0=0.3, w1=-0.2, w2=0.1)
    layer = sequential([dense(1, "sigmoid")], (4, 2), 0)
    layer = layer.with_values({"W1": np.array([[0.3], [-0.2]]), "b1": np.array([0.1])})
    runs = [
        Trainer(graph, data, optimizer="adam", rate=0.1, batch=16, epochs=10) for graph in
        (typed, layer)
    ]  # fmt: skip
    for run in runs:
        run.run()
    w = runs[0].learned().nodes
    layer = runs[1].learned().nodes
    np.testing.assert_allclose(layer["W1"].value[:, 0], [w["w0"].value, w["w1"].value], rtol=1e-12)
    assert layer["b1"].value[0] == pytest.approx(w["w2"].value, rel=1e-12)


def test_a_graph_that_knows_no_batches_learns_the_same_one_by_one():
    data = load_data("gaussians", 1, count=40)
    vector = parse("σ(sum(W * x) + b)", W=np.array([0.3, -0.2]), x=np.zeros(2), b=0.1)
    typed = parse("σ(w0x0 + w1x1 + w2)", w0=0.3, w1=-0.2, w2=0.1)
    runs = [Trainer(g, data, optimizer="sgd", rate=0.5, batch=8, epochs=3) for g in (vector, typed)]
    assert [run.binding.single for run in runs] == [True, False]
    for run in runs:
        run.run()
    one, other = (run.learned().nodes for run in runs)
    np.testing.assert_allclose(one["W"].value, [other["w0"].value, other["w1"].value], rtol=1e-12)


def test_a_formula_that_is_a_loss_of_its_own_is_minimised_as_it_stands():
    data = load_data("gaussians", 0, count=50)
    own = parse("(σ(w0x0 + w1x1 + w2) - t)^2", w0=0.3, w1=-0.2, w2=0.1)
    named = parse("σ(w0x0 + w1x1 + w2)", w0=0.3, w1=-0.2, w2=0.1)
    first = Trainer(own, data, optimizer="sgd", rate=1.0, batch=10, epochs=5)
    second = Trainer(named, data, loss="mse", optimizer="sgd", rate=1.0, batch=10, epochs=5)
    assert first.objective.loss == ""
    for run in (first, second):
        run.run()
    for leaf in ("w0", "w1", "w2"):
        value = second.learned().nodes[leaf].value
        assert first.learned().nodes[leaf].value == pytest.approx(value, rel=1e-12)


def test_the_loss_is_computed_from_scores_so_that_sure_mistakes_still_teach():
    data = load_data("gaussians", 0, count=20)
    graph = parse("σ(w0x0 + w1x1 + w2)", w0=0.0, w1=0.0, w2=800.0)
    trainer = Trainer(graph, data, optimizer="sgd", rate=0.1, batch=0, epochs=1)
    row = next(iter(trainer))
    assert row["batch_loss"] == pytest.approx(400.0)  # half of them wrong by a score of 800
    assert trainer.learned().nodes["w2"].value == pytest.approx(800 - 0.1 * 0.5)
    assert any("from the scores" in note for note in trainer.notes)


def test_what_is_stepped_is_what_is_trained():
    """The walk of the batch to come holds the very gradients of the next update."""
    graph = sequential(
        [dense(6, "relu"), ("Dropout", {"rate": 0.4}), ("BatchNorm", {}), dense(3, "softmax")],
        (4, 2), 0,
    )  # fmt: skip
    trainer = Trainer(
        graph,
        load_data("blobs", 0, count=50, classes=3),
        optimizer="sgd",
        rate=1.0,
        batch=16,
        seed=4,
    )
    for _ in range(5):
        before = trainer.weights()
        walk = trainer.trace()
        trainer.step_batch()
        for leaf, weight in trainer.weights().items():
            np.testing.assert_allclose(
                weight, before[leaf] - walk.gradient(leaf), rtol=1e-9, atol=1e-12
            )


def test_one_steps_through_a_batch_op_by_op_to_its_update():
    trainer = Trainer(net(3, 1), load_data("circle"), batch=10, optimizer="sgd", rate=0.1)
    phases = []
    while (step := trainer.step_op()) is not None:
        assert trainer.update == 0
        phases.append(step.phase)
    assert trainer.update == 1
    forward = phases.count(Phase.FORWARD)
    assert phases == [Phase.FORWARD] * forward + [Phase.BACKWARD] * (len(phases) - forward)
    assert trainer.step_op().phase is Phase.FORWARD


def test_the_walk_of_one_example_of_the_batch():
    trainer = Trainer(net(3, 1), load_data("circle"), batch=10)
    rows = trainer.next_rows()
    walk = trainer.trace(example=4)
    np.testing.assert_array_equal(walk.value("x"), trainer.split.train.x[rows[4:5]])


def test_the_terms_of_an_update_lead_to_the_weight_that_follows():
    trainer = Trainer(
        net(3, 1), load_data("moons"), optimizer="adam", rate=0.1, batch=20, l2=0.01, clip_norm=0.05
    )
    for _ in range(3):
        terms = dict(trainer.update_terms("W1"))
        assert list(terms) == ["g", "m", "v", "m_hat", "v_hat", "change", "weight"]
        trainer.step_batch()
        np.testing.assert_allclose(terms["weight"], trainer.weights()["W1"], rtol=1e-12)


@pytest.mark.parametrize("name", ["breast_cancer", "gaussians"])
def test_logistic_regression_ends_where_newtons_method_ends(name):
    """With an L2 penalty the optimum is one point, which scikit-learn's solvers find as well."""
    data = DataChoice(name=name, scaling="standard").load().train
    count, width = data.x.shape
    l2 = 0.05
    x, theta = np.c_[data.x, np.ones(count)], np.zeros(width + 1)
    weigh = np.diag([l2] * width + [0.0])
    for _ in range(30):
        p = sigmoid(x @ theta)
        slope = x.T @ (p - data.y) / count + weigh @ theta
        theta -= np.linalg.solve((x.T * (p * (1 - p))) @ x / count + weigh, slope)
    graph = sequential([dense(1, "sigmoid")], (4, width), 0)
    trainer = Trainer(
        graph, data, optimizer="nesterov", rate=0.5, batch=0, epochs=3000, l2=l2,
        parameters={"mu": 0.9},
    )  # fmt: skip
    trainer.run()
    weights = trainer.weights()
    np.testing.assert_allclose(weights["W1"][:, 0], theta[:-1], atol=1e-8)
    np.testing.assert_allclose(weights["b1"][0], theta[-1], atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_linear_regression_ends_at_the_least_squares(seed):
    data = DataChoice(name="diabetes", scaling="standard", seed=seed).load().train
    x = np.c_[data.x, np.ones(data.count)]
    best = np.linalg.lstsq(x, data.y, rcond=None)[0]
    graph = with_new_weights(sequential([dense(1)], (4, 10), 0), seed)
    trainer = Trainer(
        graph, data, optimizer="nesterov", rate=0.1, batch=0, epochs=8000, parameters={"mu": 0.97}
    )
    trainer.run()
    np.testing.assert_allclose(trainer.weights()["W1"], best[:-1], rtol=1e-7, atol=1e-6)
    assert trainer.weights()["b1"][0] == pytest.approx(best[-1, 0], rel=1e-9)
    rest = ((data.y - x @ best) ** 2).sum() / ((data.y - data.y.mean()) ** 2).sum()
    assert trainer.history.epochs.last["r2"] == pytest.approx(1 - rest, abs=1e-9)


# batches and masks --------------------------------------------------------------------------


def test_the_last_batch_of_an_epoch_may_be_smaller_and_every_row_comes_once():
    trainer = Trainer(net(2, 1), load_data("circle", count=53), batch=10)
    assert trainer.batches == 6
    seen: list[int] = []
    sizes = []
    for _ in range(6):
        rows = trainer.next_rows()
        seen += rows.tolist()
        sizes.append(len(rows))
        trainer.step_batch()
    assert sizes == [10] * 5 + [3]
    assert sorted(seen) == list(range(53))
    assert (trainer.epoch, trainer.batch_index) == (1, 0)


def test_a_batch_larger_than_the_set_is_the_set():
    trainer = Trainer(net(2, 1), load_data("xor"), batch=100, epochs=2)
    trainer.run()
    assert trainer.update == 2


def test_dropout_draws_new_masks_for_every_update_and_none_for_evaluating():
    graph = sequential([dense(400, "relu"), ("Dropout", {"rate": 0.25}), dense(1)], (4, 2), 0)
    trainer = Trainer(graph, load_data("circle", count=64), batch=32, seed=1)
    masks = []
    for _ in range(2):
        masks.append(trainer.trace().value("mask2"))
        np.testing.assert_array_equal(trainer.trace().value("mask2"), masks[-1])
        trainer.step_batch()
    assert not np.array_equal(masks[0], masks[1])
    share = np.mean(masks)
    assert share == pytest.approx(0.75, abs=4 * math.sqrt(0.25 * 0.75 / masks[0].size / 2))
    data = trainer.split.train
    assert trainer.evaluate(data) == trainer.evaluate(data)


def test_the_same_seed_gives_the_same_run_and_another_another():
    def losses(seed: int) -> list[float]:
        trainer = Trainer(net(3, 1), load_data("moons"), batch=16, epochs=3, seed=seed)
        return trainer.run().updates["loss"].tolist()

    assert losses(1) == losses(1) != losses(2)


# stopping and going on ----------------------------------------------------------------------


def everything() -> Trainer:
    graph = sequential(
        [dense(6, "relu"), ("Dropout", {"rate": 0.3}), ("BatchNorm", {}), dense(1, "sigmoid")],
        (4, 2), 3,
    )  # fmt: skip
    parts = split(load_data("moons", 5, count=60), validation=0.3)
    return Trainer(
        graph, parts, optimizer="nadam", rate=0.02, batch=8, epochs=12, seed=3, patience=4,
        schedule="plateau", schedule_parameters={"patience": 1, "factor": 0.5}, l2=1e-3,
    )  # fmt: skip


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.integers(0, 70), st.booleans())
def test_a_run_goes_on_exactly_from_any_snapshot(updates, looks):
    whole = everything()
    whole.run()
    first = everything()
    for _ in range(updates):
        first.step_batch()
    if looks and not first.ended:
        first.trace()  # draws the masks of the batch to come
    second = everything()
    second.restore(unpack(pack(first.snapshot())))
    second.run()
    for leaf, weight in whole.weights().items():
        np.testing.assert_array_equal(second.weights()[leaf], weight)
    times = [run.history.epochs.columns.index("seconds") for run in (whole, second)]
    mine, theirs = (
        np.delete(run.history.epochs.rows, at, axis=1)
        for run, at in zip((whole, second), times, strict=True)
    )
    np.testing.assert_array_equal(theirs, mine)
    assert second.history.events == whole.history.events
    assert second.ended == whole.ended


def test_a_snapshot_of_another_network_is_refused_and_changes_nothing():
    trainer = Trainer(net(3, 1), load_data("moons"), epochs=2)
    other = Trainer(net(4, 1), load_data("moons"), epochs=2)
    before = trainer.weights()
    with pytest.raises(TrainingError, match="another network"):
        trainer.restore(other.snapshot())
    for leaf, weight in trainer.weights().items():
        np.testing.assert_array_equal(weight, before[leaf])


def test_early_stopping_restores_the_weights_of_the_best_epoch():
    parts = split(load_data("moons", 2, count=240, noise=0.35), validation=200)
    trainer = Trainer(
        net(32, 32, 1, act="relu"), parts, optimizer="adam", rate=0.01, epochs=400, patience=20
    )
    history = trainer.run()
    losses = history.epochs["val_loss"]
    best = int(np.argmin(losses))
    assert trainer.ended == STOPPED_EARLY
    assert len(losses) == best + 1 + 20
    assert trainer.evaluate(parts.validation)["loss"] == pytest.approx(losses[best], rel=1e-12)
    assert f"epoch {best + 1} were restored" in history.events[-1][1]


def test_patience_without_a_validation_set_is_said():
    trainer = Trainer(net(2, 1), load_data("moons"), epochs=2, patience=1)
    assert any("no validation set" in note for note in trainer.notes)
    trainer.run()
    assert trainer.ended == FINISHED


# when things go wrong -----------------------------------------------------------------------


def test_divergence_names_the_first_bad_op_and_keeps_the_last_good_weights():
    data = load_data("linreg")
    trainer = Trainer(
        net(1, end="linear", inputs=1), data, loss="mse", optimizer="sgd", rate=1e30, batch=0,
        epochs=50,
    )  # fmt: skip
    trainer.run()
    assert trainer.ended == DIVERGED
    sentence = trainer.history.events[-1][1]
    assert "diverged at update" in sentence
    assert "smaller learning rate" in sentence
    assert "overflow" in sentence or "infinite" in sentence or "∞" in sentence, sentence
    assert all(np.isfinite(w).all() for w in trainer.weights().values())
    assert math.isfinite(trainer.evaluate(data)["loss"])


@pytest.mark.parametrize(
    ("formula", "name", "changes", "sentence"),
    [
        ("σ(w0x0 + w1x1 + w2)", "iris", {}, 'has 2 inputs .x0, x1., but "iris" has 4 features'),
        ("σ(w0x0 + w1x1)", "blobs", {}, "The data have 4 classes, the prediction 1 output"),
        ("σ(w0x0 + w1x1)", "moons", {"loss": "cross_entropy"}, "one output for each class"),
        ("x0 + x1", "moons", {}, "There is nothing to learn"),
        ("w0x0 + w1", "sine", {"loss": "cross_entropy"}, "needs classes, but the answers are"),
        ("w0x0 + w1x1", "moons", {"loss": "hinge"}, 'There is no loss "hinge"'),
        ("w0x0 + w1x1", "moons", {"rate": -1.0}, "rate must be above 0"),
        ("w0x0 + w1x1", "moons", {"batch": -1}, "batch must be at least 0"),
        ("w0x0 + w1x1", "moons", {"epochs": 1.5}, "The settings do not fit"),
        ("w0x0 + w1x1", "moons", {"device": "tpu"}, 'There is no device "tpu"'),
        ("w0x0 + w1x1", "moons", {"schedule": "zigzag"}, 'There is no schedule "zigzag"'),
        ("w0x0 + w1x1", "moons", {"colour": 1}, "The settings do not fit"),
        ("w0 + w1", "moons", {}, "no input for the data"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(formula, name, changes, sentence):
    with pytest.raises(TrainingError, match=sentence):
        Trainer(parse(formula), load_data(name), **changes)


def test_a_network_whose_last_layer_does_not_fit_is_said_with_the_remedy():
    with pytest.raises(TrainingError, match="give the last layer 4 units"):
        Trainer(net(4, 2, end="softmax"), load_data("blobs"))


def test_an_empty_training_set_is_refused():
    with pytest.raises(TrainingError, match="no rows to train on"):
        Trainer(net(2, 1), load_data("moons").rows([]))


# every kind of data -------------------------------------------------------------------------


def graph_for(name: str) -> tuple[Graph, object]:
    """A small network that fits a data set, and the set, cut to some dozens of rows."""
    data = load_data(name)
    data = data.rows(np.arange(min(48, data.count)))
    if data.mask is not None and data.x.ndim == 3:
        layers = [("Attention", {}), dense(len(data.classes), "softmax")]
        return sequential(layers, (4, *data.x.shape[1:]), 0), data
    last = dense(len(data.classes), "softmax") if data.is_classes else dense(data.y.shape[1])
    if len(data.classes) == 2:
        last = dense(1, "sigmoid")
    front = [("Flatten", {})] if data.x.ndim > 2 else []
    return sequential([*front, dense(6, "tanh"), last], (4, *data.x.shape[1:]), 0), data


DATA = (
    "circle", "xor_clouds", "spiral", "blobs", "plane", "multi_gaussian", "sine", "line_outlier",
    "xor", "iris", "wine", "breast_cancer", "diabetes", "digits", "mini_reviews", "film_reviews",
    "flagged_word",
)  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_every_data_set_is_learned_from_with_a_falling_loss(name):
    graph, data = graph_for(name)
    trainer = Trainer(graph, data, optimizer="adam", rate=1e-3, batch=0, epochs=15)
    losses = trainer.run().epochs["loss"]
    assert losses[-1] < losses[0]
    assert trainer.ended == FINISHED


@pytest.mark.parametrize("name", DATA)
def test_torch_learns_the_same_to_nine_digits(name):
    pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    graph, data = graph_for(name)
    agree(graph, data, optimizer="adam", rate=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("preset", ["keras", "torch"])
def test_torch_learns_the_same_with_every_optimiser(optimizer, preset):
    pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    graph = sequential(
        [dense(8, "tanh"), ("Dropout", {"rate": 0.2}), ("BatchNorm", {}), dense(1, "sigmoid")],
        (4, 2), 0,
    )  # fmt: skip
    agree(
        graph, load_data("moons", count=50), optimizer=optimizer, preset=preset, l2=1e-3, l1=1e-4,
        clip_norm=1.0, clip_value=0.5,
    )  # fmt: skip


def agree(graph: Graph, data, **changes) -> None:
    runs = [
        Trainer(graph, data, batch=16, epochs=20, seed=2, device=device, **changes)
        for device in ("numpy", "cpu")
    ]
    for run in runs:
        run.run()
    assert runs[1].executor.device == "cpu"
    for leaf, weight in runs[0].weights().items():
        np.testing.assert_allclose(runs[1].weights()[leaf], weight, rtol=1e-9, atol=1e-9)
    ours, theirs = (run.history.epochs["loss"] for run in runs)
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)


# memory -------------------------------------------------------------------------------------


def test_memory_stays_flat_however_many_updates():
    trainer = Trainer(net(2, 1), load_data("xor"), batch=1, epochs=10**6)
    for _ in range(MOST_UPDATES // 4 + 10):
        trainer.step_epoch()
    gc.collect()
    tracemalloc.start()
    for _ in range(500):
        trainer.step_epoch()
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 20_000
    assert trainer.update > MOST_UPDATES >= len(trainer.history.updates)


def test_evaluating_equals_the_walk_of_the_whole_set():
    data = load_data("blobs", count=60, classes=3)
    trainer = Trainer(net(4, 3, end="softmax"), data, batch=16, epochs=3)
    trainer.run()
    graph = trainer.with_loss().with_values({"x": data.x, "t": np.eye(3)[data.y]})
    loss = trace(graph).value(graph.output)
    assert trainer.history.epochs.last["loss"] == pytest.approx(loss, rel=1e-12)
