"""Which elements an element was computed from, and which it is used for, one op away.

What counts is that it takes part, not how much: where a relu is 0 its input still takes part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.graph.bypass import own_op
from engine.graph.graph import Graph
from engine.ops import OPS
from engine.ops.op import Shape, unbroadcast

Masks = dict[str, np.ndarray]  # by node: which of its elements
_MOVES = ("reshape", "transpose", "concat", "flatten", "sum", "mean", "assemble", "entry")
_MIXES = ("softmax", "log_softmax")  # along their axis


def takes_part(
    graph: Graph, shapes: Mapping[str, Shape], node_id: str, index: tuple[int, ...]
) -> tuple[Masks, Masks]:
    """(what this element of a node was computed from, what it is used for), by node."""
    mask = np.zeros(shapes[node_id], bool)
    mask[index] = True
    before: Masks = {}
    node = graph.nodes[node_id]
    if not node.leaf and all(i in shapes for i in node.inputs):
        ins = [shapes[i] for i in node.inputs]
        for source, part in zip(
            node.inputs, _back(own_op(node), ins, mask, node.attrs), strict=True
        ):
            before[source] = before.get(source, np.zeros(shapes[source], bool)) | part
    after: Masks = {}
    for wire in graph.users()[node_id]:
        user = graph.nodes[wire.target]
        if any(i not in shapes for i in (*user.inputs, user.id)):
            continue
        ins = [shapes[i] for i in user.inputs]
        part = _forth(own_op(user), ins, shapes[user.id], wire.port, mask, user.attrs)
        after[user.id] = after.get(user.id, np.zeros(shapes[user.id], bool)) | part
    return before, after


def _linear(x: Shape, w: Shape, rows: np.ndarray | None, port: int) -> np.ndarray:
    """A product with ones in place of the other factor."""
    a = rows if port == 0 else np.ones(x)
    b = rows if port == 1 else np.ones(w)
    return (np.asarray(a, float) @ np.asarray(b, float)) > 0


def _along(mask: np.ndarray, axis: int) -> np.ndarray:
    """All elements along ``axis`` where any takes part."""
    return np.broadcast_to(mask.any(axis=axis, keepdims=True), mask.shape)


def _forth(
    op: str, ins: Sequence[Shape], out: Shape, port: int, mask: np.ndarray, attrs: Mapping[str, Any]
) -> np.ndarray:
    if op in ("dense", "projection"):
        z = mask if port == 2 else _linear(ins[0], ins[1], mask, port)
        z = np.broadcast_to(z, out)  # a bias may be wider than the product
        return _along(z, -1) if attrs.get("activation") == "softmax" else z
    if op == "matmul":
        return _linear(ins[0], ins[1], mask, port)
    if op in OPS and OPS[op].elementwise:
        return np.broadcast_to(mask, out)
    if op in _MIXES:
        return _along(mask, attrs.get("axis", -1))
    if op in _MOVES:
        xs = [mask if k == port else np.zeros(shape) for k, shape in enumerate(ins)]
        return OPS[op].forward(*[np.asarray(x, float) for x in xs], **attrs) != 0
    return np.ones(out, bool)


def _back(
    op: str, ins: Sequence[Shape], mask: np.ndarray, attrs: Mapping[str, Any]
) -> list[np.ndarray]:
    wide = np.asarray(mask, float)
    if op in ("dense", "projection"):
        wide = np.asarray(_along(mask, -1), float) if attrs.get("activation") == "softmax" else wide
        product = OPS["matmul"].shape(*ins[:2])
        parts = _product_back(ins[0], ins[1], unbroadcast(wide, product))
        return [*parts, *(unbroadcast(wide, shape) > 0 for shape in ins[2:])]
    if op == "matmul":
        return _product_back(ins[0], ins[1], wide)
    if op in OPS and OPS[op].elementwise:
        return [unbroadcast(wide, shape) > 0 for shape in ins]
    if op in _MIXES:
        return [_along(mask, attrs.get("axis", -1))]
    if op in _MOVES:
        xs = [np.ones(shape) for shape in ins]
        y = OPS[op].forward(*xs, **attrs)
        return [g != 0 for g in OPS[op].vjp(wide, y, *xs, **attrs)]
    return [np.ones(shape, bool) for shape in ins]


def _product_back(x: Shape, w: Shape, out: np.ndarray) -> list[np.ndarray]:
    products = OPS["matmul"].vjp(out, out, np.ones(x), np.ones(w))
    return [g > 0 for g in products]
