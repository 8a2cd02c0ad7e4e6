"""Training in the window: a real worker, driven by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QProcess, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.data.choice import DRAWN
from engine.layers.presets import PRESETS
from engine.layers.settings import sizes_of
from engine.training.trainer import STOPPED_EARLY, Trainer
from graphviz_app.application import make_app
from graphviz_app.settings import Settings
from graphviz_app.train.session import DIED, State
from graphviz_app.train.workspace import COMPARE, CONFUSION, LANDSCAPE, PREDICTIONS, TrainWorkspace
from graphviz_app.window import Window

LONG = 20_000  # ms that a slow machine may take to start a process


@pytest.fixture
def window(qtbot, qapp):
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.resize(1440, 900)
    made.show()
    made.document.load_graph(PRESETS["2-4-2-1"].build())
    return made


@pytest.fixture
def train(qtbot, window: Window) -> TrainWorkspace:
    """The Train workspace, its run made and standing at its beginning."""
    window.show_workspace("train")
    ready(qtbot, window.train)
    return window.train


def ready(qtbot, train: TrainWorkspace) -> None:
    """Wait until a run is made, shown, and stands still."""

    def made() -> bool:
        training = train.training
        still = training.session.state is State.READY and not training._rebuild.isActive()
        return still and training.last is not None and not training.last.going

    qtbot.waitUntil(made, timeout=LONG)


def wait_epoch(qtbot, train: TrainWorkspace, epoch: int) -> None:
    qtbot.waitUntil(lambda: epoch_of(train) >= epoch, timeout=LONG)


def epoch_of(train: TrainWorkspace) -> int:
    last = train.training.last
    return -1 if last is None else last.frame.epoch


def weights(window: Window) -> dict[str, np.ndarray]:
    nodes = window.document.graph.nodes
    return {i: np.array(n.value) for i, n in nodes.items() if n.op == "parameter"}


def test_run_and_pause_by_button_and_space_learn_the_circle(qtbot, window, train) -> None:
    before = weights(window)
    qtbot.mouseClick(train.run_controls.run, Qt.MouseButton.LeftButton)
    assert train.run_controls.run.text() == "Pause"
    goal: Callable[[], bool] = lambda: train.training.last.frame.scores.get("accuracy", 0) > 0.95  # noqa: E731
    qtbot.waitUntil(goal, timeout=LONG)
    qtbot.keyClick(train, Qt.Key.Key_Space)
    ready(qtbot, train)
    assert train.run_controls.run.text() == "Run"
    qtbot.waitUntil(lambda: window.document.stack.count() == 1, timeout=LONG)
    assert window.document.stack.undoText().startswith("Train ")
    after = weights(window)
    assert all(not np.array_equal(before[i], after[i]) for i in before)


def test_what_the_window_trains_is_what_the_engine_trains(qtbot, window, train) -> None:
    start, data, settings = window.document.graph, train.training.data, train.training.settings
    for _ in range(3):
        epoch = epoch_of(train)
        train.training.step_epoch()
        wait_epoch(qtbot, train, epoch + 1)
        ready(qtbot, train)
    trainer = Trainer(start, data.load(), settings)
    for _ in range(3):
        trainer.step_epoch()
    frame = train.training.last.frame
    for leaf, expected in trainer.weights().items():
        np.testing.assert_array_equal(frame.weights[leaf], expected)
    assert frame.scores["loss"] == trainer.history.epochs.last["loss"]
    qtbot.waitUntil(lambda: np.array_equal(weights(window)["W1"], trainer.weights()["W1"]))


def test_a_batch_is_one_update(qtbot, train) -> None:
    train.training.step_batch()
    qtbot.waitUntil(lambda: train.training.last.frame.update == 1, timeout=LONG)


def test_another_learning_rate_keeps_the_run_and_another_batch_begins_anew(qtbot, train) -> None:
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    ready(qtbot, train)
    run = train.training.session.run
    train.form.rate.changed.emit(0.5)
    qtbot.waitUntil(lambda: train.training.last.frame.rate == 0.5, timeout=LONG)
    assert train.training.session.run == run
    assert epoch_of(train) == 1
    train.form.batch.changed.emit("32")
    qtbot.waitUntil(lambda: train.training.session.run == run + 1, timeout=LONG)
    ready(qtbot, train)
    assert epoch_of(train) == 0
    (kept,) = train.keeping.store.records
    assert kept.epoch == 1


def test_settings_are_steps_of_undo(qtbot, window, train) -> None:
    train.form.optimizer.changed.emit("sgd")
    assert train.training.settings.optimizer == "sgd"
    assert window.document.stack.undoText() == "Optimiser"
    window.document.stack.undo()
    assert train.training.settings.optimizer == "adam"
    assert train.form.optimizer.box.currentData() == "adam"


def test_a_setting_that_cannot_be_is_told_and_nothing_changes(qtbot, train) -> None:
    with qtbot.waitSignal(train.status) as said:
        train.form.rate.changed.emit(-1.0)
    assert "rate must be above 0" in said.args[0]
    assert train.training.settings.rate == 0.03
    assert train.form.rate.row.box.value() == 0.03


def test_other_data_fit_the_network_to_them_in_one_step(qtbot, window, train) -> None:
    train.data_controls.chosen.emit("iris")
    qtbot.waitUntil(lambda: train.training.data.name == "iris", timeout=LONG)
    ready(qtbot, train)
    graph = window.document.graph
    assert np.shape(graph.nodes["x"].value)[1] == 4
    assert [sizes_of(graph, i)["units"] for i in ("dense", "dense_2", "dense_3")] == [4, 2, 3]
    assert train.training.scene.classes == ("setosa", "versicolor", "virginica")
    window.document.stack.undo()
    assert train.training.data.name == "circle"
    assert np.shape(window.document.graph.nodes["x"].value)[1] == 2


@pytest.mark.parametrize(
    "name", ["xor_clouds", "spiral", "moons", "blobs", "plane", "sine", "wine", "digits", "xor"]
)
def test_every_kind_of_data_trains(qtbot, train, name: str) -> None:
    train.data_controls.chosen.emit(name)
    qtbot.waitUntil(lambda: train.training.data.name == name, timeout=LONG)
    ready(qtbot, train)
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    assert np.isfinite(train.training.last.frame.scores["loss"])
    for page in (CONFUSION, PREDICTIONS, COMPARE):
        train.tables.show_page(page)
    train.grab()


def test_data_of_many_numbers_bring_a_learning_rate_that_suits_them(qtbot, train) -> None:
    rates = []
    for name in ("mini_reviews", "film_reviews", "circle"):
        train.data_controls.chosen.emit(name)
        qtbot.waitUntil(lambda name=name: train.training.data.name == name, timeout=LONG)
        ready(qtbot, train)
        rates.append(train.training.settings.rate)
    assert rates == [0.03, 0.003, 0.03]
    train.form.rate.changed.emit(0.5)
    train.data_controls.chosen.emit("film_reviews")
    qtbot.waitUntil(lambda: train.training.data.name == "film_reviews", timeout=LONG)
    assert train.training.settings.rate == 0.5  # what was chosen stays


def test_input_features_widen_the_network(qtbot, window, train) -> None:
    qtbot.mouseClick(train.data_controls.chips["x1²"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: train.training.data.inputs == ("x1", "x2", "x1²"), timeout=LONG)
    ready(qtbot, train)
    assert train.training.scene.features == ("x1", "x2", "x1²")
    assert weights(window)["W1"].shape == (3, 4)


def test_units_and_layers_change_on_the_diagram(qtbot, window, train) -> None:
    diagram = train.diagram
    more = diagram._buttons(1)["more"].center().toPoint()
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=more)
    assert sizes_of(window.document.graph, "dense")["units"] == 5
    ready(qtbot, train)
    add = diagram._buttons(1)["add"].center().toPoint()
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=add)
    ready(qtbot, train)
    assert [layer.units for layer in train.training.scene.layers] == [5, 5, 2, 1]
    remove = diagram._buttons(2)["remove"].center().toPoint()
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=remove)
    ready(qtbot, train)
    assert [layer.units for layer in train.training.scene.layers] == [5, 2, 1]
    card = diagram._layout.cards[1].center().toPoint()
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=card)
    choose(qtbot, diagram, "relu")
    ready(qtbot, train)
    assert train.training.scene.layers[0].squash == "relu"


def choose(qtbot, diagram, activation: str) -> None:
    """Choose in the menu that stands open, as the arrows and Enter do."""
    (menu,) = diagram.findChildren(QMenu)
    assert menu.isVisible()
    (action,) = [a for a in menu.actions() if a.text() == activation]
    menu.setActiveAction(action)
    qtbot.keyClick(menu, Qt.Key.Key_Return)


def test_the_network_changes_by_keys(qtbot, train) -> None:
    diagram = train.diagram
    diagram.setFocus()

    def press(*keys: Qt.Key) -> list[int]:
        for key in keys:
            qtbot.keyClick(diagram, key)
        ready(qtbot, train)
        return [layer.units for layer in train.training.scene.layers]

    assert press(Qt.Key.Key_Right, Qt.Key.Key_Plus) == [5, 2, 1]
    assert press(Qt.Key.Key_Insert) == [5, 5, 2, 1]
    assert press(Qt.Key.Key_Right, Qt.Key.Key_Minus) == [5, 4, 2, 1]
    assert press(Qt.Key.Key_Delete) == [5, 2, 1]
    press(Qt.Key.Key_A)
    choose(qtbot, diagram, "tanh")
    ready(qtbot, train)
    assert train.training.scene.layers[1].squash == "tanh"
    assert press(Qt.Key.Key_Right, Qt.Key.Key_Delete, Qt.Key.Key_Plus) == [5, 2, 1]  # the output
    qtbot.keyClick(diagram, Qt.Key.Key_A)
    assert not [menu for menu in diagram.findChildren(QMenu) if menu.isVisible()]


def test_a_weight_is_set_on_the_diagram_while_the_run_stands(qtbot, window, train) -> None:
    diagram = train.diagram
    wires = diagram._layout.bundles[0]
    at = wires.middle(0)
    spot = diagram.spot(at)
    assert spot.kind == "wire"
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert diagram.editor.isVisible()
    diagram.editor.setText("2.5")
    qtbot.keyClick(diagram.editor, Qt.Key.Key_Return)
    i, j = wires.pairs[spot.unit].tolist()
    qtbot.waitUntil(lambda: train.training.last.frame.weights["W1"][i, j] == 2.5, timeout=LONG)
    assert train.training.last.frame.epoch == 0


def test_points_are_drawn_and_deleted_by_hand(qtbot, train) -> None:
    train.data_controls.points_wanted.emit()
    qtbot.waitUntil(lambda: train.training.data.name == DRAWN, timeout=LONG)
    ready(qtbot, train)
    canvas = train.boundary.canvas

    def click(x: float, y: float, keys=Qt.KeyboardModifier.NoModifier) -> None:
        place = canvas.mapFromScene(canvas.item.vb.mapViewToScene(QPointF(x, y)))
        qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, keys, place)

    click(0.0, 0.0)
    click(0.5, 0.5, Qt.KeyboardModifier.ShiftModifier)
    points = lambda: train.training.data.settings["points"]  # noqa: E731
    qtbot.waitUntil(lambda: len(points()) == 6, timeout=LONG)
    assert [p[2] for p in points()[-2:]] == [0.0, 1.0]
    ready(qtbot, train)
    click(0.0, 0.0, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(points()) == 5, timeout=LONG)


def test_a_csv_file_is_previewed_and_learned(
    qtbot, train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'yes' if a > b else 'no'}" for a, b in rng.normal(size=(60, 2))]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["a,b,answer", *rows]) + "\n", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(path), ""))
    shown = []

    def accept(dialog) -> int:
        shown.append([dialog.columns.item(k, 1).text() for k in range(3)])
        return 1

    monkeypatch.setattr("graphviz_app.train.csv_preview.CsvPreview.exec", accept)
    train.data_controls.file_wanted.emit()
    qtbot.waitUntil(lambda: train.training.data.name == str(path), timeout=LONG)
    ready(qtbot, train)
    assert shown[0][2].startswith("to predict")
    assert train.training.scene.classes == ("no", "yes")


def test_looking_inside_walks_the_batch_and_goes_on(qtbot, window, train) -> None:
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    ready(qtbot, train)
    with qtbot.waitSignal(train.looked_inside, timeout=LONG) as told:
        qtbot.mouseClick(train.run_controls.inside, Qt.MouseButton.LeftButton)
    inside = told.args[0]
    assert not window.in_training
    rows = inside["rows"]
    data = train.training.data.load().train
    np.testing.assert_array_equal(window.document.graph.nodes["x"].value, data.x[rows])
    qtbot.waitUntil(lambda: window.document.walk is not None)
    gradient = window.document.walk.gradient("W1")
    terms = dict(inside["terms"]["W1"])
    np.testing.assert_allclose(gradient, terms["g"], rtol=1e-9, atol=1e-12)
    window.explore.selection.set({"W1"}, "W1")
    assert window.explore.update_panel.isVisible()
    assert "gradient g" in window.explore.update_panel.terms.text()
    qtbot.mouseClick(window.explore.update_panel.back, Qt.MouseButton.LeftButton)
    assert window.in_training
    wait_epoch(qtbot, train, 3)
    train.training.pause()
    ready(qtbot, train)
    assert not window.explore.update_panel.isVisibleTo(window.explore)


def test_time_travel_shows_weights_as_they_were(qtbot, window, train) -> None:
    seen = {}
    for epoch in range(1, 5):
        train.training.step_epoch()
        wait_epoch(qtbot, train, epoch)
        ready(qtbot, train)
        seen[epoch] = train.training.last.frame.weights["W1"]
    train.travel.slider.setValue(2)
    qtbot.waitUntil(lambda: train.training.last.frame.travelled, timeout=LONG)
    frame = train.training.last.frame
    assert frame.epoch == 2
    np.testing.assert_array_equal(frame.weights["W1"], seen[2])
    qtbot.mouseClick(train.travel.now, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not train.training.last.frame.travelled, timeout=LONG)
    np.testing.assert_array_equal(train.training.last.frame.weights["W1"], seen[4])


def test_a_worker_that_dies_is_told_and_another_takes_its_place(qtbot, window, train) -> None:
    with qtbot.waitSignal(train.status, timeout=LONG) as said:
        train.training.session._process.kill()
    assert said.args[0] == DIED
    assert train.training.session.state is State.FAILED
    train.toggle()
    wait_epoch(qtbot, train, 1)
    train.toggle()
    ready(qtbot, train)


def test_a_window_that_closes_leaves_no_process_behind(qtbot, window, train) -> None:
    train.training.choose_data("spiral")  # what comes of it arrives as the window closes
    window.document.stack.setClean()
    assert window.close()
    qtbot.waitUntil(lambda: train.training.data.name == "spiral", timeout=LONG)
    train.training._begin()
    started = [p for p in window.findChildren(QProcess) if p.state().value]
    assert not started


def test_patience_is_counted_down_until_it_stops_by_itself(qtbot, train) -> None:
    train.training.set_data("Validation", validation=0.3)
    train.training.set_settings("Patience", patience=5, optimizer="sgd", rate=3.0)
    ready(qtbot, train)
    with qtbot.waitSignal(train.said, timeout=LONG) as said:
        train.training.run()
    ready(qtbot, train)
    assert "validation loss" in said.args[0]
    assert train.training.last.frame.ended == STOPPED_EARLY
    assert train.run_controls.countdown.text().endswith("stops in 0")


def test_divergence_pauses_and_explains(qtbot, train) -> None:
    train.data_controls.chosen.emit("plane")
    qtbot.waitUntil(lambda: train.training.data.name == "plane", timeout=LONG)
    train.training.set_settings("Optimiser", optimizer="sgd", rate=1e6)
    ready(qtbot, train)
    with qtbot.waitSignal(train.status, timeout=LONG) as said:
        train.toggle()
    assert "diverged" in said.args[0]
    assert not train.training.going


def test_another_file_ends_the_run(qtbot, window, train, tmp_path: Path) -> None:
    train.toggle()
    wait_epoch(qtbot, train, 1)
    window.document.load_graph(PRESETS["logistic"].build())
    ready(qtbot, train)
    assert [layer.units for layer in train.training.scene.layers] == [1]
    assert epoch_of(train) == 0


def test_a_run_and_its_settings_are_kept_in_the_file(qtbot, window, train, tmp_path: Path) -> None:
    train.form.batch.changed.emit("32")
    ready(qtbot, train)
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    ready(qtbot, train)
    qtbot.waitUntil(lambda: bool(train.training.record.history), timeout=LONG)
    train.form.batch.changed.emit("1")
    ready(qtbot, train)
    path = tmp_path / "run.graph.json"
    window.document.save(path, window.files.session())
    window.document.clear()
    window.files.open_path(path)
    ready(qtbot, train)
    assert train.training.settings.batch == 1
    assert [r.settings.batch for r in train.keeping.store.records] == [32]


def test_the_landscape_is_computed_while_it_is_looked_at(qtbot, train) -> None:
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    ready(qtbot, train)
    train.plots.show_page(LANDSCAPE)
    qtbot.waitUntil(lambda: "epoch 1" in train.landscape.note.text(), timeout=LONG)


def test_a_hand_typed_formula_trains(qtbot, window, train) -> None:
    window.document.load_formula("σ(w0*x0 + w1*x1 + w2)")
    ready(qtbot, train)
    train.training.step_epoch()
    wait_epoch(qtbot, train, 1)
    assert {layer.title for layer in train.training.scene.layers} == {"w0", "w1", "w2"}
    assert train.training.last.frame.prediction.shape == (100, 100)
    train.grab()


def test_a_thousand_changes_while_it_trains_break_nothing(qtbot, window, train, rng) -> None:
    form, data = train.form, train.data_controls
    train.toggle()
    choices = [
        lambda: form.rate.changed.emit(float(10 ** rng.uniform(-4, 0))),
        lambda: form.batch.changed.emit(str(rng.choice([0, 1, 10, 32]))),
        lambda: form.optimizer.changed.emit(str(rng.choice(["sgd", "adam", "nadam", "adagrad"]))),
        lambda: form.penalty.changed.emit(str(rng.choice(["none", "l1", "l2"]))),
        lambda: form.patience.changed.emit(str(rng.choice([0, 5]))),
        lambda: data.noise.changed.emit(float(rng.uniform(0, 1))),
        lambda: data.test.changed.emit(float(rng.uniform(0, 0.8))),
        lambda: train.diagram.units_changed.emit("dense", int(rng.integers(1, 9))),
        lambda: train.boundary.discrete.toggle(),
        lambda: train.toggle(),
        lambda: train.tables.show_page(str(rng.choice([COMPARE, CONFUSION, PREDICTIONS]))),
        lambda: window.document.stack.undo(),
        lambda: train.training.travel(int(rng.integers(0, 50))),
        lambda: train.training.step_batch(),
    ]
    for k in range(1000):
        choices[int(rng.integers(len(choices)))]()
        if k % 10 == 0:
            qtbot.wait(1)
    train.training.pause()
    ready(qtbot, train)
    epoch = epoch_of(train)
    train.training.step_epoch()
    ended = lambda: bool(train.training.last.frame.ended)  # noqa: E731
    qtbot.waitUntil(lambda: epoch_of(train) > epoch or ended(), timeout=LONG)


def test_explore_shows_what_was_changed_while_it_was_out_of_sight(qtbot, window, train) -> None:
    before = window.explore.view.model
    train.diagram.units_changed.emit("dense", 6)
    ready(qtbot, train)
    assert window.explore.view.model is before  # nobody sees it: nothing is drawn
    window.show_workspace("explore")
    assert window.explore.view.model is not before
    shapes = window.document.derived.shapes
    assert shapes["dense"][-1] == 6
    assert window.explore.player.total == len(window.document.walk)
    window.document.load_graph(PRESETS["logistic"].build())
    assert {n.op for n in window.explore.view.model.nodes} >= {"dense"}
