"""One neuron of a layer that is too large to be seen whole.

Its products, their sum, its bias and its activation are nodes on single numbers, as at the level
of primitives.  Of many inputs those with the largest weights have products of their own; ``rest``
is the sum of all other products.  ``put`` sets the neuron's result into that of the layer, so
values and gradients of the whole graph are what they are at every level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.graph.cells import NoCells, batch_size, cell_name
from engine.graph.graph import Graph, Node, free_id
from engine.ops.layers import LINEAR
from engine.ops.op import OPS, Shape

LARGEST = 8  # inputs that have a product of their own
_LEVEL = "neuron "


def neuron_level(number: int) -> str:
    """The level at which one sees the neuron of this number, from 0."""
    return f"{_LEVEL}{number}"


def neuron_of(level: str) -> int | None:
    """The number of the neuron that is seen at ``level``; None at all other levels."""
    digits = level.removeprefix(_LEVEL)
    return int(digits) if digits != level and digits.isdecimal() else None


def neuron_count(node: Node, shapes: Mapping[str, Shape]) -> int:
    """How many neurons a layer has one of which can be seen alone; 0 for any other node."""
    if node.op not in ("dense", "projection") or any(i not in shapes for i in node.inputs):
        return 0
    return shapes[node.inputs[1]][1] if len(shapes[node.inputs[0]]) <= 2 else 0


@dataclass(slots=True)
class OneNeuron:
    """The nodes that show it, in order: the last has the layer's id.

    ``single`` are those that hold one number, or one for each example of the batch; ``named`` how
    many inputs have a product of their own, of ``inputs``.
    """

    nodes: list[Node] = field(default_factory=list)
    single: list[str] = field(default_factory=list)
    named: int = 0
    inputs: int = 0


def open_neuron(
    graph: Graph, shapes: Mapping[str, Shape], layer: Node, number: int, taken: dict[str, None]
) -> OneNeuron:
    """Neuron ``number`` of ``layer`` opened; ``taken`` are ids that exist, to which it adds.

    Raises NoCells where there is no such neuron.
    """
    count = neuron_count(layer, shapes)
    if not count:
        raise NoCells(layer.id, "only a Dense layer of vectors shows one of its neurons")
    if number >= count:
        raise NoCells(layer.id, f"it has the neurons 0 to {count - 1:,}, and no {number:,}")
    return _Opening(graph, shapes, layer, number, taken).run()


class _Opening:
    def __init__(
        self,
        graph: Graph,
        shapes: Mapping[str, Shape],
        layer: Node,
        number: int,
        taken: dict[str, None],
    ) -> None:
        self._graph, self._layer, self._number, self._taken = graph, layer, number, taken
        shape = shapes[layer.inputs[0]]
        batch = shape[0] if len(shape) == 2 else 0
        if batch > 1 and batch != batch_size(graph, shapes):
            raise NoCells(layer.id, "its rows are not the examples of the data")
        # one example is shown as at the other levels: its numbers are no vectors of length 1
        self._batched, self._row = batch > 1, (0,) if batch == 1 else ()
        self._inputs = shape[-1]
        self._done = OneNeuron(inputs=self._inputs)

    def run(self) -> OneNeuron:
        layer, k = self._layer, self._number
        x, weights, *bias = layer.inputs
        largest = self._largest(weights)
        parts = [
            self._single(
                "mul",
                self._entry(weights, (i, k)),
                self._entry(x, (i,), self._batched, self._row),
            )
            for i in largest
        ]
        if len(largest) < self._inputs:
            attrs = {"column": k, "skipped": tuple(largest), "row": bool(self._row)}
            parts.append(self._single("rest", x, weights, **attrs))
        if bias:
            parts.append(self._entry(bias[0], (k,)))
        total = self._total(parts)
        sums = self._add("matmul", x, weights)
        if bias:
            sums = self._add("add", sums, bias[0])
        activation = layer.attrs.get("activation", LINEAR)
        bends = activation != LINEAR
        if bends and OPS[activation].elementwise:
            total, sums = self._single(activation, total), self._add(activation, sums)
            bends = False
        place = {"index": (*self._row, k), "batched": self._batched}
        keep = "" if bends else layer.id
        put = self._add("put", sums, total, keep=keep, **place)
        if bends:  # softmax and its like need all neurons
            self._add(activation, put, keep=layer.id)
        self._done.named = len(largest)
        return self._done

    def _total(self, parts: list[str]) -> str:
        """Their sum, two by two: a tree is not as long to look at as a chain."""
        while len(parts) > 1:
            pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
            parts = [self._single("add", *p) if len(p) == 2 else p[0] for p in pairs]
        return parts[0]

    def _largest(self, weights: str) -> list[int]:
        """The inputs with the largest weights, in their own order."""
        value = self._graph.nodes[weights].value
        if self._inputs <= LARGEST or value is None:
            return list(range(min(self._inputs, LARGEST)))
        column = np.abs(np.asarray(value, float)[:, self._number])
        return sorted(np.argsort(-column, kind="stable")[:LARGEST].tolist())

    def _entry(
        self, source: str, index: tuple[int, ...], batched: bool = False, row: tuple[int, ...] = ()
    ) -> str:
        made = self._single("entry", source, index=(*row, *index), batched=batched)
        self._done.nodes[-1].name = cell_name(self._graph.nodes[source], index)
        return made

    def _single(self, op: str, *inputs: str, **attrs: Any) -> str:
        made = self._add(op, *inputs, **attrs)
        self._done.single.append(made)
        return made

    def _add(self, op: str, *inputs: str, keep: str = "", **attrs: Any) -> str:
        node_id = keep or free_id(f"{self._layer.id}/{op}", self._taken)
        self._taken[node_id] = None
        name = self._layer.name if keep else ""
        self._done.nodes.append(Node(node_id, op, inputs, None, name, dict(attrs)))
        return node_id
