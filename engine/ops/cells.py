"""Where a tensor meets the nodes that stand for its elements.

Below the level of tensors every element is a node (``engine/graph/cells.py``).  ``entry`` takes one
element out of a tensor that stays whole, ``assemble`` makes a tensor of elements.  For one neuron
of a layer (``engine/graph/neuron.py``) ``put`` sets an element into a tensor and ``rest`` sums the
products that have no node of their own.  All are made when a graph is shown and are never saved.
Where ``batched``, an element is a vector over the examples of the batch: the tensor's first axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import ShapeError
from engine.ops.op import OPS, Op, Shape, shape_text


def _place(index: tuple[int, ...], batched: bool) -> Any:
    return (slice(None), *index) if batched else tuple(index)


def _entry_shape(x: Shape, index: tuple[int, ...], batched: bool) -> Shape:
    inner = x[1:] if batched else x
    fits = len(inner) == len(index) and all(0 <= i < n for i, n in zip(index, inner, strict=True))
    if not fits:
        raise ShapeError(f"entry {list(index)} does not exist in {shape_text(x)}.")
    return x[:1] if batched else ()


def _entry_pullback(
    xp: Any, g: Any, y: Any, x: Any, index: tuple[int, ...], batched: bool
) -> tuple:
    gradient = np.zeros(np.shape(x))
    gradient[_place(index, batched)] = g
    return (gradient,)


ENTRY = Op(
    name="entry",
    inputs=("x",),
    attrs={"index": (0,), "batched": False},
    value=lambda xp, x, index, batched: np.asarray(x)[_place(index, batched)],
    pullback=_entry_pullback,
    rule=(r"G\text{ at this entry, 0 elsewhere}",),
    shape_rule=_entry_shape,
    says="Takes one entry of the tensor.",
    gradient_says="The entry receives the upstream gradient, all others nothing.",
    symbol="x[i]",
    text="entry({x:0})",
    latex=r"\operatorname{entry}\left({x:0}\right)",
    kind="array",
    group="Arrays",
    samples=(([1.0, -2.0],), ([[1.0, 2.0], [3.0, 4.0]], {"index": (1,), "batched": True})),
)


def _whole(inputs: tuple, shape: Shape, batched: bool) -> Any:
    if not batched:
        return np.asarray(inputs, np.float64).reshape(shape)
    columns = [np.broadcast_to(np.asarray(x, np.float64), shape[:1]) for x in inputs]
    return np.stack(columns, axis=-1).reshape(shape)


def _assemble_pullback(xp: Any, g: Any, y: Any, *inputs: Any, shape: Shape, batched: bool) -> tuple:
    rows = np.reshape(g, (shape[0], -1) if batched else (1, -1))
    columns = [rows[:, k] if batched else rows[0, k] for k in range(len(inputs))]
    return tuple(
        c.sum() if np.ndim(c) > np.ndim(x) else c for c, x in zip(columns, inputs, strict=True)
    )


ASSEMBLE = Op(
    name="assemble",
    inputs=("a",),
    variadic=True,
    attrs={"shape": (2,), "batched": False},
    value=lambda xp, *inputs, shape, batched: _whole(inputs, tuple(shape), batched),
    pullback=_assemble_pullback,
    rule=(r"G\text{ at its own place}",),
    shape_rule=lambda *shapes, shape, batched: tuple(shape),
    says="Puts its inputs side by side as one tensor.",
    gradient_says="Each input receives the upstream gradient of its own place.",
    symbol="[ , ]",
    text="assemble({a:0})",
    latex=r"\left[{a:0}\right]",
    kind="array",
    group="Arrays",
    samples=(
        (1.5, -2.0),
        ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], {"shape": (3, 2), "batched": True}),
    ),
)


def _with_element(x: Any, a: Any, index: tuple[int, ...], batched: bool) -> Any:
    out = np.array(x)
    out[_place(index, batched)] = a
    return out


def _put_pullback(
    xp: Any, g: Any, y: Any, x: Any, a: Any, index: tuple[int, ...], batched: bool
) -> tuple:
    return _with_element(g, 0.0, index, batched), np.asarray(g)[_place(index, batched)]


def _put_shape(x: Shape, a: Shape, index: tuple[int, ...], batched: bool) -> Shape:
    if a != _entry_shape(x, index, batched):
        raise ShapeError(f"{shape_text(a)} does not fit an entry of {shape_text(x)}.")
    return x


PUT = Op(
    name="put",
    inputs=("x", "a"),
    attrs={"index": (0,), "batched": False},
    value=lambda xp, x, a, index, batched: _with_element(x, a, index, batched),
    pullback=_put_pullback,
    rule=(r"G\text{ but 0 at this entry}", r"G\text{ at this entry}"),
    shape_rule=_put_shape,
    says="Sets this one number into the results of the other neurons.",
    gradient_says="The number receives the gradient of its entry, the others theirs.",
    symbol="[…i…]",
    text="put({x:0}, {a:0})",
    latex=r"\operatorname{put}\left({x:0}, {a:0}\right)",
    kind="array",
    group="Arrays",
    samples=(
        ([1.0, -2.0], 5.0),
        ([[1.0, 2.0], [3.0, 4.0]], [7.0, 8.0], {"index": (1,), "batched": True}),
    ),
)


def _others(n: int, skipped: tuple[int, ...]) -> np.ndarray:
    return np.setdiff1d(np.arange(n), np.asarray(skipped, int))


def _rest(xp: Any, x: Any, W: Any, column: int, skipped: tuple[int, ...], row: bool) -> Any:
    x, kept = np.asarray(x), _others(np.shape(W)[0], skipped)
    total = x[..., kept] @ np.asarray(W)[kept, column]
    return total[0] if row else total


def _rest_shape(x: Shape, W: Shape, column: int, skipped: tuple[int, ...], row: bool) -> Shape:
    fits = len(W) == 2 and len(x) in (1, 2) and x[-1] == W[0] and 0 <= column < W[1]
    if not fits or (row and x[:-1] != (1,)):
        raise ShapeError(f"{shape_text(x)} and column {column} of {shape_text(W)} do not meet.")
    return () if row else x[:-1]


def _rest_pullback(
    xp: Any, g: Any, y: Any, x: Any, W: Any, column: int, skipped: tuple[int, ...], row: bool
) -> tuple:
    x, W, kept = np.asarray(x), np.asarray(W), _others(np.shape(W)[0], skipped)
    of_x, of_weights = np.zeros(x.shape), np.zeros(W.shape)
    rows = np.reshape(g, -1)  # one upstream gradient for each example
    of_x[..., kept] = np.reshape(np.outer(rows, W[kept, column]), (*x.shape[:-1], len(kept)))
    of_weights[kept, column] = rows @ x.reshape(len(rows), -1)[:, kept]
    return of_x, of_weights


REST = Op(
    name="rest",
    inputs=("x", "W"),
    attrs={"column": 0, "skipped": (), "row": False},
    value=_rest,
    pullback=_rest_pullback,
    rule=(r"G \cdot {W:5}\text{ of the other inputs}", r"G \cdot {x:5}\text{ of the other inputs}"),
    shape_rule=_rest_shape,
    says="Adds up the products of all other inputs with their weights.",
    gradient_says="Each input receives G times its weight, each weight G times its input.",
    symbol="Σ rest",
    text="rest({x:0}, {W:0})",
    latex=r"\operatorname{rest}\left({x:0}, {W:0}\right)",
    kind="array",
    group="Arrays",
    samples=(
        ([1.0, -2.0, 0.5], [[0.5, -1.0], [2.0, 0.75], [-0.3, 1.2]], {"column": 1}),
        (
            [[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]],
            [[0.5, -1.0], [2.0, 0.75], [-0.3, 1.2]],
            {"skipped": (1,)},
        ),
        ([[1.0, -2.0]], [[0.5], [2.0]], {"row": True}),
    ),
)

for _op in (ENTRY, ASSEMBLE, PUT, REST):
    OPS.internal[_op.name] = _op
