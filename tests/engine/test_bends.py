"""Bends: the points that wires are led over belong to the wires, whatever is done to these."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import edits
from engine.errors import EngineError, FileError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.formula import parse
from engine.graph.graph import Graph, Wire
from engine.graph.levels import as_shown

points = st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=3)
WIRE = Wire("mul", "f", 0)


def bent() -> Graph:
    graph = parse("f = sigmoid(w*x)")
    graph.positions = {"w": (0.0, 0.0), "x": (0.0, 80.0), "mul": (100.0, 40.0), "f": (300.0, 40.0)}
    return edits.bend(graph, WIRE, [(200.0, 90.0)])


@given(points)
def test_bends_are_kept_in_files_and_taken_off_again(at):
    graph = edits.bend(bent(), WIRE, at)
    assert graph.bends == {WIRE: tuple(at)}
    assert graph_from_bytes(graph_bytes(graph)) == graph
    assert graph != bent() or at == [(200.0, 90.0)]
    assert not edits.bend(graph, WIRE, []).bends


def test_a_wire_that_goes_takes_its_bends_along():
    assert not edits.disconnect(bent(), "f", 0).bends
    assert not edits.delete(bent(), ["mul"]).bends
    again = edits.connect(edits.disconnect(bent(), "f", 0), "mul", "f", 0)
    assert not again.bends
    with pytest.raises(EngineError):
        edits.bend(again, Wire("w", "f", 0), [(0.0, 0.0)])


def test_bends_follow_names_copies_and_edits_of_the_formula():
    graph = edits.rename(bent(), "f", "y")
    assert list(graph.bends) == [Wire("mul", "y", 0)]
    copied, new = edits.paste(bent(), edits.extract(bent(), ["mul", "f"]), (10.0, 20.0))
    (theirs,) = [w for w in copied.bends if w != WIRE]
    assert {theirs.source, theirs.target} <= set(new)
    assert copied.bends[theirs] == ((210.0, 110.0),)
    assert list(edits.keep_what_fits(parse("f = sigmoid(w*x)"), bent()).bends) == [WIRE]
    assert not edits.keep_what_fits(parse("f = sigmoid(w + x)"), bent()).bends


def test_a_bend_goes_along_where_both_ends_go_the_same_way():
    both = edits.place(bent(), {"mul": (110.0, 30.0), "f": (310.0, 30.0)})
    assert both.bends == {WIRE: ((210.0, 80.0),)}
    one = edits.place(bent(), {"mul": (110.0, 30.0)})
    assert one.bends == {WIRE: ((200.0, 90.0),)}


def test_wires_of_what_is_opened_keep_those_bends_that_they_have():
    graph = bent()
    graph.nodes["f"].opened = "tensors"
    assert not as_shown(graph).graph.bends  # this wire leads into the first op inside
    graph = edits.bend(graph, Wire("w", "mul", 0), [(50.0, -20.0)])
    assert list(as_shown(graph).graph.bends) == [Wire("w", "mul", 0)]


def test_broken_bends_in_files_are_named_or_left_out():
    data = graph_bytes(bent()).decode()
    assert not graph_from_bytes(data.replace('"node": "f"', '"node": "g"').encode()).bends
    assert not graph_from_bytes(data.replace('"port": 0', '"port": 7').encode()).bends
    with pytest.raises(FileError) as caught:
        graph_from_bytes(data.replace("[[200.0, 90.0]]", '[["a", 90.0]]').encode())
    assert "$.bends[0].at" in str(caught.value)


def test_the_arrow_of_a_note_follows_its_node():
    graph, note = edits.add_note(bent(), "look", (0.0, 0.0))
    graph = edits.set_note(graph, note, target="f")
    assert edits.rename(graph, "f", "y").notes[note].target == "y"
    pasted, new = edits.paste(graph, edits.extract(graph, ["f", note]))
    copy = next(i for i in new if i in pasted.notes)
    assert pasted.notes[copy].target in new
    alone, new = edits.paste(graph, edits.extract(graph, [note]))
    assert alone.notes[new[0]].target == ""
    gone = edits.delete(graph, ["f"])
    assert graph_from_bytes(graph_bytes(gone)).notes[note].target == ""
    assert not edits.set_note(graph, note, target="").notes[note].target
