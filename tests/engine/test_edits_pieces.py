"""Pieces, groups and notes: what is copied is new, frames never overlap, nothing given changes."""

from __future__ import annotations

import pytest

from engine import edits
from engine.errors import EngineError
from engine.files.project import graph_bytes
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, INPUT, Graph, Wire
from engine.run.trace import trace


@pytest.fixture
def graph():
    """f = sin(2a + b)·b with a leaf to spare, places, a group and a note."""
    graph = parse("q = 2*a + b\nf = sin(q)*b", a=1.0, b=3.0)
    graph, _ = edits.add_leaf(graph, INPUT, (0.0, 0.0), 4.0, "idle")
    graph, _ = edits.add_op(graph, "exp", (9.0, 9.0))
    graph = edits.place(graph, {"q": (1.0, 2.0), "f": (3.0, 4.0)})
    graph, _ = edits.add_group(graph, ["q", "mul"], "line", "activation")
    return edits.add_note(graph, "why", (5.0, 6.0))[0]


# copying --------------------------------------------------------------------------------------


def test_an_extracted_piece_keeps_wires_from_outside_and_brings_constants(graph):
    piece = edits.extract(graph, ["mul", "q", "note"])
    assert set(piece.nodes) == {"mul", "c", "q"}
    assert piece.nodes["q"].inputs == ("mul", "b")
    assert piece.output == ""
    assert list(piece.groups) == ["group"]
    assert list(piece.notes) == ["note"]
    assert piece.positions == {"q": (1.0, 2.0)}


def test_a_group_comes_only_whole(graph):
    assert edits.extract(graph, ["q"]).groups == {}


def test_a_paste_has_fresh_ids_and_names_and_stands_beside(graph):
    piece = edits.extract(graph, [*graph.nodes, "note"])
    after, new = edits.paste(graph, piece, (10.0, 10.0))
    assert len(after.nodes) == 2 * len(graph.nodes)
    assert set(new).isdisjoint({*graph.nodes, *graph.notes})
    names = [node.name for node in after.nodes.values() if node.name]
    assert len(set(names)) == len(names)
    assert after.find("a2").value == 1.0
    assert after.positions[after.find("q2").id] == (11.0, 12.0)
    copy = next(n for i, n in after.notes.items() if i != "note")
    assert (copy.text, copy.at) == ("why", (15.0, 16.0))
    group = next(g for i, g in after.groups.items() if i != "group")
    assert (group.title, group.color, len(group.members)) == ("line", "activation", 3)
    assert set(group.members) <= set(new)
    assert after.output == graph.output
    unwired = [i for i, node in after.nodes.items() if node.op == "exp"]
    walk = trace(edits.delete(after, unwired))
    assert walk.value("f2") == walk.value("f")


def test_a_paste_gives_up_outside_wires_unless_they_are_kept(graph):
    piece = edits.extract(graph, ["q", "mul"])
    alone, (_, _, q) = edits.paste(graph, piece)
    assert alone.nodes[q].inputs[1] == ""
    kept, _ = edits.paste(graph, piece, keep_wires=True)
    assert kept.nodes[q].inputs[1] == "b"
    elsewhere, _ = edits.paste(parse("f = exp(x)"), piece, keep_wires=True)
    assert elsewhere.find("q").inputs[1] == ""


def test_a_paste_into_nothing_is_the_piece_and_has_an_output(graph):
    after, _ = edits.paste(Graph(name=graph.name), edits.extract(graph, list(graph.nodes)))
    assert graph_bytes(after) == graph_bytes(edits.delete(graph, ["note"]))
    inner, _ = edits.paste(Graph(), edits.extract(graph, ["a", "b"]))
    assert inner.output in inner.nodes


def test_a_piece_pasted_twice_is_there_twice(graph):
    piece = edits.extract(graph, list(graph.nodes))
    after = edits.paste(edits.paste(graph, piece)[0], piece)[0]
    assert len(after.nodes) == 3 * len(graph.nodes)
    assert {"a", "a2", "a3"} <= {node.name for node in after.nodes.values()}


def test_names_in_a_piece_give_way_in_every_spelling():
    piece = Graph()
    piece.leaf(INPUT, "w_0", 1.0)
    after, (new,) = edits.paste(parse("f = w0*x0"), piece)
    assert after.nodes[new].name == "w1"


def test_upstream_and_downstream_are_what_a_node_needs_and_feeds(graph):
    assert edits.upstream(graph, ["q"]) == {"q", "mul", "c", "a", "b"}
    assert edits.downstream(graph, ["q"]) == {"q", "sin", "f"}
    assert edits.upstream(graph, ["gone"]) == set()


# groups ---------------------------------------------------------------------------------------


def test_a_group_takes_along_the_constants_that_only_it_uses(graph):
    assert set(graph.groups["group"].members) == {"c", "mul", "q"}


def test_groups_lie_one_in_another_or_apart(graph):
    inner, first = edits.add_group(graph, ["mul"], "inner")
    assert set(inner.groups[first].members) == {"mul", "c"}
    outer, second = edits.add_group(inner, ["mul", "q", "sin"], "outer")
    assert set(outer.groups[second].members) == {"mul", "c", "q", "sin"}
    apart, _ = edits.add_group(outer, ["idle", "exp"], "apart")
    assert len(apart.groups) == 4


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["q", "sin"], 'Some of these nodes are in the group "line" and some are not.'),
        (["q", "mul"], 'These nodes are the group "line" already.'),
        (["gone"], "Select the nodes to put into a group."),
        ([], "Select the nodes to put into a group."),
    ],
)
def test_groups_that_would_overlap_are_refused(graph, ids, words):
    assert edits.why_not_group(graph, ids) == words
    with pytest.raises(EngineError, match=words):
        edits.add_group(graph, ids, "new")
    other, new = edits.add_group(graph, ["sin"], "other")
    with pytest.raises(EngineError, match=words):
        edits.set_group(other, new, members=ids)


