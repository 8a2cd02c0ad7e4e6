"""Editing at 2,000 nodes: dragging all of them, undoing that, pasting, tidying, opening files.

Run with ``QT_QPA_PLATFORM=offscreen python -m pytest benchmarks/test_editing.py``.  A frame is
held against 33 ms, undoing a drag against 50 ms, pasting and tidying against half a second.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QThreadPool

from engine import edits
from engine.files.project import graph_bytes, save
from engine.graph.formula import parse
from engine.graph.graph import Graph
from graphviz_app.application import make_app
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.settings import Settings
from graphviz_app.window import Window

NODES, ROWS, DOCUMENTS = 2_000, 50, 200


def layered_graph(count: int) -> Graph:
    """Columns of ops, each fed by its neighbours in the column before, in places of their own."""
    rng = random.Random(1)
    graph = Graph()
    ids = [graph.leaf("input", f"x{k}", 1.0) for k in range(ROWS)]
    while len(ids) < count:
        before = ids[-ROWS:] if len(ids) % ROWS == 0 else ids[-(len(ids) % ROWS) - ROWS :][:ROWS]
        near = [before[min(ROWS - 1, len(ids) % ROWS + rng.randint(0, 2))] for _ in range(2)]
        ids.append(graph.apply("mul", *near))
    graph.output = ids[-1]
    places = {i: (150.0 * (k // ROWS), 80.0 * (k % ROWS)) for k, i in enumerate(ids)}
    return edits.place(graph, places)


@pytest.fixture
def window(qapp):
    """A window on the large graph, which is walked and drawn by now."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    made.show()
    made.document.recover(layered_graph(NODES), None)
    settle(qapp)
    yield made
    made.document.stack.setClean()
    made.close()


def settle(qapp) -> None:
    """Until what is derived in threads is shown."""
    QThreadPool.globalInstance().waitForDone()
    qapp.processEvents()


def resident_kib() -> int:
    """The memory that this process holds now; Linux alone says so in a file."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def moved_all(window: Window, step: float) -> dict[str, tuple[float, float]]:
    """Every node, a step further to the right."""
    view = window.explore.view
    return {i: (x + step, y) for i, (x, y) in view.places_of(view.model.ids).items()}


def test_frame_of_dragging_all(benchmark, window, qapp) -> None:
    window.editor.select_all()
    steps = [8.0]

    def frame() -> None:
        steps[0] = -steps[0]
        window.explore.view.move_things(moved_all(window, steps[0]))
        qapp.processEvents()

    benchmark.pedantic(frame, rounds=20, warmup_rounds=2)


def test_undo_of_dragging_all(benchmark, window, qapp) -> None:
    window.editor.select_all()
    window.editor.editing.move(moved_all(window, 80.0))
    qapp.processEvents()

    def undo() -> None:
        window.document.stack.undo()
        qapp.processEvents()

    def again() -> None:
        window.document.stack.redo()
        qapp.processEvents()

    benchmark.pedantic(
        undo, setup=lambda: again() if window.document.stack.canRedo() else None, rounds=10
    )


def test_drop_of_dragging_all(benchmark, window, qapp) -> None:
    window.editor.select_all()

    def drop() -> None:
        window.editor.editing.move(moved_all(window, 80.0))
        qapp.processEvents()

    benchmark.pedantic(drop, rounds=10)


def test_paste_of_500_nodes(benchmark, window, qapp) -> None:
    text = graph_bytes(layered_graph(500)).decode()

    def paste() -> None:
        window.editor.pasting.paste_text(text, (0.0, 5_000.0))
        qapp.processEvents()

    def before() -> None:
        while window.document.stack.index() > 1:
            window.document.stack.undo()
        settle(qapp)

    benchmark.pedantic(paste, setup=before, rounds=5)


def test_tidy_of_400_nodes(benchmark, window, qapp) -> None:
    """Until the nodes have their places: the layout comes from its process."""
    chosen = window.explore.view.model.ids[:400]
    stack = window.document.stack

    def tidy() -> None:
        index = stack.index()
        window.editor.editing.tidy()
        while stack.index() == index:
            qapp.processEvents()

    def before() -> None:
        while stack.index() > 1:
            stack.undo()
        settle(qapp)
        window.explore.view.layouts._known.clear()  # what was laid out once is remembered
        window.explore.selection.set(chosen)

    benchmark.pedantic(tidy, setup=before, rounds=5)


def test_what_fits_at_an_output(benchmark, window, qapp) -> None:
    """The search after a wire was dropped on the canvas: every op is tried."""
    node = window.document.graph.output

    def search() -> None:
        window.editor.searching.add_at_wire(Port(node, OUT), (0.0, 0.0))
        qapp.processEvents()

    benchmark.pedantic(search, rounds=5)


def test_find_node(benchmark, window, qapp) -> None:
    def search() -> None:
        window.editor.searching.find_node()
        qapp.processEvents()

    benchmark.pedantic(search, rounds=5)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_documents_in_a_row(benchmark, window, qapp, tmp_path: Path) -> None:
    """Opens one after the other; how much memory has grown from the first half to the second."""
    path = tmp_path / "one.graph.json"
    save(parse("f = sigmoid(w0*x0 + w1*x1 + w2)"), path)
    grown: list[int] = []

    def open_all() -> None:
        for _ in range(DOCUMENTS // 2):
            window.document.load(path)
            qapp.processEvents()
            window.document.clear()
        grown.append(resident_kib())

    benchmark.pedantic(open_all, rounds=2)
    benchmark.extra_info["grown_kib"] = grown[-1] - grown[0]
    print(f"grown by {grown[-1] - grown[0]} KiB")
