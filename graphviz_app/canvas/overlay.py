"""What is drawn over the graph while a gesture is under way, and for as long as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from graphviz_app.canvas.geometry import Box
from graphviz_app.canvas.items import LayerItem, Stage
from graphviz_app.canvas.paint import bezier, qrect

Point = tuple[float, float]
REACH = 60.0  # how far what is drawn may reach beyond the points it is made of


@dataclass
class Overlay:
    """Everything in scene pixels.

    ``wire`` is being drawn from its first point to its second (``fits``: it may be dropped here);
    ``ports`` are the places where it may go, ``refused`` those where it may not; ``box`` selects,
    ``stroke`` cuts, ``guides`` are the lines that things are aligned on, ``landing`` is the wire
    that a node would be put into.
    """

    wire: tuple[Point, Point] | None = None
    fits: bool = True
    ports: list[Point] = field(default_factory=list)
    refused: list[Point] = field(default_factory=list)
    target: Point | None = None
    box: Box | None = None
    stroke: list[Point] = field(default_factory=list)
    guides: list[tuple[Point, Point]] = field(default_factory=list)
    landing: QPainterPath | None = None

    def area(self) -> QRectF:
        """What it covers."""
        points = [*self.ports, *self.refused, *self.stroke]
        if self.wire:
            points += self.wire
        if self.box:
            points += [self.box[:2], self.box[2:]]
        for line in self.guides:
            points += line
        area = QRectF()
        if points:
            xs, ys = zip(*points, strict=True)
            area = qrect((min(xs), min(ys), max(xs), max(ys)))
        if self.landing is not None:
            area = area.united(self.landing.boundingRect())
        return area.adjusted(-REACH, -REACH, REACH, REACH) if not area.isNull() else area


class OverlayLayer(LayerItem):
    """Draws the overlay above everything else."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, 3.0)
        self.overlay = Overlay()

    def show_overlay(self, overlay: Overlay) -> None:
        """Draw something else; only what changes is painted."""
        for area in (self.overlay.area(), overlay.area()):
            if not area.isNull():
                self.update(area)
        self.overlay = overlay

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        overlay, theme = self.overlay, self.stage.look.theme
        px = 1.0 / self.stage.scale
        accent, bad = QColor(theme.accent), QColor(theme.problem)
        painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if overlay.landing is not None:
            painter.setPen(QPen(accent, max(4.0, 4.0 * px)))
            painter.drawPath(overlay.landing)
        painter.setPen(QPen(accent, px, Qt.PenStyle.DashLine))
        for (x0, y0), (x1, y1) in overlay.guides:
            painter.drawLine(QPointF(x0, y0), QPointF(x1, y1))
        painter.setPen(QPen(QColor(theme.canvas), 1.5))
        painter.setBrush(accent)
        for x, y in overlay.ports:
            painter.drawEllipse(QPointF(x, y), 5.5, 5.5)
        painter.setBrush(QColor(theme.wire))
        painter.setOpacity(0.35)
        for x, y in overlay.refused:
            painter.drawEllipse(QPointF(x, y), 3.0, 3.0)
        painter.setOpacity(1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if overlay.wire:
            (x0, y0), (x1, y1) = overlay.wire
            painter.setPen(QPen(accent if overlay.fits else bad, 2.2))
            path = QPainterPath(QPointF(x0, y0))
            bezier(path, x0, y0, x1, y1)
            painter.drawPath(path)
        if overlay.target is not None:
            painter.setPen(QPen(accent if overlay.fits else bad, 2.0))
            painter.drawEllipse(QPointF(*overlay.target), 9.0, 9.0)
        if overlay.stroke:
            painter.setPen(QPen(bad, 2.0 * px, Qt.PenStyle.DashLine))
            painter.drawPolyline([QPointF(x, y) for x, y in overlay.stroke])
        if overlay.box is not None:
            fill = QColor(accent)
            fill.setAlphaF(0.08)
            painter.setPen(QPen(accent, px))
            painter.setBrush(fill)
            painter.drawRect(qrect(overlay.box))
