"""Elementwise ops: one number in, one number out, whatever the shape.

``local`` is the tuple of local gradients; the walk multiplies them by the upstream gradient.
Activations, elementwise too, have ``activations.py`` to themselves.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from engine.ops.op import COMPARE, POWER, PRODUCT, SIGN, SUM, declare

PAIRS = ((1.5, -2.0), ([1.0, 2.0], 3.0), ([[1.0], [2.0]], [3.0, 4.0]))
UNEQUAL = (([1.0, 2.0], [1.0, 2.0, 3.0]),)

# arithmetic ---------------------------------------------------------------------------------

declare(
    "add",
    "a b",
    value=lambda xp, a, b: a + b,
    local=lambda xp, y, a, b: (1.0, 1.0),
    says="Adds its two inputs.",
    gradient_says="An addition hands the upstream gradient on to both inputs unchanged.",
    symbol="+",
    text="{a:1} + {b:2}",
    latex="{a:1} + {b:2}",
    level=SUM,
    torch="add",
    onnx="Add",
    samples=PAIRS,
    errors=UNEQUAL,
)

declare(
    "sub",
    "a b",
    formula=lambda xp, a, b: a + -b,
    value=lambda xp, a, b: a - b,
    local=lambda xp, y, a, b: (1.0, -1.0),
    says="Takes its second input away from its first.",
    gradient_says="The first input receives the upstream gradient, the second one its negative.",
    symbol="−",
    text="{a:1} - {b:2}",
    latex="{a:1} - {b:2}",
    level=SUM,
    aliases=("subtract",),
    torch="sub",
    onnx="Sub",
    samples=PAIRS,
    errors=UNEQUAL,
)

declare(
    "mul",
    "a b",
    value=lambda xp, a, b: a * b,
    local=lambda xp, y, a, b: (b, a),
    says="Multiplies its two inputs, number by number.",
    gradient_says="Each input receives the upstream gradient times the other input.",
    symbol="×",
    text="{a:2}*{b:3}",
    latex=r"{a:2} {b:4}",
    level=PRODUCT,
    aliases=("multiply",),
    torch="mul",
    onnx="Mul",
    samples=PAIRS,
    errors=UNEQUAL,
)

declare(
    "div",
    "a b",
    formula=lambda xp, a, b: a * (1 / b),
    value=lambda xp, a, b: a / b,
    local=lambda xp, y, a, b: (1.0 / b, -y / b),
    says="Divides its first input by its second.",
    gradient_says="The upstream gradient is multiplied by 1/b for the top and by −a/b² = −y/b for "
    "the bottom, y being the output.",
    symbol="÷",
    text="{a:2}/{b:3}",
    latex=r"\frac{{a:0}}{{b:0}}",
    level=PRODUCT,
    aliases=("divide",),
    domain="b ≠ 0",
    torch="div",
    onnx="Div",
    samples=PAIRS,
    errors=UNEQUAL,
)

declare(
    "neg",
    "x",
    value=lambda xp, x: -x,
    local=lambda xp, y, x: (-1.0,),
    says="Turns the sign around.",
    gradient_says="The sign of the upstream gradient turns around.",
    symbol="×−1",
    text="-{x:3}",
    latex="-{x:3}",
    level=SIGN,
    aliases=("negative",),
    torch="neg",
    onnx="Neg",
    samples=((1.5,), ([-1.0, 0.0, 2.0],)),
)

declare(
    "identity",
    "x",
    value=lambda xp, x: x * 1.0,
    local=lambda xp, y, x: (1.0,),
    says="Passes its input on, under a name of its own.",
    gradient_says="The upstream gradient passes through unchanged.",
    symbol="=",
    text="identity({x:0})",
    latex="{x:5}",
    torch="clone",
    onnx="Identity",
    samples=((1.5,), ([-1.0, 0.0, 2.0],)),
)

declare(
    "reciprocal",
    "x",
    value=lambda xp, x: 1.0 / x,
    local=lambda xp, y, x: (-(y * y),),
    says="Takes one divided by its input.",
    gradient_says="The upstream gradient is multiplied by −1/x² = −y², y being the output.",
    symbol="1/x",
    text="1/{x:3}",
    latex=r"\frac{1}{{x:0}}",
    level=PRODUCT,
    domain="x ≠ 0",
    torch="reciprocal",
    onnx="Reciprocal",
    samples=((1.5,), ([-1.0, 0.5, 2.0],), (0.0,)),
)

# powers and functions -----------------------------------------------------------------------


def _pow_local(xp: Any, y: Any, a: Any, b: Any) -> tuple:
    of_base = xp.where(xp.equal(b, 0), 0.0, b * xp.power(a, b - 1))
    of_exponent = xp.where(xp.equal(a, 0) * (b >= 0), 0.0, y * xp.log(a))
    return of_base, of_exponent


declare(
    "pow",
    "a b",
    value=lambda xp, a, b: xp.power(a, b),
    local=_pow_local,
    says="Raises its first input to the power of its second.",
    gradient_says="The base receives the upstream gradient times b·aᵇ⁻¹, the exponent aᵇ·ln a.",
    symbol="xʸ",
    text="{a:5}^{b:4}",
    latex="{a:5}^{{b:0}}",
    level=POWER,
    group="Functions",
    aliases=("power",),
    tie="0⁰ = 1; the slope of the base is 0 where the exponent is 0, that of the exponent is 0 "
    "where the base is 0 and the exponent is not negative",
    domain="a > 0, or a = 0 with b ≥ 0, or a < 0 with a whole b (then b has no gradient)",
    torch="pow",
    onnx="Pow",
    samples=((2.0, 3.0), ([1.5, 2.0], 0.5), ([[1.0], [2.0]], [3.0, -4.0]), ([0.0, 0.0], [0.0, 2])),
    errors=UNEQUAL,
)

declare(
    "square",
    "x",
    formula=lambda xp, x: x * x,
    local=lambda xp, y, x: (2 * x,),
    says="Multiplies its input by itself.",
    gradient_says="The slope of x² is 2x.",
    symbol="x²",
    text="{x:5}²",
    latex="{x:5}^{2}",
    level=POWER,
    group="Functions",
    torch="square",
    samples=((-1.5,), ([-1.0, 0.0, 3.0],)),
)

declare(
    "sqrt",
    "x",
    value=lambda xp, x: xp.sqrt(x),
    local=lambda xp, y, x: (0.5 / y,),
    says="Takes the square root.",
    gradient_says="The slope of √x is 1/(2√x) = 0.5/y: steep near zero, flat for large x.",
    symbol="√",
    latex=r"\sqrt{{x:0}}",
    group="Functions",
    tie="the slope at 0 is infinite",
    domain="x ≥ 0, for a gradient x > 0",
    torch="sqrt",
    onnx="Sqrt",
    samples=((2.0,), ([0.25, 1.0, 9.0],), ([0.0, -1.0],)),
)

declare(
    "exp",
    "x",
    value=lambda xp, x: xp.exp(x),
    local=lambda xp, y, x: (y,),
    says="Raises e to the power of its input.",
    gradient_says="The local gradient of eˣ is eˣ itself, the output y.",
    symbol="exp",
    text="exp({x:0})",
    latex="e^{{x:0}}",
    level=POWER,
    group="Functions",
    torch="exp",
    onnx="Exp",
    samples=((1.0,), ([-30.0, 0.0, 2.0],), ([-1000.0, 1000.0],)),
)

declare(
    "log",
    "x",
    value=lambda xp, x: xp.log(x),
    local=lambda xp, y, x: (1.0 / x,),
    says="Takes the natural logarithm: the power that e needs to give the input.",
    gradient_says="The slope of ln x is 1/x.",
    symbol="ln",
    text="ln({x:0})",
    latex=r"\ln\left({x:0}\right)",
    group="Functions",
    aliases=("ln",),
    domain="x > 0; ln 0 is −∞",
    torch="log",
    onnx="Log",
    samples=((2.0,), ([0.25, 1.0, 9.0],), ([0.0, -1.0],)),
)

declare(
    "abs",
    "x",
    value=lambda xp, x: xp.absolute(x),
    local=lambda xp, y, x: (xp.sign(x),),
    says="Drops the sign: the distance from zero.",
    gradient_says="The upstream gradient passes for positive inputs and turns its sign around for "
    "negative ones.",
    symbol="|x|",
    latex=r"\left|{x:0}\right|",
    group="Functions",
    aliases=("absolute",),
    tie="the slope at 0 is 0",
    torch="abs",
    onnx="Abs",
    samples=((-1.5,), ([-1.0, 0.0, 3.0],)),
)

declare(
    "sin",
    "x",
    value=lambda xp, x: xp.sin(x),
    local=lambda xp, y, x: (xp.cos(x),),
    says="Takes the sine of an angle in radians.",
    gradient_says="The slope of sin x is cos x.",
    symbol="sin",
    latex=r"\sin\left({x:0}\right)",
    group="Functions",
    torch="sin",
    onnx="Sin",
    samples=((1.0,), ([-3.0, 0.0, 3.0],)),
)

declare(
    "cos",
    "x",
    value=lambda xp, x: xp.cos(x),
    local=lambda xp, y, x: (-xp.sin(x),),
    says="Takes the cosine of an angle in radians.",
    gradient_says="The slope of cos x is −sin x.",
    symbol="cos",
    latex=r"\cos\left({x:0}\right)",
    group="Functions",
    torch="cos",
    onnx="Cos",
    samples=((1.0,), ([-3.0, 0.0, 3.0],)),
)

declare(
    "erf",
    "x",
    value=lambda xp, x: xp.erf(x),
    local=lambda xp, y, x: (2 / math.sqrt(math.pi) * xp.exp(-(x * x)),),
    says="The error function: the share of a bell curve that lies within ±x·√2 of its middle.",
    gradient_says="The slope of erf is a bell curve, 2/√π · e^(−x²).",
    symbol="erf",
    latex=r"\operatorname{erf}\left({x:0}\right)",
    group="Functions",
    torch="erf",
    onnx="Erf",
    samples=((0.5,), ([-2.0, 0.0, 1.0],), ([-1000.0, 1000.0],)),
)

# choices ------------------------------------------------------------------------------------


def _winners(xp: Any, y: Any, *inputs: Any) -> tuple:
    """1 for the input that won, 0 for the others; winners that tie share the 1 evenly."""
    wins = [xp.equal(x, y) for x in inputs]
    count = sum(wins)
    return tuple(win / count for win in wins)


declare(
    "max",
    "a…",
    value=lambda xp, *inputs: reduce(xp.maximum, inputs),
    local=_winners,
    says="Takes the largest of its inputs.",
    gradient_says="The largest input receives the whole upstream gradient, the others nothing.",
    symbol="max",
    latex=r"\max\left({a:0}\right)",
    group="Functions",
    aliases=("maximum",),
    tie="inputs that tie share the gradient evenly: max(a, a) gives ½ and ½",
    torch="maximum",
    onnx="Max",
    samples=(*PAIRS, (2.0,), (2.0, 2.0), ([1.0, 5.0], [4.0, 2.0], [3.0, 5.0])),
    errors=UNEQUAL,
)

declare(
    "min",
    "a…",
    value=lambda xp, *inputs: reduce(xp.minimum, inputs),
    local=_winners,
    says="Takes the smallest of its inputs.",
    gradient_says="The smallest input receives the whole upstream gradient, the others nothing.",
    symbol="min",
    latex=r"\min\left({a:0}\right)",
    group="Functions",
    aliases=("minimum",),
    tie="inputs that tie share the gradient evenly: min(a, a) gives ½ and ½",
    torch="minimum",
    onnx="Min",
    samples=(*PAIRS, (2.0,), (2.0, 2.0), ([1.0, 5.0], [4.0, 2.0], [3.0, 2.0])),
    errors=UNEQUAL,
)

declare(
    "greater",
    "a b",
    value=lambda xp, a, b: xp.greater(a, b),
    local=lambda xp, y, a, b: (0.0, 0.0),
    differentiable=(False, False),
    says="Answers 1 where its first input is larger than its second, else 0.",
    gradient_says="A comparison is flat on both sides of its jump: no gradient flows through it.",
    symbol=">",
    latex="{a:1} > {b:1}",
    level=COMPARE,
    group="Functions",
    tie="equal inputs give 0",
    torch="greater",
    onnx="Greater",
    samples=(*PAIRS, (2.0, 2.0)),
    errors=UNEQUAL,
)

declare(
    "where",
    "condition a b",
    value=lambda xp, condition, a, b: xp.where(condition, a, b),
    local=lambda xp, y, condition, a, b: (
        0.0,
        xp.where(condition, 1.0, 0.0),
        xp.where(condition, 0.0, 1.0),
    ),
    differentiable=(False, True, True),
    says="Takes its second input where the condition is not 0, else its third.",
    gradient_says="The input that was taken receives the upstream gradient, the other one nothing.",
    symbol="if",
    latex=r"\operatorname{where}\left({condition:0},\, {a:0},\, {b:0}\right)",
    group="Functions",
    torch="where",
    onnx="Where",
    samples=(
        (1.0, 2.0, 3.0),
        ([True, False], [1.0, 2.0], 3.0),
        ([[1.0], [0.0]], [1.0, 2.0], [3.0, 4.0]),
    ),
    errors=(([1.0, 0.0], [1.0, 2.0, 3.0], 0.0),),
)
