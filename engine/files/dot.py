"""A graph as DOT, the language of Graphviz, which lays it out itself.

Leaves are rounded boxes and ops ellipses, in the colours of their kinds; a bypassed op is dashed
and its sign in brackets.  A node's value and gradient stand on the wire that leaves it, or beside
it where none does.  Of a fork they stand beside it, and each branch has the term that flows back
along it, of which the gradient is the sum.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from engine.files.drawing import (
    COLORS,
    NO_NUMBERS,
    Numbers,
    color_name,
    numbers_beside,
    op_words,
)
from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import Graph, Node, Value, Wire
from engine.graph.labels import text_label
from engine.numerals import fixed
from engine.ops import OPS


def to_dot(
    graph: Graph,
    values: Mapping[str, Value] | None = None,
    gradients: Mapping[str, Value] | None = None,
    terms: Mapping[Wire, Value] | None = None,
) -> str:
    """DOT source of ``graph``, with ``values`` and ``gradients`` by node id where they are given.

    ``terms`` are what flows back along each wire.

    Total: wires from nodes that do not exist are left out.
    """
    numbers = numbers_beside(graph, values, gradients)
    users = graph.users()
    lines = [
        f"digraph {_quoted(graph.name or 'graph')} {{",
        "  graph [rankdir=LR, ordering=in];",  # in: the wires of a node arrive in port order
        '  node [fontname="serif"];',
        f'  edge [color="#{COLORS["wire"]}"];',
    ]
    for node in graph.nodes.values():
        on_wire = len(users[node.id]) == 1
        beside = NO_NUMBERS if on_wire else numbers.pop(node.id, NO_NUMBERS)
        lines.append(f"  {_quoted(node.id)} [{_face(graph, node)}{_numbers('xlabel', beside)}];")
    for wire in graph.wires():
        source, target, _ = wire
        if source in graph.nodes:
            term = (terms or {}).get(wire) if len(users[source]) > 1 else None
            branch = NO_NUMBERS if term is None else Numbers("", fixed(term))
            above = _numbers("label", numbers.pop(source, branch)).removeprefix(", ")
            attributes = f" [{above}]" if above else ""
            lines.append(f"  {_quoted(source)} -> {_quoted(target)}{attributes};")
    return "\n".join([*lines, "}", ""])


def _face(graph: Graph, node: Node) -> str:
    """The attributes that tell what a node is; an op's formula shows under the pointer."""
    formula = _label(text_label(graph, node.id))
    color = COLORS[color_name(node)]
    colors = f'color="#{color}", fontcolor="#{color}"'
    if node.leaf:
        return f"label={formula}, shape=box, style=rounded, {colors}"
    sign = op_words(node) or OPS[own_op(node)].symbol
    shape = "shape=ellipse"
    if bypassed(node):
        sign, shape = f"({sign})", "shape=ellipse, style=dashed"
    return f"label={_label(sign)}, tooltip={formula}, {shape}, {colors}"


def _numbers(attribute: str, numbers: Numbers) -> str:
    """The value over the gradient, each in its colour, as Graphviz's kind of HTML."""
    colored = [
        f'<font face="monospace" point-size="10" color="#{COLORS[meaning]}">{text}</font>'
        for meaning, text in zip(("value", "gradient"), numbers, strict=True)
        if text
    ]
    return f", {attribute}=<{'<br/>'.join(colored)}>" if colored else ""


def _label(text: str) -> str:
    """Text that is shown.  Graphviz reads entities such as ``&lt;`` in it, so & must be one."""
    shown = "".join(" " if _unprintable(c) and c != "\n" else c for c in text)
    return _quoted(shown.replace("&", "&amp;"))


def _quoted(text: str) -> str:
    """A quoted string; two texts never become the same one."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return '"' + "".join(rf"\x{ord(c):x};" if _unprintable(c) else c for c in escaped) + '"'


def _unprintable(character: str) -> bool:
    """Control characters, which end strings in C, and halves of characters, which no file holds."""
    return unicodedata.category(character) in ("Cc", "Cs")
