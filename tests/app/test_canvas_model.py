"""What is drawn of a graph: labels, kinds, ports, wires, lights; no widget needed."""

import numpy as np
import pytest

from engine.graph.graph import Graph, Node
from engine.graph.levels import Frame
from engine.graph.problems import find_problems
from engine.run.walk import Phase
from graphviz_app.canvas.kinds import Kind, kind_color
from graphviz_app.canvas.labels import RunStyle, name_label, plain_text, width_estimate
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.theme import DARK, LIGHT


def graph_of(formula):
    """Small graphs by hand: ``formula(graph)`` builds one and returns its output."""
    graph = Graph()
    graph.output = formula(graph)
    return graph


@pytest.fixture
def plus_one():
    """x·2 + 1"""

    def build(g):
        doubled = g.apply("mul", g.leaf("input", "x", 3.0), g.leaf("constant", "", 2.0))
        return g.apply("add", doubled, g.leaf("constant", "", 1.0))

    return graph_of(build)


def label_of(model, node):
    return plain_text(model.labels[model.index[node]])


@pytest.mark.parametrize(
    ("name", "stem", "lowered"),
    [
        ("w0", "w", "0"),
        ("w_12", "w", "12"),
        ("w₀", "w", "0"),
        ("x_{ab}", "x", "ab"),
        ("theta1", "θ", "1"),
        ("θ0", "θ", "0"),
    ],
)
def test_an_index_is_lowered(name, stem, lowered):
    assert [(r.text, r.style) for r in name_label(name)] == [
        (stem, RunStyle.NAME),
        (lowered, RunStyle.LOWERED),
    ]


@pytest.mark.parametrize("name", ["x", "loss", "hidden_layer", "σ"])
def test_other_names_stay_whole(name):
    assert plain_text(name_label(name)) == name
    assert len(name_label(name)) == 1


@pytest.mark.parametrize(("name", "sign"), [("mu", "μ"), ("pi", "π"), ("theta", "θ"), ("xi", "ξ")])
def test_a_greek_word_is_its_letter(name, sign):
    assert name_label(name) == ((sign, RunStyle.NAME),)


def test_softmax_is_called_by_its_whole_name_on_a_node_that_holds_it():
    model = CanvasModel.from_graph(graph_of(lambda g: g.apply("softmax", g.leaf("input", "z"))))
    place = model.index[model.ids[-1]]
    assert plain_text(model.labels[place]) == "softmax"
    assert model.geometry.size[place, 0] > width_estimate(model.labels[place])


def test_a_constant_used_once_stands_in_its_users_label(plus_one):
    model = CanvasModel.from_graph(plus_one)
    assert len(model.ids) == 3
    assert label_of(model, "mul") == "× 2"
    assert label_of(model, "add") == "+ 1"
    assert [target for _, target, _ in model.wires] == ["mul", "add"]


def test_an_inlined_constant_is_found_at_its_user(plus_one):
    model = CanvasModel.from_graph(plus_one)
    assert model.index["c"] == model.index["mul"]


def test_a_constant_used_twice_is_a_node():
    def build(g):
        two = g.leaf("constant", "", 2.0)
        x = g.leaf("input", "x", 3.0)
        return g.apply("add", g.apply("mul", x, two), g.apply("pow", x, two))

    model = CanvasModel.from_graph(graph_of(build))
    assert label_of(model, "c") == "2"


@pytest.mark.parametrize(
    ("op", "port", "text"),
    [
        ("sub", 1, "− 5"),
        ("sub", 0, "5 −"),
        ("div", 1, "÷ 5"),
        ("pow", 1, "x5"),
        ("max", 0, "max 5"),
    ],
)
def test_where_the_constant_stands_shows_which_operand_it_is(op, port, text):
    def build(g):
        leaves = [g.leaf("input", "x", 3.0), g.leaf("constant", "", 5.0)]
        return g.apply(op, *(leaves if port == 1 else leaves[::-1]))

    graph = graph_of(build)
    assert label_of(CanvasModel.from_graph(graph), graph.output) == text


def test_kinds_follow_the_op_table():
    def build(g):
        return g.apply("sigmoid", g.apply("mul", g.leaf("parameter", "w"), g.leaf("input", "x")))

    model = CanvasModel.from_graph(graph_of(build))
    assert model.kinds == [Kind.PARAMETER, Kind.INPUT, Kind.PLAIN, Kind.ACTIVATION]
    assert kind_color(model.nodes[0], LIGHT) == LIGHT.parameter
    assert kind_color(model.nodes[3], DARK) == DARK.activation


