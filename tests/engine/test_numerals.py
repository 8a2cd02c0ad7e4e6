"""Numbers for the eye: short, with a true minus, and never to be taken for another number."""

from __future__ import annotations

import numpy as np
import pytest

from engine.numerals import fixed, latex_numerals, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([]), "[]"),
        (np.array([0.5]), "[0.5]"),
        (np.array([1.0, -2.0, 0.25, 4.0]), "[1, −2, 0.25, 4]"),
        (np.arange(5.0), "[0, 1, 2, …]"),
        (np.zeros(1000), "[0, 0, 0, …]"),
        (np.zeros((2, 3)), "2×3"),
        (np.zeros((1, 5)), "1×5"),
        (np.zeros((2, 3, 4)), "2×3×4"),
    ],
    ids=lambda v: str(getattr(v, "shape", v)),
)
def test_a_vector_shows_its_first_entries_and_a_matrix_its_shape(value, text: str) -> None:
    assert number(value) == text


def test_a_vector_is_cut_short_on_wires_and_in_formulas_alike() -> None:
    assert fixed(np.full(5, 1 / 3)) == "[0.333, 0.333, 0.333, …]"
    assert latex_numerals(number(np.arange(5.0))) == r"[0, 1, 2, \ldots ]"
