"""Activations: elementwise composites that bend a straight line.

Each is defined by simpler ops and carries its slope as a shortcut; ``value`` is given where the
definition would overflow or cancel.
"""

from __future__ import annotations

import math
from typing import Any

from engine.errors import OpError
from engine.ops.op import declare

SQRT_2, SQRT_2PI, SQRT_2_OVER_PI = math.sqrt(2), math.sqrt(2 * math.pi), math.sqrt(2 / math.pi)
AROUND_ZERO = ((1.0,), ([-30.0, -0.5, 0.0, 2.0],), ([-1000.0, 1000.0],))

declare(
    "sigmoid",
    "x",
    formula=lambda xp, x: 1 / (1 + xp.exp(-x)),
    local=lambda xp, y, x: (y * (1 - y),),
    says="Squashes any number into (0, 1).",
    gradient_says="The slope of σ is y(1 − y), at most ¼.",
    symbol="σ",
    latex=r"\sigma\left({x:0}\right)",
    kind="activation",
    group="Activations",
    aliases=("σ", "logistic"),
    torch="sigmoid",
    onnx="Sigmoid",
    samples=AROUND_ZERO,
)

declare(
    "tanh",
    "x",
    formula=lambda xp, x: 2 * xp.sigmoid(2 * x) - 1,
    value=lambda xp, x: xp.tanh(x),
    local=lambda xp, y, x: (1 - y * y,),
    says="Squashes any number into (−1, 1), with 0 staying 0.",
    gradient_says="The slope of tanh is 1 − y², at most 1.",
    symbol="tanh",
    latex=r"\tanh\left({x:0}\right)",
    kind="activation",
    group="Activations",
    torch="tanh",
    onnx="Tanh",
    samples=AROUND_ZERO,
)

declare(
    "relu",
    "x",
    formula=lambda xp, x: xp.where(xp.greater(x, 0.0), x, 0.0),
    value=lambda xp, x: xp.maximum(x, 0.0),
    local=lambda xp, y, x: (xp.greater(x, 0.0),),
    says="Lets positive numbers pass and turns negative ones into 0.",
    gradient_says="The upstream gradient passes where the input was positive and stops elsewhere.",
    symbol="ReLU",
    latex=r"\operatorname{ReLU}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    tie="the slope at 0 is 0",
    torch="relu",
    onnx="Relu",
    samples=AROUND_ZERO,
)

declare(
    "leaky_relu",
    "x",
    attrs={"slope": 0.1},
    attr_aliases={"negative_slope": "slope", "alpha": "slope"},
    formula=lambda xp, x, slope: xp.where(xp.greater(x, 0.0), x, slope * x),
    local=lambda xp, y, x, slope: (xp.where(xp.greater(x, 0.0), 1.0, slope),),
    says="Lets positive numbers pass and makes negative ones small instead of 0.",
    gradient_says="The upstream gradient passes where the input was positive; elsewhere it is "
    "multiplied by the slope.",
    symbol="LReLU",
    latex=r"\operatorname{LeakyReLU}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    tie="at 0 the slope is that of the negative side",
    torch="nn.functional.leaky_relu",
    onnx="LeakyRelu",
    samples=(*AROUND_ZERO, ([-2.0, 3.0], {"slope": 0.01})),
)

declare(
    "elu",
    "x",
    attrs={"alpha": 1.0},
    # x − relu(x) is min(x, 0) with all of its slope at 0 on the negative side.
    formula=lambda xp, x, alpha: xp.relu(x) + alpha * (xp.exp(x - xp.relu(x)) - 1),
    value=lambda xp, x, alpha: xp.where(
        xp.greater(x, 0.0), x, alpha * xp.expm1(xp.minimum(x, 0.0))
    ),
    local=lambda xp, y, x, alpha: (
        xp.where(xp.greater(x, 0.0), 1.0, alpha * xp.exp(xp.minimum(x, 0.0))),
    ),
    says="Lets positive numbers pass and bends negative ones smoothly towards −α.",
    gradient_says="The slope is 1 where the input was positive and α·eˣ elsewhere.",
    symbol="ELU",
    latex=r"\operatorname{ELU}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    tie="at 0 the slope is that of the negative side, α",
    torch="nn.functional.elu",
    onnx="Elu",
    samples=(*AROUND_ZERO, ([-2.0, 0.0, 3.0], {"alpha": 0.5})),
)

