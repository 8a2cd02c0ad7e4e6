"""Four levels of one network: the same values and gradients, element by element."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import edits
from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.levels import LEVELS, NEURONS, PRIMITIVES, TENSORS, Opened, open_composites
from engine.layers.network import Spec, sequential
from engine.run.walk import Walk

XOR_NET: list[Spec] = [
    ("Dense", {"units": 8, "activation": "tanh"}),
    ("Dense", {"units": 8, "activation": "tanh"}),
    ("Dense", {"units": 1, "activation": "sigmoid"}),
    ("BCE", {}),
]


def seen_at(graph: Graph, level: str) -> Opened:
    """Every op that can be, marked to be seen at ``level``."""
    nodes = {
        i: n if n.leaf else msgspec.structs.replace(n, opened=level) for i, n in graph.nodes.items()
    }
    return open_composites(graph.like(nodes))


def everything(opened: Opened, like: Walk, what: str) -> dict[str, np.ndarray]:
    """Values or gradients of the tensors of the document, put together again."""
    walk = engine.trace(opened.graph)
    read = getattr(walk, what)
    found = {}
    for node in like.nodes:
        shape = np.shape(getattr(like, what)(node))
        if node in opened.graph.nodes:
            found[node] = np.asarray(read(node))
        elif node in opened.cells:
            elements = opened.cells[node].ids.ravel().tolist()
            if all(i in opened.graph.nodes for i in elements):  # none inside a neuron
                found[node] = opened.cells[node].gather(shape, read)
    return found


def assert_the_same(graph: Graph, level: str) -> Opened:
    walk, opened = engine.trace(graph), seen_at(graph, level)
    for what in ("value", "gradient"):
        found = everything(opened, walk, what)
        assert {n.id for n in graph.leaves() if n.op != "constant"} <= set(found)
        for node, array in found.items():
            want = getattr(walk, what)(node)
            np.testing.assert_allclose(array, want, rtol=1e-12, atol=1e-12, err_msg=node)
    return opened


widths = st.integers(1, 4)
activations = st.sampled_from(["linear", "sigmoid", "tanh", "relu", "softmax", "gelu"])
dense = st.builds(
    lambda units, activation, bias: (
        "Dense",
        {"units": units, "activation": activation, "bias": bias},
    ),
    widths,
    activations,
    st.booleans(),
)
others = st.sampled_from(
    [
        ("Dropout", {"rate": 0.5}),
        ("LayerNorm", {}),
        ("BatchNorm", {}),
        ("Softmax", {}),
        ("Activation", {"function": "leaky_relu"}),
        ("Flatten", {}),
    ]
)
losses = st.sampled_from([("MSE", {}), ("MAE", {}), ("BCE from scores", {}), ("Cross-entropy", {})])


@given(
    layers=st.lists(dense | others, min_size=1, max_size=4),
    loss=losses,
    batch=st.integers(1, 3),
    features=widths,
    level=st.sampled_from(LEVELS),
)
def test_every_level_of_a_network_has_the_same_values_and_gradients(
    layers, loss, batch, features, level
):
    softmax_last = layers[-1][1].get("activation") == "softmax" or layers[-1][0] == "Softmax"
    if loss[0] == "Cross-entropy" and not softmax_last:
        loss = ("MSE", {})
    assert_the_same(sequential([*layers, loss], (batch, features), seed=3), level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 2)])
def test_attention_comes_apart_too(level: str, shape: tuple[int, ...]):
    graph = sequential([("Attention", {}), ("Dense", {"units": 2})], shape, seed=1)
    opened = assert_the_same(graph, level)
    assert not opened.refused


@pytest.mark.parametrize("level", LEVELS)
def test_gradients_at_every_level_are_those_of_torch(level: str):
    torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    graph = sequential(
        [
            ("Dense", {"units": 3, "activation": "tanh"}),
            ("Dense", {"units": 2, "activation": "softmax"}),
            ("Cross-entropy", {}),
        ],
        (4, 2),
        seed=5,
    ).with_values({"y": [0.0, 1.0, 1.0, 0.0]})
    leaves = {
        n.name: torch.tensor(np.asarray(n.value, float), requires_grad=n.name != "y")
        for n in graph.leaves()
    }
    hidden = torch.tanh(leaves["x"] @ leaves["W1"] + leaves["b1"])
    loss = torch.nn.functional.cross_entropy(
        hidden @ leaves["W2"] + leaves["b2"], leaves["y"].detach().long()
    )
    loss.backward()
    found = everything(seen_at(graph, level), engine.trace(graph), "gradient")
    for name in ("x", "W1", "b1", "W2", "b2"):
        np.testing.assert_allclose(found[name], leaves[name].grad.numpy(), rtol=1e-10, atol=1e-14)


def test_the_network_of_two_times_eight_neurons():
    graph = sequential(XOR_NET, (1, 2), seed=0)
    neurons = assert_the_same(graph, NEURONS)
    assert len(neurons.weights) == 2 * 8 + 8 * 8 + 8
    assert len(neurons.biases) == 17
    weights = {neurons.weights[wire] for wire in neurons.weights}
    assert weights <= neurons.inside.keys()
    primitives = seen_at(graph, PRIMITIVES)
    # products, as many sums (the bias is one), activations; weights, biases, x and y; the loss
    in_layers = 88 + 88 + 17 + 105 + 2
    assert sum(len(f.members) for f in primitives.frames if f.op != "bce") == in_layers - 2


def test_a_weight_of_a_neuron_is_that_of_the_matrix():
    graph = sequential([("Dense", {"units": 2})], (1, 3), seed=2)
    opened = seen_at(graph, NEURONS)
    ends = opened.cells["dense"].ids.tolist()
    sources = opened.cells["x"].ids.tolist()
    matrix = graph.nodes["W1"].value
    for i, source in enumerate(sources):
        for j, end in enumerate(ends):
            assert opened.graph.nodes[opened.weights[source, end]].value == matrix[i, j]


def test_what_has_no_single_elements_stays_a_tensor_and_says_why():
    graph = sequential(
        [("Embedding", {"words": 3, "features": 2}), ("Flatten", {}), ("Dense", {"units": 2})],
        (2, 4),
        seed=1,
    )
    opened = assert_the_same(graph, PRIMITIVES)
    assert list(opened.refused) == ["embedding"]
    assert "take" in opened.refused["embedding"]


@pytest.mark.parametrize("level", [NEURONS, PRIMITIVES])
def test_a_level_that_nobody_could_read_is_refused_at_once(level: str):
    graph = sequential([("Dense", {"units": 256})], (128, 800), seed=0)
    with pytest.raises(EngineError, match=level):
        edits.show_level(graph, level)


def test_showing_a_level_and_the_first_again_changes_nothing():
    graph = sequential(XOR_NET, (1, 2), seed=0)
    graph.positions = dict.fromkeys(graph.nodes, (1.0, 2.0))
    seen = graph
    for level in (TENSORS, NEURONS, PRIMITIVES):
        seen = edits.show_level(seen, level)
        assert edits.level_shown(seen) == level
        assert not seen.positions
    assert edits.show_level(seen, "") == graph


def test_one_layer_alone_can_be_seen_as_neurons():
    graph = sequential(XOR_NET, (3, 2), seed=0)
    seen = edits.show_level(graph, NEURONS, ["dense_2"])
    assert edits.level_shown(seen) is None
    opened = open_composites(seen)
    assert [f.node for f in opened.frames] == ["dense_2"]
    walk, before = engine.trace(opened.graph), engine.trace(graph)
    for node in ("x", "W1", "dense", "bce"):
        np.testing.assert_allclose(walk.gradient(node), before.gradient(node), rtol=1e-12)
