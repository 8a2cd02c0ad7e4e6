"""The items of the scene: one for each node to be redrawn alone, and layers that draw the rest.

How much is drawn follows from how many nodes are visible (`Tier`), because a Python call for each
of thousands of items would cost more than a frame.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsRectItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from engine.run.walk import Phase
from graphviz_app.canvas import paint
from graphviz_app.canvas.batches import draw_lines, draw_rects
from graphviz_app.canvas.geometry import LABEL_REACH, MARGIN, Box
from graphviz_app.canvas.kinds import Kind
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.numbers import NumberCache, draw_numbers_fast
from graphviz_app.canvas.paint_faces import wire_pen

NEAR_NODES, MID_NODES = 80, 320
READABLE_LABEL, READABLE_NUMBER = 0.38, 0.5  # scales from which text is drawn in the middle tier
BEND_RADIUS = 4.5  # of the dot on a wire that is led over a point
CURVES = 900  # as many wires are drawn as curves from far away, more as straight lines


class Tier(Enum):
    """How much detail a frame can afford."""

    NEAR = "near"  # everything
    MID = "mid"  # no smooth edges, no ports, plates or shadow; where labels can be read
    FAR = "far"  # coloured boxes, drawn in batches

    @classmethod
    def of(cls, visible_nodes: int, scale: float) -> Tier:
        """The tier for so many visible nodes at this scale."""
        if visible_nodes <= NEAR_NODES:
            return cls.NEAR
        return cls.MID if visible_nodes <= MID_NODES and scale >= READABLE_LABEL else cls.FAR


@dataclass
class Stage:
    """What all items of one scene read: the model, the look and the level of detail."""

    model: CanvasModel
    look: paint.Look
    tier: Tier = Tier.NEAR
    scale: float = 1.0
    pulse: float | None = None  # how far the dot on the lit wires has come, 0 … 1
    failures: list[str] = field(default_factory=list)


def paint_safely(
    item: NodeItem | LayerItem, painter: QPainter, option: QStyleOptionGraphicsItem
) -> None:
    """Run ``item.draw``; an exception is reported once, and from then on an error box drawn."""
    if not item.failed:
        try:
            item.draw(painter, option)
            return
        except Exception as error:
            item.failed = True
            item.stage.failures.append(f"{type(item).__name__}: {error}")
            sys.excepthook(type(error), error, error.__traceback__)
    painter.setOpacity(1.0)
    painter.setPen(item.stage.look.problem_pen)
    painter.setBrush(QColor(item.stage.look.theme.problem_soft))
    painter.drawRect(item.error_box(option))


class NodeItem(QGraphicsRectItem):
    """One node.  Single inheritance and no children: measured to be what scales."""

    def __init__(self, stage: Stage, node: int) -> None:
        width, height = stage.model.geometry.size[node].tolist()
        super().__init__(
            -width / 2 - MARGIN, -height / 2 - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN
        )
        self.stage, self.node, self.failed = stage, node, False
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """The node, as detailed as the tier allows."""
        stage = self.stage
        if stage.tier is Tier.NEAR:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            paint.draw_node(painter, stage.model, self.node, stage.look)
        else:
            # Its box is part of the overview, drawn with all others.
            model, node = stage.model, self.node
            paint.draw_sign(painter, model, node, stage.look, bool(model.lit[node]))

    def error_box(self, option: QStyleOptionGraphicsItem) -> QRectF:
        """Where the error is shown: on the node."""
        return self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        paint_safely(self, painter, option)


class LayerItem(QGraphicsItem):
    """A layer over the whole scene that draws what is exposed."""

    def __init__(self, stage: Stage, z: float) -> None:
        super().__init__()
        self.stage, self.failed = stage, False
        self._bounds = QRectF()
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_bounds(self, bounds: QRectF) -> None:
        """Cover ``bounds``."""
        self.prepareGeometryChange()
        self._bounds = bounds

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Draw what lies in ``option.exposedRect``."""
        raise NotImplementedError

    def error_box(self, option: QStyleOptionGraphicsItem) -> QRectF:
        """Where the error is shown: a corner of what was to be drawn."""
        corner = option.exposedRect.topLeft()  # type: ignore[attr-defined]
        return QRectF(corner.x() + 8, corner.y() + 8, 24, 24)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        paint_safely(self, painter, option)


def exposed_box(option: QStyleOptionGraphicsItem) -> Box:
    """What is to be drawn, in scene pixels."""
    rect = option.exposedRect  # type: ignore[attr-defined]
    return (rect.left(), rect.top(), rect.right(), rect.bottom())


