"""What the canvas paints, its minimap, and that it comes and goes without a trace."""

import gc
import random
import sys
import weakref
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.graph.graph import Graph
from engine.run.walk import Phase
from graphviz_app.canvas.items import Tier
from graphviz_app.canvas.minimap import Minimap
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.view import GraphView
from graphviz_app.theme import DARK, LIGHT, load_fonts

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


def circuit():
    """w·x + b, and a fork of x."""
    graph = Graph()
    w, x = graph.leaf("parameter", "w0", 2.0), graph.leaf("input", "x0", -1.0)
    b = graph.leaf("parameter", "b", -3.0)
    product = graph.apply("mul", w, x)
    graph.apply("mul", graph.apply("add", product, b), x)
    return graph


def grid_graph(count):
    """``count`` nodes in columns of up to 60, each fed by two of the column before."""
    graph = Graph()
    rng = random.Random(1)
    before = [graph.leaf("input", f"x{k}", 1.0) for k in range(min(60, max(1, count // 3)))]
    while len(graph.nodes) < count:
        room = count - len(graph.nodes)
        before = [graph.apply("add", n, rng.choice(before)) for n in before[:room]]
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


def wheel(view, position, angle):
    event = QWheelEvent(
        QPointF(position),
        QPointF(view.viewport().mapToGlobal(position)),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_lights_texts_and_themes_change_the_picture(view):
    def look():
        return view.grab().toImage()

    plain = look()
    count = len(view.model.ids)
    view.set_texts(["−2.00"] * count, ["?"] * count)
    with_numbers = look()
    assert with_numbers != plain
    view.set_active("mul", Phase.BACKWARD, [("w0", "mul", 0), ("x0", "mul", 1)])
    lit = look()
    assert lit != with_numbers
    view.set_theme(DARK)
    assert look() != lit
    view.set_theme(LIGHT)
    view.set_active(None)
    view.set_texts([], [])
    assert look() == plain


def test_the_dot_on_lit_wires_travels_and_disappears(view, qtbot):
    view.set_reduced_motion(False)
    view.set_active("mul", Phase.FORWARD, [("w0", "mul", 0)])
    qtbot.waitUntil(lambda: view.graph_scene.stage.pulse is not None)
    qtbot.waitUntil(lambda: view.graph_scene.stage.pulse is None, timeout=3000)


def test_nothing_travels_with_reduced_motion(view, qtbot):
    view.set_active("mul", Phase.FORWARD, [("w0", "mul", 0)])
    QTest.qWait(60)
    assert view.graph_scene.stage.pulse is None


@pytest.mark.parametrize(
    ("visible", "scale", "tier"),
    [
        (80, 0.05, Tier.NEAR),
        (81, 1.0, Tier.MID),
        (320, 0.5, Tier.MID),
        (320, 0.3, Tier.FAR),
        (321, 1.0, Tier.FAR),
    ],
)
def test_the_detail_follows_what_is_visible(visible, scale, tier):
    assert Tier.of(visible, scale) is tier


def test_five_thousand_nodes_show_at_every_zoom(view):
    view.set_graph(CanvasModel.from_graph(grid_graph(5000)))
    count = len(view.model.ids)
    view.set_texts(["1.00"] * count, ["−0.25"] * count)
    seen = set()
    for scale in (0.05, 0.2, 0.4, 0.7, 1.0, 4.0):
        view.zoom_to(scale)
        view.grab()
        seen.add(view.graph_scene.stage.tier)
    assert len(view.graph_scene.nodes) == count
    assert Tier.FAR in seen
    assert Tier.NEAR in seen


def test_an_exception_while_painting_is_reported_once(view, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: reported.append(error[1]))
    view.model.labels[0] = SimpleNamespace()
    for _ in range(3):
        view.repaint_all()
        view.grab()
    assert len(reported) == 1
    assert len(view.graph_scene.stage.failures) == 1


def test_problem_nodes_are_marked_and_explained(view):
    view.set_problems(
        [SimpleNamespace(node="mul", sentence="a is 2×3, b is 4×5", wire=None, short="")]
    )
    view.grab()
    assert "a is 2×3" in view.tooltip("mul")


# the minimap ------------------------------------------------------------------------------------


def test_the_minimap_shows_only_where_it_helps(view, qtbot):
    minimap = Minimap(view)
    view.fit()
    assert not minimap.isVisible()
    view.zoom_to(4.0)
    assert minimap.isVisible()
    view.set_graph(CanvasModel.from_graph(grid_graph(60)))
    view.fit()
    assert minimap.isVisible()


def test_a_press_on_the_minimap_goes_there(view):
    minimap = Minimap(view)
    view.zoom_to(4.0)
    before = view.visible_rect().center()
    QTest.mouseClick(minimap, LEFT, pos=QPoint(12, minimap.height() // 2))
    assert view.visible_rect().center().x() < before.x()
    minimap.set_theme(DARK)
    minimap.grab()


# living and dying -------------------------------------------------------------------------------


def test_a_closed_view_leaves_nothing_behind(qtbot):
    view = GraphView()
    Minimap(view)
    view.resize(400, 300)
    view.set_graph(CanvasModel.from_graph(circuit()))
    view.show()
    QApplication.processEvents()
    view.set_active("mul", Phase.FORWARD, [("w0", "mul", 0)])
    gone = [weakref.ref(x) for x in (view, view.graph_scene, view.model)]
    view.shutdown()
    view.close()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del view
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def test_a_replaced_model_is_let_go(view):
    old = weakref.ref(view.model)
    view.set_graph(CanvasModel.from_graph(grid_graph(30)))
    QApplication.processEvents()
    gc.collect()
    assert old() is None


@pytest.mark.parametrize("seed", range(4))
def test_a_monkey_cannot_crash_it(view, seed):
    rng = random.Random(seed)
    Minimap(view)
    buttons = [LEFT, MIDDLE, Qt.MouseButton.RightButton]
    keys = [Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Left, Qt.Key.Key_Tab]
    shapes = [circuit(), grid_graph(3), grid_graph(150), Graph()]

    def anywhere():
        return QPoint(rng.randrange(-20, 920), rng.randrange(-20, 580))

    def placed(x, y):
        graph = circuit()
        graph.positions = {"mul": (x, y)}
        return graph

    actions = [
        lambda: QTest.mousePress(view.viewport(), rng.choice(buttons), pos=anywhere()),
        lambda: QTest.mouseRelease(view.viewport(), rng.choice(buttons), pos=anywhere()),
        lambda: QTest.mouseDClick(view.viewport(), LEFT, pos=anywhere()),
        lambda: QTest.mouseMove(view.viewport(), anywhere()),
        lambda: wheel(view, anywhere(), rng.choice([120, -240, 7])),
        lambda: QTest.keyPress(view, rng.choice(keys)),
        lambda: QTest.keyRelease(view, rng.choice(keys)),
        lambda: view.set_graph(CanvasModel.from_graph(rng.choice(shapes))),
        lambda: view.set_active(rng.choice(["mul", "add", None]), rng.choice(list(Phase)), []),
        lambda: view.set_theme(rng.choice([LIGHT, DARK])),
        lambda: view.set_places(placed(rng.uniform(-900, 900), rng.uniform(-900, 900))),
        lambda: view.fit(animated=rng.random() < 0.5),
        lambda: view.set_reduced_motion(rng.random() < 0.5),
        lambda: view.resize(rng.randrange(200, 1200), rng.randrange(120, 800)),
        lambda: QApplication.processEvents(),
    ]
    for _ in range(250):
        rng.choice(actions)()
    QApplication.processEvents()
    assert view.graph_scene.stage.failures == []
