"""Edits of the network that are made on its diagram; weights that still have a place stay.

Knows no Qt.
"""

from __future__ import annotations

import msgspec

from engine import edits
from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.problems import infer_shapes
from engine.layers.network import add_layer, layer_name, leaves_of
from engine.layers.settings import set_size, sizes_of


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
    wires = [w for w in graph.users()[source] if w.port == 0]
    shape = infer_shapes(graph).get(source, ())
    if len(wires) != 1 or len(shape) != 2:
        raise EngineError("A layer can stand here only where one layer of vectors feeds the next.")
    before = graph.nodes[source]
    activation = before.attrs.get("activation", "tanh") if not before.leaf else "tanh"
    settings = {"units": shape[-1], "activation": activation}
    after, new = add_layer(graph, "Dense", settings, (source,), seed=len(graph.nodes))
    user = after.nodes[wires[0].target]
    inputs = (new, *user.inputs[1:])
    after.nodes[user.id] = msgspec.structs.replace(user, inputs=inputs)
    after = _in_order(after, new, user.id)
    after.output = graph.output
    return after


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
