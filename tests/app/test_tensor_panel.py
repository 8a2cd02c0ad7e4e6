"""The tensor inspector: its table, its slices, what is copied, ringed and told of a tensor."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.layers.presets import PRESETS
from graphviz_app.document import Document
from graphviz_app.explore.tensor_figures import GRADIENT, VALUE, Described, percent
from graphviz_app.explore.tensor_panel import NOT_REACHED, NOTHING, TensorPanel
from graphviz_app.explore.tensor_table import as_csv, as_numpy
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import LIGHT, theme

CUBE = np.arange(24.0).reshape(2, 3, 4) - 7.3
DISPLAY, TIP = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@pytest.fixture
def panel(qtbot: QtBot):
    """A panel with room for everything, shown in a window that does not hold its size."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 400)
    made = TensorPanel(window)
    made.set_theme(LIGHT)
    made.resize(900, 300)
    window.show()
    yield made
    window.close()  # held until now


@pytest.fixture
def workspace(qtbot: QtBot):
    """A workspace with the network 2-4-2-1, at the end of its walk."""
    made = ExploreWorkspace(Document(), theme(dark=False))
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    made.set_reduced_motion(True)
    made.document.load_graph(PRESETS["2-4-2-1"].build())
    made.editor.show_level("tensors")
    yield made
    made.shutdown()


def select_cells(panel: TensorPanel, top: int, left: int, bottom: int, right: int) -> None:
    model, chosen = panel.table.numbers, panel.table.selectionModel()
    cells = QItemSelection(model.index(top, left), model.index(bottom, right))
    chosen.select(cells, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def copied() -> str:
    return QGuiApplication.clipboard().text()


# slices ----------------------------------------------------------------------------------------


def test_the_table_counts_along_each_axis_as_numpy_does(panel):
    panel.show_tensor("x", CUBE, None)
    panel.steppers[0].after.click()
    model = panel.table.numbers
    assert panel.steppers[0].label.text() == "axis 0: 1"
    assert model.data(model.index(2, 3), TIP) == f"[1, 2, 3] = {float(CUBE[1, 2, 3])!r}"
    assert [model.headerData(2, way, DISPLAY) for way in (ACROSS, DOWN)] == ["2", "2"]


def test_a_vector_is_one_row_without_a_number(panel):
    panel.show_tensor("b", np.array([1.0, -2.0]), None)
    model = panel.table.numbers
    assert model.data(model.index(0, 1), TIP) == "[1] = −2.0"
    assert model.headerData(0, DOWN, DISPLAY) == ""
    assert model.headerData(1, ACROSS, DISPLAY) == "1"


def test_every_axis_before_the_last_two_has_its_stepper(panel):
    deep = np.arange(2.0**7).reshape((2,) * 7)
    panel.show_tensor("x", deep, None)
    assert len(panel.steppers) == 5
    for stepper in panel.steppers:
        stepper.after.click()
    np.testing.assert_array_equal(panel.table.numbers.matrix, deep[1, 1, 1, 1, 1])
    panel.show_tensor("y", CUBE, None)
    assert [stepper.count for stepper in panel.steppers] == [2, 0, 0, 0, 0]


def test_the_wheel_turns_slices_and_stops_at_the_last(panel):
    panel.show_tensor("x", CUBE, None)
    for expected in (1, 1):
        event = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(panel.steppers[0], event)
        assert panel.steppers[0].value == expected


def test_a_slice_stays_while_the_walk_goes_on_and_ends_with_its_tensor(panel):
    panel.show_tensor("x", CUBE, None)
    panel.steppers[0].after.click()
    panel.show_tensor("x", CUBE + 1, CUBE)
    assert panel.steppers[0].value == 1
    panel.show_tensor("y", CUBE, None)
    assert panel.steppers[0].value == 0


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 2, 3), (2, 0, 3)], ids=str)
def test_a_tensor_without_numbers_is_shown_and_copied(panel, shape):
    panel.show_tensor("x", np.empty(shape), None)
    panel.copy_numpy()
    assert eval(copied(), {"np": np}).shape == shape
    panel.copy_csv()
    assert panel.table.isVisible()


# what has not come -----------------------------------------------------------------------------


def test_a_gradient_that_has_not_come_is_told(panel):
    panel.show_tensor("x", CUBE, None)
    panel.show_numbers(GRADIENT)
    assert panel.message.isVisible()
    assert panel.message.text() == NOT_REACHED
    assert not panel.table.isVisible()
    panel.show_tensor("x", CUBE, CUBE * 2)
    assert panel.table.isVisible()
    np.testing.assert_array_equal(panel.array, CUBE * 2)


def test_nothing_selected_is_told(panel):
    panel.show_tensor("x", CUBE, None)
    panel.show_nothing()
    assert panel.message.text() == NOTHING
    assert not panel.table.isVisible()
    assert not any(stepper.isVisible() for stepper in panel.steppers)


# copying ---------------------------------------------------------------------------------------


def test_all_axes_are_copied_where_no_cell_is_selected(panel):
    panel.show_tensor("x", CUBE, None)
    panel.copy_numpy()
    np.testing.assert_array_equal(eval(copied(), {"np": np}), CUBE)
    panel.copy_csv()
    rows = [line.split(",") for line in copied().split()]
    np.testing.assert_array_equal(np.array(rows, float), CUBE.reshape(6, 4))


def test_selected_cells_are_copied_instead(panel, qtbot):
    panel.show_tensor("x", CUBE, None)
    select_cells(panel, 0, 1, 1, 2)
    wanted = CUBE[0, 0:2, 1:3]
    panel.copy_numpy()
    np.testing.assert_array_equal(eval(copied(), {"np": np}), wanted)
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied() == as_csv(wanted)


