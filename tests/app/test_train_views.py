"""What the plots, tables and pages of training show of a run, from looks at a real trainer."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.data.choice import NO_DATA, DataChoice
from engine.data.dataset import Dataset
from engine.files.project import graph_from_bytes
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.graph.problems import find_problems
from engine.layers.presets import PRESETS
from engine.training.fitting import fitted
from engine.training.glimpses import counts_words, glimpses
from engine.training.looks import Frame, Predictions, Scene, View
from engine.training.probes import activations
from engine.training.settings import Settings
from engine.training.trainer import Trainer
from engine.training.watching import Watcher
from graphviz_app.resources import example
from graphviz_app.theme import DARK, LIGHT
from graphviz_app.train.boundary import BoundaryPlot
from graphviz_app.train.curves import ACCURACY, GRADIENTS, LOSS, CurvesPlot
from graphviz_app.train.diagram import NetworkDiagram
from graphviz_app.train.health import HealthPanel
from graphviz_app.train.network_edits import dropout_of, with_dropout, with_units
from graphviz_app.train.plot import BELOW_PX, LEFT_PX, Plot
from graphviz_app.train.tables import ConfusionPanel, PredictionsPanel

CIRCLE = DataChoice(name="circle", test=0.3)


def looked_at(
    choice: DataChoice = CIRCLE,
    view: View = View(),  # noqa: B008
    preset: str = "2-4-2-1",
    epochs: int = 12,
    **settings: object,
) -> tuple[Trainer, Scene, Frame]:
    """A network fitted to data and trained a little, and what is seen of it."""
    parts = choice.load()
    graph = fitted(PRESETS[preset].build(), parts.train)
    trainer = Trainer(graph, parts, Settings(rate=0.05, batch=10), **settings)
    for _ in range(epochs):
        trainer.step_epoch()
    watcher = Watcher(trainer, choice, view)
    return trainer, watcher.scene(), watcher.look()


def put(qtbot, widget, scene: Scene, frame: Frame):
    """A widget that shows a frame."""
    qtbot.addWidget(widget)
    widget.resize(620, 460)
    widget.show()
    widget.set_theme(LIGHT)
    widget.set_scene(scene)
    widget.show_frame(frame)
    return widget


def predicted(trainer: Trainer, data: Dataset) -> np.ndarray:
    """The network's predictions, by another way than those that are shown."""
    return activations(trainer, data)[trainer.layers[-1].output]


# the boundary -----------------------------------------------------------------------------------


def test_the_probe_reads_what_the_network_predicts_there(qtbot) -> None:
    trainer, scene, frame = looked_at()
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    canvas = plot.canvas
    at = canvas.mapFromScene(canvas.item.vb.mapViewToScene(QPointF(0.4, -0.3)))
    qtbot.mouseMove(canvas.viewport(), at)
    qtbot.waitUntil(lambda: "prediction" in plot.probe.text())
    words = plot.probe.text().split()
    x, y = float(words[2]), float(words[5].replace("−", "-"))
    row = Dataset("there", np.array([[x, y]]), np.zeros(1, int), ("x1", "x2"), ("0", "1"))
    # the text has two decimals of the place
    assert predicted(trainer, row)[0, 0] == pytest.approx(float(words[-1]), abs=0.03)


def is_true(canvas: Plot) -> bool:
    """Whether a unit is as long on both axes, to a pixel."""
    (left, right), (bottom, top) = canvas.item.viewRange()
    box = canvas.item.vb.sceneBoundingRect()
    return box.width() / (right - left) == pytest.approx(box.height() / (top - bottom), rel=5e-3)


@pytest.mark.parametrize("size", [(620, 460), (420, 620), (900, 300)])
def test_a_circle_is_round_in_a_window_of_any_shape(qtbot, size) -> None:
    _, scene, frame = looked_at(epochs=1)
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    plot.resize(*size)
    qtbot.waitUntil(lambda: size[0] - 60 < plot.canvas.width() < size[0] and is_true(plot.canvas))


