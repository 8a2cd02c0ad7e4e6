"""Probes against closed forms, brute force and the course's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.data import load_data
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.graph.formula import parse
from engine.layers.network import sequential
from engine.training import probes
from engine.training.initial import with_new_weights
from engine.training.trainer import Trainer


def dense(units: int, activation: str = "linear") -> tuple[str, dict]:
    return "Dense", {"units": units, "activation": activation}


def net(hidden: list[int], act: str = "tanh", seed: int = 0, init: str = ""):
    layers = [*(dense(n, act) for n in hidden), dense(1, "sigmoid")]
    return with_new_weights(sequential(layers, (4, 2), 0), seed, init)


def line(x: np.ndarray, y: np.ndarray) -> Trainer:
    """y ≈ w0·x + w1 by mean squared error, whose loss is a bowl that one can work out."""
    data = Dataset("line", x[:, None], y[:, None], ("x",), (), ("y",))
    return Trainer(parse("w0x + w1", w0=0.3, w1=-0.2), data, loss="mse", batch=0)


@pytest.fixture
def bowl() -> tuple[Trainer, np.ndarray, np.ndarray]:
    draws = np.random.RandomState(0)
    x = draws.normal(1.0, 2.0, 30)
    y = 2 * x + 1 + 0.1 * draws.normal(size=30)
    return line(x, y), x, y


def test_the_loss_surface_is_the_loss_at_each_place(bowl):
    trainer, x, y = bowl
    before = trainer.weights()
    along, across = np.linspace(-1, 1, 5), np.linspace(-2, 2, 4)
    surface = probes.loss_surface(
        trainer,
        probes.entry_direction(trainer, "w0"),
        probes.entry_direction(trainer, "w1"),
        along,
        across,
    )
    assert surface.shape == (4, 5)
    for j, b in enumerate(across):
        for i, a in enumerate(along):
            loss = np.mean(((0.3 + a) * x + (-0.2 + b) - y) ** 2)
            assert surface[j, i] == pytest.approx(loss, rel=1e-12)
    for leaf, weight in trainer.weights().items():
        np.testing.assert_array_equal(weight, before[leaf])


def test_a_line_from_weights_to_weights_begins_and_ends_there(bowl):
    trainer, x, y = bowl
    start = trainer.weights()
    way = probes.between(start, {"w0": 2.0, "w1": 1.0})
    losses = probes.loss_surface(trainer, way, None, np.array([0.0, 1.0]))
    assert losses[0] == pytest.approx(np.mean((0.3 * x - 0.2 - y) ** 2))
    assert losses[1] == pytest.approx(np.mean((2 * x + 1 - y) ** 2))


def test_the_largest_curvature_of_a_bowl_is_its_largest_eigenvalue(bowl):
    trainer, x, _ = bowl
    columns = np.c_[x, np.ones_like(x)]
    largest = np.linalg.eigvalsh(2 * columns.T @ columns / len(x))[-1]
    found = probes.largest_curvature(trainer)
    assert found.largest == pytest.approx(largest, rel=1e-6)
    assert found.limit == pytest.approx(2 / largest, rel=1e-6)


def test_above_the_limit_descent_diverges_and_below_it_does_not(bowl):
    trainer, _x, _y = bowl
    limit = probes.largest_curvature(trainer).limit
    for factor, falls in ((0.98, True), (1.02, False)):
        run = Trainer(
            trainer.graph, trainer.split, loss="mse", optimizer="sgd", rate=factor * limit, batch=0,
            epochs=400,
        )  # fmt: skip
        losses = run.run().epochs["loss"]
        assert (losses[-1] < losses[0]) == falls


def test_a_saddle_has_its_largest_curvature_found_though_another_is_more_negative():
    data = Dataset("none", np.zeros((1, 1)), np.zeros((1, 1)), ("x",), (), ("y",))
    graph = parse("w0^2/2 - 3*w1^2 + 0*(x - t)", w0=0.1, w1=0.1)
    found = probes.largest_curvature(Trainer(graph, data, batch=0))
    assert found.largest == pytest.approx(1.0, rel=1e-4)


def test_noise_of_gradients_is_what_sampling_without_putting_back_gives(bowl):
    trainer, x, y = bowl
    count = len(x)
    error = 2 * (0.3 * x - 0.2 - y)
    single = np.c_[error * x, error]
    spread = single.var(axis=0, ddof=1).sum()
    for batch in (1, 4, 16):
        expected = math.sqrt(spread / batch * (1 - batch / count))
        found = probes.gradient_noise(trainer, batch, repeats=3000, seed=1)
        assert found.error == pytest.approx(expected, rel=0.06)
    assert probes.gradient_noise(trainer, count, repeats=5).error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_courses_noise_of_moons(seed):
    trainer = Trainer(net([8], seed=seed), load_data("moons", seed, count=256, noise=0.2))
    noise = {b: probes.gradient_noise(trainer, b, seed=seed).error for b in (1, 16, 64)}
    assert noise[1] > 3 * noise[16]
    assert noise[16] > 1.6 * noise[64]


@pytest.mark.parametrize("seed", range(8))
def test_the_courses_ratio_of_vanishing_gradients(seed):
    data = load_data("moons", seed, count=200, noise=0.15)
    ratio = {
        act: probes.gradient_ratio(
            Trainer(net([16] * 10, act, seed, init="he_normal" if act == "relu" else ""), data)
        )
        for act in ("sigmoid", "tanh", "relu")
    }
    assert ratio["sigmoid"] < 1e-3
    assert ratio["tanh"] > 0.05
    assert ratio["relu"] > 0.02


def test_a_layer_with_very_negative_biases_is_dead_and_a_leaky_one_is_not():
    data = load_data("moons", count=200, noise=0.15)
    for act, dead in (("relu", True), ("leaky_relu", False)):
        graph = sequential(
            [dense(16), ("Activation", {"function": act}), dense(1, "sigmoid")], (4, 2)
        )
        graph = graph.with_values({"b1": np.full(16, -10.0)})
        trainer = Trainer(graph, data, optimizer="sgd", rate=0.1, batch=0, epochs=2)
        assert probes.dead_units(trainer)["dense"].all() == dead
        row = next(iter(trainer))
        if dead:
            assert row["dead:dense"] == 1.0


def test_maps_are_the_predictions_at_the_points_of_the_grid():
    trainer = Trainer(net([4, 3]), load_data("circle"), dtype="float64")
    across, down = np.linspace(-2, 2, 9), np.linspace(-1, 1, 5)
    maps = probes.Maps(trainer, across, down)
    maps.run()
    assert maps.prediction.shape == (5, 9)
    assert {name: each.shape for name, each in maps.units().items()} == {
        "dense": (4, 5, 9), "dense_2": (3, 5, 9), "dense_3": (1, 5, 9),
    }  # fmt: skip
    points = np.array([[a, d] for d in down for a in across])
    data = Dataset("grid", points, np.zeros(45, int), ("a", "b"), ("0", "1"))
    found = probes.activations(trainer, data)
    np.testing.assert_allclose(maps.prediction.reshape(-1, 1), found["dense_3"], rtol=1e-12)
    np.testing.assert_allclose(maps.units()["dense"].reshape(4, -1).T, found["dense"], rtol=1e-12)


def test_maps_follow_the_weights():
    trainer = Trainer(net([4]), load_data("circle"), batch=20, optimizer="sgd", rate=1.0)
    maps = probes.Maps(trainer, np.linspace(-2, 2, 4), np.linspace(-2, 2, 4))
    maps.run()
    before = maps.prediction.copy()
    trainer.step_epoch()
    maps.run()
    assert not np.allclose(maps.prediction, before)


def test_a_random_direction_is_as_long_as_the_weights_of_each_unit():
    trainer = Trainer(net([4, 3]), load_data("circle"))
    direction = probes.random_direction(trainer, 3)
    weights = trainer.weights()
    for leaf in ("W1", "W2", "W3"):
        np.testing.assert_allclose(
            np.linalg.norm(direction[leaf], axis=0), np.linalg.norm(weights[leaf], axis=0)
        )


def test_what_a_probe_cannot_do_is_said(bowl):
    trainer, _, _ = bowl
    with pytest.raises(TrainingError, match='"w7" is no parameter; there are: w0, w1'):
        probes.entry_direction(trainer, "w7")
    with pytest.raises(TrainingError, match="A batch of 31 cannot be drawn from 30"):
        probes.gradient_noise(trainer, 31)
    with pytest.raises(TrainingError, match="two features"):
        probes.Maps(trainer, np.zeros(2), np.zeros(2))
