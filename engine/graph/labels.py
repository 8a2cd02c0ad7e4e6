"""Short labels for nodes in plain characters, as tables, lists and tooltips call them."""

from __future__ import annotations

from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import CONSTANT, Graph, Node
from engine.graph.notation import Operand, number_level, readable
from engine.graph.templates import level_of, shown_attrs
from engine.numerals import number
from engine.ops import OPS
from engine.ops.bypass import BYPASS, passed_on
from engine.ops.op import ATOM

LABEL_LENGTH = 24


def text_label(graph: Graph, node_id: str) -> str:
    """A short label in plain characters: ``w0·x0``, ``s + w2``, ``σ(z)``.

    A leaf is called by its name or value.  Operands without a name are written out as far as
    LABEL_LENGTH characters allow, else shown as ``…``.  A bypassed op is called by its sign.
    """
    node = graph.nodes.get(node_id)
    if node is None:
        return "?"
    if node.leaf:
        return _leaf_label(node)
    if bypassed(node):
        return f"{_sign(own_op(node))} bypassed"
    label = ""
    for depth in range(1, LABEL_LENGTH // 2):
        longer = _label(graph, node, depth)[0]
        if (longer == label and "…" not in label) or (label and len(longer) > LABEL_LENGTH):
            break
        label = longer
    return label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1] + "…"


def _sign(name: str) -> str:
    return OPS[name].symbol if name in OPS else name


def _leaf_label(node: Node) -> str:
    if node.name:
        return node.name
    return number(1.0 if node.value is None else node.value) if node.op == CONSTANT else node.id


def _label(graph: Graph, node: Node, depth: int) -> Operand:
    operands: list[Operand] = []
    for source in node.inputs:
        operand = graph.nodes.get(source)
        if operand is None:
            operands.append(("?", ATOM))
        elif operand.leaf or operand.name:
            text = _leaf_label(operand) if operand.leaf else operand.name
            operands.append((text, number_level(text)))
        elif depth <= 1:
            operands.append(("…", ATOM))
        else:
            operands.append(_label(graph, operand, depth - 1))
    op = OPS.get(node.op)
    if op is None or not op.accepts(len(operands)):
        return f"{node.op}({', '.join(text for text, _ in operands)})", ATOM
    if op is BYPASS:
        return passed_on(operands, node.attrs)
    text = readable(op, operands, node.attrs)
    if text.startswith(f"{op.name}(") and op.symbol.isalpha():
        text = op.symbol + text[len(op.name) :]
    level = ATOM if shown_attrs(op, node.attrs) else level_of(op, "text")
    return text, level
