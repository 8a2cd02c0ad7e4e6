"""Reductions: ops that look along whole axes of an array.

``axes`` is None (all of them), one axis or several; negative ones count from the end.  An empty
list of axes also means all, as in ONNX and torch.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from engine.errors import OpError, ShapeError
from engine.ops.linalg import one_whole
from engine.ops.op import PRODUCT, Shape, declare, shape_text

Axes = Any  # None, an int, or a sequence of ints


def axis_list(name: str, shape: Shape, axes: Axes) -> tuple[int, ...]:
    """``axes`` counted from 0; raises ShapeError for one that ``shape`` does not have.

    A scalar passes for a vector of one number here, as in torch.
    """
    rank = len(shape)
    if axes is None or np.size(axes) == 0:
        return tuple(range(rank))
    try:
        asked = [operator.index(axis) for axis in (axes if np.ndim(axes) else (axes,))]
    except TypeError:
        raise OpError(f"{name} needs whole numbers for its axes, not {axes!r}.") from None
    for axis in asked:
        if not -max(rank, 1) <= axis < max(rank, 1):
            raise ShapeError(f"{name} finds no axis {axis}: x is {shape_text(shape)}.")
    counted = tuple(axis % max(rank, 1) for axis in asked)
    if len(set(counted)) < len(counted):
        raise ShapeError(
            f"{name} needs axes that differ, not {tuple(asked)}: x is {shape_text(shape)}."
        )
    return counted if rank else ()


def _reduced(name: str) -> Any:
    """The shape rule of the reduction ``name``: each reduced axis goes, or stays with length 1."""

    def rule(shape: Shape, axes: Axes, keepdims: bool) -> Shape:
        gone = axis_list(name, shape, axes)
        if keepdims:
            return tuple(1 if k in gone else n for k, n in enumerate(shape))
        return tuple(n for k, n in enumerate(shape) if k not in gone)

    return rule


def _same(name: str) -> Any:
    """The shape rule of ``name``, which looks along one axis and keeps the shape."""

    def rule(shape: Shape, axis: int) -> Shape:
        axis_list(name, shape, one_whole(name, "axis", axis))
        return shape

    return rule


def _restored(reduced: Any, x: Any, axes: Axes) -> Any:
    """``reduced`` with the axes that it lost put back with length 1, to stretch along ``x``."""
    gone = axis_list("reduction", x.shape, axes)
    return reduced.reshape(tuple(1 if k in gone else n for k, n in enumerate(x.shape)))


def _sum(xp: Any, x: Any, axes: Axes, keepdims: bool) -> Any:
    # The type is kept, as in ONNX; truth values and very small integers would overflow.
    kept = x.dtype if x.dtype.kind == "f" or x.dtype.itemsize >= 4 else None
    return x.sum(axis=axis_list("sum", x.shape, axes), keepdims=bool(keepdims), dtype=kept)


REDUCTION: dict[str, Any] = {
    "attrs": {"axes": None, "keepdims": False},
    "attr_aliases": {"axis": "axes", "dim": "axes", "keepdim": "keepdims"},
    "kind": "array",
    "group": "Arrays",
    "samples": (
        (2.0,),
        ([1.0, -2.0, 4.0],),
        ([[1.0, 2.0, 3.0], [4.0, 3.0, 7.0]], {"axes": 0}),
        ([[1.0, 2.0, 3.0], [4.0, 3.0, 7.0]], {"axes": (-1,), "keepdims": True}),
        ([[[1.0, 2.0], [3.0, 9.0]]], {"axes": (0, 2)}),
    ),
    "errors": (([1.0, 2.0], {"axes": 1}), ([[1.0, 2.0]], {"axes": (0, -2)})),
}
ALONG_AXIS: dict[str, Any] = {
    "attrs": {"axis": -1},
    "attr_aliases": {"dim": "axis"},
    "kind": "array",
    "group": "Arrays",
    "samples": (
        ([2.0, 1.0, 0.1],),
        ([[1.0, 2.0, 3.0], [4.0, -1.0, 2.0]],),
        ([[1.0, 2.0, 3.0], [4.0, -1.0, 2.0]], {"axis": 0}),
        ([1000.0, 0.0, -1000.0],),
    ),
    "errors": (([1.0, 2.0], {"axis": 1}),),
}

declare(
    "sum",
    "x",
    value=_sum,
    pullback=lambda xp, g, y, x, axes, keepdims: (xp.zeros_like(x) + _restored(g, x, axes),),
    rule=(r"G\text{ for every number}",),
    shape_rule=_reduced("sum"),
    says="Adds up the numbers along its axes (all numbers if none is named).",
    gradient_says="Every number that went into a sum receives the sum's upstream gradient.",
    symbol="Σ",
    latex=r"\sum {x:2}",
    level=PRODUCT,
    aliases=("reduce_sum",),
    torch="sum",
    onnx="ReduceSum",
    **REDUCTION,
)


def _count(x: Any, axes: Axes) -> int:
    return math.prod(x.shape[k] for k in axis_list("mean", x.shape, axes))


declare(
    "mean",
    "x",
    formula=lambda xp, x, axes, keepdims: xp.sum(x, axes=axes, keepdims=keepdims) / _count(x, axes),
    value=lambda xp, x, axes, keepdims: (
        (x if x.dtype.kind == "f" else x.astype(float)).sum(
            axis=axis_list("mean", x.shape, axes), keepdims=bool(keepdims)
        )
        / _count(x, axes)
    ),
    pullback=lambda xp, g, y, x, axes, keepdims: (
        xp.zeros_like(x) + _restored(g, x, axes) / _count(x, axes),
    ),
    rule=(r"\frac{G}{n}\text{ for every number}",),
    shape_rule=_reduced("mean"),
    says="Averages the numbers along its axes (all numbers if none is named).",
    gradient_says="The upstream gradient is shared out evenly: each of n numbers receives 1/n.",
    symbol="mean",
    latex=r"\operatorname{mean}\left({x:0}\right)",
    domain="at least one number to average",
    aliases=("reduce_mean",),
    torch="mean",
    onnx="ReduceMean",
    **REDUCTION,
)


def _reduce_max(xp: Any, x: Any, axes: Axes, keepdims: bool) -> Any:
    kind = x.dtype.kind
    least = -math.inf if kind == "f" else False if kind == "b" else np.iinfo(x.dtype).min
    return x.max(
        axis=axis_list("reduce_max", x.shape, axes), keepdims=bool(keepdims), initial=least
    )


def _reduce_max_pullback(xp: Any, g: Any, y: Any, x: Any, axes: Axes, keepdims: bool) -> tuple:
    wins = xp.equal(x, _restored(y, x, axes))
    count = wins.sum(axis=axis_list("reduce_max", x.shape, axes), keepdims=True)
    return (wins * (_restored(g, x, axes) / count),)


declare(
    "reduce_max",
    "x",
    value=_reduce_max,
    pullback=_reduce_max_pullback,
    rule=(r"G\text{ for the largest, 0 for the others}",),
    shape_rule=_reduced("reduce_max"),
    says="Takes the largest number along its axes (of all numbers if none is named).",
    gradient_says="The largest number receives the whole upstream gradient, the others nothing.",
    symbol="max",
    latex=r"\max {x:5}",
    aliases=("amax",),
    tie="numbers that tie for the largest share the gradient evenly",
    domain="all real numbers; the largest of no numbers is −∞",
    torch="amax",
    onnx="ReduceMax",
    **REDUCTION,
)


def _softmax_formula(xp: Any, x: Any, axis: int) -> Any:
    powers = xp.exp(x)
    return powers / xp.sum(powers, axes=axis, keepdims=True)


def _softmax(xp: Any, x: Any, axis: int) -> Any:
    """Less the largest input, which changes nothing but keeps every power at most 1."""
    return _softmax_formula(xp, x - xp.reduce_max(x, axes=axis, keepdims=True), axis)


declare(
    "softmax",
    "x",
    formula=_softmax_formula,
    value=_softmax,
    pullback=lambda xp, g, y, x, axis: (y * (g - xp.sum(g * y, axes=axis, keepdims=True)),),
    rule=(r"{y:5} \odot \left(G - \sum G \odot {y:5}\right)",),
    shape_rule=_same("softmax"),
    says="Turns scores into probabilities that add up to 1: eˣ divided by the sum of all eˣ.",
    gradient_says="Each probability times how far its upstream gradient lies above their average.",
    symbol="softmax",
    latex=r"\operatorname{softmax}\left({x:0}\right)",
    torch="softmax",
    onnx="Softmax",
    **ALONG_AXIS,
)


def _log_softmax(xp: Any, x: Any, axis: int) -> Any:
    below = x - xp.reduce_max(x, axes=axis, keepdims=True)
    return below - xp.log(xp.sum(xp.exp(below), axes=axis, keepdims=True))


declare(
    "log_softmax",
    "x",
    formula=lambda xp, x, axis: xp.log(xp.softmax(x, axis=axis)),
    value=_log_softmax,
    pullback=lambda xp, g, y, x, axis: (g - xp.exp(y) * xp.sum(g, axes=axis, keepdims=True),),
    rule=(r"G - \operatorname{softmax}\left({x:0}\right) \odot \sum G",),
    shape_rule=_same("log_softmax"),
    says="The logarithm of softmax, computed so that small probabilities do not vanish.",
    gradient_says="The upstream gradient less each probability's share of the whole of it.",
    symbol="ln softmax",
    latex=r"\ln\operatorname{softmax}\left({x:0}\right)",
    torch="log_softmax",
    onnx="LogSoftmax",
    **ALONG_AXIS,
)
