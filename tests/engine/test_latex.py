"""LaTeX and TikZ: text of any kind is made harmless, braces balance, nodes keep their places."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.edits.marks import add_group
from engine.files.latex import document, escape, latex_document, latex_label, latex_sign
from engine.files.tikz import WIDEST_CM, to_tikz
from engine.graph.graph import Graph, Node, Wire
from engine.graph.levels import as_shown, open_composites
from engine.ops import OPS
from engine.ops.group import Body

CIRCUIT = Path(__file__).resolve().parents[2] / "examples" / "sigmoid_circuit.graph.json"

# text ---------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.text(
    st.sampled_from("\\{}$&#%_~^\n\r\0ab1θ₁−\ud800"), max_size=12
)


def check_balance(source):
    """Every brace, environment and dollar of ``source`` closes what was opened."""
    open_environments, depth = [], 0
    source = re.sub(r"^%.*$", "", source, flags=re.MULTILINE)
    for found in re.finditer(r"\\(begin|end)\{([a-z]+)\}|\\.|[{}]", source, re.DOTALL):
        if found[1] == "begin":
            open_environments.append(found[2])
        elif found[1] == "end":
            assert open_environments.pop() == found[2]
        else:
            depth += {"{": 1, "}": -1}.get(found[0], 0)
        assert depth >= 0
    assert (depth, open_environments) == (0, [])
    assert re.sub(r"\\.", "", source, flags=re.DOTALL).count("$") % 2 == 0


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50% & #1", r"50\% \& \#1"),
        ("{a_b}", r"\{a\_b\}"),
        ("C:\\x", r"C:\textbackslash{}x"),
        ("~^", r"\textasciitilde{}\textasciicircum{}"),
        ("$5", r"\$5"),
        ("σ z₁", r"\ensuremath{\sigma} z\textsubscript{1}"),
        ("two\nlines\0", "two lines "),
        ("naïve", "naïve"),
    ],
)
def test_text_is_escaped(text, latex):
    assert escape(text) == latex


@given(ANY_TEXT)
def test_escaped_text_holds_nothing_that_tex_would_act_on(text):
    kept = re.sub(
        r"\\(?:textbackslash|textascii\w+)\{\}|\\text\w+\{\d\}|\\ensuremath\{\\\w+\}|\\[{}$&#%_]",
        "",
        escape(text),
    )
    assert not set(kept) & set("\\{}$&#%_~^\n\r\0")
    escape(text).encode("utf-8")  # which halves of characters would not let it


@pytest.mark.parametrize("name", sorted(OPS))
def test_the_sign_of_every_op_is_mathematics(name):
    sign = latex_sign(OPS[name].symbol)
    assert sign.isascii()
    assert r"\text{" not in sign
    check_balance(sign)


@pytest.mark.parametrize(
    ("node", "label"),
    [
        (Node("a", "input", name="w0"), "$w_{0}$"),
        (Node("a", "input", name="y_hat"), r"$\hat{y}$"),
        (Node("a", "input", name="50%"), r"50\%"),
        (Node("a", "input", name="é"), r"$\text{é}$"),
        (Node("a", "constant", value=-2.5), "$-2.5$"),
        (Node("a", "mul", ("b", "c")), r"$\times$"),
        (Node("a", "square", ("b",)), "$x^{2}$"),
        (Node("a", "neg", ("b",)), r"$\times {-}1$"),
        (Node("a", "my_op", ("b",)), r"my\_op"),
        (Node("a", "group", ("b",), attrs={"body": Body("50% off", (), (), ())}), r"50\% off"),
    ],
)
def test_labels(node, label):
    assert latex_label(node) == label


# formulas ------------------------------------------------------------------------------------


def test_a_document_shows_the_formula_without_links():
    source = latex_document(engine.parse("f = sigmoid(w0*x0 + w1)"))
    assert r"\[ f = \sigma\left(w_{0} x_{0} + w_{1}\right) \]" in source
    assert source.index(r"\documentclass") < source.index(r"\begin{document}")
    assert r"\href" not in source


@given(st.lists(ANY_TEXT, min_size=2, max_size=2), ANY_TEXT)
def test_a_document_of_any_names_is_balanced(names, op):
    leaves = [Node(f"a{k}", "input", name=name) for k, name in enumerate(names)]
    graph = Graph([*leaves, Node("f", "add", ("a0", "a1")), Node("g", op, ("f", "a0"))], "g")
    source = latex_document(graph)
    check_balance(source)
    assert source.count(r"\begin{document}") == source.count(r"\end{document}") == 1


def test_letters_beyond_pdflatex_are_announced():
    assert document("é", "tikz").startswith(r"\documentclass")
    assert document("中", "tikz").startswith("% !TeX program = lualatex")


# TikZ ----------------------------------------------------------------------------------------

NODE = re.compile(r"\\node\[gate, draw=(\w+),[^\]]*\] \((n\d+)\) at \((.*?), (.*?)\) \{(.*)\};")
WIRE = re.compile(
    r"\\draw\[wire\] \((n\d+)\.east\) \.\..*\.\. \((?:\[yshift=(.*?)cm\])?(n\d+)\.west\);"
)


def nodes_in(source):
    """Name → (colour, x, y, label) of each node that is drawn."""
    return {n: (color, float(x), float(y), label) for color, n, x, y, label in NODE.findall(source)}


@pytest.fixture
def product():
    """f = w·x with its places on the canvas, and its walk."""
    graph = engine.parse("f = w*x", w=2, x=-1)
    return graph, {"w": (0.0, 0.0), "x": (0.0, 84.0), "f": (126.0, 42.0)}, engine.trace(graph)


def test_nodes_stand_as_on_the_canvas_with_y_up(product):
    graph, places, _ = product
    nodes = nodes_in(to_tikz(graph, places))
    assert [nodes[n][:3] for n in ("n0", "n1", "n2")] == [
        ("parameter", 0.0, 2.0),
        ("input", 0.0, 0.0),
        ("plain", 3.0, 1.0),
    ]
    assert [nodes[n][3] for n in ("n0", "n1", "n2")] == ["$w$", "$x$", r"$\times$"]


def test_wires_end_at_their_ports_the_first_on_top(product):
    graph, places, _ = product
    ends = {source: float(rise) for source, rise, _ in WIRE.findall(to_tikz(graph, places))}
    assert ends["n0"] == -ends["n1"] > 0


def test_values_stand_above_and_gradients_below(product):
    graph, places, walk = product
    source = to_tikz(graph, places, *walk.seen_at(len(walk)))
    assert r"\node[value] at (n0.east) {$2.00$};" in source
    assert r"\node[gradient] at (n0.east) {$-1.00$};" in source
    assert "value/.style={number, text=value, anchor=south west}" in source


def test_columns_make_room_for_long_numbers(product):
    graph, places, _ = product
    plain = nodes_in(to_tikz(graph, places))
    wide = nodes_in(to_tikz(graph, places, {"w": [-0.341, 0.242, 0.0986]}))
    assert wide["n2"][1] > plain["n2"][1]
    assert wide["n2"][2] == plain["n2"][2]


def test_a_constant_without_a_place_stands_at_the_upper_left_of_its_user():
    graph = Graph([Node("c", "constant", value=1.0), Node("x", "input", name="x")])
    graph.apply("add", "c", "x")
    nodes = nodes_in(to_tikz(graph, {"x": (0.0, 0.0), "add": (200.0, 0.0)}))
    (_, x, y, label), (_, user_x, user_y, _) = nodes["n0"], nodes["n2"]
    assert x < user_x
    assert y > user_y
    assert label == "$1$"


def test_an_opened_composite_has_a_dashed_frame():
    opened = open_composites(engine.load(CIRCUIT))
    source = to_tikz(opened.graph, {}, frames=opened.frames)
    assert source.count(r"\node[frame, draw=activation, fit=") == 1
    assert r"{\ensuremath{\sigma} sigmoid, opened into its primitives}" in source


def test_a_group_has_a_frame_in_its_colour(product):
    graph, places, _ = product
    framed, _ = add_group(graph, ["w", "x"], "50% of it", "loss")
    source = to_tikz(graph, places, frames=as_shown(framed).frames)
    assert source.count(r"\node[frame, draw=loss, fit=(n0)(n1)(edge)") == 1
    assert r"{50\% of it}" in source


def test_without_standalone_it_is_a_picture_to_paste(product):
    graph, places, _ = product
    source = to_tikz(graph, places, standalone=False)
    assert r"\documentclass" not in source
    assert r"% needs \usepackage{amsmath, tikz}" in source
    check_balance(source)


def test_a_huge_graph_fits_the_lengths_that_tex_knows(product):
    graph, _, _ = product
    places = {"w": (0.0, 0.0), "x": (1e6, 1e6), "f": (2e6, -1e6)}
    nodes = nodes_in(to_tikz(graph, places)).values()
    assert max(max(x, y) for _, x, y, _ in nodes) <= WIDEST_CM


def test_an_empty_graph_is_an_empty_picture():
    check_balance(to_tikz(Graph(), {}))


PLACES = st.tuples(*[st.floats(-1e5, 1e5)] * 2)


@given(
    st.lists(ANY_TEXT, min_size=2, max_size=5, unique=True),
    st.lists(ANY_TEXT, min_size=5, max_size=5),
    ANY_TEXT,
    st.lists(PLACES, max_size=5),
)
def test_any_names_and_places_give_every_node_and_wire_once(ids, names, op, places):
    *leaves, last = ids
    nodes = [Node(i, "input", name=n) for i, n in zip(leaves, names, strict=False)]
    graph = Graph([*nodes, Node(last, op, (*filter(None, leaves), "gone"))], last)
    source = to_tikz(graph, dict(zip(ids, places, strict=False)))
    check_balance(source)
    assert len(nodes_in(source)) == len(ids)
    assert len(WIRE.findall(source)) == sum(w.source in graph.nodes for w in graph.wires())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_compiles_the_circuit_and_strange_names(tmp_path):
    opened = open_composites(engine.load(CIRCUIT))
    walk = engine.trace(opened.graph)
    strange = Graph([Node(n, "input") for n in ("50%", "a_b", "{", r"\end", "R&D#1", "é", "ϑ₁")])
    strange.apply("concat", *strange.nodes)
    sources = [
        to_tikz(opened.graph, {}, *walk.seen_at(len(walk)), frames=opened.frames),
        to_tikz(strange, {}),
        latex_document(opened.graph),
        latex_document(strange),
    ]
    for k, source in enumerate(sources):
        (tmp_path / f"{k}.tex").write_text(source, encoding="utf-8")
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{k}.tex"],
            cwd=tmp_path, capture_output=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        missing = "not found" in done.stdout  # a package that this LaTeX comes without
        assert done.returncode == 0 or missing, done.stdout[-2000:]


def test_a_wire_is_led_over_its_bends(product):
    graph, places, _ = product
    bends = {Wire("w", "f", 0): [(42.0, -42.0), (84.0, -42.0)]}
    source = to_tikz(graph, places, bends=bends)
    (wire,) = (line for line in source.splitlines() if r"\draw[wire] (n0.east)" in line)
    assert re.findall(r"\((\d\.\d\d, \d\.\d\d)\)", wire) == ["1.00, 3.00", "2.00, 3.00"]
    assert wire.count("..") == 6
    (other,) = (line for line in source.splitlines() if r"\draw[wire] (n1.east)" in line)
    assert other.count("..") == 2
