"""The network as code at the left: shown, lit, clicked, typed, built; and its summary."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from pytestqt.qtbot import QtBot

from engine.graph.formula import parse
from engine.layers.presets import PRESETS
from graphviz_app.document import Document
from graphviz_app.explore.left_column import KERAS, PALETTE, TORCH
from graphviz_app.explore.palette_entries import layer_key
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SMALL = "model = Sequential()\nmodel.add(Dense(3, input_dim=2))\nmodel.add(Dense(1))"


@pytest.fixture
def workspace(qtbot: QtBot, qapp):
    """A workspace without a graph."""
    made = ExploreWorkspace(Document(), LIGHT)
    qtbot.addWidget(made, before_close_func=lambda w: w.shutdown())
    made.set_reduced_motion(True)
    made.resize(1200, 800)
    made.show()
    return made


@pytest.fixture
def network(workspace):
    """A workspace on the network 2-8-8-1."""
    workspace.document.load_graph(PRESETS["2-8-8-1"].build())
    return workspace


def press_caption(qtbot: QtBot, workspace, page: str) -> None:
    rects = dict(workspace.left_column.captions.segments())
    qtbot.mouseClick(workspace.left_column.captions, LEFT, pos=rects[page].center().toPoint())


def type_instead(workspace, text: str) -> None:
    """Replace the text as a person does, who selects all and pastes."""
    cursor = workspace.code_panel.editor.textCursor()
    cursor.select(QTextCursor.SelectionType.Document)
    cursor.insertText(text)


def press_line(qtbot: QtBot, workspace, line: int) -> None:
    editor = workspace.code_panel.editor
    qtbot.mouseClick(editor.viewport(), LEFT, pos=editor.lines_rect(line).center().toPoint())


def steps(workspace) -> int:
    return workspace.document.stack.count()


# what is in view --------------------------------------------------------------------------------


def test_a_formula_begins_with_the_palette_and_a_network_with_its_code(workspace) -> None:
    workspace.document.load_formula("f = a*b")
    assert workspace.palette_panel.isVisible()
    workspace.document.load_graph(PRESETS["chain"].build())
    assert workspace.code_panel.isVisible()
    assert workspace.left_column.page == KERAS


def test_what_a_person_chose_is_kept_for_such_graphs(qtbot: QtBot, network) -> None:
    press_caption(qtbot, network, PALETTE)
    network.document.load_graph(PRESETS["chain"].build())
    assert network.palette_panel.isVisible()
    network.document.load_formula("f = a*b")
    press_caption(qtbot, network, KERAS)
    network.document.load_formula("f = a + b")
    assert network.code_panel.isVisible()


def test_without_a_network_there_is_an_invitation(qtbot: QtBot, workspace) -> None:
    workspace.document.load_formula("f = a*b")
    press_caption(qtbot, workspace, TORCH)
    assert workspace.code_panel.trouble.text().startswith("Type or paste a PyTorch listing")
    assert not workspace.code_panel.summary.isVisible()
    assert not workspace.code_panel.copy_button.isVisible()


def test_both_dialects_are_shown_and_copied(qtbot: QtBot, network) -> None:
    panel = network.code_panel
    assert panel.editor.toPlainText().splitlines()[1] == (
        "model.add(Dense(8, activation='tanh', input_dim=2))"
    )
    press_caption(qtbot, network, TORCH)
    assert "nn.Linear(2, 8)," in panel.editor.toPlainText()
    qtbot.mouseClick(panel.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == panel.editor.toPlainText()


def test_the_summary_counts_and_totals(network) -> None:
    assert network.code_panel.summary.lines == [
        ("Dense", "8", "24"), ("Dense", "8", "72"), ("Dense", "1", "9"), ("total", "", "105"),
    ]  # fmt: skip


def test_what_is_not_trained_is_counted_apart(workspace) -> None:
    text = "m = Sequential([BatchNormalization(input_dim=6), Dropout(0.25)])"
    assert workspace.editor.pasting.paste_text(text)
    press = workspace.left_column._choose
    press(KERAS)
    assert workspace.code_panel.summary.lines == [
        ("BatchNorm", "6", "12"), ("Dropout 0.25", "6", "0"),
        ("trainable", "", "12"), ("non-trainable", "", "12"), ("total", "", "24"),
    ]  # fmt: skip


def test_what_is_no_chain_says_so_and_shows_where(workspace) -> None:
    workspace.document.load_graph(PRESETS["attention"].build())
    panel = workspace.code_panel
    assert "no layer that does what Attention does" in panel.trouble.text()
    assert panel.editor.toPlainText() == ""
    panel.trouble.linkActivated.emit("attention_pooling")
    assert workspace.selected == "attention_pooling"
    assert panel.summary.isVisible()


# lights -----------------------------------------------------------------------------------------


def test_a_click_on_a_line_or_row_selects_its_layer(qtbot: QtBot, network) -> None:
    panel = network.code_panel
    press_line(qtbot, network, 3)
    assert network.selected == "dense_2"
    assert panel.editor._lit == {3}
    row = panel.summary.row_rect(0).center().toPoint()
    qtbot.mouseClick(panel.summary, LEFT, pos=row)
    assert network.selected == "dense"
    assert panel.editor._lit == {2}


def test_the_keyboard_goes_through_the_summary(qtbot: QtBot, network) -> None:
    for _ in range(2):
        qtbot.keyClick(network.code_panel.summary, Qt.Key.Key_Down)
    assert network.selected == "dense_2"


def test_the_active_layer_is_lit_while_nothing_is_selected(network) -> None:
    walk = network.document.walk
    network.player.seek(next(k for k in range(len(walk)) if walk.where(k)[1] == "dense_3"))
    assert network.code_panel.editor._lit == {4}
    network.select("dense")
    assert network.code_panel.editor._lit == {2}


def test_the_pointer_lights_layer_and_line_both_ways(qtbot: QtBot, network) -> None:
    editor = network.code_panel.editor
    qtbot.mouseMove(editor.viewport(), QPoint(60, round(editor.lines_rect(3).center().y())))
    editor.line_hovered.emit(3)
    model = network.view.model
    assert {model.ids[k] for k in model.highlighted} == {"dense_2"}
    network.view.node_hovered.emit("dense_3")
    assert editor._hovered == {4}


# building ---------------------------------------------------------------------------------------


def test_what_is_lit_follows_its_layer_through_a_change_of_the_network(network) -> None:
    editor = network.code_panel.editor
    network.selection.set(["dense_2"], "dense_2")
    network.view.node_hovered.emit("dense_3")
    assert (editor._lit, editor._hovered) == ({3}, {4})
    network.document.edit("No network", parse("f = a b"))  # as undo does, under the pointer
    network.grab()
    assert not editor._hovered
    network.document.stack.undo()
    network.view.node_hovered.emit("dense_3")
    assert editor._hovered == {4}


def test_typing_offers_to_build_and_ctrl_enter_builds_one_step(qtbot: QtBot, network) -> None:
    panel = network.code_panel
    assert not panel.build_button.isVisible()
    type_instead(network, SMALL)
    assert panel.build_button.isVisible()
    qtbot.keyClick(panel.editor, Qt.Key.Key_Return, CTRL)
    assert steps(network) == 1
    assert network.document.stack.undoText() == "Build network"
    assert [n.op for n in network.document.graph.nodes.values()].count("dense") == 2
    assert not panel.build_button.isVisible()
    network.document.stack.undo()
    assert panel.editor.toPlainText().count("Dense") == 3


def test_the_batch_stays_unless_the_listing_says_another(qtbot: QtBot, workspace) -> None:
    workspace.document.load_graph(PRESETS["logistic"].build())
    workspace.coding.build(SMALL)
    assert workspace.document.graph.nodes["x"].value.shape == (4, 2)
    workspace.coding.build(SMALL + "\nmodel.fit(x, y, epochs=3, batch_size=7)")
    assert workspace.document.graph.nodes["x"].value.shape == (7, 2)


def test_an_error_is_said_and_marked_and_nothing_is_lost(qtbot: QtBot, network) -> None:
    panel, before = network.code_panel, network.document.graph
    type_instead(network, SMALL.replace("Dense(1)", "Dence(1)"))
    qtbot.mouseClick(panel.build_button, LEFT)
    assert panel.error.text() == "Line 3: there is no layer “Dence”; did you mean Dense?"
    assert panel.error.isVisible()
    assert panel.editor.wrong == 3
    assert network.document.graph is before
    assert "Dence" in panel.editor.toPlainText()
    qtbot.keyClick(panel.editor, Qt.Key.Key_End)
    qtbot.keyClicks(panel.editor, " ")
    assert not panel.error.isVisible()
    assert panel.editor.wrong == 0


def test_escape_takes_back_what_was_typed(qtbot: QtBot, network) -> None:
    panel = network.code_panel
    written = panel.editor.toPlainText()
    type_instead(network, "nonsense")
    qtbot.keyClick(panel.editor, Qt.Key.Key_Escape)
    assert panel.editor.toPlainText() == written


def test_what_is_typed_stays_while_the_graph_changes(network) -> None:
    type_instead(network, SMALL)
    network.document.set_value("x", 2.0)
    network.editor.editing.add(layer_key("Dropout"))
    assert network.code_panel.editor.toPlainText() == SMALL
    network.document.load_graph(PRESETS["chain"].build())
    assert "sigmoid" in network.code_panel.editor.toPlainText()


def test_what_is_typed_waits_while_the_other_dialect_is_shown(qtbot: QtBot, network) -> None:
    type_instead(network, SMALL)
    press_caption(qtbot, network, TORCH)
    assert "nn.Linear" in network.code_panel.editor.toPlainText()
    press_caption(qtbot, network, PALETTE)
    press_caption(qtbot, network, KERAS)
    assert network.code_panel.editor.toPlainText() == SMALL
    network.coding.build(SMALL)
    press_caption(qtbot, network, TORCH)
    press_caption(qtbot, network, KERAS)
    assert not network.code_panel.typed


def test_a_line_selects_all_neurons_of_its_layer(qtbot: QtBot, network) -> None:
    network.editor.show_level("neurons")
    press_line(qtbot, network, 3)
    owner = network.document.derived.opened.owner
    assert {owner(i) for i in network.selection.things} == {"dense_2"}
    assert network.code_panel.editor._lit == {3}


def test_lines_of_a_typed_listing_select_nothing(qtbot: QtBot, network) -> None:
    type_instead(network, SMALL)
    press_line(qtbot, network, 2)
    assert network.selected == ""


# pasting and layers of the palette --------------------------------------------------------------


def test_a_listing_pasted_on_an_empty_canvas_is_the_graph(workspace) -> None:
    assert workspace.editor.pasting.paste_text(SMALL)
    assert workspace.document.stack.undoText() == "Build network"
    assert workspace.document.graph.output == "dense_2"


def test_a_listing_pasted_beside_others_is_new_nodes(network) -> None:
    before = set(network.document.graph.nodes)
    assert network.editor.pasting.paste_text(SMALL, (0.0, 400.0))
    assert before < set(network.document.graph.nodes)
    assert (steps(network), network.document.stack.undoText()) == (1, "Add network")


def test_a_listing_that_cannot_be_read_is_refused_in_a_sentence(qtbot: QtBot, network) -> None:
    with qtbot.waitSignal(network.status) as said:
        assert not network.editor.pasting.paste_text("model = Sequential()\nmodel.add(Dens(1))")
    assert said.args == ["Line 2: there is no layer “Dens”; did you mean Dense?"]


def test_layers_of_the_palette_are_chained_with_their_weights(workspace) -> None:
    for name in ("Dense", "Dropout", "Dense", "MSE"):
        workspace.palette_panel.chosen.emit(layer_key(name))
    graph = workspace.document.graph
    assert steps(workspace) == 4
    assert graph.nodes["mse"].inputs == ("dense_2", "y")
    assert graph.nodes["dense_2"].inputs == ("dropout", "W3", "b3")
    assert workspace.document.walk is not None
    assert not workspace.document.problems


def test_a_dropped_layer_goes_into_the_wire_below_it(network) -> None:
    wire = next(w for w in network.document.graph.wires() if w.target == "dense_2" and not w.port)
    network.editor.drop("node", layer_key("Dropout"), (0.0, 0.0), wire)
    assert network.document.graph.nodes["dense_2"].inputs[0] == "dropout"
    assert steps(network) == 1


def test_a_layer_that_does_not_fit_is_refused(qtbot: QtBot, network) -> None:
    with qtbot.waitSignal(network.status) as said:
        network.editor.editing.add(layer_key("Conv2D"))
    assert "Conv2D needs batch×height×width×channels" in said.args[0]
    assert steps(network) == 0


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_nothing_of_the_code_is_cut_off(theme, network) -> None:
    network.set_theme(theme)
    editor = network.code_panel.editor
    last = editor.lines_rect(editor.document().blockCount())
    assert last.bottom() <= editor.viewport().height()
    assert editor.lines_rect(1).contains(QPointF(60, editor.lines_rect(1).center().y()))
    assert not network.left_column.grab().isNull()
