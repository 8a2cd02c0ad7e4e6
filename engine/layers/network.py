"""Networks: layers added to a graph one after the other, and what they come to.

A layer is one node of the graph; the leaves that belong to it are wired to its ports behind the
first.  Its units and sizes are read off them: the graph remembers nothing twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.graph.graph import INPUT, PARAMETER, Graph, Node, free_id
from engine.graph.problems import infer_shapes, size_problem
from engine.layers.initialisers import draw
from engine.layers.layer import (
    FIRST_CLASS,
    MASK,
    Layer,
    Settings,
    Weight,
    arithmetic,
    check_size,
    count_of,
)
from engine.layers.table import LAYERS
from engine.ops import OPS
from engine.ops.op import Shape

Spec = tuple[str, Settings]  # the name of a layer and its settings
Fill = Callable[[Weight, Settings, int], Any]  # the value of a layer's leaf, from a seed
NO_SETTINGS: Mapping[str, Any] = {}
_KIND_OF = {"projection": "Dense", "conv_unbiased": "Conv2D"} | {  # without biases
    kind.op(kind.settings): name for name, kind in LAYERS.items() if name != "Activation"
}
_ACTIVATIONS = frozenset(LAYERS["Activation"].choices["function"])


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a network's summary: the layer's node, its name, the shape that it yields (None
    where that cannot be known), its number of parameters and how one works that out.
    """

    node: str
    name: str
    shape: Shape | None
    count: int
    arithmetic: str
    kept: int = 0


def layer_called(name: str) -> Layer:
    """The layer of that name; raises EngineError."""
    if name not in LAYERS:
        raise EngineError(f'There is no layer "{name}"; there are: {", ".join(LAYERS)}.')
    return LAYERS[name]


def layer_name(op: str) -> str:
    """The name in the table of the layer that applies the op of this name, "" for none."""
    return _KIND_OF.get(op) or ("Activation" if op in _ACTIVATIONS else "")


def initial_value(weight: Weight, settings: Settings, seed: int) -> np.ndarray:
    """What a leaf of a layer holds before training; raises EngineError."""
    if weight.init == MASK:
        return _mask(weight.shape, settings["rate"], seed)
    if weight.init == FIRST_CLASS:  # until data say which
        value = np.zeros(weight.shape)
        value[..., 0] = 1.0
        return value
    return draw(weight.init, weight.shape, seed)


def unfilled(weight: Weight, settings: Settings, seed: int) -> np.ndarray:
    """Zeros that take no room, to try out what a network would come to."""
    return np.broadcast_to(0.0, weight.shape)


def add_layer(
    graph: Graph,
    name: str,
    settings: Settings = NO_SETTINGS,
    sources: Sequence[str] = (),
    seed: int = 0,
    fill: Fill = initial_value,
) -> tuple[Graph, str]:
    """``graph`` with a layer behind the nodes ``sources``, and the id of its node, the new output.

    Without sources it stands behind the output.  Its weights are drawn from ``seed``, or as
    ``fill`` says.  Raises EngineError where the layer cannot be, or not there.
    """
    kind = layer_called(name)
    full = kind.with_defaults(settings)
    sources = list(sources) or [graph.output]
    if len(sources) > 1 and not kind.several:
        raise EngineError(f"{name} takes one input, not {len(sources)}.")
    shapes = infer_shapes(graph)
    if any(i not in shapes for i in sources):
        raise EngineError(f"{name} has nothing before it whose shape is known.")
    weights = kind.weights(full, shapes[sources[0]])
    check_size(name, weights)
    nodes = dict(graph.nodes)
    number = 1 + sum(n.op in _KIND_OF for n in nodes.values())
    leaves = []
    for place, weight in enumerate(weights):
        leaf = _leaf(weight, number, nodes, fill(weight, full, seed + place))
        nodes[leaf.id] = leaf
        leaves.append(leaf.id)
    op = kind.op(full)
    node = Node(free_id(op, nodes), op, (*sources, *leaves), None, "", kind.attrs(full))
    given = (*(shapes[i] for i in sources), *(weight.shape for weight in weights))
    yields = OPS[op].shape(*given, **OPS[op].with_defaults(node.attrs))
    if trouble := size_problem(yields):
        raise EngineError(f"{name} {trouble}")
    nodes[node.id] = node
    after = graph.like(nodes)
    after.output = node.id
    return after, node.id


def _leaf(weight: Weight, number: int, taken: Mapping[str, Node], value: Any) -> Node:
    name = weight.symbol if weight.kind == INPUT else f"{weight.symbol}{number}"
    leaf_id = free_id(name, taken)
    return Node(leaf_id, weight.kind, (), value, leaf_id)


def _mask(shape: Shape, rate: float, seed: int) -> np.ndarray:
    """1 where dropout keeps a number, 0 where it leaves it out."""
    return (np.random.RandomState(seed).random_sample(shape) >= rate).astype(float)


def sequential(specs: Sequence[Spec], shape: Shape, seed: int = 0, name: str = "") -> Graph:
    """A chain of layers behind an input x of ``shape``, batch first; raises EngineError.

    The input holds numbers drawn from ``seed`` until data take their place: normal ones, or words
    where an Embedding comes first.
    """
    first, settings = specs[0] if specs else ("", NO_SETTINGS)
    words = layer_called(first).with_defaults(settings)["words"] if first == "Embedding" else 0
    graph = begun(shape, seed, words, name)
    for place, (layer, options) in enumerate(specs, 1):
        graph, _ = add_layer(graph, layer, options, seed=seed + 1000 * place)
    return graph


def begun(shape: Shape, seed: int = 0, words: int = 0, name: str = "") -> Graph:
    """A network without layers: an input x of normal numbers, or of so many different words."""
    rng = np.random.RandomState(seed)
    value = rng.randint(0, words, shape).astype(float) if words else rng.normal(0.0, 1.0, shape)
    return Graph([Node("x", INPUT, (), value, "x")], output="x", name=name)


def leaves_of(graph: Graph, node_id: str) -> list[str]:
    """The leaves that belong to a layer: wired to it alone, behind its first port."""
    node = graph.nodes[node_id]
    if node.op not in _KIND_OF or LAYERS[_KIND_OF[node.op]].several:
        return []
    users = graph.users()
    return [
        i
        for i in dict.fromkeys(node.inputs[1:])
        if i in graph.nodes and graph.nodes[i].leaf and len(users[i]) == 1
    ]


def summary(graph: Graph) -> list[Row]:
    """The layers of a graph in order, each with its shape and its parameters."""
    shapes = infer_shapes(graph)
    return [_row(graph, node, shapes) for node in graph.nodes.values() if layer_name(node.op)]


def _row(graph: Graph, node: Node, shapes: Mapping[str, Shape]) -> Row:
    own = leaves_of(graph, node.id)
    weights = tuple(
        Weight("", "", shapes[i]) for i in own if graph.nodes[i].op == PARAMETER and i in shapes
    )
    name = layer_name(node.op)
    ports = dict(zip(OPS[node.op].inputs, node.inputs, strict=False))
    kept = [ports[port] for port in LAYERS[name].kept if ports.get(port) in own]
    return Row(
        node.id,
        name,
        shapes.get(node.id),
        count_of(weights),
        arithmetic(weights),
        sum(math.prod(shapes[i]) for i in kept),
    )
