"""The canvas as a person uses it: real widgets, real mouse events, no screen."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.graph.graph import Graph
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.view import GraphView
from graphviz_app.theme import load_fonts

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NONE, STILL = Qt.KeyboardModifier.NoModifier, QPoint()


def circuit():
    """w·x + b, and a fork of x."""
    graph = Graph()
    w, x = graph.leaf("parameter", "w0", 2.0), graph.leaf("input", "x0", -1.0)
    b = graph.leaf("parameter", "b", -3.0)
    product = graph.apply("mul", w, x)
    graph.apply("mul", graph.apply("add", product, b), x)
    return graph


@pytest.fixture
def view(qtbot):
    """A canvas of 900 × 560 pixels that shows the small circuit."""
    load_fonts()
    view = GraphView()
    qtbot.addWidget(view)
    view.resize(900, 560)
    view.set_graph(CanvasModel.from_graph(circuit()))
    view.set_reduced_motion(True)
    view.show()
    qtbot.waitExposed(view)
    yield view
    view.shutdown()


def where(view, node):
    """A node's middle in the viewport."""
    return view.mapFromScene(view.node_position(node))


def move_to(view, position, button=Qt.MouseButton.NoButton, modifiers=NONE):
    """A mouse move with ``button`` held, as a person drags (QTest knows no modifiers here)."""
    place = QPointF(position)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        QPointF(view.viewport().mapToGlobal(position)),
        Qt.MouseButton.NoButton,
        button,
        modifiers,
    )
    QApplication.sendEvent(view.viewport(), event)


def drag(view, start, stop, button=LEFT, modifiers=NONE):
    QTest.mousePress(view.viewport(), button, modifiers, start)
    for share in (0.3, 0.7, 1.0):
        offset = stop - start
        step = QPoint(round(offset.x() * share), round(offset.y() * share))
        move_to(view, start + step, button, modifiers)
    QTest.mouseRelease(view.viewport(), button, modifiers, stop)


def wheel(view, position, angle, pixels=STILL, modifiers=NONE, phase=None):
    event = QWheelEvent(
        QPointF(position),
        QPointF(view.viewport().mapToGlobal(position)),
        pixels,
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        modifiers,
        phase or Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


# clicking and hovering --------------------------------------------------------------------------


def test_a_click_on_a_node_asks_for_it(view, qtbot):
    with qtbot.waitSignal(view.selection_asked) as signal:
        QTest.mouseClick(view.viewport(), LEFT, pos=where(view, "mul"))
    assert signal.args == [frozenset({"mul"}), "mul"]


def test_a_click_beside_all_nodes_asks_for_nothing(view, qtbot):
    view.set_selection(["mul"])
    with qtbot.waitSignal(view.selection_asked) as signal:
        QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(5, 5))
    assert signal.args == [frozenset(), ""]


def test_shift_adds_and_control_toggles(view, qtbot):
    view.selection_asked.connect(lambda things, current: view.set_selection(things))
    QTest.mouseClick(view.viewport(), LEFT, pos=where(view, "mul"))
    QTest.mouseClick(view.viewport(), LEFT, SHIFT, where(view, "w0"))
    assert view.selection == {"mul", "w0"}
    QTest.mouseClick(view.viewport(), LEFT, CONTROL, where(view, "mul"))
    assert view.selection == {"w0"}
    QTest.mouseClick(view.viewport(), LEFT, CONTROL, where(view, "mul"))
    QTest.mouseClick(view.viewport(), LEFT, pos=where(view, "mul"))
    assert view.selection == {"mul"}


def test_a_double_click_names_the_node(view, qtbot):
    with qtbot.waitSignal(view.double_clicked) as signal:
        QTest.mouseDClick(view.viewport(), LEFT, pos=where(view, "w0"))
    assert signal.args == ["node", "w0"]


def test_a_double_click_on_nothing_asks_what_to_add(view, qtbot):
    with qtbot.waitSignal(view.search_asked) as signal:
        QTest.mouseDClick(view.viewport(), LEFT, pos=QPoint(5, 5))
    place = view.to_scene(QPointF(5, 5))
    assert signal.args == [(place.x(), place.y())]


def test_hovering_names_the_node_and_leaving_says_so(view, qtbot):
    heard = []
    view.node_hovered.connect(heard.append)
    move_to(view, where(view, "x0"))
    move_to(view, where(view, "x0") + QPoint(2, 2))
    move_to(view, QPoint(5, 5))
    assert heard == ["x0", ""]


def test_a_far_away_node_is_still_24_pixels_to_the_mouse(view):
    view.zoom_to(0.1)
    middle = where(view, "mul")
    assert view.node_at(QPointF(middle + QPoint(0, 11))) == "mul"


def test_the_tooltip_gives_all_digits_and_the_ops_sentence(view):
    view.set_reader(lambda node: (0.1 + 0.2, -1.0 / 3.0))
    text = view.tooltip("mul")
    assert "0.30000000000000004" in text
    assert "−0.3333333333333333" in text
    assert "Multiplies" in text
    pos = where(view, "mul")
    event = QHelpEvent(QEvent.Type.ToolTip, pos, view.viewport().mapToGlobal(pos))
    assert QApplication.sendEvent(view.viewport(), event)


