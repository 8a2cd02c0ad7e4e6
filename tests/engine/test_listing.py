"""Listings of Keras and PyTorch: read without being run; what is not understood has its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.layers import summary
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
model.fit(x_train, y_train,
          epochs=50,
          batch_size=128)
model.evaluate(x_test, y_test)
"""


def counts(text: str, batch: int = 2) -> list[int]:
    return [row.count for row in summary(read_listing(text).graph(batch))]


def test_the_lecture_s_listing_is_its_network():
    listing = read_listing(LECTURE)
    assert [name for (name, _), _ in listing.layers] == [
        "Dense", "Dropout", "Dense", "Dropout", "Dense",
    ]  # fmt: skip
    assert [line for _, line in listing.layers] == [6, 7, 8, 9, 10]
    assert (listing.shape, listing.optimiser) == ((800,), "adam")
    assert listing.loss == ("Cross-entropy", {"target": "one-hot"})
    assert counts(LECTURE) == [205_056, 0, 65_792, 0, 1_285, 0]
    assert (listing.epochs, listing.batch) == (50, 128)
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


def test_functions_and_initialisers_go_by_their_names():
    text = """
m = Sequential()
m.add(Dense(3, activation=tf.nn.relu, kernel_initializer=HeNormal(), input_dim=2))
m.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True), optimizer=Adam(0.01))
"""
    listing = read_listing(text)
    assert listing.layers[0][0][1]["activation"] == "relu"
    assert listing.layers[0][0][1]["init"] == "he_normal"
    assert (listing.loss, listing.optimiser) == (("BCE from scores", {}), "adam")
    torch = "m = nn.Sequential(nn.Linear(2, 3))\nloss = nn.CrossEntropyLoss()"
    assert read_listing(torch).loss == ("Cross-entropy from scores", {})


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("m = nn.Sequential(nn.Linear(2, 3),\n nn.Linear(4, 5))", 2, "expects 4 inputs"),
        ("m = Sequential()\nm.add(Dense(0, input_dim=2))", 2, "at least 1"),
        ("m = Sequential()\nm.add(Dense(1000000, input_dim=800))", 2, "801,000,000 numbers"),
        ("m = Sequential([Dense(4)])", 1, "how many inputs"),
        ("m = Sequential()\nm.add(Dense(9, input_dim=2))\nm.fit(batch_size=99999999)", 1, "batch"),
        ("m = Sequential()\nm.add(Dense(4000, input_dim=4000))\nm.add(Dense(4000))", 3, "limit"),
    ],
)
def test_a_network_that_cannot_be_is_told_with_its_line_before_it_is_made(text, line, says):
    with pytest.raises(ListingError) as caught:
        read_listing(text).graph()
    assert caught.value.line == line
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("model = Sequential()\nfor k in range(3):\n    pass", 2, "this is a for"),
        ("model = Sequential()\nmodel.add(Dens(4))", 2, "did you mean Dense?"),
        ("model = Sequential()\nmodel.add(Dense(4, activaton='relu'))", 2, "mean activation?"),
        ("model = Sequential()\nmodel.add(Dense(n))", 2, "nothing is computed"),
        ("model = Sequential(", 1, "not Python"),
        ("model = Sequential()\nmodel.fit(x, y, epochs=0)", 2, "epochs is a whole number"),
        ("model = Sequential()\nmodel.frob(x, y)", 2, "“frob” is not understood"),
        ("class Net(nn.Module):\n    pass", 1, "this is a classdef"),
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
