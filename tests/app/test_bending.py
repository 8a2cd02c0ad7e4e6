"""Wires led over points, by mouse and by command: shown, undone, kept, taken off again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.graph import Wire
from graphviz_app.window import Window

WIRE = Wire("mul", "add", 0)


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.document.load_formula("f = tanh(w*x + b)")
    made.explore.set_reduced_motion(True)
    made.resize(1200, 800)
    made.show()
    made.editor.editing.move({"add": (420.0, 160.0), "mul": (120.0, 40.0)})
    return made


def click(window: Window, at: tuple[float, float], modifiers=Qt.KeyboardModifier.AltModifier):
    view = window.explore.view
    point = view.to_viewport(at).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, point)


def on_wire(window: Window) -> tuple[float, float]:
    model = window.explore.view.model
    line = model.geometry.points_along(model.wires.index(WIRE))
    return tuple(line[len(line) // 3].tolist())


def test_alt_click_adds_a_bend_and_takes_it_away(window: Window) -> None:
    at = on_wire(window)
    click(window, at)
    ((x, y),) = window.document.graph.bends[WIRE]
    assert (x, y) == pytest.approx(at, abs=1.5)
    assert window.document.stack.undoText() == "Bend wire"
    geometry = window.explore.view.model.geometry
    number = window.explore.view.model.wires.index(WIRE)
    assert geometry.bends[number] == ((x, y),)
    click(window, (x, y))
    assert not window.document.graph.bends
    assert window.document.stack.undoText() == "Straighten wire"
    window.document.stack.undo()
    assert window.document.graph.bends == {WIRE: ((x, y),)}
    window.document.stack.undo()
    assert not window.document.graph.bends
    assert window.explore.view.model.geometry.bends[number] == ()


def test_a_bend_is_dragged_on_the_grid_in_one_step_and_esc_leaves_it(window: Window) -> None:
    view = window.explore.view
    click(window, on_wire(window))
    steps = window.document.stack.index()
    (before,) = window.document.graph.bends[WIRE]
    start = view.to_viewport(before).toPoint()
    for keep in (False, True):
        QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
        for k in range(1, 5):
            QTest.mouseMove(view.viewport(), start + QPointF(10.0 * k, 15.0 * k).toPoint())
        shown = view.bends_of(WIRE)
        assert shown[0] != before
        if not keep:
            QTest.keyClick(view, Qt.Key.Key_Escape)
        QTest.mouseRelease(
            view.viewport(), Qt.MouseButton.LeftButton, pos=start + QPointF(40, 60).toPoint()
        )
        if not keep:
            assert view.bends_of(WIRE) == (before,)
            assert window.document.stack.index() == steps
    assert window.document.stack.index() == steps + 1
    assert window.document.graph.bends[WIRE] == shown
    assert all(value % 8 == 0 for value in shown[0])


def test_bends_go_along_with_both_ends_and_into_files(window: Window) -> None:
    click(window, on_wire(window))
    ((x, y),) = window.document.graph.bends[WIRE]
    window.explore.selection.set({"mul", "add"})
    window.editor.editing.nudge(8, -8)
    assert window.document.graph.bends[WIRE] == ((x + 8, y - 8),)
    assert window.explore.view.bends_of(WIRE) == ((x + 8, y - 8),)
    again = graph_from_bytes(graph_bytes(window.document.graph))
    assert again.bends == window.document.graph.bends


def test_the_commands_of_a_wire_bend_and_straighten_it(window: Window) -> None:
    window.explore.selection.set_wire(WIRE)
    window.commands.by_id["add_bend"].trigger()
    assert len(window.document.graph.bends[WIRE]) == 1
    window.commands.by_id["add_bend"].trigger()
    assert len(window.document.graph.bends[WIRE]) == 2
    window.commands.by_id["straighten"].trigger()
    assert not window.document.graph.bends


def test_what_cuts_the_wire_takes_its_bends_and_tidying_straightens(window: Window, qtbot) -> None:
    click(window, on_wire(window))
    with qtbot.waitSignal(window.document.moved):
        window.explore.selection.set(())
        window.editor.editing.tidy()
    assert not window.document.graph.bends
    window.document.stack.undo()
    assert window.document.graph.bends
    window.editor.editing.cut_wires([WIRE])
    assert not window.document.graph.bends


def test_a_note_points_at_a_node_until_it_is_told_not_to(window: Window) -> None:
    document, editing = window.document, window.editor.editing
    note = window.editor.marking.add_note((40.0, 300.0))
    window.editor.marking.set_note(note, "the slope here is 1")
    action = window.commands.by_id["point_note"]
    window.explore.selection.set({note})
    assert not action.isEnabled()
    window.explore.selection.set({note, "add"})
    assert action.isEnabled()
    action.trigger()
    assert document.graph.notes[note].target == "add"
    assert window.explore.view.model.notes[0].target == "add"
    assert graph_from_bytes(graph_bytes(document.graph)) == document.graph
    window.explore.view.grab()  # drawn without a fault
    assert not window.explore.view.graph_scene.stage.failures
    action.trigger()
    assert not document.graph.notes[note].target
    document.stack.undo()
    window.explore.selection.set({"add"})
    editing.delete()
    assert not document.graph.notes[note].target
    document.stack.undo()
    assert document.graph.notes[note].target == "add"
    assert editing.rename("f", "y")
