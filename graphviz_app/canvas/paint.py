"""How nodes, wires and frames look: functions from model and theme to strokes of a QPainter.

The scene's items and the export both draw with these, so a file looks like the screen.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from engine.run.walk import Phase
from graphviz_app.canvas.faces import Neuron
from graphviz_app.canvas.geometry import Box, Geometry
from graphviz_app.canvas.kinds import Kind
from graphviz_app.canvas.labels import Label, RunStyle
from graphviz_app.canvas.model import CanvasModel, FrameBox
from graphviz_app.canvas.notes import LINE_PX, PAD, NoteBox
from graphviz_app.canvas.numbers import NumberFonts
from graphviz_app.canvas.paint_faces import HeatCache, draw_face
from graphviz_app.theme import Theme, math_font, mix, mono_font, ui_font

RADIUS = 10.0
DIMMED = 0.65  # opacity of what is not lit
HALO_REACH = 5.5
STRIKE_INSET = 9.0  # from a node's corners to the ends of the line through it
PORT, FORK = 2.6, 4.0  # radii of port dots
ARROW_HEAD, ARROW_AIR = 8.0, 4.0  # of a note that points at a node
LANE = 30.0  # how far a bent wire runs level before and behind the middle of a column
_NONE = Qt.PenStyle.NoPen


class Look:
    """Pens, brushes and fonts of one theme, made once."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas = QColor(theme.canvas)
        self.numbers = NumberFonts()
        self.fill = QBrush(QColor(theme.node_fill))
        self.shadow = QBrush(QColor(theme.shadow))
        self.kind_colors = {k: QColor(k.color(theme)) for k in Kind}
        self.border = 1.6
        colors = {k: k.color(theme) for k in Kind}
        colors[Kind.PLAIN] = colors[Kind.CONSTANT] = theme.node_border
        faded = {k: mix(theme.canvas, c, DIMMED) for k, c in colors.items()}
        self.borders = {
            True: {k: QBrush(QColor(c)) for k, c in colors.items()},
            False: {k: QBrush(QColor(c)) for k, c in faded.items()},
        }
        self.unset_pens = {k: dashed(QPen(QColor(c), self.border)) for k, c in colors.items()}
        self.thin_pens = {k: QPen(QColor(c), 0) for k, c in colors.items()}
        self.problem = QColor(theme.problem)
        self.problem_pen = dashed(QPen(self.problem, 1.8))
        self.port = QBrush(QColor(theme.wire))
        self.wire = flat_pen(QColor(theme.wire), 1.6)
        self.wire_thin = QPen(QColor(theme.wire), 0)
        self.phase_color = {
            Phase.FORWARD: QColor(theme.forward),
            Phase.BACKWARD: QColor(theme.backward),
        }
        self.phase_wire = {phase: flat_pen(color, 2.4) for phase, color in self.phase_color.items()}
        self.phase_halo = {
            Phase.FORWARD: QColor(theme.forward_soft),
            Phase.BACKWARD: QColor(theme.backward_soft),
        }
        self.selection = QPen(QColor(theme.selection), 2.0)
        self.highlight = QBrush(QColor(theme.accent_soft))
        self.label_fonts = {
            RunStyle.NAME: math_font(20, italic=True),
            RunStyle.SIGN: math_font(18),
            RunStyle.LOWERED: math_font(14),
            RunStyle.RAISED: math_font(14),
        }
        self.badge_font = ui_font(11, 700)
        self.title_font = ui_font(12, 600)
        self.note_font = ui_font(13)
        self.card_fonts = (ui_font(13, 600), mono_font(12), mono_font(10))
        self.tile_fonts = (math_font(15, italic=True), math_font(15), mono_font(10))
        self.weight_pens: dict[tuple[bool, int], QPen] = {}
        self.heat = HeatCache(theme)
        self._laid: dict[Label, list[tuple[QFont, QPointF, str]]] = {}

    def laid(self, label: Label) -> list[tuple[QFont, QPointF, str]]:
        """(font, baseline start, text) of each run, centred on (0, 0)."""
        found = self._laid.get(label)
        if found is None:
            found = self._laid[label] = self._lay(label)
        return found

    def _lay(self, label: Label) -> list[tuple[QFont, QPointF, str]]:
        widths = [QFontMetricsF(self.label_fonts[r.style]).horizontalAdvance(r.text) for r in label]
        x, parts = -sum(widths) / 2, []
        main = QFontMetricsF(self.label_fonts[label[0].style])
        base = main.xHeight() / 2 + 1.2 if label[0].style is RunStyle.NAME else 5.6
        for run, width in zip(label, widths, strict=True):
            rise = {RunStyle.LOWERED: 4.0, RunStyle.RAISED: -6.5}.get(run.style, 0.0)
            parts.append((self.label_fonts[run.style], QPointF(x, base + rise), run.text))
            x += width
        return parts


