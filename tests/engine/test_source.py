"""A network as code: what is written is read as the same network again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.graph.graph import Graph
from engine.layers import summary
from engine.layers.listing import read_listing
from engine.layers.network import add_layer, sequential
from engine.layers.presets import PRESETS
from engine.layers.source import keras, torch

activations = st.sampled_from(
    ["linear", "sigmoid", "tanh", "relu", "softmax", "elu", "gelu", "silu", "softplus"]
)
dense = st.builds(
    lambda units, activation, bias: (
        "Dense",
        {"units": units, "activation": activation, "bias": bias},
    ),
    st.integers(1, 5),
    activations,
    st.booleans(),
)
others = st.sampled_from(
    [
        ("Dropout", {"rate": 0.25}),
        ("LayerNorm", {}),
        ("BatchNorm", {"epsilon": 0.001}),
        ("Softmax", {}),
        ("Activation", {"function": "relu"}),
        ("Activation", {"function": "leaky_relu", "slope": 0.2}),
        ("Flatten", {}),
    ]
)
losses = st.sampled_from(
    [("MSE", {}), ("MAE", {}), ("BCE", {}), ("BCE from scores", {}),
     ("Cross-entropy", {}), ("Cross-entropy", {"target": "one-hot"}),
     ("Cross-entropy from scores", {})]
)  # fmt: skip
shapes = st.sampled_from([(2, 3), (3, 4, 2), (1, 1)])


@given(dense | others, st.lists(dense | others, max_size=4), dense, losses, shapes)
def test_keras_is_read_as_the_network_that_was_written(first, layers, last, loss, shape):
    graph = sequential([first, *layers, last, loss], shape)
    again = read_listing(keras(graph).text).graph(shape[0])
    assert [n.op for n in again.nodes.values()] == [n.op for n in graph.nodes.values()]
    assert [dict(n.attrs) for n in again.nodes.values() if not n.leaf] == [
        dict(n.attrs) for n in graph.nodes.values() if not n.leaf
    ]
    assert [np.shape(n.value) for n in again.leaves()] == [
        np.shape(n.value) for n in graph.leaves()
    ]


@given(st.lists(dense | others, max_size=5), st.sampled_from([(2, 3), (1, 1)]))
def test_pytorch_is_read_as_as_many_parameters(layers, shape):
    graph = sequential([("Dense", {"units": 3}), *layers], shape)
    again = read_listing(torch(graph).text).graph(shape[0])
    assert _counts(again) == _counts(graph)
    walk, other = engine.trace(graph), engine.trace(again)
    assert np.shape(walk.value(walk.output)) == np.shape(other.value(other.output))


def _counts(graph: Graph) -> list[int]:
    return [row.count for row in summary(graph) if row.count]


def test_a_line_knows_its_node():
    source = keras(PRESETS["sentiment"].build())
    assert source.missing == ""
    assert [line.node for line in source.lines[1:6]] == [
        "dense", "dropout", "dense_2", "dropout_2", "dense_3",
    ]  # fmt: skip
    assert source.lines[1].text == "model.add(Dense(256, activation='relu', input_dim=800))"


IMAGES = [
    ("Conv2D", {"filters": 4, "size": 3, "activation": "relu"}),
    ("MaxPool", {}),
    ("Flatten", {}),
    ("Dense", {"units": 10}),
]


def test_images_and_words_are_written_too():
    graph = sequential(IMAGES, (1, 8, 8, 1))
    assert _counts(read_listing(keras(graph).text).graph(1)) == _counts(graph)
    words = sequential([("Embedding", {}), ("Flatten", {}), ("Dense", {"units": 2})], (2, 5))
    assert _counts(read_listing(keras(words).text).graph(2)) == _counts(words)
    assert "nn.Conv2d(1, 4, 3)" in torch(graph).text


def test_what_a_listing_cannot_hold_is_said():
    source = keras(PRESETS["attention"].build())
    assert "Attention" in source.missing
    assert any(line.text == "# Attention" for line in source.lines)
    assert "layers behind an input" in keras(Graph()).missing
    assert "no layer" in keras(engine.parse("w*x")).missing
    skip = sequential([("Dense", {"units": 2}), ("Dense", {"units": 2})], (1, 2))
    skip, _ = add_layer(skip, "Add", sources=["dense", "dense_2"])
    assert "chain" in keras(skip).missing


@pytest.mark.parametrize("write", [keras, torch])
def test_torch_counts_the_same_parameters(write):
    nn = pytest.importorskip("torch", reason="torch is an extra and is not installed here").nn
    layers = [
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 10),
    ]  # fmt: skip
    ours = sequential(IMAGES, (1, 8, 8, 1))
    read = read_listing(write(ours).text)
    read.shape = (8, 8, 1)
    theirs = sum(p.numel() for layer in layers for p in layer.parameters())
    assert sum(row.count for row in summary(read.graph(1))) == theirs
