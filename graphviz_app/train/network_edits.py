"""Edits of the network that are made on its diagram; weights that still have a place stay.

Knows no Qt.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine import edits
from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.problems import infer_shapes
from engine.layers.network import add_layer, layer_name, leaves_of
from engine.layers.settings import set_size, sizes_of
from engine.ops import OPS


def with_units(graph: Graph, node: str, units: int) -> Graph:
    """Another number of units in a Dense layer; raises EngineError."""
    if "units" not in sizes_of(graph, node):
        raise EngineError("Only the units of a Dense layer can be changed here.")
    return set_size(graph, node, "units", units, seed=units)


def with_activation(graph: Graph, node: str, activation: str) -> Graph:
    """Another activation of a layer; raises EngineError."""
    why = edits.why_not_attribute(graph, node, "activation", activation)
    if why:
        raise EngineError(why)
    return edits.set_attribute(graph, node, "activation", activation)


def with_layer_behind(graph: Graph, source: str) -> Graph:
    """A Dense layer behind a node: as wide and bent as that, so that the next one still fits.

    Raises EngineError where there is no room for one.
    """
    shape = infer_shapes(graph).get(source, ())
    if len(_fed(graph, source)) != 1 or len(shape) != 2:
        raise EngineError("A layer can stand here only where one layer of vectors feeds the next.")
    before = graph.nodes[source]
    activation = before.attrs.get("activation", "tanh") if not before.leaf else "tanh"
    return _behind(graph, source, "Dense", {"units": shape[-1], "activation": activation})


def _fed(graph: Graph, source: str) -> list[str]:
    """The nodes whose input a node is."""
    return [wire.target for wire in graph.users()[source] if wire.port == 0]


def _behind(graph: Graph, source: str, kind: str, settings: dict[str, Any]) -> Graph:
    """A layer between a node and the one that it feeds."""
    target = _fed(graph, source)[0]
    after, new = add_layer(graph, kind, settings, (source,), seed=len(graph.nodes))
    user = after.nodes[target]
    after.nodes[target] = msgspec.structs.replace(user, inputs=(new, *user.inputs[1:]))
    after = _in_order(after, new, target)
    after.output = graph.output
    return after


def dropout_of(graph: Graph) -> float | None:
    """The share that dropout leaves out behind hidden layers, 0 without; None where it differs, or
    where there are no hidden layers.
    """
    rates = {
        float(OPS["dropout"].with_defaults(graph.nodes[found[0]].attrs)["rate"]) if found else 0.0
        for found in (_drops(graph, node) for node in _hidden(graph))
    }
    return rates.pop() if len(rates) == 1 else None


def with_dropout(graph: Graph, rate: float) -> Graph:
    """Dropout of that share behind every hidden Dense layer; 0 takes it away."""
    for node in _hidden(graph):
        found = _drops(graph, node)
        if found and rate:
            graph = edits.set_attribute(graph, found[0], "rate", rate)
        elif found:
            graph = edits.delete(graph, [found[0], *leaves_of(graph, found[0])])
        elif rate:
            graph = _behind(graph, node, "Dropout", {"rate": rate})
    return graph


def _hidden(graph: Graph) -> list[str]:
    """The Dense layers of a chain but for the last."""
    dense = [n.id for n in graph.nodes.values() if layer_name(n.op) == "Dense"]
    return [node for node in dense[:-1] if len(_fed(graph, node)) == 1]


def _drops(graph: Graph, node: str) -> list[str]:
    """The dropout behind a layer."""
    return [
        target for target in _fed(graph, node) if layer_name(graph.nodes[target].op) == "Dropout"
    ]


def _in_order(graph: Graph, new: str, before: str) -> Graph:
    """The new layer and its leaves ahead of the one that it feeds."""
    own = [*leaves_of(graph, new), new]
    rest = [i for i in graph.nodes if i not in own]
    first = min(rest.index(i) for i in [*leaves_of(graph, before), before])
    order = [*rest[:first], *own, *rest[first:]]
    return graph.like({i: graph.nodes[i] for i in order})


def without_layer(graph: Graph, node: str) -> Graph:
    """Without a layer and its weights; the layers behind it fit what comes then."""
    after = edits.delete(graph, [node, *leaves_of(graph, node)])
    dense = [n.id for n in after.nodes.values() if layer_name(n.op) == "Dense"]
    if not dense:
        raise EngineError("A network needs at least one layer.")
    last = dense[-1]
    return set_size(after, last, "units", sizes_of(after, last)["units"])
