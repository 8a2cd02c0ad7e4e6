"""A bypassed op: it stays in the graph with its wires, and passes one input on unchanged.

Like a group it is no op that anybody writes or adds by name, but files hold it: the attribute
``of`` names the op that is bypassed, ``settings`` are that op's attributes, and ``port`` is the
number of the input that is passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from engine.errors import OpError
from engine.ops.op import OPS, Op, Shape

T = TypeVar("T")


def passed_on(inputs: Sequence[T], attrs: Mapping[str, Any]) -> T:
    """That of ``inputs`` which a bypassed op passes on; the first where its port is none."""
    port = attrs.get("port", 0)
    return inputs[port if isinstance(port, int) and 0 <= port < len(inputs) else 0]


def _shape(*shapes: Shape, of: str, settings: Mapping[str, Any], port: int) -> Shape:
    op = None if of in OPS.internal else OPS.get(OPS.resolve(of))
    if op is None:
        raise OpError(f'"{of}" is no op that can be bypassed: delete this node.')
    if not op.accepts(len(shapes)):
        want = "one or more inputs" if op.variadic else f"{op.arity} input(s)"
        raise OpError(f"{op.name} takes {want} and has {len(shapes)}, though it is bypassed.")
    if port not in range(len(shapes)):
        raise OpError(
            f"{op.name} is bypassed and passes on an input that it does not have: bring it back "
            "and bypass it again."
        )
    return shapes[port]


def _pullback(xp: Any, g: Any, y: Any, *inputs: Any, port: int, **_: Any) -> tuple:
    return tuple(g if k == port else np.zeros(np.shape(x)) for k, x in enumerate(inputs))


BYPASS = Op(
    name="bypass",
    inputs=("a",),
    variadic=True,
    attrs={"of": "identity", "settings": {}, "port": 0},
    value=lambda xp, *inputs, port, **_: inputs[port],
    pullback=_pullback,
    rule=("G",),
    shape_rule=_shape,
    says="Is bypassed: it passes one input on unchanged.",
    gradient_says="It is bypassed: the input that it passed on receives the upstream gradient "
    "unchanged, any other input 0.",
    symbol="bypass",
    text="{a:0}",
    latex="{a:0}",
    samples=((1.5,), ([1.0, 2.0, 3.0],)),
)
OPS.internal[BYPASS.name] = BYPASS