def test_axes_of_which_one_is_far_longer_fill_the_room(qtbot) -> None:
    around = QWidget()  # pyqtgraph's own widget must not be closed alone
    qtbot.addWidget(around)
    plot = Plot("loss")
    QVBoxLayout(around).addWidget(plot)
    around.resize(500, 400)
    around.show()
    whole = (500 - 24 - LEFT_PX) / (400 - 24 - BELOW_PX)  # about how long to how high it is
    for span, alike, filled in ((30, True, True), (3, True, False), (3, False, True)):
        plot.show_range((0, span), (0, 2), alike=alike)
        qtbot.waitUntil(lambda alike=alike, filled=filled: is_true(plot) == (alike and not filled))
        box = plot.item.vb.sceneBoundingRect()
        assert (box.width() / box.height() == pytest.approx(whole, rel=0.1)) == filled


def test_discretise_shows_the_sides_alone(qtbot) -> None:
    _, scene, frame = looked_at(epochs=3)
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    soft = np.unique(plot._image.image.reshape(-1, 3), axis=0)
    plot.discrete.setChecked(True)
    hard = np.unique(plot._image.image.reshape(-1, 3), axis=0)
    assert len(hard) == 2 < len(soft)


def test_the_line_runs_where_the_prediction_is_a_half(qtbot) -> None:
    _, scene, frame = looked_at(epochs=40)
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    path = plot._line.path()
    assert path.elementCount() > 20
    left, right, bottom, top = scene.extent
    rows, columns = frame.prediction.shape
    for k in range(path.elementCount()):
        at = path.elementAt(k)
        c = (at.x - left) / (right - left) * (columns - 1)
        r = (at.y - bottom) / (top - bottom) * (rows - 1)
        near = frame.prediction[int(r) : int(r) + 2, int(c) : int(c) + 2]
        assert near.min() - 1e-6 <= 0.5 <= near.max() + 1e-6


def test_classes_differ_in_shape_and_test_points_can_be_hidden(qtbot) -> None:
    _, scene, frame = looked_at(DataChoice(name="blobs3", test=0.3))
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    symbols = {item.opts["symbol"] for item in plot._points}
    assert len(symbols) == 3
    assert len(plot._points) == 6
    plot.test.setChecked(False)
    assert len(plot._points) == 3


def test_the_boundary_as_csv_is_the_grid_of_predictions(qtbot) -> None:
    _, scene, frame = looked_at()
    plot = put(qtbot, BoundaryPlot(), scene, frame)
    rows = list(csv.reader(io.StringIO(plot.export_csv())))
    assert len(rows) == 1 + frame.prediction.size
    x, y, value = map(float, rows[1 + 100 * 7 + 3])
    left, right, bottom, top = scene.extent
    np.testing.assert_allclose(x, left + 3 * (right - left) / 99, rtol=1e-9)
    np.testing.assert_allclose(y, bottom + 7 * (top - bottom) / 99, rtol=1e-9)
    assert value == pytest.approx(float(frame.prediction[7, 3]), rel=1e-6)


# curves -----------------------------------------------------------------------------------------


def test_curves_of_train_and_test_end_in_their_numbers(qtbot) -> None:
    trainer, scene, frame = looked_at()
    plot = put(qtbot, CurvesPlot(LOSS), scene, frame)
    assert [line.name for line in plot.lines()] == ["train", "test"]
    x, y = plot._lines[0].getData()
    np.testing.assert_array_equal(x, np.arange(1, 13))
    np.testing.assert_array_equal(y, trainer.history.epochs["loss"])
    plot.log_y.setChecked(True)
    np.testing.assert_allclose(plot._lines[0].getData()[1], np.log10(y))
    plot.log_x.setChecked(True)
    np.testing.assert_allclose(plot._lines[0].getData()[0], np.log10(x))


def test_metrics_of_a_regression_are_offered_by_name(qtbot) -> None:
    _, scene, frame = looked_at(DataChoice(name="plane", test=0.3))
    plot = put(qtbot, CurvesPlot(ACCURACY), scene, frame)
    assert [line.column for line in plot.lines()] == ["r2", "test_r2"]
    plot.what.changed.emit("mae")


def test_every_layer_has_a_curve_of_gradients(qtbot) -> None:
    _, scene, frame = looked_at()
    plot = put(qtbot, CurvesPlot(GRADIENTS), scene, frame)
    assert len(plot.lines()) == 3
    assert plot.log_y.isChecked()
    rows = list(csv.reader(io.StringIO(plot.export_csv())))
    assert rows[0] == ["epoch", *(f"gradient_norm:{layer.node}" for layer in scene.layers)]


