"""The inspector as an editor of what is selected, driven by its real fields."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine import edits
from engine.graph.graph import Graph
from graphviz_app.document import Document
from graphviz_app.explore.node_form import NodeForm
from graphviz_app.explore.typed import read_attribute, read_shape, read_value, value_text
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import DARK, LIGHT
from graphviz_app.widgets import ScrubBox, SegmentedSwitch, TextField

LEFT = Qt.MouseButton.LeftButton
MATRIX = np.array([[1.0, 2.0], [3.0, -4.0]])


def small_network() -> Graph:
    """y = Σ softmax(leaky_relu(W x)) + b, with a group around W and @ and a note."""
    graph = Graph()
    weights = graph.leaf("parameter", "W", MATRIX)
    x = graph.leaf("input", "x", np.array([[1.0], [2.0]]))
    hidden = graph.apply("leaky_relu", graph.apply("matmul", weights, x), name="h")
    total = graph.apply("sum", graph.apply("softmax", hidden))
    graph.apply("add", total, graph.leaf("parameter", "b", 0.5), name="y")
    graph, _ = edits.add_group(graph, ["W", "matmul"], "layer", "layer")
    graph, _ = edits.add_note(graph, "A note", (0.0, -80.0), "input")
    return graph


@pytest.fixture
def workspace(qtbot: QtBot, qapp):
    """A workspace on the small network, with nothing to undo."""
    made = ExploreWorkspace(Document(), LIGHT)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    qtbot.waitActive(made)
    made.document.edit("Build", small_network())
    made.document.stack.clear()
    yield made
    made.shutdown()


@pytest.fixture
def form(workspace) -> NodeForm:
    """The fields of the inspector."""
    return workspace.inspector.form


@pytest.fixture
def said(workspace) -> list[str]:
    """The sentences that were said."""
    said: list[str] = []
    workspace.status.connect(said.append)
    return said


def type_into(qtbot: QtBot, field: TextField, text: str) -> None:
    """Replace what is in ``field`` and press Enter."""
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def choose(qtbot: QtBot, switch: SegmentedSwitch, choice: str) -> None:
    """Click one choice."""
    rect = dict(switch.segments())[choice]
    qtbot.mouseClick(switch, LEFT, pos=rect.center().toPoint())


def titles(workspace) -> list[str]:
    """The steps that can be undone."""
    stack = workspace.document.stack
    return [stack.text(k) for k in range(stack.index())]


# names ------------------------------------------------------------------------------------------


def test_enter_renames_and_the_field_keeps_the_focus(workspace, form, qtbot) -> None:
    workspace.select("b")
    type_into(qtbot, form.name, "bias")
    assert workspace.document.graph.nodes["bias"].name == "bias"
    assert workspace.selected == "bias"
    assert "bias" in workspace.inspector.heading.text()
    assert titles(workspace) == ["Rename to bias"]
    assert form.name.hasFocus()


def test_leaving_by_tab_renames_and_goes_on(workspace, form, qtbot) -> None:
    workspace.select("b")
    form.name.setFocus()
    form.name.selectAll()
    qtbot.keyClicks(form.name, "c")
    qtbot.keyClick(form.name, Qt.Key.Key_Tab)
    assert "c" in workspace.document.graph.nodes
    assert form.shape.hasFocus()


def test_a_name_that_is_taken_is_refused_in_a_sentence(workspace, form, said, qtbot) -> None:
    workspace.select("b")
    type_into(qtbot, form.name, "h")
    assert said == ['There is a node "h" already: choose another name.']
    assert LIGHT.problem in form.name.styleSheet()
    assert form.name.text() == "h"
    qtbot.keyClick(form.name, Qt.Key.Key_Escape)
    assert form.name.text() == "b"
    assert LIGHT.problem not in form.name.styleSheet()
    assert titles(workspace) == []


def test_a_refused_name_goes_as_the_field_is_left(workspace, form, said, qtbot) -> None:
    workspace.select("b")
    type_into(qtbot, form.name, "h")
    form.shape.setFocus()
    assert form.name.text() == "b"
    assert len(said) == 1


def test_esc_takes_back_what_was_typed(workspace, form, qtbot) -> None:
    workspace.select("b")
    form.name.setFocus()
    qtbot.keyClicks(form.name, "zzz")
    qtbot.keyClick(form.name, Qt.Key.Key_Escape)
    assert form.name.text() == "b"
    assert titles(workspace) == []


def test_what_is_typed_stays_while_the_walk_goes_on(workspace, form, qtbot) -> None:
    workspace.select("b")
    form.name.setFocus()
    qtbot.keyClicks(form.name, "zzz")
    workspace.player.back()
    assert "zzz" in form.name.text()


@pytest.mark.parametrize("other", ["h", ""])
def test_what_is_typed_is_never_another_nodes(workspace, form, other, qtbot) -> None:
    workspace.select("b")
    form.name.setFocus()
    qtbot.keyClicks(form.name, "zzz")
    workspace.selection.set({other} if other else ())
    assert titles(workspace) == []
    assert form.name.text() in ("h", "b")


def test_saving_takes_what_is_being_typed(workspace, form, qtbot) -> None:
    workspace.select("b")
    form.name.setFocus()
    form.name.selectAll()
    qtbot.keyClicks(form.name, "bias")
    workspace.commit_fields()
    assert "bias" in workspace.document.graph.nodes


# kinds, values and shapes -----------------------------------------------------------------------


def test_the_kind_of_a_leaf_is_chosen(workspace, form, qtbot) -> None:
    workspace.select("b")
    assert form.kind.current == "parameter"
    choose(qtbot, form.kind, "constant")
    assert workspace.document.graph.nodes["b"].op == "constant"
    assert titles(workspace) == ["Make b a constant"]
    assert form.kind.current == "constant"
    assert form.kind.accessibleName() == "Kind: Constant"


def test_an_array_is_typed_as_text(workspace, form, qtbot) -> None:
    workspace.select("W")
    assert form.entries.text() == "[1 2; 3 -4]"
    type_into(qtbot, form.entries, "[5 6; 7 8]")
    assert workspace.document.graph.nodes["W"].value.tolist() == [[5, 6], [7, 8]]
    assert workspace.inspector.grid.item(0, 0).text() == "5.00"
    assert titles(workspace) == ["Set W"]


def test_a_text_that_is_no_array_is_refused(workspace, form, said, qtbot) -> None:
    workspace.select("W")
    type_into(qtbot, form.entries, "W + 1")
    assert len(said) == 1
    assert said[0].startswith("The value was not changed")
    assert LIGHT.problem in form.entries.styleSheet()
    assert workspace.document.graph.nodes["W"].value.tolist() == MATRIX.tolist()


@pytest.mark.parametrize(("text", "shape"), [("3x2", (3, 2)), ("4", (4,)), ("scalar", ())])
def test_another_shape_keeps_the_numbers(workspace, form, text, shape, qtbot) -> None:
    workspace.select("W")
    type_into(qtbot, form.shape, text)
    value = workspace.document.graph.nodes["W"].value
    assert np.shape(value) == shape
    assert np.ravel(value)[0] == 1.0
    assert titles(workspace) == ["Reshape W"]
    assert form.entries.isVisible() == bool(shape)
    assert workspace.inspector.box.isVisible() == (not shape)


def test_a_scalar_becomes_a_vector(workspace, form, qtbot) -> None:
    workspace.select("b")
    assert form.shape.text() == "scalar"
    type_into(qtbot, form.shape, "3")
    assert workspace.document.graph.nodes["b"].value.tolist() == [0.5, 0.5, 0.5]
    assert form.entries.text() == "[0.5 0.5 0.5]"


@pytest.mark.parametrize("text", ["round", "0", "2×-1", "99999999"])
def test_what_is_no_shape_is_refused(workspace, form, said, text, qtbot) -> None:
    workspace.select("W")
    type_into(qtbot, form.shape, text)
    assert len(said) == 1
    assert LIGHT.problem in form.shape.styleSheet()
    assert titles(workspace) == []


def test_a_large_array_is_not_written_out_and_not_lost(workspace, form, qtbot) -> None:
    workspace.select("W")
    type_into(qtbot, form.shape, "30×30")
    assert form.entries.text() == ""
    assert form.entries.placeholderText()
    form.entries.setFocus()
    form.name.setFocus()
    assert workspace.document.graph.nodes["W"].value.shape == (30, 30)


# attributes -------------------------------------------------------------------------------------


def test_a_drag_of_an_attribute_is_one_step_of_undo(workspace, form, qtbot) -> None:
    workspace.select("h")
    box = form.controls["slope"]
    assert isinstance(box, ScrubBox)
    for _ in range(2):
        qtbot.mousePress(box, LEFT, pos=QPoint(20, 10))
        for x in (30, 40, 50, 60):
            qtbot.mouseMove(box, QPoint(x, 10))
        qtbot.mouseRelease(box, LEFT, pos=QPoint(60, 10))
    assert titles(workspace) == ["Set slope of h"] * 2
    assert workspace.document.graph.nodes["h"].attrs["slope"] == box.value() > 0.5
    workspace.document.stack.undo()
    workspace.document.stack.undo()
    assert box.value() == 0.1
    assert form.controls["slope"] is box


def test_axes_are_typed(workspace, form, qtbot) -> None:
    workspace.select("sum")
    type_into(qtbot, form.controls["axes"], "0")
    assert workspace.document.graph.nodes["sum"].attrs == {"axes": 0}
    type_into(qtbot, form.controls["axes"], "0, 1")
    assert list(workspace.document.graph.nodes["sum"].attrs["axes"]) == [0, 1]
    assert form.controls["axes"].text() == "0, 1"
    type_into(qtbot, form.controls["axes"], "none")
    assert workspace.document.graph.nodes["sum"].attrs == {}


@pytest.mark.parametrize("text", ["7", "first"])
def test_axes_that_cannot_be_are_refused(workspace, form, said, text, qtbot) -> None:
    workspace.select("sum")
    type_into(qtbot, form.controls["axes"], text)
    assert len(said) == 1
    assert LIGHT.problem in form.controls["axes"].styleSheet()
    assert titles(workspace) == []


def test_yes_or_no_is_a_switch(workspace, form, qtbot) -> None:
    workspace.select("sum")
    switch = form.controls["keepdims"]
    assert switch.accessibleName() == "Keepdims: No"
    choose(qtbot, switch, "yes")
    assert workspace.document.graph.nodes["sum"].attrs == {"keepdims": True}
    workspace.document.stack.undo()
    assert switch.current == "no"


def test_what_is_typed_into_an_attribute_is_never_anothers(workspace, form, qtbot) -> None:
    workspace.select("sum")
    form.controls["axes"].setFocus()
    qtbot.keyClicks(form.controls["axes"], "0")
    workspace.select("softmax")
    assert titles(workspace) == []
    assert list(form.controls) == ["axis"]


def test_a_choice_of_words_is_a_switch(workspace, form, qtbot) -> None:
    graph = Graph()
    graph.apply("gelu", graph.leaf("input", "x", 1.0), name="y")
    workspace.document.edit("Build", graph)
    workspace.select("y")
    choose(qtbot, form.controls["approximate"], "tanh")
    assert workspace.document.graph.nodes["y"].attrs == {"approximate": "tanh"}


def test_an_opened_node_keeps_its_name_and_attributes(workspace, form, qtbot) -> None:
    workspace.document.set_opened("h", "tensors")
    workspace.select("h")
    assert form.name.text() == "h"
    assert list(form.controls) == ["slope"]
    inside = next(i for i in workspace.document.shown.nodes if i.startswith("h/"))
    workspace.select(inside)
    assert not form.isVisible()
    assert "fold that" in workspace.inspector.message.text()


# groups, notes and several ----------------------------------------------------------------------


def title_of_the_group(workspace) -> QPoint:
    """Where the title of the only group stands in the canvas's viewport."""
    view = workspace.view
    left, top, _, _ = view.model.frame_box(next(f for f in view.model.frames if f.group))
    return view.to_viewport((left + 12, top - 8)).toPoint()