class WireLayer(LayerItem):
    """All frames and wires, and the dot that travels along the lit ones."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, -1.0)
        self._paths: list[QPainterPath | None] = [None] * len(stage.model.wires)

    def forget(self, wires: list[int] | None = None) -> None:
        """Compute the curves of these wires (or of all) again."""
        if wires is None:
            self._paths = [None] * len(self._paths)
        else:
            for wire in wires:
                self._paths[wire] = None

    def path(self, wire: int) -> QPainterPath:
        """A wire's curve, from its source to its target."""
        found = self._paths[wire]
        if found is None:
            found = self._paths[wire] = paint.wire_path(self.stage.model.geometry, wire)
        return found

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        stage = self.stage
        model, look, tier = stage.model, stage.look, stage.tier
        box = exposed_box(option)
        wires = model.geometry.wires_in(box)
        curves = tier is not Tier.FAR or len(wires) <= CURVES
        smooth = tier is Tier.NEAR or (tier is Tier.FAR and curves)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for frame in model.frames:
            paint.draw_frame(painter, model, frame, look)
        paint.draw_notes(painter, model, look)
        painter.setOpacity(paint.DIMMED if model.active >= 0 else 1.0)
        painter.setPen(look.wire if tier is Tier.NEAR else look.wire_thin)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if not curves:
            draw_lines(painter, model.geometry.lines[wires])
        else:
            path = self.path
            lit = set(model.lit_wires)
            weights, plain = model.weights, painter.pen()
            for wire in wires.tolist():
                if wire in lit:
                    continue
                if weights:
                    painter.setPen(wire_pen(model, wire, look, plain))
                painter.drawPath(path(wire))
        painter.setOpacity(1.0)
        if model.problem_wires and tier is not Tier.FAR:
            paint.draw_problem_wires(painter, model, look)
        if model.selected_wires:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(look.selection.color(), 3.0))
            for wire in model.selected_wires:
                painter.drawPath(self.path(wire))
        if model.active >= 0 and model.lit_wires:
            self._draw_lit(painter)
        if tier is Tier.NEAR and model.geometry.fixed:
            self._draw_bends(painter)

    def _draw_bends(self, painter: QPainter) -> None:
        """Dots to take hold of."""
        model, look = self.stage.model, self.stage.look
        painter.setPen(QPen(look.wire.color(), 1.5))
        painter.setBrush(look.canvas)
        for points in model.geometry.fixed.values():
            for x, y in points:
                painter.drawEllipse(QPointF(x, y), BEND_RADIUS, BEND_RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_lit(self, painter: QPainter) -> None:
        model, look, pulse = self.stage.model, self.stage.look, self.stage.pulse
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(look.phase_wire[model.phase])
        for wire in model.lit_wires:
            painter.drawPath(self.path(wire))
        if pulse is None:
            return
        way = pulse if model.phase is Phase.FORWARD else 1.0 - pulse
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.phase_color[model.phase])
        for wire in model.lit_wires:
            painter.drawEllipse(self.path(wire).pointAtPercent(way), 5.0, 5.0)


class Overview(LayerItem):
    """All nodes as plain boxes, one call for each colour, where there are many.

    In the middle tier the boxes are outlines, as labels stand in them.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, -0.5)

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        stage = self.stage
        if stage.tier is Tier.NEAR:
            return
        far = stage.tier is Tier.FAR
        model, look = stage.model, stage.look
        visible = model.geometry.nodes_in(exposed_box(option))
        codes = model.kind_codes[visible]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setOpacity(1.0)
        for code, kind in enumerate(Kind):
            nodes = visible[codes == code]
            if len(nodes):
                painter.setPen(Qt.PenStyle.NoPen if far else look.thin_pens[kind])
                painter.setBrush(look.kind_colors[kind] if far else look.fill)
                draw_rects(painter, self._boxes(nodes, 0.0))
        self._draw_marks(painter, 3.0 / stage.scale, far)

    def _draw_marks(self, painter: QPainter, reach: float, far: bool) -> None:
        """What is wrong, glows, is selected or active: a larger box in its colour."""
        model, look = self.stage.model, self.stage.look
        marks = [
            (list(model.problems), look.problem),
            (list(model.highlighted), look.highlight.color()),
        ]
        marks.append((list(model.selection), look.selection.color()))
        marks.append(([model.active], look.phase_color[model.phase]))
        for marked, color in marks:
            nodes = np.array([n for n in marked if n >= 0], dtype=np.intp)
            if len(nodes):
                painter.setPen(Qt.PenStyle.NoPen if far else QPen(color, 3.0))
                painter.setBrush(color if far else Qt.BrushStyle.NoBrush)
                draw_rects(painter, self._boxes(nodes, reach))

    def _boxes(self, nodes: np.ndarray, reach: float) -> np.ndarray:
        geometry = self.stage.model.geometry
        boxes = np.empty((len(nodes), 4))
        boxes[:, 2:] = geometry.size[nodes] + 2 * reach
        boxes[:, :2] = geometry.xy[nodes] - boxes[:, 2:] / 2
        return boxes


class NumberLayer(LayerItem):
    """The ports of all visible nodes, and the values and gradients beside them."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, 1.0)
        self.cache: NumberCache | None = None

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        stage = self.stage
        if stage.model.problem_wires and stage.tier is not Tier.FAR:
            paint.write_on_problem_wires(painter, stage.model, stage.look)
        if stage.tier is Tier.FAR or (stage.tier is Tier.MID and stage.scale < READABLE_NUMBER):
            return
        near = stage.tier is Tier.NEAR
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, near)
        left, top, right, bottom = exposed_box(option)
        if near:
            box = (left, top, right, bottom)
            wires = stage.model.geometry.wires_in(box)
            seen = stage.model.geometry.nodes_in(box)
            paint.draw_ports(painter, stage.model, seen, wires, stage.look)
        if self.cache is None:
            self.cache = NumberCache(stage.model, stage.look.numbers)
        # Neighbours further right are needed to know how much room there is.
        box = (left, top, right + LABEL_REACH, bottom)
        nodes = stage.model.geometry.nodes_in(box, reach=LABEL_REACH)
        draw_numbers_fast(
            painter,
            stage.model,
            nodes,
            self.cache,
            stage.look.numbers,
            stage.look.theme,
            plates=near,
        )
