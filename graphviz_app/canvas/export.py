"""The graph as a picture: PNG, SVG or PDF, an image or a printed page.

All of them are drawn by the same functions as the screen; either whole, or an area of the scene.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator

from engine.errors import EngineError
from graphviz_app.canvas import paint
from graphviz_app.canvas.geometry import LABEL_REACH
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.numbers import draw_numbers_as_text
from graphviz_app.canvas.paint_faces import wire_pen
from graphviz_app.theme import DARK, LIGHT, Theme
from graphviz_app.theme import theme as find_theme

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

AIR = 24.0
MOST_PIXELS = 120_000_000
LEAST_SIDE = 64.0
MOST_POINTS = 2.0  # a printed scene pixel; a few nodes need not fill a page
SUFFIXES = (".png", ".svg", ".pdf")


def picture_box(model: CanvasModel, area: QRectF | None = None) -> QRectF:
    """What a picture shows, in scene pixels: ``area``, or everything and some air.

    At least 64 × 64.
    """
    box = paint.qrect(model.bounds()).adjusted(-AIR, -AIR, AIR, AIR) if area is None else area
    missing_x = max(0.0, LEAST_SIDE - box.width()) / 2
    missing_y = max(0.0, LEAST_SIDE - box.height()) / 2
    return box.adjusted(-missing_x, -missing_y, missing_x, missing_y)


def paint_graph(painter: QPainter, model: CanvasModel, theme: Theme, area: QRectF) -> None:
    """Draw what touches ``area`` in scene pixels, lights and numbers included, without a scene."""
    box = (area.left(), area.top(), area.right(), area.bottom())
    nodes = model.geometry.nodes_in(box, LABEL_REACH)
    wires = model.geometry.wires_in(box)
    look = paint.Look(theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for frame in model.frames:
        paint.draw_frame(painter, model, frame, look)
    paint.draw_notes(painter, model, look)
    lit = set(model.lit_wires)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wire in wires.tolist():
        lights = model.active >= 0 and wire in lit
        painter.setOpacity(1.0 if lights or model.active < 0 else paint.DIMMED)
        plain = wire_pen(model, wire, look, look.wire)
        painter.setPen(look.phase_wire[model.phase] if lights else plain)
        painter.drawPath(paint.wire_path(model.geometry, wire))
    paint.draw_problem_wires(painter, model, look)
    for node in nodes.tolist():
        x, y = model.geometry.xy[node].tolist()
        painter.translate(x, y)
        paint.draw_node(painter, model, node, look)
        painter.translate(-x, -y)
    paint.draw_ports(painter, model, nodes, wires, look)
    paint.write_on_problem_wires(painter, model, look)
    draw_numbers_as_text(painter, model, nodes, look.numbers, theme)


def picture_image(
    model: CanvasModel, theme: Theme = LIGHT, scale: float = 2.0, area: QRectF | None = None
) -> QImage:
    """The graph, or an ``area`` of the scene, as an image with ``scale`` pixels a scene pixel.

    Raises ValueError where that would be more than 120 million pixels.
    """
    box = picture_box(model, area)
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


def render(
    model: CanvasModel,
    path: Path,
    theme: Theme = LIGHT,
    scale: float = 2.0,
    area: QRectF | None = None,
) -> None:
    """Draw ``model``, or an ``area`` of the scene, into a file; its ending decides the format.

    A PNG has ``scale`` pixels a scene pixel, an SVG or PDF is ``scale`` times as large and has
    text as text.  Raises ValueError for another ending and OSError when it cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"cannot draw into {path.name}: end its name in .png, .svg or .pdf")
    if suffix == ".png":
        if not picture_image(model, theme, scale, area).save(str(path)):
            raise OSError(f"cannot write the picture {path}")
        return
    box = picture_box(model, area)
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
    device: QPaintDevice,
    model: CanvasModel,
    theme: Theme,
    box: QRectF,
    scale: float,
    corner: QPointF | None = None,
) -> None:
    """Draw ``box`` so large, with its upper left corner at ``corner`` of the device."""
    painter = QPainter()
    if not painter.begin(device):
        raise OSError("cannot write the picture")
    try:
        painter.translate(corner or QPointF())
        painter.scale(scale, scale)
        painter.translate(-box.topLeft())
        painter.setClipRect(box)
        painter.fillRect(box, QColor(theme.canvas))
        paint_graph(painter, model, theme, box)
    finally:
        painter.end()


# paper ------------------------------------------------------------------------------------------


def new_printer() -> QPrinter:
    """A printer to hand to Qt's print dialogs; raises EngineError where Qt cannot print.

    Printing into a PDF always works.  On Linux other printers are found through libcups2, which
    a desktop that prints has.
    """
    try:
        from PySide6.QtPrintSupport import QPrinter
    except ImportError as error:
        raise EngineError(
            f"Printing needs Qt's module QtPrintSupport, which cannot be loaded here ({error}); "
            "export a PDF and print that."
        ) from error
    return QPrinter(QPrinter.PrinterMode.HighResolution)


def print_graph(model: CanvasModel, theme: Theme, printer: QPrinter) -> None:
    """Print the whole graph on one page of ``printer``, lying where the graph is wider than high.

    It is centred, as large as fits but not huge, and in light colours on white whatever
    ``theme``, whose colour-blind palette is kept.  Raises OSError when it cannot be printed.
    """
    box = picture_box(model)
    orientations = QPageLayout.Orientation
    wide = box.width() > box.height()
    printer.setPageOrientation(orientations.Landscape if wide else orientations.Portrait)
    dots = printer.resolution()
    page = QRectF(printer.pageLayout().paintRectPixels(dots))
    fitting = min(page.width() / box.width(), page.height() / box.height())
    scale = min(fitting, MOST_POINTS * dots / 72)
    corner = QPointF(page.width() - scale * box.width(), page.height() - scale * box.height()) / 2
    _paint_on(printer, model, on_paper(theme), box, scale, corner)


def on_paper(theme: Theme) -> Theme:
    """The light theme on white, with the colour-blind palette where ``theme`` has it."""
    color_blind = theme.forward not in (LIGHT.forward, DARK.forward)
    light = find_theme(dark=False, color_blind=color_blind)
    return dataclasses.replace(light, canvas="#ffffff", plate="#ffffff")
