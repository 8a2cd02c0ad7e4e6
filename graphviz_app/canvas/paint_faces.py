"""How cards, tiles and neurons look: what stands on a node that shows more than a sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from engine.numerals import fixed
from graphviz_app.canvas.elements import cells_shown, gradient_box, lit_boxes, value_box
from graphviz_app.canvas.faces import TILE_HEAD, TILE_PAD, Card, Neuron, Tile, spaced
from graphviz_app.canvas.labels import RunStyle, plain_text
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.heat import heat_image, scale_of
from graphviz_app.theme import Theme, mix

if TYPE_CHECKING:
    from graphviz_app.canvas.paint import Look

PAD = 12.0  # from a card's border to its text
CARD_LINES = (19.0, 40.0, 60.0)  # baselines
READABLE_CELL = 24.0, 11.0  # pixels of the screen from which a number is written into its cell
ARROW = 4.0  # half the height of the mark of an example
WEIGHT_PX = 0.5, 5.0  # the thinnest and the thickest wire
WEIGHT_STEPS = 12
SMALL = 0.1  # a weight of so little of the largest is as thin as can be seen


class HeatCache:
    """The heat maps of tensors, kept as long as their numbers are the same arrays."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._kept: dict[tuple[int, bool], tuple[Any, QImage]] = {}

    def image(self, node: int, array: Any, face: Tile, gradient: bool) -> QImage:
        """A picture of as many cells as are drawn."""
        kept = self._kept.get((node, gradient))
        if kept is not None and kept[0] is array:
            return kept[1]
        image = heat_image(
            cells_shown(np.asarray(array, float), face), self._theme, gradient, scale_of(array)
        )
        self._kept[node, gradient] = array, image
        return image


def draw_face(painter: QPainter, model: CanvasModel, node: int, look: Look, color: QColor) -> None:
    """What stands on a node, around the painter's origin."""
    face = model.faces[node]
    if isinstance(face, Card):
        _draw_card(painter, face, look, color)
    elif isinstance(face, Tile):
        _draw_tile(painter, model, node, face, look, color)
    elif isinstance(face, Neuron):
        _draw_neuron(painter, face, look, color)


def _draw_card(painter: QPainter, face: Card, look: Look, color: QColor) -> None:
    width, height = face.size
    left, top = PAD - width / 2, -height / 2
    title, body, small = look.card_fonts
    lines = ((face.title, title, color), (face.shape, body, look.theme.text))
    for (text, font, ink), rise in zip(
        (*lines, (face.detail, small, look.theme.text_soft)), CARD_LINES, strict=True
    ):
        painter.setFont(font)
        painter.setPen(QColor(ink))
        painter.drawText(QPointF(left, top + rise + 4), text)
    if face.aside:
        painter.setFont(small)
        painter.setPen(QColor(look.theme.activation))
        end = -left - QFontMetricsF(small).horizontalAdvance(face.aside)
        painter.drawText(QPointF(end, top + CARD_LINES[0] + 4), face.aside)


def _draw_tile(
    painter: QPainter, model: CanvasModel, node: int, face: Tile, look: Look, color: QColor
) -> None:
    width, height = face.size
    name_font, sign_font, small = look.tile_fonts
    shape = spaced(face.shape).replace(" ", "")
    painter.setFont(small)
    painter.setPen(QColor(look.theme.text_soft))
    wide = QFontMetricsF(small).horizontalAdvance(shape)
    baseline = -height / 2 + TILE_HEAD - 6
    painter.drawText(QPointF(width / 2 - TILE_PAD - wide, baseline), shape)
    label = model.labels[node]
    font = name_font if label[0].style is RunStyle.NAME else sign_font
    painter.setFont(font)
    painter.setPen(color)
    room = width - 2 * TILE_PAD - wide - 6
    text = QFontMetricsF(font).elidedText(plain_text(label), Qt.TextElideMode.ElideRight, room)
    painter.drawText(QPointF(TILE_PAD - width / 2, baseline), text)
    value, gradient = model.tensors.get(node, (None, None))
    if model.batch > 1 and model.example >= 0 and face.shape[0] == model.batch:
        _mark_example(painter, model, face, look)
    lit = model.lit_elements.get(node)
    _draw_heat(painter, node, value, face, QRectF(*value_box(face)), look, False)
    if face.gradient:
        _draw_heat(painter, node, gradient, face, QRectF(*gradient_box(face)), look, True)
    if lit is not None:
        _draw_lit(painter, lit, face, look)


