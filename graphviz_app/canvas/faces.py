"""What a node looks like that is more than a sign: a layer's card, a tensor's tile, a neuron.

Knows no Qt; sizes are in scene pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.graph.graph import Graph, Node
from engine.graph.levels import Opened
from engine.graph.owned import has_layers
from engine.graph.units import NEURON
from engine.layers.network import Row, summary
from engine.numerals import number
from engine.ops import OPS
from engine.ops.op import Shape

CARD_SIZE = (124.0, 74.0)
NEURON_PX = 48.0
TILE_WIDTH = 124.0
TILE_PAD, TILE_HEAD = 8.0, 22.0  # around a heat map, and above it for the name
SMALL_TENSOR = 4  # a vector of so many numbers is written out beside its wire
GRADIENT_GAP = 5.0  # between the heat maps of value and gradient
MOST_CELLS = 28, 64  # rows and columns that are drawn of a tensor; of larger ones, every n-th
CHARACTER = 7.3  # the width of one, in the small print of a card


@dataclass(frozen=True)
class Card:
    """A layer: its name and a word beside it, the shape that it yields, what it is made of."""

    title: str
    aside: str
    shape: str
    detail: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        longest = max(
            len(self.title) + len(self.aside) + 2, len(self.shape), len(self.detail) * 0.9
        )
        return max(CARD_SIZE[0], math.ceil((24 + longest * CHARACTER) / 8) * 8.0), CARD_SIZE[1]


@dataclass(frozen=True)
class Tile:
    """A tensor: heat maps of its value and, where it has one, of its gradient.

    ``rows`` and ``columns`` are those of the drawn matrix; a vector is a row, and of more than
    two axes all but the last are rows.
    """

    shape: Shape
    rows: int
    columns: int
    gradient: bool

    @property
    def value_height(self) -> float:
        """Of the upper heat map."""
        if self.rows == 1:
            return 16.0
        side = (TILE_WIDTH - 2 * TILE_PAD) / min(self.columns, MOST_CELLS[1])
        return min(72.0, max(20.0, side * min(self.rows, MOST_CELLS[0])))

    @property
    def gradient_height(self) -> float:
        """Of the lower one."""
        return max(10.0, self.value_height / 2) if self.gradient else 0.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        height = TILE_HEAD + self.value_height + TILE_PAD
        return TILE_WIDTH, height + (GRADIENT_GAP + self.gradient_height) * self.gradient


@dataclass(frozen=True)
class Neuron:
    """A neuron: Σ and the sign of its activation, and its bias below, "" for none."""

    activation: str
    bias: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return NEURON_PX, NEURON_PX


# How a loss is written on its card, where a formula has no room.
_LOSSES = {
    "mse": "mean of (ŷ − y)²",
    "mae": "mean of |ŷ − y|",
    "bce": "−ln p of the answer",
    "bce_from_logits": "−ln σ of the answer",
    "cross_entropy": "−Σ y ln p",
    "cross_entropy_from_logits": "−Σ y ln softmax",
}

Face = Card | Tile | Neuron


def faces_of(graph: Graph, opened: Opened, shapes: Mapping[str, Shape]) -> dict[str, Face]:
    """The faces of those nodes of ``opened`` that have one, by id.

    ``graph`` is the document's, ``shapes`` are those of the nodes that are shown.
    """
    network = has_layers(graph)
    rows = {row.node: row for row in summary(graph)} if network else {}
    inner = {i for f in opened.frames if f.node for i in f.members}
    faces: dict[str, Face] = {}
    for node in opened.graph.nodes.values():
        shape = shapes.get(node.id, ())
        if node.id in opened.inside:
            continue
        if node.op == "neuron":
            title = node.attrs["body"].title
            faces[node.id] = Neuron(title[len(NEURON) :].strip(), _bias(opened, node.id))
        elif of_example(opened, node.id, shape):
            continue
        elif node.id in rows and node.id not in inner:
            faces[node.id] = _layer_card(node, rows[node.id], shapes.get(node.id))
        elif network and not opened.frames and shape and node.id not in inner:
            faces[node.id] = _plain_card(node, shape)
        elif len(shape) > 1 or math.prod(shape) > (1 if network else SMALL_TENSOR):
            columns = shape[len(shape) - 1]
            faces[node.id] = Tile(
                shape, math.prod(shape) // max(columns, 1), columns, node.op != "constant"
            )
    return faces


def of_example(opened: Opened, node: str, shape: Shape) -> bool:
    """Whether a node holds one number, or one for each example."""
    return node in opened.apart and shape in ((), (opened.batch,))


def _bias(opened: Opened, neuron: str) -> str:
    leaf = opened.biases.get(neuron)
    return "" if leaf is None else f"b = {number(opened.graph.nodes[leaf].value, 2)}"


def spaced(shape: Shape) -> str:
    """``128 × 256``, in words where there is one number."""
    return " × ".join(map(str, shape)) if shape else "one number"


def _layer_card(node: Node, row: Row, shape: Shape | None) -> Card:
    activation = node.attrs.get("activation", "linear")
    aside = "" if activation == "linear" else OPS[activation].symbol
    detail = row.arithmetic
    if node.op == "dropout":
        detail = f"p = {number(node.attrs.get('rate', 0.5))}"
        aside = "" if node.attrs.get("training", True) else "off"
    elif node.op in _LOSSES:
        detail = _LOSSES[node.op]
    elif not detail:
        detail = "no parameters"
    return Card(row.name, aside, "?" if shape is None else spaced(shape), detail)


def _plain_card(node: Node, shape: Shape) -> Card:
    if node.leaf:
        return Card(node.name or node.id, "", spaced(shape), node.op)
    return Card(node.name or OPS[node.op].symbol, "", spaced(shape), "no parameters")
