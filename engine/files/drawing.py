"""What DOT and TikZ both say of a graph: the colours of kinds, and the numbers beside nodes.

The colours are those of the window's light theme, as a figure lies on white paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from engine.graph.bypass import own_op
from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Graph, Node, Value
from engine.graph.levels import Frame
from engine.numerals import fixed
from engine.ops import OPS
from engine.ops.group import Body

COLORS = {
    "input": "2f7dc4",
    "parameter": "c07a10",
    "plain": "5b6478",
    "activation": "8347b5",
    "layer": "0f8a83",
    "loss": "bf2f7d",
    "value": "12813f",
    "gradient": "c6303a",
    "wire": "9aa3b5",
}  # by meaning, as RRGGBB


def color_name(node: Node) -> str:
    """Which of COLORS a node has: that of its kind; constants and unknown ops are plain."""
    return node.op if node.op in (INPUT, PARAMETER) else _op_color_name(own_op(node))


def frame_color_name(frame: Frame) -> str:
    """Which of COLORS a frame has: the one chosen for a group, or that of the opened op."""
    return frame.color if frame.color in COLORS else _op_color_name(frame.op)


def _op_color_name(op: str) -> str:
    kind = OPS[op].kind if op in OPS else "plain"
    return "layer" if kind == "array" else kind


def op_words(node: Node) -> str:
    """What stands on an op node instead of a sign: a folded group's title, an unknown op's name.

    "" for an op of the table, whose sign stands there.
    """
    body = node.attrs.get("body")
    if isinstance(body, Body):
        return body.title
    own = own_op(node)
    return "" if own in OPS else own or "?"


class Numbers(NamedTuple):
    """What stands beside a node: its value above the wire, its gradient below; "" is nothing."""

    value: str
    gradient: str


NO_NUMBERS = Numbers("", "")


def numbers_beside(
    graph: Graph,
    values: Mapping[str, Value] | None,
    gradients: Mapping[str, Value] | None,
) -> dict[str, Numbers]:
    """The numbers of every node that has any.

    A constant carries no gradient, and where it has no name its value is what it is labelled by.
    """
    found = {}
    for node in graph.nodes.values():
        value, gradient = (values or {}).get(node.id), (gradients or {}).get(node.id)
        if node.op == CONSTANT:
            value, gradient = (value if node.name else None), None
        if value is not None or gradient is not None:
            found[node.id] = Numbers(*("" if x is None else fixed(x) for x in (value, gradient)))
    return found
