"""The level bar kept in step with the document, the canvas and the walk."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from engine import edits
from engine.graph.graph import Node
from engine.graph.labels import text_label
from engine.graph.neuron import neuron_count, neuron_level, neuron_of
from engine.graph.problems import infer_shapes
from engine.run.influence import takes_part
from graphviz_app.canvas.elements import Element
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.canvas_editor import CanvasEditor
from graphviz_app.explore.level_bar import CORNER_PX, LevelBar
from graphviz_app.explore.tensor_panel import TensorPanel
from graphviz_app.explore.tensor_summary import TensorSummary
from graphviz_app.explore.walking import Walking

MOST_RINGS = 2_000  # in the table of a tensor
MOST_ELEMENTS = 300_000  # of a tensor whose neighbours are found while the pointer moves


class Leveling(QObject):
    """Shows the level and the example, and does what is chosen on the bar."""

    def __init__(
        self,
        document: Document,
        editor: CanvasEditor,
        walking: Walking,
        view: GraphView,
        bar: LevelBar,
        tensor: TensorPanel,
        summary: TensorSummary,
    ) -> None:
        super().__init__(bar)
        self._document, self._editor, self._walking = document, editor, walking
        self._view, self._bar, self._tensor = view, bar, tensor
        bar.level_chosen.connect(self._choose)
        bar.neuron_chosen.connect(self._choose_neuron)
        bar.example_chosen.connect(walking.show_example)
        walking.example_changed.connect(self._show_example)
        view.element_hovered.connect(self._light_elements)
        editor.selection.changed.connect(self._show_neuron)
        editor.selection.changed.connect(self.show_tensor)
        walking.numbers_shown.connect(self.show_tensor)
        tensor.element_hovered.connect(self._light_cell)
        tensor.described.connect(summary.show_described)
        summary.numbers_chosen.connect(tensor.show_numbers)
        summary.numpy_wanted.connect(tensor.copy_numpy)
        summary.csv_wanted.connect(tensor.copy_csv)

    @Slot()
    def show(self) -> None:
        """Show what the document shows; the bar is there only where levels differ."""
        graph = self._document.graph
        shown = edits.has_levels(graph)
        self._bar.setVisible(shown)
        covered = self._bar.sizeHint().height() + CORNER_PX // 2 if shown else 0
        if covered != self._view.covered:
            self._view.covered = covered
            self._view.stay_fitted()
        self._bar.show_level(edits.level_shown(graph))
        self._show_neuron()
        self._show_example()

    @Slot()
    def _show_neuron(self) -> None:
        """Say which neuron is seen where a layer shows one: the selected one or the first."""
        layer = self._layer_of_neuron()
        if layer is None:
            self._bar.show_neuron(0, 0)
        else:
            count = neuron_count(layer, infer_shapes(self._document.graph))
            self._bar.show_neuron(neuron_of(layer.opened) or 0, count)

    def _layer_of_neuron(self) -> Node | None:
        selected = self._document.derived.opened.owner(self._editor.selection.current)
        graph = self._document.graph
        layers = [n for n in graph.nodes.values() if neuron_of(n.opened) is not None]
        return next((n for n in layers if n.id == selected), layers[0] if layers else None)

    @Slot(int)
    def _choose_neuron(self, number: int) -> None:
        layer = self._layer_of_neuron()
        if layer is not None:
            self._editor.marking.set_opened(layer.id, neuron_level(number))

    @Slot()
    def _show_example(self) -> None:
        opened = self._document.derived.opened
        example = self._walking.example = min(self._walking.example, max(opened.batch - 1, 0))
        self._bar.show_example(example, opened.batch)
        self._view.mark_example(example)

    @Slot()
    def show_tensor(self) -> None:
        """Show the numbers of the selected node, as far as the walk has come."""
        current = self._editor.selection.current
        node = self._document.shown.nodes.get(current)
        pair = self._walking.numbers_of(current) if node is not None else None
        if node is None or pair is None or pair[0] is None:
            self._tensor.show_nothing()
        else:
            self._tensor.show_tensor(text_label(self._document.shown, current), *pair)

    @Slot(object)
    def _light_cell(self, index: tuple[int, ...] | None) -> None:
        current = self._editor.selection.current
        self._light_elements(None if index is None else Element(current, index))

    @Slot(object)
    def _light_elements(self, element: Element | None) -> None:
        """Frame what an element came from and what it flows to, on the canvas and in the table."""
        shown, shapes = self._document.shown, self._document.derived.shapes
        if element is None or element.node not in shapes:
            self._view.light_elements({})
            self._tensor.highlight(())
            return
        own = np.zeros(shapes[element.node], bool)
        own[element.index] = True
        parts = takes_part(shown, shapes, *element) if own.size <= MOST_ELEMENTS else ()
        masks = {element.node: own}
        for part in parts:
            masks = part | masks
        self._view.light_elements(masks)
        lit = masks.get(self._editor.selection.current)
        if lit is None or np.count_nonzero(lit) > MOST_RINGS:
            self._tensor.highlight(())
        else:
            self._tensor.highlight(map(tuple, np.argwhere(lit).tolist()))

    @Slot(str)
    def _choose(self, level: str) -> None:
        self._editor.show_level(level)
        self.show()  # it may have been refused
