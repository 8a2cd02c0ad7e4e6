"""What is printed can be typeset: every op, every kind of name, and graphs of any shape."""

import re

import numpy as np
import pytest
import tylax
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.formula import parse
from engine.graph.graph import INPUT, Graph, Node
from engine.graph.labels import LABEL_LENGTH, text_label
from engine.graph.notation import (
    fill,
    latex_expr,
    latex_graph,
    latex_lines,
    latex_name,
    latex_number,
)
from engine.ops import OPS
from engine.ops.expr import Const, Var, symbols
from engine.ops.op import ATOM, SIGN


@pytest.fixture(scope="module")
def typesets(tmp_path_factory):
    """Compiles LaTeX through tylax and Typst; raises where either cannot read it."""
    compiler = typst.Compiler(ignore_system_fonts=True, root=tmp_path_factory.mktemp("typst"))

    def compile_(latex: str) -> None:
        assert r"\href" not in latex
        source = f"$ {tylax.latex_to_typst(latex)} $"
        assert compiler.compile(source.encode(), format="svg")

    return compile_


LINK = re.compile(r"\\href\{[^{}]*\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")


def bare(latex: str) -> str:
    """``latex`` without its links."""
    while r"\href" in latex:
        shorter = re.sub(
            r"\\href\{[^{}]*\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", r"\1", latex
        )
        assert shorter != latex
        latex = shorter
    return latex


# names and numbers --------------------------------------------------------------------------

NAMES = [
    ("x", "x"),
    ("w0", "w_{0}"),
    ("w12", "w_{12}"),
    ("theta1", r"\theta_{1}"),
    ("sigma", r"\sigma"),
    ("Delta", r"\Delta"),
    ("y_hat", r"\hat{y}"),
    ("yhat", r"\hat{y}"),
    ("yhat1", r"\hat{y}_{1}"),
    ("y_hat2", r"\hat{y}_{2}"),
    ("x_bar", r"\bar{x}"),
    ("loss", r"\mathrm{loss}"),
    ("hidden2", r"\mathrm{hidden}_{2}"),
    ("w_hidden", r"w_{\mathrm{hidden}}"),
    ("x_ij", "x_{ij}"),
    ("w_alpha", r"w_{\alpha}"),
    ("ℓ", r"\ell"),
    ("hidden 1", r"\text{hidden 1}"),
]


@pytest.mark.parametrize(("name", "latex"), NAMES)
def test_a_name_is_typeset_as_a_symbol(name: str, latex: str, typesets) -> None:
    assert latex_name(name) == latex
    typesets(latex)


@settings(max_examples=150)
@given(st.text(max_size=12))
def test_no_name_breaks_the_typesetting(typesets, name: str) -> None:
    typesets(latex_name(name))


NUMBERS = [
    (2.0, "2"),
    (-0.19661193, "-0.1966"),
    (1.2e-7, r"1.2 \cdot 10^{-7}"),
    (-3e20, r"-3 \cdot 10^{20}"),
    (float("inf"), r"\infty"),
    (float("-inf"), r"-\infty"),
    (float("nan"), r"\mathrm{NaN}"),
    (None, "?"),
    ([1.0, -2.0], r"\begin{bmatrix}1 & -2\end{bmatrix}"),
    ([[1.0], [2.0]], r"\begin{bmatrix}1 \\ 2\end{bmatrix}"),
    (np.arange(6.0), r"\begin{bmatrix}0 & 1 & \cdots & 5\end{bmatrix}"),
    (np.zeros((2, 3, 4)), r"\left[2 \times 3 \times 4\right]"),
]


@pytest.mark.parametrize(("value", "latex"), NUMBERS, ids=[latex for _, latex in NUMBERS])
def test_a_number_is_typeset(value, latex: str, typesets) -> None:
    assert latex_number(value) == latex
    typesets(latex)


def test_a_large_matrix_is_elided(typesets) -> None:
    latex = latex_number(np.eye(30))
    assert latex.count(r"\\") == 3
    assert r"\vdots" in latex
    typesets(latex)


