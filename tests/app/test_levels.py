"""A network on the canvas: its levels, its cards and heat maps, its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from engine import edits
from engine.graph.formula import parse
from engine.graph.levels import LEVELS
from engine.layers.presets import PRESETS
from engine.run.walk import Phase
from graphviz_app.canvas.elements import Element, element_at, lit_boxes, value_box
from graphviz_app.canvas.faces import Card, Neuron, Tile
from graphviz_app.canvas.room import overlap
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import theme
from graphviz_app.walk_view import numbers_at


@pytest.fixture
def workspace(qtbot) -> ExploreWorkspace:
    """A workspace with the network 2-4-2-1 on the four points of XOR."""
    explore = ExploreWorkspace(Document(), theme(dark=False))
    qtbot.addWidget(explore)
    explore.resize(1300, 800)
    explore.show()
    explore.set_reduced_motion(True)
    explore.document.load_graph(PRESETS["2-4-2-1"].build())
    yield explore
    explore.shutdown()


def faces(workspace: ExploreWorkspace, kind: type) -> list:
    return [face for face in workspace.view.model.faces if isinstance(face, kind)]


def test_layers_are_cards_with_their_arithmetic(workspace):
    cards = faces(workspace, Card)
    assert [card.title for card in cards] == ["x", "Dense", "Dense", "Dense", "BCE"]
    assert [card.shape for card in cards[:3]] == ["4 × 2", "4 × 4", "4 × 2"]
    assert [card.detail for card in cards[1:4]] == ["2·4 + 4", "4·2 + 2", "2·1 + 1"]
    assert "W1" not in workspace.view.model.ids


@pytest.mark.parametrize("level", LEVELS)
def test_the_switch_shows_a_level_as_one_step_of_undo(workspace, level):
    before = workspace.document.stack.count()
    workspace.level_bar.level_chosen.emit(level)
    assert edits.level_shown(workspace.document.graph) == level
    assert workspace.level_bar.switch.current == (level.capitalize() or "Layers")
    assert workspace.document.stack.count() == before + bool(level)
    assert workspace.document.walk is not None
    workspace.document.stack.undo()
    assert edits.level_shown(workspace.document.graph) == ""


def test_the_switch_is_pressed_with_the_mouse(workspace, qtbot):
    switch = workspace.level_bar.switch
    choice, box = switch.segments()[2]
    assert choice == "Neurons"
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert len(faces(workspace, Neuron)) == 7


def test_a_circuit_of_numbers_has_no_levels(workspace):
    workspace.document.load_graph(parse("f = sigmoid(w*x)"))
    assert not workspace.level_bar.isVisible()
    assert workspace.view.covered == 0


def test_tensors_are_heat_maps_of_what_the_walk_has_reached(workspace):
    workspace.editor.show_level("tensors")
    model, walk = workspace.view.model, workspace.document.walk
    tile = model.index["dense/matmul"]
    assert isinstance(model.faces[tile], Tile)
    value, gradient = model.tensors[tile]
    np.testing.assert_array_equal(value, walk.value("dense/matmul"))
    np.testing.assert_array_equal(gradient, walk.gradient("dense/matmul"))
    workspace.player.first()
    assert model.tensors[tile] == (None, None)


def test_neurons_show_weights_as_wires_and_biases_in_words(workspace):
    workspace.editor.show_level("neurons")
    model = workspace.view.model
    weights = workspace.document.graph.nodes["W1"].value
    drawn = {model.wires[k][:2]: w for k, w in model.weights.items()}
    opened = workspace.document.derived.opened
    ends, sources = (opened.cells[i].ids.tolist() for i in ("dense", "x"))
    for i, source in enumerate(sources):
        for j, end in enumerate(ends):
            assert drawn[source, end] == weights[i, j]
    assert {face.bias for face in faces(workspace, Neuron)} == {"b = 0"}


def test_another_example_shows_its_numbers(workspace):
    workspace.editor.show_level("neurons")
    bar, model = workspace.level_bar.stepper, workspace.view.model
    assert "example 1 of 4" in bar.label.text()
    x0 = model.index["x/[0]"]
    shown = [model.values[x0]]
    for _ in range(3):
        bar.after.click()
        shown.append(workspace.view.model.values[x0])
    assert shown == ["0.00", "0.00", "1.00", "1.00"]
    assert not bar.after.isEnabled()


def test_the_place_in_the_walk_is_the_same_layer_at_every_level(workspace):
    walk = workspace.document.walk
    workspace.player.go(walk.index_of(Phase.BACKWARD, "dense_2"))
    for level in ("tensors", "neurons", "primitives", "neurons", "tensors", ""):
        workspace.editor.show_level(level)
        phase, node = workspace.document.walk.where(workspace.player.index)
        assert phase is Phase.BACKWARD
        assert workspace.document.derived.opened.owner(node) == "dense_2"


def test_steps_of_a_layer_and_of_a_pass(workspace):
    workspace.editor.show_level("tensors")
    walking, player, walk = workspace.walking, workspace.player, workspace.document.walk
    player.first()
    layers = []
    while not player.done:
        walking.step_layer(1)
        if not player.done:
            layers.append(walking._layer_at(walk, player.index))
    assert len(layers) == len(set(layers))
    player.first()
    walking.step_pass()
    assert player.index == walk.forward_count - 1
    walking.step_pass()
    assert player.done


def test_one_layer_is_opened_where_the_wheel_turns_with_alt(workspace):
    workspace.view.level_stepped.emit(1, "dense_2")
    opened = workspace.document.derived.opened
    assert [f.node for f in opened.frames] == ["dense_2"]
    assert workspace.level_bar.switch.current == ""
    workspace.view.level_stepped.emit(1, "dense_2/matmul")
    assert workspace.document.graph.nodes["dense_2"].opened == "neurons"
    workspace.view.level_stepped.emit(-1, "")
    assert edits.level_shown(workspace.document.graph) == ""


def test_a_level_that_nobody_could_read_is_refused_with_a_sentence(workspace, qtbot):
    workspace.document.load_graph(PRESETS["sentiment"].build())
    with qtbot.waitSignal(workspace.status) as said:
        workspace.editor.show_level("neurons")
    assert "cannot be seen as neurons" in said.args[0]
    assert workspace.level_bar.switch.current == "Layers"


def test_the_number_of_a_weight_can_be_changed_at_the_level_of_primitives(workspace):
    workspace.editor.show_level("primitives")
    cell = workspace.document.derived.opened.cells["W1"].ids[1, 2]
    workspace.document.set_value(cell, 0.5)
    assert workspace.document.graph.nodes["W1"].value[1, 2] == 0.5
    assert workspace.document.walk.value(cell) == 0.5
    workspace.document.stack.undo()
    assert workspace.document.graph.nodes["W1"].value[1, 2] != 0.5


def test_deleting_a_layer_takes_its_weights_and_heals_the_chain(workspace):
    workspace.selection.set({"dense_2"}, "dense_2")
    workspace.editor.editing.delete()
    graph = workspace.document.graph
    assert not {"W2", "b2"} & set(graph.nodes)
    assert graph.nodes["dense_3"].inputs[0] == "dense"


def test_shapes_that_do_not_meet_are_said_on_the_wire(workspace):
    graph = workspace.document.graph
    wrong = graph.with_values({"W2": np.ones((3, 2))})
    workspace.document.edit("Spoil", wrong)
    model = workspace.view.model
    said = {model.wires[k]: short for k, short in model.problem_wires.items()}
    assert said == {("dense", "dense_2", 0): "4×4 ≠ 3×2"}
    card = model.faces[model.index["dense_2"]]
    assert card.shape == "?"
    workspace.document.stack.undo()
    assert not workspace.view.model.problem_wires


# elements ---------------------------------------------------------------------------------------


def test_the_element_under_the_pointer_lights_those_it_came_from(workspace):
    workspace.editor.show_level("tensors")
    view = workspace.view
    model = view.model
    node = model.index["dense/matmul"]
    left, top, width, height = value_box(model.faces[node])
    x, y = model.geometry.xy[node] + (left + width * 2.5 / 4, top + height * 1.5 / 4)
    assert element_at(model, x, y, 1.0) == Element("dense/matmul", (1, 2))
    view.hover_element(view.to_viewport((x, y)))
    lit = {model.ids[k]: np.argwhere(mask).tolist() for k, mask in model.lit_elements.items()}
    assert lit["W1"] == [[0, 2], [1, 2]]
    assert lit["x"] == [[1, 0], [1, 1]]
    assert lit["dense/add"] == [[1, 2]]
    assert "0" in view.tooltip("dense/matmul", Element("dense/matmul", (1, 2)))
    # the table of the selected tensor rings the same elements
    workspace.select("W1")
    view.hover_element(QPointF(-10, -10))
    view.hover_element(view.to_viewport((x, y)))
    assert workspace.tensor_panel.table.ringed == {(0, 2), (1, 2)}
    view.hover_element(QPointF(-10, -10))
    assert not view.model.lit_elements
    assert not workspace.tensor_panel.table.ringed


def test_lit_elements_are_few_boxes():
    tile = Tile((3, 4), 3, 4, True)
    mask = np.zeros((3, 4), bool)
    mask[1] = True
    np.testing.assert_allclose(lit_boxes(mask, tile), [[0, 1 / 3, 1, 1 / 3]])
    mask[2, 0] = True
    assert len(lit_boxes(mask, tile)) == 2


# all numbers of a tensor --------------------------------------------------------------------------


def test_the_tensor_panel_shows_value_gradient_and_slices(workspace):
    workspace.document.load_graph(PRESETS["attention"].build())
    workspace.editor.show_level("tensors")
    workspace.select("x")
    panel, walk = workspace.tensor_panel, workspace.document.walk
    np.testing.assert_array_equal(panel.table.numbers.matrix, walk.value("x")[0])
    panel.steppers[0].after.click()
    np.testing.assert_array_equal(panel.table.numbers.matrix, walk.value("x")[1])
    panel.switch.set_current("gradient")
    panel.switch.changed.emit("gradient")
    np.testing.assert_array_equal(panel.table.numbers.matrix, walk.gradient("x")[1])
    workspace.player.first()
    assert panel.array is None


def test_what_is_copied_is_exact(workspace):
    workspace.select("x")
    panel, value = workspace.tensor_panel, workspace.document.walk.value("x")
    panel.numpy_button.click()
    copied = eval(QApplication.clipboard().text(), {"np": np})
    np.testing.assert_array_equal(copied, value)
    panel.csv_button.click()
    rows = [line.split(",") for line in QApplication.clipboard().text().split()]
    np.testing.assert_array_equal(np.array(rows, float), value)
    said = dict(panel.figures.lines())
    assert said["min, max"] == "0, 1"


def test_numbers_without_axes_have_no_table(workspace):
    workspace.document.load_graph(parse("f = w*x"))
    workspace.select("w")
    assert not workspace.tensor_panel.table.isVisible()


def test_texts_of_one_example_come_from_that_example(workspace):
    workspace.editor.show_level("primitives")
    walk, opened = workspace.document.walk, workspace.document.derived.opened
    cell = opened.cells["dense"].ids[0]
    for example in range(4):
        values, _ = numbers_at(walk, [cell], len(walk), opened.apart, example)
        assert float(values[0].replace("−", "-")) == pytest.approx(
            walk.value(cell)[example], abs=0.006
        )


@pytest.mark.parametrize("level", ["tensors", "neurons", "primitives"])
def test_a_layer_among_nodes_placed_by_hand_opens_beside_them_and_folds(workspace, level):
    document, marking = workspace.document, workspace.editor.marking
    spread = {i: (300.0 * k, 40.0 * k) for k, i in enumerate(document.graph.nodes)}
    document.edit("Place", edits.place(document.graph, spread))
    folded = document.graph
    marking.set_opened("dense_2", level)
    assert document.graph.nodes["dense_2"].opened == level
    workspace.view.stop_motion()
    boxes = [workspace.view.model.area(i) for i in workspace.view.model.ids]
    assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
    document.stack.undo()
    assert document.graph == folded


@pytest.mark.parametrize(
    "order", [("dense", "dense_2", "dense_3"), ("dense_3", "dense_2", "dense")]
)
def test_layers_opened_one_after_another_never_overlap_and_go_back(workspace, order):
    document, marking = workspace.document, workspace.editor.marking
    spread = {i: (300.0 * k, 0.0) for k, i in enumerate(workspace.view.model.ids)}
    document.edit("Place", edits.place(document.graph, spread))
    for level in ("neurons", "primitives"):
        for layer in order:
            marking.set_opened(layer, level)
            workspace.view.stop_motion()
            boxes = [workspace.view.model.area(i) for i in workspace.view.model.ids]
            assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
    for layer in reversed(order):
        marking.set_opened(layer, "")
    after = document.graph.positions
    assert {i: after[i] for i in spread} == spread
    assert set(after) <= set(document.graph.nodes)


def test_one_neuron_of_a_large_layer_is_opened_from_its_menu_and_the_next_by_the_bar(
    workspace, qtbot
):
    document, bar = workspace.document, workspace.level_bar
    document.load_graph(PRESETS["sentiment"].build())
    with qtbot.waitSignal(workspace.status) as said:
        workspace.editor.show_level("primitives")
    assert "one neuron" in said.args[0]
    workspace.selection.set({"dense_2"}, "dense_2")
    workspace.editor.show_layer_at("neuron 0")
    (frame,) = document.derived.opened.frames
    assert frame.title.startswith("Dense 2, its neuron 0: the 8 largest of 256 weights")
    assert bar.neurons.isVisibleTo(bar)
    qtbot.mouseClick(bar.neurons.after, Qt.MouseButton.LeftButton)
    assert document.graph.nodes["dense_2"].opened == "neuron 1"
    assert bar.neurons.label.text() == "neuron 1 of 0–255"
    workspace.editor.show_level("")
    assert not bar.neurons.isVisibleTo(bar)


def test_what_stays_whole_at_a_level_says_why(workspace, qtbot):
    document = workspace.document
    document.load_graph(PRESETS["attention"].build())
    with qtbot.waitSignal(workspace.status) as said:
        workspace.editor.show_level("primitives")
    refused = document.derived.opened.refused
    assert "stays whole" in said.args[0]
    node = next(iter(refused))
    workspace.selection.set({node}, node)
    assert refused[node] in workspace.inspector.message.text()
