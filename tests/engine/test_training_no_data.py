"""Training without data: the output of a graph as it stands is made small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.choice import NO_DATA, DataChoice
from engine.errors import TrainingError
from engine.files.project import load
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.layers.presets import PRESETS
from engine.run.trace import trace
from engine.training.trainer import Trainer
from engine.training.watching import Watcher

EXAMPLES = Path(__file__).parents[2] / "examples"
ALONE = DataChoice(name=NO_DATA)


def valley() -> Graph:
    return load(EXAMPLES / "valley.graph.json")


def test_descent_follows_the_gradient_of_the_formula():
    trainer = Trainer(valley(), ALONE.load(), optimizer="sgd", rate=0.004, epochs=50)
    w0, w1 = -1.5, 2.0
    for row in trainer:
        d1 = 20 * (w1 - w0**2)
        w0, w1 = w0 - 0.004 * (-2 * (1 - w0) - 2 * w0 * d1), w1 - 0.004 * d1
        found = trainer.weights()
        np.testing.assert_allclose([found["w0"], found["w1"]], [w0, w1], rtol=1e-12)
        np.testing.assert_allclose(row["loss"], (1 - w0) ** 2 + 10 * (w1 - w0**2) ** 2, rtol=1e-12)
    assert trainer.update == trainer.epoch == 50


@pytest.mark.parametrize("name", ["adam", "rmsprop", "nesterov", "adagrad"])
def test_every_rule_goes_the_way_that_torch_goes(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    trainer = Trainer(
        valley(), ALONE.load(), optimizer=name, preset="torch", rate=0.003, epochs=100
    )
    for _ in trainer:
        pass
    w = torch.tensor([-1.5, 2.0], dtype=torch.float64, requires_grad=True)
    kinds = {
        "adam": torch.optim.Adam,
        "rmsprop": torch.optim.RMSprop,
        "adagrad": torch.optim.Adagrad,
        "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    }
    optimizer = kinds[name]([w], lr=0.003)
    for _ in range(100):
        optimizer.zero_grad()
        ((1 - w[0]) ** 2 + 10 * (w[1] - w[0] ** 2) ** 2).backward()
        optimizer.step()
    found = trainer.weights()
    np.testing.assert_allclose([found["w0"], found["w1"]], w.detach().numpy(), rtol=1e-10)


def test_inputs_keep_their_values():
    graph = load(EXAMPLES / "sigmoid_circuit.graph.json")
    parameters = graph.like(dict(graph.nodes))
    before = trace(graph)
    trainer = Trainer(parameters, ALONE.load(), optimizer="sgd", rate=0.5, epochs=1)
    trainer.step_epoch()
    for leaf, value in trainer.weights().items():
        old = float(np.asarray(graph.nodes[leaf].value))
        np.testing.assert_allclose(value, old - 0.5 * before.gradient(leaf), rtol=1e-12)
    learned = trainer.learned()
    assert learned.nodes["x0"].value == graph.nodes["x0"].value


def test_a_network_learns_the_examples_that_stand_in_it():
    trainer = Trainer(PRESETS["2-4-2-1"].build(), ALONE.load(), rate=0.1, epochs=60)
    rows = list(trainer)
    assert rows[-1]["loss"] < 0.1 * rows[0]["loss"]


def test_what_cannot_be_made_small_is_said():
    with pytest.raises(TrainingError, match="gives 3 numbers, but only one can be made small"):
        Trainer(parse("y = softmax(w)").with_values({"w": np.ones(3)}), ALONE.load())
    with pytest.raises(TrainingError, match="the graph is empty"):
        Trainer(Graph(), ALONE.load())
    with pytest.raises(TrainingError, match="nothing to learn"):
        Trainer(parse("f = x0*x1").with_values({"x0": 1.0, "x1": 2.0}), ALONE.load())


def test_a_look_has_no_boundary_and_says_why():
    watcher = Watcher(Trainer(valley(), ALONE.load()), ALONE)
    assert watcher.why == "Without data there is no boundary."
    scene = watcher.scene()
    assert not scene.has_data
    assert scene.parameters == 2
    assert watcher.look().prediction is None