def test_selected_cells_of_a_vector_are_a_vector(panel):
    panel.show_tensor("b", np.array([1.0, 2.0, 3.0]), None)
    select_cells(panel, 0, 1, 0, 2)
    panel.copy_numpy()
    assert copied() == "np.array([2.0, 3.0])"


def test_what_is_not_finite_is_copied_as_numpy_reads_it():
    array = np.array([np.nan, np.inf, -np.inf, 1e-300, -0.0])
    again = eval(as_numpy(array), {"np": np})
    np.testing.assert_array_equal(again, array)
    assert np.signbit(again[-1])


# hovering and rings ----------------------------------------------------------------------------


def test_a_cell_under_the_pointer_is_told_with_all_its_indices(panel, qtbot):
    panel.show_tensor("x", CUBE, None)
    panel.steppers[0].after.click()
    centre = panel.table.visualRect(panel.table.numbers.index(1, 2)).center()
    with qtbot.waitSignal(panel.element_hovered) as caught:
        qtbot.mouseMove(panel.table.viewport(), centre)
    assert caught.args == [(1, 1, 2)]


def test_elements_are_ringed_in_the_slice_that_holds_them(panel):
    panel.show_tensor("x", CUBE, None)
    panel.highlight([(0, 2, 1), (1, 0, 3)])
    assert panel.table.ringed == {(2, 1)}
    panel.steppers[0].after.click()
    assert panel.table.ringed == {(0, 3)}
    panel.highlight([])
    assert panel.table.ringed == set()


def test_rings_are_painted(panel):
    panel.show_tensor("x", np.zeros((3, 3)), None)
    before = panel.table.viewport().grab().toImage()
    panel.highlight([(1, 1)])
    assert panel.table.viewport().grab().toImage() != before


def test_rings_do_not_pass_to_another_tensor(panel):
    panel.show_tensor("b", np.ones(3), None)
    panel.highlight([(1,), (7,)])
    assert panel.table.ringed == {(0, 1)}
    panel.show_tensor("c", np.ones(3), None)
    assert panel.table.ringed == set()


# the summary -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33 %"), (1, 999, "<1 %"), (998, 999, ">99 %"),
     (0, 0, "0 %")],
)  # fmt: skip
def test_a_share_is_never_said_to_be_none_or_all_when_it_is_not(part, whole, said):
    assert percent(part, whole) == said


def test_figures_tell_what_is_no_number(panel):
    panel.figures.show_described(Described.of(np.array([1.0, np.nan, 0.0, -np.inf]), VALUE))
    said = dict(panel.figures.lines())
    assert (said["min, max"], said["NaN or ∞"]) == ("0, 1", "2")
    panel.figures.show_described(Described.of(np.array([np.nan]), VALUE))
    assert dict(panel.figures.lines()) == {"finite numbers": "none", "NaN or ∞": "1"}


@pytest.mark.parametrize("array", [[1e308, -1e308], [5e-324], [np.nan], [], [0.0, 0.0]], ids=str)
def test_any_figures_can_be_painted(panel, array):
    panel.figures.show_described(Described.of(np.array(array), GRADIENT))
    assert not panel.figures.grab().isNull()


def test_the_summary_comes_and_goes_with_a_tensor(workspace):
    workspace.select("x")
    summary = workspace.tensor_summary
    assert summary.isVisible()
    assert summary.words.text() == "A matrix of 4 rows and 2 columns."
    workspace.selection.set(())
    assert not summary.isVisible()


def test_a_curve_that_cannot_be_drawn_makes_way_for_the_summary(workspace):
    workspace.select("x")
    assert not workspace.curve.isVisible()
    workspace.selection.set(())
    assert workspace.curve.isVisible()
    workspace.document.load_formula("f = w*x")
    workspace.player.first()
    workspace.select("w")
    assert workspace.curve.isVisible()


def test_both_switches_show_the_same_numbers(workspace, qtbot):
    workspace.select("W1")
    summary, panel = workspace.tensor_summary, workspace.tensor_panel
    segments = dict(summary.switch.segments())
    qtbot.mouseClick(
        summary.switch, Qt.MouseButton.LeftButton, pos=segments[GRADIENT].center().toPoint()
    )
    assert panel.switch.current == GRADIENT
    np.testing.assert_array_equal(panel.array, workspace.document.walk.gradient("W1"))
    panel.show_numbers(VALUE)
    assert summary.switch.current == VALUE


def test_the_buttons_of_the_summary_open_the_table_and_copy(workspace):
    workspace.select("W1")
    assert not workspace.tensor_panel.isVisible()
    workspace.tensor_summary.open_button.click()
    assert workspace.tensor_panel.table.isVisible()
    workspace.tensor_summary.numpy_button.click()
    value = workspace.document.walk.value("W1")
    np.testing.assert_array_equal(eval(copied(), {"np": np}), value)


def test_a_gradient_that_has_not_come_cannot_be_copied(workspace):
    workspace.select("W1")
    workspace.tensor_panel.show_numbers(GRADIENT)
    workspace.player.first()
    assert workspace.tensor_summary.figures.lines() == [("not reached yet", "")]
    assert not workspace.tensor_summary.csv_button.isEnabled()


@pytest.mark.parametrize("width", [420, 480, 640, 900])
def test_what_has_no_room_makes_way_and_nothing_is_clipped(panel, width):
    panel.show_tensor("x", np.zeros((2, 2, 3, 4)), None)
    panel.resize(width, 220)
    QApplication.sendPostedEvents()
    for part in (panel.switch, *panel.steppers, panel.numpy_button, panel.csv_button):
        if part.isVisible():
            assert part.width() >= part.sizeHint().width()
            assert part.geometry().right() < width
