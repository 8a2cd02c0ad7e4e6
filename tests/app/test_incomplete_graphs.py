"""A graph that is not complete: what is known is shown, and what is missing is said."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.graph.graph import Graph, Wire
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import LIGHT

MISSING = "× of q has nothing on its input b: connect a wire."


@pytest.fixture
def workspace(qtbot: QtBot, qapp):
    """A workspace on q = x + w, f = q·? with x = 2 and w unset."""
    made = ExploreWorkspace(Document(), LIGHT)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    graph = Graph()
    x, w = graph.leaf("input", "x", 2.0), graph.leaf("parameter", "w")
    graph.apply("mul", graph.apply("add", x, w, name="q"), "")
    made.document.edit("Build", graph)
    yield made
    made.shutdown()


def shown(workspace: ExploreWorkspace, node: str) -> tuple[str, str]:
    """What the canvas shows at a node: (value, gradient)."""
    place = workspace.model.index[node]
    return workspace.model.values[place], workspace.model.gradients[place]


def test_what_can_be_computed_is_shown_and_no_gradients(workspace) -> None:
    assert workspace.document.walk is None
    assert [shown(workspace, i) for i in ("x", "w", "q", "mul")] == [
        ("2.00", ""),
        ("1.00", ""),
        ("3.00", ""),
        ("", ""),
    ]
    assert workspace.tape.tape.rowCount() == 0


def test_a_value_that_is_dragged_goes_as_far_as_it_can(workspace) -> None:
    workspace.document.set_value("x", 5.0, committed=False)
    assert shown(workspace, "q") == ("6.00", "")


def test_the_inspector_and_tooltips_know_the_values_too(workspace) -> None:
    workspace.select("q")
    rows = workspace.inspector.values
    assert [rows[r].text() for r in ("Value", "Gradient", "Shape")] == ["3.000000", "–", "scalar"]
    assert "3" in workspace.view.tooltip("q")


def test_the_step_panel_and_the_nodes_tooltip_say_what_is_missing(workspace) -> None:
    assert workspace.step_panel.sentence.text() == MISSING
    assert MISSING in workspace.view.tooltip("mul")


def test_an_empty_graph_says_how_to_begin(workspace) -> None:
    workspace.document.clear()
    assert "double-click the canvas" in workspace.step_panel.sentence.text()


def test_the_wire_that_was_missing_brings_the_walk(workspace) -> None:
    workspace.editor.editing.wire(Wire("x", "mul", 1))
    assert shown(workspace, "mul") == ("6.00", "1.00")
    assert "walk is done" in workspace.step_panel.title.text()


def test_a_composite_opened_before_the_gap_shows_its_inner_values(workspace) -> None:
    graph = Graph()
    inner = graph.apply("sigmoid", graph.leaf("input", "x", 0.0), name="s")
    graph.apply("mul", inner, "")
    workspace.document.edit("Build", graph)
    workspace.document.set_opened("s", "tensors")
    assert shown(workspace, "s") == ("0.50", "")
    assert shown(workspace, "s/exp") == ("1.00", "")
