"""What a formula that is typed anew keeps of the graph before it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import edits
from engine.graph.graph import Graph


def placed(text: str, **values: float) -> Graph:
    """A graph whose nodes stand in a row, with a group and a note."""
    graph = engine.parse(text, **values)
    graph = edits.place(graph, {i: (100.0 * k, 0.0) for k, i in enumerate(graph.nodes)})
    graph, _ = edits.add_group(graph, [graph.output], "result")
    return edits.add_note(graph, "remember", (0.0, -200.0))[0]


def test_the_same_text_changes_nothing():
    graph = placed("f = sigmoid(w0*x0 + w1*x1 + 3)", w0=2.0, x0=-1.0)
    assert edits.keep_what_fits(engine.parse(engine.to_text(graph)), graph) == graph


def test_values_places_groups_and_notes_stay_with_their_names():
    before = placed("f = w0*x0 + b", w0=2.0, b=5.0)
    after = edits.keep_what_fits(engine.parse("f = w0*x0 + b*x0"), before)
    for name in ("w0", "x0", "b", "f"):
        assert after.nodes[name].value == before.nodes[name].value
        assert after.positions[name] == before.positions[name]
    assert after.nodes["mul"].inputs == ("w0", "x0")
    assert after.positions["mul"] == before.positions["mul"]
    assert after.notes == before.notes
    assert list(after.groups) == list(before.groups)
    assert set(after.positions) == set(after.nodes), "what is new has a place too"
    assert len(set(after.positions.values())) == len(after.nodes), "and no other one's"


def test_a_renamed_variable_keeps_its_value():
    graph = edits.rename(placed("y = w0*x0", w0=2.0), "w0", "b")
    after = edits.keep_what_fits(engine.parse("y = x0*b + 1"), graph)
    assert after.find("b").value == 2.0


def test_what_the_text_says_counts_more_than_what_was():
    graph = placed("y = a*b", a=2.0)
    assert edits.keep_what_fits(engine.parse("a = 7; y = a*b"), graph).find("a").value == 7.0


def test_a_graph_without_places_gets_none():
    graph = engine.parse("y = a*b")
    assert edits.keep_what_fits(engine.parse("y = a*b + c"), graph).positions == {}


TEXTS = st.sampled_from(
    ["f = a*b", "f = a*b + a", "q = a + b; f = q*q", "f = sigmoid(a*b + 3)", "f = [1, 2] * a", "x"]
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_it_means_what_was_typed(first: str, second: str):
    after = edits.keep_what_fits(engine.parse(second), placed(first))
    assert engine.to_text(after) == engine.to_text(engine.parse(second))
    assert not engine.trace(after).problems
