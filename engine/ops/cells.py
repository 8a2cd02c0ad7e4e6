"""Where a tensor meets the nodes that stand for its elements.

Below the level of tensors every element is a node (``engine/graph/cells.py``).  ``entry`` takes one
element out of a tensor that stays whole, ``assemble`` makes a tensor of elements.  Both are made
when a graph is shown and are never saved.  Where ``batched``, an element is a vector over the
examples of the batch: the tensor's first axis.
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

OPS.internal[ENTRY.name] = ENTRY
OPS.internal[ASSEMBLE.name] = ASSEMBLE
