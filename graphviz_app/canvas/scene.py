"""The scene: owns the items of one model and knows which of them a change touches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from graphviz_app.canvas.geometry import LABEL_REACH, Box
from graphviz_app.canvas.items import (
    LayerItem,
    NodeItem,
    NumberLayer,
    Overview,
    Stage,
    Tier,
    WireLayer,
)
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.overlay import OverlayLayer
from graphviz_app.canvas.paint import Look, qrect
from graphviz_app.theme import Theme

AIR = 4000.0  # scene pixels around the graph that one can scroll into
_EMPTY = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents


class GraphScene(QGraphicsScene):
    """Items for a `CanvasModel`, a new set for each; Python keeps a reference to every one."""

    def __init__(self, model: CanvasModel, theme: Theme) -> None:
        super().__init__()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self.stage = Stage(model, Look(theme))
        self.nodes: list[NodeItem] = []
        self._build()

    @property
    def model(self) -> CanvasModel:
        """What is shown."""
        return self.stage.model

    def _build(self) -> None:
        stage = self.stage
        self.nodes = [NodeItem(stage, k) for k in range(len(stage.model.ids))]
        self.wires, self.overview = WireLayer(stage), Overview(stage)
        self.numbers = NumberLayer(stage)
        self.overlay = OverlayLayer(stage)
        self._frame_members = {int(k) for f in stage.model.frames for k in f.members}
        centres = stage.model.geometry.xy.tolist()
        for item, (x, y) in zip(self.nodes, centres, strict=True):
            item.setPos(x, y)
            item.setFlag(_EMPTY, stage.tier is Tier.FAR)
            self.addItem(item)
        self._cover()
        for layer in self._layers():
            self.addItem(layer)

    def _layers(self) -> list[LayerItem]:
        return [self.wires, self.overview, self.numbers, self.overlay]

    def _cover(self) -> None:
        area = qrect(self.model.bounds()).adjusted(-AIR, -AIR, AIR, AIR)
        for layer in self._layers():
            layer.set_bounds(area)
        self.setSceneRect(area)

    def set_model(self, model: CanvasModel) -> None:
        """Show another model."""
        self.clear()
        self.stage = Stage(model, self.stage.look, self.stage.tier, self.stage.scale)
        self._build()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.stage.look = Look(theme)
        self.numbers.cache = None
        self.update()

    def use_tier(self, visible_nodes: int, scale: float) -> None:
        """Choose the detail for a frame that shows so many nodes at this scale."""
        tier, before = Tier.of(visible_nodes, scale), self.stage.tier
        self.stage.tier, self.stage.scale = tier, scale
        if (tier is Tier.FAR) is not (before is Tier.FAR):
            for item in self.nodes:
                item.setFlag(_EMPTY, tier is Tier.FAR)

    # changes ------------------------------------------------------------------------------------

    def place_all(self) -> None:
        """Follow the model after many nodes moved."""
        centres = self.model.geometry.xy.tolist()
        for item, (x, y) in zip(self.nodes, centres, strict=True):
            item.setPos(x, y)
        self.wires.forget()
        self._cover()
        self.update()

    def move_nodes(self, nodes: list[int], xy: np.ndarray) -> None:
        """Move some nodes; only what they touch is drawn again."""
        geometry = self.model.geometry
        which = np.array(nodes, dtype=np.intp)
        before = self._reach(which)
        wires = geometry.move(which, xy)
        for node, (x, y) in zip(nodes, xy.tolist(), strict=True):
            self.nodes[node].setPos(x, y)
        self.wires.forget(wires.tolist())
        area = before.united(self._reach(which))
        self.numbers.update(area)
        pointed_at = any(note.target in self.model.index for note in self.model.notes)
        if self._frame_members.isdisjoint(nodes) and not pointed_at:
            self.wires.update(area)
        else:
            self.wires.update()
        if self.stage.tier is not Tier.NEAR:
            self.overview.update(area)

    def bend_wire(self, wire: int, points: tuple[tuple[float, float], ...]) -> None:
        """Lead a wire over these points."""
        self.model.geometry.bend(wire, points)
        self.wires.forget([wire])
        self.wires.update()

    def move_notes(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Move comments."""
        self.model.move_notes(places)
        self.wires.update()

    def _reach(self, nodes: np.ndarray) -> QRectF:
        """The area that changes with some nodes: they, their wires and the numbers beside them."""
        geometry = self.model.geometry
        left, top, right, bottom = geometry.bounds(nodes)
        around: Box = (left - LABEL_REACH, top - 32, right + LABEL_REACH, bottom + 32)
        area = qrect(around)
        wires = geometry.wires_at(nodes)
        return area.united(qrect(geometry.wires_box(wires))) if len(wires) else area

    def redraw_nodes(self, nodes: set[int]) -> None:
        """Draw these nodes again."""
        for node in nodes:
            if 0 <= node < len(self.nodes):
                self.nodes[node].update()
        if self.stage.tier is not Tier.NEAR and nodes:
            self.overview.update()

    def set_pulse(self, progress: float | None) -> None:
        """Move the dot on the lit wires."""
        self.stage.pulse = progress
        lit = self.model.lit_wires
        if lit:
            self.wires.update(qrect(self.model.geometry.wires_box(lit)))

    def shutdown(self) -> None:
        """Let go of all items."""
        self.clear()
        self.nodes = []
