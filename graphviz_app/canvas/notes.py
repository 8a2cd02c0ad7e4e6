"""Comments on the canvas: their lines and how large they are.  Knows no Qt."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

from engine.graph.graph import Note
from graphviz_app.canvas.geometry import Box

LINE_CHARACTERS = 34
LINE_PX = 18.0
CHARACTER_PX = 7.2  # about as wide as a letter of the note's type
PAD = 12.0


@dataclass(frozen=True)
class NoteBox:
    """A note as it is drawn: its lines in a box."""

    id: str
    lines: tuple[str, ...]
    box: Box
    color: str
    target: str = ""  # the id of the node that it points at

    def moved(self, x: float, y: float) -> NoteBox:
        """The same note with its upper left corner at (x, y)."""
        left, top, right, bottom = self.box
        return replace(self, box=(x, y, x + right - left, y + bottom - top))


def note_box(note: Note) -> NoteBox:
    """The lines and the box of a note."""
    lines: list[str] = []
    for paragraph in note.text.splitlines() or [""]:
        lines += textwrap.wrap(paragraph, LINE_CHARACTERS) or [""]
    width = max(80.0, max(map(len, lines)) * CHARACTER_PX + 2 * PAD)
    x, y = note.at
    box = (x, y, x + width, y + len(lines) * LINE_PX + 2 * PAD)
    return NoteBox(note.id, tuple(lines), box, note.color, note.target)
