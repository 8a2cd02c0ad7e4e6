"""Networks to begin with: each drawn from a seed, so that its numbers are the same every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from engine.graph.graph import Graph
from engine.layers.network import Spec, sequential

LECTURE_BATCH, LECTURE_WORDS, CLASSES = 128, 800, 5
SEED = 20


class Preset(NamedTuple):
    """A network: one sentence on it, and what builds its graph."""

    says: str
    build: Callable[[], Graph]


def _dense(units: int, activation: str, **settings: object) -> Spec:
    return ("Dense", {"units": units, "activation": activation, **settings})


def _filled(graph: Graph, values: dict[str, object]) -> Graph:
    """``graph`` with other values for some of its leaves, by id."""
    nodes = dict(graph.nodes)
    for leaf, value in values.items():
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=np.asarray(value, float))
    return graph.like(nodes)


def perceptron() -> Graph:
    """Two inputs, one neuron, its mean squared error."""
    graph = sequential([_dense(1, "tanh"), ("MSE", {})], (1, 2), SEED, "perceptron")
    return _filled(graph, {"x": [[0.5, -1.0]], "y": [[-1.0]]})


def logistic_regression() -> Graph:
    """Four points with two features, each with the answer 0 or 1."""
    specs = [_dense(1, "sigmoid"), ("BCE", {})]
    points = [[0.5, 1.0], [-1.0, 0.5], [1.5, -0.5], [-0.5, -1.0]]
    return _filled(
        sequential(specs, (4, 2), SEED, "logistic regression"),
        {"x": points, "y": [[1.0], [0.0], [1.0], [0.0]]},
    )


def _playground(width: int) -> Graph:
    """Two hidden layers as wide as that between two inputs and one answer of −1 or 1."""
    specs = [_dense(width, "tanh"), _dense(2 if width == 4 else width, "tanh"), _dense(1, "tanh")]
    name = f"{'2-4-2-1' if width == 4 else f'2-{width}-{width}-1'} network"
    return _filled(
        sequential([*specs, ("MSE", {})], (1, 2), SEED, name), {"x": [[0.8, -0.4]], "y": [[1.0]]}
    )


def sentiment() -> Graph:
    """The lecture's network for reviews as bags of words, five classes from bad to good."""
    specs: list[Spec] = [
        _dense(256, "relu"),
        ("Dropout", {"rate": 0.5}),
        _dense(256, "relu"),
        ("Dropout", {"rate": 0.5}),
        _dense(CLASSES, "softmax"),
        ("Cross-entropy", {}),
    ]
    rng = np.random.RandomState(SEED)
    shape = (LECTURE_BATCH, LECTURE_WORDS)
    words = (rng.random_sample(shape) < 0.05).astype(float)  # some 40 of the words in a review
    answers = rng.randint(0, CLASSES, LECTURE_BATCH)
    return _filled(sequential(specs, shape, SEED, "sentiment network"), {"x": words, "y": answers})


def attention_classifier() -> Graph:
    """Three sentences of up to six words, four features each; what is padding has no weight."""
    specs = [("Attention", {}), _dense(3, "softmax"), ("Cross-entropy", {})]
    graph = sequential(specs, (3, 6, 4), SEED, "attention classifier")
    lengths = np.array([6, 4, 2])
    mask = (np.arange(6) < lengths[:, None]).astype(float)[..., None]
    words = np.asarray(graph.nodes["x"].value) * mask
    return _filled(graph, {"x": words, "mask1": mask, "y": [0.0, 1.0, 2.0]})


def deep_sigmoid_chain() -> Graph:
    """Ten single neurons in a row: the gradient gets smaller with every one on its way back."""
    specs = [_dense(1, "sigmoid") for _ in range(10)]
    graph = sequential([*specs, ("MSE", {})], (1, 1), SEED, "deep sigmoid chain")
    return _filled(graph, {"x": [[1.0]], "y": [[1.0]]})


PRESETS: dict[str, Preset] = {
    "perceptron": Preset("One neuron on two inputs.", perceptron),
    "logistic regression": Preset(
        "One sigmoid neuron on four points, with binary cross-entropy.", logistic_regression
    ),
    "2-4-2-1": Preset("Two small hidden layers on two inputs.", lambda: _playground(4)),
    "2-8-8-1": Preset("Two wider hidden layers on two inputs.", lambda: _playground(8)),
    "sentiment 800-256-256-5": Preset(
        "The lecture's network for reviews: 272,133 parameters, a batch of 128.", sentiment
    ),
    "attention classifier": Preset(
        "Weighs the words of a sentence, without its padding, then chooses a class.",
        attention_classifier,
    ),
    "deep sigmoid chain": Preset(
        "Ten sigmoid neurons in a row: watch the gradient vanish.", deep_sigmoid_chain
    ),
}
