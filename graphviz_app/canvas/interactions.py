"""Mouse gestures as small objects: begun by a press, moved, then ended or cancelled.

They hold ids and look them up at each event, because the graph may change under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from graphviz_app.canvas.model import GRID

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

_FREE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class Gesture:
    """A press on the canvas that may become a drag."""

    def __init__(self, view: GraphView, start: QPointF) -> None:
        self.view, self.start = view, start
        self.moved = False

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved; nothing happens until it left the start."""
        if not self.moved:
            distance = (position - self.start).manhattanLength()
            if distance < QApplication.startDragDistance():
                return
            self.moved = True
        self.drag(position, modifiers)

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the pointer."""
        raise NotImplementedError

    def end(self) -> None:
        """The button was let go."""

    def cancel(self) -> None:
        """Undo what the gesture did so far."""


class Pan(Gesture):
    """Moves the view; a press that never moves is a click on the background."""

    def __init__(self, view: GraphView, start: QPointF, click: bool) -> None:
        super().__init__(view, start)
        self._last, self._click = start, click
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.view.pan_by(position - self._last)
        self._last = position

    def end(self) -> None:
        self.view.viewport().unsetCursor()
        if self._click and not self.moved:
            self.view.background_clicked.emit()

    def cancel(self) -> None:
        self.view.viewport().unsetCursor()


class DragNode(Gesture):
    """Moves one node on a grid of 8 pixels, freely with Ctrl or Alt; reported once, at the end."""

    def __init__(self, view: GraphView, start: QPointF, node: str) -> None:
        super().__init__(view, start)
        self._node = node
        self._origin = view.node_position(node)
        self._grip = view.to_scene(start)

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        offset = self.view.to_scene(position) - self._grip
        x, y = self._origin.x() + offset.x(), self._origin.y() + offset.y()
        if not modifiers & _FREE:
            x, y = round(x / GRID) * GRID, round(y / GRID) * GRID
        self.view.move_node(self._node, x, y)

    def end(self) -> None:
        if self.moved and self._node in self.view.model.index:
            place = self.view.node_position(self._node)
            if place != self._origin:
                self.view.node_moved.emit(self._node, place.x(), place.y())

    def cancel(self) -> None:
        if self.moved:
            self.view.move_node(self._node, self._origin.x(), self._origin.y())
