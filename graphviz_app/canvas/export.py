"""The graph as a picture file: PNG, SVG or PDF, drawn by the same functions as the screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from graphviz_app.canvas import paint
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.numbers import draw_numbers_as_text
from graphviz_app.theme import LIGHT, Theme

AIR = 24.0
MOST_PIXELS = 120_000_000
SUFFIXES = (".png", ".svg", ".pdf")


def picture_box(model: CanvasModel) -> QRectF:
    """What a picture shows, in scene pixels: everything and some air, at least 64 × 64."""
    box = paint.qrect(model.bounds()).adjusted(-AIR, -AIR, AIR, AIR)
    missing_x, missing_y = max(0.0, 64 - box.width()) / 2, max(0.0, 64 - box.height()) / 2
    return box.adjusted(-missing_x, -missing_y, missing_x, missing_y)


def paint_graph(painter: QPainter, model: CanvasModel, theme: Theme) -> None:
    """Draw the whole graph in scene pixels, lights and numbers included, without a scene."""
    look = paint.Look(theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for frame in model.frames:
        paint.draw_frame(painter, model, frame, look)
    lit = set(model.lit_wires)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wire in range(len(model.wires)):
        lights = model.active >= 0 and wire in lit
        painter.setOpacity(1.0 if lights or model.active < 0 else paint.DIMMED)
        painter.setPen(look.phase_wire[model.phase] if lights else look.wire)
        painter.drawPath(paint.wire_path(model.geometry, wire))
    painter.setOpacity(1.0)
    for node, (x, y) in enumerate(model.geometry.xy.tolist()):
        painter.translate(x, y)
        paint.draw_node(painter, model, node, look)
        painter.translate(-x, -y)
    paint.draw_ports(painter, model, np.arange(len(model.wires)), look)
    draw_numbers_as_text(painter, model, look.numbers, theme)


def render_image(model: CanvasModel, theme: Theme = LIGHT, scale: float = 2.0) -> QImage:
    """The whole graph as an image with ``scale`` pixels a scene pixel.

    Raises ValueError where that would be more than 120 million pixels.
    """
    box = picture_box(model)
    size = QSize(round(box.width() * scale), round(box.height() * scale))
    if size.width() * size.height() > MOST_PIXELS or max(size.width(), size.height()) > 32_000:
        raise ValueError(
            f"The picture would be {size.width()} × {size.height()} pixels: choose a smaller "
            "scale, or .svg or .pdf."
        )
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.canvas))
    _paint_on(image, model, theme, box, scale)
    return image


def render(model: CanvasModel, path: Path, theme: Theme = LIGHT, scale: float = 2.0) -> None:
    """Draw ``model`` into a file; its ending decides the format.

    A PNG has ``scale`` pixels a scene pixel, an SVG or PDF is ``scale`` times as large and has
    text as text.  Raises ValueError for another ending and OSError when it cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"cannot draw into {path.name}: end its name in .png, .svg or .pdf")
    if suffix == ".png":
        if not render_image(model, theme, scale).save(str(path)):
            raise OSError(f"cannot write the picture {path}")
        return
    box = picture_box(model)
    size = QSizeF(box.width() * scale, box.height() * scale)
    device = _svg(path, size) if suffix == ".svg" else _pdf(path, size)
    _paint_on(device, model, theme, box, scale)


def _svg(path: Path, size: QSizeF) -> QPaintDevice:
    svg = QSvgGenerator()
    svg.setFileName(str(path))
    svg.setSize(size.toSize())
    svg.setViewBox(QRectF(0, 0, size.width(), size.height()))
    svg.setResolution(96)
    svg.setTitle(path.stem)
    return svg


def _pdf(path: Path, size: QSizeF) -> QPaintDevice:
    pdf = QPdfWriter(str(path))
    pdf.setResolution(72)
    pdf.setPageSize(QPageSize(size, QPageSize.Unit.Point, path.stem))
    pdf.setPageMargins(QMarginsF())
    pdf.setTitle(path.stem)
    return pdf


def _paint_on(
    device: QPaintDevice, model: CanvasModel, theme: Theme, box: QRectF, scale: float
) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OSError("cannot write the picture")
    try:
        painter.scale(scale, scale)
        painter.translate(-box.topLeft())
        painter.fillRect(box, QColor(theme.canvas))
        paint_graph(painter, model, theme)
    finally:
        painter.end()
