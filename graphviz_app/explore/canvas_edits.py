"""What edits made on the canvas share: each is one step of undo, or a sentence why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from PySide6.QtCore import QObject, Signal

from engine.errors import EngineError
from engine.graph.bypass import own_op
from engine.graph.graph import Graph
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document, Sight
from graphviz_app.explore.selection import Selection

Point = tuple[float, float]


class CanvasEdits(QObject):
    """Edits of one document, for what is shown in one view; its heirs say which.

    Adding a node moves no other: before an edit every node is pinned to where it is shown.
    Signal ``refused(sentence)``: why nothing was done.
    """

    refused = Signal(str)

    def __init__(self, document: Document, view: GraphView, selection: Selection) -> None:
        super().__init__(view)
        self._document, self._view, self._selection = document, view, selection

    @property
    def _graph(self) -> Graph:
        return self._document.graph

    def _pinned(self) -> Graph:
        """The document's graph with every node where it is shown."""
        graph = self._graph.like()
        opened = self._document.derived.opened
        # where a folded group stands follows from what is inside, if that has places
        settled = set(opened.hidden.values()) & set(opened.graph.positions)
        shown = self._view.places_of(self._view.model.ids)
        graph.positions.update((i, at) for i, at in shown.items() if i not in settled)
        return graph

    def _do(
        self,
        title: str,
        change: Callable[[Graph], Graph],
        key: tuple | None = None,
        arranges: bool = False,
        select: Callable[[], Collection[str]] | None = None,
    ) -> bool:
        """Put ``change`` of the pinned graph onto the undo stack; says why it cannot be.

        What changes nothing is no step: to pin the nodes alone is not worth one.  What ``arranges``
        the graph pins nothing where nothing has a place, and all stays in view.  What an edit is
        to ``select`` afterwards is selected by redo as well, and undo selects what was before
        and shows everything again if the view did.
        """
        before = self._pinned() if self._graph.positions or not arranges else self._graph
        try:
            after = change(before)
        except EngineError as error:
            self.refused.emit(str(error))
            return False
        if after != before:
            sight = self._sight()
            if not arranges:
                self._view.stop_fitting()
            self._document.edit(title, after, key)
            if select is not None:
                self._selection.set(select())
                self._document.remember_sight(sight, self._sight())
        return True

    def _sight(self) -> Sight:
        return Sight(self._selection.things, self._selection.current, self._view.fitted)

    def _node(self, node_id: str) -> str:
        """A node's id in the document: an opened composite's for what is inside it."""
        return self._document.derived.opened.owner(node_id)

    def _chosen(self) -> list[str]:
        """The selected nodes and notes of the document; folded nodes stand for all inside."""
        hidden = self._document.derived.opened.hidden
        chosen = {self._node(i) for i in self._selection.things}
        chosen.update(i for i, stands_for in hidden.items() if stands_for in chosen)
        known = [*self._graph.nodes, *self._graph.notes]
        return [i for i in known if i in chosen]

    def title_of(self, ids: Collection[str]) -> str:
        """What an edit of these is called in the Edit menu."""
        nodes = [i for i in ids if i in self._graph.nodes]
        if len(nodes) == 1:
            node = self._graph.nodes[nodes[0]]
            return node.name or own_op(node)
        return f"{len(ids)} things" if ids else "nothing"

    def _with_inside(self, places: Mapping[str, Point]) -> dict[str, Point]:
        """``places``, those of folded nodes handed on to all that is inside."""
        opened = self._document.derived.opened
        moved: dict[str, Point] = {}
        for thing, (x, y) in places.items():
            inside = [i for i, stands_for in opened.hidden.items() if stands_for == thing]
            if not inside or thing not in opened.graph.positions:
                moved[thing] = (x, y)
                continue
            x0, y0 = opened.graph.positions[thing]
            for i in (*inside, thing):
                if i in self._graph.positions:
                    px, py = self._graph.positions[i]
                    moved[i] = (px + x - x0, py + y - y0)
        return moved
