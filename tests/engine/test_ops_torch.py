"""The op table against torch: values and gradients, in float64 and float32.

Skipped where torch is not installed (``./dev test --no-torch``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.ops import OPS
from engine.ops.op import Op

torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
functional = torch.nn.functional

# How torch is called where names or places of attributes differ; all others are called as ours.
CALLS: dict[str, Callable[..., Any]] = {
    "max": lambda f, *xs: torch.amax(torch.stack(torch.broadcast_tensors(*xs)), 0),
    "min": lambda f, *xs: torch.amin(torch.stack(torch.broadcast_tensors(*xs)), 0),
    "where": lambda f, condition, a, b: f(condition != 0, a, b),
    "leaky_relu": lambda f, x, slope: f(x, negative_slope=slope),
    "transpose": lambda f, x, axes: f(x, axes or tuple(range(x.ndim))[::-1]),
    "reshape": lambda f, x, shape: f(x, _like_ours(x, shape)),
    "concat": lambda f, *xs, axis: f([torch.atleast_1d(x) for x in xs], dim=axis),
    "take": lambda f, x, indices, axis: _rows(f, x, indices, axis),
    "sum": lambda f, x, axes, keepdims: f(x, dim=axes, keepdim=keepdims),
    "mean": lambda f, x, axes, keepdims: f(x, dim=axes, keepdim=keepdims),
    "reduce_max": lambda f, x, axes, keepdims: f(
        x, dim=() if axes is None else axes, keepdim=keepdims
    ),
    "softmax": lambda f, x, axis: f(x, dim=axis),
    "log_softmax": lambda f, x, axis: f(x, dim=axis),
    "cross_entropy": lambda f, p, t: _mean_of_rows(p.log(), t),
    "cross_entropy_from_logits": lambda f, x, t: _mean_of_rows(x.log_softmax(-1), t),
    "dense": lambda f, x, W, b, activation: _activated(x @ W + b, activation),
    "projection": lambda f, x, W, activation: _activated(x @ W, activation),
    "dropout": lambda f, x, mask, rate, training: (
        x * mask.detach() / (1 - rate) if training else x * 1
    ),
    "layer_norm": lambda f, x, gamma, beta, epsilon: functional.layer_norm(
        x, x.shape[-1:], gamma, beta, epsilon
    ),
    "batch_norm": lambda f, x, gamma, beta, mean, variance, epsilon, training: (
        functional.batch_norm(
            x, mean.detach().clone(), variance.detach().clone(), gamma, beta, training, 0.0, epsilon
        )
    ),
    "attention_pooling": lambda f, x, w, b, mask, axis: (
        x * (x @ w + b).tanh().masked_fill(mask == 0, -torch.inf).softmax(axis)
    ).sum(1),
    "conv2d": lambda f, x, kernel, stride, padding: _conv(x, kernel, stride, padding),
    "conv_layer": lambda f, x, kernel, b, stride, padding, activation: _activated(
        _conv(x, kernel, stride, padding) + b, activation
    ),
    "max_pool": lambda f, x, size, stride: functional.max_pool2d(
        x.movedim(-1, 1), size, stride
    ).movedim(1, -1),
    "embedding": lambda f, ids, table: table[ids.long()],
    "flatten": lambda f, x: x.flatten(1),
}

# Samples on which torch answers something else on purpose, and what.
DIFFERENT = {
    ("bce", 3): "torch caps the slope at p = 0 and p = 1",
    ("bce", 4): "torch caps ln p at −100, we say infinite",
    ("cross_entropy", 5): "0·ln 0 is NaN when written with torch's product",
    ("cross_entropy", 6): "0·ln 0 is NaN when written with torch's product",
}


def _like_ours(x: Any, shape: Any) -> tuple[int, ...]:
    asked = shape if isinstance(shape, tuple) else (shape,)
    return tuple(x.shape[k] if n == 0 else n for k, n in enumerate(asked))


def _rows(f: Any, x: Any, indices: Any, axis: int) -> Any:
    where = indices.long() % x.shape[axis]
    flat = f(x, axis, where.reshape(-1))
    return flat.reshape(*x.shape[:axis], *where.shape, *x.shape[axis + 1 :])


def _activated(z: Any, activation: str) -> Any:
    if activation == "linear":
        return z
    return z.softmax(-1) if activation == "softmax" else getattr(functional, activation)(z)


def _conv(x: Any, kernel: Any, stride: int, padding: str) -> Any:
    """Channels come last here and second in torch, which pads only evenly and with stride 1."""
    if padding == "same":
        margins = []
        for size, window in zip(x.shape[2:0:-1], kernel.shape[1::-1], strict=True):
            wanted = max((-(-size // stride) - 1) * stride + window - size, 0)
            margins += [wanted // 2, wanted - wanted // 2]
        x = functional.pad(x, (0, 0, *margins))
    y = functional.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), stride=stride)
    return y.movedim(1, -1)


def _mean_of_rows(log_p: Any, t: Any) -> Any:
    if t.ndim < log_p.ndim:
        return -log_p.gather(-1, t.long()[..., None]).mean()
    return -(t * log_p).sum(-1).mean()


def torch_function(op: Op) -> Any:
    """What the entry's dotted name stands for."""
    found: Any = torch
    for part in op.torch.split(".") if op.torch else ():
        found = getattr(found, part)
    return found


