"""Composites whose value and gradient are those of their formula, op by op.

A layer such as Dense is nothing but its formula: no shortcut is better conditioned.  So its rules
are read off: the formula is written down for the shapes at hand, run forward, and run backward
with the rule of every op in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.errors import ShapeError
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.op import OPS, Op, Shape, declare, shape_text


def calls_in(formula: Expr) -> list[Call]:
    """Every op applied in ``formula``, inputs before users, each once."""
    calls: dict[int, Call] = {}

    def visit(part: Expr) -> None:
        if isinstance(part, Call) and id(part) not in calls:
            for arg in part.args:
                visit(arg)
            calls[id(part)] = part

    visit(formula)
    return list(calls.values())


class _Run:
    """One op's formula, computed forward and ready to be walked back."""

    def __init__(self, op: Op, xs: tuple, attrs: Mapping[str, Any]) -> None:
        self._formula = op.expand(*(x.shape for x in xs), **attrs)
        self._inputs = dict(zip(op.inputs, xs, strict=True))
        self._calls = calls_in(self._formula)
        self._values: dict[int, Any] = {}
        for part in self._calls:
            self._values[id(part)] = OPS[part.op].forward(*map(self._of, part.args), **part.attrs)

    def _of(self, part: Expr) -> Any:
        if isinstance(part, Var):
            return self._inputs[part.name]
        if isinstance(part, Const):
            return part.value
        return self._values[id(part)]

    def gradients(self, g: Any) -> tuple:
        """What arrives at each input."""
        at: dict[int, Any] = {id(self._formula): g}
        ports = {name: np.zeros_like(x, dtype=g.dtype) for name, x in self._inputs.items()}
        if isinstance(self._formula, Var):
            ports[self._formula.name] = g
        for part in reversed(self._calls):
            upstream = at.pop(id(part))
            xs = [self._of(arg) for arg in part.args]
            products = OPS[part.op].vjp(upstream, self._values[id(part)], *xs, **part.attrs)
            for arg, product in zip(part.args, products, strict=True):
                if isinstance(arg, Var):
                    ports[arg.name] = ports[arg.name] + product
                elif isinstance(arg, Call):
                    at[id(arg)] = at[id(arg)] + product if id(arg) in at else product
        return tuple(ports.values())


def _shape_of(part: Expr, shapes: dict[int, Shape]) -> Shape:
    if isinstance(part, Var):
        return part.shape
    return np.shape(part.value) if isinstance(part, Const) else shapes[id(part)]


def composed(name: str, inputs: str, formula: Callable[..., Any], **fields: Any) -> Op:
    """Declare an array op by ``formula`` alone; see ``declare`` for the fields."""

    def shape(*given: Shape, **attrs: Any) -> Shape:
        op = OPS[name]
        written = op.expand(*given, **attrs)
        shapes: dict[int, Shape] = {}
        try:
            for part in calls_in(written):
                into = (_shape_of(arg, shapes) for arg in part.args)
                shapes[id(part)] = OPS[part.op].shape(*into, **part.attrs)
        except ShapeError as error:
            ports = ", ".join(
                f"{p} is {shape_text(s)}" for p, s in zip(op.inputs, given, strict=True)
            )
            raise ShapeError(f"{name} needs inputs that fit: {ports}. Inside, {error}") from None
        return _shape_of(written, shapes)

    def pullback(xp: Any, g: Any, y: Any, *xs: Any, **attrs: Any) -> tuple:
        return _Run(OPS[name], xs, attrs).gradients(g)

    return declare(
        name, inputs, formula=formula, pullback=pullback, shape_rule=shape, kind="layer", **fields
    )
