"""Colours of training: maps from blue over white to orange, classes, and runs.

Knows no Qt.
"""

from __future__ import annotations

import functools

import numpy as np

from graphviz_app.theme import LIGHT

# Of maps: the ends are the same in both themes, as their middle is paper white in both.
PAPER = "#f5f6f8"
# Okabe and Ito's, which people with any colour vision can tell apart; then two of Tol's.
CLASS_COLORS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b0a300", "#777777",
    "#882255", "#44aa99",
)  # fmt: skip
MARKS = ("o", "s", "t", "d", "p", "h", "star", "t1", "+", "x")  # of classes, in pyqtgraph's words


def rgb(color: str) -> np.ndarray:
    """``#rrggbb`` as three numbers from 0 to 255."""
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], float)


@functools.cache
def diverging() -> np.ndarray:
    """(256, 3) bytes: blue for the least, white in the middle, orange for the most."""
    shares = np.linspace(-1, 1, 256)[:, None]
    ends = np.where(shares < 0, rgb(LIGHT.negative), rgb(LIGHT.positive))
    size = np.abs(shares) ** 0.8 * 0.94
    return np.rint(rgb(PAPER) * (1 - size) + ends * size).astype(np.uint8)


def of_values(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as colours of the diverging map, (…, 3) bytes."""
    span = high - low or 1.0
    with np.errstate(all="ignore"):  # a run that diverges has numbers of any size
        place = np.clip((np.asarray(values, float) - low) / span, 0, 1)
    return diverging()[np.rint(255 * np.nan_to_num(place, nan=0.5)).astype(np.uint8)]


def of_classes(shares: np.ndarray) -> np.ndarray:
    """Shares of classes (…, K) as colours: the likeliest class's, the paler the less sure."""
    colors = np.array([rgb(CLASS_COLORS[k % len(CLASS_COLORS)]) for k in range(shares.shape[-1])])
    best = np.argmax(shares, axis=-1)
    count = shares.shape[-1]
    sure = np.take_along_axis(shares, best[..., None], -1)
    sure = np.clip((sure - 1 / count) / (1 - 1 / count), 0, 1) ** 0.7 * 0.85 + 0.1
    return np.rint(rgb(PAPER) * (1 - sure) + colors[best] * sure).astype(np.uint8)


def class_color(label: int, count: int) -> str:
    """The colour of points of a class; of two classes blue and orange."""
    if count == 2:
        return (LIGHT.negative, LIGHT.positive)[label]
    return CLASS_COLORS[label % len(CLASS_COLORS)]
