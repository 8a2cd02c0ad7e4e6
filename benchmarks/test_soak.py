"""A long run, compressed: the window watches a network train at full speed and must not grow.

`SOAK_SECONDS=1800 python -m pytest benchmarks/test_soak.py -s` measures longer.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from benchmarks.test_watching import FOREVER, network
from graphviz_app.application import make_app
from graphviz_app.settings import Settings as WindowSettings
from graphviz_app.train.session import State
from graphviz_app.window import Window

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
POINTS = 6  # at which memory is read, after a first stretch that fills caches


def resident(process: int) -> float:
    """MiB that a process has in memory (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore")
def test_memory_stays_flat(qtbot) -> None:
    make_app([])
    window = Window(WindowSettings(theme="light", reduced_motion=True))
    qtbot.addWidget(window, before_close_func=lambda w: w.document.stack.setClean())
    window.resize(1440, 900)
    window.show()
    window.document.load_graph(network())
    window.show_workspace("train")
    training = window.train.training
    training.set_settings("Epochs", epochs=FOREVER)
    qtbot.waitUntil(lambda: training.session.state is State.READY, timeout=20_000)
    qtbot.wait(300)
    qtbot.mouseClick(window.train.run_controls.run, Qt.MouseButton.LeftButton)
    worker = training.session._process.processId()
    seen = []
    for _ in range(POINTS + 1):
        end = time.monotonic() + SECONDS / (POINTS + 1)
        while time.monotonic() < end:
            qtbot.wait(200)
        seen.append((resident(os.getpid()), resident(worker)))
    frame = training.last.frame
    qtbot.mouseClick(window.train.run_controls.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: training.session.state is State.READY, timeout=20_000)
    print(
        f"\n{SECONDS:.0f} s, {frame.epoch:,} epochs, {frame.update:,} updates; MiB of the window "
    )
    print("and of the worker: " + ", ".join(f"{a:.0f} + {b:.0f}" for a, b in seen))
