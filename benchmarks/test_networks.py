"""Networks: opening the lecture's sentiment model, its levels, steps, and the memory of its walk.

Run with ``QT_QPA_PLATFORM=offscreen python -m pytest benchmarks/test_networks.py``.  Opening at the
level of tensors, and laying 2-8-8-1 out in primitives, are held against half a second, a step
against 16 ms, the walk of the sentiment model against 200 MB.
"""

from __future__ import annotations

import os
import tracemalloc

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QThreadPool

import engine
from engine import edits
from engine.graph.levels import open_composites
from engine.graph.problems import infer_shapes
from engine.layers.presets import PRESETS
from graphviz_app.application import make_app
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.settings import Settings
from graphviz_app.window import Window


@pytest.fixture
def window(qapp):
    """An empty window on the screen."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    made.resize(1440, 900)
    made.show()
    qapp.processEvents()
    yield made
    made.document.stack.setClean()
    made.close()


def settle(window: Window, qapp) -> None:
    """Until the numbers of a large graph, which come from a thread, are shown and painted."""
    for _ in range(1_000):
        QThreadPool.globalInstance().waitForDone()
        qapp.processEvents()
        if window.document.walk is not None:
            break
    window.explore.view.viewport().repaint()


def test_opening_the_sentiment_model_as_tensors(benchmark, window, qapp) -> None:
    graph = edits.show_level(PRESETS["sentiment"].build(), "tensors")

    def open_it() -> None:
        window.document.load_graph(graph)
        settle(window, qapp)

    benchmark.pedantic(open_it, rounds=5, warmup_rounds=1)


def test_a_step_of_the_sentiment_model_as_tensors(benchmark, window, qapp) -> None:
    window.document.load_graph(edits.show_level(PRESETS["sentiment"].build(), "tensors"))
    settle(window, qapp)
    player = window.explore.player
    player.first()

    def step() -> None:
        player.step()
        window.explore.view.viewport().repaint()

    benchmark.pedantic(step, rounds=40, warmup_rounds=2)


def test_laying_out_primitives(benchmark) -> None:
    graph = edits.show_level(PRESETS["2-8-8-1"].build(), "primitives")
    opened = open_composites(graph)
    shapes = infer_shapes(opened.graph)
    model = benchmark(lambda: CanvasModel.of_view(graph, opened, shapes))
    print(f"\n{len(model.ids)} nodes")


@pytest.mark.parametrize("level", ["neurons", "primitives"])
def test_a_step_at(benchmark, window, qapp, level: str) -> None:
    window.document.load_graph(edits.show_level(PRESETS["2-8-8-1"].build(), level))
    settle(window, qapp)
    player = window.explore.player
    player.first()

    def step() -> None:
        player.step()
        window.explore.view.viewport().repaint()

    benchmark.pedantic(step, rounds=60, warmup_rounds=2)


@pytest.mark.parametrize("level", ["tensors", "neurons", "primitives"])
def test_switching_to(benchmark, window, qapp, level: str) -> None:
    window.document.load_graph(PRESETS["2-8-8-1"].build())
    settle(window, qapp)

    def there() -> None:
        window.editor.show_level(level)
        settle(window, qapp)

    benchmark.pedantic(there, setup=lambda: window.editor.show_level(""), rounds=8, warmup_rounds=1)


def test_memory_of_the_walk_of_the_sentiment_model() -> None:
    opened = open_composites(edits.show_level(PRESETS["sentiment"].build(), "tensors"))
    engine.trace(opened.graph)
    tracemalloc.start()
    walk = engine.trace(opened.graph)
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\n{len(walk)} steps hold {held / 1e6:.0f} MB, at most {most / 1e6:.0f} MB on the way")
    assert most < 200e6
