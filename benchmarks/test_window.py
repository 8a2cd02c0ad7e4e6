"""The window: how soon it is there, and how fast it follows a value that is dragged."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.settings import Settings
from graphviz_app.window import Window

ROOT = Path(__file__).resolve().parents[1]

# The window as `graphviz-app FILE` makes it, closed as soon as its first frame is painted.
OPEN = """
import sys
from graphviz_app.application import make_app
from graphviz_app.window import Window
from graphviz_app.settings import Settings
from graphviz_app.resources import example
app = make_app(sys.argv[:1])
window = Window(Settings())
window.files.open_path(example("sigmoid_circuit"))
window.show()
app.processEvents()
assert window.explore.view.isVisible()
sys.stdout.flush()
import os
os._exit(0)
"""


@pytest.mark.benchmark(group="from the command to a painted window")
def test_window_visible(benchmark) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}

    def start() -> None:
        subprocess.run([sys.executable, "-c", OPEN], env=environment, check=True)

    benchmark.pedantic(start, rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="a value dragged: walk, gradient check and every panel repainted")
def test_scrub_frame(benchmark, qapp) -> None:
    make_app([])
    window = Window(Settings(theme="light", reduced_motion=True))
    window.resize(1440, 900)
    window.show()
    window.files.open_path(example("sigmoid_circuit"))
    explore = window.explore
    explore.select("w0")
    explore.player.seek(23)
    values = itertools.cycle(k / 50 for k in range(200))

    def frame() -> None:
        explore.inspector.value_changed.emit("w0", next(values), False)
        qapp.processEvents()

    benchmark.pedantic(frame, rounds=200, warmup_rounds=20)
    window.document.stack.setClean()
    window.close()