def test_selection_and_highlight_survive_names_that_do_not_exist(view):
    view.set_selection(["w0", "ghost"])
    view.highlight(["x0", "ghost"])
    assert view.selection == {"w0"}
    assert view.model.highlighted == {view.model.index["x0"]}
    view.set_selection([])
    view.highlight([])
    assert view.selection == frozenset()
    assert not view.model.highlighted


# moving about -----------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [120, -120, 15])
def test_the_wheel_zooms_about_the_pointer(view, angle):
    position = QPoint(200, 130)
    before, scale = view.to_scene(QPointF(position)), view.zoom
    wheel(view, position, angle)
    after = view.to_scene(QPointF(position))
    assert (view.zoom > scale) == (angle > 0)
    assert (after - before).manhattanLength() * view.zoom <= 2.0


def test_a_wheel_event_without_a_delta_changes_nothing(view):
    scale = view.zoom
    wheel(view, QPoint(100, 100), 0)
    assert view.zoom == scale


def test_zoom_stays_between_5_and_400_percent(view):
    view.zoom_to(1e-9)
    assert view.zoom == pytest.approx(0.05)
    view.zoom_to(1e9)
    assert view.zoom == pytest.approx(4.0)


def test_two_fingers_pan_and_with_control_they_zoom(view):
    start, scale = view.to_scene(QPointF(0, 0)), view.zoom
    wheel(view, QPoint(300, 200), 40, QPoint(0, 40), phase=Qt.ScrollPhase.ScrollUpdate)
    assert view.zoom == scale
    assert view.to_scene(QPointF(0, 0)).y() == pytest.approx(start.y() - 40 / scale, abs=1.0)
    control = Qt.KeyboardModifier.ControlModifier
    wheel(view, QPoint(300, 200), 40, QPoint(0, 40), control, Qt.ScrollPhase.ScrollUpdate)
    assert view.zoom > scale


def assert_panned(view, action, by):
    before = view.to_scene(QPointF(0, 0))
    action()
    moved = (before - view.to_scene(QPointF(0, 0))) * view.zoom
    assert (moved - QPointF(by)).manhattanLength() <= 3.0


def test_middle_drag_pans_even_on_a_node(view, qtbot):
    start = where(view, "mul")
    with qtbot.assertNotEmitted(view.things_moved):
        assert_panned(
            view, lambda: drag(view, start, start + QPoint(60, 40), MIDDLE), QPoint(60, 40)
        )


def test_left_drag_on_the_background_selects_what_the_box_touches(view, qtbot):
    view.selection_asked.connect(lambda things, current: view.set_selection(things))
    far = QPoint(view.viewport().width() - 3, view.viewport().height() - 3)
    drag(view, QPoint(3, 3), far)
    assert view.selection == set(view.model.ids)
    corner = where(view, "w0") + QPoint(0, -60)
    drag(view, corner + QPoint(-50, 0), where(view, "w0") + QPoint(10, 5))
    assert view.selection == {"w0"}


def test_space_drag_pans_on_a_node(view, qtbot):
    start = where(view, "mul")
    view.setFocus()
    QTest.keyPress(view, Qt.Key.Key_Space)
    with qtbot.assertNotEmitted(view.things_moved):
        assert_panned(view, lambda: drag(view, start, start + QPoint(50, -30)), QPoint(50, -30))
    QTest.keyRelease(view, Qt.Key.Key_Space)


def test_space_is_a_tap_only_where_nothing_was_dragged(view, qtbot):
    start = where(view, "mul")
    with qtbot.assertNotEmitted(view.space_tapped):
        QTest.keyPress(view, Qt.Key.Key_Space)
        drag(view, start, start + QPoint(50, -30))
        QTest.keyRelease(view, Qt.Key.Key_Space)
        QTest.keyPress(view, Qt.Key.Key_Space)
        QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut))
        QTest.keyRelease(view, Qt.Key.Key_Space)
    with qtbot.waitSignal(view.space_tapped):
        QTest.keyClick(view, Qt.Key.Key_Space)


@pytest.mark.parametrize("known", [True, False], ids=["flagged", "same instant"])
def test_space_held_down_is_one_tap(view, qtbot, known):
    taps = []
    view.space_tapped.connect(lambda: taps.append(None))

    def send(kind, instant, repeated=False):
        event = QKeyEvent(kind, Qt.Key.Key_Space, NONE, " ", repeated)
        event.setTimestamp(instant)
        QApplication.sendEvent(view, event)

    send(QEvent.Type.KeyPress, 1000)
    for instant in range(1660, 2000, 40):
        send(QEvent.Type.KeyRelease, instant, known)
        send(QEvent.Type.KeyPress, instant, known)
    assert not taps
    send(QEvent.Type.KeyRelease, 2010)
    qtbot.waitUntil(lambda: len(taps) == 1)


