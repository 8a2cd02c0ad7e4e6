"""Numbers as colours: 0 is paper, signs are told apart, and what is no number stands out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor

from graphviz_app.heat import heat_color, heat_image, ink_on, scale_of
from graphviz_app.theme import Theme, theme

THEMES = [theme(dark, safe) for dark, safe in itertools.product((False, True), repeat=2)]
NAMES = [
    f"{'dark' if dark else 'light'}{', colour-blind safe' if safe else ''}"
    for dark, safe in itertools.product((False, True), repeat=2)
]
every_theme = pytest.mark.parametrize("look", THEMES, ids=NAMES)
passes = pytest.mark.parametrize("gradient", [False, True], ids=["value", "gradient"])


@every_theme
@passes
def test_the_ends_and_the_middle_are_colours_of_the_theme(look: Theme, gradient: bool):
    high = look.backward if gradient else look.positive
    wanted = {2.0: high, -2.0: look.negative, 0.0: look.node_fill}
    for value, name in wanted.items():
        assert heat_color(value, 2.0, look, gradient) == QColor(name)


@every_theme
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_no_colour_of_a_number(look: Theme, value: float):
    color = heat_color(value, 1.0, look)
    assert color == QColor(look.problem)
    assert color not in [heat_color(x, 1.0, look) for x in np.linspace(-1, 1, 201).tolist()]


@passes
def test_a_picture_has_the_colour_of_each_number(gradient: bool):
    look = theme(dark=False)
    array = np.array([[0.5, -3.0, 0.0], [np.nan, 2.0, -np.inf]])
    image = heat_image(array, look, gradient)
    assert (image.width(), image.height()) == (3, 2)
    for (row, column), value in np.ndenumerate(array):
        expected = heat_color(float(value), scale_of(array), look, gradient)
        assert image.pixelColor(column, row) == expected


def test_numbers_beyond_a_given_scale_have_its_last_colour():
    look = theme(dark=False)
    image = heat_image(np.array([[5.0, -5.0]]), look, scale=1.0)
    assert image.pixelColor(0, 0) == QColor(look.positive)
    assert image.pixelColor(1, 0) == QColor(look.negative)


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.full((1, 2), np.nan), np.empty((0, 3))])
def test_without_a_finite_number_but_0_the_scale_is_1(array: np.ndarray):
    assert scale_of(array) == 1.0


@pytest.mark.parametrize("huge", [1e308, 5e-324])
def test_sizes_at_the_ends_of_all_doubles_keep_their_colours(huge: float):
    look = theme(dark=False)
    image = heat_image(np.array([[huge, -huge]]), look)
    assert image.pixelColor(0, 0) == QColor(look.positive)
    assert image.pixelColor(1, 0) == QColor(look.negative)


def contrast(one: QColor, other: QColor) -> float:
    """After WCAG 2, with its exact curve."""

    def luminance(color: QColor) -> float:
        parts = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@every_theme
@passes
def test_a_number_can_be_read_on_every_colour(look: Theme, gradient: bool):
    for value in [*np.linspace(-1, 1, 101).tolist(), np.nan]:
        color = heat_color(value, 1.0, look, gradient)
        assert contrast(ink_on(color), color) >= 3.8  # 3.93 is the best there is between these inks
