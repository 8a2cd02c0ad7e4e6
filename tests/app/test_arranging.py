"""Places on the canvas as things are opened, folded, inserted and tidied, in a real workspace."""

import random
import time

import pytest
from PySide6.QtCore import Qt

from engine import edits, parse
from engine.graph.graph import Graph, Wire
from graphviz_app import child
from graphviz_app.canvas.layout import AT_ONCE_NODES
from graphviz_app.canvas.room import overlap
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import LIGHT

PLACES = {
    "w": (3.3, 0.0),
    "x": (0.0, 80.0),
    "mul": (140.1, 40.7),
    "s": (280.0, 41.0),
    "b": (280.0, 130.0),
    "f": (420.3, 70.9),
    "g": (560.0, 70.0),
}


@pytest.fixture
def workspace(qtbot, qapp):
    """An empty workspace, in which nothing glides."""
    made = ExploreWorkspace(Document(), LIGHT)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.set_reduced_motion(True)
    made.show()
    yield made
    made.shutdown()


@pytest.fixture
def by_hand(workspace):
    """g = (σ(w·x) + b)², every node placed by hand, on odd places."""
    graph = parse("s = sigmoid(w*x)\nf = s + b\ng = f^2").with_values({"w": 1, "x": 2, "b": 3})
    graph.positions = dict(PLACES)
    assert graph.positions.keys() >= {i for i in graph.nodes if not i.startswith("c")}
    workspace.document.edit("Build", graph)
    return workspace


def places(workspace):
    return workspace.view.places_of(workspace.view.model.ids)


def overlapping(workspace):
    model = workspace.view.model
    boxes = [model.area(i) for i in model.ids]
    return [(a, b) for k, a in enumerate(boxes) for b in boxes[:k] if overlap(a, b)]


def test_opening_keeps_what_is_left_and_makes_just_enough_room_to_the_right(by_hand):
    by_hand.editor.toggle_opened("s")
    after = places(by_hand)
    assert {i: after[i] for i in ("w", "x", "mul")} == {i: PLACES[i] for i in ("w", "x", "mul")}
    shift = after["f"][0] - PLACES["f"][0]
    assert shift > 0
    assert after["g"] == pytest.approx((PLACES["g"][0] + shift, PLACES["g"][1]))
    assert overlapping(by_hand) == []
    frame = by_hand.view.model.frame_box(by_hand.view.model.frames[0])
    assert 0 <= after["f"][0] - frame[2] < 90
    assert frame[1] < PLACES["s"][1] < frame[3]


def test_folding_again_brings_back_exactly_the_old_places(by_hand):
    before = by_hand.document.graph
    by_hand.editor.toggle_opened("s")
    by_hand.editor.toggle_opened("s")
    assert by_hand.document.graph.positions == before.positions


def test_opening_is_one_step_of_undo_that_gives_back_the_very_graph(by_hand):
    before, count = by_hand.document.graph, by_hand.document.stack.count()
    by_hand.editor.toggle_opened("s")
    assert by_hand.document.stack.count() == count + 1
    by_hand.document.stack.undo()
    assert by_hand.document.graph is before
    assert places(by_hand) == PLACES


def test_what_is_moved_while_it_is_open_keeps_its_way_when_it_is_folded(by_hand):
    by_hand.editor.toggle_opened("s")
    x, y = places(by_hand)["g"]
    by_hand.editor.editing.move({"g": (x + 16.0, y - 40.0)})
    by_hand.editor.toggle_opened("s")
    assert places(by_hand)["g"] == pytest.approx((PLACES["g"][0] + 16.0, PLACES["g"][1] - 40.0))
    assert places(by_hand)["f"] == PLACES["f"]


def test_a_graph_that_nobody_arranged_is_laid_out_anew_when_something_opens(workspace):
    workspace.document.load_formula("f = sigmoid(w*x) + b")
    workspace.editor.toggle_opened("sigmoid")
    assert workspace.document.graph.positions == {}
    assert overlapping(workspace) == []


