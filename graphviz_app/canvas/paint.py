"""How nodes, wires and frames look: functions from model and theme to strokes of a QPainter.

The scene's items and the export both draw with these, so a file looks like the screen.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from engine.run.walk import Phase
from graphviz_app.canvas.geometry import Box
from graphviz_app.canvas.labels import Label, RunStyle
from graphviz_app.canvas.model import CanvasModel, FrameBox, Kind
from graphviz_app.canvas.numbers import NumberFonts
from graphviz_app.theme import Theme, math_font, ui_font

RADIUS = 10.0
DIMMED = 0.6  # opacity of what is not lit
HALO_REACH = 5.5
PORT, FORK = 2.6, 4.0  # radii of port dots
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
        self.kind_pens = {k: QPen(QColor(k.color(theme)), 1.6) for k in Kind}
        for kind in (Kind.PLAIN, Kind.CONSTANT):
            self.kind_pens[kind] = QPen(QColor(theme.node_border), 1.4)
        self.unset_pens = {k: dashed(pen) for k, pen in self.kind_pens.items()}
        self.problem = QColor(theme.problem)
        self.problem_pen = dashed(QPen(self.problem, 1.8))
        self.port = QBrush(QColor(theme.wire))
        self.wire = round_pen(QColor(theme.wire), 1.6)
        self.wire_thin = QPen(QColor(theme.wire), 0)
        self.phase_color = {
            Phase.FORWARD: QColor(theme.forward),
            Phase.BACKWARD: QColor(theme.backward),
        }
        self.phase_wire = {
            phase: round_pen(color, 2.4) for phase, color in self.phase_color.items()
        }
        self.phase_halo = {
            Phase.FORWARD: QColor(theme.forward_soft),
            Phase.BACKWARD: QColor(theme.backward_soft),
        }
        self.selection = QPen(QColor(theme.selection), 2.0)
        self.highlight = QBrush(QColor(theme.accent_soft))
        self.label_fonts = {
            RunStyle.NAME: math_font(18, italic=True),
            RunStyle.SIGN: math_font(17),
            RunStyle.LOWERED: math_font(12.5, italic=False),
            RunStyle.RAISED: math_font(12.5, italic=False),
        }
        self.badge_font = ui_font(11, 700)
        self.title_font = ui_font(12, 600)
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


def round_pen(color: QColor, width: float) -> QPen:
    """A pen with round ends and joins."""
    style, cap, join = Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    return QPen(QBrush(color), width, style, cap, join)


def dashed(pen: QPen) -> QPen:
    """The same pen, dashed."""
    pen = QPen(pen)
    pen.setDashPattern([3.0, 2.4])
    return pen


def qrect(box: Box) -> QRectF:
    """A `Box` as Qt's rectangle."""
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


def wire_path(x0: float, y0: float, x1: float, y1: float) -> QPainterPath:
    """A smooth curve that leaves and arrives level."""
    run = x1 - x0
    bend = run / 2 if run >= 40 else max(20.0, 40.0 - run / 4)
    path = QPainterPath(QPointF(x0, y0))
    path.cubicTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
    return path


def draw_node(painter: QPainter, model: CanvasModel, node: int, look: Look) -> None:
    """One node with all details, around the painter's origin."""
    width, height = model.geometry.size[node].tolist()
    body = QRectF(-width / 2, -height / 2, width, height)
    kind = model.kinds[node]
    problem = node in model.problems
    painter.setOpacity(1.0)
    if node == model.active:
        _ring(painter, body, HALO_REACH, look.phase_halo[model.phase])
        painter.setPen(QPen(look.phase_color[model.phase], 1.8))
        painter.drawRoundedRect(_grown(body, HALO_REACH), RADIUS + 4, RADIUS + 4)
    elif node in model.highlighted:
        _ring(painter, body, HALO_REACH - 1, look.highlight)
    painter.setPen(_NONE)
    if not look.theme.dark:
        painter.setBrush(look.shadow)
        painter.drawRoundedRect(body.translated(0, 1.6).adjusted(-0.6, 0, 0.6, 0.6), 10.5, 10.5)
    lit = bool(model.lit[node]) or node in model.highlighted
    # Dimmed nodes stay opaque, so that no wire shines through: only their ink fades.
    painter.setBrush(look.fill)
    painter.drawRoundedRect(body, RADIUS, RADIUS)
    if not lit:
        painter.setOpacity(DIMMED)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pens = look.unset_pens if model.unset[node] else look.kind_pens
    painter.setPen(look.problem_pen if problem else pens[kind])
    painter.drawRoundedRect(body, RADIUS, RADIUS)
    draw_label(painter, model.labels[node], look, look.kind_colors[kind])
    _draw_ports(painter, model, node, look)
    painter.setOpacity(1.0)
    if node == model.selected:
        painter.setPen(look.selection)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(_grown(body, 3.5), RADIUS + 3, RADIUS + 3)
    if problem:
        _draw_badge(painter, body, look)


def _grown(rect: QRectF, reach: float) -> QRectF:
    return rect.adjusted(-reach, -reach, reach, reach)


def _ring(painter: QPainter, body: QRectF, reach: float, fill: QBrush | QColor) -> None:
    painter.setPen(_NONE)
    painter.setBrush(fill)
    painter.drawRoundedRect(_grown(body, reach), RADIUS + 4, RADIUS + 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_label(painter: QPainter, label: Label, look: Look, color: QColor) -> None:
    """A node's label, centred on the painter's origin."""
    painter.setPen(color)
    for font, start, text in look.laid(label):
        painter.setFont(font)
        painter.drawText(start, text)


def _draw_ports(painter: QPainter, model: CanvasModel, node: int, look: Look) -> None:
    width = float(model.geometry.size[node, 0])
    painter.setPen(_NONE)
    painter.setBrush(look.port)
    for height in model.ports[node]:
        painter.drawEllipse(QPointF(-width / 2, height), PORT, PORT)
    users = int(model.geometry.fan_out[node])
    if users:
        radius = FORK if users > 1 else PORT
        painter.drawEllipse(QPointF(width / 2, 0.0), radius, radius)


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


def draw_node_simply(painter: QPainter, model: CanvasModel, node: int, look: Look) -> None:
    """A node among hundreds: square corners, no shadow, no ports."""
    width, height = model.geometry.size[node].tolist()
    kind = model.kinds[node]
    painter.setOpacity(1.0 if model.lit[node] else DIMMED)
    if node == model.active:
        painter.setPen(QPen(look.phase_color[model.phase], 3.0))
    elif node == model.selected:
        painter.setPen(look.selection)
    else:
        painter.setPen(look.problem_pen if node in model.problems else look.kind_pens[kind])
    painter.setBrush(look.highlight if node in model.highlighted else look.fill)
    painter.drawRect(QRectF(-width / 2, -height / 2, width, height))
    draw_label(painter, model.labels[node], look, look.kind_colors[kind])
    painter.setOpacity(1.0)


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
