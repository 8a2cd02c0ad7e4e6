"""What can be said of many numbers at once: extremes, mean, spread, how many are no numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_BINS = 32
ALIKE = 1e-12  # numbers that differ by less of the largest are alike


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the finite numbers of an array, unless said otherwise.

    ``deviation`` is the standard deviation of the whole array, not of a sample; ``norm`` the
    square root of the sum of squares; ``zeros`` and ``broken`` count exact zeros and what is
    infinite or NaN.
    """

    count: int
    least: float
    most: float
    mean: float
    deviation: float
    norm: float
    zeros: int
    broken: int


def describe(array: np.ndarray) -> Statistics:
    """Statistics of ``array``; those of no finite number are NaN.

    Sums are taken of numbers divided by the largest, so that they do not overflow.
    """
    flat = np.asarray(array, float).ravel()
    finite = flat[np.isfinite(flat)]
    broken = flat.size - finite.size
    if not finite.size:
        nan = float("nan")
        return Statistics(flat.size, nan, nan, nan, nan, nan, 0, broken)
    scale = float(np.abs(finite).max()) or 1.0
    shares = finite / scale
    return Statistics(
        flat.size,
        float(finite.min()),
        float(finite.max()),
        float(shares.mean() * scale),
        float(shares.std() * scale),
        float(np.sqrt(np.square(shares).sum())) * scale,  # ∞ where it is beyond all doubles
        int(np.count_nonzero(finite == 0)),
        broken,
    )


def histogram(array: np.ndarray, bins: int = MOST_BINS) -> tuple[np.ndarray, np.ndarray]:
    """(how many finite numbers fall into each bin, the edges of the bins)."""
    flat = np.asarray(array, float).ravel()
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return np.zeros(bins, int), np.linspace(0.0, 1.0, bins + 1)
    scale = float(np.abs(finite).max()) or 1.0
    shares = finite / scale  # of huge numbers differences would overflow
    low, high = float(shares.min()), float(shares.max())
    if high - low < ALIKE:  # one bar, towards 0 of which there is nothing
        low, high = min(low, high - 0.5 * (high > 0)), max(high, low + 0.5 * (low <= 0))
    counts, edges = np.histogram(shares, bins, (low, high))
    return counts, edges * scale
