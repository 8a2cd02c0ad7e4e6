"""What is selected: nodes and notes, one of them the current one, a group, or a wire."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from engine.graph.graph import Wire


class Selection(QObject):
    """Things by id.  Signal ``changed()``: after it is different.

    ``current`` is the thing that was chosen last, whose value can be edited; "" for none.  A wire
    is selected alone.  ``group`` is the group whose frame was clicked, else ""; the things are
    what is inside it then.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.things: frozenset[str] = frozenset()
        self.current = ""
        self.group = ""
        self.wire: Wire | None = None

    def set(self, things: Collection[str], current: str = "") -> None:
        """Select these things; without a ``current`` one a single thing is it."""
        things = frozenset(things)
        if not current and len(things) == 1:
            (current,) = things
        if current not in things:
            current = self.current if self.current in things else ""
        self._become(things, current)

    def set_group(self, group: str, members: Collection[str]) -> None:
        """Select a group by its frame, with what it shows inside."""
        self._become(frozenset(members), "", group=group)

    def set_wire(self, wire: Wire | None) -> None:
        """Select a wire alone."""
        self._become(frozenset(), "", wire)

    def keep(self, existing: Collection[str], wires: Collection[Wire]) -> None:
        """Let go of the things, groups and wires that do not exist any more."""
        things = frozenset(t for t in self.things if t in existing)
        wire = self.wire if self.wire in wires else None
        current = self.current if self.current in things else ""
        self._become(things, current, wire, self.group if self.group in existing else "")

    def _become(
        self, things: frozenset[str], current: str, wire: Wire | None = None, group: str = ""
    ) -> None:
        chosen = things, current, wire, group
        if chosen != (self.things, self.current, self.wire, self.group):
            self.things, self.current, self.wire, self.group = chosen
            self.changed.emit()
