"""The sizes of a layer, read off its weights, and changed with all that depends on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from engine.graph.graph import Graph, Node
from engine.graph.problems import infer_shapes, topological_order
from engine.layers.layer import check_size, whole_setting
from engine.layers.network import initial_value, layer_name, leaves_of
from engine.layers.table import LAYERS

# The sizes of a layer, each the length of an axis of the leaf at a port.
SIZES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "Dense": {"units": (1, -1)},
    "Conv2D": {"filters": (1, -1), "size": (1, 0)},
    "Embedding": {"words": (1, 0), "features": (1, -1)},
}


def sizes_of(graph: Graph, node_id: str) -> dict[str, int]:
    """The sizes that a layer has: units of Dense, filters of Conv2D …; none of other nodes."""
    node = graph.nodes[node_id]
    found = {}
    for name, (port, axis) in SIZES.get(layer_name(node.op), {}).items():
        leaf = graph.nodes.get(node.inputs[port]) if port < len(node.inputs) else None
        shape = np.shape(leaf.value) if leaf is not None else ()
        if shape:
            found[name] = shape[axis]
    return found


def set_size(graph: Graph, node_id: str, name: str, value: Any, seed: int = 0) -> Graph:
    """``graph`` with another size of a layer; the weights of layers behind it follow.

    Numbers that have a place stay; new ones are drawn from ``seed``.  Raises EngineError for a
    size that cannot be, or that would be too large.
    """
    layer = layer_name(graph.nodes[node_id].op)
    whole_setting(layer, name, value)
    sizes = {node_id: {name: value}}
    nodes = dict(graph.nodes)
    order, _ = topological_order(graph)
    for i in order:
        after = graph.like(nodes)
        if layer_name(nodes[i].op):
            _fit(after, nodes[i], sizes.get(i, {}), seed)
            nodes = after.nodes
    return graph.like(nodes)


def _fit(graph: Graph, node: Node, wanted: Mapping[str, int], seed: int) -> None:
    """Give the leaves of a layer the shapes that its input and its sizes ask for."""
    kind = LAYERS[layer_name(node.op)]
    leaves = leaves_of(graph, node.id)
    shapes = infer_shapes(graph)
    if not leaves or not node.inputs or node.inputs[0] not in shapes:
        return
    settings = {
        **kind.settings,
        **{k: v for k, v in node.attrs.items() if k in kind.settings},
        **sizes_of(graph, node.id),
        **wanted,
    }
    if "bias" in settings:
        settings["bias"] = len(leaves) > 1
    if "target" in settings and len(np.shape(graph.nodes[leaves[0]].value)) > 1:
        settings["target"] = "one-hot"
    weights = kind.weights(settings, shapes[node.inputs[0]])
    check_size(kind.name, weights)
    for leaf, weight in zip(leaves, weights, strict=False):
        old = graph.nodes[leaf]
        if np.shape(old.value) != weight.shape:
            fresh = initial_value(weight, settings, seed)
            value = _kept(np.asarray(old.value, float), fresh)
            graph.nodes[leaf] = msgspec.structs.replace(old, value=value)


def _kept(old: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """``fresh`` with the numbers of ``old`` where both have a place."""
    if old.ndim != fresh.ndim:
        return fresh
    common = tuple(slice(0, min(a, b)) for a, b in zip(old.shape, fresh.shape, strict=True))
    fresh[common] = old[common]
    return fresh
