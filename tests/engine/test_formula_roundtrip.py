"""Text → graph → text: any graph can be written as a formula and read back, and nothing is lost.

Ids of unnamed nodes and of constants may change, and an unnamed node that needs a line gets a
name; ops, wires, forks, values, kinds and the names that people gave do not change.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FormulaError
from engine.graph.formula import parse, to_text
from engine.graph.graph import CONSTANT, INPUT, LEAF_KINDS, PARAMETER, Graph, Node, same_value
from engine.graph.problems import topological_order
from engine.ops import OPS

NAMES = [
    "x", "y1", "w0", "w12", "theta1", "b", "q", "q1", "f", "sigma", "pi", "e", "T", "out", "loss",
    "y_hat", "w_hidden", "hidden 1", "max", "sum", "xy", "exp", "ℓ", "größe", "inf", "w_0", "θ",
    "input", "true", "ab12", "sigmod", "2x", "x-y", "axis", "E", "w0x0",
]  # fmt: skip
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, -3.0, math.e, math.pi, -math.pi, 1e-7, 1e300]),
    st.floats(allow_nan=True, allow_infinity=True),
)
ARRAYS = st.sampled_from([[1.0], [1.0, -2.5], [[1.0, 2.0], [3.0, 1e-9]], [[[1.0], [-0.5]]]])
VALUES = st.one_of(NUMBERS, ARRAYS.map(np.array))
ATTRIBUTES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.lists(st.integers(-3, 3), max_size=3),
    st.sampled_from(["tanh", 'a "b" \\', "x#y", ""]),
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph of any ops, in order, with names, forks, attributes, dead ends and all kinds of
    leaves; shapes need not meet."""
    graph = Graph()
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=8))
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(LEAF_KINDS))
        name = names.pop() if names and (kind != CONSTANT or draw(st.booleans())) else ""
        value = draw(st.one_of(st.none(), VALUES)) if kind != CONSTANT else draw(VALUES)
        graph.leaf(kind, name, value)
    for _ in range(draw(st.integers(0, 8))):
        op = OPS[draw(st.sampled_from(sorted(OPS)))]
        count = draw(st.integers(1, 3)) if op.variadic else len(op.inputs)
        inputs = [draw(st.sampled_from(list(graph.nodes))) for _ in range(count)]
        attrs = {k: draw(ATTRIBUTES) for k in op.attrs if draw(st.booleans())}
        graph.apply(op.name, *inputs, name=draw(st.sampled_from(["", "", *names[:1]])), **attrs)
        if graph.nodes[graph.output].name:
            names.pop(0)
    graph.output = draw(st.sampled_from(list(graph.nodes)))
    return graph


def tree(graph: Graph, node_id: str, seen: dict[str, int]) -> tuple:
    """What a node is, down to its leaves; a node met again is the number it was met under."""
    if node_id in seen:
        return ("again", seen[node_id])
    seen[node_id] = len(seen)
    node = graph.nodes[node_id]
    if node.leaf:
        value = np.array(math.nan if node.value is None else node.value, float)
        value[np.isnan(value)] = math.nan  # one NaN is as good as another
        return (node.op, value.shape, value.tobytes(), node.value is None)
    op = OPS[node.op]
    attrs = {k: (type(v) is bool, v) for k, v in op.with_defaults(node.attrs).items()}
    return (op.name, sorted(attrs.items()), *(tree(graph, i, seen) for i in node.inputs))


def assert_equal(one: Graph, two: Graph) -> None:
    """The same output, the same other nodes, and the names that ``one`` gave."""
    assert len(one.nodes) == len(two.nodes)
    assert tree(one, one.output, {}) == tree(two, two.output, {})
    by_name = {n.name: n.id for n in two.nodes.values() if n.name}
    for node in one.nodes.values():
        if node.name:
            assert tree(one, node.id, {}) == tree(two, by_name[node.name], {})


@settings(max_examples=400)
@given(graphs())
def test_any_graph_is_read_back_from_its_text(graph: Graph) -> None:
    text = to_text(graph, values=True)
    again = parse(text)
    assert_equal(graph, again)
    assert to_text(again, values=True) == text


@settings(max_examples=200)
@given(graphs())
def test_values_may_also_be_given_beside_the_text(graph: Graph) -> None:
    text = to_text(graph)
    values = {
        n.name: n.value for n in graph.nodes.values() if n.name and n.op in (INPUT, PARAMETER)
    }
    again = parse(text, **values)
    for name, value in values.items():
        assert same_value(again.find(name).value, value)
    assert to_text(again) == text


