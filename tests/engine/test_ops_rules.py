"""What the op table states in words: ties, limits, extremes, and how array ops read their axes."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from engine.errors import OpError
from engine.ops import OPS

pytestmark = pytest.mark.filterwarnings("error")
INF, NAN = math.inf, math.nan


def slopes(name: str, *xs, **attrs) -> list:
    """The gradients for an upstream gradient of ones."""
    y = OPS[name].forward(*xs, **attrs)
    return [g.tolist() for g in OPS[name].vjp(np.ones(y.shape), y, *xs, **attrs)]


# ties and kinks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "attrs", "expected"),
    [
        ("relu", [0.0], {}, [0.0]),
        ("abs", [0.0], {}, [0.0]),
        ("leaky_relu", [0.0], {}, [0.1]),
        ("leaky_relu", [0.0], {"slope": 0.25}, [0.25]),
        ("elu", [0.0], {"alpha": 0.5}, [0.5]),
        ("max", [2.0, 2.0], {}, [0.5, 0.5]),
        ("max", [2.0, 1.0, 2.0], {}, [0.5, 0.0, 0.5]),
        ("max", [7.0, 7.0, 7.0], {}, [1 / 3] * 3),
        ("max", [2.0], {}, [1.0]),
        ("min", [2.0, 2.0], {}, [0.5, 0.5]),
        ("greater", [2.0, 2.0], {}, [0.0, 0.0]),
        ("reduce_max", [[3.0, 1.0, 3.0]], {}, [[0.5, 0.0, 0.5]]),
        ("reduce_max", [[[3.0, 3.0], [1.0, 2.0]]], {"axes": 1}, [[[0.5, 0.5], [0.0, 1.0]]]),
        ("mae", [[1.0, 2.0], [1.0, 0.0]], {}, [[0.0, 0.5], [0.0, -0.5]]),
        ("sqrt", [0.0], {}, [INF]),
        ("pow", [0.0, 0.0], {}, [0.0, 0.0]),
        ("pow", [0.0, 2.0], {}, [0.0, 0.0]),
        ("pow", [0.0, 1.0], {}, [1.0, 0.0]),
        ("pow", [-3.0, 2.0], {}, [-6.0, NAN]),
        ("pow", [0.0, -1.0], {}, [-INF, -INF]),
    ],
)
def test_ties_and_kinks_are_as_stated(name, inputs, attrs, expected):
    np.testing.assert_array_equal(slopes(name, *inputs, **attrs), expected)


def test_max_and_min_of_nan_are_nan_as_in_numpy():
    assert math.isnan(OPS["max"].forward(NAN, 1.0))
    assert math.isnan(OPS["min"].forward(1.0, NAN))
    assert math.isnan(OPS["relu"].forward(NAN))


def test_nothing_times_log_of_nothing_is_nothing():
    assert float(OPS["bce"].forward([0.0, 1.0], [0.0, 1.0])) == 0.0
    assert slopes("bce", [0.0, 1.0], [0.0, 1.0])[0] == [0.5, -0.5]
    assert float(OPS["cross_entropy"].forward([1.0, 0.0], [1.0, 0.0])) == 0.0
    assert slopes("cross_entropy", [1.0, 0.0], [1.0, 0.0])[0] == [-1.0, 0.0]


# extremes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("log", [0.0], -INF),
        ("log", [-1.0], NAN),
        ("reciprocal", [0.0], INF),
        ("div", [-1.0, 0.0], -INF),
        ("div", [0.0, 0.0], NAN),
        ("exp", [1000.0], INF),
        ("sqrt", [-1.0], NAN),
        ("pow", [10.0, 400.0], INF),
        ("pow", [-8.0, 1 / 3], NAN),
        ("sin", [INF], NAN),
        ("bce", [0.0, 1.0], INF),
        ("cross_entropy", [[1.0, 0.0], 1], INF),
        ("sigmoid", [-1000.0], 0.0),
        ("sigmoid", [1000.0], 1.0),
        ("silu", [-1000.0], 0.0),
        ("softplus", [-1000.0], 0.0),
        ("softplus", [1000.0], 1000.0),
        ("elu", [-1000.0], -1.0),
        ("bce_from_logits", [1000.0, 0.0], 1000.0),
        ("bce_from_logits", [-1000.0, 0.0], 0.0),
        ("cross_entropy_from_logits", [[1000.0, -1000.0], 1], 2000.0),
        ("cross_entropy_from_logits", [[0.0, -INF], [1.0, 0.0]], 0.0),
    ],
)
def test_extremes_give_the_ieee_answer_without_a_warning(name, inputs, expected):
    np.testing.assert_array_equal(OPS[name].forward(*inputs), expected)


def _gelu_tanh(x):
    return (
        x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)))
    )


EXACT = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "gelu tanh": _gelu_tanh,
    "erf": mpmath.erf,
}


@pytest.mark.parametrize("name", EXACT)
def test_stable_forms_keep_thirteen_digits(name):
    """Against mpmath at 60 digits, tails included, where the plain formula would cancel."""
    op = OPS[name.split()[0]]
    attrs = {"approximate": "tanh"} if " " in name else {}
    xs = [-700.0, -30.0, -8.0, -5.0, -1.0, -1e-3, -1e-9, 1e-300, 1e-9, 0.1, 1.0, 5.0, 40.0, 700.0]
    with mpmath.workdps(60):
        exact = [float(EXACT[name](mpmath.mpf(x))) for x in xs]
    # The tail's exponent is as large as x³ there, and so is the effect of its last bit.
    tolerance = 1e-12 if "gelu" in name else 1e-13
    np.testing.assert_allclose(op.forward(xs, **attrs), exact, rtol=tolerance, atol=1e-300)


def test_softmax_of_large_scores():
    scores = np.array([[0.0, 1.0, 2.0, 3.0], [10000.0, 10001.0, 10002.0, 10003.0]])
    y = OPS["softmax"].forward(scores)
    np.testing.assert_array_equal(y[0], y[1])
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-15)
    logs = OPS["log_softmax"].forward([0.0, -800.0])
    np.testing.assert_allclose(logs, [0.0, -800.0], rtol=1e-15)


def test_losses_from_logits_equal_losses_from_probabilities():
    x, t = (
        np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]]),
        np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]]),
    )
    assert OPS["cross_entropy_from_logits"].forward(x, t) == pytest.approx(
        OPS["cross_entropy"].forward(OPS["softmax"].forward(x), t), rel=1e-14
    )
    assert OPS["bce_from_logits"].forward(x, t) == pytest.approx(
        OPS["bce"].forward(OPS["sigmoid"].forward(x), t), rel=1e-14
    )


@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_from_logits"])
def test_a_class_index_counts_as_its_one_hot_row(name):
    x = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    by_index, one_hot = (x, np.array([2, 0])), (x, np.eye(3)[[2, 0]])
    assert OPS[name].forward(*by_index) == OPS[name].forward(*one_hot)
    assert slopes(name, *by_index)[0] == slopes(name, *one_hot)[0]
    assert slopes(name, *by_index)[1] == [0.0, 0.0]
    assert OPS[name].forward(x, np.array([2.0, 0.0])) == OPS[name].forward(*by_index)


def test_losses_carry_the_factors_that_they_name():
    p, t = np.array([[1.0, 2.0], [3.0, 5.0]]), np.zeros((2, 2))
    assert float(OPS["mse"].forward(p, t)) == 39 / 4
    assert float(OPS["mae"].forward(p, t)) == 11 / 4
    rows = np.array([[0.5, 0.5], [0.25, 0.75]])
    ln = math.log
    assert float(OPS["cross_entropy"].forward(rows, [0, 0])) == -(ln(0.5) + ln(0.25)) / 2


# axes, rows and shapes ----------------------------------------------------------------------

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("axes", [None, 0, -1, (0, 2), [-3, 1], (), np.array([1])])
@pytest.mark.parametrize("keepdims", [False, True, 1])
@pytest.mark.parametrize(
    ("name", "numpy_name"), [("sum", "sum"), ("mean", "mean"), ("reduce_max", "max")]
)
def test_reductions_read_axes_as_numpy_does_and_no_axes_as_all(name, numpy_name, axes, keepdims):
    wanted = None if axes is None or np.size(axes) == 0 else axes
    if np.ndim(wanted):
        wanted = tuple(int(a) for a in wanted)
    expected = getattr(X, numpy_name)(axis=wanted, keepdims=bool(keepdims))
    y = OPS[name].forward(X, axes=axes, keepdims=keepdims)
    np.testing.assert_allclose(y, expected, rtol=1e-14)
    assert y.shape == np.shape(expected)


def test_take_adds_up_what_repeated_rows_send_back():
    y = OPS["take"].forward(X[0], [0, -1, 0])
    np.testing.assert_array_equal(y, X[0][[0, -1, 0]])
    of_x, of_indices = OPS["take"].vjp(np.ones(y.shape), y, X[0], [0, -1, 0])
    assert of_x.tolist() == [[2] * 4, [0] * 4, [1] * 4]
    assert not of_indices.any()


def test_take_names_the_index_that_does_not_exist():
    with pytest.raises(OpError, match="take finds no index 7: the indices here are -3 … 2"):
        OPS["take"].forward(X[0], [0, 7])
    with pytest.raises(OpError, match=r"whole numbers as indices, not nan"):
        OPS["take"].forward(X[0], [NAN])


def test_concat_joins_scalars_into_a_vector():
    assert OPS["concat"].forward(2.0, 1.0, 0.1).tolist() == [2.0, 1.0, 0.1]
    y = OPS["concat"].forward(2.0, [1.0, 3.0])
    assert [g.tolist() for g in OPS["concat"].vjp([7.0, 8.0, 9.0], y, 2.0, [1.0, 3.0])] == [
        7.0,
        [8.0, 9.0],
    ]


def test_reshape_works_out_one_axis_and_keeps_those_named_zero():
    assert OPS["reshape"].forward(X, shape=(0, -1)).shape == (2, 12)
    assert OPS["reshape"].forward(X, shape=24).shape == (24,)
    assert OPS["reshape"].forward(np.ones((0, 3)), shape=(3, 0)).shape == (3, 0)
    assert OPS["reshape"].forward(np.ones((1,)), shape=()).shape == ()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((2, 3), (3, 2)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((2, 3), (5, 3, 2)),
        ((1, 2, 3), (5, 3, 2)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 2)),
    ],
)
def test_matmul_has_the_gradients_of_the_sum_that_it_is(a, b):
    """Against the same product written as a broadcast multiplication and a sum."""
    rng = np.random.default_rng(1)
    x, z = rng.normal(size=a), rng.normal(size=b)
    y = OPS["matmul"].forward(x, z)
    np.testing.assert_allclose(y, x @ z, rtol=1e-14)
    g = rng.normal(size=y.shape)
    left = x[None, :, None] if x.ndim == 1 else x[..., None]
    right = z[:, None] if z.ndim == 1 else z[..., None, :, :]
    spread = g[..., None] if z.ndim == 1 else g
    spread = spread[..., None, :] if x.ndim == 1 else spread
    spread = spread[..., None, :]
    of_left, of_right = OPS["mul"].vjp(
        np.broadcast_to(spread, np.broadcast_shapes(left.shape, right.shape)),
        left * right,
        left,
        right,
    )
    got_x, got_z = OPS["matmul"].vjp(g, y, x, z)
    np.testing.assert_allclose(got_x, of_left.reshape(a), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(got_z, of_right.reshape(b), rtol=1e-12, atol=1e-13)
