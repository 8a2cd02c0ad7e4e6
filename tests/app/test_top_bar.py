"""The top bar: nothing is cut off however narrow the window, and Ctrl+K is offered to the mouse."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.settings import Settings
from graphviz_app.window import Window


@pytest.fixture
def window(qtbot: QtBot, qapp):
    """A window on the sigmoid circuit."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.show()
    qtbot.waitExposed(made)
    made.files.open_path(example("sigmoid_circuit"))
    return made


def parts(window: Window) -> list:
    bar = window.top_bar
    named = (bar.title, bar.file_name, bar.menu_bar, *bar.buttons.values(), bar.commands)
    return [part for part in (*named, bar.export) if part.isVisible()]


def test_the_field_opens_the_command_palette(qtbot: QtBot, window: Window) -> None:
    qtbot.mouseClick(window.top_bar.commands, Qt.MouseButton.LeftButton)
    assert window.commands.search.isVisible()
    assert window.commands.search.field.hasFocus()
    assert "Ctrl+K" in window.top_bar.commands.toolTip()


@pytest.mark.parametrize("width", [820, 960, 1100, 1440])
@pytest.mark.parametrize("name", ["net", "a network with a name that is long " * 3])
def test_nothing_is_cut_off_and_nothing_overlaps(window: Window, width: int, name: str) -> None:
    window.resize(width, 560)
    window.document.graph.name = name
    window._refresh()
    assert window.width() == width
    boxes = [part.geometry() for part in parts(window)]
    for left, right in itertools.pairwise(boxes):
        assert left.right() < right.left()
    assert boxes[-1].right() < width
    menus = window.top_bar.menu_bar
    assert menus.width() >= menus.sizeHint().width()
    assert window.top_bar.title.width() >= 24


def test_a_narrow_window_leaves_out_what_menus_and_keys_do_too(window: Window) -> None:
    bar = window.top_bar
    window.resize(1440, 700)
    assert all(button.isVisible() for button in bar.buttons.values())
    assert not bar.commands.compact
    window.resize(820, 560)
    assert not bar.buttons["open"].isVisible()
    assert bar.commands.isVisible()
    assert bar.workspaces.isVisible()
    window.resize(1440, 700)
    assert bar.buttons["open"].isVisible()
    assert not bar.commands.compact
