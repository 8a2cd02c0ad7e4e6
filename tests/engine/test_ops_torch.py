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
from engine.run.device import torch_calls, torch_function

torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
functional = torch.nn.functional

# Layers as torch has them: a witness for formulas that the executor opens instead.
LAYERS: dict[str, Callable[..., Any]] = {
    "dense": lambda x, W, b, activation: _activated(x @ W + b, activation),
    "projection": lambda x, W, activation: _activated(x @ W, activation),
    "dropout": lambda x, mask, rate, training: (
        x * mask.detach() / (1 - rate) if training else x * 1
    ),
    "layer_norm": lambda x, gamma, beta, epsilon: functional.layer_norm(
        x, x.shape[-1:], gamma, beta, epsilon
    ),
    "batch_norm": lambda x, gamma, beta, mean, variance, epsilon, training: functional.batch_norm(
        x, mean.detach().clone(), variance.detach().clone(), gamma, beta, training, 0.0, epsilon
    ),
    "attention_pooling": lambda x, w, b, mask, axis: (
        x * (x @ w + b).tanh().masked_fill(mask == 0, -torch.inf).softmax(axis)
    ).sum(1),
    "conv_layer": lambda x, kernel, b, stride, padding, activation: _activated(
        torch_calls()["conv2d"](x, kernel, stride=stride, padding=padding) + b, activation
    ),
    "conv_unbiased": lambda x, kernel, stride, padding, activation: _activated(
        torch_calls()["conv2d"](x, kernel, stride=stride, padding=padding), activation
    ),
    "embedding": lambda ids, table: table[ids.long()],
    "flatten": lambda x: x.flatten(1),
}

# Samples on which torch answers something else on purpose, and what.
DIFFERENT = {
    ("bce", 3): "torch caps the slope at p = 0 and p = 1",
    ("bce", 4): "torch caps ln p at −100, we say infinite",
    ("cross_entropy", 5): "the slope of 0·ln 0 is NaN in torch",
    ("cross_entropy", 6): "the slope of 0·ln 0 is NaN in torch",
}


def _activated(z: Any, activation: str) -> Any:
    if activation == "linear":
        return z
    return z.softmax(-1) if activation == "softmax" else getattr(functional, activation)(z)


def in_torch(op: Op) -> Callable[..., Any]:
    """The op as torch computes it."""
    return {**torch_calls(), **LAYERS}.get(op.name) or torch_function(torch, op)


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
    expected = in_torch(op)(*tensors, **op.with_defaults(attrs))
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
    assert callable(torch_function(torch, OPS[name]))


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
    expected = in_torch(op)(*tensors, **op.with_defaults({}))
    theirs = torch.autograd.grad(expected, tensors, torch.ones_like(expected))
    y = op.forward(*xs)
    for ours, t in zip(op.vjp(np.ones(y.shape), y, *xs), theirs, strict=True):
        np.testing.assert_array_equal(ours, t.numpy())