def flat_pen(color: QColor, width: float) -> QPen:
    """A pen without caps, a quarter faster than one with round ends; ports hide them."""
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def dashed(pen: QPen) -> QPen:
    """The same pen, dashed."""
    pen = QPen(pen)
    pen.setDashPattern([3.0, 2.4])
    return pen


def qrect(box: Box) -> QRectF:
    """A `Box` as Qt's rectangle."""
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


def wire_path(geometry: Geometry, wire: int) -> QPainterPath:
    """A smooth curve that leaves, passes its bends and arrives level."""
    x0, y0, x1, y1 = geometry.lines[wire].tolist()
    path = QPainterPath(QPointF(x0, y0))
    bends = geometry.bends[wire]
    for place, (x, y) in enumerate(bends):
        next_x = bends[place + 1][0] if place + 1 < len(bends) else x1
        before, after = (min(LANE, max(0.0, run / 4)) for run in (x - x0, next_x - x))
        bezier(path, x0, y0, x - before, y)
        path.lineTo(x + after, y)
        x0, y0 = x + after, y
    bezier(path, x0, y0, x1, y1)
    return path


def bezier(path: QPainterPath, x0: float, y0: float, x1: float, y1: float) -> None:
    """Go on from (x0, y0) to (x1, y1), level at both ends."""
    run = x1 - x0
    bend = run / 2 if run >= 40 else max(20.0, 40.0 - run / 4)
    path.cubicTo(x0 + bend, y0, x1 - bend, y1, x1, y1)


def draw_problem_wires(painter: QPainter, model: CanvasModel, look: Look) -> None:
    """Wires that cannot be."""
    painter.setOpacity(1.0)
    painter.setPen(look.problem_pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wire in model.problem_wires:
        painter.drawPath(wire_path(model.geometry, wire))


def write_on_problem_wires(painter: QPainter, model: CanvasModel, look: Look) -> None:
    """Why a wire cannot be: the two shapes that do not meet, over all nodes."""
    painter.setOpacity(1.0)
    for wire, short in model.problem_wires.items():
        path = wire_path(model.geometry, wire)
        if short:
            painter.setFont(look.badge_font)
            middle = path.pointAtPercent(0.5)
            wide = QFontMetricsF(look.badge_font).horizontalAdvance(short) + 12
            ends = [model.geometry.source[wire], model.geometry.target[wire]]
            rise = float(model.geometry.size[ends, 1].max()) / 2 + 22  # clear of both its nodes
            plate = QRectF(middle.x() - wide / 2, middle.y() - rise, wide, 18)
            painter.setPen(look.problem)
            painter.setBrush(QColor(look.theme.problem_soft))
            painter.drawRoundedRect(plate, 6, 6)
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, short)


def draw_node(painter: QPainter, model: CanvasModel, node: int, look: Look) -> None:
    """One node with all details but its ports, around the painter's origin."""
    width, height = model.geometry.size[node].tolist()
    body = QRectF(-width / 2, -height / 2, width, height)
    problem = node in model.problems
    radius = corner_radius(model, node)
    painter.setOpacity(1.0)
    if node == model.active:
        _ring(painter, body, radius, HALO_REACH, look.phase_halo[model.phase])
        painter.setPen(QPen(look.phase_color[model.phase], 1.8))
        painter.drawRoundedRect(_grown(body, HALO_REACH), radius + 4, radius + 4)
    elif node in model.highlighted:
        _ring(painter, body, radius, HALO_REACH - 1, look.highlight)
    lit = bool(model.lit[node]) or node in model.highlighted
    _draw_body(painter, model, node, look, body, lit)
    draw_sign(painter, model, node, look, lit)
    if node in model.selection:
        painter.setPen(look.selection)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(_grown(body, 3.5), radius + 3, radius + 3)
    if problem:
        _draw_badge(painter, body, look)
        painter.setPen(QPen(look.problem, 1.5))
        painter.setBrush(look.canvas)
        for height in model.open_ports.get(node, ()):
            painter.drawEllipse(QPointF(body.left(), height), FORK, FORK)


