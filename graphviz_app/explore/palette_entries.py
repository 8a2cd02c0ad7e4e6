"""What can be put on the canvas, as entries to search: leaves, ops, and the layers of networks."""

from __future__ import annotations

from dataclasses import dataclass

from engine.graph.graph import Node
from engine.layers.table import LAYERS
from engine.ops import OPS
from engine.ops.op import Op
from graphviz_app.canvas.kinds import kind_color
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

LAYER_GROUP = "Layers"
_LAYER_MARK = "layer "
LAYER_SIGNS = {  # short enough for the chip of a row
    "Dense": "W",
    "Activation": "ƒ",
    "Dropout": "½",
    "Softmax": "eˣ",
    "BatchNorm": "μσ",
    "LayerNorm": "μσ",
    "Flatten": "—",
    "Embedding": "E",
    "Conv2D": "K",
    "MaxPool": "max",
    "Attention": "α",
    "MSE": "MSE",
    "MAE": "MAE",
    "BCE": "BCE",
    "BCE from scores": "BCE",
    "Cross-entropy": "CE",
    "Cross-entropy from scores": "CE",
}

ALSO_CALLED = {"Dense": ("projection", "linear"), "Conv2D": ("conv_unbiased",)}
_SHORT_SIGNS = {"log_softmax": "ln σ", "cross_entropy_from_logits": "CEσ"}

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
}


def op_title(op: str) -> str:
    """What a person calls the op of this name: ``Multiply`` for ``mul``."""
    return _TITLES.get(op, op.replace("_", " ").capitalize())


def op_entries(theme: Theme) -> list[SearchEntry]:
    """Leaves, ops and layers under their headings.

    The key is the leaf kind, the op's name, or what ``layer_key`` says: a layer brings its weights
    with it, so it takes the place of its op.
    """
    groups = dict.fromkeys(op.group for op in OPS.values())
    entries = [_leaf_entry(leaf, theme) for leaf in LEAVES]
    for group in groups:
        if group == LAYER_GROUP:
            entries += [_layer_entry(name, theme) for name in LAYERS if not LAYERS[name].several]
        else:
            entries += [_op_entry(op, theme) for op in OPS.values() if op.group == group]
    return entries


def layer_key(name: str) -> str:
    """The key of the layer of this name."""
    return _LAYER_MARK + name


def layer_of_key(key: str) -> str:
    """The name of the layer that a key stands for, "" for anything else."""
    name = key.removeprefix(_LAYER_MARK)
    return name if key.startswith(_LAYER_MARK) and name in LAYERS else ""


def _layer_entry(name: str, theme: Theme) -> SearchEntry:
    layer = LAYERS[name]
    op = layer.op(layer.settings)
    ops = [op, *ALSO_CALLED.get(name, ())]
    names = " ".join(n for o in ops for n in (o, *(OPS[o].aliases if o in OPS else ())))
    return SearchEntry(
        layer_key(name),
        name,
        layer.says,
        LAYER_SIGNS[name],
        group=LAYER_GROUP,
        keywords=f"layer {names} {names.replace('_', ' ')}",
        color=theme.loss if OPS[op].kind == "loss" else theme.layer,
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