# ops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_can_be_typeset_around_every_op(name: str, typesets) -> None:
    op = OPS[name]
    count = 2 if op.variadic else len(op.inputs)
    own = fill(op, "latex", [("x_{0}", ATOM)] * count)
    for inner in OPS.values():
        ports = 2 if inner.variadic else len(inner.inputs)
        graph = Graph()
        part = graph.apply(inner.name, *(graph.leaf(INPUT, f"y{k}") for k in range(ports)))
        graph.apply(name, *[part, *(graph.leaf(INPUT, f"z{k}") for k in range(1, count))])
        typesets(latex_graph(graph))
    typesets(own)


FILLED = [
    ("add", [("a", ATOM), ("-2", SIGN)], r"a + \left(-2\right)"),
    ("mul", [("w_{0}", ATOM), ("x_{0}", ATOM)], "w_{0} x_{0}"),
    ("mul", [("2", ATOM), ("-1", SIGN)], r"2 \cdot \left(-1\right)"),
    ("mul", [("x", ATOM), ("3", ATOM)], r"x \cdot 3"),
    ("reciprocal", [("x", ATOM)], r"\frac{1}{x}"),
    ("sigmoid", [("z", ATOM)], r"\sigma\left(z\right)"),
]


@pytest.mark.parametrize(("op", "operands", "latex"), FILLED)
def test_an_op_is_filled_with_what_stands_in_it(op: str, operands: list, latex: str) -> None:
    assert fill(OPS[op], "latex", operands) == latex


def test_attributes_that_differ_from_their_default_are_in_the_text() -> None:
    op = OPS["leaky_relu"]
    assert fill(op, "text", [("x", ATOM)], {"slope": 0.2}) == "leaky_relu(x, slope=0.2)"
    assert "slope" not in fill(op, "text", [("x", ATOM)], {"slope": 0.1})


@pytest.mark.parametrize("name", [name for name, op in sorted(OPS.items()) if op.attrs])
def test_attributes_that_differ_from_their_default_are_typeset(name: str, typesets) -> None:
    op = OPS[name]
    operands = [("x_{0}", ATOM)] * (2 if op.variadic else len(op.inputs))
    for attribute in op.attrs:
        for value in (7, -0.5, [1, 0], "tanh", True, False):
            if value == op.attrs[attribute]:
                continue
            latex = fill(op, "latex", operands, {attribute: value})
            assert attribute in latex
            typesets(latex)


def test_local_gradients_are_typeset_with_the_names_of_the_graph(typesets) -> None:
    y, x = Var("y"), Var("x")
    assert latex_expr(y * (1 - y), {"y": "f"}) == r"f \cdot \left(1 - f\right)"
    assert latex_expr(-(y * y), {}) == r"-\left(y y\right)" or latex_expr(-(y * y), {}) == "-y y"
    assert latex_expr(Const(-2.0) * x, {"x": "x_{0}"}) == "-2 x_{0}"
    for op in OPS.values():
        if op.formula is not None and op.elementwise and not op.variadic:
            typesets(latex_expr(op.expand(**op.attrs), {}))
        if op.local is not None and not op.variadic:
            inputs = [Var(name) for name in op.inputs]
            try:
                parts = op.local(symbols, Var("y"), *inputs, **op.attrs)
            except TypeError:  # a rule that no formula states
                continue
            for part in parts:
                typesets(latex_expr(part if not isinstance(part, float) else Const(part), {}))


# graphs -------------------------------------------------------------------------------------

