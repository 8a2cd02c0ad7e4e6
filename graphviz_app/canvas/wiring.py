"""Drawing a wire with the mouse: from a port to a port that fits, or into the open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, Qt

from engine.graph.graph import Wire
from graphviz_app.canvas import hits
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.interactions import Gesture
from graphviz_app.canvas.items import NEAR_NODES
from graphviz_app.canvas.overlay import Overlay

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

SNAP_PX = 26.0  # how near a port catches the wire


class Advice(Protocol):
    """What the canvas asks of those who know the graph, during one gesture."""

    def refusal(self, source: str, target: str, port: int) -> str:
        """Why a wire cannot be; "" if it can."""
        ...

    def may_insert(self, node: str, wire: Wire) -> bool:
        """Whether ``node`` can be put into ``wire``."""
        ...


class NoAdvice:
    """Where nobody knows the graph, nothing can be wired."""

    def refusal(self, source: str, target: str, port: int) -> str:
        """Every wire is refused."""
        return "This graph cannot be changed here."

    def may_insert(self, node: str, wire: Wire) -> bool:
        """No node goes into a wire."""
        return False


class DrawWire(Gesture):
    """A wire with one end at ``fixed`` and the other at the pointer.

    ``detached`` is the wire that it was, if it was taken off a port: let go in the open it is
    gone, let go on another port it is led there.
    """

    def __init__(
        self, view: GraphView, start: QPointF, fixed: Port, detached: Wire | None = None
    ) -> None:
        super().__init__(view, start)
        self._fixed, self._detached = fixed, detached
        self._advice = view.advice()
        self._reasons: dict[Port, str] = {}
        self._target: Port | None = None
        self._at = view.to_scene(start)
        self._offered = self._offers()

    def _refusal(self, port: Port) -> str:
        """Why the wire cannot end at ``port``; "" if it can."""
        if port not in self._reasons:
            ends = (self._fixed, port) if self._fixed.number == OUT else (port, self._fixed)
            source, target = ends
            if source.number != OUT or target.number == OUT:
                why = "A wire leads from an output to an input."
            else:
                why = self._advice.refusal(source.node, target.node, target.number)
            self._reasons[port] = why
        return self._reasons[port]

    def _ports_of(self, node: str) -> list[Port]:
        """The ports of a node on the side where the wire may end."""
        model = self.view.model
        if self._fixed.number != OUT:
            return [Port(node, OUT)]
        return [Port(node, k) for k in hits.input_ports(model, model.index[node], growing=True)]

    def _offers(self) -> tuple[list[Port], list[Port]]:
        """(where it fits, where it does not) among the ports that one can see."""
        view, model = self.view, self.view.model
        box = view.visible_rect()
        seen = model.geometry.nodes_in((box.left(), box.top(), box.right(), box.bottom()))
        if len(seen) > NEAR_NODES:
            return [], []
        ports = [p for k in seen.tolist() for p in self._ports_of(model.ids[k])]
        ports = [p for p in ports if p.node != self._fixed.node]
        return [p for p in ports if not self._refusal(p)], [p for p in ports if self._refusal(p)]

    def _find(self, position: QPointF) -> Port | None:
        """The port meant by the pointer: the nearest one, else the best of the node under it."""
        view, model = self.view, self.view.model
        x, y = self._at.x(), self._at.y()
        radius = SNAP_PX / view.zoom
        node = view.node_at(position)
        if node and node != self._fixed.node:
            ports = self._ports_of(node)
            inlined = [Port(node, k) for k, h in enumerate(self._heights(node)) if h is None]
            ports += inlined if self._fixed.number == OUT else []
            if ports:
                return min(ports, key=lambda p: self._preference(p, x, y))
        near = hits.port_at(model, x, y, radius, growing=True)
        if near is None or near.node == self._fixed.node:
            return None
        return near if (near.number == OUT) is (self._fixed.number != OUT) else None

    def _heights(self, node: str) -> list[float | None]:
        model = self.view.model
        shown = model.nodes[model.index[node]]
        return [] if shown.leaf else model.port_heights[model.index[node]]

    def _preference(self, port: Port, x: float, y: float) -> tuple[bool, bool, float]:
        """Smaller is better: where it fits, on an empty port, near the pointer."""
        model = self.view.model
        px, py = hits.port_place(model, port)
        inputs = model.nodes[model.index[port.node]].inputs
        taken = 0 <= port.number < len(inputs) and bool(inputs[port.number])
        near = abs(px - x) + abs(py - y)
        return bool(self._refusal(port)), taken and near > SNAP_PX / self.view.zoom, near

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        view, model = self.view, self.view.model
        if self._fixed.node not in model.index:
            return
        self._at = view.to_scene(position)
        self._target = self._find(position)
        here = (self._at.x(), self._at.y())
        reason = self._refusal(self._target) if self._target else ""
        if self._target is not None:
            place = hits.port_place(model, self._target)
            here = here if reason else place
        else:
            place = None
        fixed = hits.port_place(model, self._fixed)
        ends = (fixed, here) if self._fixed.number == OUT else (here, fixed)
        fitting, misfits = self._offered
        view.show_overlay(
            Overlay(
                wire=ends,
                fits=not reason,
                ports=[hits.port_place(model, p) for p in fitting if p.node in model.index],
                refused=[hits.port_place(model, p) for p in misfits if p.node in model.index],
                target=place,
            )
        )
        over = "" if self._target is None else self._target.node
        view.say_beside_pointer(position, reason or self._offer_text(), over)

    def _offer_text(self) -> str:
        """What letting go here would do, where that is not plain to see."""
        if self._target is None:
            return ""
        port = self._target if self._fixed.number == OUT else self._fixed
        return self.view.port_name(port)

    def end(self) -> None:
        view = self.view
        view.show_overlay(Overlay())
        view.say_nothing()
        if not self.moved:
            if self._detached is not None:
                view.ask_wire(self._detached)
            return
        fixed, target = self._fixed, self._target
        if target is None:
            at = (self._at.x(), self._at.y())
            if self._detached is not None:
                view.wires_cut.emit([self._detached])
            else:
                view.wire_dropped.emit(fixed, at)
            return
        source, sink = (fixed, target) if fixed.number == OUT else (target, fixed)
        if self._refusal(target):
            view.refused.emit(self._refusal(target))
            return
        view.wire_drawn.emit(Wire(source.node, sink.node, sink.number), self._detached)

    def cancel(self) -> None:
        super().cancel()
        self.view.say_nothing()
