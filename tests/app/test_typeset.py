"""Typeset formulas: every op can be drawn, terms have their places, nothing ever raises."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.graph.notation import fill, latex_name
from engine.ops import OPS
from engine.ops.op import ATOM
from graphviz_app import typeset as module
from graphviz_app.typeset import Typeset, plain_text, typeset

pytestmark = pytest.mark.usefixtures("qapp")

SIGMOID = (
    r"\href{node:f}{f} = \href{node:f}{\sigma\left(\href{node:add}{\href{node:w0}{w_{0}}"
    r" \href{node:x0}{x_{0}} + \href{node:w2}{w_{2}}}\right)}"
)


def drawn(made: Typeset, scale: float = 2.0) -> QImage:
    size = (made.size * scale).toSize()
    image = QImage(max(1, size.width()), max(1, size.height()), QImage.Format.Format_ARGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    made.draw(painter, QPointF(0, 0), scale)
    painter.end()
    return image


def colors(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


@pytest.mark.parametrize("name", list(OPS))
def test_every_op_can_be_typeset(name: str) -> None:
    op = OPS[name]
    count = len(op.inputs)
    latex = fill(op, "latex", [(latex_name(op.input_name(k)), ATOM) for k in range(count)], {})
    made = typeset(latex, px=18, color="#000000")
    assert made.renderer is not None, latex
    assert made.size.width() > 5
    assert len(colors(drawn(made))) > 2


@pytest.mark.parametrize("name", ["w0", "x_hat", "loss", "alpha", "y_true", "W12", "long_name_1"])
def test_every_name_can_be_typeset(name: str) -> None:
    assert typeset(latex_name(name), px=18, color="#000000").renderer is not None


def test_terms_stand_where_they_are_drawn() -> None:
    made = typeset(SIGMOID, px=20, color="#000000")
    rects = dict(made.links)
    assert set(rects) == {"f", "add", "w0", "x0", "w2"}
    assert rects["w0"].right() <= rects["x0"].left() + 0.5
    assert rects["x0"].right() < rects["w2"].left()
    assert all(r.left() >= 0 and r.right() <= made.size.width() + 0.5 for r in rects.values())


def test_the_innermost_term_is_the_one_pointed_at() -> None:
    made = typeset(SIGMOID, px=20, color="#000000")
    rects = dict(made.links)
    assert made.link_at(rects["x0"].center()) == "x0"
    between = QPointF((rects["x0"].right() + rects["w2"].left()) / 2, rects["w2"].center().y())
    assert made.link_at(between) == "add"
    assert made.link_at(QPointF(-5, 0)) == ""
    assert made.link_at(rects["x0"].center() * 0.5, scale=0.5) == "x0"


def test_a_term_used_twice_has_two_places() -> None:
    made = typeset(r"\href{node:a}{a} + \href{node:a}{a}", px=20, color="#000000")
    first, second = (rect for node, rect in made.links if node == "a")
    assert not first.intersects(second)


def test_terms_take_their_colors() -> None:
    made = typeset(SIGMOID, px=40, color="#000000", link_colors={"w0": "#ff0000", "f": "#0000ff"})
    assert {"#ff0000", "#0000ff", "#000000"} <= colors(drawn(made))


def test_only_the_head_of_a_composite_term_is_colored() -> None:
    latex = r"\href{node:s}{\sigma\left(\href{node:x}{x}\right)}"
    image = drawn(typeset(latex, px=40, color="#000000", link_colors={"s": "#0000ff"}))
    bracket = image.copy(int(image.width() * 0.8), 0, int(image.width() * 0.2), image.height())
    assert "#0000ff" in colors(image)
    assert "#0000ff" not in colors(bracket)


def test_formulas_stand_on_a_common_baseline() -> None:
    low, high = (typeset(t, px=20, color="#000000") for t in ("x", r"\frac{x}{y}"))
    assert 0 < low.baseline < low.size.height()
    assert high.baseline > low.baseline


def test_the_invisible_baseline_mark_is_not_drawn() -> None:
    image = drawn(typeset("x", px=20, color="#ff0000"))
    assert "#010203" not in colors(image)
    assert "#000000" not in colors(image)


def test_ids_with_odd_characters_come_back_whole() -> None:
    made = typeset(r'\href{node:a"b<&_1}{x}', px=20, color="#000000")
    assert [node for node, _ in made.links] == ['a"b<&_1']


@pytest.mark.parametrize(
    "latex", ["", "   ", r"\frac{", r"\href{node:x", "}{", r"\begin{matrix}", "x" * 30_000]
)
def test_what_cannot_be_typeset_is_drawn_as_text(latex: str) -> None:
    drawn(typeset(latex, px=18, color="#000000"), 0.01)


@pytest.mark.parametrize("latex", [r"#read(1)", r"\text{#panic()}", r"\\#panic()", r"\#let"])
def test_typst_code_in_a_formula_is_only_text(latex: str) -> None:
    drawn(typeset(latex, px=18, color="#000000"), 0.1)


def test_a_broken_compiler_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("no typst here")

    monkeypatch.setattr(module, "_compiler", broken)
    made = typeset(r"\sigma\left(w_{0} + 17\right)", px=18, color="#000000")
    assert made.renderer is None
    assert made.plain == "σ(w₀ + 17)"
    assert len(colors(drawn(made))) > 2


def test_the_same_formula_is_typeset_once() -> None:
    assert typeset("a b", px=18, color="#000000") is typeset("a b", px=18, color="#000000")
    assert typeset("a b", px=18, color="#000000") is not typeset("a b", px=18, color="#ffffff")


def test_the_cache_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 5)
    for k in range(10):
        typeset(f"x_{{{k}}}", px=18, color="#000000")
    assert len(module._cache) == 5


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (SIGMOID, "f = σ(w₀ x₀ + w₂)"),
        (r"\frac{\partial f}{\partial w_{0}} = -0.2", "∂f/∂w₀ = −0.2"),
        (r"\mathrm{loss} \cdot x^{2}", "loss · x²"),
        (r"\hat{y}", "ŷ"),
        (r"\sqrt{x + 1}", "√(x + 1)"),
        (r"\operatorname{softmax}\left(x\right)", "softmax(x)"),
    ],
)
def test_formulas_read_as_plain_text(latex: str, plain: str) -> None:
    assert plain_text(latex) == plain
