"""The graph as a source text: DOT for Graphviz, TikZ for LaTeX.  Knows no Qt."""

from __future__ import annotations

from pathlib import Path

from engine.files.atomic import replace_file
from engine.files.dot import to_dot
from engine.files.tikz import to_tikz
from engine.graph.graph import Wire
from engine.graph.levels import Opened
from engine.run.walk import Walk
from graphviz_app.canvas.model import CanvasModel

KINDS = {".dot": "DOT graph", ".tex": "TikZ drawing for LaTeX"}
SUFFIXES = tuple(KINDS)


def source_text(
    suffix: str, opened: Opened, model: CanvasModel, walk: Walk | None, index: int
) -> str:
    """What is shown as DOT or TikZ: the graph where ``model`` has it, after step ``index``.

    Without a walk there are no numbers.  Raises ValueError for another ending.
    """
    values, gradients = walk.seen_at(index) if walk is not None else ({}, {})
    if suffix == ".dot":
        terms = walk.terms_at(index) if walk is not None else {}
        return to_dot(opened.graph, values, gradients, terms)
    if suffix == ".tex":
        places = dict(zip(model.ids, map(tuple, model.geometry.xy.tolist()), strict=True))
        wires = zip(model.wires, model.geometry.bends, strict=True)
        bends = {Wire(*wire): points for wire, points in wires if points}
        frames = opened.frames
        return to_tikz(opened.graph, places, values, gradients, frames=frames, bends=bends)
    raise ValueError(f"there is no source that ends in {suffix!r}: choose .dot or .tex")


def write_source(
    path: Path, opened: Opened, model: CanvasModel, walk: Walk | None, index: int
) -> None:
    """Write ``source_text`` into a file; its ending decides the language.

    Raises ValueError for another ending and OSError when it cannot be written.
    """
    text = source_text(path.suffix.lower(), opened, model, walk, index)
    replace_file(path, text.encode("utf-8"))
