"""The canvas at 5,000 nodes: a frame of panning and zooming, dragging one node, opening.

Run with ``QT_QPA_PLATFORM=offscreen python -m pytest benchmarks/test_canvas.py``; a frame is a
repaint of a 1600 × 1000 viewport in software.
"""

import os
import random

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from engine.graph.graph import Graph
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.view import GraphView
from graphviz_app.theme import load_fonts

NODES = 5000
ZOOMS = [0.05, 0.1, 0.2, 0.3, 0.38, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.5, 2.0, 4.0]


def layered_graph(count, rows=60):
    """Columns of ``rows`` ops, each fed by its neighbours in the column before."""
    rng = random.Random(1)
    graph = Graph()
    before = [graph.leaf("input", f"x{k}", 1.0) for k in range(rows)]
    while len(graph.nodes) < count:
        here = []
        for k in range(min(rows, count - len(graph.nodes))):
            near = min(rows - 1, max(0, k + rng.randint(-3, 3)))
            if rng.random() < 0.6:
                here.append(graph.apply("mul", before[k], before[near]))
            else:
                here.append(graph.apply("sigmoid", before[k]))
        before = here if len(here) == rows else before
    return graph


@pytest.fixture(scope="module")
def graph():
    return layered_graph(NODES)


@pytest.fixture(scope="module")
def view(qapp, graph):
    load_fonts()
    view = GraphView()
    view.resize(1600, 1000)
    view.set_reduced_motion(True)
    model = CanvasModel.from_graph(graph)
    view.set_graph(model)
    count = len(model.ids)
    view.set_texts(
        [f"{k / 100:.2f}" for k in range(count)], [f"−{k / 100:.2f}" for k in range(count)]
    )
    view.show()
    QApplication.processEvents()
    yield view
    view.shutdown()
    view.close()


@pytest.mark.parametrize("zoom", ZOOMS)
def test_repaint(benchmark, view, zoom):
    """Everything visible is drawn again."""
    view.zoom_to(zoom)
    QApplication.processEvents()
    benchmark.pedantic(view.viewport().repaint, rounds=15, warmup_rounds=1)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_pan_frame(benchmark, view, zoom):
    """One step of a pan, until the viewport has repainted."""
    view.zoom_to(zoom)
    QApplication.processEvents()
    direction = [1.0]

    def frame():
        direction[0] = -direction[0]
        view.pan_by(QPointF(37, 23) * direction[0])
        QApplication.processEvents()

    benchmark.pedantic(frame, rounds=15, warmup_rounds=1)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_zoom_frame(benchmark, view, zoom):
    """One step of the wheel, until the viewport has repainted."""
    view.zoom_to(zoom)
    QApplication.processEvents()
    factor = [1.07]

    def frame():
        factor[0] = 1 / factor[0]
        view.zoom_by(factor[0], QPointF(700, 400))
        QApplication.processEvents()

    benchmark.pedantic(frame, rounds=15, warmup_rounds=1)


@pytest.mark.parametrize("zoom", [0.1, 0.5, 1.0])
def test_drag_one_node(benchmark, view, zoom):
    """One mouse move of a drag, until the viewport has repainted."""
    view.zoom_to(zoom)
    QApplication.processEvents()
    centre = view.visible_rect().center()
    geometry = view.model.geometry
    nearest = ((geometry.xy - (centre.x(), centre.y())) ** 2).sum(axis=1).argmin()
    node, offset = view.model.ids[int(nearest)], [8.0]
    home = view.node_position(node)

    def move():
        offset[0] = -offset[0]
        view.move_things({node: (home.x() + offset[0], home.y() + offset[0])})
        QApplication.processEvents()

    benchmark.pedantic(move, rounds=30, warmup_rounds=1)


@pytest.mark.parametrize("zoom", [0.1, 1.0])
def test_all_numbers_change(benchmark, view, zoom):
    """New values and gradients everywhere, until the viewport has repainted."""
    view.zoom_to(zoom)
    count = len(view.model.ids)
    texts = [[f"{(k + s) / 100:.2f}" for k in range(count)] for s in (0, 1)]

    def change():
        texts.reverse()
        view.set_texts(texts[0], texts[1])
        QApplication.processEvents()

    benchmark.pedantic(change, rounds=10, warmup_rounds=1)


def test_open(benchmark, view, graph):
    """From an engine graph to a painted window, layout included."""

    def open_graph():
        view.set_graph(CanvasModel.from_graph(graph))
        view.fit()
        QApplication.processEvents()

    benchmark.pedantic(open_graph, rounds=3)
