"""The formula bar: terms that light up, and an editor that says what is wrong."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.graph.graph import Graph
from graphviz_app.explore.formula_bar import FormulaBar
from graphviz_app.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton
LATEX = r"\href{node:f}{f} = \href{node:w0}{w_{0}} \href{node:x0}{x_{0}}"
TEXT = "f = w0*x0"


@pytest.fixture
def column(qtbot: QtBot) -> QWidget:
    """The bar with f = w0 x0 above a sheet of paper."""
    column = QWidget()
    qtbot.addWidget(column)
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    bar = FormulaBar()
    bar.set_formula(LATEX, TEXT, {"w0": LIGHT.parameter})
    layout.addWidget(bar)
    layout.addWidget(QTextEdit(), 1)
    column.resize(870, 300)
    column.show()
    return column


@pytest.fixture
def bar(column: QWidget) -> FormulaBar:
    """The bar of the column."""
    return column.findChild(FormulaBar)


@pytest.fixture
def told(bar: FormulaBar) -> list[tuple[str, str]]:
    """(signal, text) of everything the bar has told."""
    told: list[tuple[str, str]] = []
    for name in ("term_hovered", "term_clicked", "edited", "committed"):
        getattr(bar, name).connect(lambda text, name=name: told.append((name, text)))
    bar.cancelled.connect(lambda: told.append(("cancelled", "")))
    return told


def term(bar: FormulaBar, node: str):
    return bar.label.term_rects(node)[0].center().toPoint()


def test_terms_tell_when_they_are_pointed_at_and_clicked(bar, told, qtbot: QtBot) -> None:
    qtbot.mouseMove(bar.label, term(bar, "x0"))
    qtbot.mouseClick(bar.label, LEFT, pos=term(bar, "w0"))
    QApplication.sendEvent(bar.label, QEvent(QEvent.Type.Leave))
    assert [t for t in told if t[0] == "term_clicked"] == [("term_clicked", "w0")]
    assert told[0] == ("term_hovered", "x0")
    assert told[-1] == ("term_hovered", "")


def test_the_canonical_text_stands_at_the_right(bar) -> None:
    assert bar.text_label.text() == TEXT
    bar.window().resize(220, 300)
    assert bar.text_label.text() != TEXT


def test_declarations_are_left_to_the_editor(bar, qtbot: QtBot) -> None:
    bar.set_formula(LATEX, "`θ0` = parameter()\nw = input()\nf = `θ0`*w + 2", {})
    assert bar.text_label.text() == "f = θ0*w + 2"
    bar.start_editing()
    assert bar.editor.toPlainText().startswith("`θ0` = parameter()")


def test_editing_starts_with_the_text_selected(bar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.button, LEFT)
    assert bar.editing
    assert bar.editor.textCursor().selectedText() == TEXT


def test_editing_moves_nothing(bar, column, qtbot: QtBot) -> None:
    paper = column.findChild(QTextEdit)
    places = [w.geometry() for w in (bar, bar.label, paper)]
    bar.start_editing()
    bar.set_error("no", 1, 1, 1)
    qtbot.waitUntil(lambda: bar.drawer.height() >= bar.editor.height() + bar.error_line.height())
    assert [w.geometry() for w in (bar, bar.label, paper)] == places
    assert bar.drawer.geometry().top() == bar.geometry().bottom()
    qtbot.keyClick(bar.editor, Qt.Key.Key_Escape)
    assert not bar.drawer.isVisible()


def test_a_double_click_edits(bar, qtbot: QtBot) -> None:
    qtbot.mouseDClick(bar.label, LEFT, pos=term(bar, "w0"))
    assert bar.editing


def test_typing_is_told_once_after_a_pause(bar, told, qtbot: QtBot) -> None:
    bar.start_editing()
    with qtbot.waitSignal(bar.edited) as signal:
        qtbot.keyClicks(bar.editor, "f = a+b")
    assert signal.args == ["f = a+b"]
    assert [t for t in told if t[0] == "edited"] == [("edited", "f = a+b")]


def test_enter_commits_and_finish_closes(bar, told, qtbot: QtBot) -> None:
    bar.start_editing()
    qtbot.keyClicks(bar.editor, "f = 2*a")
    qtbot.keyClick(bar.editor, Qt.Key.Key_Return)
    assert told == [("committed", "f = 2*a")]
    assert bar.editing, "it waits for an answer"
    bar.finish()
    assert not bar.editing


def test_shift_enter_starts_a_line_and_the_editor_grows(bar, told, qtbot: QtBot) -> None:
    bar.start_editing()
    one = bar.editor.height()
    qtbot.keyClicks(bar.editor, "q = x+y")
    qtbot.keyClick(bar.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(bar.editor, "f = q*z")
    assert bar.editor.height() > one
    qtbot.keyClick(bar.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told[-1] == ("committed", "q = x+y\nf = q*z")
    bar.editor.setPlainText("\n" * 30)
    most = bar.editor.height()
    bar.editor.setPlainText("\n" * 4)
    assert bar.editor.height() == most


def test_esc_cancels_and_shows_the_old_formula(bar, told, qtbot: QtBot) -> None:
    bar.start_editing()
    qtbot.keyClicks(bar.editor, "nonsense(")
    bar.set_error("what is this", 1, 9, 1)
    bar.preview("g")
    qtbot.keyClick(bar.editor, Qt.Key.Key_Escape)
    assert told == [("cancelled", "")]
    assert not bar.editing
    assert not bar.error_line.isVisible()
    assert bar.label.latex == LATEX
    bar.start_editing()
    assert bar.editor.toPlainText() == TEXT


@pytest.mark.parametrize(
    ("text", "place", "underlined"),
    [
        ("f = a + * b", (1, 9, 1), "*"),
        ("f = sgimoid(x)", (1, 5, 7), "sgimoid"),
        ("q = x\nf = q $ z", (2, 7, 1), "$"),
        ("f = (a", (1, 7, 1), "a"),
        ("f", (9, 9, 9), "f"),
        ("", (1, 1, 1), ""),
    ],
)
def test_the_offending_columns_are_underlined(bar, text, place, underlined) -> None:
    bar.start_editing()
    bar.editor.setPlainText(text)
    bar.set_error("That does not fit here.", *place)
    assert bar.editor.underlined == underlined
    assert bar.error_line.isVisible()
    bar.grab()


def test_the_caret_stands_below_the_offending_column(bar) -> None:
    bar.start_editing()
    bar.editor.setPlainText("f = a + * b")
    xs = []
    for column in (1, 5, 9):
        bar.set_error("no", 1, column, 1)
        xs.append(bar.error_line.caret_x)
    pitch = bar.editor.fontMetrics().horizontalAdvance("x")
    assert xs[1] - xs[0] == pytest.approx(4 * pitch, abs=2)
    assert xs[2] - xs[1] == pytest.approx(4 * pitch, abs=2)


def test_a_good_text_clears_the_error(bar) -> None:
    bar.start_editing()
    bar.set_error("no", 1, 1, 1)
    bar.clear_error()
    assert not bar.error_line.isVisible()
    assert bar.editor.underlined == ""


def test_the_meaning_is_shown_while_typing(bar) -> None:
    bar.start_editing()
    bar.preview("a + b")
    assert bar.label.latex == "a + b"
    assert bar.label.isVisible()


def test_lighting_a_node_lights_its_terms(bar) -> None:
    before = bar.label.grab().toImage()
    bar.highlight("w0")
    assert bar.label.grab().toImage() != before
    bar.highlight(None)
    assert bar.label.grab().toImage() == before


def test_values_are_told_over_their_terms(bar) -> None:
    graph = Graph()
    graph.leaf("parameter", "w0", -0.5)
    graph.leaf("input", "x0")
    bar.set_values_of(graph)
    assert bar.label._tips == {"w0": "w0 = −0.5", "x0": "x0 = unset, counts as 1"}


def test_both_themes(bar) -> None:
    for theme in (LIGHT, DARK):
        bar.set_theme(theme)
        bar.grab()


def test_an_empty_formula_is_shown_as_nothing(bar) -> None:
    bar.set_formula("", "", {})
    bar.grab()
    assert bar.text_label.text() == ""


def test_the_text_beside_a_longer_formula_is_shortened_at_once(bar: FormulaBar) -> None:
    longer = r"\operatorname{mean}\left(W x + b\right) + " * 4 + "c"
    bar.set_formula(longer, "f = mean(W@x + b) + " * 4 + "c")
    label = bar.text_label
    assert label.text() == "" or label.text().endswith("…")
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