def test_quick_taps_are_all_counted(view, qtbot):
    taps = []
    view.space_tapped.connect(lambda: taps.append(None))
    for _ in range(4):
        QTest.keyClick(view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(taps) == 4)


def test_fit_shows_everything_and_follows_the_windows_size(view):
    view.fit()
    for size in ((900, 560), (500, 300), (1300, 700)):
        view.resize(*size)
        QApplication.processEvents()
        left, top, right, bottom = view.model.bounds()
        seen = view.visible_rect()
        assert seen.contains(left, top)
        assert seen.contains(right, bottom)


def test_a_zoom_by_hand_is_kept_when_the_window_grows(view):
    view.zoom_to(0.7)
    view.resize(1000, 640)
    QApplication.processEvents()
    assert view.zoom == pytest.approx(0.7)


def test_center_on_brings_a_node_to_the_middle(view):
    view.center_on("w0")
    middle = QPointF(view.viewport().rect().center())
    assert (QPointF(where(view, "w0")) - middle).manhattanLength() <= 4


# dragging nodes ---------------------------------------------------------------------------------


def test_a_drag_moves_the_node_and_is_reported_once(view, qtbot):
    heard = []
    view.things_moved.connect(lambda *place: heard.append(place))
    view.zoom_to(1.0)
    before = view.node_position("mul")
    start = where(view, "mul")
    drag(view, start, start + QPoint(83, 41))
    after = view.node_position("mul")
    assert heard == [({"mul": (after.x(), after.y())}, None)]
    assert abs(after.x() - before.x() - 83) <= 8


def test_a_drag_lines_up_with_another_node_or_keeps_to_the_grid(view):
    view.zoom_to(1.0)
    x, y = view.node_position("add").toTuple()
    start = where(view, "mul")
    drag(view, start, view.to_viewport((x - 200, y + 3)).toPoint())
    assert view.node_position("mul").y() == y, "caught by the guide"
    start = where(view, "mul")
    drag(view, start, start + QPoint(5, 77))
    assert view.node_position("mul").y() % 8 == 0, "on the grid"


def test_all_that_is_selected_moves_together(view):
    view.set_selection(["mul", "w0"])
    before = view.places_of(["mul", "w0", "b"])
    start = where(view, "mul")
    drag(view, start, start + QPoint(60, 90))
    after = view.places_of(["mul", "w0", "b"])
    moved = {i: (after[i][0] - before[i][0], after[i][1] - before[i][1]) for i in before}
    assert moved["mul"] == moved["w0"] != (0.0, 0.0)
    assert moved["b"] == (0.0, 0.0)


def test_control_drags_freely_and_wires_follow(view):
    view.zoom_to(1.0)
    before, start = view.node_position("mul"), where(view, "mul")
    control = Qt.KeyboardModifier.ControlModifier
    drag(view, start, start + QPoint(83, 41), modifiers=control)
    after = view.node_position("mul")
    assert (after.x() - before.x(), after.y() - before.y()) == pytest.approx((83, 41), abs=0.01)
    node = view.model.index["mul"]
    geometry = view.model.geometry
    ends = [geometry.lines[w, 2] for w in geometry.wires_of(node) if geometry.target[w] == node]
    assert ends
    assert set(ends) == {after.x() - geometry.size[node, 0] / 2}


def test_a_click_with_a_trembling_hand_is_no_drag(view, qtbot):
    start = where(view, "mul")
    with qtbot.assertNotEmitted(view.things_moved):
        drag(view, start, start + QPoint(2, 1))


def test_a_drag_whose_release_was_swallowed_ends_with_the_next_move(view, qtbot):
    start = where(view, "mul")
    QTest.mousePress(view.viewport(), LEFT, pos=start)
    move_to(view, start + QPoint(60, 60), LEFT)
    with qtbot.waitSignal(view.things_moved):
        move_to(view, start + QPoint(200, 200))
    place = view.node_position("mul")
    move_to(view, start + QPoint(300, 200))
    assert view.node_position("mul") == place


def test_escape_puts_a_dragged_node_back(view, qtbot):
    before, start = view.node_position("mul"), where(view, "mul")
    with qtbot.assertNotEmitted(view.things_moved):
        QTest.mousePress(view.viewport(), LEFT, pos=start)
        move_to(view, start + QPoint(90, 90), LEFT)
        assert view.node_position("mul") != before
        QTest.keyClick(view, Qt.Key.Key_Escape)
        QTest.mouseRelease(view.viewport(), LEFT, pos=start + QPoint(90, 90))
    assert view.node_position("mul") == before


def test_the_graph_may_change_under_a_drag(view, qtbot):
    start = where(view, "mul")
    with qtbot.assertNotEmitted(view.things_moved):
        QTest.mousePress(view.viewport(), LEFT, pos=start)
        move_to(view, start + QPoint(40, 40), LEFT)
        view.set_graph(CanvasModel.from_graph(Graph()))
        move_to(view, start + QPoint(80, 80), LEFT)
        QTest.mouseRelease(view.viewport(), LEFT, pos=start)
