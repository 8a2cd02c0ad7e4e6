"""Losses: how far a prediction is from its target, as one number.

The prediction comes first, the target second.  ``mae``, ``mse`` and the binary cross-entropies
average over all numbers, without a factor ½; the cross-entropies sum over the classes of a row
and average over the rows.  0·ln 0 counts as 0, its limit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.errors import ShapeError
from engine.ops.linalg import positions
from engine.ops.op import Shape, declare, shape_text

# helpers ------------------------------------------------------------------------------------


def _pair_shape(name: str, first: str = "prediction") -> Any:
    """The shape rule of a loss over numbers: both of one shape, never stretched.

    Stretching a column against a row would silently compare everything with everything.
    """

    def rule(prediction: Shape, target: Shape) -> Shape:
        if prediction != target:
            raise ShapeError(
                f"{name} needs {first} and target to have the same shape: "
                f"{first} is {shape_text(prediction)}, target is {shape_text(target)}."
            )
        return ()

    return rule


def _rows_shape(name: str, first: str = "prediction") -> Any:
    """The shape rule of a loss over rows: probabilities for each class, or one index a row."""

    def rule(prediction: Shape, target: Shape) -> Shape:
        if not prediction or target not in (prediction, prediction[:-1]):
            raise ShapeError(
                f"{name} needs a row of classes, and a target of the same shape or with one class "
                f"index for each row: {first} is {shape_text(prediction)}, "
                f"target is {shape_text(target)}."
            )
        return ()

    return rule


def _mean(x: Any, count: int) -> Any:
    return x.sum() / count


def _row_count(x: Any) -> int:
    return math.prod(x.shape[:-1])


def _like(target: Any, prediction: Any) -> Any:
    """``target`` in the number type of ``prediction``, so that float32 stays float32."""
    return target.astype(prediction.dtype, copy=False) if prediction.dtype.kind == "f" else target


def _chances(name: str, target: Any, prediction: Any) -> Any:
    """``target`` as probabilities shaped like ``prediction``: class indices become one-hot."""
    if target.ndim == prediction.ndim:
        return _like(target, prediction)
    classes = prediction.shape[-1]
    rows = positions(name, target, classes, 0)
    return np.eye(classes, dtype=prediction.dtype)[rows]


def _times_log(xp: Any, t: Any, log_p: Any) -> Any:
    """t·ln p with 0·ln 0 = 0."""
    return xp.where(xp.equal(t, 0), 0.0, t * log_p)


def _over(xp: Any, t: Any, p: Any) -> Any:
    """t/p, the slope of t·ln p, which is 0 where t is 0."""
    return xp.where(xp.equal(t, 0), 0.0, t / p)


def _opened_target(xp: Any, prediction: Any, target: Any) -> Any:
    """In a formula, a class index opens into a row of the identity matrix: its one-hot form."""
    if target.ndim < prediction.ndim:
        return xp.take(np.eye(prediction.shape[-1]), target)
    return target


# over numbers -------------------------------------------------------------------------------

NUMBERS: dict[str, Any] = {
    "kind": "loss",
    "group": "Losses",
    "errors": (([1.0, 2.0], [1.0, 2.0, 3.0]), ([[1.0], [2.0]], [1.0, 2.0])),
}
MEASURED = (
    (1.5, -0.5),
    ([1.0, 2.0, -1.0], [0.5, 2.5, 3.0]),
    ([[1.0, 2.0]], [[3.0, -1.0]]),
    ([1.0, 2.0], [1.0, 0.0]),
)


def _mae_pullback(xp: Any, g: Any, y: Any, p: Any, t: Any) -> tuple:
    slope = g * xp.sign(p - _like(t, p)) / p.size
    return slope, -slope


declare(
    "mae",
    "prediction target",
    formula=lambda xp, p, t: xp.mean(xp.abs(p - t)),
    value=lambda xp, p, t: _mean(xp.absolute(p - _like(t, p)), p.size),
    pullback=_mae_pullback,
    rule=(
        r"\frac{G}{n} \cdot \operatorname{sign}\left({prediction:1} - {target:2}\right)",
        r"-\frac{G}{n} \cdot \operatorname{sign}\left({prediction:1} - {target:2}\right)",
    ),
    shape_rule=_pair_shape("mae"),
    says="The mean absolute error: the average distance between prediction and target.",
    gradient_says="Each of n predictions is pushed with the same strength, ±1/n, whatever its "
    "distance.",
    symbol="MAE",
    latex=r"\operatorname{MAE}\left({prediction:0},\, {target:0}\right)",
    aliases=("mean_absolute_error",),
    tie="no gradient where prediction and target are equal",
    torch="nn.functional.l1_loss",
    samples=MEASURED,
    **NUMBERS,
)


def _mse_pullback(xp: Any, g: Any, y: Any, p: Any, t: Any) -> tuple:
    slope = 2 * g * (p - _like(t, p)) / p.size
    return slope, -slope


declare(
    "mse",
    "prediction target",
    formula=lambda xp, p, t: xp.mean(xp.square(p - t)),
    value=lambda xp, p, t: _mean(xp.square(p - _like(t, p)), p.size),
    pullback=_mse_pullback,
    rule=(
        r"\frac{2 G}{n} \cdot \left({prediction:1} - {target:2}\right)",
        r"-\frac{2 G}{n} \cdot \left({prediction:1} - {target:2}\right)",
    ),
    shape_rule=_pair_shape("mse"),
    says="The mean squared error: the average of the squared distances, without a factor ½.",
    gradient_says="Each of n predictions is pushed by 2/n times its distance from the target.",
    symbol="MSE",
    latex=r"\operatorname{MSE}\left({prediction:0},\, {target:0}\right)",
    aliases=("mean_squared_error",),
    torch="nn.functional.mse_loss",
    samples=MEASURED,
    **NUMBERS,
)


def _bce(xp: Any, p: Any, t: Any) -> Any:
    t = _like(t, p)
    terms = _times_log(xp, t, xp.log(p)) + _times_log(xp, 1 - t, xp.log1p(-p))
    return -_mean(terms, p.size)


def _bce_pullback(xp: Any, g: Any, y: Any, p: Any, t: Any) -> tuple:
    t, share = _like(t, p), g / p.size
    of_prediction = _over(xp, 1 - t, 1 - p) - _over(xp, t, p)
    return share * of_prediction, share * (xp.log1p(-p) - xp.log(p))


declare(
    "bce",
    "prediction target",
    formula=lambda xp, p, t: -xp.mean(t * xp.log(p) + (1 - t) * xp.log(1 - p)),
    value=_bce,
    pullback=_bce_pullback,
    rule=(
        r"\frac{G}{n} \cdot \left(\frac{1 - {target:2}}{1 - {prediction:2}} - "
        r"\frac{{target:0}}{{prediction:0}}\right)",
        r"\frac{G}{n} \cdot \ln\left(\frac{1 - {prediction:2}}{{prediction:0}}\right)",
    ),
    shape_rule=_pair_shape("bce"),
    says="Binary cross-entropy, the average of −(t ln p + (1 − t) ln(1 − p)): the surprise at the "
    "answer when the prediction is p.",
    gradient_says="Each of n predictions receives ((1 − t)/(1 − p) − t/p)/n: the surer the "
    "mistake, the harder the push.",
    symbol="BCE",
    latex=r"\operatorname{BCE}\left({prediction:0},\, {target:0}\right)",
    aliases=("binary_cross_entropy",),
    tie="0·ln 0 counts as 0",
    domain="predictions from 0 to 1; a sure and wrong one costs ∞",
    torch="nn.functional.binary_cross_entropy",
    samples=(
        (0.7, 1.0),
        ([0.1, 0.5, 0.9], [0.0, 1.0, 0.25]),
        ([[0.2], [0.6]], [[1.0], [0.0]]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([0.0, 0.5], [1.0, 0.0]),
    ),
    **NUMBERS,
)


def _bce_from_logits(xp: Any, x: Any, t: Any) -> Any:
    t = _like(t, x)
    terms = xp.maximum(x, 0.0) - x * t + xp.log1p(xp.exp(-xp.absolute(x)))
    return _mean(terms, x.size)


def _bce_from_logits_pullback(xp: Any, g: Any, y: Any, x: Any, t: Any) -> tuple:
    share = g / x.size
    return share * (xp.sigmoid(x) - _like(t, x)), -share * x


declare(
    "bce_from_logits",
    "logits target",
    formula=lambda xp, x, t: xp.bce(xp.sigmoid(x), t),
    value=_bce_from_logits,
    pullback=_bce_from_logits_pullback,
    rule=(
        r"\frac{G}{n} \cdot \left(\sigma\left({logits:0}\right) - {target:2}\right)",
        r"-\frac{G}{n} \cdot {logits:3}",
    ),
    shape_rule=_pair_shape("bce_from_logits", "logits"),
    says="Binary cross-entropy of σ(x), computed so that large scores do not overflow.",
    gradient_says="Each of n scores is pushed by its error in probability, (σ(x) − t)/n.",
    symbol="BCEσ",
    latex=r"\operatorname{BCE}\left(\sigma\left({logits:0}\right),\, {target:0}\right)",
    aliases=("bce_with_logits",),
    torch="nn.functional.binary_cross_entropy_with_logits",
    samples=(
        (0.7, 1.0),
        ([-2.0, 0.0, 3.0], [0.0, 1.0, 0.25]),
        ([[0.2], [-0.6]], [[1.0], [0.0]]),
        ([-1000.0, 1000.0], [1.0, 1.0]),
    ),
    **NUMBERS,
)

# over rows ----------------------------------------------------------------------------------

ROWS: dict[str, Any] = {
    "kind": "loss",
    "group": "Losses",
    "errors": (
        (0.5, 1.0),
        ([[0.5, 0.5], [0.25, 0.75]], [1.0, 0.0, 1.0]),
        ([[0.5, 0.5]], [[1.0, 0.0, 0.0]]),
        ([[0.5, 0.5]], [2]),
        ([[0.5, 0.5]], [-1]),
    ),
}


def _cross_entropy(xp: Any, p: Any, t: Any) -> Any:
    return -_mean(_times_log(xp, _chances("cross_entropy", t, p), xp.log(p)), _row_count(p))


def _cross_entropy_pullback(xp: Any, g: Any, y: Any, p: Any, t: Any) -> tuple:
    share = g / _row_count(p)
    of_target = -share * xp.log(p) if t.ndim == p.ndim else xp.zeros_like(t, dtype=p.dtype)
    return -share * _over(xp, _chances("cross_entropy", t, p), p), of_target


declare(
    "cross_entropy",
    "prediction target",
    formula=lambda xp, p, t: -xp.mean(xp.sum(_opened_target(xp, p, t) * xp.log(p), axes=-1)),
    value=_cross_entropy,
    pullback=_cross_entropy_pullback,
    rule=(
        r"-\frac{G}{n} \cdot \frac{{target:0}}{{prediction:0}}",
        r"-\frac{G}{n} \cdot \ln\left({prediction:0}\right)\text{ (0 for a class index)}",
    ),
    shape_rule=_rows_shape("cross_entropy"),
    says="Cross-entropy from probabilities, −Σ t ln p averaged over the rows: the surprise at the "
    "right class.",
    gradient_says="The probability p of the right class receives −1/p, divided by the number of "
    "rows; the other classes receive nothing.",
    symbol="CE",
    latex=r"\operatorname{CE}\left({prediction:0},\, {target:0}\right)",
    aliases=("cross_entropy_from_probabilities",),
    tie="0·ln 0 counts as 0",
    domain="probabilities; the target is one row of probabilities or one class index a row",
    samples=(
        ([0.7, 0.2, 0.1], [1.0, 0.0, 0.0]),
        ([0.7, 0.2, 0.1], 1),
        ([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], [[0.2, 0.3, 0.5], [0.0, 0.0, 1.0]]),
        ([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], [2, 0]),
        ([[[0.5, 0.5]], [[0.1, 0.9]]], [[0], [1]]),
        ([1.0, 0.0], [1.0, 0.0]),
        ([1.0, 0.0], [0.0, 1.0]),
    ),
    **ROWS,
)


def _cross_entropy_from_logits(xp: Any, x: Any, t: Any) -> Any:
    return -_mean(
        _times_log(xp, _chances("cross_entropy_from_logits", t, x), xp.log_softmax(x)),
        _row_count(x),
    )


def _cross_entropy_from_logits_pullback(xp: Any, g: Any, y: Any, x: Any, t: Any) -> tuple:
    share, chances = g / _row_count(x), _chances("cross_entropy_from_logits", t, x)
    total = chances.sum(axis=-1, keepdims=True)
    return (
        share * (xp.softmax(x) * total - chances),
        -share * xp.log_softmax(x) if t.ndim == x.ndim else xp.zeros_like(t, dtype=x.dtype),
    )


declare(
    "cross_entropy_from_logits",
    "logits target",
    formula=lambda xp, x, t: (
        -xp.mean(xp.sum(_opened_target(xp, x, t) * xp.log_softmax(x, axis=-1), axes=-1))
    ),
    value=_cross_entropy_from_logits,
    pullback=_cross_entropy_from_logits_pullback,
    rule=(
        r"\frac{G}{n} \cdot "
        r"\left(\operatorname{softmax}\left({logits:0}\right) - {target:2}\right)",
        r"-\frac{G}{n} \cdot \ln\operatorname{softmax}\left({logits:0}\right)"
        r"\text{ (0 for a class index)}",
    ),
    shape_rule=_rows_shape("cross_entropy_from_logits", "logits"),
    says="Cross-entropy of softmax(x), computed so that large scores do not overflow.",
    gradient_says="Each score is pushed by its error in probability, softmax(x) − t, divided by "
    "the number of rows.",
    symbol="softmax CE",
    latex=r"\operatorname{CE}\left(\operatorname{softmax}\left({logits:0}\right),\, "
    r"{target:0}\right)",
    aliases=("cross_entropy_with_logits",),
    tie="0·ln 0 counts as 0",
    domain="any scores; the target is one row of probabilities or one class index a row",
    torch="nn.functional.cross_entropy",
    samples=(
        ([2.0, 1.0, 0.1], [1.0, 0.0, 0.0]),
        ([2.0, 1.0, 0.1], 1),
        ([[0.5, -0.25, 2.0], [1.0, 1.0, -0.8]], [[0.2, 0.3, 0.5], [0.0, 0.0, 1.0]]),
        ([[0.5, -0.25, 2.0], [1.0, 1.0, -0.8]], [2, 0]),
        ([[[0.5, 0.5]], [[0.1, 0.9]]], [[0], [1]]),
        ([1000.0, -1000.0], [0.0, 1.0]),
    ),
    **ROWS,
)
