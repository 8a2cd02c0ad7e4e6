"""What the pointer is told over ports and wires: the numbers that went along them, in full."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from engine.graph.graph import Wire
from graphviz_app.application import make_app
from graphviz_app.canvas import hits
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.theme import theme


@pytest.fixture
def workspace(qtbot, qapp):
    """f = ab + a at a = 3, b = −2, all steps taken; the fork's branches bring −2 and 1."""
    make_app([])
    made = ExploreWorkspace(Document(), theme(False, False))
    qtbot.addWidget(made, before_close_func=lambda w: w.shutdown())
    made.set_reduced_motion(True)
    made.resize(1100, 760)
    made.show()
    made.document.load_formula("f = a*b + a")
    made.document.set_value("a", 3.0)
    made.document.set_value("b", -2.0)
    made.player.last()
    yield made
    QToolTip.hideText()


def told(workspace: ExploreWorkspace, at: QPoint) -> str:
    """The tooltip at a place of the canvas, without its marks."""
    viewport = workspace.view.viewport()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, at, viewport.mapToGlobal(at))
    QApplication.sendEvent(viewport, event)
    return re.sub("<.*?>", " ", QToolTip.text()).replace("  ", " ")


def middle_of(workspace: ExploreWorkspace, wire: Wire) -> QPoint:
    """The middle of a wire in the viewport."""
    model = workspace.view.model
    points = model.geometry.points_along(model.wires.index(wire))
    return workspace.view.to_viewport(points[len(points) // 2].tolist()).toPoint()


def test_a_wire_tells_its_value_and_what_flows_back_over_it(workspace) -> None:
    product = workspace.document.graph.nodes["f"].inputs[0]
    at = middle_of(workspace, Wire("b", product, 1))
    assert told(workspace, at).strip() == "b → input b of × value −2.0 flows back 3.0"
    workspace.player.first()
    assert "flows back" not in told(workspace, at)


def test_a_branch_of_a_fork_tells_its_own_share_of_the_gradient(workspace) -> None:
    product = workspace.document.graph.nodes["f"].inputs[0]
    shares = [
        told(workspace, middle_of(workspace, wire))
        for wire in (Wire("a", product, 0), Wire("a", "f", 1))
    ]
    assert ["flows back −2.0" in shares[0], "flows back 1.0" in shares[1]] == [True, True]
    assert all("add up to the gradient of a" in share for share in shares)


def test_ports_tell_the_numbers_at_them(workspace) -> None:
    view = workspace.view
    product = workspace.document.graph.nodes["f"].inputs[0]
    output, entry = hits.Port(product, hits.OUT), hits.Port(product, 1)
    places = [view.to_viewport(hits.port_place(view.model, p)).toPoint() for p in (output, entry)]
    assert "output of × · scalar value −6.0 gradient 1.0" in told(workspace, places[0])
    assert "input b of × value −2.0 flows back 3.0" in told(workspace, places[1])
