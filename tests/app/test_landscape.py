"""The loss landscape: what the worker computes, and what the page shows of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from engine.data.choice import NO_DATA, DataChoice
from engine.files.project import load
from engine.layers.presets import PRESETS
from engine.training.trainer import Trainer
from engine.training.watching import Watcher
from graphviz_app.theme import LIGHT
from graphviz_app.train.landscape import LandscapePlot
from graphviz_app.train.landscapes import landscape
from graphviz_app.train.past import Past
from graphviz_app.train.plot import placed

EXAMPLES = Path(__file__).parents[2] / "examples"
ALONE = DataChoice(name=NO_DATA)
CIRCLE = DataChoice(name="circle")


def run(name: str, epochs: int = 20, **settings: object) -> tuple[Trainer, Past]:
    """A function that was descended for some epochs, and its past."""
    trainer = Trainer(load(EXAMPLES / f"{name}.graph.json"), ALONE.load(), **settings)
    past = Past()
    past.keep(trainer)
    for _ in range(epochs):
        trainer.step_epoch()
        past.keep(trainer)
    return trainer, past


def shown(qtbot, trainer: Trainer, past: Past, choice: DataChoice = ALONE) -> LandscapePlot:
    plot = LandscapePlot()
    qtbot.addWidget(plot)
    plot.resize(500, 500)
    plot.show()
    plot.set_theme(LIGHT)
    plot.set_scene(Watcher(trainer, choice).scene())
    plot.show_answer(landscape(trainer, past, **plot.question))
    return plot


def test_of_two_numbers_the_whole_function_is_computed():
    trainer, past = run("valley", optimizer="adam", rate=0.05)
    before = trainer.weights()
    found = landscape(trainer, past)
    x, y = np.meshgrid(found["along"], found["across"])
    expected = (1 - x) ** 2 + 10 * (y - x**2) ** 2
    np.testing.assert_allclose(found["surface"], expected, rtol=1e-9, atol=1e-9)
    assert found["titles"] == ("w0", "w1")
    assert found["path"].shape == (21, 2)
    np.testing.assert_array_equal(found["path"][0], [-1.5, 2.0])
    np.testing.assert_array_equal(found["path"][-1], [before["w0"], before["w1"]])
    for leaf, value in trainer.weights().items():
        np.testing.assert_array_equal(value, before[leaf])  # the run stands where it stood


def test_of_one_number_the_function_is_a_curve():
    trainer, past = run("double_well", optimizer="sgd", rate=0.05)
    found = landscape(trainer, past)
    w = found["along"]
    np.testing.assert_allclose(found["surface"][0], w**4 / 4 - w**2 + 0.3 * w, rtol=1e-9, atol=1e-9)
    assert not len(found["across"])


def test_the_box_holds_start_and_path_but_no_path_that_diverges():
    trainer, past = run("valley", optimizer="adam", rate=0.05)
    near = np.array([[-1.5, 2.0], [2.5, 3.0]])
    far = np.array([[-1.5, 2.0], [1e9, -1e12], [np.inf, np.nan]])
    alone = landscape(trainer, past)
    both = landscape(trainer, past, others=[near, far])
    assert alone["along"][-1] < 2.5 < both["along"][-1] < 3
    assert alone["along"][0] <= -1.5
    assert both["across"][-1] < 4


def test_a_box_that_was_chosen_is_the_one_that_is_computed():
    trainer, past = run("bowl", optimizer="sgd", rate=0.01)
    found = landscape(trainer, past, box=(-2, 3, -0.5, 0.25))
    assert (found["along"][0], found["along"][-1]) == (-2, 3)
    assert (found["across"][0], found["across"][-1]) == (-0.5, 0.25)


def test_of_more_numbers_a_plane_through_the_path():
    trainer = Trainer(PRESETS["2-4-2-1"].build(), CIRCLE.load(), batch=0, rate=0.05)
    past = Past()
    for _ in range(12):
        trainer.step_epoch()
        past.keep(trainer)
    found = landscape(trainer, past)
    assert not found["whole"]
    assert found["path"].shape[1] == 2
    assert 0.5 < found["explained"] <= 1
    np.testing.assert_allclose(found["path"][-1], [0, 0], atol=1e-12)
    spans = [np.ptp(found[k]) for k in ("along", "across")]
    assert min(spans) >= 0.79 * max(spans)
    for k, places in zip(("along", "across"), found["path"].T, strict=True):
        assert found[k][0] < places.min() < places.max() < found[k][-1]
    # the middle of the plane is where the run stands
    at = np.argmin(np.abs(found["across"])), np.argmin(np.abs(found["along"]))
    assert found["surface"].shape == (21, 21)
    assert found["surface"][at] < found["surface"].max()


def test_the_wheel_asks_for_the_part_in_view_and_a_double_click_for_all(qtbot):
    plot = shown(qtbot, *run("valley", optimizer="adam", rate=0.05))
    whole = plot.canvas.item.viewRange()
    viewport = plot.canvas.viewport()
    middle = QPointF(viewport.rect().center())
    with qtbot.waitSignal(plot.wanted, timeout=5000):
        wheel = QWheelEvent(
            middle, viewport.mapToGlobal(middle), QPoint(), QPoint(0, 480),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, wheel)
    left, right, _, _ = plot.question["box"]
    assert whole[0][0] < left < right < whole[0][1]
    with qtbot.waitSignal(plot.wanted, timeout=5000):
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center())
    assert "box" not in plot.question
    np.testing.assert_allclose(plot.canvas.item.viewRange(), whole)


def test_paths_that_are_compared_are_drawn_with_their_names(qtbot):
    plot = shown(qtbot, *run("valley", optimizer="adam", rate=0.05))
    path = np.array([[-1.5, 2.0], [0.0, 0.0], [1.0, 1.0]])
    with qtbot.waitSignal(plot.wanted, timeout=5000):
        plot.set_others([("SGD", "#4e79a7", path), ("a network", "#f28e2b", None)])
    assert [end.text for end in plot.canvas._ends] == ["SGD"]
    assert plot.question["others"][0] is path


def test_the_surface_stays_while_the_path_goes_on(qtbot):
    trainer, past = run("double_well", optimizer="sgd", rate=0.05)
    plot = shown(qtbot, trainer, past)
    assert plot.stays
    plot.show_path(np.array([[2.2], [1.9], [1.5]]))
    x, y = plot._line.getData()
    np.testing.assert_array_equal(x, [2.2, 1.9, 1.5])
    w = np.asarray(x)
    np.testing.assert_allclose(y, w**4 / 4 - w**2 + 0.3 * w, atol=2e-3)  # between two points
    plot.set_scene(Watcher(trainer, ALONE).scene())
    assert not plot.stays  # another run: the function may be another


@pytest.mark.parametrize(("name", "columns"), [("valley", 3), ("double_well", 2)])
def test_the_surface_is_exported_as_a_table(qtbot, name, columns):
    plot = shown(qtbot, *run(name, optimizer="sgd", rate=0.001))
    rows = list(csv.reader(io.StringIO(plot.export_csv())))
    assert rows[0][-1] == "loss"
    assert {len(row) for row in rows} == {columns}
    *at, height = map(float, rows[57])
    formulas = {
        "valley": lambda x, y: (1 - x) ** 2 + 10 * (y - x**2) ** 2,
        "double_well": lambda w: w**4 / 4 - w**2 + 0.3 * w,
    }
    assert height == pytest.approx(formulas[name](*at), rel=1e-9)


def test_a_function_that_is_nowhere_finite_is_said(qtbot):
    plot = shown(qtbot, *run("valley", epochs=1))
    plot.show_answer({"surface": np.full((3, 3), np.nan), "whole": True})
    assert plot.note.text() == "The loss is not finite around here."


numbers = st.floats(-50, 350, allow_nan=False)


@given(st.lists(st.tuples(numbers, numbers, st.floats(10, 90)), max_size=8))
def test_labels_are_moved_apart_and_stay_inside(at):
    box = QRectF(0, 0, 300, 300)
    found = placed([QRectF(x, y, wide, 15) for x, y, wide in at], box)
    for k, rect in enumerate(found):
        assert box.contains(rect)
        assert rect.size() == QRectF(0, 0, at[k][2], 15).size()
        for other in found[:k]:
            assert not rect.intersects(other)


@pytest.mark.parametrize("tops", [(278.0, 281.0, 290.0), (-3.0, 2.0, 6.0), (-5.0, 4.0, 300.0)])
def test_labels_at_a_border_keep_their_order(tops):
    found = placed([QRectF(50, top, 60, 15) for top in tops], QRectF(0, 0, 300, 300))
    assert [rect.top() for rect in found] == sorted(rect.top() for rect in found)
