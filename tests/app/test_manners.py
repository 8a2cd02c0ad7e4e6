"""What nobody should have to notice: things stay where they are, and nothing is lost unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import engine
from engine.graph.formula import parse
from graphviz_app import files
from graphviz_app.application import make_app
from graphviz_app.explore import searching
from graphviz_app.file_guard import FileGuard
from graphviz_app.messages import Button
from graphviz_app.settings import Settings
from graphviz_app.window import Window


@pytest.fixture
def window(qtbot, qapp):
    """A window on a formula; changes are given up at its end."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.resize(1300, 800)
    made.show()
    made.document.load_formula("f = tanh(w0*x0 + w1*x1) * softmax(x0) + log(x0)")
    return made


@pytest.fixture
def answers(monkeypatch) -> list[Button]:
    """What questions are answered with, in order; each that is asked takes one."""
    given: list[Button] = []
    monkeypatch.setattr(files, "show_message", lambda *_, **__: given.pop(0))
    return given


def test_tab_in_a_field_on_the_canvas_goes_back_to_the_canvas(window):
    explore = window.explore
    explore.select("w0")
    explore.editor.fields.edit_value()
    field = explore.editor.fields.line
    QTest.keyClicks(field, "4.5")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert window.document.graph.nodes["w0"].value == 4.5
    assert not field.isVisible()
    assert explore.view.hasFocus()


def test_the_formula_bar_keeps_its_height_whatever_is_added(window):
    view, bar = window.explore.view, window.explore.formula_bar
    before = view.height(), bar.height()
    for op in ("mul", "add", "div", "sigmoid"):
        window.editor.editing.add(op, at=(0.0, 300.0))
        assert (view.height(), bar.height()) == before
    assert bar.label.scale() * bar.label.sizeHint().height() <= bar.height() + 8


@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_lined_up_never_lies_over_another(window, axis: int):
    explore = window.explore
    explore.editor.select_all()
    explore.editor.editing.align(axis)
    geometry = explore.view.model.geometry
    low, high = geometry.xy - geometry.size / 2, geometry.xy + geometry.size / 2
    for k in range(len(geometry)):
        over = ((low < high[k]) & (high > low[k])).all(axis=1)
        assert np.flatnonzero(over).tolist() == [k]


def test_what_is_distributed_never_lies_over_another(window):
    explore = window.explore
    explore.editor.select_all()
    explore.editor.editing.align(1)
    explore.editor.editing.distribute(0)
    geometry = explore.view.model.geometry
    order = np.argsort(geometry.xy[:, 0])
    left, right = geometry.xy[:, 0] - geometry.size[:, 0] / 2, geometry.xy + geometry.size / 2
    assert (left[order][1:] > right[order][:-1, 0]).all()


def test_a_file_that_another_window_has_open_is_asked_about_before_it_is_written(
    window, answers, tmp_path: Path
):
    path = tmp_path / "shared.graph.json"
    engine.save(parse("f = a + b"), path)
    other = FileGuard()
    assert other.claim(path)
    answers.append(Button.Ok)  # it is said as the file is opened
    window.files.open_path(path)
    window.document.set_formula("f = a - b")
    written = path.read_bytes()
    answers.append(Button.Cancel)
    assert not window.files.save()
    assert path.read_bytes() == written
    answers.append(Button.SaveAll)
    assert window.files.save()
    assert path.read_bytes() != written
    window.document.set_formula("f = a * b")
    assert window.files.save()  # answered once, it is not asked again
    assert answers == []
    other.release()


def test_a_newer_version_on_disk_can_be_kept_under_its_name(window, answers, tmp_path, monkeypatch):
    path, elsewhere = tmp_path / "mine.graph.json", tmp_path / "other.graph.json"
    engine.save(parse("f = a + b"), path)
    window.files.open_path(path)
    window.document.set_formula("f = a - b")
    engine.save(parse("f = a + 2*b"), path)  # by another program
    newer = path.read_bytes()
    monkeypatch.setattr(files.QFileDialog, "getSaveFileName", lambda *_, **__: (str(elsewhere), ""))
    answers.append(Button.Save)
    assert window.files.save()
    assert path.read_bytes() == newer
    assert window.document.path == elsewhere


def test_a_value_that_cannot_be_stays_in_its_field(window):
    explore = window.explore
    said: list[str] = []
    explore.status.connect(said.append)
    explore.select("w0")
    explore.editor.fields.edit_value()
    field = explore.editor.fields.line
    QTest.keyClicks(field, "abc")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "“abc” is not a number" in said[-1]
    assert field.isVisible()
    assert field.text() == "abc"
    QTest.keyClicks(field, "2")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.graph.nodes["w0"].value == 2.0
    assert not field.isVisible()


def test_an_opened_group_folds_again_with_the_inverse_command(window):
    explore, graph = window.explore, window.document.graph
    explore.selection.set({"mul", "mul_2", "add"}, "add")
    explore.editor.fold()
    (group,) = window.document.graph.groups
    assert window.document.graph.groups[group].folded
    explore.editor.open_selected()
    assert not window.document.graph.groups[group].folded
    explore.select("mul")
    assert window.commands.conditions()["can_fold"]
    explore.editor.fold_selected()
    assert window.document.graph.groups[group].folded
    assert list(window.document.graph.nodes) == list(graph.nodes)


def test_the_search_offers_a_variable_by_its_name(window):
    assert searching._formula_hint("w0") == "Add the variable w0"
    assert searching._formula_hint("sigm") == ""
    before = set(window.document.graph.nodes)
    window.explore.editor.pasting.add_formula("w7", (0.0, 400.0))
    assert set(window.document.graph.nodes) - before == {"w7"}
