"""Leading a wire over a point: the gesture that moves one of its bends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from engine.graph.graph import Wire
from graphviz_app.canvas.guides import on_grid
from graphviz_app.canvas.interactions import Gesture, Modifier

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView


class DragBend(Gesture):
    """Moves one point that a wire is led over, on the grid or freely with Ctrl; reported once."""

    def __init__(self, view: GraphView, start: QPointF, wire: Wire, number: int) -> None:
        super().__init__(view, start)
        self._wire, self._number = wire, number
        self._before = view.bends_of(wire)
        self._points = self._before

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        place = self.view.to_scene(position)
        at = (place.x(), place.y())
        if not modifiers & Modifier.ControlModifier:
            at = (on_grid(at[0]), on_grid(at[1]))
        points = list(self._before)
        points[self._number] = at
        self._points = tuple(points)
        self.view.show_bends(self._wire, self._points)

    def end(self) -> None:
        if self._points != self._before:
            self.view.wire_bent.emit(self._wire, self._points)

    def cancel(self) -> None:
        self.view.show_bends(self._wire, self._before)
