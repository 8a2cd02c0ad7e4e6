"""The document: edits, undo, files, and results that arrive late."""

from pathlib import Path

import numpy as np
import pytest

from engine import edits, parse
from engine.errors import FileError, FormulaError
from engine.files.project import Session, load_project, save
from graphviz_app import deriving
from graphviz_app.document import Document

CIRCUIT = "f = sigmoid(w0*x0 + w1*x1 + w2)"


@pytest.fixture
def document(qtbot) -> Document:
    """The circuit at the lecture's values."""
    made = Document()
    made.load_formula(CIRCUIT)
    for name, value in {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}.items():
        made.set_value(name, float(value))
    made.stack.clear()
    return made


def test_a_changed_value_walks_again(document: Document) -> None:
    assert document.walk is not None
    assert document.walk.value("f") == pytest.approx(0.7310585786300049, abs=1e-15)
    document.set_value("w2", 0.0)
    assert document.walk.value("f") == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-15)


def test_one_drag_is_one_step_of_undo(document: Document) -> None:
    for value in np.linspace(0, 5, 40):
        document.set_value("w0", float(value), committed=False)
    document.set_value("w0", 5.0, committed=True)
    document.set_value("w0", 6.0, committed=True)
    assert document.stack.count() == 2
    document.stack.undo()
    assert document.graph.nodes["w0"].value == 5.0
    document.stack.undo()
    assert document.graph.nodes["w0"].value == 2.0


def test_undone_back_to_the_saved_state_is_clean(document: Document, tmp_path: Path) -> None:
    document.save(tmp_path / "a.graph.json", Session())
    document.set_value("w0", 1.0)
    assert document.modified
    document.stack.undo()
    assert not document.modified


def test_undo_gives_back_the_very_same_graph(document: Document) -> None:
    before = document.graph
    document.set_formula("f = (x + y)*z")
    document.edit("Move", edits.place(document.graph, {"x": (5.0, 6.0)}))
    document.set_value("x", 9.0)
    while document.stack.canUndo():
        document.stack.undo()
    assert document.graph == before


def test_a_new_formula_keeps_the_values_of_known_names(document: Document) -> None:
    document.set_formula("f = tanh(w0*x0 + b)")
    assert document.graph.nodes["w0"].value == 2.0
    assert document.graph.nodes["b"].value is None


def test_a_formula_at_fault_changes_nothing(document: Document) -> None:
    before = document.graph
    with pytest.raises(FormulaError):
        document.set_formula("f = (x +")
    assert document.graph is before
    assert not document.stack.canUndo()


def test_opening_the_sigmoid_keeps_every_outer_gradient(document: Document) -> None:
    folded = document.walk
    document.set_opened("f", "tensors")
    opened = document.walk
    assert folded is not None
    assert opened is not None
    assert len(document.shown.nodes) > len(document.graph.nodes)
    for name in ("w0", "x0", "w1", "x1", "w2", "f"):
        assert opened.gradient(name) == pytest.approx(folded.gradient(name), rel=1e-14)
    document.stack.undo()
    assert len(document.shown.nodes) == len(document.graph.nodes)


def test_a_file_at_fault_leaves_the_open_document(document: Document, tmp_path: Path) -> None:
    broken = tmp_path / "broken.graph.json"
    broken.write_text('{"version": 1, "nodes": [', encoding="utf-8")
    before = document.graph
    with pytest.raises(FileError):
        document.load(broken)
    assert document.graph is before


def test_what_was_saved_is_what_is_opened(document: Document, tmp_path: Path) -> None:
    document.edit("Move", edits.place(document.graph, {"w0": (12.0, -8.5)}))
    document.set_opened("f", "tensors")
    path = tmp_path / "mine.graph.json"
    document.save(path, Session(step=7, selected="w0"))
    other = Document()
    session = other.load(path)
    assert other.graph == document.graph
    assert (session.step, session.selected) == (7, "w0")


def test_moving_a_node_walks_nothing_again(document: Document, qtbot) -> None:
    walk = document.walk
    with qtbot.waitSignal(document.moved):
        document.edit("Move", edits.place(document.graph, {"w0": (1.0, 2.0)}))
    assert document.walk is walk


