"""Step panel, curve and inspector on real walks."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.graph.graph import Graph, Node
from engine.graph.notation import backward_latex, latex_name
from engine.ops import OPS
from engine.run.trace import trace
from engine.run.walk import Phase, Step, Walk
from graphviz_app.explore.blocks import Chain, Formula, Note
from graphviz_app.explore.curve import CurvePlot, curve_of, local_gradient, stable_span
from graphviz_app.explore.curve_canvas import _best_place
from graphviz_app.explore.inspector import Inspector
from graphviz_app.explore.step_blocks import value_latex
from graphviz_app.explore.step_panel import MOST_HEIGHT_PX, StepPanel
from graphviz_app.theme import DARK, LIGHT
from graphviz_app.typeset import typeset

LEFT = Qt.MouseButton.LeftButton
MATRIX = np.array([[1.0, 2.0], [3.0, -4.0]])


def circuit() -> Walk:
    """The lecture's σ(w0 x0 + w1 x1 + w2)."""
    graph = Graph()
    w0, x0 = graph.leaf("parameter", "w0", 2.0), graph.leaf("input", "x0", -1.0)
    w1, x1 = graph.leaf("parameter", "w1", -3.0), graph.leaf("input", "x1", -2.0)
    w2 = graph.leaf("parameter", "w2", -3.0)
    both = graph.apply("add", graph.apply("mul", w0, x0), graph.apply("mul", w1, x1))
    graph.apply("sigmoid", graph.apply("add", both, w2), name="f")
    return trace(graph)


def fork() -> Walk:
    """a·b + a: a forks."""
    graph = Graph()
    a, b = graph.leaf("input", "a", 3.0), graph.leaf("input", "b", -2.0)
    graph.apply("add", graph.apply("mul", a, b), a, name="f")
    return trace(graph)


def matrices(side: int = 2) -> Walk:
    """The sum of σ(A @ B)."""
    value = MATRIX if side == 2 else np.ones((side, side))
    graph = Graph()
    a, b = graph.leaf("input", "A", value), graph.leaf("parameter", "B", value + 1)
    graph.apply("sum", graph.apply("sigmoid", graph.apply("matmul", a, b)), name="L")
    return trace(graph)


def sampled(name: str) -> Walk:
    """q, an op applied to the first sample with an array that the table gives for it."""
    samples = OPS[name].samples
    arrays = (s for s in samples if any(np.ndim(v) for v in s if not isinstance(v, dict)))
    *values, last = next(arrays, samples[0])
    attrs = last if isinstance(last, dict) else {}
    values = values if attrs else [*values, last]
    graph = Graph()
    leaves = [graph.leaf("input", f"x{k}", np.array(v, float)) for k, v in enumerate(values)]
    graph.apply(name, *leaves, name="q", **attrs)
    return trace(graph)


def step_of(walk: Walk, node: str, phase: Phase = Phase.BACKWARD) -> Step:
    index = walk.index_of(phase, node)
    assert index is not None
    return walk[index]


@pytest.fixture
def panel(qtbot: QtBot) -> StepPanel:
    """A step panel in a column 300 pixels wide."""
    column = QWidget()
    qtbot.addWidget(column)
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    panel = StepPanel()
    layout.addWidget(panel)
    layout.addStretch(1)
    column.resize(300, 800)
    column.show()
    panel.column = column  # type: ignore[attr-defined]  # keeps it alive
    return panel


def show(panel: StepPanel, step: Step | None, label: str = "") -> None:
    panel.show_step(step, lambda i: "q" if i.startswith(("mul", "add")) else latex_name(i), label)


