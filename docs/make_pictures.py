"""Makes the pictures of the README: `python docs/make_pictures.py` (needs no screen).

The window is opened on a graph, walked to a step or trained for a while, and photographed by Qt
itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from engine import edits
from engine.layers.presets import PRESETS
from engine.run.walk import Phase
from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.settings import Settings
from graphviz_app.train.session import State
from graphviz_app.window import Window

STEP = 23  # backward through w0·x0, as in the lecture
EPOCHS = 60  # that the network has learned
PATIENCE_S = 60.0  # for the process that trains
SETTLE_S = 0.5  # until all that follows is drawn


def photograph(target: Path, theme: str, width: int, height: int, step: int | None = STEP) -> None:
    """The whole window as a PNG."""
    app = make_app([])
    window = Window(Settings(theme=theme, reduced_motion=True))
    window.resize(width, height)
    window.show()
    window.files.open_path(example("sigmoid_circuit"))
    window.explore.select("w0")
    if step is not None:
        window.explore.player.seek(step)
    for _ in range(20):
        app.processEvents()
    window.fit()
    for _ in range(20):
        app.processEvents()
    window.grab().save(str(target))
    window.close()


def photograph_network(target: Path, level: str, width: int, height: int) -> None:
    """The window on the network 2-8-8-1, seen at ``level`` in the middle of its backward pass."""
    app = make_app([])
    window = Window(Settings(theme="light", reduced_motion=True))
    window.resize(width, height)
    window.show()
    window.document.load_graph(edits.show_level(PRESETS["2-8-8-1"].build(), level))
    walk = window.document.walk
    assert walk is not None
    neuron = window.document.derived.opened.cells["dense_2"].ids[2]
    window.explore.player.seek(walk.index_of(Phase.BACKWARD, neuron))
    window.explore.walking.show_example(2)
    for _ in range(20):
        app.processEvents()
    window.grab().save(str(target))
    window.document.stack.setClean()
    window.close()


def photograph_training(target: Path, theme: str, width: int, height: int) -> None:
    """The window on the network 2-8-8-1, after it has learned the circle for some epochs."""
    app = make_app([])
    window = Window(Settings(theme=theme, reduced_motion=True))
    window.resize(width, height)
    window.show()
    window.document.load_graph(PRESETS["2-8-8-1"].build())
    window.show_workspace("train")
    training, end = window.train.training, time.monotonic() + PATIENCE_S

    def until(reached: Callable[[], bool]) -> None:
        while not reached() and time.monotonic() < end:
            app.processEvents()

    until(lambda: training.session.state is State.READY and training.last is not None)
    training.run(("epoch", EPOCHS))
    until(lambda: training.last is not None and training.last.frame.epoch >= EPOCHS)
    until(lambda: not training.going)
    drawn = time.monotonic() + SETTLE_S
    until(lambda: time.monotonic() > drawn)
    window.grab().save(str(target))
    window.document.stack.setClean()
    window.close()


def main(folder: Path) -> None:
    """Write explore_*.png, train_*.png and neurons_light.png into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        photograph(folder / f"explore_{theme}.png", theme, 1440, 900)
        photograph_training(folder / f"train_{theme}.png", theme, 1440, 900)
    photograph_network(folder / "neurons_light.png", "neurons", 1440, 900)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