def select_group(workspace) -> None:
    """Select the only group by its frame."""
    (group,) = workspace.document.graph.groups
    frame = next(f for f in workspace.document.derived.opened.frames if f.group)
    workspace.view.ask_selection(frozenset(frame.members), group)


def test_a_click_on_its_title_selects_a_group(workspace, form, qtbot) -> None:
    qtbot.wait(50)  # the view fits the graph
    qtbot.mouseClick(workspace.view.viewport(), LEFT, pos=title_of_the_group(workspace))
    assert workspace.selection.group == "group"
    assert workspace.selection.things == {"W", "matmul"}
    assert form.name.text() == "layer"
    workspace.select("b")
    assert workspace.selection.group == ""
    assert form.name.text() == "b"


def test_a_menu_on_its_title_selects_a_group(workspace, qtbot) -> None:
    qtbot.wait(50)
    viewport, at = workspace.view.viewport(), title_of_the_group(workspace)
    mouse = QContextMenuEvent.Reason.Mouse
    with qtbot.waitSignal(workspace.editor.menu_asked) as asked:
        QApplication.sendEvent(viewport, QContextMenuEvent(mouse, at, viewport.mapToGlobal(at)))
    assert asked.args[0] == "group"
    assert workspace.selection.group == "group"


def test_a_group_has_a_title_and_a_colour(workspace, form, qtbot) -> None:
    select_group(workspace)
    heading = workspace.inspector.heading.text()
    assert "layer" in heading
    assert LIGHT.layer in heading
    assert not workspace.inspector.values["Value"].isVisible()
    type_into(qtbot, form.name, "dense")
    choose(qtbot, form.swatches, "loss")
    (group,) = workspace.document.graph.groups.values()
    assert (group.title, group.color) == ("dense", "loss")
    assert titles(workspace) == ["Rename layer", "Colour"]
    assert form.swatches.accessibleName() == "Colour: magenta"


