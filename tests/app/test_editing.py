"""Edits of the canvas one by one: what is a step of undo, and what is selected after it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.graph.graph import Graph
from graphviz_app.application import make_app
from graphviz_app.canvas import hits
from graphviz_app.canvas.guides import GRID
from graphviz_app.canvas.pointer_tip import PointerTip
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import theme

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def workspace(qtbot, qapp):
    """A workspace on the sigmoid circuit, none of whose nodes has a place."""
    make_app([])
    made = ExploreWorkspace(Document(), theme(False, False))
    qtbot.addWidget(made, before_close_func=lambda w: w.shutdown())
    made.set_reduced_motion(True)
    made.resize(900, 640)
    made.show()
    made.document.load_formula("f = sigmoid(w0*x0 + w1*x1 + w2)")
    return made


def steps(workspace: ExploreWorkspace) -> int:
    """How many steps of undo there are."""
    return workspace.document.stack.count()


def test_what_changes_nothing_is_no_step_of_undo(workspace: ExploreWorkspace) -> None:
    editing, view = workspace.editor.editing, workspace.view
    workspace.select("f")
    editing.disconnect_inputs()
    assert steps(workspace) == 1
    editing.disconnect_inputs()
    editing.set_output()
    editing.set_kind("input")
    editing.move(view.places_of(["f"]))
    editing.align(0)
    assert steps(workspace) == 1


def test_a_first_drag_of_everything_is_a_step(workspace: ExploreWorkspace) -> None:
    view, editor = workspace.view, workspace.editor
    editor.select_all()
    home = view.places_of(view.model.ids)
    there = {i: (x + 80.0, y) for i, (x, y) in home.items()}
    view.move_things(there)
    editor.editing.move(there)
    assert view.places_of(view.model.ids) == there
    workspace.document.stack.undo()
    assert view.places_of(view.model.ids) == home


def test_a_drag_back_to_where_it_began_is_no_step(workspace: ExploreWorkspace) -> None:
    view = workspace.view
    home = view.places_of(["f"])
    view.move_things({"f": (999.0, 0.0)})
    workspace.editor.editing.move(home)
    assert steps(workspace) == 0
    assert view.places_of(["f"]) == home


def test_the_copy_of_a_folded_group_is_selected_as_one_node(workspace: ExploreWorkspace) -> None:
    editor = workspace.editor
    workspace.selection.set({"f", *workspace.document.graph.nodes["f"].inputs})
    editor.fold()
    editor.pasting.duplicate()
    (copy,) = workspace.selection.things
    assert workspace.document.shown.nodes[copy].op == "group"


def test_adding_beside_a_number_in_a_label_asks_at_the_pointer(
    workspace: ExploreWorkspace,
) -> None:
    workspace.document.load_formula("f = 2*x")
    (number,) = (n.id for n in workspace.document.graph.leaves() if n.op == "constant")
    assert number not in workspace.view.model.ids, "it is drawn"
    workspace.select(number)
    workspace.editor.searching.add_beside()
    assert workspace.editor.searching.popup.isVisible()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text('{}[]":,0123 nodesformat').map("{".__add__) | st.text("fx=+*(), 2\n"))
def test_any_text_at_all_can_be_pasted(workspace: ExploreWorkspace, text: str) -> None:
    document = workspace.document
    document.load_formula("f = a*b")
    before = document.graph
    refusals: list[str] = []
    workspace.editor.pasting.refused.connect(refusals.append)
    done = workspace.editor.pasting.paste_text(text)
    workspace.editor.pasting.refused.disconnect(refusals.append)
    assert done == (not refusals)
    assert done or document.graph is before
    document.stack.undo()
    assert document.graph is before


def test_undo_of_copies_selects_what_was_selected_and_redo_the_copies(
    workspace: ExploreWorkspace,
) -> None:
    stack, selection, editor = workspace.document.stack, workspace.selection, workspace.editor
    selection.set({"w0", "x0"}, "x0")
    before = selection.things, selection.current
    for make in (
        editor.pasting.duplicate,
        lambda: editor.pasting.paste_text(editor.pasting.copied_text()),
        lambda: editor.editing.add("tanh"),
        editor.editing.delete,
    ):
        make()
        after = selection.things, selection.current
        assert after != before
        stack.undo()
        assert (selection.things, selection.current) == before
        selection.set({"w1"})
        stack.redo()
        assert (selection.things, selection.current) == after
        stack.undo()


def covered(workspace: ExploreWorkspace) -> list[tuple[str, str]]:
    """The pairs of nodes that lie over each other."""
    ids, geometry = workspace.view.model.ids, workspace.view.model.geometry
    pairs = combinations(range(len(ids)), 2)
    half = geometry.size / 2
    return [
        (ids[a], ids[b])
        for a, b in pairs
        if (abs(geometry.xy[a] - geometry.xy[b]) < half[a] + half[b]).all()
    ]


@pytest.mark.parametrize("chosen", [{"w0"}, {"w0", "x0", "f"}, None], ids=["one", "some", "all"])
def test_copies_cover_nothing_however_often_they_are_made(
    workspace: ExploreWorkspace, chosen: set[str] | None
) -> None:
    pasting = workspace.editor.pasting
    workspace.selection.set(workspace.view.model.ids if chosen is None else chosen)
    text = pasting.copied_text()
    at = workspace.view.places_of(["w0"])["w0"]
    for _ in range(3):
        assert pasting.paste_text(text)
        pasting.duplicate()
    count = len(workspace.view.model.ids)
    for _ in range(3 if chosen and len(chosen) == 1 else 0):
        assert pasting.paste_text(text, at)
    assert len(workspace.view.model.ids) >= count
    assert covered(workspace) == []


def test_what_was_cut_is_pasted_where_it_was(workspace: ExploreWorkspace) -> None:
    editor, view = workspace.editor, workspace.view
    workspace.select("w0")
    home = view.places_of(["w0"])
    text = editor.pasting.copied_text()
    editor.editing.delete()
    editor.pasting.paste_text(text)
    assert view.places_of(["w0"]) == home


@pytest.mark.parametrize("key", ["tanh", "add", "mul", "leaky_relu"])
def test_a_node_at_the_end_of_a_wire_stands_with_its_port_there(
    workspace: ExploreWorkspace, key: str
) -> None:
    editing, view = workspace.editor.editing, workspace.view
    end = (404.0, 517.0)
    editing.add(key, end, port=hits.Port("w0", hits.OUT))
    (new,) = workspace.selection.things
    into = workspace.document.graph.nodes[new].inputs.index("w0")
    assert hits.port_place(view.model, hits.Port(new, into)) == pytest.approx(end, abs=GRID)
    editing.disconnect_inputs()
    editing.add("tanh", end, port=hits.Port(new, 0))
    (source,) = workspace.selection.things
    assert workspace.document.graph.nodes[new].inputs[0] == source
    assert hits.port_place(view.model, hits.Port(source, hits.OUT)) == pytest.approx(end, abs=GRID)


def shows_everything(workspace: ExploreWorkspace) -> bool:
    left, top, right, bottom = workspace.view.model.bounds()
    return workspace.view.visible_rect().contains(QRectF(left, top, right - left, bottom - top))


def test_a_fitted_view_stays_fitted_as_nodes_are_added(workspace: ExploreWorkspace) -> None:
    before = workspace.view.visible_rect()
    for key in ("tanh", "input", "exp", "exp", "exp", "exp"):
        workspace.palette_panel.chosen.emit(key)
        assert workspace.view.fitted
        assert shows_everything(workspace)
    for _ in range(6):
        workspace.document.stack.undo()
    assert workspace.view.visible_rect() == before


def test_a_view_does_not_move_for_a_node_that_is_in_sight(workspace: ExploreWorkspace) -> None:
    before = workspace.view.visible_rect()
    workspace.editor.editing.add("tanh", (before.left() + 60, before.top() + 60))
    assert workspace.view.visible_rect() == before
    workspace.view.zoom_by(1.1)
    before = workspace.view.visible_rect()
    workspace.editor.editing.add("tanh", (before.left() + 60, before.top() + 60))
    assert workspace.view.visible_rect() == before


def test_undo_of_a_formula_shows_everything_again_where_the_view_did(
    workspace: ExploreWorkspace,
) -> None:
    stack, bar = workspace.document.stack, workspace.formula_bar
    before = workspace.view.visible_rect()
    bar.committed.emit("f = tanh(a*b) + exp(a)*c*d*e")
    workspace.view.zoom_by(3.0)
    stack.undo()
    assert workspace.view.fitted
    assert workspace.view.visible_rect() == before


def test_the_tip_at_an_input_covers_nothing_of_its_node(workspace: ExploreWorkspace) -> None:
    view = workspace.view
    nodes = workspace.document.graph.nodes
    sum_of_two = next(i for i in view.model.ids if nodes[i].op == "add")
    ports = [hits.Port(sum_of_two, k) for k in (0, 1)]
    places = [view.to_viewport(hits.port_place(view.model, port)) for port in ports]
    start = view.to_viewport(hits.port_place(view.model, hits.Port("w0", hits.OUT)))
    QTest.mousePress(view.viewport(), LEFT, NO_KEYS, start.toPoint())
    QTest.mouseMove(view.viewport(), places[0].toPoint() / 2 + start.toPoint() / 2)
    for place in places:
        QTest.mouseMove(view.viewport(), place.toPoint())
        assert view.pointer_tip.isVisible()
        assert not view.pointer_tip.geometry().intersects(view.area_of(sum_of_two))
    QTest.mouseRelease(view.viewport(), LEFT, NO_KEYS, places[1].toPoint())
    assert nodes is not workspace.document.graph.nodes


def test_a_wire_still_goes_around_nodes_after_an_edit_elsewhere(
    workspace: ExploreWorkspace,
) -> None:
    document, editing = workspace.document, workspace.editor.editing
    document.load_formula("h = relu(w1*x + b1)\ng = relu(w2*h + b2)\nf = g + h + x")

    def detours() -> dict[tuple[str, str, int], tuple]:
        model = workspace.view.model
        return {model.wires[k]: way for k, way in enumerate(model.geometry.bends) if way}

    before = detours()
    assert {source for source, _, _ in before} == {"h"}
    editing.add("input", (0.0, 400.0))
    assert detours() == before
    editing.delete()
    assert detours() == before
    document.set_value("x", 3.0)
    document.stack.undo()
    assert detours() == before
    x, y = workspace.view.places_of(["h"])["h"]
    editing.move({"h": (x, y + 64.0)})
    assert not detours().keys() & before.keys(), "its end stands elsewhere"


def test_the_view_moves_no_further_than_what_was_added_asks_for(
    workspace: ExploreWorkspace,
) -> None:
    view = workspace.view
    view.zoom_by(1.0)
    before = view.visible_rect()
    workspace.editor.editing.add("tanh", (before.right(), before.center().y()))
    after = view.visible_rect()
    assert after.top() == pytest.approx(before.top(), abs=1)
    assert 0 < after.left() - before.left() < before.width() / 5
    assert view.rect().contains(view.area_of(workspace.selection.current))


def test_a_formula_added_at_the_edge_is_seen_whole(workspace: ExploreWorkspace) -> None:
    view, document = workspace.view, workspace.document
    seen = view.visible_rect()
    workspace.editor.pasting.add_formula("tanh(a*b + c*d)", (seen.right(), seen.bottom()))
    assert all(view.rect().contains(view.area_of(i)) for i in workspace.selection.things)
    document.load_graph(Graph())
    seen = view.visible_rect()
    workspace.editor.pasting.add_formula("sigmoid(w0*x0 + w1*x1 + w2)", (seen.right(), 0.0))
    assert view.fitted
    assert shows_everything(workspace)


def test_a_long_refusal_takes_several_lines_within_the_canvas(qtbot) -> None:
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    canvas.show()
    tip, node = PointerTip(canvas), QRect(200, 4, 90, 60)
    tip.say("This wire cannot be, " * 5, QPoint(205, 20), node)
    assert canvas.rect().contains(tip.geometry())
    assert not tip.geometry().intersects(node)
    assert tip.height() > 2 * tip.fontMetrics().height()
    tip.say("", QPoint())
    assert not tip.isVisible()
