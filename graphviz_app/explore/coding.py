"""The network as code, kept in step with the document, the selection and the walk."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from engine import edits
from engine.graph.graph import INPUT, Graph
from engine.graph.owned import has_layers, owned_leaves
from engine.layers.listing import ListingError, read_listing
from engine.layers.network import Row, summary
from engine.layers.source import Source, keras, torch
from engine.ops import OPS
from engine.ops.op import shape_text
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.code_panel import CodePanel
from graphviz_app.explore.left_column import KERAS, PALETTE, LeftColumn
from graphviz_app.explore.palette_entries import op_title
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.summary_table import LayerRow
from graphviz_app.player import Player

SEED = 20  # of the weights that a listing begins with


class Coding(QObject):
    """Shows the listing and summary of the document's network, and builds what is typed there."""

    def __init__(
        self,
        document: Document,
        selection: Selection,
        player: Player,
        view: GraphView,
        column: LeftColumn,
        panel: CodePanel,
    ) -> None:
        super().__init__(column)
        self._document, self._selection, self._player = document, selection, player
        self._view, self._column, self._panel = view, column, panel
        self._replaced = True
        document.replaced.connect(self._forget)
        column.page_changed.connect(self.show)
        selection.changed.connect(self._light)
        player.moved.connect(self._light)
        view.node_hovered.connect(self._hover_node)
        panel.built.connect(self.build)
        panel.chosen.connect(self._choose)
        panel.hovered.connect(self._hover_line)

    @Slot()
    def _forget(self) -> None:
        self._replaced = True
        self._panel.forget()

    @Slot()
    def show(self) -> None:
        """Show what the document holds."""
        graph = self._document.graph
        network = has_layers(graph)
        if self._replaced:  # what is begun on an empty canvas is dragged from the palette
            self._replaced = False
            self._column.begin(network)
        self._column.set_network(network)
        if self._column.page == PALETTE:
            return
        write, name = (keras, "Keras") if self._column.page == KERAS else (torch, "PyTorch")
        self._panel.show_source(write(graph) if network else Source(), name)
        rows = [row for row in summary(graph) if not _is_loss(graph, row)] if network else []
        self._panel.show_summary(
            [_shown(graph, row) for row in rows], sum(row.kept for row in rows)
        )
        self._light()

    # lights -------------------------------------------------------------------------------------

    def _layer_of(self, shown: str) -> str:
        """The layer that a shown node is, is inside of, or belongs to."""
        owner = self._document.derived.opened.owner(shown)
        return owned_leaves(self._document.graph).get(owner, owner)

    def _shown_of(self, node: str) -> list[str]:
        """What is shown of a node of the document: itself, or what it came apart into."""
        opened = self._document.derived.opened
        if node in opened.graph.nodes:
            return [node]
        return [i for i in opened.graph.nodes if opened.owner(i) == node]

    @Slot(str)
    def _choose(self, node: str) -> None:
        shown = self._shown_of(node)
        self._selection.set(shown, shown[0] if len(shown) == 1 else "")

    @Slot()
    def _light(self) -> None:
        if self._column.page == PALETTE:
            return
        things, walk = self._selection.things, self._document.walk
        node = self._selection.current or min(things, default="")
        if not node and walk is not None and 0 <= self._player.index < len(walk):
            node = walk.where(self._player.index)[1]
        self._panel.set_lit(self._layer_of(node) if node else "")

    @Slot(str)
    def _hover_node(self, node: str) -> None:
        if self._column.page != PALETTE:
            self._panel.set_hovered(self._layer_of(node) if node else "")

    @Slot(str)
    def _hover_line(self, node: str) -> None:
        self._view.highlight(self._shown_of(node))
        self._panel.set_hovered(node)

    # building -----------------------------------------------------------------------------------

    @Slot(str)
    def build(self, text: str) -> None:
        """Make the network of a listing the graph, as one step of undo, or say why it cannot be."""
        before = self._document.graph
        try:
            listing = read_listing(text)
            graph = listing.graph(listing.batch_size or _batch_of(before), SEED)
        except ListingError as error:
            self._panel.show_error(str(error), error.line)
            return
        self._panel.take_back()
        self._view.start_fitting()  # the graph is laid out anew
        self._document.edit("Build network", edits.in_place_of(before, graph))
        self.show()


def _is_loss(graph: Graph, row: Row) -> bool:
    return OPS[graph.nodes[row.node].op].kind == "loss"


def _batch_of(graph: Graph) -> int:
    """How many examples the network holds at once, 1 where there is none."""
    if has_layers(graph):
        for node in graph.nodes.values():
            if node.op == INPUT and np.ndim(node.value) > 1:
                return len(node.value)
    return 1


def _shown(graph: Graph, row: Row) -> LayerRow:
    node = graph.nodes[row.node]
    title = op_title(node.op) if row.name == "Activation" else row.name
    if row.name == "Dropout":
        title += f" {node.attrs.get('rate', 0.5):g}"
    one = row.shape[1:] if row.shape else row.shape
    output = "?" if one is None else shape_text(one) if one else "1"
    return LayerRow(row.node, title, output, row.count)
