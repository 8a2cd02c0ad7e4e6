"""What a formula means: each text has one value, computed here by hand in plain Python."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

import engine
from engine.errors import EngineError, FormulaError
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Graph
from engine.graph.words import function, known_functions
from engine.ops import OPS

SMALL = {"x": 0.5, "y": -2.0, "z": 3.0, "w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
x, y, z = SMALL["x"], SMALL["y"], SMALL["z"]
CIRCUIT = 1 / (1 + math.exp(-1))


def value_of(text: str, **values) -> float:
    """The forward value of the output."""
    walk = engine.trace(parse(text, **values))
    return walk.value(walk.output)


def used(text: str) -> dict[str, float]:
    """The values of SMALL for those leaves that the formula has."""
    return {n.name: SMALL[n.name] for n in parse(text).leaves() if n.name in SMALL}


# meaning ------------------------------------------------------------------------------------

MEANINGS = [
    ("f(w,x) = 1/(1+e^-(w0x0+w1x1+w2))", CIRCUIT),
    ("f = σ(w₀·x₀ + w₁·x₁ + w₂)", CIRCUIT),
    ("sigmoid(w_0 x_0 + w_{1}x_{1} + w2)", CIRCUIT),
    ("sigma(w0*x0 + w1*x1 + w2)", CIRCUIT),
    ("1 ÷ (1 + exp(−(w0×x0 + w1×x1 + w2)))", CIRCUIT),
    ("2x", 2 * x),
    ("2xy", 2 * x * y),
    ("x y z", x * y * z),
    ("xyz", x * y * z),
    ("2(xy+max(z,x))", 2 * (x * y + max(z, x))),
    ("(x+y)(x-y)", (x + y) * (x - y)),
    ("x(y+z)", x * (y + z)),
    ("xy(z+1)", x * y * (z + 1)),
    ("(x+y)z", (x + y) * z),
    ("1/2x", 0.5 * x),
    ("1/x y", 1 / x * y),
    ("1/(2x)", 1 / (2 * x)),
    ("x/y/z", x / y / z),
    ("x-y-z", x - y - z),
    ("x-(y-z)", x - (y - z)),
    ("x - -y", x + y),
    ("x*-y", -x * y),
    ("x--3", x + 3),
    ("-x²", -(x**2)),
    ("-x^2", -(x**2)),
    ("(-x)^2", x**2),
    ("-3^2", -9),
    ("(-3)^2", 9),
    ("-3x", -3 * x),
    ("2^-x", 2**-x),
    ("2^-z^2", 2 ** -(z**2)),
    ("2^3^2", 512),
    ("(2^3)^2", 64),
    ("2**z", 8),
    ("x²y", x**2 * y),
    ("z³", z**3),
    ("z⁻¹", 1 / z),
    ("z⁻²", z**-2),
    ("z^-1", 1 / z),
    ("z^0.5", z**0.5),
    ("z^y", z**y),
    ("2e", 2 * math.e),
    ("2e3", 2000),
    ("2e^x", 2 * math.exp(x)),
    ("e^x+e", math.exp(x) + math.e),
    ("e^{-x}", math.exp(-x)),
    ("e^x z", math.exp(x) * z),
    ("πz", math.pi * z),
    ("2pi z²", 2 * math.pi * z**2),
    ("√z", math.sqrt(z)),
    ("√(z+1)", 2),
    ("√z²", z),
    ("2√z", 2 * math.sqrt(z)),
    ("√√z", z**0.25),
    ("|y|", 2),
    ("|y|z - |x - |y||", 2 * z - abs(x - 2)),
    ("|x||y|", x * 2),
    ("2|y|²", 8),
    ("abs(y)", 2),
    ("ln(z)", math.log(z)),
    ("log(z)", math.log(z)),
    ("ln(z) z", math.log(z) * z),
    ("xsin(x)", x * math.sin(x)),
    ("2xymax(z, x)", 2 * x * y * z),
    ("sin(x)cos(x)", math.sin(x) * math.cos(x)),
    ("sin(x)² + cos(x)²", 1),
    ("tanh(x)", math.tanh(x)),
    ("ReLU(y) + relu(z)", z),
    ("leaky_relu(y)", -0.2),
    ("leaky_relu(y, slope=0.5)", -1),
    ("leaky_relu(y, negative_slope=1)", -2),
    ("elu(y, alpha=2)", 2 * math.expm1(y)),
    ("max(x, y, z)", z),
    ("min(x, y, z)", y),
    ("x > y", 1),
    ("x < y", 0),
    ("where(x > y, z, 7)", z),
    ("where(x + 1 < y, z, 7)", 7),
    ("q = x + y; f = q*z", (x + y) * z),
    ("q = x + y\n\n# the product\nf = qz  # done", (x + y) * z),
    ("f = q*z\nq = x + y\nf", (x + y) * z),
    ("a = -2\nb = 5\nc = -4\n(a+b)c", -12),
    ("out = x + y\n2out", 2 * (x + y)),
    ("f(rate, x) = rate*x + rate", x + 1),
    ("sum([1, 2, 3])", 6),
    ("sum([1 2; 3 4])", 10),
    ("sum([[1, 2], [3, 4]])", 10),
    ("max([1, 5, 3])", 5),
    ("Σ([1, 2])", 3),
    ("mean([1, 2, 6])", 3),
    ("[1, 2] @ [3, 4]", 11),
    ("sum([1 2; 3 4]ᵀ @ [1, 0])", 3),
    ("sum([1 2; 3 4]^T @ [1, 0])", 3),
    ("sum([1 2; 3 4].T @ [1, 0])", 3),
    ("sum([1 -2] * [-1; 3])", -2),
    ("sum(take([5, 6, 7], [0, 2]))", 12),
    ("sum(softmax([1, 2, 3], axis=-1))", 1),
    ("sum(concat([1, 2], [3], axis=0))", 6),
    ("sum(transpose([[1, 2, 3]], axes=[1, 0]))", 6),
    ("sum(reshape([1, 2, 3, 4], shape=[2, -1]))", 10),
    ("gelu(0.0, approximate='tanh')", 0),
    ("gelu(0, approximate=\"none\")", 0),
    ("sum(sum([1 2; 3 4], axes=0, keepdims=true))", 10),
    (".5 + 1.", 1.5),
    ("+x", x),
    ("--x", x),
    ("x⊤", x),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_a_formula_means(text: str, expected: float) -> None:
    assert value_of(text, **used(text)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


SYMBOLIC = [
    "x*y + z",
    "x^3 - 2x^2y + y",
    "sin(x)*cos(y)/z",
    "exp(-x^2)*log(z)",
    "tanh(x*y)^2",
    "sqrt(z)*(x - y)/(x + z)",
    "x^z + 2^x",
]


@pytest.mark.parametrize("text", SYMBOLIC)
def test_gradients_agree_with_sympy(text: str) -> None:
    walk = engine.trace(parse(text, **used(text)))
    sx, sy, sz = sympy.symbols("x y z")
    by_hand = {
        "x*y + z": sx * sy + sz,
        "x^3 - 2x^2y + y": sx**3 - 2 * sx**2 * sy + sy,
        "sin(x)*cos(y)/z": sympy.sin(sx) * sympy.cos(sy) / sz,
        "exp(-x^2)*log(z)": sympy.exp(-(sx**2)) * sympy.log(sz),
        "tanh(x*y)^2": sympy.tanh(sx * sy) ** 2,
        "sqrt(z)*(x - y)/(x + z)": sympy.sqrt(sz) * (sx - sy) / (sx + sz),
        "x^z + 2^x": sx**sz + sympy.Integer(2) ** sx,
    }[text]
    at = {sx: x, sy: y, sz: z}
    assert walk.value("f") == pytest.approx(float(by_hand.subs(at)))
    for symbol in by_hand.free_symbols:
        expected = float(sympy.diff(by_hand, symbol).subs(at))
        assert walk.gradient(str(symbol)) == pytest.approx(expected, rel=1e-9)


# the graph that is made ---------------------------------------------------------------------


def ops(graph: Graph) -> list[str]:
    return [n.op for n in graph.nodes.values() if not n.leaf]


def names(text: str) -> list[str]:
    """The variables that a formula has, in reading order."""
    return [n.name for n in parse(text).leaves() if n.name]


def test_the_lecture_formula_gives_the_lecture_circuit() -> None:
    graph = parse("f(w,x) = 1/(1+e^-(w0x0+w1x1+w2))", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    assert ops(graph) == ["mul", "mul", "add", "add", "neg", "exp", "add", "reciprocal"]
    assert names("w0x0+w1x1+w2") == ["w0", "x0", "w1", "x1", "w2"]
    assert graph.output == "f"
    assert graph.nodes["f"].name == "f"
    assert [graph.nodes[n].op for n in ("w0", "x0", "w2")] == [PARAMETER, INPUT, PARAMETER]
    assert graph.nodes["w1"].value == -3.0


@pytest.mark.parametrize("spelling", ["w0", "w_0", "w₀", "w_{0}", "w_{ 0 }"])
def test_a_variable_has_one_name_however_it_is_spelled(spelling: str) -> None:
    assert names(f"{spelling} + w0") == ["w0"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("w0x0", ["w0", "x0"]),
        ("w_0x_0", ["w0", "x0"]),
        ("w_{12}x_{12}", ["w12", "x12"]),
        ("w_{hidden}x", ["w_hidden", "x"]),
        ("θ₁x₁ + θ2x2", ["theta1", "x1", "theta2", "x2"]),
        ("theta x", ["theta", "x"]),
        ("αβ", ["alpha", "beta"]),
        ("abc", ["a", "b", "c"]),
        ("ab12", ["a", "b12"]),
        ("hidden1 + hidden2", ["hidden1", "hidden2"]),
        ("ŷ - y", ["y_hat", "y"]),
        ("y_hat + val_score", ["y_hat", "val_score"]),
        ("`hidden 1` + `e`", ["hidden 1", "e"]),
        ("2σ", ["sigma"]),
        ("input + x", ["input", "x"]),
    ],
)
def test_words_fall_into_variables(text: str, variables: list[str]) -> None:
    assert names(text) == variables


def test_a_known_name_is_one_variable_wherever_it_stands() -> None:
    assert [n.name for n in parse("2out + lr*x", out=1, lr=2).leaves() if n.name] == [
        "out", "lr", "x",
    ]  # fmt: skip
    assert names("f(out, lr) = out*lr") == ["out", "lr"]
    assert "o" not in parse("out = x*y\nf = out*out").nodes
    assert [n.name for n in parse("e + x", e=1).leaves()] == ["e", "x"]


@pytest.mark.parametrize(
    "word",
    ["logits", "labels", "pred", "means", "squared", "roots", "here", "real", "delta_t", "sigma1",
     "relu1", "great", "height", "maxi"],
)  # fmt: skip
def test_an_ordinary_word_is_not_taken_for_a_slip_of_the_pen(word: str) -> None:
    assert names(f"{word}*weight*x") == [word, "weight", "x"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sigmod", "sigmoid"), ("tahn", "tanh"), ("softmx", "softmax"), ("leakyrelu", "leaky_relu")],
)
def test_a_slip_of_the_pen_in_a_function_is_found(word: str, meant: str) -> None:
    for text in (f"{word}(x)", *([f"x + {word}"] if "y" not in word else [])):
        with pytest.raises(FormulaError) as caught:
            parse(text)
        assert caught.value.nearest == meant


def test_a_variable_used_twice_is_one_node_that_forks() -> None:
    graph = parse("ab + a")
    assert len(graph.users()["a"]) == 2


def test_numbers_are_constants_one_for_each_time_they_are_written() -> None:
    graph = parse("2x + 2y - 3")
    constants = [n for n in graph.nodes.values() if n.op == CONSTANT]
    assert [(n.id, n.name, n.value) for n in constants] == [
        ("c", "", 2.0), ("c_2", "", 2.0), ("c_3", "", 3.0),
    ]  # fmt: skip


def test_named_lines_give_named_nodes_in_reading_order() -> None:
    graph = parse("q = x + y\nf = q*z")
    assert list(graph.nodes) == ["x", "y", "q", "z", "f"]
    assert graph.nodes["q"].name == "q"
    assert list(parse("f = q*z\nq = x + y\nf").nodes) == ["x", "y", "q", "z", "f"]


def test_ids_of_operations_never_take_the_name_of_a_variable() -> None:
    graph = parse("f = mul + x*y + `mul_2`*`add`", mul=1)
    assert {n.id for n in graph.leaves()} == {"mul", "x", "y", "mul_2", "add"}


def test_a_lone_number_on_a_line_is_the_value_of_a_leaf() -> None:
    graph = parse("w = -2\nv = [1, 2]\nk = constant(7)\np = parameter(3)\nf = w*v*k*p")
    assert graph.nodes["w"].op == PARAMETER
    assert graph.nodes["w"].value == -2.0
    assert graph.nodes["v"].op == INPUT
    assert graph.nodes["v"].value.tolist() == [1.0, 2.0]
    assert graph.nodes["k"].op == CONSTANT
    assert graph.nodes["p"].op == PARAMETER


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("w*x + b", {"w", "b"}),
        ("W@x + β", {"W", "beta"}),
        ("θ0 + θ1x1", {"theta0", "theta1"}),
        ("a*b", set()),
        ("weights*bias", {"weights", "bias"}),
        ("width*height", set()),
    ],
)
def test_weights_and_the_biases_beside_them_are_parameters(text: str, parameters: set) -> None:
    assert {n.name for n in parse(text).leaves() if n.op == PARAMETER} == parameters


def test_values_become_floats_and_arrays() -> None:
    graph = parse("a*b*c*d", a=1, b=[1, 2], c=np.float32(0.5), d=np.eye(2, dtype=int))
    assert type(graph.nodes["a"].value) is float
    assert type(graph.nodes["c"].value) is float
    assert graph.nodes["b"].value.dtype == graph.nodes["d"].value.dtype == np.float64
    assert parse("w_0*x", w_0=3).nodes["w0"].value == 3.0
    assert parse("x*y").nodes["x"].value is None


def test_an_unnamed_last_line_is_called_f_if_that_is_free() -> None:
    assert parse("x*y").output == "f"
    graph = parse("f*y")
    assert graph.nodes[graph.output].name == ""
    assert graph.nodes["f"].leaf
    assert parse("x").output == "x"
    assert parse("q = x + y\nq").output == "q"


def test_attributes_that_equal_their_default_are_left_out() -> None:
    assert parse("softmax(z, axis=-1)").nodes["f"].attrs == {}
    assert parse("softmax(z, dim=0)").nodes["f"].attrs == {"axis": 0}


def test_the_name_of_the_graph_is_kept() -> None:
    assert parse("x*y", "product").name == "product"


def test_variables_called_name_and_text_take_values_like_all_others() -> None:
    graph = parse("name*text", name=3, text=2)
    assert (graph.nodes["name"].value, graph.nodes["text"].value) == (3.0, 2.0)
    assert graph.name == ""


@pytest.mark.parametrize("word", sorted(known_functions()))
def test_every_op_can_be_called_by_each_of_its_names(word: str) -> None:
    op = OPS[function(word)]
    count = 2 if op.variadic else len(op.inputs)
    graph = parse(f"f = {word}({', '.join(f'x{k}' for k in range(count))})")
    assert graph.nodes["f"].op == op.name


# errors -------------------------------------------------------------------------------------

VALUE = ("a number", "a name", "(")
AFTER = ("an operator", "the end of the formula")
END = "the end of the formula"

ERRORS = [
    # text, line, column, length, found, expected, nearest, a word of the message
    ("", 1, 1, 1, END, VALUE, "", "empty"),
    ("  # nothing", 1, 1, 1, END, VALUE, "", "empty"),
    ("2 +", 1, 4, 1, END, VALUE, "", "would fit"),
    ("f =", 1, 4, 1, END, VALUE, "", "ends here"),
    ("x + * y", 1, 5, 1, "*", VALUE, "", '"*"'),
    ("x )", 1, 3, 1, ")", AFTER, "", "never opened"),
    ("2*(x + y", 1, 3, 1, "(", (")",), "", "never closed"),
    ("((x)", 1, 1, 1, "(", (")",), "", "never closed"),
    ("[1, 2", 1, 1, 1, "[", ("]",), "", "never closed"),
    ("(x]", 1, 3, 1, "]", (")",), "", "column 1"),
    ("|x + 1", 1, 1, 1, "|", ("|",), "", "never closed"),
    ("()", 1, 2, 1, ")", VALUE, "", "would fit"),
    ("x 2", 1, 3, 1, "2", AFTER, "", "right after"),
    ("3..4", 1, 3, 2, ".4", AFTER, "", "right after"),
    ("x[0]", 1, 2, 3, "[0]", AFTER, "", "take(x, 0)"),
    ("x, y", 1, 2, 1, ",", AFTER, "", '","'),
    ("x $ y", 1, 3, 1, "$", (), "", '"$"'),
    ("x == y", 1, 3, 2, "==", (), "", '"=="'),
    ("f = x = y", 1, 7, 1, "=", ("an operator", "a new line"), "", "second"),
    ("2x = 3", 1, 1, 2, "2x", ("a name",), "", "one name"),
    ("= x", 1, 1, 1, "=", ("a name",), "", "one name"),
    ("a > b > c", 1, 7, 1, ">", AFTER, "", "brackets"),
    ("sigmod(x)", 1, 1, 6, "sigmod", ("a function",), "sigmoid", "did you mean"),
    ("x + sigmod", 1, 5, 6, "sigmod", ("a name",), "sigmoid", "did you mean"),
    ("softmx(z)", 1, 1, 6, "softmx", ("a function",), "softmax", "did you mean"),
    ("asin(x)", 1, 1, 4, "asin", ("a function",), "sin", "unknown function"),
    ("lamda*x", 1, 1, 5, "lamda", ("a name",), "lambda", "did you mean"),
    ("hidden = x\nf = hiden*2", 2, 5, 5, "hiden", ("a name",), "hidden", "line 2"),
    ("sin x", 1, 1, 3, "sin", ("(",), "", "sin(x)"),
    ("sigmoid(x, y)", 1, 1, 7, "sigmoid", (")",), "", "1 value (x)"),
    ("where(x, y)", 1, 1, 5, "where", (",",), "", "3 values"),
    ("max()", 1, 1, 3, "max", (",",), "", "one or more"),
    ("softmax(z, axs=0)", 1, 12, 3, "axs", ("axis",), "axis", "no attribute"),
    ("sigmoid(x, axis=0)", 1, 12, 4, "axis", (), "", "none"),
    ("softmax(axis=0, z)", 1, 9, 4, "axis", (), "", "values come first"),
    ("softmax(z, axis=0, dim=1)", 1, 20, 3, "dim", (), "", "twice"),
    ("softmax(z, axis=y)", 1, 17, 1, "y", ("a number", "a list", "a text in quotes",
     "true or false"), "", '"y"'),
    ("g(x, y)", 1, 4, 1, ",", (")", "an operator"), "", '","'),
    ("[1, 2; 3]", 1, 1, 9, "[1, 2; 3]", (), "", "differ in length"),
    ("[[1, 2], [3]]", 1, 1, 13, "[[1, 2], [3]]", (), "", "differ in length"),
    ("[1, x]", 1, 5, 1, "x", ("a number", "]"), "", "numbers only"),
    ("[]", 1, 1, 2, "[]", ("a number",), "", "empty"),
    ("q = x\nq = y + 1\nf = q", 2, 1, 1, "q", (), "", "defined twice"),
    ("f = f + 1", 1, 5, 1, "f", (), "", "in terms of itself"),
    ("a = b + 1\nb = c + 1\nc = a + 1", 3, 5, 1, "a", (), "", "a → b → c → a"),
    ("x + y\nf = x", 1, 1, 5, "x + y", ("a name",), "", "only the last"),
    ("1e999", 1, 1, 5, "1e999", (), "", "too large"),
    ("x + input(2)", 1, 5, 5, "input", (), "", "stands alone"),
    ("softmax(z, axis='0)", 1, 17, 1, "'", ("'",), "", "never closed"),
    ("x_{a+b}", 1, 1, 7, "x_{a+b}", (), "", "subscript"),
]  # fmt: skip


@pytest.mark.parametrize("case", ERRORS, ids=[case[0] for case in ERRORS])
def test_an_error_says_where_what_was_found_and_what_would_fit(case: tuple) -> None:
    text, line, column, length, found, expected, nearest, word = case
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column, error.length) == (line, column, length), str(error)
    assert (error.found, error.nearest) == (found, nearest), str(error)
    assert sorted(error.expected) == sorted(expected), str(error)
    assert word in str(error)
    assert str(error).count("\n") == 0
    assert str(error)[-1] in ".?"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"q": 1}, "x, y"),
        ({"x": "three"}, "not text"),
        ({"x": [[1, 2], [3]]}, "equal rows"),
        ({"f": 1}, "defines f"),
        ({"x_1": 1, "x1": 2}, "same name"),
    ],
)
def test_a_value_that_fits_no_leaf_is_refused(values: dict, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        parse("f = x*y" if "x1" not in values else "f = x1*y", **values)


# limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "[" * 500 + "1" + "]" * 500,
        "sin(" * 1_000 + "x" + ")" * 1_000,
        "-" * 1_000 + "x",
        "√" * 1_000 + "x",
        "x+" * 60_000 + "x",
        "(" * 10_000,
        "|" * 301,
        "a" * 90_000,
    ],
    ids=["brackets", "lists", "calls", "signs", "roots", "length", "open", "bars", "word"],
)
def test_too_deep_or_too_long_is_said(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("+".join(f"x{k}" for k in range(10_000)), 9_999),
        ("*".join(["x"] * 10_000), 9_999),
        ("^".join(["x"] * 3_000), 2_999),
        ("\n".join(f"q{k} = q{k + 1} + 1" for k in range(3_000)) + "\nq0", 3_000),
        ("(" * 150 + "x" + "+1)" * 150, 150),
    ],
    ids=["sum", "product", "powers", "lines", "nested"],
)
def test_long_formulas_are_read(text: str, count: int) -> None:
    graph = parse(text)
    assert sum(not n.leaf for n in graph.nodes.values()) == count


# anything at all ----------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["x", "w0", "x_1", "σ", "e", "pi", "sin", "max", "softmax", "out", "(", ")", "[", "]", "{",
     "}", "|", ",", ";", "\n", "=", "+", "-", "−", "*", "·", "/", "^", "**", "²", "⁻¹", "√", "ᵀ",
     "^T", ".T", "@", ">", "<", "1", "2.5", "1e9", " ", "axis=", "true", "`a b`", "'s'", "#", "q",
     "input(", "inf", "nan", "_", "ŷ", "∞", "0"]
)  # fmt: skip


def read(text: str) -> tuple[Graph | None, FormulaError | None]:
    """The graph of ``text``, or why there is none."""
    try:
        return parse(text), None
    except FormulaError as error:
        return None, error


@settings(max_examples=1_500)
@given(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join)))
@example("x²" * 50)
@example("[inf;-nan]")
@example("`")
@example("\\")
@example("x_{")
@example("f(x)(y) = 2")
@example("f() = 2x")
def test_any_text_gives_a_graph_or_a_formula_error(text: str) -> None:
    graph, error = read(text)
    if error is not None:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert str(error)
        return
    assert graph is not None
    again = parse(engine.to_text(graph, values=True))
    assert sorted(n.op for n in again.nodes.values()) == sorted(n.op for n in graph.nodes.values())


@pytest.mark.parametrize("text", ["f = x", "f(x) = x", "q = x + y; f = q", "a = x; b = a; f = b"])
def test_a_second_name_is_a_node_that_passes_its_value_on(text: str) -> None:
    graph = parse(text, x=3.0)
    walk = engine.trace(graph)
    assert graph.nodes[graph.output].name == "f"
    for node in graph.nodes.values():
        assert walk.value(node.name) == walk.value(node.id)
    assert walk.value("f") == walk.value(graph.nodes["f"].inputs[0])
    assert walk.gradient("x") == 1.0
