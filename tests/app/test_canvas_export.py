"""Pictures: every format opens, has the right size and keeps text as text."""

import xml.etree.ElementTree as ET

import pytest
from PySide6.QtGui import QColor, QImage

from engine.graph.graph import Graph
from engine.run.walk import Phase
from graphviz_app.canvas.export import picture_box, render, render_image
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.theme import DARK, LIGHT, load_fonts

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
    texts = " ".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text"))
    assert "image" not in kinds
    assert "0.39" in texts


def test_a_pdf_is_one(model, tmp_path):
    path = tmp_path / "a.pdf"
    render(model, path, LIGHT)
    assert path.read_bytes().startswith(b"%PDF")


def test_an_unknown_ending_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="png"):
        render(model, tmp_path / "a.docx")


def test_a_picture_too_large_for_memory_is_refused(model):
    with pytest.raises(ValueError, match="smaller scale"):
        render_image(model, LIGHT, 500.0)


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_a_file_that_cannot_be_written_says_so(model, tmp_path, name, qtlog):
    with qtlog.disabled(), pytest.raises(OSError, match="cannot write"):
        render(model, tmp_path / "no such folder" / name)


def test_an_empty_graph_makes_a_picture(tmp_path):
    render(CanvasModel.from_graph(Graph()), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").exists()