class TestStepPanel:
    def test_before_the_first_step_it_says_which_keys_begin(self, panel) -> None:
        show(panel, None)
        assert "Space" in panel.sentence.text()
        assert not panel.card.isVisible()

    def test_after_the_last_step_it_says_the_result(self, panel) -> None:
        show(panel, None, "f = 0.7311")
        assert panel.sentence.text().startswith("f = 0.7311.")

    def test_backward_shows_local_times_upstream_for_each_input(self, panel) -> None:
        show(panel, step_of(circuit(), "mul"))
        assert panel.title.text() == "Backward through ×"
        chains = [b for b in panel.card.blocks if isinstance(b, Chain)]
        assert [tuple(n.text for n in c.numbers) for c in chains] == [
            ("−1.00", "0.20", "−0.20"),
            ("2.00", "0.20", "0.39"),
        ]
        assert chains[0].latex[0] == r"\partial q/\partial w_{0}"
        assert chains[0].latex[2] == r"\partial f/\partial w_{0}"

    def test_numbers_are_whole_in_tooltips(self, panel) -> None:
        step = step_of(circuit(), "mul")
        show(panel, step)
        panel.card.grab()
        tips = [tip for _, tip in panel.card._tips]
        assert repr(step.products[0]) in tips
        rect = next(rect for rect, tip in panel.card._tips if tip == repr(step.products[0]))
        assert panel.card.tip_at(rect.center()) == repr(step.products[0])
        assert panel.card.tip_at(QPointF(-1, -1)) == ""

    def test_forward_puts_the_numbers_in(self, panel) -> None:
        show(panel, step_of(circuit(), "mul", Phase.FORWARD))
        last = panel.card.blocks[-1]
        assert isinstance(last, Formula)
        assert last.number is not None
        assert last.number.text == "−2.00"
        assert r"2.00 \times \left(-1.00\right)" in last.latex

    def test_the_output_says_where_the_backward_pass_starts(self, panel) -> None:
        show(panel, step_of(circuit(), "f"))
        assert "starts here" in panel.sentence.text()

    def test_a_fork_lists_the_terms_that_add_up(self, panel) -> None:
        show(panel, step_of(fork(), "a"))
        line = panel.card.blocks[-1]
        assert isinstance(line, Formula)
        assert r"1.00 + \left(-2.00\right) =" in line.latex
        assert line.number is not None
        assert line.number.text == "−1.00"

    def test_a_branch_of_a_fork_tells_what_had_arrived_before(self, panel) -> None:
        show(panel, step_of(fork(), "mul"))
        assert any(isinstance(b, Note) and "1.00 already" in b.text for b in panel.card.blocks)

    def test_a_matrix_product_shows_its_rule_and_small_matrices(self, panel) -> None:
        show(panel, step_of(matrices(), "matmul"))
        text = " ".join(b.latex for b in panel.card.blocks if isinstance(b, Formula))
        assert r"G\,B^{\top}" in text
        assert r"A^{\top}\,G" in text
        assert r"\begin{bmatrix}" in text
        assert not any(isinstance(b, Chain) for b in panel.card.blocks)

    @pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.pullback is not None])
    def test_every_array_op_shows_its_rule_typeset(self, panel, name: str) -> None:
        walk = sampled(name)
        step = step_of(walk, "q")
        show(panel, step)
        shown = [b.latex for b in panel.card.blocks if isinstance(b, Formula)]
        rules = backward_latex(OPS[name], "q", [latex_name(i) for i in step.inputs], step.attrs)
        if step.locals is None:  # of single numbers it is local × upstream, as for every op
            for rule in filter(None, rules):
                assert any(rule in latex for latex in shown)
        else:
            assert any(isinstance(b, Chain) for b in panel.card.blocks)
        assert all(typeset(latex, px=18, color="#000000").renderer for latex in shown)

    def test_a_folded_group_of_arrays_shows_what_flows_back_at_each_port(self, panel) -> None:
        graph = Graph()
        a, b = (graph.leaf("input", name, np.array([1.0, 2.0])) for name in "ab")
        graph.apply("group", a, b, name="q", **OPS["group"].attrs)
        show(panel, step_of(trace(graph), "q"))
        shown = [block.latex for block in panel.card.blocks if isinstance(block, Formula)]
        assert sum("back through every op inside" in latex for latex in shown) == 2

    def test_a_large_matrix_is_shown_by_its_shape(self, panel) -> None:
        show(panel, step_of(matrices(6), "matmul"))
        text = " ".join(b.latex for b in panel.card.blocks if isinstance(b, Formula))
        assert r"\text{6×6}" in text
        assert "bmatrix" not in text

    def test_a_stretched_input_tells_that_its_gradient_is_added_up(self, panel) -> None:
        graph = Graph()
        rows, bias = graph.leaf("input", "X", MATRIX), graph.leaf("parameter", "b", 1.0)
        graph.apply("add", rows, bias, name="y")
        show(panel, step_of(trace(graph), "y"))
        notes = [b.text for b in panel.card.blocks if isinstance(b, Note)]
        assert [n for n in notes if n.startswith("Added up along")] == notes[:1]

    @pytest.mark.parametrize("make", [circuit, fork, matrices], ids=lambda f: f.__name__)
    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    def test_every_step_fits_the_column(self, panel, qtbot: QtBot, make, theme) -> None:
        panel.set_theme(theme)
        panel.set_verified("7e-12", True)
        for step in make():
            show(panel, step)
            QApplication.processEvents()
            card = panel.card
            assert card.width() <= 300 - 2 * 16
            assert card.height() >= card.heightForWidth(card.width())
            assert panel.height() <= MOST_HEIGHT_PX

    def test_every_op_can_be_shown(self, panel) -> None:
        for op in OPS.values():
            sample = [part for part in op.samples[0] if not isinstance(part, dict)]
            attrs = next((part for part in op.samples[0] if isinstance(part, dict)), {})
            graph = Graph()
            inputs = []
            for k, value in enumerate(sample):
                array = np.asarray(value, float)
                inputs.append(graph.leaf("input", f"v{k}", array if array.ndim else float(array)))
            graph.apply(op.name, *inputs, name="out", **attrs)
            for step in trace(graph):
                panel.show_step(step, latex_name, op.name)
                panel.card.grab()

    def test_verified_and_not(self, panel) -> None:
        panel.set_verified("7e-12", True)
        assert panel.verified.text == "✓ verified 7e−12"
        assert "central difference" in panel.verified.toolTip()
        panel.set_verified("0.3", False)
        assert "not verified" in panel.verified.text
        panel.set_verified("", True)
        assert not panel.verified.isVisible()

    def test_scrubbing_leaves_no_widgets_behind(self, panel, qtbot: QtBot) -> None:
        walk = circuit()
        show(panel, walk[12])
        before = len(panel.findChildren(QWidget))
        for step in walk:
            show(panel, step)
        assert len(panel.findChildren(QWidget)) == before


