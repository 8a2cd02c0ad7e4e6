"""The small algebra in which a rule writes itself down.

Running a rule of the op table with ``symbols`` and ``Var`` inputs gives an ``Expr``: the
expansion of a composite into the ops that define it, or the formula of a local gradient.  The
printers of ``graph/notation.py`` and ``graph/levels.py`` read it; nothing computes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np


class Expr:
    """A formula over ops: a ``Var``, a ``Const`` or a ``Call``; operators build calls."""

    __slots__ = ()

    def __add__(self, other: Any) -> Expr:
        return call("add", self, other)

    def __radd__(self, other: Any) -> Expr:
        return call("add", other, self)

    def __sub__(self, other: Any) -> Expr:
        return call("sub", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return call("sub", other, self)

    def __mul__(self, other: Any) -> Expr:
        return call("mul", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return call("mul", other, self)

    def __truediv__(self, other: Any) -> Expr:
        return call("div", self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        if not isinstance(other, Expr) and other == 1:
            return call("reciprocal", self)
        return call("div", other, self)

    def __neg__(self) -> Expr:
        return call("neg", self)

    def __matmul__(self, other: Any) -> Expr:
        return call("matmul", self, other)


@dataclass(frozen=True, eq=False)
class Var(Expr):
    """An input of the op, by name; ``shape`` is known while a node is being opened."""

    name: str
    shape: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class Const(Expr):
    """A plain number, or a fixed array such as an identity matrix."""

    value: float | np.ndarray


@dataclass(frozen=True, eq=False)
class Call(Expr):
    """An op applied to formulas; the same ``Call`` object used twice is one node that forks."""

    op: str
    args: tuple[Expr, ...]
    attrs: dict[str, Any] = field(default_factory=dict)


def as_expr(value: Any) -> Expr:
    """``value`` itself if it is a formula, else the constant it stands for."""
    if isinstance(value, Expr):
        return value
    return Const(value if isinstance(value, np.ndarray) else float(value))


def call(op: str, *args: Any, **attrs: Any) -> Expr:
    """Apply ``op``; products and sums with a plain 1 or 0 are not worth a node and vanish."""
    if op == "mul":
        for this, other in (args, args[::-1]):
            if isinstance(this, (int, float)) and this == 1:
                return as_expr(other)
    if op == "add":
        for this, other in (args, args[::-1]):
            if isinstance(this, (int, float)) and this == 0:
                return as_expr(other)
    return Call(op, tuple(as_expr(a) for a in args), attrs)


class Symbols:
    """The number kind of formulas: ``symbols.exp(x)`` is the formula exp(x).

    Names that NumPy and the table spell differently are listed; every other name is an op's.
    """

    _TABLE_NAMES: ClassVar = {"power": "pow", "absolute": "abs", "maximum": "max", "minimum": "min"}

    def __getattr__(self, name: str) -> Any:
        op = self._TABLE_NAMES.get(name, name)
        return lambda *args, **attrs: call(op, *args, **attrs)


symbols = Symbols()
