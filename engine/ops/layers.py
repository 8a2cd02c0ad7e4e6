"""The layers as ops of the table: each is its formula, and opens into it.

A layer's weights are inputs like any other, so the walk, the gradient check and the training
engine need to know nothing of layers.  Batches come first: x is batch × features.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import OpError
from engine.ops.composed import composed
from engine.ops.images import PADDINGS

LINEAR = "linear"
ACTIVATIONS = (
    LINEAR,
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "softplus",
    "silu",
    "gelu",
    "softmax",
)
BATCH = [[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]]
WEIGHTS = [[0.5, -1.0], [2.0, 0.75], [-0.3, 1.2]]
GROUP: dict[str, Any] = {"group": "Layers"}
THROUGH = r"G\text{ back through every op inside}"
EVERY_OP_INSIDE = "The gradient went back through every op inside; open the layer to see how."


def _activated(xp: Any, z: Any, activation: str) -> Any:
    return z if activation == LINEAR else getattr(xp, activation)(z)


composed(
    "dense",
    "x W b",
    lambda xp, x, W, b, activation: _activated(xp, x @ W + b, activation),
    attrs={"activation": LINEAR},
    choices={"activation": ACTIVATIONS},
    says="A layer of neurons: each adds up its weighted inputs and its bias.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(
        r"G'\,{W:5}^{\top}",
        r"{x:5}^{\top}\,G'",
        r"\textstyle\sum_{\text{rows}} G'",
    ),
    symbol="Dense",
    latex=r"\operatorname{dense}\left({x:0}, {W:0}, {b:0}\right)",
    samples=(
        (BATCH, WEIGHTS, [0.1, -0.2]),
        (BATCH, WEIGHTS, [0.1, -0.2], {"activation": "tanh"}),
        (BATCH, WEIGHTS, [0.1, -0.2], {"activation": "softmax"}),
        (BATCH[0], WEIGHTS, [0.1, -0.2], {"activation": "sigmoid"}),
    ),
    errors=((BATCH, BATCH, [0.1, 0.2]), (BATCH, WEIGHTS, [0.1, 0.2, 0.3])),
    **GROUP,
)

composed(
    "projection",
    "x W",
    lambda xp, x, W, activation: _activated(xp, x @ W, activation),
    attrs={"activation": LINEAR},
    choices={"activation": ACTIVATIONS},
    says="A layer of neurons without biases: each adds up its weighted inputs.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(r"G'\,{W:5}^{\top}", r"{x:5}^{\top}\,G'"),
    symbol="Dense",
    latex=r"\operatorname{dense}\left({x:0}, {W:0}\right)",
    samples=((BATCH, WEIGHTS), (BATCH, WEIGHTS, {"activation": "tanh"})),
    errors=((BATCH, BATCH),),
    **GROUP,
)


def _dropout(xp: Any, x: Any, mask: Any, rate: float, training: bool) -> Any:
    """Inverted: what is kept is scaled up, so that evaluation has nothing to correct."""
    if not 0 <= rate < 1:
        raise OpError(f"dropout needs a rate from 0 to below 1, not {rate!r}.")
    return x * mask / (1 - rate) if training else xp.identity(x)


composed(
    "dropout",
    "x mask",
    _dropout,
    attrs={"rate": 0.5, "training": True},
    differentiable=(True, False),
    says="While training, sets the numbers that the mask leaves out to 0 and scales up the rest.",
    gradient_says="The same mask: numbers that were left out receive nothing.",
    rule=(r"G \odot \text{mask} / (1 - \text{rate})", ""),
    symbol="Dropout",
    latex=r"\operatorname{dropout}\left({x:0}, {mask:0}\right)",
    samples=(
        (BATCH, [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]),
        (BATCH, [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]], {"rate": 0.25}),
        (BATCH, [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]], {"training": False}),
    ),
    errors=((BATCH, [[1.0, 0.0]]), (BATCH, BATCH, {"rate": 1.0})),
    **GROUP,
)


def _normalised(xp: Any, x: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    return (x - mean) / xp.sqrt(variance + epsilon)


def _layer_norm(xp: Any, x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    mean = xp.mean(x, axes=-1, keepdims=True)
    variance = xp.mean(xp.square(x - mean), axes=-1, keepdims=True)
    return gamma * _normalised(xp, x, mean, variance, epsilon) + beta


composed(
    "layer_norm",
    "x gamma beta",
    _layer_norm,
    attrs={"epsilon": 1e-5},
    says="Brings each row to mean 0 and variance 1, then scales and shifts it.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(
        THROUGH,
        r"\textstyle\sum_{\text{rows}} G \odot \hat{x}",
        r"\textstyle\sum_{\text{rows}} G",
    ),
    symbol="LayerNorm",
    latex=r"\operatorname{layernorm}\left({x:0}, {gamma:0}, {beta:0}\right)",
    samples=((BATCH, [1.0, 0.5, 2.0], [0.0, 0.1, -0.1]),),
    errors=((BATCH, [1.0, 0.5], [0.0, 0.1]),),
    **GROUP,
)


def _batch_norm(
    xp: Any,
    x: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
    epsilon: float,
    training: bool,
) -> Any:
    if training:  # over the batch, and over all places of an image
        axes = tuple(range(max(1, len(x.shape) - 1)))
        mean = xp.mean(x, axes=axes, keepdims=True)
        variance = xp.mean(xp.square(x - mean), axes=axes, keepdims=True)
    return gamma * _normalised(xp, x, mean, variance, epsilon) + beta


composed(
    "batch_norm",
    "x gamma beta mean variance",
    _batch_norm,
    attrs={"epsilon": 1e-5, "training": True},
    differentiable=(True, True, True, False, False),
    says="Brings each feature to mean 0 and variance 1 over the batch, then scales and shifts it.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(
        THROUGH,
        r"\textstyle\sum_{\text{rows}} G \odot \hat{x}",
        r"\textstyle\sum_{\text{rows}} G",
        "",
        "",
    ),
    symbol="BatchNorm",
    latex=(
        r"\operatorname{batchnorm}\left({x:0}, {gamma:0}, {beta:0}, {mean:0}, {variance:0}\right)"
    ),
    samples=(
        (BATCH, [1.0, 0.5, 2.0], [0.0, 0.1, -0.1], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
        (
            BATCH,
            [1.0, 0.5, 2.0],
            [0.0, 0.1, -0.1],
            [0.3, -0.2, 0.0],
            [1.0, 4.0, 0.25],
            {"training": False},
        ),
    ),
    errors=((BATCH, [1.0, 0.5], [0.0, 0.1], [0.0, 0.0], [1.0, 1.0]),),
    **GROUP,
)

LEFT_OUT = -1e9  # the score of padding: its weight after softmax is exactly 0


def _attention_pooling(xp: Any, x: Any, w: Any, b: Any, mask: Any, axis: int) -> Any:
    scores = xp.where(mask, xp.tanh(x @ w + b), LEFT_OUT)
    weights = xp.softmax(scores, axis=axis)
    return xp.sum(x * weights, axes=1)


_IMAGES = np.sin(np.arange(50.0)).reshape(1, 5, 5, 2)
_KERNEL = np.cos(np.arange(16.0)).reshape(2, 2, 2, 2)
_WORDS = np.sin(np.arange(24.0)).reshape(2, 3, 4)
_SCORER = [[0.5], [-1.0], [0.25], [2.0]]

composed(
    "attention_pooling",
    "x w b mask",
    _attention_pooling,
    attrs={"axis": 1},
    differentiable=(True, True, True, False),
    says="Scores every word, turns the scores into weights, and adds up the words by weight.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(THROUGH, THROUGH, THROUGH, ""),
    symbol="Attention",
    latex=r"\operatorname{attention}\left({x:0}, {w:0}, {b:0}, {mask:0}\right)",
    samples=(
        (_WORDS, _SCORER, [0.1], np.ones((2, 3, 1))),
        (_WORDS, _SCORER, [-0.4], [[[1.0], [1.0], [0.0]], [[1.0], [0.0], [0.0]]]),
    ),
    errors=(
        (_WORDS, _SCORER[:2], [0.1], np.ones((2, 3, 1))),
        (_WORDS, _SCORER, [0.1], np.ones((2, 2, 1))),
    ),
    **GROUP,
)

composed(
    "conv_layer",
    "x kernel b",
    lambda xp, x, kernel, b, stride, padding, activation: _activated(
        xp, xp.conv2d(x, kernel, stride=stride, padding=padding) + b, activation
    ),
    attrs={"stride": 1, "padding": "valid", "activation": LINEAR},
    choices={"padding": PADDINGS, "activation": ACTIVATIONS},
    says="A layer of neurons that all look through the same small window, place by place.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(THROUGH, THROUGH, THROUGH),
    symbol="Conv2D",
    latex=r"\operatorname{conv2d}\left({x:0}, {kernel:0}, {b:0}\right)",
    samples=(
        (_IMAGES, _KERNEL, [0.1, -0.2]),
        (_IMAGES, _KERNEL, [0.1, -0.2], {"activation": "tanh", "padding": "same", "stride": 2}),
    ),
    errors=((_IMAGES, _KERNEL, [0.1, 0.2, 0.3]), (BATCH, _KERNEL, [0.1, -0.2])),
    **GROUP,
)

composed(
    "conv_unbiased",
    "x kernel",
    lambda xp, x, kernel, stride, padding, activation: _activated(
        xp, xp.conv2d(x, kernel, stride=stride, padding=padding), activation
    ),
    attrs={"stride": 1, "padding": "valid", "activation": LINEAR},
    choices={"padding": PADDINGS, "activation": ACTIVATIONS},
    says="A layer of neurons without biases that all look through the same small window.",
    gradient_says=EVERY_OP_INSIDE,
    rule=(THROUGH, THROUGH),
    symbol="Conv2D",
    latex=r"\operatorname{conv2d}\left({x:0}, {kernel:0}\right)",
    samples=(
        (_IMAGES, _KERNEL),
        (_IMAGES, _KERNEL, {"activation": "tanh", "padding": "same", "stride": 2}),
    ),
    errors=((BATCH, _KERNEL),),
    **GROUP,
)

composed(
    "embedding",
    "ids table",
    lambda xp, ids, table: xp.take(table, ids),
    differentiable=(False, True),
    says="Looks up the row of each word in a table of learned numbers.",
    gradient_says="Each row that was looked up receives the upstream gradients of its words.",
    rule=("", r"G\text{ at the rows of the words, 0 elsewhere}"),
    symbol="Embedding",
    latex=r"{table:5}\left[{ids:0}\right]",
    domain="whole numbers of words that the table holds",
    samples=(([2, 0, 2], WEIGHTS), ([[0, 1], [2, 2]], WEIGHTS)),
    errors=(([0.0], 2.0),),
    **GROUP,
)

composed(
    "flatten",
    "x",
    lambda xp, x: xp.reshape(x, shape=(x.shape[0] if x.shape else 1, -1)),
    says="Writes each example of the batch as one row of numbers.",
    gradient_says="The upstream gradient is arranged back in the old shape.",
    rule=(r"\operatorname{reshape}\left(G\right)",),
    symbol="Flatten",
    latex=r"\operatorname{flatten}\left({x:0}\right)",
    onnx="Flatten",
    samples=((_IMAGES,), (BATCH,)),
    **GROUP,
)
