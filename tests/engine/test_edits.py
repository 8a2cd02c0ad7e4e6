"""Edits: each keeps its promise, or says why it cannot be, and writes into nothing given."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

import engine
from engine import edits
from engine.edits.naming import LONGEST_NAME
from engine.errors import EngineError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Graph, Node, Wire
from engine.graph.problems import find_problems
from engine.ops import OPS
from engine.run.trace import trace


@pytest.fixture
def neuron():
    """f = tanh(w0·x0 + w1·x1 + 2), placed, in a group, with a note."""
    graph = Graph(name="neuron")
    w0, x0 = graph.leaf(PARAMETER, "w0", 0.5), graph.leaf(INPUT, "x0", 2.0)
    w1, x1 = graph.leaf(PARAMETER, "w1", -1.0), graph.leaf(INPUT, "x1", 3.0)
    a, b = graph.apply("mul", w0, x0, name="a"), graph.apply("mul", w1, x1, name="b")
    s = graph.apply("add", a, b, name="s")
    z = graph.apply("add", s, graph.leaf(CONSTANT, "", 2.0), name="z")
    graph.apply("tanh", z, name="f")
    graph.positions = {"f": (10.0, 20.0), "f/exp": (1.0, 2.0), "a": (3.0, 4.0)}
    graph, _ = edits.add_group(graph, ["a", "b", "s"], "sums")
    return edits.add_note(graph, "two weights", (5.0, 6.0))[0]


def refused(edit, *args, **kwargs) -> str:
    """The sentence with which an edit is refused."""
    with pytest.raises(EngineError) as caught:
        edit(*args, **kwargs)
    return str(caught.value)


# names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("w0", ["w0", "w1", "w2"], "w3"),
        ("x", ["x"], "x2"),
        ("x", ["x", "x2"], "x3"),
        ("f", [], "f"),
        ("w0", ["w0", "w7"], "w8"),
        ("w0", ["w0", "wide", "w_hidden"], "w1"),
        ("w_0", ["w0"], "w1"),
        ("θ₁", ["theta1"], "theta2"),
        ("2", ["2"], "3"),
        ("größe", ["größe"], "größe2"),
    ],
)
def test_the_next_name_is_the_next_of_its_family(name, taken, expected):
    assert edits.next_name(name, taken) == expected


def test_new_variables_are_w_x_and_c():
    assert edits.new_variable(PARAMETER, ["w0", "w1", "w2"]) == "w3"
    assert edits.new_variable(INPUT, []) == "x0"
    assert edits.new_variable(CONSTANT, ["c0"]) == "c1"


def test_a_name_is_taken_in_every_spelling():
    spelled = Graph([Node("w_0", PARAMETER, name="w_0")])
    after, new = edits.add_leaf(spelled, PARAMETER)
    assert after.nodes[new].name == "w1"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("w0", 'There is a node "w0" already'),
        ("w_{0}", 'There is a node "w0" already'),
        ("a`b", "cannot be a name"),
        ("a\nb", "cannot be a name"),
        ("a\0", "cannot be a name"),
        ("\ud800", "cannot be a name"),
        (" a", "cannot be a name"),
        ("a" * (LONGEST_NAME + 1), f"at most {LONGEST_NAME}"),
        ("", "A variable needs a name"),
        ("_", "A variable needs a name"),
    ],
)
def test_what_cannot_be_a_name_is_said(neuron, name, words):
    assert words in edits.why_not_rename(neuron, "x0", name)
    assert words in refused(edits.rename, neuron, "x0", name)


def test_a_variable_s_id_follows_its_name(neuron):
    after = edits.rename(neuron, "w0", "θ_1")
    assert "w0" not in after.nodes
    assert after.nodes["theta1"].name == "theta1"
    for i, node in neuron.nodes.items():
        if i != "w0":
            renamed = tuple("theta1" if source == "w0" else source for source in node.inputs)
            assert after.nodes[i].inputs == renamed
    assert list(after.nodes) == ["theta1" if i == "w0" else i for i in neuron.nodes]


def test_nobody_is_found_under_the_old_name_of_another():
    graph = edits.rename(engine.parse("y = a*b"), "a", "q")
    graph, new = edits.add_leaf(graph, "input", name="a")
    assert (new, graph.find("a").id, graph.find("q").id) == ("a", "a", "q")
    graph = edits.rename(graph, "q", "mul")
    assert graph.find("mul").name == "mul"


def test_a_formula_that_is_added_shares_variables_by_name_and_not_by_id():
    graph = engine.parse("y = w0*x0", w0=2.0, x0=3.0)
    graph.nodes["w0"] = msgspec.structs.replace(graph.nodes["w0"], name="b")
    after, new = edits.paste(graph, engine.parse("z = b + w0"), share_leaves=True)
    z = after.find("z")
    assert [after.nodes[i].name for i in z.inputs] == ["b", "w0"]
    assert len(new) == 2


def test_an_op_may_lose_its_name(neuron):
    assert edits.rename(neuron, "s", "").nodes["s"].name == ""


# adding ---------------------------------------------------------------------------------------


def test_an_op_comes_with_a_port_for_each_input():
    graph, exp = edits.add_op(Graph(), "exp", (1.0, 2.0))
    graph, mul = edits.add_op(graph, "mul")
    graph, concat = edits.add_op(graph, "concat")
    assert [len(graph.nodes[i].inputs) for i in (exp, mul, concat)] == [1, 2, 2]
    assert graph.positions == {exp: (1.0, 2.0)}


def test_an_op_added_by_another_name_is_the_table_s():
    graph, added = edits.add_op(Graph(), "σ")
    assert graph.nodes[added].op == "sigmoid"


def test_ids_are_not_those_of_groups_and_notes(neuron):
    for stem in ("note", "group"):
        after, new = edits.add_leaf(neuron, INPUT, name=stem)
        assert new not in neuron.notes
        assert new not in neuron.groups
        assert graph_from_bytes(graph_bytes(after)) == after


def test_an_op_takes_over_the_output_from_a_leaf_that_nothing_uses(neuron):
    graph, x = edits.add_leaf(Graph(), INPUT)
    assert graph.output == x
    graph, exp = edits.add_op(graph, "exp")
    assert graph.output == exp
    graph, _ = edits.add_op(graph, "sin")
    assert graph.output == exp
    assert edits.add_op(neuron, "sin")[0].output == "f"


def test_a_constant_has_a_value_and_no_name_unless_it_is_given_one():
    graph, c = edits.add_leaf(Graph(), CONSTANT)
    assert (graph.nodes[c].value, graph.nodes[c].name) == (1.0, "")
    graph, k = edits.add_leaf(graph, CONSTANT, value=3.0, name="k")
    assert (graph.nodes[k].value, graph.nodes[k].name) == (3.0, "k")


def test_an_attribute_is_set_and_its_default_is_left_out():
    graph = parse("f = leaky_relu(x)")
    after = edits.set_attribute(graph, "f", "slope", 0.2)
    assert dict(after.nodes["f"].attrs) == {"slope": 0.2}
    default = OPS["leaky_relu"].attrs["slope"]
    assert dict(edits.set_attribute(after, "f", "slope", default).nodes["f"].attrs) == {}
    assert "needs a number for its slope" in refused(
        edits.set_attribute, graph, "f", "slope", "steep"
    )
    assert "has no attribute 'slop'" in refused(edits.set_attribute, graph, "f", "slop", 1.0)


def test_an_attribute_has_one_name():
    graph = Graph([Node("x", INPUT), Node("f", "sum", ("x",), attrs={"dim": 0})])
    after = edits.set_attribute(graph, "f", "axis", 1)
    assert dict(after.nodes["f"].attrs) == {"axes": 1}
    assert dict(edits.set_attribute(after, "f", "dim", None).nodes["f"].attrs) == {}


def test_an_attribute_in_words_is_one_of_its_choices():
    graph = parse("f = gelu(x)")
    assert 'needs "none" or "tanh" for its approximate' in refused(
        edits.set_attribute, graph, "f", "approximate", "quick"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, ""),
        ([0, 1], ""),
        (None, ""),
        (2, "finds no axis 2: x is 2×3"),
        ("rows", "needs a whole number or a list of them for its axes, not 'rows'"),
    ],
)
def test_why_an_attribute_cannot_be_is_judged_by_the_shapes_too(value, words):
    graph = parse("f = sum(x)").with_values({"x": np.ones((2, 3))})
    why = edits.why_not_attribute(graph, "f", "axes", value)
    assert words in why
    assert bool(why) == bool(words)


def test_of_an_op_without_its_wires_an_attribute_is_judged_by_its_type():
    graph = Graph([Node("f", "sum", ("",))])
    assert edits.why_not_attribute(graph, "f", "axes", 7) == ""
    assert edits.why_not_attribute(graph, "f", "axes", "x") != ""


@pytest.mark.parametrize(
    ("before", "shape", "after"),
    [
        (np.arange(6.0), (2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), (3,), [1, 2, 3]),
        (np.array([1.0, 2.0]), (2, 2), [[1, 2], [1, 2]]),
        (2.0, (3,), [2, 2, 2]),
        (None, (2,), [1, 1]),
    ],
    ids=str,
)
def test_a_leaf_of_another_shape_keeps_its_numbers_in_reading_order(before, shape, after):
    graph = Graph([Node("x", INPUT, (), before, "x")])
    assert edits.set_shape(graph, "x", shape).nodes["x"].value.tolist() == after


def test_a_leaf_becomes_a_number_again():
    graph = Graph([Node("x", INPUT, (), np.array([4.0, 5.0]), "x")])
    value = edits.set_shape(graph, "x", ()).nodes["x"].value
    assert (type(value), value) == (float, 4.0)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (-1, -1), (10_000, 10_000)])
def test_a_shape_that_cannot_be_is_refused(shape):
    graph = Graph([Node("x", INPUT, (), 1.0, "x")])
    assert refused(edits.set_shape, graph, "x", shape).endswith(".")


def test_a_leaf_may_change_its_kind(neuron):
    assert edits.set_kind(neuron, "x0", PARAMETER).nodes["x0"].op == PARAMETER
    unnamed = edits.set_kind(neuron, "c", PARAMETER).nodes["c"]
    assert (unnamed.op, unnamed.name, unnamed.value) == (PARAMETER, "w2", 2.0)
    assert edits.set_kind(neuron, "a", INPUT) is neuron
    unset, x = edits.add_leaf(Graph(), INPUT)
    assert edits.set_kind(unset, x, CONSTANT).nodes[x].value == 1.0


# wires ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "port", "words"),
    [
        ("f", "a", 0, "a feeds f: with this wire it would feed itself."),
        ("a", "a", 0, "a cannot feed itself."),
        ("x0", "f", 1, "tanh takes 1 input, and no more."),
        ("x0", "a", 2, "mul takes 2 inputs, and no more."),
        ("x0", "a", -1, "mul takes 2 inputs, and no more."),
        ("f", "x0", 0, "x0 is a leaf: it has a value of its own and takes no wire."),
        ("gone", "a", 0, "One end of this wire does not exist any more."),
        ("a", "gone", 0, "One end of this wire does not exist any more."),
    ],
)
def test_a_wire_that_cannot_be_is_refused_with_the_reason(neuron, source, target, port, words):
    assert edits.refusal(neuron, source, target, port) == words
    assert refused(edits.connect, neuron, source, target, port) == words


def test_shapes_that_do_not_meet_are_both_named():
    graph = Graph()
    graph.leaf(INPUT, "A", np.ones((10, 4)))
    graph.leaf(INPUT, "B", np.ones((3, 2)))
    graph, product = edits.add_op(graph, "matmul")
    graph = edits.connect(graph, "A", product, 0)
    why = edits.refusal(graph, "B", product, 1)
    assert "10×4" in why
    assert "3×2" in why
    assert edits.free_port(graph, "B", product) is None


def test_a_new_wire_takes_the_place_of_the_old_one(neuron):
    after = edits.connect(neuron, "x1", "a", 1)
    assert after.nodes["a"].inputs == ("w0", "x1")
    assert trace(after).value("a") == 1.5


def test_ports_of_any_number_grow_and_shrink():
    graph = Graph()
    for k in range(3):
        graph.leaf(INPUT, f"x{k}", np.ones(2))
    graph, join = edits.add_op(graph, "concat")
    for k in range(3):
        port = edits.free_port(graph, f"x{k}", join)
        assert port == k
        graph = edits.connect(graph, f"x{k}", join, port)
    assert graph.nodes[join].inputs == ("x0", "x1", "x2")
    assert edits.refusal(graph, "x0", join, 4)
    graph = edits.disconnect(graph, join, 0)
    assert graph.nodes[join].inputs == ("x1", "x2")
    graph = edits.disconnect(graph, join, 1)
    assert graph.nodes[join].inputs == ("x1", "")
    assert edits.disconnect(graph, join, 0).nodes[join].inputs == ("", "")


def test_a_detached_port_stays_and_is_told_as_a_problem(neuron):
    after = edits.disconnect(neuron, "a", 0)
    assert after.nodes["a"].inputs == ("", "x0")
    assert [p.node for p in find_problems(after)] == ["a"]
    assert edits.free_port(after, "x1", "a") == 0
    assert edits.disconnect(neuron, "a", 7) is neuron
    assert edits.disconnect(neuron, "a", -1) is neuron


def test_the_output_follows_what_it_came_to_feed(neuron):
    graph, g = edits.add_op(neuron, "exp")
    graph, h = edits.add_op(graph, "sin")
    graph = edits.connect(graph, g, h, 0)
    assert graph.output == "f"
    graph = edits.connect(graph, "f", g, 0)
    assert graph.output == h
    # an output within the graph, which the user chose, stays
    inner = edits.set_output(neuron, "s")
    inner, e = edits.add_op(inner, "exp")
    assert edits.connect(inner, "s", e, 0).output == "s"


def test_a_node_is_put_into_a_wire(neuron):
    graph, relu = edits.add_op(neuron, "relu")
    after = edits.insert_on_wire(graph, relu, Wire("a", "s", 0))
    assert after.nodes[relu].inputs == ("a",)
    assert after.nodes["s"].inputs == (relu, "b")
    assert after.output == "f"


def test_what_does_not_fit_into_a_wire_is_refused(neuron):
    wire = Wire("a", "s", 0)
    assert "an end of this wire" in refused(edits.insert_on_wire, neuron, "a", wire)
    assert "no free input" in refused(edits.insert_on_wire, neuron, "f", wire)
    graph, exp = edits.add_op(neuron, "exp")
    assert "no free input" in refused(edits.insert_on_wire, graph, exp, Wire("gone", "s", 0))
    # behind the wire: it would feed itself
    graph, add = edits.add_op(edits.connect(graph, "f", exp, 0), "add")
    graph = edits.connect(graph, exp, add, 0)
    assert "feed itself" in refused(edits.insert_on_wire, graph, add, wire)


# deleting -------------------------------------------------------------------------------------


def test_deleting_a_node_with_one_wire_joins_what_it_stood_between(neuron):
    after = edits.delete(neuron, ["z"])
    assert after.nodes["f"].inputs == ("s",)
    assert "c" not in after.nodes, "the constant stayed without its only user"
    assert "z" in neuron.nodes


def test_deleting_a_chain_joins_its_ends(neuron):
    assert edits.delete(parse("f = exp(sin(tanh(x)))"), ["sin", "tanh"]).nodes["f"].inputs == ("x",)


def test_deleting_without_healing_leaves_a_port_empty(neuron):
    assert edits.delete(neuron, ["z"], heal=False).nodes["f"].inputs == ("",)
    assert edits.delete(neuron, ["s"]).nodes["z"].inputs == ("", "c")
    assert edits.delete(neuron, ["x0"]).nodes["a"].inputs == ("w0", "")


def test_a_constant_stays_while_another_uses_it():
    graph = parse("f = x + y")
    c = graph.leaf(CONSTANT, "", 2.0)
    a = graph.apply("mul", "x", c)
    b = graph.apply("mul", "y", c)
    assert c in edits.delete(graph, [a]).nodes
    assert c not in edits.delete(graph, [a, b]).nodes
    named = edits.rename(graph, c, "k")
    assert c in edits.delete(named, [a, b]).nodes


def test_a_deleted_output_hands_over(neuron):
    assert edits.delete(neuron, ["f"]).output == "z"
    assert edits.delete(neuron, ["f", "z", "s"]).output == "b"
    assert edits.delete(neuron, list(neuron.nodes)).output == ""


def test_the_ports_of_any_number_close_up_when_a_source_is_deleted():
    graph = Graph()
    for k in range(3):
        graph.leaf(INPUT, f"x{k}", np.ones(2))
    graph.apply("concat", "x0", "x1", "x2", name="f")
    assert edits.delete(graph, ["x1"]).nodes["f"].inputs == ("x0", "x2")


def test_what_is_deleted_leaves_groups_and_places_and_notes(neuron):
    after = edits.delete(neuron, (i for i in ["a", "f", "note"]))
    assert after.groups["group"].members == ("b", "s")
    assert after.positions == {}
    assert after.notes == {}
    assert edits.delete(neuron, ["a", "b", "s"]).groups == {}


def test_a_place_is_kept_by_a_node_whose_id_looks_like_one_inside_another():
    graph = parse("f = sigmoid(x)")
    graph.leaf(INPUT, "f/exp", 1.0)
    graph.positions = {"f/exp": (1.0, 2.0)}
    after = edits.delete(graph, ["f"])
    assert after.positions == graph.positions
    pasted, (new,) = edits.paste(graph, edits.extract(graph, ["f/exp"]))
    assert pasted.positions[new] == (1.0, 2.0)