def test_a_group_needs_a_title(workspace, form, said, qtbot) -> None:
    select_group(workspace)
    form.name.setFocus()
    form.name.clear()
    qtbot.keyClick(form.name, Qt.Key.Key_Return)
    assert said == ["A group needs a title: type one."]
    assert titles(workspace) == []


def test_a_folded_group_shows_its_numbers_and_keeps_the_focus(workspace, form, qtbot) -> None:
    select_group(workspace)
    workspace.editor.fold()
    assert workspace.inspector.values["Value"].isVisible()
    type_into(qtbot, form.name, "dense")
    assert "dense" in workspace.inspector.heading.text()
    assert form.name.hasFocus()
    assert not form.kind.isVisible()
    assert form.controls == {}


def test_commands_act_on_the_group_that_was_clicked(workspace) -> None:
    graph, inner = edits.add_group(workspace.document.graph, ["W"], "inner")
    workspace.document.edit("Group", graph)
    workspace.view.ask_selection(frozenset({"W", "matmul"}), "group")
    workspace.editor.marking.set_color("loss")
    workspace.editor.ungroup()
    assert list(workspace.document.graph.groups) == [inner]
    assert workspace.document.graph.groups[inner].color == ""
    assert workspace.selection.group == ""


def test_a_note_has_a_colour_and_no_numbers(workspace, form, qtbot) -> None:
    (note,) = workspace.document.graph.notes
    workspace.selection.set({note})
    assert form.swatches.current == "input"
    assert not form.name.isVisible()
    assert not workspace.inspector.values["Value"].isVisible()
    choose(qtbot, form.swatches, "")
    assert workspace.document.graph.notes[note].color == ""