@pytest.fixture
def curve(qtbot: QtBot) -> CurvePlot:
    """A curve plot 320 pixels wide."""
    curve = CurvePlot()
    qtbot.addWidget(curve)
    curve.resize(320, 240)
    curve.show()
    return curve


def slope_of(item) -> float:
    xs, ys = item.getData()
    return (ys[1] - ys[0]) / (xs[1] - xs[0])


class TestCurve:
    def test_the_tangents_slope_is_the_local_gradient(self, curve) -> None:
        step = step_of(circuit(), "f")
        curve.show_step(step, ["q"])
        assert step.locals is not None
        assert slope_of(curve.plot.tangent) == pytest.approx(step.locals[0], rel=1e-9)
        assert curve.plot.labels == ("f = sigmoid(q)", "q", "slope 0.20")

    def test_the_dot_lies_on_the_curve(self, curve) -> None:
        step = step_of(circuit(), "mul")
        curve.show_step(step, ["w0", "x0"])
        assert curve.plot.dot == (2.0, -2.0)
        xs, ys = curve.plot.curve.getData()
        assert np.interp(2.0, xs, ys) == pytest.approx(-2.0)
        assert curve.plot.labels[0] == "q = w₀·x₀"

    def test_the_other_input_can_be_chosen(self, curve, qtbot: QtBot) -> None:
        curve.show_step(step_of(circuit(), "mul"), ["w0", "x0"])
        _, rect = curve.switch.segments()[1]
        with qtbot.waitSignal(curve.input_chosen) as told:
            qtbot.mouseClick(curve.switch, LEFT, pos=rect.center().toPoint())
        assert told.args == [1]
        assert slope_of(curve.plot.tangent) == pytest.approx(2.0)
        curve.show_step(step_of(circuit(), "mul"), ["w0", "x0"])
        assert curve.port == 1, "the choice stays while values change"

    def test_forward_steps_have_the_same_tangent(self, curve) -> None:
        walk = circuit()
        forward, backward = step_of(walk, "f", Phase.FORWARD), step_of(walk, "f")
        assert backward.locals is not None
        assert local_gradient(forward, 0) == pytest.approx(backward.locals[0])

    @pytest.mark.parametrize(
        "op", [op for op in OPS.values() if op.elementwise], ids=lambda op: op.name
    )
    def test_every_elementwise_op_has_a_curve_and_its_tangent(self, curve, op) -> None:
        graph = Graph()
        values = (0.7, 1.3, 0.4)[: len(op.inputs)]
        leaves = [graph.leaf("input", f"v{k}", v) for k, v in enumerate(values)]
        graph.apply(op.name, *leaves, name="out")
        step = step_of(trace(graph), "out")
        curve.show_step(step, [f"v{k}" for k in range(len(leaves))])
        assert curve.slope is not None
        if np.isfinite(curve.slope):
            assert slope_of(curve.plot.tangent) == pytest.approx(curve.slope, abs=1e-9)
        curve.grab()

    def test_poles_are_left_out(self) -> None:
        graph = Graph()
        graph.apply("reciprocal", graph.leaf("input", "x", 0.5), name="out")
        _, ys = curve_of(trace(graph)[1], 0, 3.0)
        assert np.isnan(ys).sum() == 1
        assert np.isfinite(ys).sum() == 200

    def test_arrays_get_a_sentence_instead(self, curve) -> None:
        curve.show_step(step_of(matrices(), "matmul"), ["A", "B"])
        assert curve.message.isVisible()
        assert not curve.plot.isVisible()

    def test_labels_keep_clear_of_the_curve(self, curve) -> None:
        graph = Graph()
        graph.apply("sigmoid", graph.leaf("input", "z", -6.0), name="g")
        curve.show_step(step_of(trace(graph), "g"), ["z"])
        plot = curve.plot
        lines = plot._pixels(plot.curve)
        box = QRectF(plot.viewport().rect())
        free = QRectF(box.left(), box.center().y() - 40, 60, 14)
        crossed = QRectF(lines[150][0] - 30, lines[150][1] - 7, 60, 14)
        assert _best_place([crossed, free], box, lines, []) == free
        assert _best_place([free, crossed], box, lines, []) == free

    def test_nothing_and_leaves_get_a_sentence(self, curve) -> None:
        curve.show_step(None, [])
        assert "operation" in curve.message.text()
        curve.show_step(step_of(circuit(), "w0"), [])
        assert not curve.plot.isVisible()

    def test_an_infinite_value_draws_no_dot(self, curve) -> None:
        graph = Graph()
        graph.apply("log", graph.leaf("input", "x", 0.0), name="out")
        curve.show_step(step_of(trace(graph), "out"), ["x"])
        assert curve.plot.dot is None
        assert curve.plot.labels[2] == "no slope here"
        curve.grab()

    def test_the_axis_stays_while_scrubbing(self) -> None:
        span = stable_span(2.0)
        assert all(stable_span(x, span) == span for x in np.linspace(-2.5, 2.5, 20))
        assert stable_span(40.0, span) >= 60.0
        assert stable_span(0.0) == 3.0


