"""Keys of commands that the user changes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from graphviz_app.application import make_app
from graphviz_app.settings import Settings
from graphviz_app.shortcuts import ShortcutDialog
from graphviz_app.window import Window


@pytest.fixture
def window(qtbot, qapp) -> Window:
    make_app([])
    made = Window(Settings(theme="light"))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def dialog(qtbot, window: Window) -> ShortcutDialog:
    made = ShortcutDialog(window, window.theme, window.settings.keys)
    made.changed.connect(window.commands.change_keys)
    qtbot.addWidget(made)
    made.show()
    return made


def choose(dialog: ShortcutDialog, title: str) -> None:
    (item,) = dialog.table.findItems(title, Qt.MatchFlag.MatchExactly, 0)
    dialog.table.setCurrentItem(item)


def test_new_keys_work_at_once_and_are_remembered(window: Window, dialog: ShortcutDialog) -> None:
    choose(dialog, "Fit graph")
    dialog.field.setKeySequence(QKeySequence("Ctrl+J"))
    dialog.field.editingFinished.emit()
    assert window.commands.by_id["fit"].shortcut() == QKeySequence("Ctrl+J")
    assert Settings.load().keys == {"fit": ("Ctrl+J",)}
    dialog.default.click()
    assert window.commands.by_id["fit"].shortcut() == QKeySequence("F")
    assert Settings.load().keys == {}


@pytest.mark.parametrize("keys", ["Ctrl+Z", "Ctrl+S"])
def test_keys_that_are_taken_are_refused_in_a_sentence(dialog: ShortcutDialog, keys: str) -> None:
    choose(dialog, "Fit graph")
    dialog.field.setKeySequence(QKeySequence(keys))
    dialog.field.editingFinished.emit()
    assert keys in dialog.sentence.text()
    assert "already" in dialog.sentence.text()
    assert dialog.keys == {}


def test_a_command_may_do_without_keys(window: Window, dialog: ShortcutDialog) -> None:
    choose(dialog, "Fit graph")
    dialog.none.click()
    assert window.commands.by_id["fit"].shortcuts() == []


def test_the_search_finds_commands(dialog: ShortcutDialog) -> None:
    dialog.search.setText("dupli")
    shown = [item.text(0) for item in dialog._items() if not item.isHidden()]
    assert shown == ["Duplicate"]


def test_damaged_settings_give_the_usual_keys() -> None:
    settings = Settings()
    settings.save()
    from graphviz_app.settings import _store

    _store().setValue("keys", "no json")
    assert Settings.load().keys == {}
