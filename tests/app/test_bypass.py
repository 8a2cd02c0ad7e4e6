"""Bypassing in a real window: the key M, one step of undo, and what is seen and said of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine import edits
from engine.files.project import graph_bytes
from engine.graph.bypass import bypassed
from engine.graph.formula import parse, to_text
from engine.run.walk import Phase
from graphviz_app.application import make_app
from graphviz_app.canvas.export import picture_image
from graphviz_app.canvas.hits import Port
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.settings import Settings
from graphviz_app.theme import DARK, LIGHT, Theme
from graphviz_app.window import Window


@pytest.fixture
def window(qtbot, qapp):
    """A window on f = tanh(w·x + b); changes are given up at its end."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.show()
    qtbot.waitExposed(made)
    made.explore.formula_bar.committed.emit("y = w*x + b\nf = tanh(y)")
    made.explore.view.setFocus()
    return made


def press_m(qtbot, window: Window, *ids: str) -> None:
    window.explore.selection.set(ids)
    qtbot.keyClick(window.explore.view, Qt.Key.Key_M)


def test_m_bypasses_and_brings_back_in_one_step_of_undo_each(qtbot, window: Window) -> None:
    before = graph_bytes(window.document.graph)
    steps = window.document.stack.count()
    press_m(qtbot, window, "f")
    walk = window.document.walk
    assert walk.value("f") == walk.value("y")
    assert window.document.stack.undoText() == "Bypass f"
    press_m(qtbot, window, "f")
    assert window.document.stack.undoText() == "Bring back f"
    assert window.document.stack.count() == steps + 2
    for _ in range(2):
        window.commands.by_id["undo"].trigger()
    assert graph_bytes(window.document.graph) == before


def test_several_are_bypassed_until_all_are(qtbot, window: Window) -> None:
    def nodes() -> list[str]:
        return [i for i, node in window.document.graph.nodes.items() if bypassed(node)]

    press_m(qtbot, window, "mul")
    press_m(qtbot, window, "mul", "f", "x")
    assert nodes() == ["mul", "f"]
    assert window.document.stack.undoText() == "Bypass 2 things"
    press_m(qtbot, window, "mul", "f")
    assert nodes() == []


def test_a_formula_that_is_left_as_it_was_keeps_what_is_bypassed(qtbot, window: Window) -> None:
    press_m(qtbot, window, "mul")
    before = window.document.graph
    window.explore.formula_bar.committed.emit(to_text(before))
    assert window.document.graph is before
    window.explore.formula_bar.committed.emit(to_text(before) + " + 1")
    assert not any(map(bypassed, window.document.graph.nodes.values()))


def test_a_leaf_offers_no_bypass_and_a_folded_group_says_why_not(qtbot, window: Window) -> None:
    window.explore.selection.set(["x"])
    assert not window.commands.by_id["bypass"].isEnabled()
    window.explore.selection.set(["mul"])
    window.editor.marking.group("part", folded=True)
    with qtbot.waitSignal(window.editor.editing.refused) as refused:
        press_m(qtbot, window, "mul")
    assert "folded group" in refused.args[0]


def test_it_is_said_wherever_the_node_is_told(qtbot, window: Window) -> None:
    press_m(qtbot, window, "mul")
    explore = window.explore
    assert "Is bypassed" in explore.view.tooltip("mul")
    assert explore.view.port_name(Port("mul", 0)).startswith("input a of ×")
    assert "bypassed" in explore.inspector.heading.text()
    assert "bypassed" in explore.inspector.message.text()
    walk = window.document.walk
    explore.player.go(walk.index_of(Phase.FORWARD, "mul"))
    assert explore.step_panel.title.text() == "Forward through bypassed ×"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_picture_shows_it_struck_through_in_its_own_colour(theme: Theme) -> None:
    graph = parse("f = tanh(x)", x=1.0)
    bypassed_graph = edits.set_bypassed(graph, ["f"], True)
    plain, struck = CanvasModel.from_graph(graph), CanvasModel.from_graph(bypassed_graph)
    assert struck.labels == plain.labels
    assert struck.kinds == plain.kinds
    assert not any(struck.grows)
    assert picture_image(struck, theme) != picture_image(plain, theme)
