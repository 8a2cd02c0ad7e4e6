"""From the command to a painted window, in a process of its own, files warm in the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The window as `graphviz-app FILE` makes it, closed as soon as its first frame is painted.
OPEN = """
import sys
from graphviz_app.window import Window, make_app
from graphviz_app.settings import Settings
from graphviz_app.resources import example
app = make_app(sys.argv[:1])
window = Window(Settings())
window.open_path(example("sigmoid_circuit"))
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
