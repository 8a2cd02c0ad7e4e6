"""Numbers as colours: orange above 0, blue below, the paper's own colour at 0.

A gradient is red above 0, as gradients are everywhere.  What is not finite is shown in the colour
of problems, so that nobody takes it for a number.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage

from graphviz_app.theme import Theme

FADE = 0.6  # small numbers are lifted by this power, so that they do not all look like 0


def scale_of(array: np.ndarray) -> float:
    """The largest magnitude among the finite numbers of ``array``, the end of its colours."""
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0.0)) or 1.0


def heat_image(
    array: np.ndarray, theme: Theme, gradient: bool = False, scale: float | None = None
) -> QImage:
    """A picture of a matrix, one pixel a number; ``scale`` is the magnitude of the full colour."""
    pixels = _colors(np.asarray(array, float), theme, gradient, scale)
    height, width = array.shape
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32)
    return image.copy()  # one that owns its pixels


def heat_color(value: float, scale: float, theme: Theme, gradient: bool = False) -> QColor:
    """The colour of one number."""
    return QColor(int(_colors(np.full((1, 1), value), theme, gradient, scale)[0, 0]))


def _rgb(name: str) -> np.ndarray:
    color = QColor(name)
    return np.array([color.red(), color.green(), color.blue()], float)


def _colors(array: np.ndarray, theme: Theme, gradient: bool, scale: float | None) -> np.ndarray:
    """0xffRRGGBB of each entry."""
    paper, low, wrong = map(_rgb, (theme.node_fill, theme.negative, theme.problem))
    high = _rgb(theme.backward if gradient else theme.positive)
    finite = np.isfinite(array)
    end = scale_of(array) if scale is None else scale or 1.0
    share = np.clip(np.where(finite, array, 0.0) / end, -1.0, 1.0)
    depth = (np.abs(share) ** FADE)[..., None]
    rgb = paper + depth * (np.where(share[..., None] < 0, low, high) - paper)
    rgb = np.where(finite[..., None], rgb, wrong).round().astype(np.uint32)
    return (0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).astype(np.uint32)