GRAPHS = [
    ("f = σ(w0x0 + w1x1 + w2)", r"f = \sigma\left(w_{0} x_{0} + w_{1} x_{1} + w_{2}\right)"),
    ("1/(1+e^-(wx+b))", r"f = \frac{1}{1 + e^{-\left(w x + b\right)}}"),
    ("2(xy+max(z,w))", r"f = 2 \left(x y + \max\left(z,\, w\right)\right)"),
    ("x(y+z)", r"f = x \cdot \left(y + z\right)"),
    ("x - (y - z)", r"f = x - \left(y - z\right)"),
    ("x + -y", r"f = x + \left(-y\right)"),
    ("--3", r"f = -\left(-3\right)"),
    ("(x+y)²", r"f = \left(x + y\right)^{2}"),
    ("2*3", r"f = 2 \cdot 3"),
    ("2*1/x", r"f = \frac{2 \cdot 1}{x}"),
    ("2(1/x)", r"f = 2 \cdot \frac{1}{x}"),
    ("sum(x)*y", r"f = \left(\sum x\right) y"),
    ("loss*x", r"f = \mathrm{loss} \cdot x"),
    ("2pi", r"f = 2 \pi"),
    ("q = x + y; f = q*z", r"\begin{aligned}q &= x + y \\ f &= q z\end{aligned}"),
    ("x", "x"),
]


@pytest.mark.parametrize(("text", "latex"), GRAPHS, ids=[text for text, _ in GRAPHS])
def test_a_graph_is_typeset_as_its_formula(text: str, latex: str, typesets) -> None:
    graph = parse(text)
    assert latex_graph(graph) == latex
    typesets(latex)
    assert bare(latex_graph(graph, link=True)) == latex


def test_links_name_the_node_of_every_term() -> None:
    graph = parse("f = σ(w0x0 + b)")
    linked = latex_graph(graph, link=True)
    assert set(re.findall(r"\\href\{node:([^}]*)\}", linked)) == set(graph.nodes)
    assert r"\href{node:w0}{w_{0}}" in linked


def test_shared_parts_are_lines_of_their_own() -> None:
    graph = Graph()
    square = graph.apply("square", graph.leaf(INPUT, "x"))
    graph.apply("add", square, square, name="f")
    assert latex_lines(graph) == ["q_{1} = x^{2}", "f = q_{1} + q_{1}"]


def test_a_graph_too_large_to_read_is_only_hinted_at(typesets) -> None:
    for text in (
        "+".join(f"x{k}" for k in range(2_000)),
        "+".join("loss_function" for _ in "a" * 250),
    ):
        latex = latex_graph(parse(text))
        assert r"\ldots" in latex or len(latex) < 12_000
        typesets(latex)


@pytest.mark.parametrize(
    "graph",
    [
        Graph(),
        Graph([Node("f", "add", ("", "nowhere"))], "f"),
        Graph([Node("f", "frobnicate", ("x",)), Node("x", INPUT)], "f"),
        Graph([Node("g", "neg", ("f",)), Node("f", "neg", ("g",))], "f"),
        Graph([Node("f", "neg", ("f",))], "f"),
        Graph([Node("x", INPUT)], "nowhere"),
    ],
    ids=["empty", "no wires", "unknown op", "circle", "itself", "no output"],
)
def test_a_broken_graph_is_typeset_as_far_as_it_goes(graph: Graph, typesets) -> None:
    typesets(latex_graph(graph))
    for node_id in graph.nodes:
        assert text_label(graph, node_id)


# labels -------------------------------------------------------------------------------------


def test_labels_are_short_and_in_plain_characters() -> None:
    graph = parse("s = w0x0 + w1x1\nz = s + w2\nf = 1/(1 + e^-z)")
    labels = {i: text_label(graph, i) for i in graph.nodes}
    assert labels["mul"] == "w0·x0"
    assert labels["z"] == "s + w2"
    assert labels["neg"] == "−z"
    assert labels["f"] == "1/(1 + exp(−z))"
    assert text_label(parse("σ(z)"), "f") == "σ(z)"
    assert text_label(parse("2x"), "c") == "2"


@pytest.mark.parametrize(
    "text", ["+".join(f"x{k}" for k in range(50)), "max(" + "aaaa," * 20 + "b)"]
)
def test_long_labels_are_shortened(text: str) -> None:
    assert len(text_label(parse(text), "f")) <= LABEL_LENGTH


def test_what_is_not_wired_is_spaced_as_a_symbol_is() -> None:
    graph = Graph()
    graph.apply("mul", "", "")
    assert latex_lines(graph) == [r"f = \mathord{?} \cdot \mathord{?}"]
