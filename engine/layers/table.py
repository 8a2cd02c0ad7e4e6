"""The table of layers, in the order of the palette."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import EngineError
from engine.graph.graph import CONSTANT, INPUT
from engine.layers.initialisers import INITIALISERS
from engine.layers.layer import FIRST_CLASS, MASK, Layer, Settings, Weight, whole_setting
from engine.ops.layers import ACTIVATIONS, LINEAR
from engine.ops.op import Shape, shape_text

CLASS, ONE_HOT = "class", "one-hot"  # how a target says which class is right
INIT = {"init": tuple(INITIALISERS)}
LAYERS: dict[str, Layer] = {}


def layer(name: str, says: str, op: str | Callable[[Settings], str], **fields: Any) -> None:
    """Put one kind of layer into the table."""
    LAYERS[name] = Layer(name, says, op if callable(op) else lambda settings: op, **fields)


def _features(name: str, shape: Shape, rank: int = 2, words: str = "batch×features") -> int:
    if len(shape) != rank:
        raise EngineError(f"{name} needs {words}; it is given {shape_text(shape)}.")
    return shape[-1]


def _dense(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    if not shape:
        raise EngineError("Dense needs batch×features; it is given a scalar.")
    units = whole_setting("Dense", "units", settings["units"])
    weight = Weight("W", "W", (shape[-1], units), settings["init"])
    bias = (Weight("b", "b", (units,)),) if settings["bias"] else ()
    return weight, *bias


layer(
    "Dense",
    "Neurons that each add up all weighted inputs and a bias, then bend the sum.",
    lambda settings: "dense" if settings["bias"] else "projection",
    settings={"units": 4, "activation": LINEAR, "bias": True, "init": "glorot_uniform"},
    choices={"activation": ACTIVATIONS, **INIT},
    attrs=lambda settings: {"activation": settings["activation"]},
    weights=_dense,
)
layer(
    "Activation",
    "Bends every number by itself.",
    lambda settings: settings["function"],
    settings={"function": "relu", "slope": 0.1},
    choices={"function": tuple(a for a in ACTIVATIONS if a not in (LINEAR, "softmax"))},
    attrs=lambda settings: (
        {"slope": settings["slope"]} if settings["function"] == "leaky_relu" else {}
    ),
)
layer(
    "Dropout",
    "While training, leaves out a part of the numbers at random.",
    "dropout",
    settings={"rate": 0.5, "training": True},
    attrs=lambda settings: {"rate": settings["rate"], "training": settings["training"]},
    weights=lambda settings, shape: (Weight("mask", "mask", shape, MASK, CONSTANT),),
)
layer(
    "Softmax",
    "Turns scores into probabilities that add up to 1.",
    "softmax",
    settings={"axis": -1},
    attrs=lambda settings: {"axis": settings["axis"]},
)


def _scale_and_shift(shape: Shape) -> tuple[Weight, Weight]:
    features = (shape[-1],) if shape else ()
    return Weight("gamma", "γ", features, "ones"), Weight("beta", "β", features)


layer(
    "BatchNorm",
    "Brings each feature to mean 0 and variance 1 over the batch, then scales and shifts it.",
    "batch_norm",
    settings={"epsilon": 1e-5, "training": True},
    attrs=lambda settings: dict(settings),
    weights=lambda settings, shape: (
        *_scale_and_shift(shape),
        Weight("mean", "mean", shape[-1:], "zeros", CONSTANT),
        Weight("variance", "var", shape[-1:], "ones", CONSTANT),
    ),
    kept=("mean", "variance"),
)
layer(
    "LayerNorm",
    "Brings each row to mean 0 and variance 1, then scales and shifts it.",
    "layer_norm",
    settings={"epsilon": 1e-5},
    attrs=lambda settings: dict(settings),
    weights=lambda settings, shape: _scale_and_shift(shape),
)
layer(
    "Flatten",
    "Writes each image, or each sentence, as one row of numbers.",
    "flatten",
)


def _embedding(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    words = whole_setting("Embedding", "words", settings["words"])
    features = whole_setting("Embedding", "features", settings["features"])
    return (Weight("table", "E", (words, features), settings["init"]),)


layer(
    "Embedding",
    "Looks up a row of learned numbers for each word.",
    "embedding",
    settings={"words": 100, "features": 8, "init": "uniform"},
    choices=INIT,
    weights=_embedding,
)


def _conv(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    channels = _features("Conv2D", shape, 4, "batch×height×width×channels")
    filters = whole_setting("Conv2D", "filters", settings["filters"])
    size = whole_setting("Conv2D", "pixels in its window's width", settings["size"])
    kernel = Weight("kernel", "K", (size, size, channels, filters), settings["init"])
    bias = (Weight("b", "b", (filters,)),) if settings["bias"] else ()
    return kernel, *bias


layer(
    "Conv2D",
    "Looks at every place of an image through the same small window of weights.",
    lambda settings: "conv_layer" if settings["bias"] else "conv_unbiased",
    settings={
        "filters": 4,
        "size": 3,
        "stride": 1,
        "padding": "valid",
        "activation": LINEAR,
        "bias": True,
        "init": "glorot_uniform",
    },
    choices={"padding": ("valid", "same"), "activation": ACTIVATIONS, **INIT},
    attrs=lambda settings: {k: settings[k] for k in ("stride", "padding", "activation")},
    weights=_conv,
    example=(1, 8, 8, 1),
)
layer(
    "MaxPool",
    "Keeps the largest number of each window of an image.",
    "max_pool",
    settings={"size": 2, "stride": None},
    example=(1, 8, 8, 1),
    attrs=lambda settings: dict(settings),
)


def _attention(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    features = _features("Attention", shape, 3, "batch×words×features")
    return (
        Weight("w", "w", (features, 1), settings["init"]),
        Weight("b", "b", (1,)),
        Weight("mask", "mask", (*shape[:2], 1), "ones", CONSTANT),
    )


layer(
    "Attention",
    "Scores every word, turns the scores into weights, and adds up the words by weight.",
    "attention_pooling",
    settings={"axis": 1, "init": "glorot_uniform"},
    choices=INIT,
    attrs=lambda settings: {"axis": settings["axis"]},
    weights=_attention,
    example=(1, 4, 3),
)
layer(
    "Concatenate",
    "Puts its inputs side by side.",
    "concat",
    attrs=lambda s: {"axis": -1},
    several=True,
)
layer("Add", "Adds its inputs: a skip around other layers.", "add", several=True)


def _target(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    return (Weight("target", "y", shape, "zeros", INPUT),)


def _class(settings: Settings, shape: Shape) -> tuple[Weight, ...]:
    if not shape:
        raise EngineError("A cross-entropy needs rows of classes; it is given a scalar.")
    if settings["target"] == ONE_HOT:
        return (Weight("target", "y", shape, FIRST_CLASS, INPUT),)
    return (Weight("target", "y", shape[:-1], "zeros", INPUT),)


BY_TARGET: dict[str, Any] = {
    "settings": {"target": CLASS},
    "choices": {"target": (CLASS, ONE_HOT)},
    "weights": _class,
}
layer("MSE", "The mean of the squared errors.", "mse", weights=_target)
layer("MAE", "The mean of the absolute errors.", "mae", weights=_target)
layer("BCE", "How surprised probabilities are by answers of 0 and 1.", "bce", weights=_target)
layer("BCE from scores", "Sigmoid and BCE in one, safely.", "bce_from_logits", weights=_target)
layer(
    "Cross-entropy", "How surprised probabilities are by the classes.", "cross_entropy", **BY_TARGET
)
layer(
    "Cross-entropy from scores",
    "Softmax and cross-entropy in one, safely.",
    "cross_entropy_from_logits",
    **BY_TARGET,
)
