"""Graph to formula text, so that reading the text gives the same graph again.

Nodes with names are lines; unnamed nodes stand where they are used, and one that is used more
than once gets a name (q1, q2 …) because a formula has no other way to say "the same".
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from engine.errors import FormulaError, no_graph
from engine.graph.graph import CONSTANT, Graph, Node
from engine.graph.lexer import Source
from engine.graph.names import canonical, leaf_kind
from engine.graph.outline import Outline, outline
from engine.graph.problems import node_title
from engine.graph.templates import (
    attr_text,
    level_of,
    pieces,
    places,
    shown_attrs,
)
from engine.graph.words import CONSTANTS
from engine.ops import OPS
from engine.ops.bypass import BYPASS, passed_on
from engine.ops.op import ATOM, SIGN, Op

_SIMPLE = re.compile(r"[A-Za-df-z][0-9]*\Z")

# A text in pieces: strings and tuples of such; joined at the end, so that long chains stay cheap.
Rope = Any


def to_text(graph: Graph, *, values: bool = False) -> str:
    """The formula text of ``graph``; ``engine.parse`` reads it back as an equal graph.

    Ids of unnamed nodes and constants may change.  An unnamed node that needs a line gets a name:
    the output is called f if that is free.  A bypassed op is written as what it passes on, so it
    is read back without the op.  Values of leaves are left out unless ``values`` is true.  Raises
    FormulaError, saying why, for a graph that no formula can express: with a cycle, a port
    without a wire, an unknown op.
    """
    if not isinstance(graph, Graph):
        raise no_graph("to_text", graph)
    if not graph.nodes:
        return ""
    return _Writer(graph, outline(graph), values).text()


class _Writer:
    def __init__(self, graph: Graph, plan: Outline, values: bool) -> None:
        self._graph = graph
        self._plan = plan
        self._values = values
        self._check()
        named = {name for name in plan.names.values() if name}
        output = graph.nodes[plan.output]
        titled = bool(not output.leaf and plan.names.get(plan.output))
        self._spelling: dict[str, str] = {}
        self._signature: list[str] = []
        defined = {plan.names[i] for i in [*plan.lines, *plan.leaf_lines] if plan.names.get(i)}
        for name in sorted(named):
            how = spelling(name, name in defined)
            if how is None and titled:
                self._signature.append(name)
                how = name
            self._spelling[name] = f"`{name}`" if how is None else how
        self._constants = {v: k for k, v in CONSTANTS.items() if k not in named}
        self._leaf_names = {
            plan.names[i] for i, n in graph.nodes.items() if n.leaf and i in plan.names
        }

    def _check(self) -> None:
        nodes, plan = self._graph.nodes, self._plan
        if plan.cyclic:
            raise FormulaError("This graph feeds itself in a circle, which no formula can say.")
        if self._graph.output and self._graph.output not in nodes:
            raise FormulaError(f'The output "{self._graph.output}" does not exist.')
        for node in nodes.values():
            if node.leaf:
                continue
            op = OPS.get(node.op)
            if op is None:
                raise FormulaError(
                    f'There is no op called "{node.op}" (node {node_title(node, nodes)}).'
                )
            if any(source not in nodes for source in node.inputs) or not op.accepts(
                len(node.inputs)
            ):
                raise FormulaError(
                    f"{node_title(node, nodes)} does not have a wire on each of its inputs; "
                    "connect them to get a formula."
                )
        for name in plan.names.values():
            if any(c in name for c in "`\n"):
                raise FormulaError(f"The name {name!r} cannot be written in a formula.")

    def text(self) -> str:
        graph, plan = self._graph, self._plan
        lines: list[str] = []
        for node_id, node in graph.nodes.items():
            if node.leaf and node_id in plan.names and self._needs_line(node):
                lines.append(f"{self._name(node_id)} = {self._declaration(node)}")
        written: dict[str, tuple[Rope, int]] = {}
        for node_id in plan.order:
            node = graph.nodes[node_id]
            if not node.leaf:
                operands = [self._operand(i, written) for i in node.inputs]
                written[node_id] = self._apply(node, operands)
        for node_id in plan.lines:
            right = self._second_name(node_id) or flat(written[node_id][0])
            name = self._name(node_id)
            if node_id == plan.output and self._signature:
                name += f"({', '.join(self._signature)})"
            lines.append(f"{name} = {right}" if name else right)
        if graph.nodes[plan.output].leaf:
            lines.append(flat(self._operand(plan.output, written)[0]))
        return "\n".join(lines)

    def _second_name(self, node_id: str) -> str:
        """``q`` for a line ``f = q``, which says without a function that f passes q on."""
        node = self._graph.nodes[node_id]
        source = self._plan.names.get(node.inputs[0], "")
        passes = node.op == "identity" and source and self._plan.names[node_id]
        return self._name(node.inputs[0]) if passes else ""

    # leaves -----------------------------------------------------------------------------------

    def _name(self, node_id: str) -> str:
        name = self._plan.names[node_id]
        return self._spelling[name] if name else ""

    def _usual_kind(self, node: Node) -> bool:
        return node.op == leaf_kind(self._plan.names[node.id], self._leaf_names)

    def _needs_line(self, node: Node) -> bool:
        known = self._values and node.value is not None
        return node.id in self._plan.leaf_lines or known or not self._usual_kind(node)

    def _declaration(self, node: Node) -> str:
        shown = self._values or node.op == CONSTANT
        value = literal(node) if shown and node.value is not None else ""
        return value if value and self._usual_kind(node) else f"{node.op}({value})"

    def _operand(self, node_id: str, written: dict) -> tuple[Rope, int]:
        if node_id in self._plan.names:
            return self._name(node_id), ATOM
        node = self._graph.nodes[node_id]
        if not node.leaf:
            return written.pop(node_id)
        value = 1.0 if node.value is None else node.value
        if np.ndim(value) == 0 and float(value) in self._constants:
            return self._constants[float(value)], ATOM
        text = literal(node)
        return text, SIGN if text.startswith("-") else ATOM

    # ops --------------------------------------------------------------------------------------

    def _apply(self, node: Node, operands: list[tuple[Rope, int]]) -> tuple[Rope, int]:
        op = OPS[node.op]
        if op is BYPASS:
            return passed_on(operands, node.attrs)
        extra = shown_attrs(op, node.attrs)
        if extra or self._misread(op, operands):
            inside = ", ".join(f"{k}={attr_text(v)}" for k, v in extra.items())
            return self._call(op, operands, inside), ATOM
        out: list[Rope] = []
        for literal_, name, level in pieces(op.text):
            out.append(literal_)
            if not name:
                break
            for place, k in enumerate(places(op, len(operands), name)):
                text, own = operands[k]
                out += [", "] * (place > 0)
                out.append(text if own >= level else ("(", text, ")"))
        return tuple(out), level_of(op, "text")

    def _call(self, op: Op, operands: list[tuple[Rope, int]], inside: str) -> Rope:
        out: list[Rope] = [op.name, "("]
        for place, (text, _) in enumerate(operands):
            out += [", "] * (place > 0)
            out.append(text)
        # A comma at the end: of one value, not over all the numbers in it.
        out.append(
            f", {inside})" if inside else ",)" if op.variadic and len(operands) == 1 else ")"
        )
        return tuple(out)

    def _misread(self, op: Op, operands: list[tuple[Rope, int]]) -> bool:
        """Whether the usual notation would be read as another op, as 1/x is the reciprocal."""
        first, last = operands[0][0], operands[-1][0]
        number = isinstance(last, str) and (last[:1].isdigit() or last in ("inf", "nan"))
        if op.variadic:
            return len(operands) == 1
        if op.name == "neg":
            return number
        if op.name == "div":
            return first == "1"
        if op.name == "pow":
            return first == self._constants.get(math.e) or last in ("2", "-1", "T")
        return False


def flat(rope: Rope) -> str:
    """A rope as one string, without recursion."""
    out: list[str] = []
    stack: list[Rope] = [rope]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            out.append(part)
        else:
            stack.extend(reversed(part))
    return "".join(out)


def literal(node: Node) -> str:
    """The value of a leaf as formula text; raises FormulaError for what has none."""
    value = np.asarray(1.0 if node.value is None else node.value)
    if value.dtype.kind not in "fiub" or (value.ndim and not value.size):
        raise FormulaError(f"The value of {node_title(node)} cannot be written in a formula.")
    return attr_text(value.tolist())


def spelling(name: str, defined: bool) -> str | None:
    """``name`` as it is written in a formula; None if it must first be told to be one name.

    ``defined``: whether some line defines it, which makes it one name.
    """
    if _SIMPLE.match(name):
        return name
    if canonical(name) != name or not _plain(name):
        return f"`{name}`"
    if defined or _reads(name):
        return name
    return None


def _reads(name: str) -> bool:
    """Whether ``name`` is read as one variable without anything else being known."""
    try:
        source = Source(name)
        (token,) = source.terminals(source.lines[0])
    except (FormulaError, ValueError):
        return False
    return token.type == "NAME" and token.value == name


def _plain(name: str) -> bool:
    """Whether ``name`` is one name of letters, digits and subscripts, without backticks."""
    try:
        source = Source(f"{name} = 1")
    except FormulaError:
        return False
    return len(source.lines) == 1 and source.lines[0].name == name and name not in ("inf", "nan")