def test_a_late_result_is_dropped(document: Document, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(deriving, "NODES_AT_ONCE", 0)  # everything in a thread
    for value in range(20):
        document.set_value("w2", float(value))
    qtbot.waitUntil(lambda: document.derived.revision == document.revision, timeout=5000)
    assert document.walk is not None
    assert document.walk.value("w2") == 19.0


def test_problems_are_data_and_the_document_stays_open(document: Document) -> None:
    document.set_formula("f = [1, 2]*[1, 2, 3]")
    assert document.walk is None
    assert any("2" in p.sentence and "3" in p.sentence for p in document.problems)
    document.stack.undo()
    assert document.walk is not None


def test_a_check_too_long_for_a_frame_comes_later_or_never(document: Document, qtbot) -> None:
    assert document.derived.check is not None
    document.set_formula("f = sum(W@W)")
    with qtbot.waitSignal(document.checked, timeout=20_000):
        document.set_value("W", np.eye(60))
        assert document.walk is not None
        assert document.derived.check is None
    assert document.derived.check is not None
    assert document.derived.check.passed
    document.set_value("W", np.eye(300))
    qtbot.waitUntil(lambda: document.walk is not None, timeout=20_000)
    assert document.derived.check is None
    assert not document._check_pause.isActive()


def test_a_large_graph_is_shown_at_once_and_its_numbers_follow(
    document: Document, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr(deriving, "NODES_AT_ONCE", 0)
    told = []
    document.structure_changed.connect(lambda: told.append("structure"))
    document.values_changed.connect(lambda: told.append("values"))
    with qtbot.waitSignal(document.values_changed, timeout=5000):
        document.set_formula("g = tanh(a*b)")
        assert set(document.shown.nodes) == set(document.graph.nodes)
        assert document.derived.shapes == dict.fromkeys(document.graph.nodes, ())
        assert document.walk is None
        assert document.derived.missing
    assert document.walk is not None
    assert document.walk.output == document.graph.output
    assert told == ["structure", "values"]


def test_values_that_came_late_are_shown_until_newer_ones_come(
    document: Document, qtbot, monkeypatch
) -> None:
    """While a value is dragged the numbers follow, as fast as they can be had."""
    monkeypatch.setattr(deriving, "NODES_AT_ONCE", 0)
    seen = []
    document.values_changed.connect(
        lambda: seen.append(document.walk and document.walk.value("w2"))
    )
    document.set_value("w2", 1.0)
    document.set_value("w2", 2.0)
    document.set_value("w2", 3.0)
    qtbot.waitUntil(lambda: document.derived.revision == document.revision, timeout=5000)
    assert seen == [1.0, 3.0]  # what was asked for between them is not run
    assert document.shown.nodes["w2"].value == 3.0


def test_a_structure_that_is_gone_is_not_shown_again(
    document: Document, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr(deriving, "NODES_AT_ONCE", 0)
    document.set_formula("g = tanh(a*b)")
    document.set_formula("h = exp(c)")
    assert "c" in document.shown.nodes
    qtbot.waitUntil(lambda: document.walk is not None, timeout=5000)
    assert document.walk is not None
    assert set(document.walk.nodes) == set(document.graph.nodes)


@pytest.mark.parametrize("node", ["nobody", "w", "mul"])
def test_only_a_composite_opens(node):
    document = Document()
    document.load_formula("f = sigmoid(w * x)")
    document.set_opened(node, "tensors")
    assert document.stack.count() == 0


def test_the_run_that_weights_come_from_stays_in_the_file(document, tmp_path):
    run = {"data": {"name": "moons"}, "result": {"loss": 0.25}}
    save(parse("f = w*x", w=2.0), tmp_path / "learned.graph.json", training=run)
    session = document.load(tmp_path / "learned.graph.json")
    document.set_value("w", 3.0)
    document.save(tmp_path / "again.graph.json", session)
    assert load_project(tmp_path / "again.graph.json").training == run
    document.clear()
    document.save(tmp_path / "empty.graph.json", session)
    assert load_project(tmp_path / "empty.graph.json").training is None
