"""Points drawn by hand: added, deleted, learned from, and kept in a project file."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.points import MOST_POINTS, DrawnPoints, Point
from engine.errors import DataError

coordinate = st.floats(-1e6, 1e6)
drawn = st.lists(st.tuples(coordinate, coordinate, st.integers(0, 1)), max_size=30)


def points_of(rows):
    points = DrawnPoints()
    for x1, x2, label in rows:
        points = points.add((x1, x2), label)
    return points


@given(drawn)
def test_points_become_a_set(rows):
    data = points_of(rows).to_dataset()
    assert data.x.tolist() == [[x1, x2] for x1, x2, _ in rows]
    assert data.y.tolist() == [label for _, _, label in rows]
    assert data.features == ("x1", "x2")
    assert data.x.shape == (len(rows), 2)


@given(drawn)
def test_points_survive_a_file(rows):
    points = points_of(rows)
    assert DrawnPoints.from_plain(json.loads(json.dumps(points.to_plain()))) == points


@given(drawn.filter(bool), coordinate, coordinate)
def test_the_nearest_point_is_deleted_and_no_other(rows, x1, x2):
    points = points_of(rows)
    left = points.delete_nearest((x1, x2))
    nearest = min(math.dist((x1, x2), row[:2]) for row in rows)
    gone = list(points.points)
    for point in left.points:
        gone.remove(point)
    assert len(gone) == 1
    assert math.dist(gone[0].place, (x1, x2)) == nearest


def test_a_point_too_far_away_stays():
    points = points_of([(0, 0, 0), (3, 4, 1)])
    assert points.delete_nearest((9, 9), within=1) is points
    assert points.nearest((0, 1), within=0.5) is None
    assert points.delete_nearest((3, 3.5), within=1).points == (Point((0, 0), 0),)
    assert DrawnPoints().delete_nearest((0, 0)).points == ()


def test_numbers_can_be_drawn_on_a_line():
    points = DrawnPoints(1, ()).add((2,), 0.5).add((-1,), 3)
    data = points.to_dataset("mine")
    assert data.x.tolist() == [[2], [-1]]
    assert data.y.tolist() == [[0.5], [3]]
    assert (data.features, data.targets, data.name) == (("x",), ("y",), "mine")
    assert not data.is_classes


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1,), 0, "has 2 coordinates, not 1"),
        ((1, math.inf), 0, "finite"),
        ((1, 1), math.nan, "finite"),
        ((1, 1), 2, "A label goes from 0 to 1; 2 is no such"),
        ((1, 1), 0.5, "0.5 is no such"),
    ],
)
def test_points_that_cannot_be_are_refused(place, value, message):
    with pytest.raises(DataError, match=message):
        DrawnPoints().add(place, value)


def test_there_is_an_end_to_drawing():
    full = DrawnPoints(points=(Point((0.0, 0.0), 0.0),) * MOST_POINTS)
    with pytest.raises(DataError, match="delete some"):
        full.add((1, 1), 0)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"points": [[1, 2, 0], [1, "x", 0]]}, "Drawn point 2 is damaged"),
        ({"points": [[1, 2]]}, "Drawn point 1 is damaged"),
        ({"points": [[]]}, "Drawn point 1 is damaged"),
        ({"points": [None]}, "Drawn point 1 is damaged"),
        ({"points": [[1, 2, 7]]}, "Drawn point 1 is damaged: A label goes"),
        ({"points": None}, "they are no lists"),
        ({"classes": "ab"}, "they are no lists"),
        ({"dimensions": 3}, "on a line or a plane"),
    ],
)
def test_damaged_points_are_refused_by_their_number(damage, message):
    plain = {**points_of([(1, 2, 0)]).to_plain(), **damage}
    with pytest.raises(DataError, match=message):
        DrawnPoints.from_plain(plain)
    with pytest.raises(DataError, match="damaged"):
        DrawnPoints.from_plain({})


def test_arrays_hold_what_was_drawn_with_full_precision():
    third = 1 / 3
    data = points_of([(third, -third, 1)]).to_dataset()
    assert np.array_equal(data.x, [[third, -third]])
