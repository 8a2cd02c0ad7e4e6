"""Drag-and-drop onto the canvas: what may be dropped, and where it would land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QDragMoveEvent, QDropEvent

from engine.graph.graph import Wire
from graphviz_app.canvas import hits
from graphviz_app.canvas.interactions import LANDING_PX
from graphviz_app.canvas.overlay import Overlay

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

NODE_MIME = "application/x-graph-node"  # what is dragged from the palette: an op or a kind of leaf


class Dropping:
    """Shows on the view's overlay what a drop would do, and tells the view of it at the end."""

    def __init__(self, view: GraphView) -> None:
        self._view = view

    def drag_over(self, event: QDragMoveEvent) -> None:
        """Nodes of the palette and texts may be dropped; files are the window's."""
        data = event.mimeData()
        if data.hasUrls() or not (data.hasFormat(NODE_MIME) or data.hasText()):
            event.ignore()
            return
        event.acceptProposedAction()
        if data.hasFormat(NODE_MIME):
            wire = self._landing(event.position())
            path = None if wire is None else self._view.wire_path(wire)
            self._view.show_overlay(Overlay(landing=path))

    def _landing(self, position: QPointF) -> Wire | None:
        view = self._view
        place = view.to_scene(position)
        reach = LANDING_PX / min(1.0, view.zoom)
        found = hits.wire_at(view.model, place.x(), place.y(), reach)
        return None if found < 0 else hits.wire_of(view.model, found)

    def drop(self, event: QDropEvent) -> None:
        """Say what was dropped where."""
        self._view.show_overlay(Overlay())
        data = event.mimeData()
        if data.hasUrls():
            event.ignore()
            return
        event.acceptProposedAction()
        place = self._view.to_scene(event.position())
        at = (place.x(), place.y())
        if data.hasFormat(NODE_MIME):
            name = bytes(data.data(NODE_MIME).data()).decode("utf-8", "replace")
            self._view.dropped.emit("node", name, at, self._landing(event.position()))
        elif data.hasText():
            self._view.dropped.emit("text", data.text(), at, None)

    def leave(self) -> None:
        """What was dragged is elsewhere again."""
        self._view.show_overlay(Overlay())