def test_a_fork_has_as_many_wires_as_users():
    def build(g):
        a, b = g.leaf("input", "a", 3.0), g.leaf("input", "b", -2.0)
        return g.apply("add", g.apply("mul", a, b), a)

    model = CanvasModel.from_graph(graph_of(build))
    assert model.geometry.fan_out[model.index["a"]] == 2
    assert model.geometry.fan_out[model.index["b"]] == 1


def test_leaves_without_a_value_are_marked_unset():
    graph = graph_of(lambda g: g.apply("exp", g.leaf("input", "x")))
    assert CanvasModel.from_graph(graph).unset == [True, False]


def test_texts_must_fit_the_nodes(plus_one):
    model = CanvasModel.from_graph(plus_one)
    model.set_texts(["1", "2", "3"], [])
    assert model.gradients == ["", "", ""]
    with pytest.raises(ValueError, match="3 nodes"):
        model.set_texts(["1"], [])


def test_the_active_node_its_wires_and_their_ends_are_lit(plus_one):
    model = CanvasModel.from_graph(plus_one)
    model.set_active("mul", Phase.BACKWARD, [("x", "mul", 0), ("c", "mul", 1)])
    assert model.lit.tolist() == [True, True, False]
    assert model.lit_wires == [0]
    model.set_active(None)
    assert model.lit.all()


def test_positions_of_the_user_win_and_undo_goes_back(plus_one):
    model = CanvasModel.from_graph(plus_one)
    before = model.geometry.xy.copy()
    model.set_positions({"mul": (400.0, 80.0)})
    assert model.geometry.xy[model.index["mul"]].tolist() == [400.0, 80.0]
    model.set_positions({})
    np.testing.assert_array_equal(model.geometry.xy, before)


def test_a_broken_graph_is_drawn_with_its_problems():
    graph = Graph(
        [
            Node("x", "input", (), 1.0, "x"),
            Node("strange", "no such op", ("x",)),
            Node("open", "add", ("x",)),
            Node("dangling", "mul", ("ghost", "x")),
            Node("loop", "add", ("loop", "x")),
        ]
    )
    model = CanvasModel.from_graph(graph)
    model.set_problems(find_problems(graph))
    assert {model.ids[k] for k in model.problems} >= {"strange", "open", "dangling", "loop"}
    assert model.open_ports == {model.index["open"]: [8.0], model.index["dangling"]: [-8.0]}


def test_a_long_wire_goes_around_a_node_in_its_way():
    def build(g):
        a = g.leaf("input", "a", 1.0)
        b = g.apply("exp", a)
        c = g.apply("exp", b)
        d = g.apply("exp", c)
        return g.apply("add", d, a)

    model = CanvasModel.from_graph(graph_of(build))
    bends = model.geometry.bends[model.wire_index["a", "add", 1]]
    direct = [model.geometry.bends[model.wire_index["a", "exp", 0]]]
    for x, y in bends:
        assert model.geometry.node_at(x, y, 0.0) == -1
    assert direct == [()]


def test_an_empty_graph_has_an_empty_picture():
    model = CanvasModel.from_graph(Graph())
    assert model.ids == []
    assert model.bounds()[2] >= model.bounds()[0]


def test_a_frame_stands_around_those_inside_it_whatever_their_order():
    def build(g):
        first = g.apply("exp", g.leaf("input", "x", 1.0))
        return g.apply("tanh", g.apply("exp", first))

    graph = graph_of(build)
    members = [("exp", "exp_2", "tanh"), ("exp",), ("exp", "exp_2", "tanh"), ("exp", "exp_2")]
    frames = [Frame("", "add", f"f{k}", ids, "g") for k, ids in enumerate(members)]
    model = CanvasModel.from_graph(graph, frames)
    boxes = {frame.title: model.frame_box(frame) for frame in model.frames}
    for outer, inner in (("f0", "f2"), ("f2", "f3"), ("f3", "f1")):
        left, top, right, bottom = boxes[outer]
        assert left < boxes[inner][0]
        assert right > boxes[inner][2]
        assert bottom > boxes[inner][3]
        assert top <= boxes[inner][1] - 15  # its title is above the other's line
