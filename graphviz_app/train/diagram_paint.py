"""How the diagram is painted: cards, tiles with their maps, wires."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
    qRgb,
)

from engine.numerals import number
from engine.training.watching import Frame, Scene
from graphviz_app.theme import Theme, mono_font, ui_font
from graphviz_app.train.colors import diverging
from graphviz_app.train.diagram_layout import Column, Wires
from graphviz_app.widgets.basics import rounded

THINNEST, THICKEST = 0.6, 5.5
_TABLE = [qRgb(*color) for color in diverging().tolist()]


def map_image(values: np.ndarray, every: int = 1) -> QImage:
    """A map of bytes, lowest coordinate first, as a picture with the highest on top."""
    rows = np.ascontiguousarray(values[::-1][:: every if len(values) > 1 else 1, ::every])
    height, width = rows.shape
    image = QImage(rows.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(_TABLE)
    return image


def card_texts(scene: Scene, column: Column) -> tuple[str, str, str]:
    """(title, what stands below, colour token) of a column's card."""
    if column.layer < 0:
        count = column.units
        return "Input", f"{count} feature{'s' if count != 1 else ''}", "input"
    layer = scene.layers[column.layer]
    last = column.layer == len(scene.layers) - 1
    title = "Output" if last else "Dense" if layer.node.startswith("dense") else layer.title
    bend = "σ" if layer.squash == "sigmoid" else layer.squash
    below = f"{layer.units} · {bend}" if bend else f"{layer.units}"
    return title, below, "layer"


def paint_card(
    painter: QPainter, theme: Theme, rect: QRectF, texts: tuple[str, str, str], lit: bool
) -> None:
    """A card with two lines, its border in its colour."""
    title, below, token = texts
    color = getattr(theme, token)
    rounded(painter, rect, 8, theme.hover if lit else theme.node_fill)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(color), 1.4))
    painter.drawRoundedRect(rect.adjusted(0.7, 0.7, -0.7, -0.7), 8, 8)
    font = ui_font(12.5, 700)
    painter.setFont(font)
    inner = rect.adjusted(4, 5, -4, -4)
    wide = inner.width()
    text = QFontMetricsF(font).elidedText(title, Qt.TextElideMode.ElideRight, wide)
    painter.drawText(inner, Qt.AlignmentFlag.AlignHCenter, text)
    painter.setPen(QColor(theme.text_soft))
    font = mono_font(11) if token == "loss" else ui_font(11)
    painter.setFont(font)
    text = QFontMetricsF(font).elidedText(below, Qt.TextElideMode.ElideRight, wide)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
    painter.drawText(inner, flags, text)


def paint_wires(painter: QPainter, theme: Theme, wires: Wires, hovered: int | None) -> None:
    """Curves as wide as their weights are large, in the colour of the sign."""
    most = float(np.abs(wires.weights).max()) if len(wires.weights) else 0.0
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colors = QColor(theme.negative), QColor(theme.positive)
    order = np.argsort(np.abs(wires.weights))
    for k in order.tolist():
        weight = float(wires.weights[k])
        share = abs(weight) / most if most else 0.0
        color = QColor(colors[weight > 0])
        color.setAlphaF(1.0 if k == hovered else 0.25 + 0.7 * share)
        width = THINNEST + (THICKEST - THINNEST) * share
        painter.setPen(QPen(color, width + (1.5 if k == hovered else 0.0)))
        painter.drawPath(wire_path(wires.ends[k]))


def wire_path(ends: np.ndarray) -> QPainterPath:
    """The curve between two units."""
    x0, y0, x1, y1 = ends.tolist()
    path = QPainterPath(QPointF(x0, y0))
    middle = (x0 + x1) / 2
    path.cubicTo(QPointF(middle, y0), QPointF(middle, y1), QPointF(x1, y1))
    return path


def paint_tile(
    painter: QPainter, theme: Theme, rect: QRectF, image: QImage | None, border: str, width: float
) -> None:
    """A unit: its map, or a plain tile, with a border."""
    radius = min(8.0, rect.width() / 5)
    if image is None:
        painter.setBrush(QColor(theme.node_fill))
    else:  # a brush, since clipping to round corners costs more than all the rest
        brush = QBrush(image)
        brush.setTransform(
            QTransform(
                rect.width() / image.width(), 0, 0, rect.height() / image.height(),
                rect.left(), rect.top(),
            )
        )  # fmt: skip
        painter.setBrush(brush)
    painter.setPen(QPen(QColor(border), width))
    painter.drawRoundedRect(rect, radius, radius)


def loss_texts(scene: Scene, frame: Frame | None) -> tuple[str, str, str]:
    """The card of the loss with its present value."""
    name = scene.loss.replace("_from_logits", "").replace("_", " ")
    title = {"bce": "Binary CE", "mse": "Squared error", "mae": "Absolute error",
             "cross entropy": "Cross-entropy"}.get(name, name or "Loss")  # fmt: skip
    value = frame.scores.get("loss") if frame is not None else None
    return title, "" if value is None else number(float(value), 3), "loss"


def bias_of(scene: Scene, layer: int, unit: int, weights: Mapping[str, np.ndarray]) -> float | None:
    """The bias of a unit; None where it has none or it is not known."""
    leaf = scene.layers[layer].biases if layer >= 0 else ""
    found = weights.get(leaf) if leaf else None
    return None if found is None or unit >= np.size(found) else float(np.ravel(found)[unit])