def _draw_body(
    painter: QPainter, model: CanvasModel, node: int, look: Look, body: QRectF, lit: bool
) -> None:
    """Shadow, border and fill, all opaque: a dimmed node lets no wire shine through.

    Filling twice draws a border in half the time that a stroked outline takes, and an opaque
    shadow in a quarter of a translucent one's.
    """
    kind, radius = model.kinds[node], corner_radius(model, node)
    painter.setPen(_NONE)
    if not look.theme.dark:
        painter.setBrush(look.shadow)
        painter.drawRoundedRect(body.adjusted(-1.2, 0, 1.2, 2.4), radius + 1, radius + 1)
    if node in model.problems or model.unset[node] or node in model.bypassed:
        pen = look.problem_pen if node in model.problems else look.unset_pens[kind]
        painter.setBrush(look.fill)
        painter.setPen(pen)
        painter.drawRoundedRect(body, radius, radius)
        return
    reach = look.border / 2
    painter.setBrush(look.borders[lit][kind])
    painter.drawRoundedRect(_grown(body, reach), radius + reach, radius + reach)
    painter.setBrush(look.fill)
    painter.drawRoundedRect(_grown(body, -reach), radius - reach, radius - reach)


def _grown(rect: QRectF, reach: float) -> QRectF:
    return rect.adjusted(-reach, -reach, reach, reach)


def corner_radius(model: CanvasModel, node: int) -> float:
    """Of a node's corners; a neuron is round."""
    face = model.faces[node]
    return face.size[0] / 2 if isinstance(face, Neuron) else RADIUS