def test_several_things_offer_what_fits_all(workspace, form, qtbot) -> None:
    (note,) = workspace.document.graph.notes
    workspace.selection.set({"W", "x", "h", note}, "W")
    inspector = workspace.inspector
    assert "4 SELECTED" in inspector.heading.text()
    assert inspector.message.text() == "2 variables, 1 operation, 1 note."
    assert not inspector.values["Value"].isVisible()
    assert not inspector.grid.isVisible()
    assert not form.name.isVisible()
    assert form.kind.accessibleName() == "Kind: mixed"
    choose(qtbot, form.kind, "input")
    nodes = workspace.document.graph.nodes
    assert [nodes[i].op for i in ("W", "x", "b")] == ["input", "input", "parameter"]
    choose(qtbot, form.swatches, "loss")
    assert workspace.document.graph.notes[note].color == "loss"
    assert workspace.document.graph.groups["group"].color == "layer"
    assert titles(workspace) == ["Make 2 things inputs", "Colour"]


def test_several_operations_offer_nothing(workspace, form) -> None:
    workspace.selection.set({"h", "sum"})
    assert not form.isVisible()
    assert workspace.inspector.message.text() == "2 operations."


# keyboard and screen readers --------------------------------------------------------------------


def fields_by_tab(qtbot: QtBot, first: QWidget, inside: QWidget) -> list[QWidget]:
    """What Tab comes to, from ``first`` until it leaves ``inside``."""
    first.setFocus()
    found: list[QWidget] = []
    while (here := QApplication.focusWidget()) is not None and inside.isAncestorOf(here):
        found.append(here)
        qtbot.keyClick(here, Qt.Key.Key_Tab)
        if QApplication.focusWidget() in found:
            break
    return found


