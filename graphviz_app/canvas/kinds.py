"""What a node is, which is its colour."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from engine.graph.bypass import own_op
from engine.graph.graph import Node
from engine.ops import OPS

if TYPE_CHECKING:
    from graphviz_app.theme import Theme


class Kind(Enum):
    """What a node is, which is its colour."""

    INPUT = "input"
    PARAMETER = "parameter"
    CONSTANT = "constant"
    PLAIN = "plain"
    ACTIVATION = "activation"
    LAYER = "layer"
    LOSS = "loss"

    def color(self, theme: Theme) -> str:
        """The colour of its border and name."""
        name = "plain" if self is Kind.CONSTANT else self.value
        return getattr(theme, name)


_OP_KINDS = {
    "activation": Kind.ACTIVATION,
    "array": Kind.LAYER,
    "layer": Kind.LAYER,
    "loss": Kind.LOSS,
}


def kind_of(node: Node) -> Kind:
    """The kind of a node of an engine graph; ops that nobody knows are plain."""
    if node.leaf:
        return Kind(node.op)
    return op_kind(own_op(node))


def op_kind(op: str) -> Kind:
    """The kind of an op by name."""
    return _OP_KINDS.get(OPS[op].kind, Kind.PLAIN) if op in OPS else Kind.PLAIN


def group_kind(color: str) -> Kind:
    """The kind that gives a group its colour."""
    return next((kind for kind in Kind if kind.value == color), Kind.PLAIN)


def kind_color(node: Node, theme: Theme) -> str:
    """The theme's colour for a node, as ``#rrggbb``."""
    return kind_of(node).color(theme)
