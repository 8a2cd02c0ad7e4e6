"""Planes through the space of inputs, and features computed from two coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import load_data
from engine.data.choice import DataChoice
from engine.data.dataset import Dataset
from engine.data.input_features import INPUT_FEATURES, computed, with_features
from engine.data.planes import Plane, extent, feature_line, feature_plane, principal_plane
from engine.errors import DataError


def data_of(x: np.ndarray) -> Dataset:
    return Dataset("rows", x, np.zeros((len(x), 1)), (), (), ("y",))


seeds = st.integers(0, 10_000)


@given(seeds, st.integers(2, 6))
def test_a_place_in_the_plane_is_found_again_in_its_row(seed, width):
    draws = np.random.default_rng(seed)
    first, second = draws.choice(width, 2, replace=False).tolist()
    plane = feature_plane(draws.normal(size=width), first, second)
    places = draws.normal(size=(5, 2))
    rows = plane.points(places)
    np.testing.assert_array_equal(rows[:, [first, second]], places)
    np.testing.assert_allclose(plane.coordinates(rows), places, atol=1e-12)


@given(seeds, st.integers(2, 6), st.sampled_from([4, 40]))  # fewer rows than columns, and more
def test_principal_axes_are_those_of_the_covariance(seed, width, count):
    draws = np.random.default_rng(seed)
    spreads = np.arange(width, 0, -1.0) ** 2
    turn = np.linalg.qr(draws.normal(size=(width, width)))[0]
    x = (draws.normal(size=(count, width)) * spreads) @ turn
    plane = principal_plane(data_of(x))
    spread = np.cov(x.T)
    total = np.trace(spread)
    for axis in (plane.first, plane.second):  # an eigenvector, with what is left to spread
        size = axis @ spread @ axis
        np.testing.assert_allclose(spread @ axis, size * axis, atol=1e-9 * total)
        assert axis[np.argmax(np.abs(axis))] > 0
    assert plane.first @ plane.second == pytest.approx(0.0, abs=1e-9)
    sizes = sorted(np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2 / (count - 1))
    share = 100 * sizes[-1] / total
    assert plane.titles[0] == f"axis 1 ({share:.0f} %)"
    np.testing.assert_allclose(plane.coordinates(x), (x - x.mean(0)) @ np.stack(
        [plane.first, plane.second], axis=1), atol=1e-9)  # fmt: skip


def test_pictures_have_a_plane_of_pictures():
    data = load_data("digits", flat=False)
    plane = principal_plane(data)
    assert plane.points(np.zeros((1, 2))).shape[1:] == data.x.shape[1:]


@pytest.mark.parametrize("x", [np.zeros((5, 1)), np.zeros((1, 3))])
def test_what_has_no_plane_says_so(x):
    with pytest.raises(DataError, match="has no plane"):
        principal_plane(data_of(x))


@pytest.mark.parametrize("pair", [(0, 0), (0, 5), (-1, 1)])
def test_a_plane_needs_two_features_that_are_there(pair):
    with pytest.raises(DataError, match="two different features"):
        feature_plane(np.zeros(3), *pair)


def test_a_line_takes_its_first_coordinate_alone():
    line = feature_line("year")
    rows = line.points(np.array([[2.0, 9.0], [3.0, -1.0]]))
    np.testing.assert_array_equal(rows, [[2.0], [3.0]])
    assert line.titles == ("year", "")


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=20))
def test_the_window_holds_every_point(points):
    left, right, bottom, top = extent(np.array(points).reshape(-1, 2))
    assert left < right
    assert bottom < top
    for x, y in points:
        assert left <= x <= right
        assert bottom <= y <= top


CLOSED = {
    "x1": lambda a, b: a, "x2": lambda a, b: b, "x1²": lambda a, b: a**2, "x2²": lambda a, b: b**2,
    "x1·x2": lambda a, b: a * b, "sin x1": lambda a, b: np.sin(a), "sin x2": lambda a, b: np.sin(b),
}  # fmt: skip


@given(st.lists(st.sampled_from(list(INPUT_FEATURES)), min_size=1, unique=True), seeds)
def test_features_are_what_their_names_say_in_the_order_asked(names, seed):
    points = np.random.default_rng(seed).normal(size=(6, 2))
    found = computed(points, names)
    for k, name in enumerate(names):
        np.testing.assert_allclose(found[:, k], CLOSED[name](*points.T), rtol=1e-15)


@pytest.mark.parametrize(
    ("names", "says"),
    [((), "at least one"), (("x1", "x1"), "named once"), (("x3",), 'no input feature "x3"')],
)
def test_features_that_cannot_be_are_told(names, says):
    with pytest.raises(DataError, match=says):
        computed(np.zeros((2, 2)), names)


def test_only_two_columns_have_features_computed():
    with pytest.raises(DataError, match="no two columns"):
        with_features(load_data("iris"), ("x1",))


def test_a_choice_with_inputs_computes_them_after_scaling():
    choice = DataChoice(name="circle", inputs=("x1²", "x2²"), scaling="standard", test=0.25)
    columns, rows = choice.load_columns(), choice.load()
    np.testing.assert_array_equal(rows.test.x, columns.test.x**2)
    assert rows.train.features == ("x1²", "x2²")


def test_a_plane_with_inputs_gives_the_network_its_features():
    plane = Plane(np.zeros(2), np.array([1.0, 0]), np.array([0, 1.0]), ("a", "b"), ("x1·x2",))
    np.testing.assert_array_equal(plane.points(np.array([[2.0, 3.0]])), [[6.0]])
