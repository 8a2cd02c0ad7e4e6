"""Elementwise ops: one number in, one number out, whatever the shape.

``local`` is the tuple of local gradients; the walk multiplies them by the upstream gradient.
"""

from __future__ import annotations

from engine.ops.op import ATOM, POWER, PRODUCT, SIGN, SUM, declare

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
    samples=((1.5, -2.0), ([1.0, 2.0], 3.0), ([[1.0], [2.0]], [3.0, 4.0])),
    errors=(([1.0, 2.0], [1.0, 2.0, 3.0]),),
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
    torch="mul",
    onnx="Mul",
    samples=((2.0, -1.0), ([1.0, -2.0], 3.0), ([[1.0], [2.0]], [3.0, 4.0])),
    errors=(([1.0, 2.0], [1.0, 2.0, 3.0]),),
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
    torch="neg",
    onnx="Neg",
    samples=((1.5,), ([-1.0, 0.0, 2.0],)),
)

declare(
    "reciprocal",
    "x",
    value=lambda xp, x: 1.0 / x,
    local=lambda xp, y, x: (-(y * y),),
    says="Takes one divided by its input.",
    gradient_says="The upstream gradient is multiplied by −1/x².",
    symbol="1/x",
    text="1/{x:3}",
    latex=r"\frac{1}{{x:0}}",
    level=PRODUCT,
    domain="x ≠ 0",
    torch="reciprocal",
    onnx="Reciprocal",
    samples=((1.5,), ([-1.0, 0.5, 2.0],)),
)

declare(
    "exp",
    "x",
    value=lambda xp, x: xp.exp(x),
    local=lambda xp, y, x: (y,),
    says="Raises e to the power of its input.",
    gradient_says="The local gradient of eˣ is eˣ itself, the output.",
    symbol="exp",
    text="exp({x:0})",
    latex="e^{{x:0}}",
    level=POWER,
    group="Functions",
    torch="exp",
    onnx="Exp",
    samples=((1.0,), ([-30.0, 0.0, 2.0],)),
)

declare(
    "sigmoid",
    "x",
    formula=lambda xp, x: 1 / (1 + xp.exp(-x)),
    local=lambda xp, y, x: (y * (1 - y),),
    says="Squashes any number into (0, 1).",
    gradient_says="The slope of σ is y(1 − y), at most ¼.",
    symbol="σ",
    text="sigmoid({x:0})",
    latex=r"\sigma\left({x:0}\right)",
    level=ATOM,
    kind="activation",
    group="Activations",
    aliases=("σ", "logistic"),
    torch="sigmoid",
    onnx="Sigmoid",
    samples=((1.0,), ([-30.0, 0.0, 2.0],)),
)
