"""Ops that multiply matrices or move the numbers of an array without changing them."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from engine.errors import OpError, ShapeError
from engine.ops.op import POWER, PRODUCT, Shape, declare, shape_text

MATRIX = [[1.0, -2.0, 0.5], [3.0, 0.0, -1.5]]


def whole(name: str, what: str, numbers: Any) -> tuple[int, ...]:
    """``numbers`` (one or several) as ints; raises OpError where they are not whole."""
    try:
        return tuple(operator.index(n) for n in (numbers if np.ndim(numbers) else (numbers,)))
    except TypeError:
        raise OpError(f"{name} needs whole numbers for its {what}, not {numbers!r}.") from None


def one_whole(name: str, what: str, number: Any) -> int:
    """``number`` as an int; raises OpError for None and for several."""
    try:
        return operator.index(number)
    except TypeError:
        raise OpError(f"{name} needs one whole number for its {what}, not {number!r}.") from None


def one_axis(name: str, port: str, shape: Shape, axis: int) -> int:
    """``axis`` counted from 0; raises ShapeError where ``shape`` does not have it."""
    asked = one_whole(name, "axis", axis)
    if not -len(shape) <= asked < len(shape):
        raise ShapeError(f"{name} finds no axis {asked}: {port} is {shape_text(shape)}.")
    return asked % len(shape)


# matmul -------------------------------------------------------------------------------------


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    both = f"a is {shape_text(a)}, b is {shape_text(b)}."
    if not a or not b:
        raise ShapeError(f"matmul needs vectors or matrices (use * for numbers): {both}")
    if a[-1] != (b[0] if len(b) == 1 else b[-2]):
        raise ShapeError(f"matmul needs a's columns to equal b's rows: {both}")
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise ShapeError(
            f"matmul needs batches that are equal or can be stretched from 1: {both}"
        ) from None
    return (*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _matmul_pullback(xp: Any, g: Any, y: Any, a: Any, b: Any) -> tuple:
    """g·bᵀ and aᵀ·g; a vector is a row on the left and a column on the right."""
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    g = g.reshape(*y.shape[: y.ndim - (a.ndim > 1) - (b.ndim > 1)], left.shape[-2], right.shape[-1])
    of_left, of_right = g @ right.swapaxes(-1, -2), left.swapaxes(-1, -2) @ g
    return (
        of_left[..., 0, :] if a.ndim == 1 else of_left,
        of_right[..., 0] if b.ndim == 1 else of_right,
    )


declare(
    "matmul",
    "a b",
    value=lambda xp, a, b: a @ b,
    pullback=_matmul_pullback,
    rule=(r"G\,{b:5}^{\top}", r"{a:5}^{\top}\,G"),
    shape_rule=_matmul_shape,
    says="Multiplies matrices: each row of the first with each column of the second.",
    gradient_says="The first matrix receives G·bᵀ, the second aᵀ·G, G being the upstream gradient.",
    symbol="@",
    text="{a:2} @ {b:3}",
    latex=r"{a:2}\, {b:4}",
    level=PRODUCT,
    kind="array",
    group="Arrays",
    torch="matmul",
    onnx="MatMul",
    samples=(
        (MATRIX, [[1.0, 2.0], [0.5, -1.0], [2.0, 1.5]]),
        ([1.0, 2.0, -1.0], [0.5, 3.0, 2.0]),
        (MATRIX, [0.5, 3.0, 2.0]),
        ([1.0, -2.0], MATRIX),
        ([[MATRIX], [MATRIX]], [[[1.0], [2.0], [3.0]], [[0.5], [-1.0], [4.0]]]),
        ([MATRIX, MATRIX], [1.0, 0.5, -2.0]),
        ([1.0, -2.0], [MATRIX, MATRIX]),
    ),
    errors=(
        (MATRIX, [[1.0, 2.0], [3.0, 4.0]]),
        (2.0, MATRIX),
        ([MATRIX, MATRIX], [[[1.0], [2.0], [3.0]]] * 3),
    ),
)

# shape --------------------------------------------------------------------------------------


def _transpose_axes(shape: Shape, axes: Any) -> tuple[int, ...]:
    rank = len(shape)
    if axes is None:
        return tuple(range(rank))[::-1]
    asked = whole("transpose", "axes", axes)
    order = tuple(k % rank for k in asked if rank and -rank <= k < rank)
    if sorted(order) != list(range(rank)) or len(asked) != rank:
        raise ShapeError(
            f"transpose needs each axis of x once, not {asked}: x is {shape_text(shape)}."
        )
    return order


declare(
    "transpose",
    "x",
    attrs={"axes": None},
    attr_aliases={"perm": "axes", "dims": "axes"},
    value=lambda xp, x, axes: x.transpose(_transpose_axes(x.shape, axes)),
    pullback=lambda xp, g, y, x, axes: (
        g.transpose(tuple(np.argsort(_transpose_axes(x.shape, axes)).tolist())),
    ),
    rule=lambda axes: (r"G^{\top}" if axes is None else r"G\text{, its axes put back}",),
    shape_rule=lambda shape, axes: tuple(shape[k] for k in _transpose_axes(shape, axes)),
    says="Turns rows into columns (or puts the axes in the order that is given).",
    gradient_says="The upstream gradient is turned back the same way.",
    symbol="xᵀ",
    latex=r"{x:5}^{\top}",
    level=POWER,
    kind="array",
    group="Arrays",
    torch="permute",
    onnx="Transpose",
    samples=(
        (2.0,),
        (MATRIX,),
        ([MATRIX, MATRIX], {"axes": (1, 2, 0)}),
        ([MATRIX], {"axes": (0, -1, 1)}),
    ),
    errors=((MATRIX, {"axes": (0, 0)}), (MATRIX, {"axes": (0, 1, 2)})),
)


def _reshaped(old: Shape, shape: Any) -> Shape:
    """The new shape: one −1 is worked out, and a 0 keeps the axis that ``old`` has there."""
    asked = whole("reshape", "shape", shape) if shape is not None else ()
    size = math.prod(old)
    new = [old[k] if n == 0 and size and k < len(old) else n for k, n in enumerate(asked)]
    rest = math.prod(n for n in new if n != -1)
    if new.count(-1) == 1 and rest and size % rest == 0:
        new[new.index(-1)] = size // rest
    if shape is None or min(new, default=0) < 0 or math.prod(new) != size:
        wanted = "no shape was given" if shape is None else f"the new shape is {shape_text(asked)}"
        raise ShapeError(
            f"reshape needs a shape for as many numbers as x has: x is {shape_text(old)}, {wanted}."
        )
    return tuple(new)


declare(
    "reshape",
    "x",
    attrs={"shape": None},
    value=lambda xp, x, shape: x.reshape(_reshaped(x.shape, shape)),
    pullback=lambda xp, g, y, x, shape: (g.reshape(x.shape),),
    rule=(r"\operatorname{reshape}\left(G\right)",),
    shape_rule=_reshaped,
    says="Arranges the same numbers, row by row, in another shape.",
    gradient_says="The upstream gradient is arranged back in the old shape.",
    symbol="shape",
    latex=r"\operatorname{reshape}\left({x:0}\right)",
    kind="array",
    group="Arrays",
    torch="reshape",
    onnx="Reshape",
    samples=(
        (2.0, {"shape": (1, 1)}),
        (MATRIX, {"shape": (3, -1)}),
        (MATRIX, {"shape": 6}),
        ([MATRIX], {"shape": (0, 3, 2)}),
    ),
    errors=((MATRIX,), (MATRIX, {"shape": (4, -1)}), (MATRIX, {"shape": (-1, -1)})),
)

# joining and picking ------------------------------------------------------------------------


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    parts = [shape or (1,) for shape in shapes]
    place = one_axis("concat", "a1", parts[0], axis)
    if len({(len(p), p[:place], p[place + 1 :]) for p in parts}) > 1:
        names = ", ".join(f"a{k} is {shape_text(s)}" for k, s in enumerate(shapes, 1))
        raise ShapeError(f"concat needs shapes that differ along axis {axis} only: {names}.")
    return (*parts[0][:place], sum(p[place] for p in parts), *parts[0][place + 1 :])


def _concat_pullback(xp: Any, g: Any, y: Any, *inputs: Any, axis: int) -> tuple:
    lengths = [x.shape[axis] if x.ndim else 1 for x in inputs]
    return tuple(xp.split(g, np.cumsum(lengths)[:-1], axis))


declare(
    "concat",
    "a…",
    attrs={"axis": 0},
    attr_aliases={"dim": "axis"},
    value=lambda xp, *inputs, axis: xp.concatenate(
        [x if x.ndim else x.reshape(1) for x in inputs], axis
    ),
    pullback=_concat_pullback,
    rule=(r"\text{its piece of }G",),
    shape_rule=_concat_shape,
    says="Puts its inputs one after the other along an axis; a scalar joins as a vector of one.",
    gradient_says="The upstream gradient is cut up again: each input receives its own piece.",
    symbol="[ , ]",
    latex=r"\left[{a:0}\right]",
    kind="array",
    group="Arrays",
    aliases=("concatenate",),
    torch="cat",
    onnx="Concat",
    samples=(
        ([1.0, 2.0], [3.0]),
        (1.0, 2.0, 3.0),
        (MATRIX, MATRIX, [[9.0, 8.0, 7.0]]),
        (MATRIX, [[1.0], [2.0]], {"axis": -1}),
        (MATRIX,),
    ),
    errors=((MATRIX, [[1.0, 2.0]]), (MATRIX, [1.0]), ([1.0], [2.0], {"axis": 1})),
)


def positions(name: str, indices: Any, count: int, lowest: int) -> Any:
    """``indices`` as ints; raises OpError for one not whole or outside lowest … count − 1.

    Graph values are floats, so whole floats pass for indices.
    """
    whole_ones = indices.astype(np.int64)
    if np.any(whole_ones != indices):
        wrong = float(indices[whole_ones != indices].flat[0])
        raise OpError(f"{name} needs whole numbers as indices, not {wrong:g}.")
    outside = (whole_ones < lowest) | (whole_ones >= count)
    if np.any(outside):
        wrong = int(whole_ones[outside].flat[0])
        raise OpError(
            f"{name} finds no index {wrong}: the indices here are {lowest} … {count - 1}."
        )
    return whole_ones


def _rows(xp: Any, x: Any, indices: Any, axis: int) -> Any:
    count = x.shape[one_axis("take", "x", x.shape, axis)]
    return positions("take", indices, count, -count)


def _take_shape(x: Shape, indices: Shape, axis: int) -> Shape:
    if not x:
        raise ShapeError(
            f"take needs an array to take from: x is scalar, indices is {shape_text(indices)}."
        )
    place = one_axis("take", "x", x, axis)
    return (*x[:place], *indices, *x[place + 1 :])


def _take_pullback(xp: Any, g: Any, y: Any, x: Any, indices: Any, axis: int) -> tuple:
    place = one_axis("take", "x", x.shape, axis)
    gradient = xp.zeros_like(x, dtype=g.dtype)
    xp.add.at(gradient, (*(slice(None),) * place, _rows(xp, x, indices, axis)), g)
    return gradient, xp.zeros_like(indices, dtype=g.dtype)


declare(
    "take",
    "x indices",
    attrs={"axis": 0},
    attr_aliases={"dim": "axis"},
    value=lambda xp, x, indices, axis: x.take(_rows(xp, x, indices, axis), axis),
    pullback=_take_pullback,
    rule=(r"G\text{ at the rows taken, 0 elsewhere}", ""),
    shape_rule=_take_shape,
    differentiable=(True, False),
    says="Takes the rows with the given numbers (from 0; negative ones count from the end).",
    gradient_says="Each row that was taken receives its upstream gradient, as often as it was "
    "taken; the other rows receive nothing.",
    symbol="x[i]",
    latex=r"{x:5}\left[{indices:0}\right]",
    kind="array",
    group="Arrays",
    domain="whole indices of rows that exist",
    torch="index_select",
    onnx="Gather",
    samples=(
        (MATRIX, 1),
        (MATRIX, [0, -1, 0]),
        (MATRIX, [[0, 2], [-3, 1]], {"axis": 1}),
        ([1.0, 2.0, 3.0], [2, 2]),
    ),
    errors=((2.0, [0]), (MATRIX, [0], {"axis": 2}), (MATRIX, [2]), (MATRIX, [0.5])),
)
