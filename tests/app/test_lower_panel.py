"""The tape and the problems below the canvas: one of them in view, the problems counted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.graph.problems import Problem, ProblemKind
from graphviz_app.document import Document
from graphviz_app.explore.lower_panel import PROBLEMS, TAPE
from graphviz_app.explore.problems import ProblemList
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def workspace(qtbot: QtBot, qapp):
    """A workspace on f = a·b."""
    made = ExploreWorkspace(Document(), LIGHT)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    made.document.load_formula("f = a*b")
    yield made
    made.shutdown()


def captions(workspace) -> list[str]:
    return [label for _, label in workspace.lower_panel.captions._choices]


def press_caption(qtbot: QtBot, workspace, name: str) -> None:
    rects = dict(workspace.lower_panel.captions.segments())
    qtbot.mouseClick(workspace.lower_panel.captions, LEFT, pos=rects[name].center().toPoint())


def test_the_tape_is_in_view_and_no_problems_are_counted(workspace) -> None:
    assert workspace.tape.isVisible()
    assert captions(workspace) == ["TAPE", "PROBLEMS 0", "TENSOR"]
    assert not workspace.lower_panel.captions.alarming


def test_problems_that_stop_the_walk_come_into_view_and_go_when_mended(workspace) -> None:
    workspace.editor.editing.add("div")
    assert captions(workspace) == ["TAPE", "PROBLEMS 2", "TENSOR"]
    assert workspace.problems.isVisible()
    assert PROBLEMS in workspace.lower_panel.captions.alarming
    workspace.document.stack.undo()
    assert workspace.tape.isVisible()
    assert captions(workspace)[1] == "PROBLEMS 0"


def test_a_page_that_was_chosen_stays(qtbot: QtBot, workspace) -> None:
    press_caption(qtbot, workspace, PROBLEMS)
    assert workspace.problems.isVisible()
    assert workspace.problems.nothing.isVisible()
    workspace.document.set_value("a", 3.0)
    assert workspace.problems.isVisible()
    press_caption(qtbot, workspace, TAPE)
    assert workspace.tape.isVisible()


def test_a_number_that_is_not_finite_is_counted_and_the_tape_stays(workspace) -> None:
    workspace.document.load_formula("f = 1/x")
    workspace.document.set_value("x", 0.0)
    assert captions(workspace)[1] == "PROBLEMS 1"
    assert workspace.tape.isVisible()


def test_a_click_on_a_problem_goes_to_its_node(qtbot: QtBot, workspace) -> None:
    workspace.editor.editing.add("div")
    workspace.selection.set(())
    rows = workspace.problems.list
    where = rows.visualItemRect(rows.item(0)).center()
    qtbot.mouseClick(rows.viewport(), LEFT, pos=where)
    assert workspace.selected == "div"


def test_an_empty_graph_alarms_nobody(workspace) -> None:
    workspace.document.clear()
    assert "double-click" in workspace.problems.list.item(0).text()
    assert captions(workspace)[1] == "PROBLEMS 0"
    assert not workspace.lower_panel.captions.alarming


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_same_problems_keep_their_rows(qtbot: QtBot, qapp, theme) -> None:
    panel = ProblemList()
    qtbot.addWidget(panel)
    panel.set_theme(theme)
    problems = [Problem(ProblemKind.SHAPE, "a", "One."), Problem(ProblemKind.VALUE, "b", "Two.")]
    panel.set_problems(problems)
    panel.list.setCurrentRow(1)
    panel.set_problems(list(problems))
    assert panel.list.currentRow() == 1
    assert [panel.list.item(k).toolTip() for k in range(2)] == ["One.", "Two."]
