"""Drawing a wire with the keyboard: arrows choose among the ports that fit, Enter connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from engine.graph.graph import Wire
from graphviz_app.canvas import hits
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.overlay import Overlay

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

_NEXT = (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Tab)
_BACK = (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Backtab)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class KeyWiring:
    """A wire from the output of ``node``; ``ports`` are where it may go, nearest first."""

    def __init__(self, view: GraphView, node: str) -> None:
        self._view, self._fixed = view, Port(node, OUT)
        advice, model = view.advice(), view.model
        here = hits.port_place(model, self._fixed)
        found: list[tuple[float, Port]] = []
        self.reason = ""
        for k, other in enumerate(model.ids):
            for number in hits.input_ports(model, k, growing=True) if other != node else ():
                port = Port(other, number)
                why = advice.refusal(node, other, number)
                if not why:
                    way = np.subtract(hits.port_place(model, port), here)
                    inputs = model.nodes[k].inputs
                    taken = number < len(inputs) and bool(inputs[number])
                    found.append((float(np.hypot(*way)) + 1e6 * taken, port))
                self.reason = self.reason or why
        self.ports = [port for _, port in sorted(found)]
        self._at = 0

    def show(self) -> None:
        """Draw the wire to the port that is chosen now, and say its name."""
        view, model = self._view, self._view.model
        port = self.ports[self._at]
        if self._fixed.node not in model.index or port.node not in model.index:
            return
        place = hits.port_place(model, port)
        view.show_overlay(
            Overlay(
                wire=(hits.port_place(model, self._fixed), place),
                ports=[hits.port_place(model, p) for p in self.ports if p.node in model.index],
                target=place,
            )
        )
        box = view.visible_rect()
        if not box.contains(QPointF(*place)):
            view.look_at(view.zoom, QPointF(*place))
        sentence = f"{view.port_name(port)} · arrows choose, Enter connects, Esc gives up"
        view.say_beside_pointer(view.to_viewport(place), sentence, port.node)

    def key(self, event: QKeyEvent) -> bool:
        """Take a key; whether the wiring goes on."""
        key = event.key()
        if key in _NEXT or key in _BACK:
            self._at = (self._at + (1 if key in _NEXT else -1)) % len(self.ports)
            self.show()
            return True
        self.end()
        if key in _ENTER:
            port = self.ports[self._at]
            self._view.wire_drawn.emit(Wire(self._fixed.node, port.node, port.number), None)
        return False

    def end(self) -> None:
        """Draw nothing any more."""
        self._view.show_overlay(Overlay())
        self._view.say_nothing()
