"""The tape: what its rows say, that they are reached, and that long walks cost nothing."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from engine.graph.graph import Graph
from engine.ops import OPS
from engine.run.trace import trace
from engine.run.walk import Phase, Walk
from graphviz_app.explore.rules import backward_text, forward_text
from graphviz_app.explore.tape import (
    COLUMNS,
    GRADIENT,
    NODE,
    RULE,
    UPSTREAM,
    VALUE,
    TapeTable,
    column_widths,
)
from graphviz_app.theme import LIGHT

LEFT = Qt.MouseButton.LeftButton


def product() -> Walk:
    """f = w0·x0 at (2, −1)."""
    graph = Graph()
    w0, x0 = graph.leaf("parameter", "w0", 2.0), graph.leaf("input", "x0", -1.0)
    graph.apply("exp", graph.apply("mul", w0, x0), name="f")
    return trace(graph)


def long_walk(nodes: int = 10_000) -> Walk:
    graph = Graph()
    last = graph.leaf("input", "x", 0.5)
    for _ in range(nodes - 1):
        last = graph.apply("neg", last)
    return trace(graph)


@pytest.fixture
def table(qtbot: QtBot) -> TapeTable:
    """A tape with the walk of exp(w0·x0), walked to its end."""
    table = TapeTable()
    qtbot.addWidget(table)
    table.resize(870, 200)
    table.set_walk(product())
    table.set_index(table.tape.rowCount() - 1)
    table.show()
    return table


def row_of(table: TapeTable, node: str) -> int:
    walk = table.tape.walk
    assert walk is not None
    index = walk.index_of(Phase.BACKWARD, node)
    assert index is not None
    return index


def test_a_row_tells_its_step(table) -> None:
    row = row_of(table, "mul")
    texts = [table.tape.text(row, c) for c in range(len(COLUMNS))]
    assert texts[1] == "backward"
    assert texts[NODE] == "× w0·x0"
    assert texts[RULE] == "∂(a·b)/∂a = b, ∂(a·b)/∂b = a"
    assert texts[VALUE] == "−2"
    assert texts[UPSTREAM] == "0.1353"
    assert texts[GRADIENT] == "−0.1353, 0.2707"


def test_clicking_a_row_asks_for_its_step(table, qtbot: QtBot) -> None:
    at = table.visualRect(table.tape.index(2, RULE)).center()
    with qtbot.waitSignal(table.row_chosen) as told:
        qtbot.mouseClick(table.viewport(), LEFT, pos=at)
    assert told.args == [2]


def test_enter_asks_for_the_current_row(table, qtbot: QtBot) -> None:
    table.setCurrentIndex(table.tape.index(3, 0))
    with qtbot.waitSignal(table.row_chosen) as told:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert told.args == [3]


def test_the_active_row_is_bold_and_in_view(table) -> None:
    table.set_walk(long_walk(200))
    table.set_index(350)
    bold = table.tape.data(table.tape.index(350, 0), Qt.ItemDataRole.FontRole)
    plain = table.tape.data(table.tape.index(349, 0), Qt.ItemDataRole.FontRole)
    assert bold.bold()
    assert not plain.bold()
    rect = table.visualRect(table.tape.index(350, 0))
    assert table.viewport().rect().intersects(rect)
    table.set_index(-1)
    assert table.verticalScrollBar().value() == 0


def test_values_are_green_and_gradients_red(table) -> None:
    row = row_of(table, "mul")
    color = [
        table.tape.data(table.tape.index(row, c), Qt.ItemDataRole.ForegroundRole).name()
        for c in (VALUE, GRADIENT)
    ]
    assert color == [LIGHT.forward, LIGHT.backward]


def test_a_row_that_is_not_reached_is_faint_and_keeps_its_numbers_to_itself(table) -> None:
    row = row_of(table, "mul")
    table.set_index(row - 1)
    texts = [table.tape.text(row, c) for c in range(len(COLUMNS))]
    assert texts[NODE:] == ["× w0·x0", "∂(a·b)/∂a = b, ∂(a·b)/∂b = a", "", "", ""]
    colors = {
        table.tape.data(table.tape.index(row, c), Qt.ItemDataRole.ForegroundRole).name()
        for c in range(len(COLUMNS))
    }
    assert colors == {LIGHT.text_muted}
    tips = [table.tape.data(table.tape.index(row, c), Qt.ItemDataRole.ToolTipRole) for c in (3, 6)]
    assert not any(tips)
    table.set_index(row)
    assert table.tape.text(row, UPSTREAM) == "0.1353"


def test_a_row_that_is_not_reached_can_be_gone_to(table, qtbot: QtBot) -> None:
    table.set_index(0)
    at = table.visualRect(table.tape.index(5, NODE)).center()
    with qtbot.waitSignal(table.row_chosen) as told:
        qtbot.mouseClick(table.viewport(), LEFT, pos=at)
    assert told.args == [5]


@pytest.mark.parametrize("height", [150, 157, 168])
def test_scrolled_to_its_end_no_row_is_cut(table, height: int) -> None:
    table.resize(870, height)
    table.set_walk(long_walk(50))
    table.set_index(99)
    assert table.visualRect(table.tape.index(table.rowAt(0), 0)).top() == 0
    assert table.viewport().rect().contains(table.visualRect(table.tape.index(99, 0)))


def test_the_pointer_lights_a_whole_row(table, qtbot: QtBot) -> None:
    at = table.visualRect(table.tape.index(1, RULE)).center()
    qtbot.mouseMove(table.viewport(), at)
    image = table.viewport().grab().toImage()
    shown = {
        image.pixelColor(table.visualRect(table.tape.index(row, c)).topRight()).name()
        for row, c in ((1, 0), (1, RULE), (1, GRADIENT))
    }
    assert shown == {LIGHT.hover}


@pytest.mark.parametrize("room", [480, 538, 724, 1100])
def test_the_columns_fit_into_a_narrow_window(room: int) -> None:
    assert sum(column_widths(room)) <= room
    assert column_widths(1100)[RULE] > column_widths(480)[RULE]


def test_nothing_is_scrolled_sideways_beside_the_scroll_bar(table) -> None:
    table.set_walk(long_walk(50))
    for width in (900, 540, 500):
        table.resize(width, 150)
        last = table.horizontalHeader().sectionViewportPosition(GRADIENT)
        assert last + table.columnWidth(GRADIENT) <= table.viewport().width()
    assert not table.horizontalScrollBar().isVisible()


def test_copying_gives_every_digit(table, qtbot: QtBot) -> None:
    row = row_of(table, "mul")
    table.selectRow(row)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line = QGuiApplication.clipboard().text().split("\n")
    assert head.split("\t") == list(COLUMNS)
    cells = line.split("\t")
    step = table.tape.step(row)
    assert cells[UPSTREAM] == repr(step.upstream)
    assert cells[GRADIENT] == ", ".join(map(repr, step.products))


def test_twenty_thousand_rows_make_only_the_steps_in_sight(
    table, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = long_walk()
    made: list[int] = []
    original = Walk._step
    monkeypatch.setattr(Walk, "_step", lambda self, k: (made.append(k), original(self, k))[1])
    table.set_walk(walk)
    table.set_index(15_000)
    table.grab()
    assert table.tape.rowCount() == 20_000
    assert len(set(made)) < 60
    assert 15_000 in made


def test_new_numbers_keep_the_rows_and_the_place(table) -> None:
    table.set_index(4)
    resets: list[None] = []
    table.tape.modelReset.connect(lambda: resets.append(None))
    table.set_walk(product())
    assert (resets, table.tape.active) == ([], 4)


def test_no_walk_no_rows(table) -> None:
    table.set_walk(None)
    table.set_index(-1)
    assert table.tape.rowCount() == 0
    table.grab()


@pytest.mark.parametrize("name", list(OPS))
def test_every_op_has_a_rule_in_words_or_signs(name: str) -> None:
    op = OPS[name]
    assert forward_text(op, {})
    assert backward_text(op, {})
    assert "object" not in backward_text(op, {})


@pytest.mark.parametrize("name", ["div", "reciprocal", "sqrt", "exp", "sigmoid", "tanh"])
def test_a_slope_told_by_the_output_is_the_same_in_the_sentence(name: str) -> None:
    """The tape and the card of a step may not seem to state two rules."""
    slope = backward_text(OPS[name], {}).split(" = ")[-1]
    assert "y" in slope
    assert slope.replace("·", "") in OPS[name].gradient_says


def test_a_number_times_itself_is_a_square() -> None:
    assert backward_text(OPS["reciprocal"], {}) == "∂(1/x)/∂x = −y²"
