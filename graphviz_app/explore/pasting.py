"""Whole pieces put into the graph: what was copied, copies of the selection, formulas."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from PySide6.QtCore import Slot

from engine import edits
from engine.errors import EngineError, FormulaError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.formula import parse
from engine.graph.graph import Graph
from engine.graph.owned import owned_leaves
from engine.layers.listing import ListingError, looks_like_listing, read_listing
from graphviz_app.canvas.guides import GRID, on_grid
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.explore.canvas_edits import CanvasEdits, Point

LAYER_STEP = 180.0  # from one layer of a pasted network to the next
PASTE_STEP = 3 * GRID  # a copy at the pointer goes so far aside until it covers nothing
MOST_STEPS = 24
AIR = 8.0  # between a copy and what is there


class Pasting(CanvasEdits):
    """Copies the selection, and pastes pieces; what was pasted is selected."""

    def copied_text(self) -> str:
        """The selection as the text of a graph file, "" where nothing is selected."""
        chosen = self._chosen()
        return graph_bytes(edits.extract(self._pinned(), chosen)).decode() if chosen else ""

    def paste_text(self, text: str, at: Point | None = None, keep_wires: bool = False) -> bool:
        """Paste copied nodes, a network's listing or a formula; else say why it cannot be."""
        text = text.strip()
        if not text:
            self.refused.emit("There is nothing to paste: copy nodes or a formula first.")
            return False
        if text.startswith("{"):
            try:
                piece = graph_from_bytes(text.encode("utf-8", "replace"))
            except EngineError as error:
                self.refused.emit(str(error).replace("This graph", "What was copied"))
                return False
            return self._put("Paste", piece, at, wires=keep_wires)
        if looks_like_listing(text):
            return self.add_network(text, at)
        if len(text) > 20_000:
            self.refused.emit("The text to paste is too long for a formula.")
            return False
        return self.add_formula(text, at)

    def duplicate(self) -> None:
        """A copy of the selection beside it, with the same inputs."""
        chosen = self._chosen()
        if chosen:
            piece = edits.extract(self._pinned(), chosen)
            self._put(f"Duplicate {self.title_of(chosen)}", piece, None, wires=True)

    @Slot(object)
    def copy_to(self, places: Mapping[str, Point]) -> None:
        """A copy of the selection, dragged to these places."""
        chosen = self._chosen()
        piece = edits.extract(self._pinned(), chosen)
        some = next(iter(places))
        before = self._view.places_of([some]).get(some, places[some])
        offset = (places[some][0] - before[0], places[some][1] - before[1])
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.paste(graph, piece, offset, keep_wires=True)
            made.extend(new)
            return graph

        title = f"Duplicate {self.title_of(chosen)}"
        self._do(title, change, select=lambda: self._shown(made))

    def add_formula(self, text: str, at: Point | None = None) -> bool:
        """Add what a formula says as nodes; variables that exist already are the same ones."""
        try:
            piece = parse(text)
        except FormulaError as error:
            self.refused.emit(str(error))
            return False
        return self._put("Add formula", piece, at, share=True)

    def add_network(self, text: str, at: Point | None = None) -> bool:
        """Add the network that a listing describes as nodes; on an empty canvas it is the graph."""
        try:
            piece = read_listing(text).graph()
        except ListingError as error:
            self.refused.emit(str(error))
            return False
        if self._graph.nodes:
            row = [i for i in piece.nodes if i not in owned_leaves(piece)]
            piece.positions.update((i, (LAYER_STEP * k, 0.0)) for k, i in enumerate(row))
            return self._put("Add network", piece, at)
        self._view.start_fitting()
        self._document.edit("Build network", edits.in_place_of(self._graph, piece))
        return True

    def _put(
        self, title: str, piece: Graph, at: Point | None, share: bool = False, wires: bool = False
    ) -> bool:
        """Paste ``piece`` with its middle ``at``, or where it was; aside of what is there."""
        piece = piece.like()
        model = CanvasModel.from_graph(piece, (), piece.positions)
        xy = zip(model.ids, model.geometry.xy.tolist(), strict=True)
        piece.positions.update((i, (x, y)) for i, (x, y) in xy)
        left, top, right, bottom = model.bounds()
        if at is None:
            offset, step = (0.0, 0.0), (0.0, on_grid(bottom - top + 2 * PASTE_STEP))
        else:
            x, y = at[0] - (left + right) / 2, at[1] - (top + bottom) / 2
            offset, step = (on_grid(x), on_grid(y)), (PASTE_STEP, PASTE_STEP)
        offset = self._clear(model, offset, step)
        made: list[str] = []

        def change(graph: Graph) -> Graph:
            graph, new = edits.paste(graph, piece, offset, keep_wires=wires, share_leaves=share)
            made.extend(new)
            return graph

        fitted = self._view.fitted or not self._view.model.ids
        if not self._do(title, change, select=lambda: self._shown(made)):
            return False
        self._view.reveal_new(self._shown(made), fitted)
        return True

    def _clear(self, piece: CanvasModel, offset: Point, step: Point) -> Point:
        """``offset``, and so many ``step`` more that nothing of ``piece`` covers what is shown."""
        there, copies = _boxes(self._view.model), _boxes(piece)
        for k in range(MOST_STEPS):
            moved = (offset[0] + k * step[0], offset[1] + k * step[1])
            (left, top), (right, bottom) = copies[:, :2].T, copies[:, 2:].T
            covers = (left[:, None] + moved[0] < there[:, 2] + AIR) & (
                right[:, None] + moved[0] > there[:, 0] - AIR
            )
            covers &= (top[:, None] + moved[1] < there[:, 3] + AIR) & (
                bottom[:, None] + moved[1] > there[:, 1] - AIR
            )
            if not covers.any():
                return moved
        return offset[0] + step[0], offset[1] + step[1]

    def _shown(self, made: Collection[str]) -> set[str]:
        """What shows the nodes that were made; the copy of a folded group is one thing."""
        hidden = self._document.derived.opened.hidden
        return {hidden.get(i, i) for i in made}


def _boxes(model: CanvasModel) -> np.ndarray:
    """The left, top, right and bottom of every node and note, n × 4."""
    xy, half = model.geometry.xy, model.geometry.size / 2
    notes = np.array([note.box for note in model.notes], dtype=float).reshape(-1, 4)
    return np.vstack([np.hstack([xy - half, xy + half]), notes])
