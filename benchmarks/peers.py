"""The peers that benchmarks race against, each brought to the same problem."""

from __future__ import annotations

import math

from micrograd.engine import Value


def micrograd_exp(x: Value) -> Value:
    """micrograd has no exp; this adds it the way the package writes its own ops."""
    out = Value(math.exp(x.data), (x,), "exp")

    def _backward() -> None:
        x.grad += out.data * out.grad

    out._backward = _backward
    return out


def micrograd_circuit() -> Value:
    """σ(w0x0 + w1x1 + w2), built, run forward and backward by micrograd."""
    w0, x0, w1, x1, w2 = Value(2.0), Value(-1.0), Value(-3.0), Value(-2.0), Value(-3.0)
    z = w0 * x0 + w1 * x1 + w2
    f = (micrograd_exp(-z) + 1) ** -1
    f.backward()
    return f
