"""Listings of Keras and PyTorch: read without being run; what is not understood has its line."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.layers import summary
from engine.layers.forms import KERAS, TORCH
from engine.layers.listing import ListingError, read_listing

LECTURE = """
from keras.models import Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Dense(256, activation='relu', input_dim=800))  # bag of words
model.add(Dropout(0.5))
model.add(Dense(256, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(5, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()
"""


def counts(text: str, batch: int = 2) -> list[int]:
    return [row.count for row in summary(read_listing(text).graph(batch))]


def test_the_lecture_s_listing_is_its_network():
    listing = read_listing(LECTURE)
    assert [name for (name, _), _ in listing.layers] == [
        "Dense", "Dropout", "Dense", "Dropout", "Dense",
    ]  # fmt: skip
    assert [line for _, line in listing.layers] == [6, 7, 8, 9, 10]
    assert (listing.shape, listing.loss, listing.optimiser) == (
        (800,),
        ("Cross-entropy", {"target": "one-hot"}),
        "adam",
    )
    assert counts(LECTURE) == [205_056, 0, 65_792, 0, 1_285, 0]
    assert engine.trace(listing.graph(2)).value("cross_entropy") > 0


def test_pytorch_and_keras_say_the_same():
    torch = """
import torch.nn as nn
model = nn.Sequential(
    nn.Linear(4, 8), nn.Tanh(),
    nn.Linear(8, 3, bias=False),
    nn.Softmax(dim=-1),
)
"""
    keras = """
model = keras.Sequential([
    keras.Input(shape=(4,)),
    layers.Dense(8, activation="tanh"),
    layers.Dense(3, use_bias=False),
    layers.Softmax(),
])
"""
    assert sum(counts(torch)) == sum(counts(keras)) == 4 * 8 + 8 + 8 * 3


def test_images_and_words():
    images = """
m = Sequential([Conv2D(8, (3, 3), activation='relu', input_shape=(28, 28, 1)),
                MaxPooling2D((2, 2)), Flatten(), Dense(10, activation='softmax')])
"""
    assert [n for n in counts(images) if n] == [3 * 3 * 8 + 8, 13 * 13 * 8 * 10 + 10]
    words = "m = Sequential([Embedding(1000, 16, input_length=5), Flatten(), Dense(1)])"
    assert [n for n in counts(words) if n] == [16_000, 5 * 16 + 1]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("model = Sequential()\nfor k in range(3):\n    pass", 2, "this is a for"),
        ("model = Sequential()\nmodel.add(Dens(4))", 2, "did you mean Dense?"),
        ("model = Sequential()\nmodel.add(Dense(4, activaton='relu'))", 2, "mean activation?"),
        ("model = Sequential()\nmodel.add(Dense(n))", 2, "write one above, such as n = 8"),
        ("model = Sequential()\nmodel.add(Dense(len(x)))", 2, "plain numbers and words"),
        ("model = Sequential()\nmodel.add(Dense(8 // 0))", 2, "plain numbers and words"),
        ("model = Sequential(", 1, "not Python"),
        ("model = Sequential()\nmodel.load(x, y)", 2, "“load” is not understood"),
        ("import torch.nn as nn\n\nclass Net(nn.Module):\n    pass", 3, "this is a class"),
        ("def build():\n    pass", 1, "this is a function"),
        ("x = Input(shape=(4,))\ny = Dense(3)(x)", 1, "“Input” is not understood"),
        ("y = Dense(3)(x)", 1, "called with another layer"),
        ("m = Sequential()\nm = Sequential()", 2, "a second network"),
        ("m = Sequential([Dense(4, input_dim=2.5)])", 1, "whole numbers"),
        ("m = Sequential([Dense(4, input_dim=2)])\nm.fit(x, y, epochs=0)", 2, "at least 1, not 0"),
        ("m = Sequential([Dense(4, 'rleu', input_dim=2)])", 1, "no activation 'rleu'"),
        ("m = Sequential([Dense(4, kernel_initializer='he')])", 1, "no initialiser 'he'"),
        ("m = nn.Sequential(nn.Linear(2, 3))\nloss = nn.NLLLoss()", 2, "logarithms"),
        ("m = nn.Sequential(nn.ELU(alpha=2.0))", 1, "alpha=1"),
        ("", 1, "no layers"),
        ("import os\nos.system('ls')", 2, "“system” is not understood"),
        ("m = Sequential([Dense(4, input_dim=2), Conv2D(3, (3, 5))])", 1, "not square"),
        ("m = Sequential()\nm.add(Dense(4))\nm.compile(loss='hinge')", 3, "no loss 'hinge'"),
    ],
)
def test_what_is_not_understood_has_its_line(text, line, says):
    with pytest.raises(ListingError) as caught:
        read_listing(text)
    assert caught.value.line == line
    assert says in str(caught.value)


def test_a_layer_that_cannot_be_has_its_line():
    text = "m = Sequential()\nm.add(Dense(4, input_dim=2))\nm.add(Conv2D(3, 3))"
    with pytest.raises(ListingError) as caught:
        read_listing(text).graph()
    assert caught.value.line == 3
    with pytest.raises(ListingError, match="add input_dim"):
        read_listing("m = Sequential([Dense(4)])").graph()


@given(st.text() | st.text("model.add(Dense)[]=,'0 \n").map("m = Sequential()\n".__add__))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ListingError):
        assert read_listing(text).layers


NOTEBOOK = """
# a whole notebook
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models

np.random.seed(7)
epochs, width = 50, 16
units = 64
"""

WHOLE = """
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(7)
units = 64
opt = tf.keras.optimizers.RMSprop(learning_rate=0.01)
model = tf.keras.models.Sequential()   # begin

model.add(tf.keras.layers.Dense(units=units, activation=tf.nn.relu, input_shape=(20,),
                                kernel_initializer=tf.keras.initializers.HeNormal()))
model.add(layers.LeakyReLU(0.1))
model.add(layers.Dense(1, activation="sigmoid", bias_initializer="zeros"))
model.compile(opt, loss=tf.keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=50, batch_size=128, validation_data=(x_test, y_test))
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(model.predict(x_test[:3]))
model.summary()
"""


def test_a_whole_listing_is_read_with_its_training():
    listing = read_listing(WHOLE)
    assert [name for (name, _), _ in listing.layers] == ["Dense", "Activation", "Dense"]
    assert listing.layers[0][0][1]["init"] == "he_normal"
    assert listing.layers[1] == (("Activation", {"function": "leaky_relu", "slope": 0.1}), 12)
    assert (listing.loss, listing.optimiser) == (("BCE from scores", {}), "rmsprop")
    assert (listing.epochs, listing.batch_size) == (50, 128)
    assert listing.graph().nodes["x"].value.shape == (128, 20)


def test_numbers_with_names_and_their_arithmetic_are_read():
    network = """
x = torch.randn(1, 1, 28, 28)
model = nn.Sequential(
    nn.Conv2d(1, width, 5, bias=False), nn.Flatten(),
    nn.Linear(width * 24 * 24, units // 2), nn.Linear(units - 32, epochs - 40),
)
"""
    assert counts(NOTEBOOK + network, 1) == [400, 0, 9216 * 32 + 32, 330]


def test_names_that_do_not_meet_their_values_are_not_read():
    with pytest.raises(ListingError) as caught:
        read_listing(NOTEBOOK.replace("50, 16", "50, 16, 3"))
    assert caught.value.line == 8


@pytest.mark.parametrize(
    "layers",
    [
        "layers=[Dense(3, input_dim=2)]",
        "OrderedDict([('one', nn.Linear(2, 3))])",
        "nn.Sequential(nn.Linear(2, 3))",
        "[InputLayer(shape=(2,)), Dense(units=3, name='one')]",
    ],
)
def test_a_sequence_is_written_in_several_ways(layers):
    assert counts(f"model = Sequential({layers})") == [9]


@pytest.mark.parametrize(
    ("bend", "function"),
    [
        ("'relu'", "relu"),
        ("tf.nn.relu", "relu"),
        ("nn.ReLU()", "relu"),
        ("keras.activations.swish", "silu"),
        ("LeakyReLU(0.1)", "leaky_relu"),
        ("None", "linear"),
    ],
)
def test_activations_as_words_functions_and_classes(bend, function):
    (((_, settings), _),) = read_listing(f"m = Sequential([Dense(3, {bend})])").layers
    assert settings["activation"] == function


def test_another_slope_than_ours_is_a_layer_of_its_own():
    layers = read_listing("m = Sequential([Dense(3, 'leaky_relu')])").layers
    assert [spec for spec, _ in layers][1] == (
        "Activation", {"function": "leaky_relu", "slope": 0.2},
    )  # fmt: skip


def test_linear_layers_that_do_not_meet_have_their_line():
    listing = read_listing("m = nn.Sequential(\n nn.Linear(4, 8),\n nn.ReLU(),\n nn.Linear(7, 2))")
    with pytest.raises(
        ListingError, match="this layer expects 7 features and is given 8"
    ) as caught:
        listing.graph()
    assert caught.value.line == 4


def test_batch_normalisation_keeps_numbers_that_are_not_trained():
    row = summary(read_listing("m = Sequential([BatchNormalization(input_dim=6)])").graph(2))[0]
    assert (row.count, row.kept) == (12, 12)


@pytest.mark.parametrize(
    ("text", "batch", "line", "says"),
    [
        ("m = Sequential([Dense(0, input_dim=3)])", 1, 1, "at least 1, not 0"),
        ("m = Sequential([Dense(1000000, input_dim=800)])", 1, 1, "801,000,000 numbers (6,408 MB)"),
        ("m = Sequential([Dense(3, input_dim=0)])", 1, 1, "at least 1, not (0,)"),
        ("m = Sequential([Dense(3, input_dim=10**9)])", 1, 1, "plain numbers and words"),
        ("m = Sequential([Dense(3, input_dim=1000000000)])", 1, 1, "1,000,000,000 numbers"),
        ("m = Sequential([Dense(4000, input_dim=4000),\nDense(4000),\nDense(4000),\nDense(4000)])",
         1, 4, "64,036,000 numbers (512 MB)"),
        ("m = Sequential([Dense(4000, input_dim=4),\nDense(40)])", 100_000, 1, "the limit is"),
        ("m = Sequential([Dense(400, input_dim=4),\nDropout(0.5)])", 49_000, 2, "smaller batch"),
        ("m = Sequential([Conv2D(2, 5, input_shape=(4, 4, 1))])", 1, 1, "conv"),
        ("m = Sequential([Dropout(1.5, input_shape=(4,))])", 1, 1, "from 0 to below 1"),
        ("m = Sequential([Dropout('much', input_shape=(4,))])", 1, 1, "a number for rate"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_said_before_anything_is_drawn(text, batch, line, says):
    with pytest.raises(ListingError) as caught:
        read_listing(text).graph(batch)
    assert caught.value.line == line
    assert says in str(caught.value)


_ANYTHING = st.sampled_from(
    ["3", "0", "-1", "0.5", "1e999", "None", "True", "'same'", "'relu'", "(2, 2)", "[]", "{}", "()",
     "(3,)", "n", "x[0]", "f()", "tf.nn.relu", "b'x'", "(1, (2, 3))", "lambda: 1", "-x", "..."]
)  # fmt: skip
_LAYER = st.sampled_from([*KERAS, *(f"nn.{name}" for name in TORCH)])
_WORDS = st.sampled_from(
    ["", "units=", "activation=", "rate=", "input_dim=", "input_shape=", "kernel_initializer=",
     "padding=", "strides=", "stride=", "dim=", "axis=", "epsilon=", "p=", "alpha=", "eps="]
)  # fmt: skip


@given(
    st.lists(
        st.tuples(_LAYER, st.lists(st.tuples(_WORDS, _ANYTHING), max_size=3)),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_any_arguments_are_built_or_refused(layers):
    calls = (f"{name}({', '.join(w + a for w, a in given)})" for name, given in layers)
    text = f"m = Sequential([Input(shape=(6, 6, 2)), {', '.join(calls)}])"
    with contextlib.suppress(ListingError):
        assert read_listing(text).graph(2).output


TORCH_MODELS = [
    ("nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3, bias=False)",
     (5, 4)),
    ("nn.Linear(6, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 2), nn.Softmax(dim=1)", (3, 6)),
    ("nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), "
     "nn.Conv2d(4, 3, 3, padding=1), nn.Flatten(), nn.Linear(48, 7)", (2, 2, 10, 10)),
    ("nn.Conv2d(1, 2, 5, stride=2), nn.GELU(), nn.Flatten(), nn.Linear(50, 3)", (2, 1, 13, 13)),
    ("nn.Embedding(11, 3), nn.Flatten(), nn.Linear(12, 2)", (2, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shape"), TORCH_MODELS)
def test_torch_counts_the_same_parameters_and_shapes(layers, shape):
    torch = pytest.importorskip("torch")
    model = eval(f"nn.Sequential({layers})", {"nn": torch.nn})
    words = "Embedding" in layers
    text = f"m = nn.Sequential({layers})\nx = torch.{'randint(11, ' if words else 'randn('}{shape})"
    graph = read_listing(text).graph()
    rows = summary(graph)
    assert sum(r.count for r in rows) == sum(p.numel() for p in model.parameters())
    moving = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert sum(r.kept for r in rows) == moving
    x = torch.randint(0, 11, shape) if words else torch.randn(shape)
    assert rows[-1].shape == tuple(model(x).shape)


SIZED_LATER = [
    ("nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), "
     "nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 5 * 5, 120), nn.ReLU(), "
     "nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)", (28, 28, 1)),
    ("nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 15 * 15, 5)",
     (32, 32, 3)),
    ("nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(4 * 8 * 8, 7)", (10, 10, 2)),
    ("nn.Embedding(100, 16), nn.Flatten(), nn.Linear(160, 2)", (10,)),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shape"), SIZED_LATER)
def test_the_size_of_images_and_sentences_follows_from_a_later_layer(layers, shape):
    torch = pytest.importorskip("torch")
    model = eval(f"nn.Sequential({layers})", {"nn": torch.nn})
    listing = read_listing(f"m = nn.Sequential({layers})")
    assert listing.shape == shape
    rows = summary(listing.graph())
    assert sum(r.count for r in rows) == sum(p.numel() for p in model.parameters())


def test_images_of_no_size_are_told_how_to_say_it():
    for last in ("", ", nn.Flatten(), nn.Linear(7, 2)"):
        text = f"m = nn.Sequential(nn.Conv2d(3, 8, 3){last})"
        with pytest.raises(ListingError, match=r"large the images are: add x = torch.randn\(1, 3"):
            read_listing(text).graph()
    with pytest.raises(ListingError, match=r"add input_shape=\(32, 32, 3\)"):
        read_listing("m = Sequential([Conv2D(8, 3)])").graph()


def test_batch_normalisation_of_images_agrees_with_torch():
    torch = pytest.importorskip("torch")
    graph = read_listing(
        "m = nn.Sequential(nn.BatchNorm2d(3))\nx = torch.randn(2, 3, 4, 5)"
    ).graph()
    x = torch.tensor(graph.nodes["x"].value.transpose(0, 3, 1, 2))
    theirs = torch.nn.BatchNorm2d(3, dtype=torch.float64)(x).detach().numpy()
    ours = engine.trace(graph).value(graph.output)
    np.testing.assert_allclose(ours, theirs.transpose(0, 2, 3, 1), atol=1e-12)