declare(
    "softplus",
    "x",
    formula=lambda xp, x: xp.log(1 + xp.exp(x)),
    value=lambda xp, x: xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.absolute(x))),
    local=lambda xp, y, x: (1 / (1 + xp.exp(-x)),),
    says="A smooth ReLU: nearly 0 for negative numbers, nearly x for positive ones.",
    gradient_says="The slope of softplus is σ(x).",
    symbol="softplus",
    latex=r"\operatorname{softplus}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    torch="nn.functional.softplus",
    onnx="Softplus",
    samples=AROUND_ZERO,
)


def _silu_local(xp: Any, y: Any, x: Any) -> tuple:
    s = 1 / (1 + xp.exp(-x))
    return (s * (1 + x * (1 - s)),)


declare(
    "silu",
    "x",
    formula=lambda xp, x: x * xp.sigmoid(x),
    value=lambda xp, x: x / (1 + xp.exp(-x)),
    local=_silu_local,
    says="Multiplies a number by its own sigmoid: a ReLU with a soft dip below 0.",
    gradient_says="The slope of x·σ(x) is σ(x)·(1 + x·(1 − σ(x))).",
    symbol="SiLU",
    latex=r"\operatorname{SiLU}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    aliases=("swish",),
    torch="nn.functional.silu",
    onnx="Swish",
    samples=AROUND_ZERO,
)


GELU_FORMS = ("none", "tanh")


def _exact(approximate: str) -> bool:
    if approximate not in GELU_FORMS:
        raise OpError(f'gelu knows approximate="none" and "tanh", not {approximate!r}.')
    return approximate == "none"


def _bend(x: Any) -> Any:
    """The argument of tanh in GELU's approximation."""
    return SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x))


def _gelu_formula(xp: Any, x: Any, approximate: str) -> Any:
    if _exact(approximate):
        return 0.5 * x * (1 + xp.erf(x / SQRT_2))
    return 0.5 * x * (1 + xp.tanh(_bend(x)))


def _gelu(xp: Any, x: Any, approximate: str) -> Any:
    """Without the cancellation of 1 + erf and of 1 + tanh = 2σ(2·) where x is very negative."""
    if _exact(approximate):
        return 0.5 * x * xp.erfc(-x / SQRT_2)
    return x / (1 + xp.exp(-2 * _bend(x)))


def _gelu_local(xp: Any, y: Any, x: Any, approximate: str) -> tuple:
    if _exact(approximate):
        return (0.5 * xp.erfc(-x / SQRT_2) + x * xp.exp(-0.5 * x * x) / SQRT_2PI,)
    s = 1 / (1 + xp.exp(-2 * _bend(x)))
    steepness = 2 * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x)
    return (s + x * s * (1 - s) * steepness,)


declare(
    "gelu",
    "x",
    attrs={"approximate": "none"},
    choices={"approximate": GELU_FORMS},
    formula=_gelu_formula,
    value=_gelu,
    local=_gelu_local,
    says="Multiplies a number by the share of a bell curve that lies below it.",
    gradient_says="The slope is Φ(x) + x·φ(x): the share below x plus x times the bell's height.",
    symbol="GELU",
    latex=r"\operatorname{GELU}\left({x:0}\right)",
    kind="activation",
    group="Activations",
    torch="nn.functional.gelu",
    onnx="Gelu",
    samples=(*AROUND_ZERO, ([-30.0, -0.5, 0.0, 2.0], {"approximate": "tanh"})),
)
