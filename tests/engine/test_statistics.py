"""Statistics of tensors: right also where sums would overflow, and total."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.run.statistics import describe, histogram

numbers = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(arrays.arrays(float, arrays.array_shapes(max_dims=3, max_side=5), elements=numbers))
def test_any_array_has_statistics_and_a_histogram(array: np.ndarray):
    said = describe(array)
    finite = array[np.isfinite(array)]
    assert said.count == array.size
    assert said.broken == array.size - finite.size
    counts, edges = histogram(array)
    assert counts.sum() == finite.size
    assert (np.diff(edges) >= 0).all()
    if finite.size:
        assert said.least <= said.mean * (1 + 1e-9 * np.sign(said.mean)) or said.least == said.most
        assert (said.least, said.most) == (finite.min(), finite.max())
        assert said.zeros == (finite == 0).sum()


@given(
    arrays.arrays(
        float, arrays.array_shapes(max_dims=2, max_side=6), elements=st.floats(-100.0, 100.0)
    )
)
def test_they_are_those_of_numpy(array: np.ndarray):
    said = describe(array)
    assert said.mean == pytest.approx(array.mean(), rel=1e-9, abs=1e-12)
    assert said.deviation == pytest.approx(array.std(), rel=1e-6, abs=1e-7)
    assert said.norm == pytest.approx(np.linalg.norm(array.ravel()), rel=1e-9, abs=1e-12)


def test_huge_numbers_do_not_overflow():
    said = describe(np.array([1e308, -1e308, 1e308]))
    assert math.isfinite(said.deviation)
    assert math.isfinite(said.mean)
    assert histogram(np.array([1e308, -1e308]))[0].sum() == 2


def test_nothing_finite_and_nothing_at_all():
    assert math.isnan(describe(np.array([np.nan, np.inf])).mean)
    assert describe(np.array([])).count == 0
    assert histogram(np.array([]))[0].sum() == 0
