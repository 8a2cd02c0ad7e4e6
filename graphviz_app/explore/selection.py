"""What is selected: nodes and notes, one of them the current one, or a wire."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from engine.graph.graph import Wire


class Selection(QObject):
    """Things by id.  Signal ``changed()``: after it is different.

    ``current`` is the thing that was chosen last, whose value can be edited; "" for none.  A wire
    is selected alone.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.things: frozenset[str] = frozenset()
        self.current = ""
        self.wire: Wire | None = None

    def set(self, things: Collection[str], current: str = "") -> None:
        """Select these things; without a ``current`` one a single thing is it."""
        things = frozenset(things)
        if not current and len(things) == 1:
            (current,) = things
        if current not in things:
            current = self.current if self.current in things else ""
        self._become(things, current, None)

    def set_wire(self, wire: Wire | None) -> None:
        """Select a wire alone."""
        self._become(frozenset(), "", wire)

    def keep(self, existing: Collection[str], wires: Collection[Wire]) -> None:
        """Let go of what does not exist any more."""
        things = frozenset(t for t in self.things if t in existing)
        wire = self.wire if self.wire in wires else None
        self._become(things, self.current if self.current in things else "", wire)

    def _become(self, things: frozenset[str], current: str, wire: Wire | None) -> None:
        if (things, current, wire) != (self.things, self.current, self.wire):
            self.things, self.current, self.wire = things, current, wire
            self.changed.emit()
