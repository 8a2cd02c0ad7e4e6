"""Numbers for the eye: short, with a true minus, and never to be taken for another number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("value", "on_a_wire", "in_a_sentence"),
    [
        (math.tanh(3), "0.99505", "0.9951"),
        (-math.tanh(3), "−0.99505", "−0.9951"),
        (1 / (1 + math.exp(-12)), "0.999994", "0.999994"),
        (math.tanh(8), "0.9999998", "0.9999998"),
        (1.004, "1.004", "1.004"),
        (1.0, "1.00", "1"),
        (-1.0, "−1.00", "−1"),
        (0.99, "0.99", "0.99"),
        (0.0, "0.00", "0"),
        (-0.0, "0.00", "0"),
    ],
)
def test_a_saturated_value_does_not_look_like_its_limit(
    value: float, on_a_wire: str, in_a_sentence: str
) -> None:
    assert fixed(value) == on_a_wire
    assert number(value) == in_a_sentence


NEAR = st.builds(
    lambda limit, distance, sign: limit + sign * distance,
    st.sampled_from([-1.0, 0.0, 1.0]),
    st.floats(1e-16, 0.01),
    st.sampled_from([-1.0, 1.0]),
)


@given(NEAR | st.floats(-2, 2))
@example(1 - 2**-53)
@example(1 + 2**-52)
@example(5e-324)
def test_only_one_minus_one_and_nought_read_as_that(x: float) -> None:
    for text in (fixed(x), number(x), number(x, 2), number(np.array([x]))[1:-1]):
        read = float(text.replace("−", "-"))
        assert (read in {-1.0, 0.0, 1.0}) == (x in {-1.0, 0.0, 1.0})
        assert read == pytest.approx(x, rel=0.06, abs=0.0051)
