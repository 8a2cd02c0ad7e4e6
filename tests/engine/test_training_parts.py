"""Schedules, early stopping, metrics, history, objectives, experiments: the parts of a run."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import load_data
from engine.data.choice import DataChoice
from engine.errors import DataError, FileError, TrainingError
from engine.graph.formula import parse
from engine.layers.network import sequential
from engine.run.trace import trace
from engine.training import metrics
from engine.training.devices import WORTH_A_CARD, chosen, executor_for
from engine.training.experiments import compared, grid, run_experiment
from engine.training.history import Series
from engine.training.initial import with_new_weights
from engine.training.layers import learning_layers
from engine.training.objective import objective_of, stable, weights_of
from engine.training.probes import rate_range
from engine.training.run_file import read_run, write_run
from engine.training.schedules import SCHEDULES, Rate
from engine.training.settings import Settings
from engine.training.snapshots import Checkpoint, pack, read_checkpoint, unpack
from engine.training.stopping import EarlyStopping
from engine.training.trainer import Trainer


def dense(units: int, activation: str = "linear") -> tuple[str, dict]:
    return "Dense", {"units": units, "activation": activation}


# schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given_", "make"),
    [
        ("step", {"every": 3, "factor": 0.5}, lambda t, o: t.StepLR(o, 3, 0.5)),
        ("exponential", {"factor": 0.9}, lambda t, o: t.ExponentialLR(o, 0.9)),
        ("cosine", {"lowest": 0.1}, lambda t, o: t.CosineAnnealingLR(o, 12, 0.1 * 0.7)),
        ("constant", {}, lambda t, o: t.ConstantLR(o, 1.0)),
    ],
)
def test_schedules_are_those_of_torch(name, given_, make):
    torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.7)
    theirs = make(torch.optim.lr_scheduler, optimizer)
    ours = Rate(0.7, name, given_, batches=1, epochs=12)
    for epoch in range(12):
        assert ours.at(epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        theirs.step()


def test_the_plateau_is_that_of_torch():
    torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=2, threshold=1e-3, threshold_mode="abs"
    )
    ours = Rate(1.0, "plateau", {"factor": 0.5, "patience": 2, "min_delta": 1e-3}, 1, 40)
    said = 0
    for k, loss in enumerate(np.abs(np.random.RandomState(3).normal(size=40)).tolist()):
        said += bool(ours.epoch_ended(loss))
        theirs.step(loss)
        assert ours.at(k) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
    assert said >= 3


def test_a_warm_up_grows_evenly_to_the_rate_and_then_hands_over():
    rate = Rate(1.0, "step", {"warm_up": 2, "every": 4, "factor": 0.1}, batches=5, epochs=20)
    rates = [rate.at(update) for update in range(30)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10)
    assert rates[10:20] == [1.0] * 10
    assert rates[20] == pytest.approx(0.1)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_says_what_it_does_and_stays_above_0(name):
    assert SCHEDULES[name].says.endswith(".")
    rate = Rate(0.1, name, {}, batches=3, epochs=50)
    assert all(0 <= rate.at(update) <= 0.1 for update in range(150))


@pytest.mark.parametrize(
    ("name", "wrong"), [("step", {"every": 0}), ("cosine", {"lowest": 2}), ("step", {"gamma": 1})]
)
def test_a_schedule_that_cannot_be_is_refused(name, wrong):
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        Rate(0.1, name, wrong, 1, 1)


def test_the_rate_can_be_changed_while_a_run_goes_on():
    graph = parse("σ(w0x0 + w1x1 + w2)")
    trainer = Trainer(graph, load_data("moons"), optimizer="sgd", rate=0.1, batch=50, epochs=4)
    trainer.step_epoch()
    trainer.set_rate(0.02)
    trainer.step_epoch()
    assert trainer.history.epochs["rate"].tolist() == [0.1, 0.02]
    with pytest.raises(TrainingError, match="above 0"):
        trainer.set_rate(0.0)


# early stopping -----------------------------------------------------------------------------


def test_early_stopping_counts_epochs_without_a_better_loss():
    stopping = EarlyStopping(patience=3, min_delta=0.1)
    seen = [
        stopping.look(loss, k) for k, loss in enumerate([1.0, 0.8, 0.75, 0.6, math.nan, 0.7], 1)
    ]
    assert seen == [True, True, False, True, False, False]
    assert (stopping.best, stopping.best_epoch, stopping.left) == (0.6, 4, 1)
    assert not stopping.stop
    stopping.look(0.55, 7)
    assert stopping.stop


# metrics ------------------------------------------------------------------------------------

LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(LABELS, st.integers(0, 1000))
def test_accuracy_is_the_diagonal_of_the_confusion_matrix(labels, seed):
    scores = np.random.RandomState(seed).normal(size=(len(labels), 4))
    matrix = metrics.confusion(scores, labels, 4)
    assert matrix.sum() == len(labels)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=4).tolist()
    assert metrics.accuracy(scores, labels) == pytest.approx(np.trace(matrix) / len(labels))


def test_one_output_is_a_class_above_its_threshold_and_ties_go_to_the_first():
    assert metrics.accuracy([[0.5], [0.51]], [0, 1]) == 1.0
    assert metrics.accuracy([-0.1, 0.1], [0, 1], threshold=0.0) == 1.0
    assert metrics.predicted_classes([[0.3, 0.3, 0.1]]).tolist() == [0]
    assert math.isnan(metrics.accuracy([], []))


def test_r2_is_one_for_perfect_nothing_for_the_mean_and_defined_for_equal_targets():
    y = np.array([[1.0], [2.0], [4.0]])
    assert metrics.r2(y, y) == 1.0
    assert metrics.r2(np.full(3, y.mean()), y) == pytest.approx(0.0)
    assert metrics.r2([[1.5], [2.0], [3.0]], y) == pytest.approx(1 - 1.25 / (42 / 9))
    same = np.full((3, 1), 2.0)
    assert metrics.r2(same, same) == 1.0
    assert metrics.r2(same + 1, same) == 0.0
    assert math.isnan(metrics.r2([[1.0]], [[1.0]]))
    assert metrics.mae([1.0, 2.0], [[0.0], [4.0]]) == 1.5


# history ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(0, 700), st.integers(4, 64))
def test_a_series_keeps_evenly_spread_rows_however_many_come(rows, most):
    series = Series(("number", "square"), most)
    for k in range(rows):
        series.append(k, k * k)
    kept = series["number"]
    assert len(kept) <= most
    np.testing.assert_array_equal(kept, np.arange(rows)[:: series.stride])
    np.testing.assert_array_equal(series["square"], kept**2)
    if rows:
        assert series.last == {"number": rows - 1, "square": (rows - 1) ** 2}
    other = Series(("number", "square"), most)
    other.restore(series.state())
    for each in (series, other):
        each.append(-1, 1)
    np.testing.assert_array_equal(other.rows, series.rows)


def short_run(**changes) -> Trainer:
    graph = with_new_weights(sequential([dense(3, "relu"), dense(1, "sigmoid")], (4, 2)), 0)
    trainer = Trainer(graph, load_data("moons"), batch=32, epochs=5, **changes)
    trainer.run()
    return trainer


def test_the_history_is_exported_as_csv_and_json():
    history = short_run().history
    rows = list(csv.DictReader(io.StringIO(history.as_csv())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [float(row["loss"]) for row in rows] == history.epochs["loss"].tolist()
    updates = list(csv.DictReader(io.StringIO(history.as_csv("updates"))))
    assert len(updates) == 5 * 7
    data = json.loads(history.as_json())
    assert data["epochs"]["loss"] == history.epochs["loss"].tolist()
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]


def test_layers_are_told_apart_with_norms_dead_and_saturated_shares():
    trainer = short_run()
    names = trainer.history.epochs.columns
    assert {"gradient_norm:dense", "weight_norm:dense_2", "dead:dense", "saturated:dense_2"} <= set(
        names
    )
    weights = trainer.weights()
    norm = math.sqrt((weights["W1"] ** 2).sum() + (weights["b1"] ** 2).sum())
    assert trainer.history.epochs.last["weight_norm:dense"] == pytest.approx(norm)
    layers = learning_layers(trainer.objective.graph, weights)
    assert [layer.leaves for layer in layers] == [("W1", "b1"), ("W2", "b2")]


# objectives ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "units", "data", "loss"),
    [
        ("sigmoid", 1, "moons", "bce"),
        ("linear", 1, "moons", "bce_from_logits"),
        ("softmax", 4, "blobs", "cross_entropy"),
        ("linear", 4, "blobs", "cross_entropy_from_logits"),
        ("linear", 1, "plane", "mse"),
    ],
)  # fmt: skip
def test_a_loss_is_chosen_that_fits_the_end_and_the_data(end, units, data, loss):
    graph = sequential([dense(3, "tanh"), dense(units, end)], (4, 2))
    assert Trainer(graph, load_data(data)).objective.loss == loss


def test_the_stable_form_is_the_same_number_and_the_same_gradients():
    rows = np.random.RandomState(0).normal(size=(6, 2))
    answers = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    graph = sequential([dense(4, "tanh"), dense(3, "softmax")], (6, 2), 1)
    objective = objective_of(graph, "", 3, 2)
    quick = stable(objective)
    assert quick.loss == "cross_entropy_from_logits"
    walks = [trace(o.graph.with_values({"x": rows, o.target: answers})) for o in (objective, quick)]
    ends = [walk.value(walk.output) for walk in walks]
    assert ends[0] == pytest.approx(ends[1], rel=1e-13)
    for leaf in ("W1", "b1", "W2", "b2"):
        np.testing.assert_allclose(walks[0].gradient(leaf), walks[1].gradient(leaf), atol=1e-14)


def test_penalties_weigh_what_multiplies_and_not_biases():
    graph = parse("σ(w0x0 + w1x1 + w2)")
    assert weights_of(graph, ["w0", "w1", "w2"]) == {"w0", "w1"}
    network = sequential([dense(3), ("LayerNorm", {}), dense(1)], (4, 2))
    assert weights_of(network, ["W1", "b1", "γ2", "β2", "W3", "b3"]) == {"W1", "W3"}


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.3), (0.1, 0.2)])
def test_penalties_are_reported_apart_and_pull_as_stated(l1, l2):
    data = load_data("moons", count=40)
    graph = parse("σ(w0x0 + w1x1 + w2)", w0=0.7, w1=-0.4, w2=0.2)
    plain, pulled = (
        Trainer(graph, data, optimizer="sgd", rate=1.0, batch=0, epochs=1, **c)
        for c in ({}, {"l1": l1, "l2": l2})
    )
    for trainer in (plain, pulled):
        trainer.run()
    row = pulled.history.updates.last
    assert row["loss"] == plain.history.updates.last["loss"]
    assert row["penalty"] == pytest.approx(l1 * 1.1 + 0.5 * l2 * (0.49 + 0.16))
    for leaf, w in (("w0", 0.7), ("w1", -0.4), ("w2", 0.0)):
        change = plain.weights()[leaf] - pulled.weights()[leaf]
        assert change == pytest.approx(l1 * np.sign(w) + l2 * w, abs=1e-14)


@pytest.mark.parametrize(("norm", "value"), [(0.01, None), (None, 0.005), (0.004, 0.005)])
def test_clipping_is_that_of_torch(norm, value):
    torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    data = load_data("moons", count=40)
    graph = with_new_weights(sequential([dense(3, "tanh"), dense(1, "sigmoid")], (4, 2)), 0)
    free = Trainer(graph, data, optimizer="sgd", rate=1.0, batch=0, epochs=1)
    before = free.weights()
    free.run()
    parameters = [
        torch.zeros(w.shape, dtype=torch.float64, requires_grad=True) for w in before.values()
    ]
    for parameter, leaf in zip(parameters, before, strict=True):
        parameter.grad = torch.tensor(before[leaf] - free.weights()[leaf])
    if value is not None:
        torch.nn.utils.clip_grad_value_(parameters, value)
    if norm is not None:
        torch.nn.utils.clip_grad_norm_(parameters, norm)
    clipped = Trainer(
        graph, data, optimizer="sgd", rate=1.0, batch=0, epochs=1, clip_norm=norm, clip_value=value
    )
    clipped.run()
    for parameter, leaf in zip(parameters, before, strict=True):
        step = before[leaf] - clipped.weights()[leaf]
        # torch adds a millionth to the length that it divides by
        np.testing.assert_allclose(step, parameter.grad.numpy(), rtol=2e-4, atol=1e-12)


# a range of rates, devices ------------------------------------------------------------------


def test_a_range_of_rates_ends_when_the_loss_explodes_and_leaves_everything_as_it_was():
    data = load_data("linreg")
    trainer = Trainer(parse("w*x + b", w=0.0, b=0.0), data, loss="mse", optimizer="sgd", batch=16)
    trainer.step_batch()
    before = pack(trainer.snapshot())
    found = rate_range(trainer, 1e-4, 1e3, updates=80)
    assert pack(trainer.snapshot()) == before
    assert found.rates[-1] < 1e3
    assert 1e-4 < found.steepest < 2.0
    with pytest.raises(TrainingError, match="from a small one to a larger"):
        rate_range(trainer, 1.0, 0.1)


def test_the_choice_of_a_device_explains_itself():
    assert chosen(1e4, "float64")[0] == "numpy"
    assert "fastest for small networks" in chosen(1e4, "float64")[1]
    device, why = chosen(10 * WORTH_A_CARD, "float32")
    assert "million products an update" in why
    assert device in ("numpy", "cuda", "mps")


def test_a_device_that_is_missing_gives_numpy_and_a_sentence():
    graph = sequential([dense(1, "sigmoid")], (4, 2))
    trainer = Trainer(graph, load_data("moons"), device="mps", epochs=1)
    assert trainer.executor.device == "numpy"
    assert any("Training runs on NumPy" in note for note in trainer.notes)


def test_a_device_without_memory_hands_its_weights_on_in_the_middle_of_a_run(monkeypatch):
    pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    graph = with_new_weights(sequential([dense(4, "tanh"), dense(1, "sigmoid")], (4, 2)), 0)
    runs = [
        Trainer(graph, load_data("moons"), device=device, batch=32, epochs=4, optimizer="adam")
        for device in ("cpu", "numpy")
    ]
    failing, calls = runs[0]._batches, []

    def full(rows, masks):
        calls.append(len(rows))
        if len(calls) == 10:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
        return type(failing).run(failing, rows, masks)

    monkeypatch.setattr(failing, "run", full)
    for run in runs:
        run.run()
    assert runs[0].executor.device == "numpy"
    assert "out of memory" in runs[0].history.events[0][1]
    for leaf, weight in runs[1].weights().items():
        np.testing.assert_allclose(runs[0].weights()[leaf], weight, rtol=1e-9)


def test_an_op_that_torch_lacks_gives_numpy_and_a_sentence():
    trainer = Trainer(parse("σ(w0x0 + w1x1 + w2)"), load_data("moons"), epochs=0)
    executor, note = executor_for(trainer.task.plan, trainer.task.learned, "numpy", "float64", 1)
    assert (executor.device, note) == ("numpy", "")


# files --------------------------------------------------------------------------------------


def test_a_run_file_gives_back_graph_data_and_settings(tmp_path):
    trainer = short_run()
    choice = DataChoice(name="moons", validation=0.25)
    write_run(tmp_path / "run.json", trainer, choice)
    run = read_run(tmp_path / "run.json")
    assert (run.data, run.settings, run.ended) == (choice, trainer.settings, "finished")
    assert run.graph == trainer.learned()
    assert run.history["epochs"]["loss"] == trainer.history.epochs["loss"].tolist()


def test_a_checkpoint_holds_the_last_epoch_with_all_rows(tmp_path):
    trainer = Trainer(parse("σ(w0x0 + w1x1 + w2)"), load_data("moons"), epochs=9, batch=32)
    checkpoint = Checkpoint(tmp_path / "kept")
    for _ in trainer:
        checkpoint.write(trainer.state(), trainer.history)
    found = read_checkpoint(tmp_path / "kept")
    expected = unpack(pack(trainer.snapshot()))
    assert pack(found) == pack(expected)
    checkpoint.remove()
    assert not (tmp_path / "kept").exists()


@settings(deadline=None, max_examples=80, derandomize=True)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_snapshots_are_refused_with_a_sentence(noise, place):
    good = pack({"weights": {"w": np.arange(6.0).reshape(2, 3)}, "counts": [1, 2]})
    place %= len(good)
    bad = good[:place] + noise + good[place + len(noise) :]
    found: dict | FileError
    try:
        found = unpack(bad)
    except FileError as error:
        found = error
    assert isinstance(found, dict) or str(found).endswith(".")


def test_data_are_chosen_by_name_or_file(tmp_path):
    parts = DataChoice(name="iris", validation=0.2, test=10, scaling="standard").load()
    assert (parts.validation.count, parts.test.count) == (30, 10)
    np.testing.assert_allclose(parts.train.x.mean(axis=0), 0, atol=1e-12)
    with pytest.raises(DataError, match="there are: circle"):
        DataChoice(name="irises").load()
    (tmp_path / "t.csv").write_text("a,b\n1,2\n2,4\n3,6\n4,8\n", encoding="utf-8")
    line = DataChoice(name=str(tmp_path / "t.csv"), settings={"target": "a"}).load()
    assert line.train.features == ("b",)
    with pytest.raises(DataError, match="no setting"):
        DataChoice(name=str(tmp_path / "t.csv"), settings={"noise": 1}).load()


# experiments --------------------------------------------------------------------------------


def test_an_experiment_pairs_its_seeds_and_equals_runs_by_hand():
    graph = sequential([dense(3, "tanh"), dense(1, "sigmoid")], (4, 2))
    choice, base = DataChoice(name="moons", validation=0.25), Settings(epochs=3, optimizer="adam")
    changes = grid({"rate": [0.01, 0.1]})
    told = []
    outcomes = run_experiment(graph, choice, base, changes, [4, 5], processes=2, ready=told.append)
    assert [(o.changes["rate"], o.seed) for o in outcomes] == [
        (0.01, 4),
        (0.01, 5),
        (0.1, 4),
        (0.1, 5),
    ]
    assert told == outcomes
    data = DataChoice(name="moons", seed=5, validation=0.25).load()
    by_hand = Trainer(with_new_weights(graph, 5), data, base, rate=0.1, seed=5)
    by_hand.run()
    expected = {k: v for k, v in by_hand.history.epochs.last.items() if k != "seconds"}
    found = {k: v for k, v in outcomes[3].last.items() if k != "seconds"}
    assert found == expected
    lines = compared(outcomes)
    assert [line.runs for line in lines] == [2, 2]
    losses = [o.last["loss"] for o in outcomes[2:]]
    assert lines[1].median["loss"] == pytest.approx(np.median(losses))
    assert (lines[1].lowest["loss"], lines[1].highest["loss"]) == (min(losses), max(losses))


def test_no_experiment_without_runs():
    with pytest.raises(TrainingError, match="1 to 10000 runs, not 0"):
        run_experiment(parse("w*x"), DataChoice(name="sine"), Settings(), [], [0])


def test_a_grid_is_every_combination():
    assert grid({"a": [1, 2], "b": ["x"]}) == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]
