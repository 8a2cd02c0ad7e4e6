"""The scene: owns the items of one model and knows which of them a change touches."""

from __future__ import annotations

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
        return [self.wires, self.overview, self.numbers]

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

    def move_node(self, node: int, x: float, y: float) -> None:
        """Move one node; only what it touches is drawn again."""
        geometry = self.model.geometry
        before = self._reach(node)
        wires = geometry.move(node, x, y)
        self.nodes[node].setPos(x, y)
        self.wires.forget(wires)
        area = before.united(self._reach(node))
        self.numbers.update(area)
        if node in self._frame_members:
            self.wires.update()
        else:
            self.wires.update(area)
        if self.stage.tier is not Tier.NEAR:
            self.overview.update(area)

    def _reach(self, node: int) -> QRectF:
        """The area that changes with a node: itself, its wires and the numbers beside it."""
        geometry = self.model.geometry
        x, y = geometry.xy[node].tolist()
        width, height = geometry.size[node].tolist()
        around: Box = (
            x - width / 2 - LABEL_REACH,
            y - height / 2 - 32,
            x + width / 2 + LABEL_REACH,
            y + height / 2 + 32,
        )
        area = qrect(around)
        wires = geometry.wires_of(node)
        return area.united(qrect(geometry.wires_box(wires))) if wires else area

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
