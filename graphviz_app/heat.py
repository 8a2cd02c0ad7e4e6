"""Numbers as colours: orange above 0, blue below, the paper's own colour at 0.

A gradient is red above 0, as gradients are everywhere.  What is not finite is shown in the colour
of problems, so that nobody takes it for a number.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PySide6.QtGui import QColor, QImage

from graphviz_app.theme import Theme

FADE = 0.6  # small numbers are lifted by this power, so that they do not all look like 0
SHADES = 4096  # on each side of 0; a colour is looked up, not computed, for each number
ON_LIGHT, ON_DARK = "#1e2430", "#ffffff"  # inks
EQUAL_CONTRAST = 0.217  # the luminance on which both inks are read equally well
NOT_FINITE = 2 * SHADES + 1  # the place of NaN and infinities, behind all shades


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
    place = NOT_FINITE
    if math.isfinite(value):
        share = min(max(value / (scale or 1.0), -1.0), 1.0)
        place = SHADES + round(share * SHADES)
    return QColor(int(_ramp(theme, gradient)[place]))


def ink_on(color: QColor) -> QColor:
    """The ink, dark or white, that is read better on ``color``: by luminance, after WCAG 2."""
    light = zip(
        (0.2126, 0.7152, 0.0722), (color.redF(), color.greenF(), color.blueF()), strict=True
    )
    luminance = sum(weight * part**2.2 for weight, part in light)
    return QColor(ON_LIGHT if luminance > EQUAL_CONTRAST else ON_DARK)


def _rgb(name: str) -> np.ndarray:
    color = QColor(name)
    return np.array([color.red(), color.green(), color.blue()], float)


@lru_cache(maxsize=8)
def _ramp(theme: Theme, gradient: bool) -> np.ndarray:
    """0xffRRGGBB of each shade, from the lowest to the highest, then of what is not finite."""
    paper, low, wrong = map(_rgb, (theme.node_fill, theme.negative, theme.problem))
    high = _rgb(theme.backward if gradient else theme.positive)
    share = np.linspace(-1.0, 1.0, 2 * SHADES + 1)[:, None]
    shades = paper + np.abs(share) ** FADE * (np.where(share < 0, low, high) - paper)
    rgb = np.vstack((shades, wrong)).round().astype(np.uint32)
    return (0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]).astype(np.uint32)


def _colors(array: np.ndarray, theme: Theme, gradient: bool, scale: float | None) -> np.ndarray:
    """0xffRRGGBB of each entry."""
    finite = np.isfinite(array)
    end = scale_of(array) if scale is None else scale or 1.0
    share = np.clip(np.where(finite, array, 0.0) / end, -1.0, 1.0)
    place = np.where(finite, SHADES + np.rint(share * SHADES), NOT_FINITE)
    return _ramp(theme, gradient)[place.astype(np.intp)]