def samples() -> list:
    return [
        pytest.param(op, sample, id=f"{op.name}-{k}")
        for op in OPS.values()
        for k, sample in enumerate(op.samples)
        if (op.name, k) not in DIFFERENT
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "sample"), samples())
def test_value_and_gradients_are_those_of_torch(op: Op, sample: tuple, dtype: str):
    attrs = sample[-1] if isinstance(sample[-1], dict) else {}
    inputs = sample[:-1] if attrs else sample
    xs = [np.asarray(x, dtype) for x in inputs]
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    function = torch_function(op)
    call = CALLS.get(op.name, lambda f, *a, **k: f(*a, **k))
    expected = call(function, *tensors, **op.with_defaults(attrs))
    y = op.forward(*xs, **attrs)
    tolerance = (
        {"rtol": 1e-8, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-6}
    )
    assert y.dtype == expected.detach().numpy().dtype
    np.testing.assert_allclose(y, expected.detach().numpy(), **tolerance)
    if not expected.requires_grad:
        assert not any(op.carries(len(xs)))
        return
    g = np.asarray(np.cos(np.arange(y.size)).reshape(y.shape) + 1.5, dtype)
    theirs = torch.autograd.grad(expected, tensors, torch.tensor(g), allow_unused=True)
    for ours, x, t in zip(op.vjp(g, y, *xs, **attrs), xs, theirs, strict=True):
        assert ours.dtype == x.dtype
        np.testing.assert_allclose(ours, np.zeros_like(x) if t is None else t.numpy(), **tolerance)


@pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.torch])
def test_torch_has_the_name_that_the_entry_states(name: str):
    assert callable(torch_function(OPS[name]))


@pytest.mark.parametrize("base", [0.0, -0.0, 2.0, -2.0, np.inf])
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 0.5, -1.0, -0.0])
def test_corner_cases_of_pow_are_those_of_torch(base: float, exponent: float):
    a = torch.tensor(base, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(exponent, dtype=torch.float64, requires_grad=True)
    expected = torch.pow(a, b)
    y = OPS["pow"].forward(base, exponent)
    np.testing.assert_array_equal(y, expected.detach().numpy())
    theirs = torch.autograd.grad(expected, (a, b))
    for ours, t in zip(OPS["pow"].vjp(1.0, y, base, exponent), theirs, strict=True):
        np.testing.assert_allclose(ours, t.numpy(), rtol=1e-14)


@pytest.mark.parametrize("name", ["relu", "abs", "leaky_relu", "elu", "max", "min", "reduce_max"])
def test_ties_and_kinks_are_those_of_torch(name: str):
    op = OPS[name]
    xs = [np.array([0.0, 1.0, 0.0])] * (2 if op.variadic else 1)
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    call = CALLS.get(name, lambda f, *a, **k: f(*a, **k))
    expected = call(torch_function(op), *tensors, **op.with_defaults({}))
    theirs = torch.autograd.grad(expected, tensors, torch.ones_like(expected))
    y = op.forward(*xs)
    for ours, t in zip(op.vjp(np.ones(y.shape), y, *xs), theirs, strict=True):
        np.testing.assert_array_equal(ours, t.numpy())