def _ring(
    painter: QPainter, body: QRectF, radius: float, reach: float, fill: QBrush | QColor
) -> None:
    painter.setPen(_NONE)
    painter.setBrush(fill)
    painter.drawRoundedRect(_grown(body, reach), radius + 4, radius + 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_sign(painter: QPainter, model: CanvasModel, node: int, look: Look, lit: bool) -> None:
    """What stands on a node, around the painter's origin; of a bypassed one struck through."""
    color = look.kind_colors[model.kinds[node]]
    struck = node in model.bypassed
    painter.setOpacity(DIMMED if struck or not lit else 1.0)
    if model.faces[node] is None:
        draw_label(painter, model.labels[node], look, color)
    else:
        draw_face(painter, model, node, look, color)
    if struck:
        width, height = model.geometry.size[node].tolist()
        x, y = width / 2 - STRIKE_INSET, height / 2 - STRIKE_INSET
        painter.setPen(QPen(color, look.border))
        painter.drawLine(QPointF(-x, y), QPointF(x, -y))
    painter.setOpacity(1.0)


def draw_label(painter: QPainter, label: Label, look: Look, color: QColor) -> None:
    """A node's label, centred on the painter's origin."""
    painter.setPen(color)
    for font, start, text in look.laid(label):
        painter.setFont(font)
        painter.drawText(start, text)


def draw_ports(
    painter: QPainter, model: CanvasModel, nodes: np.ndarray, wires: np.ndarray, look: Look
) -> None:
    """The outputs of ``nodes`` and the ends of ``wires``, in the form of what passes through.

    A number is a dot, larger where it forks; a vector an upright bar, anything else a square.
    """
    geometry, ranks = model.geometry, model.ranks
    painter.setPen(_NONE)
    painter.setBrush(look.port)
    right = geometry.xy[nodes, 0] + geometry.size[nodes, 0] / 2
    outputs = zip(
        right.tolist(),
        geometry.xy[nodes, 1].tolist(),
        model.lit[nodes].tolist(),
        (geometry.fan_out[nodes] > 1).tolist(),
        ranks[nodes].tolist(),
        strict=True,
    )
    for x, y, bright, fork, rank in outputs:
        painter.setOpacity(1.0 if bright else DIMMED)
        _draw_port(painter, x, y, FORK if fork else PORT, rank)
    source = geometry.source[wires]
    lit = model.lit[source] & model.lit[geometry.target[wires]]
    ends = zip(
        geometry.lines[wires, 2:].tolist(), lit.tolist(), ranks[source].tolist(), strict=True
    )
    for (x, y), bright, rank in ends:
        painter.setOpacity(1.0 if bright else DIMMED)
        _draw_port(painter, x, y, PORT, rank)
    painter.setOpacity(1.0)


def _draw_port(painter: QPainter, x: float, y: float, radius: float, rank: int) -> None:
    if rank == 0:
        painter.drawEllipse(QPointF(x, y), radius, radius)
    elif rank == 1:
        painter.drawRoundedRect(QRectF(x - 2.2, y - radius - 3, 4.4, 2 * radius + 6), 1.5, 1.5)
    else:
        side = radius + 1.8
        painter.drawRoundedRect(QRectF(x - side, y - side, 2 * side, 2 * side), 1.5, 1.5)


def _draw_badge(painter: QPainter, body: QRectF, look: Look) -> None:
    centre = QPointF(body.right() - 3, body.top() + 3)
    painter.setPen(QPen(look.canvas, 1.5))
    painter.setBrush(look.problem)
    painter.drawEllipse(centre, 8.0, 8.0)
    painter.setPen(QColor(look.theme.on_accent))
    painter.setFont(look.badge_font)
    painter.drawText(
        QRectF(centre.x() - 8, centre.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, "!"
    )


def draw_frame(painter: QPainter, model: CanvasModel, frame: FrameBox, look: Look) -> None:
    """A dashed, titled box around an opened composite."""
    box = qrect(model.frame_box(frame))
    color = look.kind_colors[frame.kind]
    painter.setOpacity(0.8 if model.lit[frame.members].any() else DIMMED)
    painter.setPen(dashed(QPen(color, 1.5)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 12, 12)
    painter.setOpacity(1.0)
    painter.setFont(look.title_font)
    painter.setPen(color)
    painter.drawText(QPointF(box.left() + 12, box.top() - 8), frame.title)


def _draw_arrow(painter: QPainter, model: CanvasModel, note: NoteBox, color: QColor) -> None:
    """From the middle of a note to the edge of the node that it points at."""
    node = model.index[note.target]
    (x, y), (width, height) = model.geometry.xy[node].tolist(), model.geometry.size[node].tolist()
    start, centre = qrect(note.box).center(), QPointF(x, y)
    way = centre - start
    length = math.hypot(way.x(), way.y())
    if length < 1.0:
        return
    reach = min(
        (side / 2 + ARROW_AIR) / abs(part) if part else math.inf
        for side, part in ((width, way.x()), (height, way.y()))
    )
    tip = centre - way * reach
    along, across = way / length * ARROW_HEAD, QPointF(-way.y(), way.x()) / length * ARROW_HEAD / 2
    painter.setPen(QPen(color, 1.2))
    painter.drawLine(start, tip)
    painter.drawPolyline([tip - along + across, tip, tip - along - across])


def draw_notes(painter: QPainter, model: CanvasModel, look: Look) -> None:
    """All comments."""
    if not model.notes:
        return
    painter.setOpacity(1.0)
    painter.setFont(look.note_font)
    text = QColor(look.theme.text)
    for note in model.notes:
        kind = next((k for k in Kind if k.value == note.color), None)
        edge = look.kind_colors[kind] if kind else QColor(look.theme.hairline)
        fill = QColor(mix(look.theme.canvas, edge.name(), 0.12)) if kind else look.fill.color()
        left, top, _, _ = note.box
        if note.target in model.index:
            _draw_arrow(painter, model, note, edge if kind else QColor(look.theme.text_soft))
        painter.setPen(QPen(edge, 1.0))
        painter.setBrush(fill)
        painter.drawRoundedRect(qrect(note.box), 8, 8)
        painter.setPen(text)
        for k, line in enumerate(note.lines):
            painter.drawText(QPointF(left + PAD, top + PAD + (k + 0.72) * LINE_PX), line)
        if note.id in model.selected_notes:
            painter.setPen(look.selection)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(_grown(qrect(note.box), 3), 10, 10)
