"""Networks to begin with: from the perceptron to the lecture's sentiment model and attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.layers.network import Spec, leaves_of, sequential
from engine.layers.table import ONE_HOT

SEED = 0
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
CHAIN_LENGTH = 8
SENTENCES, WORDS, FEATURES = 5, 6, 4  # of the attention classifier
VOCABULARY, REVIEWS, CLASSES = 800, 128, 5  # of the sentiment model
WORDS_IN_REVIEW = 0.02  # the share of the vocabulary that a review uses


class Preset(NamedTuple):
    """A network by name: what it is, in a sentence, and how it is made."""

    title: str
    says: str
    build: Callable[[], Graph]


def _with_targets(graph: Graph, values: dict[str, np.ndarray]) -> Graph:
    """``graph`` with these values of leaves, by id."""
    nodes = dict(graph.nodes)
    for leaf, value in values.items():
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=value)
    return graph.like(nodes)


def _on_xor(name: str, *layers: Spec) -> Graph:
    """A network for the four points of XOR."""
    graph = sequential([*layers, ("BCE", {})], XOR.shape, SEED, name)
    answers = (XOR[:, :1] != XOR[:, 1:]).astype(float)
    return _with_targets(graph, {"x": XOR, leaves_of(graph, graph.output)[0]: answers})


def _perceptron() -> Graph:
    return parse(
        "y = greater(w0*x0 + w1*x1 + w2, 0)", "perceptron", w0=1.0, w1=1.0, w2=-1.5, x0=1.0, x1=1.0
    )


def _dense(units: int, activation: str) -> Spec:
    return "Dense", {"units": units, "activation": activation}


def _sentiment() -> Graph:
    half = ("Dropout", {"rate": 0.5})
    graph = sequential(
        [
            _dense(256, "relu"),
            half,
            _dense(256, "relu"),
            half,
            _dense(CLASSES, "softmax"),
            ("Cross-entropy", {"target": ONE_HOT}),
        ],
        (REVIEWS, VOCABULARY),
        SEED,
        "sentiment network",
    )
    rng = np.random.RandomState(SEED)
    reviews = (rng.random_sample((REVIEWS, VOCABULARY)) < WORDS_IN_REVIEW).astype(float)
    ratings = np.eye(CLASSES)[rng.randint(0, CLASSES, REVIEWS)]
    return _with_targets(graph, {"x": reviews, leaves_of(graph, graph.output)[0]: ratings})


def _attention() -> Graph:
    graph = sequential(
        [("Attention", {}), _dense(2, "softmax"), ("Cross-entropy", {})],
        (SENTENCES, WORDS, FEATURES),
        SEED,
        "attention classifier",
    )
    lengths = np.arange(WORDS, WORDS - SENTENCES, -1)  # the last sentence is the shortest
    mask = (np.arange(WORDS) < lengths[:, None]).astype(float)[..., None]
    answers = np.random.RandomState(SEED).randint(0, 2, SENTENCES).astype(float)
    padding = leaves_of(graph, "attention_pooling")[-1]
    data = graph.nodes["x"].value * mask
    target = leaves_of(graph, graph.output)[0]
    return _with_targets(graph, {"x": data, padding: mask, target: answers})


def _chain() -> Graph:
    layers = [_dense(1, "sigmoid")] * CHAIN_LENGTH
    return sequential([*layers, ("MSE", {})], (1, 1), SEED, "deep sigmoid chain")


PRESETS: dict[str, Preset] = {
    "perceptron": Preset("Perceptron", "Adds up weighted inputs and fires above 0.", _perceptron),
    "logistic": Preset(
        "Logistic regression",
        "One neuron with a sigmoid: XOR is too much for it.",
        lambda: _on_xor("logistic regression", _dense(1, "sigmoid")),
    ),
    "2-4-2-1": Preset(
        "2-4-2-1",
        "Two small hidden layers, on the four points of XOR.",
        lambda: _on_xor("2-4-2-1", _dense(4, "tanh"), _dense(2, "tanh"), _dense(1, "sigmoid")),
    ),
    "2-8-8-1": Preset(
        "2-8-8-1",
        "Two hidden layers of eight neurons, on the four points of XOR.",
        lambda: _on_xor("2-8-8-1", _dense(8, "tanh"), _dense(8, "tanh"), _dense(1, "sigmoid")),
    ),
    "sentiment": Preset(
        "Sentiment 800-256-256-5",
        "The lecture's model of reviews: 800 words, five ratings, 128 at once.",
        _sentiment,
    ),
    "attention": Preset(
        "Attention classifier",
        "Weighs the words of a sentence before it classifies; padding is left out.",
        _attention,
    ),
    "chain": Preset(
        "Deep sigmoid chain",
        "Eight sigmoids in a row: watch the gradient vanish.",
        _chain,
    ),
}
