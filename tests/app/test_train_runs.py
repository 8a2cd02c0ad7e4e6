"""Runs that are kept, compared, raced and exported."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from engine.data.choice import NO_DATA, DataChoice
from engine.errors import FileError
from engine.layers.presets import PRESETS
from engine.training.optimizers import OPTIMIZERS
from engine.training.settings import Settings
from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.settings import Settings as WindowSettings
from graphviz_app.train.runs import COLORS, MOST_RUNS, RunStore
from graphviz_app.train.session import State
from graphviz_app.train.workspace import ACCURACY, COMPARE, GRADIENTS, LOSS, TrainWorkspace
from graphviz_app.window import Window

LONG = 20_000  # ms that a slow machine may take to start a process

finite = st.floats(-1e6, 1e6)
arrays = st.lists(finite, min_size=1, max_size=5).map(np.array)


@st.composite
def stores(draw) -> RunStore:
    store = RunStore()
    for _ in range(draw(st.integers(0, 4))):
        store.add(
            settings=Settings(
                rate=draw(st.sampled_from([None, 0.01, 3.0])),
                optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
                batch=draw(st.integers(0, 64)),
            ),
            data=DataChoice(
                name=draw(st.sampled_from(["circle", "moons", NO_DATA])),
                settings=draw(st.sampled_from([{}, {"noise": 0.25}])),
                inputs=draw(st.sampled_from([(), ("x1", "x1²")])),
            ),
            network=draw(st.sampled_from(["2-4-1 tanh", "2-8-1 relu"])),
            curves={"epoch": draw(arrays), "loss": np.array([1.0, np.nan, 0.5])},
            scores={"loss": draw(st.sampled_from([0.5, float("nan")]))},
            epoch=draw(st.integers(0, 10**6)),
            ended=draw(st.sampled_from(["", "diverged"])),
            weights={"W1": np.array([[draw(finite)]]), "b1": draw(arrays)},
            boundary=draw(st.sampled_from([None, np.arange(48, dtype=np.uint8).reshape(4, 4, 3)])),
            path=draw(st.sampled_from([None, np.array([[1.0, 2.0], [3.0, np.nan]])])),
        )
    for record in store.records:
        store.rename(record.number, draw(st.sampled_from(["", "  ", "good one"])))
        store.pin(record.number, draw(st.booleans()))
    return store


def plain(store: RunStore) -> str:
    return json.dumps(store.to_plain(), allow_nan=False)


@given(stores())
def test_runs_come_back_from_a_file_as_they_were(store: RunStore) -> None:
    text = plain(store)
    back = RunStore.from_plain(json.loads(text))
    assert plain(back) == text
    for one, other in zip(store.records, back.records, strict=True):
        assert (one.settings, one.data, one.changed) == (other.settings, other.data, other.changed)
        np.testing.assert_array_equal(one.weights["b1"], other.weights["b1"])
        np.testing.assert_array_equal(one.curves["loss"], other.curves["loss"])
        assert (one.path is None) == (other.path is None)
    after = back.add(**_what())
    assert after.number not in {record.number for record in store.records}


@given(stores(), st.data())
def test_a_damaged_run_is_named_and_nothing_else_happens(store: RunStore, data) -> None:
    rows = json.loads(plain(store))
    if not rows:
        return
    row = rows[data.draw(st.integers(0, len(rows) - 1))]
    key = data.draw(st.sampled_from(sorted(set(row) - {"path"})))
    row[key] = data.draw(st.sampled_from([{"a": [1]}, "x", [[1], [2, 3]], 10**400]))
    try:
        RunStore.from_plain(rows)
    except FileError as error:
        said = str(error)
    else:
        return  # what stands there now is a run as well
    assert re.match(r"Run \d of the file is damaged: ", said)


def _what(**changes) -> dict:
    return {
        "settings": Settings(), "data": DataChoice(name="circle"), "network": "2-4-1",
        "curves": {}, "scores": {}, "epoch": 1, "ended": "", "weights": {}, **changes,
    }  # fmt: skip


def test_differences_are_named() -> None:
    store = RunStore()
    assert store.add(**_what(settings=Settings(rate=0.1))).changed == ()
    assert store.add(**_what(settings=Settings(rate=3.0))).changed == ("learning rate 0.1 → 3",)
    assert store.add(**_what(settings=Settings(rate=3.0))).changed == ("the same again",)
    noisy = DataChoice(name="circle", settings={"noise": 0.3})
    last = store.add(**_what(settings=Settings(rate=3.0, batch=1), data=noisy, network="2-8-1"))
    assert last.changed == ("network 2-4-1 → 2-8-1", "noise as usual → 0.3", "batch 32 → 1")


def test_the_oldest_run_that_is_not_pinned_makes_room() -> None:
    store = RunStore()
    store.pin(store.add(**_what()).number, True)
    for _ in range(MOST_RUNS + 3):
        store.add(**_what())
    numbers = [record.number for record in store.records]
    assert numbers == [1, *range(5, MOST_RUNS + 5)]
    assert len({record.color for record in store.records}) == len(COLORS)


# in the window ----------------------------------------------------------------------------------


@pytest.fixture
def window(qtbot, qapp) -> Window:
    make_app([])
    made = Window(WindowSettings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.resize(1440, 900)
    made.show()
    return made


def begun(qtbot, window: Window, graph=None) -> TrainWorkspace:
    """The Train workspace, its run made."""
    if graph is not None:
        window.document.load_graph(graph)
    window.show_workspace("train")
    ready(qtbot, window.train)
    return window.train


def ready(qtbot, train: TrainWorkspace) -> None:
    def made() -> bool:
        training = train.training
        still = training.session.state is State.READY and not training._rebuild.isActive()
        return still and training.last is not None and not training.last.going

    qtbot.waitUntil(made, timeout=LONG)


def trained(qtbot, train: TrainWorkspace, epochs: int) -> None:
    goal = train.training.last.frame.epoch + epochs
    train.training.run(("epoch", goal))
    qtbot.waitUntil(lambda: train.training.last.frame.epoch >= goal, timeout=LONG)
    ready(qtbot, train)


def test_optimisers_race_from_one_start_down_a_function(qtbot, window) -> None:
    window.files.open_path(example("valley"))
    train = begun(qtbot, window)
    assert train.boundary.isHidden()
    assert not train.form.batch.isVisible()
    assert train.run_controls.speed.box.currentData() == "30"
    qtbot.waitUntil(lambda: train.landscape.stays, timeout=LONG)
    train.training.set_settings("Rate", rate=0.02)
    ready(qtbot, train)
    train.tables.show_page(COMPARE)
    qtbot.mouseClick(train.compare.race, Qt.MouseButton.LeftButton)
    count = len(OPTIMIZERS)
    qtbot.waitUntil(lambda: len(train.compare.rows) == count, timeout=LONG)
    records = train.keeping.store.records
    assert [record.name for record in records] == [o.title for o in OPTIMIZERS.values()]
    for record in records:
        np.testing.assert_array_equal(record.path[0], [-1.5, 2.0])
        assert record.settings.rate == 0.02
    adam = next(record for record in records if record.name == "Adam")
    assert adam.curves["loss"][-1] < 0.1 * adam.curves["loss"][0]
    qtbot.waitUntil(lambda: len(train.landscape._lines) == 2 * count, timeout=LONG)


def test_a_sweep_of_rates_is_seven_runs_of_which_one_is_restored(qtbot, window) -> None:
    train = begun(qtbot, window, PRESETS["2-4-2-1"].build())
    train.plots.show_page(GRADIENTS)
    window.commands.by_id["train_sweep"].trigger()
    assert train.tables.current == COMPARE
    assert train.plots.current == LOSS
    qtbot.waitUntil(lambda: len(train.compare.rows) == 7, timeout=2 * LONG)
    rates = [record.settings.rate for record in train.keeping.store.records]
    assert rates == [0.00095, 0.003, 0.0095, 0.03, 0.095, 0.3, 0.95]
    best = min(train.keeping.store.records, key=lambda r: r.scores.get("loss", np.inf))
    row = next(row for row in train.compare.rows if row.record.number == best.number)
    qtbot.mouseClick(row.buttons["restore"], Qt.MouseButton.LeftButton)
    ready(qtbot, train)
    assert train.training.settings.rate == best.settings.rate
    np.testing.assert_array_equal(window.document.graph.nodes["W1"].value, best.weights["W1"])
    window.document.stack.undo()
    assert train.training.settings.rate == 0.03


def test_learning_rates_are_tried_and_told(qtbot, window) -> None:
    window.files.open_path(example("bowl"))
    train = begun(qtbot, window)
    said = []
    train.said.connect(said.append)
    train.training.try_rates()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=LONG)
    assert said[1].endswith("overshoots beyond 2/λ = 0.02.")  # of curvatures 1 and 100
    assert train.training.last.frame.update == 0


def test_a_kept_run_is_shown_named_pinned_and_deleted(qtbot, window) -> None:
    train = begun(qtbot, window, PRESETS["2-4-2-1"].build())
    trained(qtbot, train, 3)
    train.form.batch.changed.emit("1")
    ready(qtbot, train)
    train.tables.show_page(COMPARE)
    (row,) = train.compare.rows
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.rect().center())
    assert [name for name, _, _ in train.loss._others] == ["Run 1"]
    (row,) = train.compare.rows
    row.name.setText("small batch next")
    qtbot.keyClick(row.name, Qt.Key.Key_Return)
    (row,) = train.compare.rows
    qtbot.mouseClick(row.buttons["pin"], Qt.MouseButton.LeftButton)
    (record,) = train.keeping.store.records
    assert (record.name, record.pinned) == ("small batch next", True)
    (row,) = train.compare.rows
    qtbot.mouseClick(row.buttons["delete"], Qt.MouseButton.LeftButton)
    assert train.keeping.store.records == ()
    assert train.loss._others == []


# exports ----------------------------------------------------------------------------------------


@pytest.fixture
def train(qtbot, window) -> TrainWorkspace:
    """A run of some epochs."""
    found = begun(qtbot, window, PRESETS["2-4-2-1"].build())
    trained(qtbot, found, 6)
    return found


def save_as(monkeypatch: pytest.MonkeyPatch, path: Path) -> Path:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(path), "PNG (*.png)"))
    return path


@pytest.mark.parametrize("name", ["boundary.png", "boundary.svg", "boundary.csv", "boundary"])
def test_the_boundary_is_exported(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = save_as(monkeypatch, tmp_path / name)
    with qtbot.waitSignal(train.said) as said:
        train.exporting.boundary()
    path = path if path.suffix else path.with_suffix(".png")
    assert said.args[0] == f"Exported {path.name}."
    if path.suffix == ".png":
        image = QImage(str(path))
        assert image.width() == 2 * train.boundary.canvas.width()
    elif path.suffix == ".svg":
        assert path.read_text(encoding="utf-8").startswith("<?xml")
    else:
        assert len(path.read_text(encoding="utf-8").splitlines()) == 10_001


@pytest.mark.parametrize("page", [LOSS, ACCURACY, GRADIENTS])
def test_the_curves_in_view_are_exported_as_numbers(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    path = save_as(monkeypatch, tmp_path / "curves.csv")
    train.plots.show_page(page)
    train.exporting.curves()
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    column = train.plots.pages[page].lines()[0].column
    expected = train.training.last.frame.curves[column]
    np.testing.assert_array_equal([float(row[column]) for row in rows], expected)


def test_the_network_and_the_history_are_exported(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_as(monkeypatch, tmp_path / "network.png")
    train.exporting.network()
    assert QImage(str(path)).width() == 2 * train.diagram.width()
    path = save_as(monkeypatch, tmp_path / "history.csv")
    with qtbot.waitSignal(train.said, timeout=LONG):
        train.exporting.history()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 7


@pytest.mark.parametrize("name", ["run.webp", "run.gif"])
def test_the_run_is_exported_as_a_film(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = save_as(monkeypatch, tmp_path / name)
    with qtbot.waitSignal(train.said, timeout=LONG) as said:
        train.exporting.animation()
    assert said.args[0] == f"Exported {name}."
    with Image.open(path) as film:
        assert film.n_frames == 7  # the start and six epochs


def test_an_export_that_cannot_be_written_is_told(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, export in (
        ("run.txt", train.exporting.animation),
        ("gone/network.png", train.exporting.network),
        ("gone/curves.csv", train.exporting.curves),
    ):
        save_as(monkeypatch, tmp_path / name)
        with qtbot.waitSignal(train.status, timeout=LONG) as said:
            export()
        assert "could not be written" in said.args[0]
    assert list(tmp_path.iterdir()) == []


def test_settings_are_copied_as_text(train) -> None:
    train.exporting.copy_settings()
    plain = json.loads(QGuiApplication.clipboard().text())
    assert plain["data"]["name"] == "circle"
    assert plain["settings"]["optimizer"] == "adam"
