"""Mouse gestures as small objects: begun by a press, moved, then ended or cancelled.

They hold ids and look them up at each event, because the graph may change under them.  They show
what would happen on the overlay, and tell the view once, at the end, what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from engine.graph.graph import Wire
from graphviz_app.canvas import hits
from graphviz_app.canvas.guides import snapped
from graphviz_app.canvas.overlay import Overlay

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

Point = tuple[float, float]
Modifier = Qt.KeyboardModifier
LANDING_PX = 14.0  # how near a wire a dropped node must be to go into it

# What the mouse does here, as the sheet of keys says it.
GESTURES = (
    ("Click", "Select; with Shift too, with Ctrl the other way round"),
    ("Drag a node", "Move it; with Ctrl freely, with Alt a copy"),
    ("Drag onto a wire", "Put a loose node into it"),
    ("Drag the background", "Select with a box"),
    ("Drag from a port", "Draw a wire; take one off an input"),
    ("Alt and click a wire", "Lead it over a point; click the point again to take it away"),
    ("Double-click", "Edit or open; on the background: add"),
    ("Right-click", "What can be done here"),
    ("Ctrl and drag right", "Cut wires"),
    ("Space and drag, middle drag", "Move the view"),
    ("Wheel", "Zoom; two fingers move the view"),
    ("Esc while dragging", "Leave it as it was"),
)


class Gesture:
    """A press on the canvas that may become a drag.

    ``pans_at_edge``: the view moves on while the pointer is at its edge.
    """

    pans_at_edge = True

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
        self.view.show_overlay(Overlay())


class Pan(Gesture):
    """Moves the view."""

    pans_at_edge = False

    def __init__(self, view: GraphView, start: QPointF) -> None:
        super().__init__(view, start)
        self._last = start
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.view.pan_by(position - self._last)
        self._last = position

    def end(self) -> None:
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        self.view.viewport().unsetCursor()


class DragThings(Gesture):
    """Moves nodes and notes together; reported once, at the end.

    They keep to the grid and catch on lines with other nodes; freely with Ctrl.  With Alt a copy
    is dropped.  A single node without wires may be dropped into a wire.  ``click`` is what stays
    selected if the press never becomes a drag.
    """

    def __init__(
        self, view: GraphView, start: QPointF, things: frozenset[str], click: str = ""
    ) -> None:
        super().__init__(view, start)
        self._click = click
        self._grip = view.to_scene(start)
        self._origins = view.places_of(things)
        self._copies = False
        self._landing: Wire | None = None

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        view, model = self.view, self.view.model
        self._copies = bool(modifiers & Modifier.AltModifier)
        way = view.to_scene(position) - self._grip
        offset, lines = (way.x(), way.y()), []
        nodes = [i for i in self._origins if i in model.index]
        if nodes and not modifiers & Modifier.ControlModifier:
            moving = np.array([model.index[i] for i in nodes])
            origin = np.array([self._origins[i] for i in nodes])
            box = view.visible_rect()
            seen = model.geometry.nodes_in((box.left(), box.top(), box.right(), box.bottom()))
            offset, lines = snapped(
                model.geometry, moving, np.setdiff1d(seen, moving), origin, offset
            )
        dx, dy = offset
        view.move_things({i: (x + dx, y + dy) for i, (x, y) in self._origins.items()})
        self._landing = self._wire_under(nodes)
        overlay = Overlay(guides=lines)
        if self._landing is not None:
            overlay.landing = view.wire_path(self._landing)
        view.show_overlay(overlay)

    def _wire_under(self, nodes: list[str]) -> Wire | None:
        view, model = self.view, self.view.model
        if len(nodes) != 1 or self._copies:
            return None
        x, y = model.geometry.xy[model.index[nodes[0]]].tolist()
        found = hits.wire_at(model, x, y, LANDING_PX / min(1.0, view.zoom))
        if found < 0:
            return None
        wire = hits.wire_of(model, found)
        return wire if view.advice().may_insert(nodes[0], wire) else None

    def end(self) -> None:
        view = self.view
        view.show_overlay(Overlay())
        if not self.moved:
            if self._click:
                view.ask_selection(frozenset({self._click}), self._click)
            return
        places = view.places_of(self._origins)
        if self._copies:
            view.move_things(self._origins)
            if places != self._origins:
                view.things_copied.emit(places)
        elif places != self._origins:
            view.things_moved.emit(places, self._landing)

    def cancel(self) -> None:
        super().cancel()
        if self.moved:
            self.view.move_things(
                {i: at for i, at in self._origins.items() if self.view.has_thing(i)}
            )


class BoxSelect(Gesture):
    """Selects what the box touches: alone, with Shift too, with Ctrl the other way round."""

    def __init__(self, view: GraphView, start: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(view, start)
        self._grip = view.to_scene(start)
        self._before = view.selection
        self._adds = bool(modifiers & Modifier.ShiftModifier)
        self._toggles = bool(modifiers & Modifier.ControlModifier)

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        here, grip = self.view.to_scene(position), self._grip
        xs, ys = sorted((here.x(), grip.x())), sorted((here.y(), grip.y()))
        box = (xs[0], ys[0], xs[1], ys[1])
        self.view.show_overlay(Overlay(box=box))
        found = frozenset(hits.things_in(self.view.model, box))
        if self._toggles:
            found = self._before ^ found
        elif self._adds:
            found = self._before | found
        if found != self.view.selection:
            self.view.ask_selection(found)

    def end(self) -> None:
        self.view.show_overlay(Overlay())
        if not self.moved and not (self._adds or self._toggles):
            self.view.ask_selection(frozenset())

    def cancel(self) -> None:
        super().cancel()
        if self.moved:
            self.view.ask_selection(self._before)


class CutWires(Gesture):
    """A stroke that cuts the wires it crosses."""

    def __init__(self, view: GraphView, start: QPointF) -> None:
        super().__init__(view, start)
        grip = view.to_scene(start)
        self._stroke: list[Point] = [(grip.x(), grip.y())]

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        here = self.view.to_scene(position)
        self._stroke.append((here.x(), here.y()))
        self.view.show_overlay(Overlay(stroke=self._stroke.copy()))

    def end(self) -> None:
        self.view.show_overlay(Overlay())
        model = self.view.model
        cut = [hits.wire_of(model, k) for k in hits.wires_cut(model, self._stroke)]
        if cut:
            self.view.wires_cut.emit(cut)
