"""Training beside torch on one thread: epochs of playground networks, steps of the lecture's
sentiment model, maps of all neurons, and Adam alone.

Run with ``python -m pytest benchmarks/test_training.py``.  Each ours stands beside its peer in one
group; the ratios are what README reports.
"""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import load_data
from engine.data.dataset import Dataset
from engine.layers.network import sequential
from engine.run.threads import hold_blas_to_one_thread
from engine.training.initial import with_new_weights
from engine.training.optimizers import OPTIMIZERS
from engine.training.probes import Maps
from engine.training.trainer import Trainer
from engine.training.update import Update

torch = pytest.importorskip("torch", reason="the peer is torch")
torch.set_num_threads(1)
hold_blas_to_one_thread()

PLAYGROUND = {"2-4-2-1": (4, 2, 1), "2-8-8-8-1": (8, 8, 8, 1)}
ROWS, BATCH = 250, 10
WORDS, REVIEWS = 800, 1024
SENTIMENT = [
    ("Dense", {"units": 256, "activation": "relu"}),
    ("Dropout", {"rate": 0.5}),
    ("Dense", {"units": 256, "activation": "relu"}),
    ("Dropout", {"rate": 0.5}),
    ("Dense", {"units": 5, "activation": "softmax"}),
]
SIDE = 100


def playground(sizes: tuple[int, ...]) -> Trainer:
    layers = [("Dense", {"units": n, "activation": "tanh"}) for n in sizes[:-1]]
    layers.append(("Dense", {"units": sizes[-1], "activation": "sigmoid"}))
    graph = with_new_weights(sequential(layers, (4, 2), 0), 0)
    data = load_data("circle", count=ROWS)
    return Trainer(
        graph, data, optimizer="adam", rate=0.03, batch=BATCH, epochs=10**9, dtype="float32",
        device="numpy",
    )  # fmt: skip


def in_torch(sizes: tuple[int, ...]) -> torch.nn.Sequential:
    parts: list[torch.nn.Module] = []
    for k, (before, after) in enumerate(zip((2, *sizes), sizes, strict=False)):
        parts.append(torch.nn.Linear(before, after))
        if k < len(sizes) - 1:
            parts.append(torch.nn.Tanh())
    return torch.nn.Sequential(*parts)


