"""A picture of a graph and its walk, or its source for Graphviz or LaTeX, without a window."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.levels import Opened, as_shown
from engine.run.walk import Walk
from graphviz_app import sources
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.deriving import begin, walked
from graphviz_app.walk_view import lit_at, numbers_at, numbers_without_walk, tensors_at

SUFFIXES = (".png", ".svg", ".pdf", *sources.SUFFIXES)


@dataclass(frozen=True)
class Shown:
    """A graph as it is looked at after step ``index`` of its walk; None where it cannot run."""

    opened: Opened
    model: CanvasModel
    walk: Walk | None
    index: int


def draw(graph: Graph, path: Path, dark: bool, scale: float, step: int | None) -> None:
    """Draw ``graph`` into ``path``, whose ending is one of SUFFIXES.

    ``step`` counts as ``steps`` prints them, 0 standing for before the first; None shows all.
    A graph that cannot run is drawn with its problems.  Raises EngineError where the file cannot
    be written or there is no such step.
    """
    shown = _shown(graph, step)
    if not path.parent.is_dir():
        raise EngineError(f"Cannot draw into {path}: its folder does not exist.")
    try:
        if path.suffix.lower() in sources.SUFFIXES:
            sources.write_source(path, shown.opened, shown.model, shown.walk, shown.index)
        else:
            _paint(shown.model, path, dark, scale)
    except OSError as error:
        reason = error.strerror or str(error)
        raise EngineError(f"Cannot draw into {path}: {reason.lower()}.") from error
    except ValueError as error:  # a scale that makes it too large
        raise EngineError(str(error)) from error


def _shown(graph: Graph, step: int | None) -> Shown:
    derived = walked(begin(graph, 0, as_shown(graph)))
    opened, walk = derived.opened, derived.walk
    model = CanvasModel.of_view(graph, opened, derived.shapes)
    model.set_problems(derived.problems)
    if walk is None:
        model.set_texts(*numbers_without_walk(derived.known, model.ids))
        return Shown(opened, model, None, -1)
    if step is not None and not 0 <= step <= len(walk):
        raise EngineError(f"There is no step {step}: the walk has the steps 1 to {len(walk)}.")
    index = len(walk) if step is None else step - 1
    model.set_texts(*numbers_at(walk, model.ids, index, opened.apart))
    tiles = {model.ids[k]: k for k in model.tiles}
    model.set_tensors({tiles[i]: pair for i, pair in tensors_at(walk, tiles, index).items()})
    model.set_active(*lit_at(walk, index))
    return Shown(opened, model, walk, index)


def _paint(model: CanvasModel, path: Path, dark: bool, scale: float) -> None:
    """Draw with Qt, which is imported only here: a source needs none."""
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # a picture needs no screen
    from graphviz_app.application import make_app
    from graphviz_app.canvas.export import render
    from graphviz_app.theme import theme

    app = make_app(["graphviz-app"])  # kept: fonts live as long as it does
    render(model, path, theme(dark), scale)
    del app