def test_a_composite_that_was_saved_open_folds_into_its_middle(by_hand):
    by_hand.editor.toggle_opened("s")
    by_hand.document.graph.room = {}  # files do not keep it
    inside = [at for i, at in places(by_hand).items() if i.startswith("s")]
    by_hand.editor.toggle_opened("s")
    assert places(by_hand)["s"][0] == pytest.approx((inside[0][0] + inside[-1][0]) / 2)
    assert [i for i in by_hand.document.graph.positions if "/" in i] == []


def test_a_group_that_opens_again_finds_its_nodes_where_they_were(by_hand):
    marking = by_hand.editor.marking
    by_hand.selection.set({"mul", "s"})
    group = marking.group("neuron", folded=True)
    marking.set_group(group, folded=False)
    assert places(by_hand) == PLACES


def test_a_group_that_came_folded_is_laid_out_around_its_node_and_back(by_hand):
    graph, group = edits.add_group(by_hand.document.graph, ["mul", "s"], "neuron")
    graph = edits.set_group(graph, group, folded=True)
    del graph.positions["mul"]
    by_hand.document.edit("Fold", graph)
    before = by_hand.document.graph.positions
    by_hand.editor.marking.set_group(group, folded=False)
    assert overlapping(by_hand) == []
    assert places(by_hand)["w"] == PLACES["w"]
    by_hand.editor.marking.set_group(group, folded=True)
    assert by_hand.document.graph.positions == before


def test_things_put_where_a_group_will_open_make_way(by_hand):
    editing, marking = by_hand.editor.editing, by_hand.editor.marking
    by_hand.selection.set({"mul", "s"})
    group = marking.group("neuron", folded=True)
    editing.move({"b": (150.0, 100.0), "f": (360.0, 40.0)})
    assert overlapping(by_hand) == []
    marking.set_group(group, folded=False)
    assert overlapping(by_hand) == []


def test_a_node_put_into_a_short_wire_pushes_what_follows_just_so_far(by_hand):
    count = by_hand.document.stack.count()
    by_hand.editor.drop("node", "exp", (350.0, 56.0), Wire("s", "f", 0))
    after = places(by_hand)
    new = next(i for i in after if i not in PLACES)
    model = by_hand.view.model
    assert {i: after[i] for i in ("w", "x", "mul", "s", "b")} == {
        i: PLACES[i] for i in ("w", "x", "mul", "s", "b")
    }
    assert model.area(new)[2] == pytest.approx(model.area("f")[0])
    assert after["g"][0] - PLACES["g"][0] == pytest.approx(after["f"][0] - PLACES["f"][0])
    assert by_hand.document.stack.count() == count + 1


def test_a_node_put_into_a_long_wire_moves_nothing(by_hand):
    by_hand.editor.editing.move({"f": (600.0, 70.0), "g": (740.0, 70.0)})
    before = places(by_hand)
    by_hand.editor.drop("node", "exp", (440.0, 56.0), Wire("s", "f", 0))
    after = places(by_hand)
    assert {i: after[i] for i in before} == before


def test_adding_a_node_moves_no_other(by_hand):
    by_hand.editor.editing.add("exp")
    after = places(by_hand)
    assert {i: after[i] for i in PLACES} == PLACES


def test_tidying_all_is_one_step_with_a_place_for_every_node(by_hand):
    count = by_hand.document.stack.count()
    by_hand.editor.editing.tidy()
    assert by_hand.document.stack.count() == count + 1
    assert by_hand.document.graph.positions.keys() >= PLACES.keys()
    assert overlapping(by_hand) == []
    assert places(by_hand)["mul"][1] == pytest.approx(
        (places(by_hand)["w"][1] + places(by_hand)["x"][1]) / 2
    )
    by_hand.document.stack.undo()
    assert places(by_hand) == PLACES


def test_tidying_a_selection_leaves_the_rest(by_hand):
    by_hand.selection.set({"w", "x", "mul"})
    by_hand.editor.editing.tidy()
    after = places(by_hand)
    assert {i: after[i] for i in ("s", "b", "f", "g")} == {
        i: PLACES[i] for i in ("s", "b", "f", "g")
    }
    assert after["w"] != PLACES["w"]