@pytest.mark.parametrize("name", sorted(OPS))
def test_the_text_of_every_op_is_read_as_that_op(name: str) -> None:
    op = OPS[name]
    graph = Graph()
    count = 2 if op.variadic else len(op.inputs)
    graph.apply(name, *(graph.leaf(INPUT, f"x{k}") for k in range(count)), name="f")
    assert_equal(graph, parse(to_text(graph)))
    # and inside every other op, on every side
    for outer in OPS.values():
        ports = 2 if outer.variadic else len(outer.inputs)
        for port in range(ports):
            nested = graph.copy()
            nested.nodes["f"].name = ""
            others = [nested.leaf(INPUT, f"y{k}") for k in range(ports)]
            others[port] = "f"
            nested.apply(outer.name, *others, name="g")
            for leaf in [n.id for n in nested.leaves() if not nested.users()[n.id]]:
                del nested.nodes[leaf]
            assert_equal(nested, parse(to_text(nested)))


@pytest.mark.parametrize(
    "text",
    [
        "f(w,x) = 1/(1+e^-(w0x0+w1x1+w2))",
        "2(xy+max(z,w))",
        "q = x + y; f = q*z",
        "f = q*z\nq = x + y",
        "x = -2\ny = 5\nf = x*y",
        "softmax(W@x + [1, 2, 3], axis=0)",
        "b = constant(3); f = b*b*input",
        "a*b + a",
        "q = x + y; f = q",
        "p = x; f = 3*identity(p)",
    ],
)
def test_writing_what_was_read_changes_nothing_the_second_time(text: str) -> None:
    once = to_text(parse(text), values=True)
    assert to_text(parse(once), values=True) == once
    assert_equal(parse(text), parse(once))


def test_long_and_deep_graphs_are_read_back() -> None:
    chain = Graph()
    chain.leaf(INPUT, "x")
    for _ in range(3_000):
        chain.apply("sigmoid", chain.output or "x")
    again = parse(to_text(chain))
    assert len(again.nodes) == len(chain.nodes)
    long = parse("+".join(f"w{k}x{k}" for k in range(3_000)))
    assert_shape(long, parse(to_text(long)))


def assert_shape(one: Graph, two: Graph) -> None:
    assert [n.op for n in one.nodes.values()] == [n.op for n in two.nodes.values()]
    assert [n.inputs for n in one.nodes.values()] == [n.inputs for n in two.nodes.values()]


def test_a_shared_unnamed_node_stays_one_node() -> None:
    graph = Graph()
    x = graph.leaf(INPUT, "x")
    square = graph.apply("square", x)
    graph.apply("mul", square, square, name="f")
    assert to_text(graph) == "q1 = x²\nf = q1*q1"


def test_a_kind_that_the_name_does_not_tell_is_written_down() -> None:
    graph = Graph()
    graph.apply("mul", graph.leaf(PARAMETER, "x"), graph.leaf(INPUT, "w"), name="f")
    text = to_text(graph)
    assert text == "x = parameter()\nw = input()\nf = x*w"
    assert parse(text, x=3.0).nodes["x"] == Node("x", PARAMETER, (), 3.0, "x")


def broken(**nodes: tuple) -> Graph:
    return Graph((Node(i, op, inputs, None, i) for i, (op, *inputs) in nodes.items()), "f")


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (broken(g=("neg", "f"), f=("neg", "g")), "circle"),
        (broken(f=("add", "", "")), "wire"),
        (broken(f=("neg", "nowhere")), "wire"),
        (broken(f=("frobnicate",)), "frobnicate"),
        (Graph([Node("x", INPUT, (), None, "x")], "y"), "y"),
        (Graph([Node("x", INPUT, (), None, "a`b")], "x"), "a`b"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_graph_that_no_formula_can_say_is_refused_in_one_sentence(
    graph: Graph, says: str
) -> None:
    with pytest.raises(FormulaError, match=says):
        to_text(graph)


def test_an_empty_graph_has_an_empty_text() -> None:
    assert to_text(Graph()) == ""


def test_order_follows_reading() -> None:
    graph = parse("σ(w0x0 + w1x1)")
    assert list(graph.nodes) == ["w0", "x0", "mul", "w1", "x1", "mul_2", "add", "f"]
    assert topological_order(graph)[0] == list(graph.nodes)
