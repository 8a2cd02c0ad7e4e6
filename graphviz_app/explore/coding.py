"""The code panel kept in step with the document, and what is typed there as edits."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Slot

from engine.errors import EngineError
from engine.graph.graph import INPUT, Graph
from engine.graph.owned import has_layers
from engine.layers.listing import ListingError, read_listing
from engine.layers.network import summary
from engine.layers.source import keras, torch
from graphviz_app.document import Document
from graphviz_app.explore.code_panel import CodePanel
from graphviz_app.explore.left_column import KERAS, PALETTE, PYTORCH, LeftColumn


class Coding(QObject):
    """Writes the network as code, and builds what is typed."""

    def __init__(self, document: Document, panel: CodePanel, column: LeftColumn) -> None:
        super().__init__(panel)
        self._document, self._panel, self._column = document, panel, column
        self._network = False
        panel.built.connect(self.build)
        column.page_changed.connect(self._show_page)

    def show(self, anew: bool) -> None:
        """Show the document's network; ``anew`` if it is another document's.

        A network brings its code into view as it comes; a circuit brings the palette.
        """
        network = has_layers(self._document.graph)
        if anew or network != self._network:
            self._network = network
            self._column.show_page(KERAS if network else PALETTE)
        self._write(anew)
        self._panel.show_rows(summary(self._document.graph) if network else [])

    @Slot(str)
    def _show_page(self, page: str) -> None:
        if page != PALETTE:
            self._write(anew=False)

    def _write(self, anew: bool) -> None:
        graph = self._document.graph
        if not has_layers(graph):
            self._panel.show_source((), "", anew)
            return
        source = (torch if self._column.page == PYTORCH else keras)(graph)
        self._panel.show_source(source.lines, source.missing, anew)

    @Slot(str)
    def build(self, text: str) -> None:
        """Make the network that ``text`` describes the document's graph, as one step of undo."""
        try:
            graph = read_listing(text).graph(_batch(self._document.graph))
        except ListingError as error:
            self._panel.show_error(str(error), error.line)
            return
        except EngineError as error:
            self._panel.show_error(str(error), 0)
            return
        self._panel.discard()  # what follows is written from the graph
        self._document.edit("Build network", with_what_fits(graph, self._document.graph))


def _batch(graph: Graph) -> int:
    """How many examples the graph has data for; 0 if it has none."""
    for node in graph.nodes.values():
        if node.op == INPUT and np.ndim(node.value) > 1:
            return len(node.value)
    return 0


def with_what_fits(graph: Graph, before: Graph) -> Graph:
    """``graph`` with the numbers that leaves of the same name and shape had before."""
    nodes = dict(graph.nodes)
    for node in graph.leaves():
        old = before.nodes.get(node.id)
        if old is not None and old.op == node.op and np.shape(old.value) == np.shape(node.value):
            nodes[node.id] = msgspec.structs.replace(node, value=old.value)
    after = graph.like(nodes)
    after.name = before.name
    return after
