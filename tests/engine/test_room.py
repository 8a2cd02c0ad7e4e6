"""Making room for what is opened, and closing it again, as edits of a graph."""

import pytest

from engine import edits, parse
from engine.graph.graph import Note


@pytest.fixture
def placed():
    """f = σ(x) + b with a place for every node, and a note."""
    graph = parse("s = sigmoid(x)\nf = s + b")
    graph.positions = {"x": (0.1, 0.0), "s": (100.2, 0.0), "b": (100.0, 80.0), "f": (200.3, 0.0)}
    graph.notes = {"note": Note("note", "why", (210.7, -60.0), "")}
    return graph


@pytest.fixture
def opened(placed):
    """The same with s opened: f and the note made way."""
    places = {"s": (300.2, 0.0), "s/exp": (200.2, 0.0), "f": (400.6, 0.0), "note": (411.0, -60.0)}
    return edits.make_room(placed, "s", places)


INSIDE = ("s/exp", "s")


def test_folding_gives_back_the_very_places(placed, opened):
    folded = edits.fold_composite(opened, "s", INSIDE)
    assert folded == placed
    assert folded.room == {}


def test_what_moved_since_then_stays_as_far_from_its_old_place(opened):
    folded = edits.fold_composite(edits.place(opened, {"f": (410.6, 5.0)}), "s", INSIDE)
    assert folded.positions["f"] == pytest.approx((210.3, 5.0))


def test_what_is_gone_meanwhile_does_not_come_back(opened):
    folded = edits.fold_composite(edits.delete(opened, ["f"]), "s", INSIDE)
    assert "f" not in folded.positions


def test_without_a_record_a_composite_folds_into_its_middle(opened):
    opened.room = {}
    assert edits.fold_composite(opened, "s", INSIDE).positions["s"] == (250.2, 0.0)


def test_a_composite_without_any_place_folds_without_one(placed):
    placed.positions = {}
    assert edits.fold_composite(placed, "s", INSIDE).positions == {}


def test_a_group_that_was_laid_out_forgets_these_places_as_it_folds(placed):
    del placed.positions["x"]
    opened = edits.make_room(placed, "group", {"x": (50.0, 0.0), "s": (120.0, 0.0)})
    assert edits.fold_group(opened, "group", ("x", "s")).positions == placed.positions


def test_a_group_that_a_person_arranged_inside_keeps_that(placed):
    del placed.positions["x"]
    opened = edits.make_room(placed, "group", {"x": (50.0, 0.0), "s": (120.0, 0.0)})
    opened = edits.place(opened, {"x": (40.0, 70.0)})
    folded = edits.fold_group(opened, "group", ("x", "s"))
    assert {i: folded.positions[i] for i in ("x", "s")} == {"x": (40.0, 70.0), "s": (120.0, 0.0)}
