"""Number kinds: the namespaces ``xp`` that a rule of the op table is run with.

A rule is a small program over operators and ``xp``.  Run with ``floats`` it computes one scalar
fast, with ``arrays`` it computes NumPy arrays of any shape, with ``symbols`` (``expr.py``) it
writes itself down.  A device executor adds one more kind.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def _erf_array(x: Any) -> Any:
    """The error function, elementwise (NumPy has none); float64 inside, dtype kept."""
    x = np.asarray(x)
    y = np.fromiter(map(math.erf, x.ravel().tolist()), float, x.size).reshape(x.shape)
    return y.astype(x.dtype) if x.dtype.kind == "f" else y


def _erfc_array(x: Any) -> Any:
    """The complementary error function, elementwise, without cancellation in its tail."""
    x = np.asarray(x)
    y = np.fromiter(map(math.erfc, x.ravel().tolist()), float, x.size).reshape(x.shape)
    return y.astype(x.dtype) if x.dtype.kind == "f" else y


def _power_array(a: Any, b: Any) -> Any:
    """``a ** b``; like ONNX's Pow the result has the type of the base."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu" and np.any(b < 0):
        a = a.astype(float)
    y = np.power(a, b)
    return y.astype(a.dtype, copy=False) if a.dtype.kind == "f" else y


class _Kind:
    """What is common to all kinds: any other op of the table may be named in a formula."""

    def __getattr__(self, name: str) -> Any:
        from engine.ops.op import OPS

        if name not in OPS:
            raise AttributeError(name)
        op = OPS[name]
        return lambda *inputs, **attrs: op.value(self, *inputs, **op.with_defaults(attrs))


class Floats(_Kind):
    """Python floats and ``math``.

    Anything that IEEE 754 answers with an infinity or a NaN raises ArithmeticError or ValueError
    here; the caller then runs the same rule again with ``arrays``.
    """

    exp = staticmethod(math.exp)
    expm1 = staticmethod(math.expm1)
    log = staticmethod(math.log)
    log1p = staticmethod(math.log1p)
    sqrt = staticmethod(math.sqrt)
    sin = staticmethod(math.sin)
    cos = staticmethod(math.cos)
    tanh = staticmethod(math.tanh)
    erf = staticmethod(math.erf)
    erfc = staticmethod(math.erfc)
    power = staticmethod(math.pow)
    absolute = staticmethod(abs)

    @staticmethod
    def sign(x: float) -> float:
        return 1.0 if x > 0 else -1.0 if x < 0 else x * 0.0

    @staticmethod
    def greater(a: float, b: float) -> float:
        return 1.0 if a > b else 0.0

    @staticmethod
    def equal(a: float, b: float) -> float:
        return 1.0 if a == b else 0.0

    @staticmethod
    def where(condition: float, a: float, b: float) -> float:
        return a if condition else b

    @staticmethod
    def maximum(a: float, b: float) -> float:
        return a if a >= b or a != a else b

    @staticmethod
    def minimum(a: float, b: float) -> float:
        return a if a <= b or a != a else b


class Arrays(_Kind):
    """NumPy arrays; scalars are 0-d."""

    exp = np.exp
    expm1 = np.expm1
    log = np.log
    log1p = np.log1p
    sqrt = np.sqrt
    sin = np.sin
    cos = np.cos
    tanh = np.tanh
    erf = staticmethod(_erf_array)
    erfc = staticmethod(_erfc_array)
    power = staticmethod(_power_array)
    absolute = np.absolute
    sign = np.sign
    greater = np.greater
    equal = np.equal
    where = staticmethod(np.where)
    maximum = np.maximum
    minimum = np.minimum
    add = np.add
    concatenate = staticmethod(np.concatenate)
    split = staticmethod(np.split)
    zeros_like = staticmethod(np.zeros_like)


floats = Floats()
arrays = Arrays()
