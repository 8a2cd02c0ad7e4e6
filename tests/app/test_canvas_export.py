"""Pictures: every format opens, has the right size and keeps text as text; paper is filled."""

import re
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from engine import edits
from engine.errors import EngineError
from engine.graph.formula import parse
from engine.graph.graph import Graph, Wire
from engine.run.walk import Phase
from graphviz_app.canvas.export import (
    new_printer,
    on_paper,
    picture_box,
    picture_image,
    print_graph,
    render,
)
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.theme import DARK, LIGHT, load_fonts, theme

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def model():
    """w·x with numbers, the product active in the backward pass."""
    load_fonts()
    graph = Graph()
    graph.apply("mul", graph.leaf("parameter", "w0", 2.0), graph.leaf("input", "x0", -1.0))
    model = CanvasModel.from_graph(graph)
    model.set_texts(["2.00", "−1.00", "−2.00"], ["−0.20", "0.39", "1.00"])
    model.set_active("mul", Phase.BACKWARD, [("w0", "mul", 0)])
    return model


def texts_in(path):
    """Every text of an SVG, in one string."""
    return " ".join("".join(e.itertext()) for e in ET.parse(path).iter() if e.tag.endswith("}text"))


def test_a_png_has_two_pixels_a_scene_pixel(model, tmp_path):
    path = tmp_path / "a.png"
    render(model, path, DARK)
    image, box = QImage(str(path)), picture_box(model)
    assert (image.width(), image.height()) == (round(2 * box.width()), round(2 * box.height()))
    assert image.pixelColor(1, 1) == QColor(DARK.canvas)


def test_an_svg_is_vectors_with_text_as_text(model, tmp_path):
    path = tmp_path / "a.svg"
    render(model, path, LIGHT, 1.0)
    root = ET.parse(path).getroot()
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert "image" not in kinds
    assert "0.39" in texts_in(path)


def test_a_pdf_is_one(model, tmp_path):
    path = tmp_path / "a.pdf"
    render(model, path, LIGHT)
    assert path.read_bytes().startswith(b"%PDF")


def test_an_unknown_ending_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="png"):
        render(model, tmp_path / "a.docx")


def test_a_picture_too_large_for_memory_is_refused(model):
    with pytest.raises(ValueError, match="smaller scale"):
        picture_image(model, LIGHT, 500.0)


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_a_file_that_cannot_be_written_says_so(model, tmp_path, name, qtlog):
    with qtlog.disabled(), pytest.raises(OSError, match="cannot write"):
        render(model, tmp_path / "no such folder" / name)


def test_an_empty_graph_makes_a_picture(tmp_path):
    render(CanvasModel.from_graph(Graph()), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").exists()


# an area -------------------------------------------------------------------------------------


def pixels(image):
    """Red, green and blue of every pixel."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), :3].astype(int)


def around(model, node):
    """The area that one node takes, its numbers left out."""
    (x, y), (width, height) = model.geometry.xy[node], model.geometry.size[node]
    return QRectF(x - width / 2, y - height / 2, width, height)


def test_an_area_has_its_own_size(model):
    image = picture_image(model, LIGHT, 3.0, QRectF(-10, -20, 200, 100))
    assert (image.width(), image.height()) == (600, 300)


def test_an_area_is_cut_out_of_the_whole_picture(model):
    box = picture_box(model)
    area = QRectF(box.left() + 30, box.top() + 10, 120, 90)
    cut = pixels(picture_image(model, LIGHT, 1.0).copy(30, 10, 120, 90))
    part = pixels(picture_image(model, LIGHT, 1.0, area))
    assert np.abs(part - cut).max() <= 2  # of 255: edges are rounded where they are drawn
    assert len(np.unique(part)) > 50


def test_a_file_of_an_area_leaves_out_what_lies_elsewhere(model, tmp_path):
    model.set_positions({"x0": (-600.0, 0.0)})
    render(model, tmp_path / "part.svg", LIGHT, 1.0, around(model, 2))
    render(model, tmp_path / "whole.svg", LIGHT, 1.0)
    assert "0.39" in texts_in(tmp_path / "whole.svg")
    assert "0.39" not in texts_in(tmp_path / "part.svg")


def test_a_point_makes_a_small_picture(model):
    assert picture_box(model, QRectF(5, 5, 0, 0)) == QRectF(-27, -27, 64, 64)


def test_notes_their_arrows_and_bends_are_in_the_picture(tmp_path):
    load_fonts()
    graph = parse("f = w*x")
    graph.positions = {"w": (0.0, 0.0), "x": (0.0, 90.0), "f": (200.0, 40.0)}
    graph, note = edits.add_note(graph, "look here", (300.0, 200.0))
    plain = CanvasModel.from_graph(graph)
    graph = edits.bend(edits.set_note(graph, note, target="f"), Wire("x", "f", 1), [(100.0, 260.0)])
    model = CanvasModel.from_graph(graph)
    render(model, tmp_path / "all.svg", LIGHT, 1.0)
    assert "look here" in texts_in(tmp_path / "all.svg")
    assert picture_box(model).bottom() >= 260.0
    between = QRectF(215.0, 75.0, 110.0, 100.0)  # from the node down to the note
    arrow = pixels(picture_image(model, LIGHT, 1.0, between))
    assert np.abs(arrow - pixels(picture_image(plain, LIGHT, 1.0, between))).max() > 100


# paper ---------------------------------------------------------------------------------------


def page_of(path):
    """Width and height of the only page of a PDF."""
    (box,) = re.findall(rb"/MediaBox \[0 0 (\S+) (\S+)\]", path.read_bytes())
    return tuple(map(float, box))


@pytest.mark.parametrize(("x", "y"), [(900.0, 100.0), (100.0, 900.0)])
def test_the_page_lies_as_the_graph_does(model, tmp_path, x, y):
    model.set_positions({"w0": (0.0, 0.0), "x0": (0.0, 60.0), "mul": (x, y)})
    printer = new_printer()
    printer.setOutputFileName(str(tmp_path / "page.pdf"))
    print_graph(model, LIGHT, printer)
    width, height = page_of(tmp_path / "page.pdf")
    assert (width > height) == (x > y)


@pytest.mark.parametrize("color_blind", [False, True])
def test_paper_is_white_and_keeps_the_choice_of_colours(color_blind):
    paper = on_paper(theme(dark=True, color_blind=color_blind))
    assert (paper.canvas, paper.dark) == ("#ffffff", False)
    assert paper.forward == theme(dark=False, color_blind=color_blind).forward


def test_a_page_that_cannot_be_printed_says_so(model, tmp_path, qtlog):
    printer = new_printer()
    printer.setOutputFileName(str(tmp_path / "no such folder" / "page.pdf"))
    with qtlog.disabled(), pytest.raises(OSError, match="cannot"):
        print_graph(model, LIGHT, printer)


def test_a_qt_without_printing_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "PySide6.QtPrintSupport", None)
    with pytest.raises(EngineError, match="Printing needs"):
        new_printer()
