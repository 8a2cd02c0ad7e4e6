"""The history panel: which steps it shows, which is saved, and that a click goes there."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QUndoCommand, QUndoStack
from pytestqt.qtbot import QtBot

from graphviz_app.explore.history import START, HistoryPanel
from graphviz_app.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton


class Steps:
    """A stack with three named steps, and what holds its commands alive."""

    def __init__(self) -> None:
        self.stack = QUndoStack()
        self.commands = [QUndoCommand(text) for text in ("Type a formula", "Set w0", "Delete ×")]
        for command in self.commands:
            self.stack.push(command)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def panel(qtbot: QtBot, steps: Steps) -> HistoryPanel:
    """The history of three steps."""
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.resize(260, 300)
    panel.set_stack(steps.stack)
    panel.show()
    return panel


def texts(panel: HistoryPanel) -> list[str]:
    model = panel.view.model()
    return [str(model.index(k, 0).data()) for k in range(model.rowCount())]


def pixels(panel: HistoryPanel, row: int) -> QImage:
    """How a row looks; images compare their colours, not the memory between them."""
    rect = panel.view.visualRect(panel.view.model().index(row, 0))
    return panel.view.viewport().grab(rect).toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_it_lists_the_steps_after_the_start(panel) -> None:
    assert texts(panel) == [START, "Type a formula", "Set w0", "Delete ×"]


def test_a_click_goes_to_that_step(panel, steps, qtbot) -> None:
    row = panel.view.visualRect(panel.view.model().index(1, 0))
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=row.center())
    assert steps.stack.index() == 1
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert steps.stack.index() == 2


def test_it_follows_undo_and_new_steps(panel, steps) -> None:
    steps.stack.undo()
    assert panel.view.currentIndex().row() == 2
    command = QUndoCommand("Add a node")
    steps.stack.push(command)
    assert texts(panel) == [START, "Type a formula", "Set w0", "Add a node"]


def test_the_saved_step_looks_different(panel, steps) -> None:
    panel.set_in_file(True)
    steps.stack.setIndex(2)
    before = pixels(panel, 2)
    steps.stack.setClean()
    assert pixels(panel, 2) != before


def test_undone_steps_look_different(panel, steps) -> None:
    before = pixels(panel, 2)
    steps.stack.setIndex(1)
    assert pixels(panel, 2) != before


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_takes_the_themes_colours(panel, theme) -> None:
    panel.set_theme(theme)
    image = panel.grab().toImage()
    assert image.pixelColor(panel.width() - 3, panel.height() - 3).name() == theme.panel
    row = panel.view.visualRect(panel.view.model().index(3, 0))
    at = panel.view.viewport().mapTo(panel, row.center())
    assert image.pixelColor(panel.width() - 30, at.y()).name() == theme.accent_soft


def test_another_stack_can_be_shown(panel, steps, qtbot) -> None:
    other = Steps()
    panel.set_stack(other.stack)
    other.stack.undo()
    steps.stack.undo()
    assert panel.view.currentIndex().row() == 2
    row = panel.view.visualRect(panel.view.model().index(0, 0))
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=row.center())
    assert (other.stack.index(), steps.stack.index()) == (0, 2)


def test_nothing_is_saved_of_a_document_without_a_file(panel: HistoryPanel) -> None:
    never = pixels(panel, 0)
    panel.set_in_file(True)
    assert pixels(panel, 0) != never
    panel.set_in_file(False)
    assert pixels(panel, 0) == never


def test_it_opens_at_the_current_step(qtbot: QtBot) -> None:
    stack, panel = QUndoStack(), HistoryPanel()
    commands = [QUndoCommand(f"Set w{k}") for k in range(80)]
    panel.set_stack(stack)
    for command in commands:
        stack.push(command)
    qtbot.addWidget(panel)
    panel.resize(260, 300)
    panel.show()
    row = panel.view.model().index(80, 0)
    room = panel.view.viewport().rect()
    qtbot.waitUntil(lambda: room.contains(panel.view.visualRect(row)))
