"""Listings that are written: what is read from them again is the same network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.graph.graph import Graph, Node
from engine.layers import add_layer, sequential, summary
from engine.layers.listing import read_listing
from engine.layers.presets import PRESETS
from engine.layers.source import keras, torch
from engine.ops.layers import ACTIVATIONS

LECTURE = """model = Sequential()
model.add(Dense(256, activation='relu', input_dim=800))
model.add(Dropout(0.5))
model.add(Dense(256, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(5, activation='softmax'))
model.compile(
    loss='categorical_crossentropy',
    optimizer='adam',
    metrics=['accuracy'],
)"""


def test_the_lecture_s_network_is_written_as_the_lecture_does():
    source = keras(PRESETS["sentiment"].build())
    assert source.text == LECTURE
    assert [line.node for line in source.lines] == [
        "", "dense", "dropout", "dense_2", "dropout_2", "dense_3",
        *["cross_entropy"] * 5,
    ]  # fmt: skip


def test_torch_s_lines_stand_for_the_layers_that_they_are_part_of():
    source = torch(sequential([("Dense", {"units": 3, "activation": "relu"})], (2, 4)))
    assert [(line.text.strip(), line.node) for line in source.lines] == [
        ("model = nn.Sequential(", ""),
        ("nn.Linear(4, 3),", "dense"),
        ("nn.ReLU(),", "dense"),
        (")", ""),
        ("x = torch.randn(2, 4)", "x"),
    ]


BENDS = st.sampled_from([a for a in ACTIVATIONS if a != "softmax"])
DENSE = st.builds(
    lambda units, bend, bias: ("Dense", {"units": units, "activation": bend, "bias": bias}),
    st.integers(1, 5), BENDS, st.booleans(),
)  # fmt: skip
BENT = st.builds(
    lambda name, slope: (
        "Activation",
        {"function": name, **({"slope": slope} if name == "leaky_relu" else {})},
    ),
    st.sampled_from([a for a in ACTIVATIONS if a not in ("linear", "softmax")]),
    st.sampled_from([0.1, 0.2, 0.01, 0.3]),
)
ANYWHERE = st.one_of(
    DENSE,
    BENT,
    st.builds(lambda rate: ("Dropout", {"rate": rate}), st.sampled_from([0.0, 0.25, 0.5])),
    st.builds(lambda e: ("BatchNorm", {"epsilon": e}), st.sampled_from([1e-3, 1e-5, 0.1])),
    st.builds(lambda e: ("LayerNorm", {"epsilon": e}), st.sampled_from([1e-3, 1e-5, 0.1])),
    st.just(("Softmax", {"axis": -1})),
    st.just(("Flatten", {})),
)
LOSS = st.sampled_from(
    [
        *((name, {}) for name in ("MSE", "MAE", "BCE", "BCE from scores")),
        *(
            (name, {"target": target})
            for name in ("Cross-entropy", "Cross-entropy from scores")
            for target in ("class", "one-hot")
        ),
    ]
)
CONV = st.builds(
    lambda filters, bend, padding: (
        "Conv2D",
        {"filters": filters, "size": 2, "activation": bend, "padding": padding},
    ),
    st.integers(1, 3), BENDS, st.sampled_from(["valid", "same"]),
)  # fmt: skip
POOL = st.builds(
    lambda stride: ("MaxPool", {"size": 2, "stride": stride}), st.sampled_from([None, 1])
)


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    """Chains of layers on features, on images or on words, mostly with a loss behind them."""
    batch, kind = draw(st.integers(1, 3)), draw(st.sampled_from(["features", "images", "words"]))
    begin, shape = [], (batch, draw(st.integers(1, 5)))
    if kind == "images":
        begin = [*draw(st.lists(CONV, min_size=1, max_size=2)), draw(POOL), ("Flatten", {})]
        shape = (batch, 6, 7, 2)
    elif kind == "words":
        begin = [("Embedding", {"words": 9, "features": 3}), ("Flatten", {})]
    layers = draw(st.lists(ANYWHERE, max_size=4))
    end = [("Dense", {"units": draw(st.integers(1, 4))})]
    loss = [draw(LOSS)] if draw(st.booleans()) else []
    return sequential([*begin, *layers, *end, *loss], shape, seed=1)


def outline(graph: Graph) -> list[tuple]:
    """Ops, attributes and shapes in order; not what was drawn."""
    return [(n.op, dict(n.attrs), np.shape(n.value)) for n in graph.nodes.values()]


def counts(graph: Graph) -> list[tuple]:
    return [(row.name, row.shape, row.count, row.kept) for row in summary(graph)]


@given(networks())
def test_keras_read_again_is_the_same_network(graph):
    source = keras(graph)
    assert not source.trouble
    again = read_listing(source.text).graph(len(graph.nodes["x"].value))
    assert outline(again) == outline(graph)
    assert counts(again) == counts(graph)


@given(networks())
def test_torch_read_again_has_the_same_layers_and_counts(graph):
    source = torch(graph)
    assert not source.trouble
    again = read_listing(source.text).graph()
    assert torch(again).text == source.text
    # a Linear and the activation behind it are one Dense, as in Keras
    named = [row for row in counts(graph) if row[0] not in ("Activation", "Softmax")]
    if "loss = " in source.text:
        assert outline(again)[-2:] == outline(graph)[-2:]
    assert [row for row in counts(again) if row[0] not in ("Activation", "Softmax")] == named
    assert np.shape(engine.trace(again).value(again.output)) == np.shape(
        engine.trace(graph).value(graph.output)
    )


@given(networks())
def test_the_torch_that_is_written_runs(graph):
    pytest.importorskip("torch")
    import torch as real

    lines = [line.text for line in torch(graph).lines if not line.text.startswith("loss")]
    names = {"torch": real, "nn": real.nn}
    exec("\n".join(lines), names)
    model = names["model"]
    ours = sum(row.count for row in summary(graph))
    assert sum(p.numel() for p in model.parameters()) == ours


def _skip() -> Graph:
    graph = sequential([("Dense", {"units": 4})], (2, 4))
    return add_layer(graph, "Add", sources=("x", graph.output))[0]


def _free() -> Graph:
    graph = sequential([("Dense", {"units": 4})], (2, 4))
    graph.apply("sum", graph.output)
    return graph


def _beside() -> Graph:
    graph = sequential([("Dense", {"units": 4})], (2, 4))
    return graph.like({**graph.nodes, "z": Node("z", "input", (), 1.0, "z")})


def _shared() -> Graph:
    graph = sequential([("Dense", {"units": 4}), ("Dense", {"units": 4})], (2, 4))
    nodes = dict(graph.nodes)
    nodes["dense_2"] = Node("dense_2", "dense", ("dense", "W1", "b1"))
    return graph.like(nodes)


@pytest.mark.parametrize(
    ("graph", "says", "node"),
    [
        (_skip(), "Add joins several inputs", "add"),
        (_free(), "is no layer", "sum"),
        (_beside(), "“z” stands outside", "z"),
        (_shared(), "shares its weights", "dense_2"),
        (PRESETS["attention"].build(), "what Attention does", "attention_pooling"),
        (Graph(), "no layers", ""),
        (engine.parse("f = a*b + 1"), "no layers", ""),
        (sequential([("Dense", {})], (3,)), "a batch of examples", "x"),
    ],
)  # fmt: skip
def test_what_is_no_chain_of_layers_says_where(graph, says, node):
    for source in (keras(graph), torch(graph)):
        assert says in source.trouble
        assert source.node == node
        assert source.lines == ()


def test_torch_keeps_channels_first_and_says_so():
    graph = sequential([("Conv2D", {}), ("Dense", {})], (1, 5, 5, 1))
    assert not keras(graph).trouble
    assert "put a Flatten before it" in torch(graph).trouble