def test_curves_of_other_runs_are_drawn_behind(qtbot) -> None:
    _, scene, frame = looked_at()
    plot = put(qtbot, CurvesPlot(LOSS), scene, frame)
    other = {"epoch": np.arange(1.0, 4.0), "loss": np.array([3.0, 2.0, 1.0])}
    plot.set_others([("Run 1", "#4e79a7", other)])
    np.testing.assert_array_equal(plot._lines[0].getData()[1], [3, 2, 1])
    assert plot.canvas.item.viewRange()[1][1] > 3


def test_a_zoom_of_the_mouse_stays_until_a_double_click(qtbot) -> None:
    _, scene, frame = looked_at()
    plot = put(qtbot, CurvesPlot(LOSS), scene, frame)
    whole = plot.canvas.item.viewRange()
    view = plot.canvas.item.vb
    view.scaleBy((0.5, 0.5))
    view.sigRangeChangedManually.emit(view.state["mouseEnabled"])
    zoomed = plot.canvas.item.viewRange()
    plot.show_frame(frame)
    np.testing.assert_allclose(plot.canvas.item.viewRange(), zoomed)
    qtbot.mouseDClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(plot.canvas.item.viewRange(), whole)


# tables -----------------------------------------------------------------------------------------


def test_confusion_counts_are_those_of_the_trainer(qtbot) -> None:
    trainer, scene, frame = looked_at(
        DataChoice(name="iris", test=0.3, scaling="standard"), View(confusion=True)
    )
    panel = put(qtbot, ConfusionPanel(), scene, frame)
    np.testing.assert_array_equal(panel.matrix._counts, trainer.confusion(trainer.split.test))
    assert panel.matrix._counts.sum() == trainer.split.test.count


def test_the_most_wrong_rows_come_first_with_what_they_are(qtbot) -> None:
    trainer, scene, frame = looked_at(
        DataChoice(name="iris", test=0.3, scaling="standard"), View(predictions=True)
    )
    panel = put(qtbot, PredictionsPanel(), scene, frame)
    model = panel.model
    shares = [float(model.text(k, 3).split()[0]) for k in range(model.rowCount())]
    assert shares == sorted(shares)
    given = predicted(trainer, trainer.split.test)
    first = int(model.text(0, 0))
    answer = trainer.split.test.y[first]
    assert shares[0] == pytest.approx(100 * given[first, answer], abs=0.006)
    numbers = [float(t.replace("−", "-")) for t in model.text(0, 4).split(", ")]
    np.testing.assert_allclose(numbers, trainer.split.test.x[first], rtol=1e-2)
    panel.table.setFocus()
    panel.table.selectRow(0)
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[0] == (
        "row,answer,prediction,for the answer"
    )


def test_pictures_are_shown_beside_their_predictions(qtbot) -> None:
    rows = np.arange(2 * 64.0).reshape(2, 64) % 17
    data = Dataset(
        "pictures", rows, np.zeros(2, int), tuple(f"pixel {k}" for k in range(64)), ("0", "1")
    )
    seen = glimpses(data)
    assert seen.shape == (2, 8, 8)
    assert seen.min() == 0
    assert seen.max() == 255
    given = np.array([[0.9], [0.2]])
    _, scene, frame = looked_at(epochs=1)
    panel = put(qtbot, PredictionsPanel(), scene, frame)
    panel.model.show_rows(Predictions(np.arange(2), np.zeros(2, int), given, seen))
    picture = panel.model.data(panel.model.index(1, 4), Qt.ItemDataRole.DecorationRole)
    assert picture.width() == picture.height() == 32


def test_words_that_are_counted_are_told() -> None:
    data = DataChoice(name="mini_reviews").load().train
    assert counts_words(data)
    for text, row in zip(glimpses(data.rows(slice(0, 20))), data.x, strict=False):
        words = [w for w in text.split(", ") if w != "…"]
        assert words == [data.features[k] for k in np.flatnonzero(row)][: len(words)]
    assert not counts_words(DataChoice(name="wine").load().train)


# health and the diagram -------------------------------------------------------------------------


