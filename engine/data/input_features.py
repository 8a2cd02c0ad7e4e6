"""Input features computed from two coordinates: what a network is given of a point of the plane.

A straight line cannot part a circle from its ring, but a line in x1² and x2² can: which features
are given decides how much of the work is left to the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.data.dataset import Dataset
from engine.data.splitting import Split
from engine.errors import DataError

Column = Callable[[np.ndarray, np.ndarray], np.ndarray]

INPUT_FEATURES: dict[str, Column] = {
    "x1": lambda a, b: a,
    "x2": lambda a, b: b,
    "x1²": lambda a, b: a * a,
    "x2²": lambda a, b: b * b,
    "x1·x2": lambda a, b: a * b,
    "sin x1": lambda a, b: np.sin(a),
    "sin x2": lambda a, b: np.sin(b),
}
PLAIN = ("x1", "x2")


def computed(points: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The features ``names`` of ``points`` (n, 2): (n, len(names)).

    Raises DataError for an unknown name, none, or one that is named twice.
    """
    if not names or len(set(names)) < len(names):
        raise DataError("A network needs at least one input feature, each named once.")
    unknown = [name for name in names if name not in INPUT_FEATURES]
    if unknown:
        known = ", ".join(INPUT_FEATURES)
        raise DataError(f'There is no input feature "{unknown[0]}"; there are: {known}.')
    columns = [INPUT_FEATURES[name](points[:, 0], points[:, 1]) for name in names]
    return np.stack(columns, axis=1)


def with_features(data: Dataset, names: Sequence[str]) -> Dataset:
    """``data`` of two columns with these features in their place; raises DataError."""
    if data.x.ndim != 2 or data.x.shape[1] != 2:
        raise DataError(f'"{data.name}" has no two columns to compute features from.')
    return replace(data, x=computed(data.x, names), features=tuple(names))


def split_with_features(parts: Split, names: Sequence[str]) -> Split:
    """The same for all parts."""
    each = (with_features(p, names) for p in (parts.train, parts.validation, parts.test))
    return Split(*each)
