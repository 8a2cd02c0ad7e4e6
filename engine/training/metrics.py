"""Metrics: how good predictions are, in numbers that people compare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def predicted_classes(prediction: Any, threshold: float = 0.5) -> np.ndarray:
    """The class of each row: (rows,).

    One output means class 1 above ``threshold``; several mean the class of the largest, the first
    of those that tie.
    """
    values = np.asarray(prediction)
    if values.ndim < 2 or values.shape[-1] == 1:
        return (values.reshape(-1) > threshold).astype(np.int64)
    return values.argmax(axis=-1)


def accuracy(prediction: Any, labels: Any, threshold: float = 0.5) -> float:
    """The share of rows whose class is right; NaN for no rows."""
    labels = np.asarray(labels)
    if not labels.size:
        return math.nan
    right = predicted_classes(prediction, threshold) == labels
    return int(np.count_nonzero(right)) / labels.size


def confusion(prediction: Any, labels: Any, classes: int, threshold: float = 0.5) -> np.ndarray:
    """How many rows of each class (down) were taken for which (across): (classes, classes)."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (np.asarray(labels), predicted_classes(prediction, threshold)), 1)
    return found


def r2(prediction: Any, targets: Any) -> float:
    """R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over outputs.

    Where the targets of an output are all equal it is 1 for perfect predictions and else 0, as
    scikit-learn has it; NaN for fewer than two rows.
    """
    y = np.asarray(targets, float)
    y = y.reshape(len(y), -1)
    if len(y) < 2:
        return math.nan
    rest = ((y - np.asarray(prediction, float).reshape(y.shape)) ** 2).sum(axis=0)
    whole = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    same = whole == 0
    scores = np.where(same, (rest == 0) * 1.0, 1 - rest / np.where(same, 1.0, whole))
    return float(scores.mean())


def mae(prediction: Any, targets: Any) -> float:
    """The mean absolute error; NaN for no rows."""
    y = np.asarray(targets, float)
    if not y.size:
        return math.nan
    return float(np.abs(y - np.asarray(prediction, float).reshape(y.shape)).mean())
