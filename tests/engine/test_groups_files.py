"""Groups and notes in files: they come back as they were, and strange ones do no harm."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import edits
from engine.errors import FileError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.files.records import MAX_MARKS, MAX_NOTE, MAX_TEXT
from engine.graph.formula import parse, to_text
from engine.graph.graph import Graph, Group, Note
from engine.graph.levels import as_shown
from engine.graph.problems import find_problems

NODES = [{"id": "a", "op": "input"}, {"id": "f", "op": "exp", "inputs": ["a"]}]


def document(**rest) -> bytes:
    """A file of f = exp(a) with these groups and notes."""
    return json.dumps({"version": 1, "nodes": NODES, **rest}).encode()


def note(name: str = "n", **rest) -> dict:
    """A note as a file writes it."""
    return {"id": name, "text": "why", "at": [1, 2], **rest}


def group(name: str = "g", *members: str, **rest) -> dict:
    """A group as a file writes it."""
    return {"id": name, "title": "G", "members": list(members or "f"), **rest}


# round trips ----------------------------------------------------------------------------------


@pytest.fixture
def graph():
    """f = sin(2a) with nested groups, one folded, and a note in several scripts."""
    graph, _ = edits.add_group(parse("f = sin(2*a)", a=1.0), ["mul", "f"], "outer", "loss")
    graph, inner = edits.add_group(graph, ["mul"], "∂ «inner» \\ \n")
    graph = edits.set_group(graph, inner, folded=True)
    return edits.add_note(graph, "Zeile 1\n日本 \\(x^2\\) 🙂", (1.5, -2.0), "array")[0]


def test_groups_and_notes_are_loaded_as_they_were_saved(graph):
    again = graph_from_bytes(graph_bytes(graph))
    assert again == graph
    assert graph_bytes(again) == graph_bytes(graph)
    assert as_shown(again).hidden == as_shown(graph).hidden


def test_groups_and_notes_are_written_a_line_each(graph):
    text = graph_bytes(edits.remove_group(graph, "group_2")).decode()
    assert text.endswith(
        '  "groups": [\n'
        '    {"id": "group", "title": "outer", "members": ["c", "mul", "f"], "color": "loss"}\n'
        "  ],\n"
        '  "notes": [\n'
        '    {"id": "note", "text": "Zeile 1\\n日本 \\\\(x^2\\\\) 🙂", "at": [1.5, -2.0], '
        '"color": "array"}\n'
        "  ]\n"
        "}\n"
    )


def test_what_is_shown_folded_is_no_document(graph):
    folded = as_shown(edits.set_group(graph, "group", folded=True)).graph
    with pytest.raises(FileError, match=r"attrs\.body"):
        graph_bytes(folded)


# what is broken -------------------------------------------------------------------------------

BROKEN = {
    "a note called like a node": (document(notes=[note("a")]), "$.notes[0].id", '"a"'),
    "a group called like a node": (document(groups=[group("f")]), "$.groups[0].id", '"f"'),
    "two groups of one id": (document(groups=[group(), group()]), "$.groups[1].id", "rename"),
    "two notes of one id": (document(notes=[note(), note()]), "$.notes[1].id", "rename"),
    "a note like a group": (
        document(groups=[group()], notes=[note("g")]),
        "$.notes[0].id",
        "something before it",
    ),
    "an empty id": (document(notes=[note("")]), "$.notes[0].id", "length"),
    "a group of a number": (document(groups=[3]), "$.groups[0]", "an object"),
    "members that are text": (
        document(groups=[{"id": "g", "title": "", "members": "f"}]),
        "$.groups[0].members",
        "a list",
    ),
    "a member that is a number": (
        document(groups=[{"id": "g", "title": "", "members": [1]}]),
        "$.groups[0].members[0]",
        "text",
    ),
    "a group without members": (
        document(groups=[{"id": "g", "title": ""}]),
        "$.groups[0]",
        'lacks "members"',
    ),
    "a note without a place": (
        document(notes=[{"id": "n", "text": ""}]),
        "$.notes[0]",
        'lacks "at"',
    ),
    "a note in 3D": (document(notes=[note(at=[1, 2, 3])]), "$.notes[0].at", "length 2"),
    "folded by a number": (document(groups=[group(folded=1)]), "$.groups[0].folded", "true or"),
    "a misspelt field": (document(groups=[group(colour="x")]), "$.groups[0]", 'call it "color"'),
    "an unknown field": (document(notes=[note(members=[])]), "$.notes[0]", "remove it"),
    "too long a note": (
        document(notes=[note(text="x" * (MAX_NOTE + 1))]),
        "$.notes[0].text",
        "20000",
    ),
    "too long a title": (
        document(groups=[group(title="x" * (MAX_TEXT + 1))]),
        "$.groups[0].title",
        "1000",
    ),
    "too many notes": (
        document(notes=[note(f"n{k}") for k in range(MAX_MARKS + 1)]),
        "$.notes",
        "10000",
    ),
    "too many groups": (
        document(groups=[group(f"g{k}") for k in range(MAX_MARKS + 1)]),
        "$.groups",
        "10000",
    ),
    "a folded group as a node": (
        json.dumps({"version": 1, "nodes": [*NODES, {"id": "g", "op": "group"}]}).encode(),
        "$.nodes[2].op",
        "which no file holds",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_groups_and_notes_are_refused_with_their_place(name):
    data, place, words = BROKEN[name]
    with pytest.raises(FileError) as caught:
        graph_from_bytes(data)
    assert caught.value.path == place
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda g: g.notes.update(n=Note("n", "x" * (MAX_NOTE + 1), (0, 0))), "$.notes[0].text"),
        (lambda g: g.notes.update(n=Note("n", "\ud800", (0, 0))), "$.notes"),
        (lambda g: g.notes.update(n=Note("n" * 2000, "", (0, 0))), "$.notes[0].id"),
        (lambda g: g.groups.update(g=Group("g", "x" * 2000, ("f",))), "$.groups[0].title"),
        (
            lambda g: g.groups.update(g=Group("g", "", ("f",), color="x" * 2000)),
            "$.groups[0].color",
        ),
        (
            lambda g: g.notes.update(
                (f"n{k}", Note(f"n{k}", "", (0, 0))) for k in range(MAX_MARKS + 1)
            ),
            "$.notes",
        ),
    ],
)
def test_what_could_not_be_opened_is_not_saved(spoil, place):
    graph = parse("f = exp(a)")
    graph.groups, graph.notes = {}, {}
    spoil(graph)
    with pytest.raises(FileError) as caught:
        graph_bytes(graph)
    assert caught.value.path == place


def test_members_that_do_not_exist_are_left_out():
    graph = graph_from_bytes(
        document(groups=[group("g", "f", "gone", "f"), group("h", "gone")], notes=[note()])
    )
    assert {i: g.members for i, g in graph.groups.items()} == {"g": ("f",)}


def test_a_note_out_of_this_world_comes_to_the_middle():
    graph = graph_from_bytes(document(notes=[note(at=[1e300, 0])]))
    assert graph.notes["n"].at == (0.0, 0.0)


def test_as_many_notes_as_a_file_may_hold_come_back():
    graph = graph_from_bytes(document(notes=[note(f"n{k}") for k in range(MAX_MARKS)]))
    assert graph_from_bytes(graph_bytes(graph)) == graph


# anything -------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "f", "s", "s/exp", "g", "n", "", "gone"]) | st.text(max_size=3)
places = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False) | st.integers()] * 2)
scraps = st.none() | st.booleans() | st.integers(-1, 2) | names | st.lists(names, max_size=2)
groups = st.fixed_dictionaries(
    {"id": names, "title": st.text(max_size=5), "members": st.lists(names, max_size=4)},
    optional={"folded": st.booleans(), "color": st.text(max_size=3)},
)
notes = st.fixed_dictionaries(
    {"id": names, "text": st.text(max_size=9), "at": places}, optional={"color": names}
)
damaged = st.dictionaries(st.sampled_from(["id", "title", "members", "text", "at", "x"]), scraps)
FULL = [
    {"id": "a", "op": "input", "value": 2},
    {"id": "b", "op": "constant", "value": 3},
    {"id": "s", "op": "sigmoid", "inputs": ["a"], "opened": True},
    {"id": "m", "op": "mul", "inputs": ["s", "b"]},
    {"id": "f", "op": "add", "inputs": ["m", "a"]},
    {"id": "open", "op": "exp", "inputs": [""]},
]


def opens_or_refuses(data: bytes) -> None:
    """The promise; what opens can also be shown folded, edited and saved again."""
    try:
        graph = graph_from_bytes(data)
    except FileError:
        return
    shown = as_shown(graph)
    find_problems(shown.graph)
    assert set(shown.hidden).isdisjoint(shown.graph.nodes)
    assert set(shown.hidden.values()) <= set(shown.graph.nodes)
    assert graph_from_bytes(graph_bytes(graph)) == graph
    assert not edits.delete(graph, list(graph.nodes)).groups
    edits.paste(Graph(), graph)


@settings(max_examples=300)
@given(
    st.permutations(FULL),
    st.lists(groups, max_size=4) | st.lists(groups | damaged, max_size=3) | scraps,
    st.lists(notes, max_size=3) | st.lists(notes | damaged, max_size=3) | scraps,
)
def test_groups_and_notes_of_plausible_shape(nodes, groups, notes):
    parts = {"version": 1, "nodes": nodes, "groups": groups, "notes": notes}
    try:
        data = msgspec.json.encode(parts)
    except (OverflowError, UnicodeError, msgspec.MsgspecError):
        return
    opens_or_refuses(data)


def test_the_text_of_a_graph_says_nothing_of_its_groups(graph):
    assert to_text(graph) == "f = sin(2*a)"
