"""What can be put on the canvas, as entries to search: the leaves, then every op of the table."""

from __future__ import annotations

from dataclasses import dataclass

from engine.graph.graph import Node
from engine.layers.layer import Layer
from engine.layers.table import LAYERS
from engine.ops import OPS
from engine.ops.op import Op
from graphviz_app.canvas.model import kind_color
from graphviz_app.theme import Theme
from graphviz_app.widgets.search_rows import SearchEntry


@dataclass(frozen=True)
class LeafKind:
    """One of the graph's leaf kinds, as the palette shows it."""

    kind: str
    title: str
    sign: str
    says: str
    keywords: str


LEAVES = (
    LeafKind("input", "Input", "x", "A number that comes from the data.", "variable data"),
    LeafKind(
        "parameter", "Parameter", "w", "A number that training may change.", "weight variable"
    ),
    LeafKind("constant", "Constant", "c", "A number that stays as it is.", "number literal"),
)

# Where the op's name with a capital is not what a person would say.
_TITLES = {
    "sub": "Subtract",
    "mul": "Multiply",
    "div": "Divide",
    "neg": "Negate",
    "pow": "Power",
    "sqrt": "Square root",
    "exp": "Exponential",
    "log": "Natural logarithm",
    "abs": "Absolute value",
    "sin": "Sine",
    "cos": "Cosine",
    "erf": "Error function",
    "max": "Maximum",
    "min": "Minimum",
    "greater": "Greater than",
    "where": "If, then, else",
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "silu": "SiLU",
    "gelu": "GELU",
    "matmul": "Matrix product",
    "concat": "Concatenate",
    "take": "Take rows",
    "reduce_max": "Maximum over axes",
    "log_softmax": "Log-softmax",
    "mae": "Mean absolute error",
    "mse": "Mean squared error",
    "bce": "Binary cross-entropy",
    "bce_from_logits": "BCE from logits",
    "cross_entropy": "Cross-entropy",
    "cross_entropy_from_logits": "CE from logits",
    "conv2d": "Convolution",
    "max_pool": "Max pooling",
}


def op_title(op: str) -> str:
    """What a person calls the op of this name: ``Multiply`` for ``mul``."""
    return _TITLES.get(op, op.replace("_", " ").capitalize())


LAYER = "layer:"  # what keys of layers begin with
LAYER_GROUP = "Layers"
# Signs that are too long for the palette.
_SHORT_SIGNS = {"cross_entropy_from_logits": "CE", "log_softmax": "ln p", "softmax": "p"}
_LAYER_SIGNS = {
    "Activation": "f",
    "BatchNorm": "BN",
    "LayerNorm": "LN",
    "Embedding": "E",
    "Attention": "α",
    "Concatenate": "[ ]",
    "Add": "+",
    "Dense": "Σ",
    "Dropout": "½",
    "Softmax": "p",
    "Flatten": "→",
    "Conv2D": "∗",
    "MaxPool": "max",
    "BCE from scores": "BCE",
    "Cross-entropy": "CE",
    "Cross-entropy from scores": "CE",
}


def op_entries(theme: Theme) -> list[SearchEntry]:
    """Leaves, ops and layers under their headings.

    The key is the leaf kind, the op's name, or LAYER and the name of a layer.
    """
    groups = dict.fromkeys(op.group for op in OPS.values())
    entries = [_leaf_entry(leaf, theme) for leaf in LEAVES]
    for group in groups:
        if group == LAYER_GROUP:  # these ops need weights: they are added as layers
            continue
        entries += [_op_entry(op, theme) for op in OPS.values() if op.group == group]
    return entries + [_layer_entry(layer, theme) for layer in LAYERS.values()]


def _layer_entry(layer: Layer, theme: Theme) -> SearchEntry:
    op = layer.op(layer.settings)
    return SearchEntry(
        LAYER + layer.name,
        layer.name,
        layer.says,
        _LAYER_SIGNS.get(layer.name, layer.name),
        group=LAYER_GROUP,
        keywords=f"layer {op} {op.replace('_', ' ')}",
        color=kind_color(Node(op, op), theme),
    )


def _leaf_entry(leaf: LeafKind, theme: Theme) -> SearchEntry:
    return SearchEntry(
        leaf.kind,
        leaf.title,
        leaf.says,
        leaf.sign,
        group="Leaves",
        keywords=leaf.keywords,
        color=kind_color(Node(leaf.kind, leaf.kind), theme),
    )


def _op_entry(op: Op, theme: Theme) -> SearchEntry:
    names = " ".join((op.name, *op.aliases))
    return SearchEntry(
        op.name,
        op_title(op.name),
        op.says,
        _SHORT_SIGNS.get(op.name, op.symbol),
        group=op.group,
        keywords=f"{names} {names.replace('_', ' ')} {op.symbol}",
        color=kind_color(Node(op.name, op.name), theme),
    )