def test_dead_units_are_counted_and_pointed_out(qtbot) -> None:
    graph = fitted(PRESETS["2-4-2-1"].build(), CIRCLE.load().train)
    graph.nodes["dense"].attrs["activation"] = "relu"
    graph = graph.with_values({"b1": np.array([-50.0, 0.1, -50.0, 0.1])})
    trainer = Trainer(graph, CIRCLE.load(), Settings(batch=10))
    trainer.step_epoch()
    watcher = Watcher(trainer, CIRCLE)
    panel = put(qtbot, HealthPanel(), watcher.scene(), watcher.look())
    row = panel.rows["dense"]
    assert row.state.text() == "2 of 4 units dead"
    with qtbot.waitSignal(panel.units_marked) as marked:
        row.show_which.click()
    assert marked.args[0] == {"dense": {0, 2}}


def test_a_histogram_holds_all_weights(qtbot) -> None:
    _, scene, frame = looked_at()
    panel = put(qtbot, HealthPanel(), scene, frame)
    for layer in scene.layers:
        row = panel.rows[layer.node]
        assert row.weights._counts.sum() == layer.parameters
        own = [frame.weights[i].ravel() for i in (layer.weights, layer.biases)]
        assert row.weights._norm == pytest.approx(np.linalg.norm(np.concatenate(own)))


def test_the_diagram_is_walked_by_keys_and_refuses_what_is_no_number(qtbot) -> None:
    _, scene, frame = looked_at()
    diagram = put(qtbot, NetworkDiagram(), scene, frame)
    diagram.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(diagram, key)
    bias = f"{frame.weights['b1'][2]:.3g}".replace("-", "−")
    assert bias in diagram.accessibleDescription()
    qtbot.keyClick(diagram, Qt.Key.Key_Return)
    assert diagram.editor.isVisible()
    diagram.editor.setText("three")
    with qtbot.waitSignal(diagram.refused) as said:
        qtbot.keyClick(diagram.editor, Qt.Key.Key_Return)
    assert "three" in said.args[0]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_diagram_names_classes_and_draws_in_each_theme(qtbot, theme) -> None:
    _, scene, frame = looked_at(DataChoice(name="iris", test=0.3, scaling="standard"))
    diagram = put(qtbot, NetworkDiagram(), scene, frame)
    diagram.set_theme(theme)
    image = diagram.grab().toImage()
    colors = {image.pixel(x, y) for x in range(0, 600, 5) for y in range(0, 450, 5)}
    assert len(colors) > 20


# the network's edits ----------------------------------------------------------------------------


def test_dropout_comes_behind_hidden_layers_and_goes_again() -> None:
    graph = PRESETS["2-8-8-1"].build()
    assert dropout_of(graph) == 0
    dropped = with_dropout(graph, 0.3)
    assert dropout_of(dropped) == 0.3
    assert not find_problems(dropped)
    assert [n.op for n in dropped.nodes.values() if n.op == "dropout"] == ["dropout", "dropout"]
    assert dropout_of(with_units(dropped, "dense", 3)) == 0.3
    other = with_dropout(dropped, 0.5)
    assert dropout_of(other) == 0.5
    assert other.nodes.keys() == dropped.nodes.keys()
    assert with_dropout(other, 0) == graph
    trainer = Trainer(dropped, CIRCLE.load(), Settings(batch=10))
    layers = Watcher(trainer, CIRCLE).scene().layers
    assert [layer.dropout for layer in layers] == [0.3, 0.3, 0.0]


def test_a_network_without_hidden_layers_has_no_dropout() -> None:
    assert dropout_of(PRESETS["logistic"].build()) is None
    assert dropout_of(parse("f = w0*x0")) is None


# a function without data ------------------------------------------------------------------------


def test_a_function_is_shown_by_its_parameters_and_its_value(qtbot) -> None:
    graph: Graph = graph_from_bytes(example("valley").read_bytes())
    choice = DataChoice(name=NO_DATA)
    trainer = Trainer(graph, choice.load(), Settings())
    trainer.step_epoch()
    watcher = Watcher(trainer, choice)
    diagram = put(qtbot, NetworkDiagram(), watcher.scene(), watcher.look())
    kinds = [column.kind.name for column in diagram._layout.columns]
    assert kinds == ["LOOSE", "LOSS"]
