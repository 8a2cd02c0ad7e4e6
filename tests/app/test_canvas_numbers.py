"""The numbers on wires: what is written of them, and that they keep out of the nodes' way."""

import numpy as np
import pytest

import engine
from engine.files.project import load_project
from engine.graph.levels import open_composites
from engine.graph.problems import infer_shapes
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.numbers import NumberCache, NumberFonts, shortened
from graphviz_app.resources import examples
from graphviz_app.theme import load_fonts
from graphviz_app.walk_view import numbers_at, wire_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2.00"),
        (np.array([2.0, -0.5, 0.0986]), "[2, −0.5, 0.1]"),
        (np.array([100.0, 1e-7, np.inf]), "[100, 1e−7, ∞]"),
        (np.arange(9.0), "[0, 1, 2, 3, 4, 5, 6, 7, …]"),
        (np.ones((4, 2)), "4×2"),
    ],
    ids=str,
)
def test_a_wire_says_a_vector_entry_by_entry(value, text):
    assert wire_text(value) == text


@pytest.mark.parametrize(
    ("characters", "text"),
    [
        (40, "[0.66, 0.24, 0.1, …]"),
        (20, "[0.66, 0.24, 0.1, …]"),
        (19, "[0.66, 0.24, …]"),
        (14, "[0.66, …]"),
        (5, "[…]"),
    ],
)
def test_a_vector_loses_entries_until_it_fits(characters, text):
    assert shortened("[0.66, 0.24, 0.1, …]", characters) == text


def test_a_number_is_never_cut():
    assert shortened("−0.1966", 3) == "−0.1966"


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("path", examples(), ids=lambda p: p.name.split(".")[0])
def test_in_no_example_do_numbers_run_into_a_node(path):
    load_fonts()
    graph = load_project(path).graph
    opened = open_composites(graph)
    walk = engine.trace(opened.graph)
    model = CanvasModel.of_view(graph, opened, infer_shapes(opened.graph))
    model.set_texts(*numbers_at(walk, model.ids, len(walk)))
    fonts, geometry = NumberFonts(), model.geometry
    low, high = geometry.xy - geometry.size / 2, geometry.xy + geometry.size / 2
    for node, numbers in NumberCache(model, fonts).of(np.arange(len(model.ids))):
        for placed in numbers:
            left, top, width, height = fonts.plate(placed)
            beside = (left >= high[:, 0]) | (left + width <= low[:, 0])
            beside |= (top >= high[:, 1]) | (top + height <= low[:, 1])
            assert beside.all(), (model.ids[node], placed.text)