def _mark_example(painter: QPainter, model: CanvasModel, face: Tile, look: Look) -> None:
    """Arrows at both ends of the rows of the chosen example."""
    share = 1 / model.batch if face.rows > 1 else 1.0
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.theme.accent))
    for left, top, width, height in (value_box(face), gradient_box(face))[: 1 + face.gradient]:
        middle = top + height * share * (model.example + 0.5)
        if face.rows == 1:  # a vector of one number for each example lies down
            middle = top + height / 2
        for x, way in ((left - 1, 1), (left + width + 1, -1)):
            tip = QPointF(x, middle)
            painter.drawPolygon(
                [tip, tip + QPointF(-way * ARROW, -ARROW), tip + QPointF(-way * ARROW, ARROW)]
            )


def _draw_lit(painter: QPainter, lit: np.ndarray, face: Tile, look: Look) -> None:
    """Frames around the elements that take part."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    boxes = lit_boxes(lit, face).tolist()
    # a dark line on a light one: it is seen on every colour of a heat map
    for pen in (QPen(QColor(look.theme.node_fill), 3.0), QPen(QColor(look.theme.text), 1.4)):
        painter.setPen(pen)
        for left, top, width, height in (value_box(face), gradient_box(face))[: 1 + face.gradient]:
            for x, y, w, h in boxes:
                painter.drawRect(QRectF(left + x * width, top + y * height, w * width, h * height))


def _draw_heat(
    painter: QPainter,
    node: int,
    array: Any,
    face: Tile,
    area: QRectF,
    look: Look,
    gradient: bool,
) -> None:
    theme = look.theme
    if array is None or np.size(array) != face.rows * face.columns:
        painter.setPen(QPen(QColor(theme.hairline), 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 3, 3)
        return
    image = look.heat.image(node, array, face, gradient)
    painter.drawImage(area, image)
    painter.setPen(QPen(QColor(mix(theme.canvas, theme.node_border, 0.8)), 0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
    scale = painter.worldTransform().m11()
    wide, high = area.width() / image.width(), area.height() / image.height()
    if wide * scale >= READABLE_CELL[0] and high * scale >= READABLE_CELL[1]:
        _write_numbers(painter, cells_shown(array, face), area, look)


def _write_numbers(painter: QPainter, cells: np.ndarray, area: QRectF, look: Look) -> None:
    """The numbers in their cells, as small as they must be."""
    rows, columns = cells.shape
    wide, high = area.width() / columns, area.height() / rows
    font = look.tile_fonts[2].__class__(look.tile_fonts[2])
    font.setPixelSize(max(1, round(min(10.0, high * 0.75, wide / 3.4))))
    painter.setFont(font)
    painter.setPen(QColor(look.theme.text))
    for row in range(rows):
        for column in range(columns):
            box = QRectF(area.left() + column * wide, area.top() + row * high, wide, high)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, fixed(cells[row, column]))


def _draw_neuron(painter: QPainter, face: Neuron, look: Look, color: QColor) -> None:
    width, height = face.size
    area = QRectF(-width / 2, -height / 2, width, height)
    painter.setFont(look.tile_fonts[1])
    painter.setPen(color)
    if face.activation:
        painter.drawText(area.adjusted(0, -14, 0, -14), Qt.AlignmentFlag.AlignCenter, "Σ")
        painter.setFont(look.card_fonts[2])
        painter.setPen(QColor(look.theme.activation))
        painter.drawText(area.adjusted(0, 16, 0, 16), Qt.AlignmentFlag.AlignCenter, face.activation)
    else:
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Σ")
    if face.bias:
        painter.setFont(look.card_fonts[2])
        painter.setPen(QColor(look.theme.parameter))
        below = QRectF(-40, height / 2 + 2, 80, 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, face.bias)


def wire_pen(model: CanvasModel, wire: int, look: Look, plain: QPen) -> QPen:
    """The pen of a wire; of one that multiplies orange above 0, blue below, wider the larger."""
    weight, largest = model.weights.get(wire), model.largest_weight
    if weight is None:
        return plain
    share = min(1.0, abs(weight) / largest) if largest else 0.0
    step = max(round(share * WEIGHT_STEPS), 0)
    key = (weight >= 0, step)
    pen = look.weight_pens.get(key)
    if pen is None:
        thin, thick = WEIGHT_PX
        color = look.theme.positive if weight >= 0 else look.theme.negative
        depth = SMALL + (1 - SMALL) * step / WEIGHT_STEPS
        pen = QPen(QColor(mix(look.theme.canvas, color, 0.35 + 0.65 * depth)))
        pen.setWidthF(thin + (thick - thin) * step / WEIGHT_STEPS)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        look.weight_pens[key] = pen
    return pen