@pytest.mark.parametrize("what", ["b", "W", "sum", "h"])
@pytest.mark.parametrize("before", ["", "sum"])
def test_tab_reaches_every_field_in_the_order_they_stand(
    workspace, form, what, before, qtbot
) -> None:
    if before:
        workspace.select(before)
    workspace.select(what)
    inspector = workspace.inspector
    parts = (inspector.box, inspector.slider, inspector.grid, form.kind, form.name, form.entries)
    wanted = [p for p in (*parts, form.shape, *form.controls.values()) if p.isVisible()]
    assert fields_by_tab(qtbot, wanted[0], inspector) == wanted
    assert all(part.accessibleName() for part in wanted)


@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)])
@pytest.mark.parametrize("what", ["W", "sum", "b"])
def test_nothing_is_wider_than_the_column(workspace, what, size, qtbot) -> None:
    workspace.resize(*size)
    workspace.select("b")
    workspace.editor.editing.rename("b", "n" * 60)
    workspace.select(what if what != "b" else "n" * 60)
    for theme in (LIGHT, DARK):
        workspace.set_theme(theme)
        QApplication.processEvents()
        inspector = workspace.inspector
        width = inspector.parentWidget().parentWidget().width()
        assert inspector.width() <= width
        for part in inspector.findChildren(QWidget):
            if part.isVisible() and part.parentWidget() in (inspector, inspector.form):
                assert part.geometry().right() <= inspector.width()


# what is typed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [[1.0, -2.5], [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0]], [[[1.0]]]])
def test_an_array_is_read_as_it_is_written(value) -> None:
    assert np.array_equal(read_value(value_text(np.array(value))), np.array(value))


@pytest.mark.parametrize(
    ("text", "shape"),
    [("2×3", (2, 3)), ("(2, 3)", (2, 3)), ("2 3", (2, 3)), ("()", ()), ("4", (4,))],
)
def test_shapes_are_read(text, shape) -> None:
    assert read_shape(text) == shape


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0), ("none", None), ("−1", -1), ("[1]", [1]), ("0, 2", [0, 2]), ("x", "x")],
)
def test_attributes_are_read(text, value) -> None:
    assert read_attribute(text, 0) == value
