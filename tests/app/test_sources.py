"""Sources show what the canvas shows: its places, and the numbers of the step it is at."""

import re

import numpy as np
import pytest

import engine
from engine.graph.levels import as_shown
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.sources import source_text, write_source


@pytest.fixture
def shown():
    """f = 2x, its constant written into the product's label, with its walk."""
    opened = as_shown(engine.parse("f = 2x", x=3))
    model = CanvasModel.from_graph(opened.graph, opened.frames)
    return opened, model, engine.trace(opened.graph)


def place_of(label, source):
    """Where TikZ puts the node with this label."""
    (x, y), *others = re.findall(rf"at \((.*), (.*)\) {{\${re.escape(label)}\$}};", source)
    assert not others
    return float(x), float(y)


def test_tikz_follows_a_node_that_was_moved(shown):
    opened, model, walk = shown
    before = source_text(".tex", opened, model, walk, -1)
    x, y = model.geometry.xy[model.index["f"]]
    model.geometry.move(np.array([model.index["f"]]), np.array([[x + 420, y - 420]]))
    after = source_text(".tex", opened, model, walk, -1)
    (x0, y0), (x1, y1) = (place_of(r"\times", source) for source in (before, after))
    assert x1 > x0 + 5
    assert y1 > y0 + 5


@pytest.mark.parametrize("suffix", [".dot", ".tex"])
def test_numbers_are_those_of_the_step(shown, suffix):
    opened, model, walk = shown
    assert "6.00" not in source_text(suffix, opened, model, walk, -1)
    assert "6.00" in source_text(suffix, opened, model, walk, len(walk))
    assert "3.00" not in source_text(suffix, opened, model, None, -1)


def test_another_ending_is_refused_and_no_file_is_left(shown, tmp_path):
    with pytest.raises(ValueError, match="dot"):
        write_source(tmp_path / "x.odt", *shown, 0)
    assert not list(tmp_path.iterdir())
