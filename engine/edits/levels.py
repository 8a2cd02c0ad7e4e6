"""Looking at a graph, or at some of its nodes, at another level."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import numpy as np

from engine.errors import EngineError
from engine.graph.graph import Graph, Node
from engine.graph.labels import text_label
from engine.graph.levels import (
    LAYERS,
    NEURONS,
    PRIMITIVES,
    TENSORS,
    can_open,
    open_composites,
)
from engine.graph.neuron import neuron_count, neuron_of
from engine.graph.owned import is_layer
from engine.graph.problems import infer_shapes
from engine.ops import OPS
from engine.ops.op import Shape

MOST_SHOWN = 400  # single numbers or neurons that a person can still tell apart


def show_level(graph: Graph, level: str, ids: Collection[str] = ()) -> Graph:
    """``graph`` as it is seen at ``level``, or only the nodes ``ids``; values stay as they are.

    Places made by hand belong to the level at which they were made.  Raises EngineError where
    that would be more nodes than one can read, or where nothing can be seen so.
    """
    after = graph.like(
        {
            i: node
            if (ids and i not in ids) or node.opened == marked
            else msgspec.structs.replace(node, opened=marked)
            for (i, node), marked in zip(graph.nodes.items(), _marks(graph, level), strict=True)
        }
    )
    check_level(after, level, ids or list(graph.nodes))
    before, now = level_shown(graph), level_shown(after)
    if before is not None and now is not None and before != now:
        after.elsewhere = {**graph.elsewhere, before: graph.positions}
        after.positions = dict(graph.elsewhere.get(now, {}))
        after.bends = {}
    return after


def level_shown(graph: Graph) -> str | None:
    """The level at which all of ``graph`` is seen; None while its nodes differ."""
    now = [node.opened for node in graph.nodes.values()]
    return next(
        (v for v in (LAYERS, TENSORS, NEURONS, PRIMITIVES) if _marks(graph, v) == now), None
    )


def has_levels(graph: Graph) -> bool:
    """Whether there is anything but numbers in ``graph``, so that levels differ."""
    if any(np.shape(node.value) for node in graph.nodes.values()):
        return True
    return any(infer_shapes(graph).values())


def _marks(graph: Graph, level: str) -> list[str]:
    shapes = infer_shapes(graph)
    return [_mark(node, level, shapes) for node in graph.nodes.values()]


def _mark(node: Node, level: str, shapes: dict[str, Shape]) -> str:
    """How ``node`` is marked when the whole graph is seen at ``level``."""
    if node.leaf or node.op not in OPS or level == LAYERS:
        return LAYERS
    if level == TENSORS:
        return TENSORS if is_layer(node.op) else LAYERS
    if not any(shapes.get(i) for i in (node.id, *node.inputs)):
        return PRIMITIVES if level == PRIMITIVES and can_open(node) else LAYERS
    return LAYERS if level == NEURONS and OPS[node.op].kind == "loss" else level


def check_level(graph: Graph, level: str, ids: Collection[str]) -> None:
    """Raises EngineError where ``ids``, marked to be seen at ``level``, cannot be, or not read."""
    number = neuron_of(level)
    if level not in (NEURONS, PRIMITIVES) and number is None:
        return
    view = open_composites(graph)
    asked = [i for i in ids if graph.nodes[i].opened == level]
    if asked and all(i in view.refused for i in asked):
        what = f"as {level}" if number is None else f"by its {level}"
        one = number is None and neuron_count(graph.nodes[asked[0]], infer_shapes(graph))
        raise EngineError(
            f"{text_label(graph, asked[0])} cannot be seen {what}: {view.refused[asked[0]]}. "
            f"Look at {'one neuron or ' if one else ''}its tensors instead."
        )
    count = len(view.graph.nodes) - len(view.inside)
    if number is None and count > MOST_SHOWN:
        raise EngineError(
            f"As {level} this would be {count:,} nodes, more than the {MOST_SHOWN} that one can "
            "read: open one layer, or one neuron of a layer."
        )
