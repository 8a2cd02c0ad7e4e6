"""Planes through the space of inputs, on which a network of any width can be drawn.

A point of the plane has two coordinates; from them a whole row of inputs follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.dataset import Dataset
from engine.data.input_features import computed
from engine.errors import DataError

MARGIN = 0.12  # beyond the outermost points, in shares of what they span


@dataclass(frozen=True, eq=False)
class Plane:
    """Rows are ``origin`` + a·``first`` + b·``second``, all three of the inputs' shape.

    With ``inputs`` these are points of two columns, and a row is what is computed from them
    (``input_features``).  ``titles`` name the two coordinates.
    """

    origin: np.ndarray
    first: np.ndarray
    second: np.ndarray
    titles: tuple[str, str]
    inputs: tuple[str, ...] = ()

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """The rows that belong to coordinates (n, 2)."""
        axes = np.stack([self.first.ravel(), self.second.ravel()])
        rows = np.asarray(coordinates, float) @ axes
        rows += self.origin.ravel()
        rows = rows.reshape(-1, *self.origin.shape)
        return computed(rows, self.inputs) if self.inputs else rows

    def coordinates(self, columns: np.ndarray) -> np.ndarray:
        """Where rows of columns lie when seen along the plane's normal: (n, 2)."""
        flat = np.asarray(columns, float).reshape(-1, self.origin.size) - self.origin.ravel()
        axes = np.stack([self.first.ravel(), self.second.ravel()], axis=1)
        return np.linalg.lstsq(axes, flat.T, rcond=None)[0].T


def feature_plane(others: np.ndarray, first: int, second: int, names: Sequence[str] = ()) -> Plane:
    """The plane of two features, the others being as in the row ``others``.

    Raises DataError for a feature that is not there.
    """
    others = np.asarray(others, float)
    if (
        others.ndim != 1
        or first == second
        or not all(0 <= k < len(others) for k in (first, second))
    ):
        raise DataError("A plane needs two different features that the data have.")
    axes = np.eye(len(others))
    origin = others * (1 - axes[first] - axes[second])
    titles = tuple(names[k] if k < len(names) else f"x{k + 1}" for k in (first, second))
    return Plane(origin, axes[first], axes[second], (titles[0], titles[1]))


def feature_line(name: str = "x") -> Plane:
    """The line that data of one feature lie on; its second coordinate is of no account."""
    return Plane(np.zeros(1), np.ones(1), np.zeros(1), (name, ""))


def principal_plane(data: Dataset) -> Plane:
    """The plane in which ``data`` spread most: through their mean along the two principal axes.

    Pearson 1901, *On Lines and Planes of Closest Fit*; the axes are the first right singular
    vectors of the centred rows, each turned so that its largest entry is positive.  Where there
    are more rows than columns they are found as eigenvectors of the scatter matrix, which for 5,000
    rows of 800 takes a fifth of the time.
    """
    shape = data.x.shape[1:]
    rows = data.x.reshape(data.count, -1)
    if rows.shape[1] < 2 or data.count < 2:
        raise DataError(f'"{data.name}" has no plane: it needs two rows and two columns.')
    mean = rows.mean(axis=0)
    centred = rows - mean
    if data.count > rows.shape[1]:
        squares, vectors = np.linalg.eigh(centred.T @ centred)
        squares, axes = np.maximum(squares[::-1], 0.0), vectors.T[::-1]
    else:
        _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
        squares = sizes**2
    total = float(squares.sum()) or 1.0
    if len(axes) < 2:
        raise DataError(f'"{data.name}" has no plane: all its rows are alike.')
    signs = [1.0 if axis[np.argmax(np.abs(axis))] >= 0 else -1.0 for axis in axes[:2]]
    first, second = (sign * axis for sign, axis in zip(signs, axes, strict=False))
    shares = [100 * float(square) / total for square in squares[:2]]
    titles = tuple(f"axis {k} ({share:.0f} %)" for k, share in enumerate(shares, 1))
    return Plane(
        mean.reshape(shape), first.reshape(shape), second.reshape(shape), (titles[0], titles[1])
    )


def extent(coordinates: np.ndarray) -> tuple[float, float, float, float]:
    """(left, right, bottom, top) of a window around points: square for like spreads, with air."""
    if not len(coordinates):
        return -1.0, 1.0, -1.0, 1.0
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    if span.max() <= 3 * span.min():  # axes that compare have one scale
        span = np.full(2, span.max())
    half, middle = span * (0.5 + MARGIN), (low + high) / 2
    (left, bottom), (right, top) = middle - half, middle + half
    return float(left), float(right), float(bottom), float(top)