# larger graphs ----------------------------------------------------------------------------------


def tangle(count: int) -> Graph:
    """``count`` nodes, three quarters of them fed by two others at random, all in one place."""
    graph, chance = Graph(), random.Random(1)
    made = [graph.leaf("input", f"x{k}", 1.0) for k in range(count // 4)]
    while len(made) < count:
        made.append(graph.apply("add", *chance.sample(made[-60:], 2)))
    graph.positions = dict.fromkeys(made, (0.0, 0.0))
    return graph


def test_four_hundred_nodes_are_tidied_within_half_a_second_without_a_pause(workspace, qtbot):
    workspace.document.edit("Build", tangle(400))
    began = time.perf_counter()
    workspace.editor.editing.tidy()
    waited = time.perf_counter() - began
    assert waited < 0.05, "the window waits for nothing"
    qtbot.waitUntil(lambda: workspace.document.stack.undoText() == "Tidy up", timeout=5000)
    assert time.perf_counter() - began < 2.0, "0.3 s here; a busy machine takes longer"
    assert overlapping(workspace) == []


def test_a_tidy_that_comes_after_another_edit_is_dropped(workspace, qtbot):
    workspace.document.edit("Build", tangle(120))
    workspace.editor.editing.tidy()
    workspace.editor.editing.move({"add": (900.0, 900.0)})
    other = tangle(AT_ONCE_NODES + 1)
    taken = []
    workspace.view.layouts.ask(
        workspace.view.model.layout_task(list(other.nodes)), taken.append
    )  # comes after the other
    qtbot.waitUntil(lambda: bool(taken), timeout=5000)
    assert workspace.document.stack.undoText() == "Move add"


def test_the_full_layout_replaces_the_quick_one_as_long_as_nobody_placed_anything(workspace, qtbot):
    graph = tangle(80)
    graph.positions = {}
    workspace.document.edit("Build", graph)
    model = workspace.view.model
    assert not model.layout.final
    qtbot.waitUntil(lambda: model.layout.final, timeout=5000)
    assert overlapping(workspace) == []
    assert workspace.document.graph.positions == {}


def test_nodes_that_were_placed_meanwhile_are_left_alone(workspace, qtbot):
    graph = tangle(80)
    graph.positions = {}
    workspace.document.edit("Build", graph)
    workspace.editor.editing.move({"x0": (-200.0, -200.0)})
    before = places(workspace)
    qtbot.wait(600)
    assert places(workspace) == before


def test_without_a_process_the_quick_layout_stays(workspace, qtbot, monkeypatch):
    monkeypatch.setattr(child, "command", lambda module, verb: ("/no/such/program", []))
    graph = tangle(80)
    graph.positions = {}
    workspace.document.edit("Build", graph)
    qtbot.waitUntil(lambda: workspace.view.layouts._wanted is None, timeout=5000)
    assert overlapping(workspace) == []
    workspace.editor.editing.tidy()
    assert workspace.document.stack.undoText() == "Tidy up"


def test_a_node_in_the_hand_is_not_moved_by_a_layout_that_arrives(workspace, qtbot):
    graph = tangle(80)
    graph.positions = {}
    workspace.document.edit("Build", graph)
    viewport, before = workspace.view.viewport(), places(workspace)
    at = workspace.view.to_viewport(before["x0"]).toPoint()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: workspace.view.layouts._wanted is None, timeout=5000)
    assert places(workspace) == before
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at)


def test_nodes_glide_and_are_asked_for_where_they_are_going(by_hand, qtbot):
    by_hand.set_reduced_motion(False)
    by_hand.editor.toggle_opened("s")
    going = places(by_hand)
    seen = by_hand.view.model.geometry.xy.copy()
    qtbot.wait(400)
    assert places(by_hand) == going
    assert (by_hand.view.model.geometry.xy != seen).any()