def test_a_constant_that_two_groups_use_is_in_neither():
    graph = Graph()
    x, c = graph.leaf(INPUT, "x", 1.0), graph.leaf(CONSTANT, "", 2.0)
    a, b = graph.apply("mul", x, c), graph.apply("add", x, c)
    graph.apply("mul", a, b, name="f")
    graph, first = edits.add_group(graph, [a], "one")
    graph, second = edits.add_group(graph, [b], "two")
    assert graph.groups[first].members == (a,)
    assert graph.groups[second].members == (b,)
    graph, both = edits.add_group(graph, [a, b], "both")
    assert set(graph.groups[both].members) == {a, b, c}


def test_a_constant_that_came_later_keeps_groups_nested():
    graph = parse("f = sin(x + y)*y")
    graph, outer = edits.add_group(graph, ["add", "sin"], "outer")
    graph, c = edits.add_leaf(graph, CONSTANT)
    graph = edits.connect(graph, c, "add", 0)
    graph, inner = edits.add_group(graph, ["add"], "inner")
    assert set(graph.groups[inner].members) < set(graph.groups[outer].members)


def test_a_group_is_changed_and_removed_without_its_nodes(graph):
    after = edits.set_group(graph, "group", title="new", color="loss")
    assert (after.groups["group"].title, after.groups["group"].color) == ("new", "loss")
    less = edits.set_group(graph, "group", members=["q"])
    assert less.groups["group"].members == ("q",)
    gone = edits.remove_group(graph, "group")
    assert gone.groups == {}
    assert gone.nodes == graph.nodes


def test_only_what_can_be_folded_is_folded(graph):
    with pytest.raises(EngineError, match="has one output"):
        edits.set_group(edits.set_output(graph, "mul"), "group", folded=True)
    assert edits.set_group(graph, "group", folded=True).groups["group"].folded


# notes and places -----------------------------------------------------------------------------


def test_notes_are_added_changed_moved_and_emptied_away(graph):
    graph, new = edits.add_note(graph, "more", (0.0, 0.0), "loss")
    assert new != "note"
    after = edits.set_note(graph, new, text="less")
    assert (after.notes[new].text, after.notes[new].color) == ("less", "loss")
    assert edits.set_note(after, new, color="").notes[new].text == "less"
    moved = edits.place(after, {new: (7.0, 8.0), "a": (1.0, 1.0)})
    assert moved.notes[new].at == (7.0, 8.0)
    assert moved.positions["a"] == (1.0, 1.0)
    assert new not in moved.positions
    assert list(edits.set_note(after, new, text="  \n").notes) == ["note"]


# nothing is written into ----------------------------------------------------------------------

EDITS = {
    "add_op": lambda g: edits.add_op(g, "mul", (1.0, 1.0)),
    "add_leaf": lambda g: edits.add_leaf(g, INPUT, (1.0, 1.0), 2.0),
    "add_group": lambda g: edits.add_group(g, ["sin"], "new"),
    "add_note": lambda g: edits.add_note(g, "new", (0.0, 0.0)),
    "connect": lambda g: edits.connect(g, "f", "exp", 0),
    "disconnect": lambda g: edits.disconnect(g, "f", 0),
    "insert_on_wire": lambda g: edits.insert_on_wire(g, "exp", Wire("sin", "f", 0)),
    "delete": lambda g: edits.delete(g, ["q", "note", "f"]),
    "extract": lambda g: edits.extract(g, ["q", "mul"]),
    "paste": lambda g: edits.paste(g, g, (1.0, 1.0), keep_wires=True),
    "place": lambda g: edits.place(g, {"a": (8.0, 8.0), "note": (8.0, 8.0)}),
    "rename": lambda g: edits.rename(g, "a", "alpha"),
    "set_attribute": lambda g: edits.set_attribute(parse("f = leaky_relu(x)"), "f", "slope", 0.5),
    "set_kind": lambda g: edits.set_kind(g, "c", INPUT),
    "set_output": lambda g: edits.set_output(g, "q"),
    "set_group": lambda g: edits.set_group(g, "group", folded=True),
    "remove_group": lambda g: edits.remove_group(g, "group"),
    "set_note": lambda g: edits.set_note(g, "note", text=""),
}


@pytest.mark.parametrize("name", EDITS)
def test_no_edit_writes_into_what_it_is_given(graph, name):
    nodes, before = dict(graph.nodes), graph_bytes(graph)
    after = EDITS[name](graph)
    assert graph_bytes(graph) == before
    assert all(graph.nodes[i] is node for i, node in nodes.items())
    after = after[0] if isinstance(after, tuple) else after
    assert after.positions is not graph.positions
    assert after != graph


def test_what_is_inside_a_node_with_a_slash_in_its_id_goes_with_it() -> None:
    graph = edits.place(parse("f = sigmoid(x)"), {"f": (0.0, 0.0), "f/neg": (1.0, 1.0)})
    graph = edits.rename(graph, "f", "a/b")
    assert graph.positions == {"a/b": (0.0, 0.0), "a/b/neg": (1.0, 1.0)}
    piece = edits.extract(graph, ["a/b"])
    assert piece.positions == graph.positions
    _, (copy,) = edits.paste(graph, piece)
    assert f"{copy}/neg" in edits.paste(graph, piece)[0].positions
    assert edits.delete(graph, ["a/b"]).positions == {}