@pytest.mark.parametrize("name", PLAYGROUND)
@pytest.mark.parametrize("who", ["ours", "torch"])
def test_an_epoch_of_the_playground(benchmark, who, name) -> None:
    benchmark.group = f"epoch {name}, {ROWS} points, batch {BATCH}, Adam"
    if who == "ours":
        trainer = playground(PLAYGROUND[name])
        benchmark.pedantic(trainer.step_epoch, rounds=60, iterations=5, warmup_rounds=5)
        return
    model = in_torch(PLAYGROUND[name])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    loss_of = torch.nn.BCEWithLogitsLoss()
    data = load_data("circle", count=ROWS)
    x = torch.tensor(data.x, dtype=torch.float32)
    y = torch.tensor(data.y[:, None], dtype=torch.float32)

    def epoch() -> None:
        order = torch.randperm(ROWS)
        for start in range(0, ROWS, BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            loss_of(model(x[rows]), y[rows]).backward()
            optimizer.step()
        with torch.no_grad():  # ours looks at the whole set after each epoch, too
            loss_of(model(x), y).item()

    benchmark.pedantic(epoch, rounds=20, iterations=2, warmup_rounds=2)


def reviews() -> Dataset:
    draws = np.random.RandomState(0)
    x = (draws.random_sample((REVIEWS, WORDS)) < 0.02).astype(float)
    y = draws.randint(0, 5, REVIEWS)
    return Dataset("reviews", x, y, (), tuple("12345"))


@pytest.mark.parametrize("who", ["ours", "torch", "products"])
def test_a_step_of_the_sentiment_model(benchmark, who) -> None:
    benchmark.group = "step of 800-256-256-5, dropout, batch 128, Adam, float32"
    data = reviews()
    if who == "ours":
        trainer = Trainer(
            sequential(SENTIMENT, (4, WORDS), 0), data, optimizer="adam", batch=128, epochs=10**9,
            dtype="float32", device="numpy",
        )  # fmt: skip
        for _ in range(2):
            trainer.step_batch()

        def within_an_epoch() -> None:  # whose end also looks at the whole set
            trainer._draws.begin_epoch()
            trainer.step_batch()

        benchmark.pedantic(within_an_epoch, rounds=150, iterations=1, warmup_rounds=10)
        return
    x = torch.tensor(data.x[:128], dtype=torch.float32)
    if who == "products":
        arrays = [data.x[:128].astype("f4"), np.ones((800, 256), "f4"), np.ones((128, 256), "f4")]
        arrays += [np.ones((256, 256), "f4"), np.ones((256, 5), "f4"), np.ones((128, 5), "f4")]
        a, w1, h, w2, w3, g = arrays

        def products() -> None:
            np.dot(a, w1)
            np.dot(h, w2)
            np.dot(h, w3)
            np.dot(h.T, g)
            np.dot(g, w3.T)
            np.dot(h.T, h)
            np.dot(h, w2.T)
            np.dot(a.T, h)

        benchmark.pedantic(products, rounds=150, iterations=1, warmup_rounds=10)
        return
    linear, relu, drop = torch.nn.Linear, torch.nn.ReLU, torch.nn.Dropout
    model = torch.nn.Sequential(
        linear(800, 256), relu(), drop(), linear(256, 256), relu(), drop(), linear(256, 5)
    )
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loss_of = torch.nn.CrossEntropyLoss()
    every, labels = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)

    def step() -> None:
        rows = torch.randperm(REVIEWS)[:128]
        optimizer.zero_grad()
        loss_of(model(every[rows]), labels[rows]).backward()
        optimizer.step()

    assert x.shape == (128, 800)
    benchmark.pedantic(step, rounds=150, iterations=1, warmup_rounds=10)


@pytest.mark.parametrize("who", ["ours", "torch"])
def test_maps_of_all_neurons(benchmark, who) -> None:
    benchmark.group = f"all neurons of 2-8-8-8-1 on a {SIDE} x {SIDE} grid"
    axis = np.linspace(-3, 3, SIDE)
    if who == "ours":
        maps = Maps(playground(PLAYGROUND["2-8-8-8-1"]), axis, axis)
        benchmark.pedantic(maps.run, rounds=100, iterations=2, warmup_rounds=5)
        return
    model = in_torch(PLAYGROUND["2-8-8-8-1"])
    points = torch.cartesian_prod(torch.tensor(axis), torch.tensor(axis)).float()

    def run() -> None:
        with torch.no_grad():
            value, kept = points, []
            for part in model:
                value = part(value)
                kept.append(value)
            torch.sigmoid(value)

    benchmark.pedantic(run, rounds=100, iterations=2, warmup_rounds=5)


@pytest.mark.parametrize("size", [27, 272_133])
@pytest.mark.parametrize("who", ["ours", "torch"])
def test_adam_alone(benchmark, who, size) -> None:
    benchmark.group = f"Adam on {size} weights, float32"
    draws = np.random.RandomState(0)
    weights = draws.normal(size=size).astype("f4")
    gradient = draws.normal(size=size).astype("f4")
    if who == "ours":
        adam = OPTIMIZERS["adam"]
        update = Update(adam, adam.settings("torch"), weights, gradient)
        benchmark.pedantic(update.step, (0.001,), rounds=100, iterations=5, warmup_rounds=5)
        return
    parameter = torch.tensor(weights, requires_grad=True)
    parameter.grad = torch.tensor(gradient)
    optimizer = torch.optim.Adam([parameter], fused=True)
    benchmark.pedantic(optimizer.step, rounds=100, iterations=5, warmup_rounds=5)
