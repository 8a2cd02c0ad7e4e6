"""Networks: layers added to a graph one after the other, and what they come to.

A layer is one node of the graph; the leaves that belong to it are wired to its ports behind the
first.  Its units and sizes are read off them: the graph remembers nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from engine.errors import EngineError
from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Graph, Node, Wire, free_id
from engine.graph.owned import owned_leaves
from engine.graph.problems import infer_shapes
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

# Inputs that a network can begin with, by name: two examples or four, small enough to be read.
INPUT_SHAPES: Mapping[str, Shape] = {
    "features": (4, 2),
    "image": (2, 8, 8, 1),
    "token ids": (2, 6),
    "words": (2, 6, 4),
}
Spec = tuple[str, Settings]  # the name of a layer and its settings
NO_SETTINGS: Mapping[str, Any] = {}
_KIND_OF = {"dense": "Dense", "projection": "Dense"} | {
    kind.op(kind.settings): name for name, kind in LAYERS.items() if name != "Activation"
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a network's summary: the layer's node, its name, the shape that it yields (None
    where that cannot be known), its number of parameters and how one works that out.

    ``kept`` numbers are no parameters, but belong to what was learned: the moving mean and
    variance of BatchNorm, which Keras counts as not trainable.
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


def add_layer(
    graph: Graph,
    name: str,
    settings: Settings = NO_SETTINGS,
    sources: Sequence[str] = (),
    seed: int = 0,
) -> tuple[Graph, str]:
    """``graph`` with a layer behind the nodes ``sources``, and the id of its node, the new output.

    Without sources it stands behind the output.  Its weights are drawn from ``seed``.  Raises
    EngineError where the layer cannot be, or not there.
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
        leaf = _leaf(weight, full, number, nodes, seed + place)
        nodes[leaf.id] = leaf
        leaves.append(leaf.id)
    op = kind.op(full)
    node = Node(free_id(op, nodes), op, (*sources, *leaves), None, "", kind.attrs(full))
    nodes[node.id] = node
    after = graph.like(nodes)
    after.output = node.id
    return after, node.id


def _leaf(
    weight: Weight, settings: Settings, number: int, taken: Mapping[str, Node], seed: int
) -> Node:
    name = weight.symbol if weight.kind == INPUT else f"{weight.symbol}{number}"
    leaf_id = free_id(name, taken)
    return Node(leaf_id, weight.kind, (), initial_value(weight, settings, seed), leaf_id)


def initial_value(weight: Weight, settings: Settings, seed: int) -> np.ndarray:
    """What a leaf of a layer holds before training; raises EngineError."""
    if weight.init == MASK:
        return _mask(weight.shape, settings["rate"], seed)
    if weight.init == FIRST_CLASS:  # until data say which
        value = np.zeros(weight.shape)
        value[..., 0] = 1.0
        return value
    return draw(weight.init, weight.shape, seed)


def _mask(shape: Shape, rate: float, seed: int) -> np.ndarray:
    """1 where dropout keeps a number, 0 where it leaves it out."""
    return (np.random.RandomState(seed).random_sample(shape) >= rate).astype(float)


def insert_layer(
    graph: Graph, name: str, wire: Wire, settings: Settings = NO_SETTINGS, seed: int = 0
) -> tuple[Graph, str]:
    """``graph`` with a layer put into ``wire``, and its id; raises EngineError as `add_layer`."""
    after, new = add_layer(graph, name, settings, [wire.source], seed)
    target = after.nodes[wire.target]
    inputs = tuple(new if k == wire.port else s for k, s in enumerate(target.inputs))
    after.nodes[wire.target] = msgspec.structs.replace(target, inputs=inputs)
    after.output = graph.output
    return after, new


def fits(name: str, shape: Shape) -> bool:
    """Whether a layer can stand behind something of this shape."""
    kind = layer_called(name)
    settings = kind.with_defaults({})
    try:
        weights = kind.weights(settings, shape)
        OPS[kind.op(settings)].shape(shape, *(w.shape for w in weights), **kind.attrs(settings))
    except EngineError:
        return False
    return True


def begun(name: str, seed: int = 0) -> Graph:
    """A network that begins with an input that the layer ``name`` can stand behind."""
    shape = next((s for s in INPUT_SHAPES.values() if fits(name, s)), INPUT_SHAPES["features"])
    first = [(name, NO_SETTINGS)] if name == "Embedding" else []
    return sequential(first, shape, seed)


def sequential(specs: Sequence[Spec], shape: Shape, seed: int = 0, name: str = "") -> Graph:
    """A chain of layers behind an input x of ``shape``, batch first; raises EngineError.

    The input holds numbers drawn from ``seed`` until data take their place: normal ones, or words
    where an Embedding comes first.
    """
    rng = np.random.RandomState(seed)
    first, settings = specs[0] if specs else ("", NO_SETTINGS)
    if first == "Embedding":
        words = layer_called(first).with_defaults(settings)["words"]
        value = rng.randint(0, words, shape).astype(float)
    else:
        value = rng.normal(0.0, 1.0, shape)
    graph = Graph([Node("x", INPUT, (), value, "x")], output="x", name=name)
    for place, (layer, options) in enumerate(specs, 1):
        graph, _ = add_layer(graph, layer, options, seed=seed + 1000 * place)
    return graph


def layer_name(op: str) -> str:
    """What the table of layers calls the layer that applies ``op``; "" for none."""
    return _KIND_OF.get(op, "")


def leaves_of(graph: Graph, node_id: str) -> list[str]:
    """The leaves that belong to a layer: wired to it alone, behind its first port."""
    return [leaf for leaf, layer in owned_leaves(graph).items() if layer == node_id]


def summary(graph: Graph) -> list[Row]:
    """The layers of a graph in order, each with its shape and its parameters."""
    shapes = infer_shapes(graph)
    owned: dict[str, list[str]] = {}
    for leaf, layer in owned_leaves(graph).items():
        owned.setdefault(layer, []).append(leaf)
    rows = []
    for node in graph.nodes.values():
        if node.op not in _KIND_OF:
            continue
        leaves = [graph.nodes[i] for i in owned.get(node.id, ())]
        weights = tuple(Weight("", "", shapes[n.id]) for n in leaves if n.op == PARAMETER)
        fixed = node.op == "batch_norm"
        rows.append(
            Row(
                node.id,
                _KIND_OF[node.op],
                shapes.get(node.id),
                count_of(weights),
                arithmetic(weights),
                sum(np.size(n.value) for n in leaves if n.op == CONSTANT) if fixed else 0,
            )
        )
    return rows