@pytest.fixture
def inspector(qtbot: QtBot) -> Inspector:
    """An inspector 320 pixels wide."""
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.resize(320, 260)
    inspector.show()
    return inspector


@pytest.fixture
def told(inspector: Inspector) -> list[tuple]:
    """Everything that the inspector has told."""
    told: list[tuple] = []
    inspector.value_changed.connect(lambda *what: told.append(what))
    inspector.entry_changed.connect(lambda *what: told.append(what))
    return told


W0 = Node("w0", "parameter", (), 2.0, "w0")


class TestInspector:
    def test_a_leaf_shows_its_numbers(self, inspector) -> None:
        inspector.show_node(W0, 2.0, -0.19661193324148185, -0.1966119332)
        texts = {name: label.text() for name, label in inspector.values.items()}
        assert texts == {
            "Value": "2.000000",
            "Gradient": "−0.196612",
            "Numerical": "−0.196612",
            "Shape": "scalar",
        }
        assert inspector.values["Gradient"].toolTip() == "-0.19661193324148185"
        assert "w₀" in inspector.heading.text()
        assert LIGHT.parameter in inspector.heading.text()

    def test_copying_a_number_gives_every_digit(self, inspector) -> None:
        inspector.show_node(W0, 2.0, -0.19661193324148185)
        inspector.values["Gradient"].actions()[0].trigger()
        assert QGuiApplication.clipboard().text() == "-0.19661193324148185"

    def test_typing_commits(self, inspector, told, qtbot: QtBot) -> None:
        inspector.show_node(W0, 2.0, None)
        inspector.box.start_editing()
        qtbot.keyClicks(inspector.box, "5")
        qtbot.keyClick(inspector.box, Qt.Key.Key_Return)
        assert told == [("w0", 5.0, False), ("w0", 5.0, True)]
        assert inspector.slider.value() == 5.0

    def test_dragging_the_slider_is_live_and_commits_at_the_end(
        self, inspector, told, qtbot: QtBot
    ) -> None:
        inspector.show_node(W0, 2.0, None)
        slider = inspector.slider
        start, end = (QPoint(round(slider.x_of(v)), 12) for v in (2.0, -1.0))
        qtbot.mousePress(slider, LEFT, pos=start)
        qtbot.mouseMove(slider, end)
        qtbot.mouseRelease(slider, LEFT, pos=end)
        assert [final for *_, final in told] == [*([False] * (len(told) - 1)), True]
        assert told[-1] == ("w0", pytest.approx(-1.0, abs=0.06), True)
        assert inspector.box.value() == told[-1][1]

    def test_pulling_past_the_end_widens_the_range(self, inspector, told, qtbot: QtBot) -> None:
        inspector.show_node(W0, 2.0, None)
        slider = inspector.slider
        qtbot.mousePress(slider, LEFT, pos=QPoint(20, 12))
        qtbot.mouseMove(slider, QPoint(slider.width() + 30, 12))
        qtbot.waitUntil(lambda: slider.value() > 6, timeout=3000)
        qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() + 30, 12))
        assert told[-1][2]

    def test_a_large_value_widens_the_range_at_once(self, inspector) -> None:
        inspector.show_node(W0, 130.0, None)
        assert inspector.slider.span == 200.0

    def test_the_slider_obeys_keys(self, inspector, told, qtbot: QtBot) -> None:
        inspector.show_node(W0, 2.0, None)
        qtbot.keyClick(inspector.slider, Qt.Key.Key_Right)
        assert told[-1] == ("w0", 2.05, True)

    def test_an_unset_leaf_says_that_it_counts_as_one(self, inspector) -> None:
        inspector.show_node(Node("x", "input", (), None, "x"), 1.0, 0.5)
        assert inspector.values["Value"].text() == "unset, counts as 1"
        assert inspector.box.value() == 1.0

    def test_the_entries_of_a_small_matrix_are_edited(self, inspector, told) -> None:
        inspector.show_node(Node("W", "parameter", (), MATRIX, "W"), MATRIX, MATRIX)
        assert inspector.grid.isVisible()
        assert not inspector.box.isVisible()
        inspector.grid.item(1, 0).setText("1/4")
        assert told == [("W", (1, 0), 0.25, True)]
        inspector.grid.item(1, 0).setText("nonsense")
        assert len(told) == 1
        assert "not a number" in inspector.message.text()

    def test_the_entries_of_a_vector_have_one_index(self, inspector, told) -> None:
        value = np.array([1.0, 2.0, 3.0])
        inspector.show_node(Node("b", "parameter", (), value, "b"), value, value)
        inspector.grid.item(0, 2).setText("9")
        assert told == [("b", (2,), 9.0, True)]

    def test_a_matrix_that_is_too_large_for_the_grid_is_typed(self, inspector) -> None:
        value = np.zeros((20, 3))
        node = Node("W", "parameter", (), value, "W")
        inspector.show_node(node, value, value, own=node)
        assert not inspector.grid.isVisible()
        assert inspector.form.shape.text() == "20×3"
        assert inspector.form.entries.isVisible()

    def test_an_op_shows_its_sentence_and_no_editor(self, inspector) -> None:
        node = Node("f", "sigmoid", ("q",), None, "f")
        inspector.show_node(node, 0.73, 1.0, own=node)
        assert inspector.message.text() == OPS["sigmoid"].says
        assert not inspector.box.isVisible()

    def test_nothing_selected(self, inspector) -> None:
        inspector.show_node(W0, 2.0, None)
        inspector.show_nothing()
        assert inspector.message.isVisible()
        assert not inspector.slider.isVisible()

    def test_values_from_outside_send_nothing(self, inspector, told) -> None:
        for value in (2.0, 3.0, 400.0):
            inspector.show_node(W0, value, None)
        assert told == []


def test_a_long_vector_is_told_by_its_ends_and_not_by_its_length():
    value = np.array([-2.608, 1.5, 0.25, 3.0, 4.0, 5.0, 6.0, 7.125])
    latex = value_latex(value)
    assert latex == r"\begin{bmatrix} -2.61 & 1.50 & \cdots & 7.12 \end{bmatrix}"
    assert value_latex(np.zeros((10, 8))) == r"\text{10×8}"
