"""Where a file cannot be written the window says so in a sentence, and the work is still there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.files.project import load
from graphviz_app import files, recovery
from graphviz_app.application import make_app
from graphviz_app.settings import Settings
from graphviz_app.window import Window


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What message boxes said."""
    said: list[str] = []
    monkeypatch.setattr(
        files, "show_message", lambda window, theme, mark, title, text, *more: said.append(text)
    )
    return said


@pytest.fixture
def window(qtbot, qapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A window on a file, with a change that is not in it."""
    make_app([])
    monkeypatch.setattr(recovery, "recovery_folder", lambda: tmp_path / "copies")
    (tmp_path / "mine").mkdir()
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.document.load_formula("f = sigmoid(w0*x0)")
    assert made.files._save_to(tmp_path / "mine" / "work.graph.json")
    made.document.set_value("w0", 2.5)
    made.files.autosave.flush()
    return made


def assert_nothing_is_lost(window: Window, told: list[str], reason: str) -> None:
    """The change is in the document and in its copy, the file is as it was."""
    (sentence,) = told
    assert reason in sentence
    assert "\n" not in sentence
    assert window.document.modified
    path = window.document.path
    assert path is not None
    assert load(path).nodes["w0"].value is None
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    (copy,) = (path.parents[1] / "copies").glob("*.graph.json")
    assert load(copy).nodes["w0"].value == 2.5


def test_a_full_disk(window: Window, told: list[str], full_disk) -> None:
    with full_disk(100):
        assert not window.files.save()
    assert_nothing_is_lost(window, told, "was not saved")
    assert window.files.save()
    assert not window.document.modified


def test_a_read_only_folder(window: Window, told: list[str]) -> None:
    path = window.document.path
    assert path is not None
    path.parent.chmod(0o500)
    try:
        if os.access(path.parent, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert not window.files.save()
    finally:
        path.parent.chmod(0o700)
    assert_nothing_is_lost(window, told, "was not saved")
