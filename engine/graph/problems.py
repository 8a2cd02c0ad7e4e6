"""What is wrong with a graph: data, one sentence each, attached to a node or a wire.

Nothing here raises for a bad graph; ``find_problems`` is total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.errors import OpError
from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import CONSTANT, Graph, Node, Wire
from engine.numerals import number
from engine.ops import OPS
from engine.ops.op import Op, Shape, shape_text

MOST_NUMBERS = 20_000_000  # of one node: 160 MB
MOST_OPERANDS = 3  # of a node that a sentence lists
MOST_NAMES = 8  # of a cycle that one sentence lists
EMPTY = "The graph is empty: double-click the canvas, press Tab, or type a formula."
NOT_KNOWN: Mapping[str, Node] = MappingProxyType({})


class ProblemKind(Enum):
    """The kinds of problem; the window picks an icon by them."""

    UNKNOWN_OP = "unknown op"
    MISSING_INPUT = "missing input"
    CYCLE = "cycle"
    SHAPE = "shapes do not meet"
    VALUE = "bad value"
    NON_FINITE = "non-finite value"
    DEGENERATE = "always the same"
    EMPTY = "nothing to compute"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: ``sentence`` names it, its place and the remedy.

    ``node`` is the id where it shows ("" for the graph as a whole); ``wire`` the wire at fault,
    where it is one, and ``short`` what is written on it.
    """

    kind: ProblemKind
    node: str
    sentence: str
    wire: Wire | None = None
    short: str = ""


def node_title(node: Node, nodes: Mapping[str, Node] = NOT_KNOWN) -> str:
    """What messages call a node: its name, else what it does to which ``nodes``: ``× of w0 and 2``.

    Ids are never shown: the canvas does not show them either.
    """
    if node.name:
        return f'"{node.name}"'
    kind = f"bypassed {_kind(node)}" if bypassed(node) else _kind(node)
    if node.op == CONSTANT and is_value(node.value):
        return f"{kind} {number(node.value)}"
    given = [_operand(nodes[i]) for i in node.inputs if i in nodes]
    if len(given) > MOST_OPERANDS:
        given[MOST_OPERANDS - 1 :] = [f"{len(given) - MOST_OPERANDS + 1} more"]
    *others, last = given or [""]
    operands = f"{', '.join(others)} and {last}" if others else last
    return f"{kind} of {operands}" if operands else kind


def _kind(node: Node) -> str:
    own = own_op(node)
    op = OPS.get(OPS.resolve(own) or own)
    return op_title(op) if op is not None else own


def _operand(node: Node) -> str:
    if not node.name and node.op == CONSTANT and is_value(node.value):
        return number(node.value)
    return node.name or _kind(node)


def op_title(op: Op) -> str:
    """An op in a sentence: the sign that stands on its node, where that is one, else its name."""
    sign = len(op.symbol) == 1 and not op.symbol.isalpha()
    return op.symbol if sign else op.name.replace("_", " ")


def topological_order(graph: Graph) -> tuple[list[str], list[str]]:
    """(order, cycle): ids so that inputs come before their users; the ids on one cycle if any.

    Insertion order is kept wherever it allows.  With a cycle the order is empty.
    """
    seen: set[str] = set()
    for node in graph.nodes.values():
        if any(i and i in graph.nodes and i not in seen for i in node.inputs):
            break
        seen.add(node.id)
    else:
        return list(graph.nodes), []
    import networkx as nx  # late: a fifth of a second that graphs in order never need

    place = {i: k for k, i in enumerate(graph.nodes)}
    net = nx.DiGraph()
    net.add_nodes_from(graph.nodes)
    net.add_edges_from((w.source, w.target) for w in graph.wires() if w.source in place)
    try:
        return list(nx.lexicographical_topological_sort(net, key=place.__getitem__)), []
    except nx.NetworkXUnfeasible:
        return [], [edge[0] for edge in nx.find_cycle(net)]


def leaf_shape(node: Node) -> Shape:
    """The shape of a leaf's value; unset leaves are scalars."""
    return () if node.value is None else np.shape(node.value)


def is_value(value: Any) -> bool:
    """Whether a leaf can hold ``value``: a number or an array of numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    if isinstance(value, int):
        return abs(value) < 2**1023  # what a float can hold
    return isinstance(value, (float, np.number, np.bool_)) and not isinstance(
        value, np.complexfloating
    )


def leaf_problem(node: Node) -> str:
    """What is wrong with a leaf, as a sentence; "" if nothing is."""
    value = node.value
    if node.inputs:
        return f"The {node.op} {node_title(node)} is a leaf and takes no wires: remove them."
    if value is None:
        return ""
    if not is_value(value):
        return f"The value of {node_title(node)} is not a number or an array of numbers."
    if not np.isfinite(np.asarray(value, float)).all():
        return (
            f"The value of {node_title(node)} is not finite ({number(value)}): results after it "
            "may be infinite or NaN; give it a finite number."
        )
    return ""


def attribute_problem(op: Op, attrs: Mapping[str, Any]) -> str:
    """What is wrong with the names or types of attributes, judged by the table's defaults."""
    try:
        full = op.with_defaults(attrs)
    except OpError as error:
        return str(error)
    for name, value in full.items():
        default = op.attrs[name]
        if isinstance(default, bool):
            fits, want = isinstance(value, (bool, np.bool_)), "true or false"
        elif isinstance(default, str):
            choices = op.choices.get(name, ())
            fits, want = isinstance(value, str), "text"
            if fits and choices:
                fits, want = value in choices, " or ".join(f'"{choice}"' for choice in choices)
        elif isinstance(default, float):
            fits, want = is_value(value) and np.ndim(value) == 0, "a number"
        elif isinstance(default, Mapping):
            fits, want = isinstance(value, Mapping), "attributes by name"
        elif default is not None and not isinstance(default, (int, tuple)):
            fits, want = isinstance(value, type(default)), "what is inside"  # a folded group
        else:
            parts = value if isinstance(value, (list, tuple)) else (value,)
            fits = value is None or all(isinstance(v, (int, np.integer)) for v in parts)
            want = "a whole number or a list of them"
        if not fits:
            return f"{op.name} needs {want} for its {name}, not {str(value)[:40]!r}."
    return ""


def _wiring_problems(graph: Graph, node: Node) -> list[Problem]:
    """What is wrong with one op node before shapes are looked at."""
    own = own_op(node)
    if own not in OPS:
        near = OPS.nearest(own)
        hint = f' Did you mean "{near}"?' if near else ""
        title = node_title(node, graph.nodes)
        where = "" if title == own else f" (node {title})"
        return [
            Problem(
                ProblemKind.UNKNOWN_OP,
                node.id,
                f'There is no op called "{own}"{where}.{hint}',
            )
        ]
    op = OPS[own]
    wrong = attribute_problem(OPS[node.op], node.attrs)
    if not wrong and op.accepts(len(node.inputs)) and all(i in graph.nodes for i in node.inputs):
        return []
    title = node_title(node, graph.nodes)
    found = []
    for port, source in enumerate(node.inputs):
        if source and source not in graph.nodes:
            wire = Wire(source, node.id, port)
            sentence = f'A wire into {title} comes from "{source}", which does not exist.'
            found.append(Problem(ProblemKind.MISSING_INPUT, node.id, sentence, wire))
    empty = [k for k, source in enumerate(node.inputs) if not source]
    if not op.variadic:
        empty += range(len(node.inputs), len(op.inputs))
    if op.variadic and not node.inputs:
        empty = [0]
    for port in empty:
        if port < len(op.inputs) or op.variadic:
            sentence = f"{title} has nothing on its input {op.input_name(port)}: connect a wire."
            found.append(Problem(ProblemKind.MISSING_INPUT, node.id, sentence))
    if not op.variadic and len(node.inputs) > len(op.inputs):
        wire = Wire(node.inputs[-1], node.id, len(node.inputs) - 1)
        sentence = f"{title} takes {len(op.inputs)} input(s) and has {len(node.inputs)}."
        found.append(Problem(ProblemKind.MISSING_INPUT, node.id, sentence, wire))
    if wrong:
        found.append(Problem(ProblemKind.VALUE, node.id, f"{title}: {wrong}"))
    return found


def find_problems(graph: Graph) -> list[Problem]:
    """Everything that is wrong with ``graph`` before any number is computed."""
    return examine(graph)[1]


def infer_shapes(graph: Graph) -> dict[str, Shape]:
    """The shape of every node's output, as far as it can be known."""
    return examine(graph)[0]


def examine(graph: Graph) -> tuple[dict[str, Shape], list[Problem]]:
    """(shapes by node id, problems): one pass over the graph."""
    problems: list[Problem] = []
    shapes: dict[str, Shape] = {}
    order, cycle = topological_order(graph)
    if cycle:
        shown = [node_title(graph.nodes[i], graph.nodes) for i in cycle]
        if len(shown) > MOST_NAMES:
            shown[MOST_NAMES // 2 : -MOST_NAMES // 2] = [f"… {len(cycle) - MOST_NAMES:,} more …"]
        names = " → ".join([*shown, shown[0]])
        wire = next(w for w in graph.wires() if w.source == cycle[-1] and w.target == cycle[0])
        sentence = f"These nodes feed themselves: {names}. Remove one of the wires."
        problems.append(Problem(ProblemKind.CYCLE, cycle[0], sentence, wire))
        order = list(graph.nodes)
    if not graph.nodes:
        problems.append(Problem(ProblemKind.EMPTY, "", EMPTY))
    elif graph.output and graph.output not in graph.nodes:
        sentence = f'The output "{graph.output}" does not exist.'
        problems.append(Problem(ProblemKind.MISSING_INPUT, "", sentence))
    for node_id in order:
        node = graph.nodes[node_id]
        if node.leaf:
            trouble = leaf_problem(node)
            if trouble:
                problems.append(Problem(ProblemKind.VALUE, node_id, trouble))
            try:
                shapes[node_id] = leaf_shape(node)
            except ValueError:
                shapes[node_id] = ()
            continue
        wrong = _wiring_problems(graph, node)
        problems += wrong
        if wrong or any(i not in shapes for i in node.inputs):
            continue
        try:
            shapes[node_id] = OPS[node.op].shape(*(shapes[i] for i in node.inputs), **node.attrs)
        except OpError as error:
            wire = Wire(node.inputs[0], node_id, 0) if node.inputs else None
            short = " ≠ ".join(shape_text(shapes[i]) for i in node.inputs[:2])
            problems.append(
                Problem(ProblemKind.SHAPE, node_id, _at_node(error, node, graph), wire, short)
            )
        except Exception:  # attributes of any type come from files
            attrs: Any = ", ".join(f"{k}={v!r}" for k, v in node.attrs.items())
            sentence = f"{node_title(node, graph.nodes)} cannot work with its attributes ({attrs})."
            problems.append(Problem(ProblemKind.VALUE, node_id, sentence))
        else:
            trouble = size_problem(shapes[node_id])
            if trouble:
                sentence = f"{node_title(node, graph.nodes)} {trouble}"
                problems.append(Problem(ProblemKind.SHAPE, node_id, sentence))
            if _softmax_of_one(node, shapes):
                sentence = (
                    f"{node_title(node, graph.nodes)} has a softmax over an axis of length 1: that "
                    "is always 1 and its gradient 0, so nothing before it learns. Choose another "
                    "axis, or more units."
                )
                problems.append(Problem(ProblemKind.DEGENERATE, node_id, sentence))
    return shapes, problems


def _softmax_of_one(node: Node, shapes: Mapping[str, Shape]) -> bool:
    """Whether a softmax in ``node`` has one number to choose from, as on a slide of the lecture."""
    scores, axis = shapes[node.id], -1
    if node.op in ("softmax", "log_softmax"):
        axis = node.attrs.get("axis", -1)
    elif node.op == "attention_pooling":
        scores, axis = (*shapes[node.inputs[0]][:2], 1), node.attrs.get("axis", 1)
    elif node.attrs.get("activation") != "softmax":
        return False
    return bool(scores) and scores[axis] == 1


def size_problem(shape: Shape) -> str:
    """Why a result of this shape is not computed, as the end of a sentence; "" if it may be."""
    count = math.prod(shape)
    if count <= MOST_NUMBERS:
        return ""
    return (
        f"would hold {shape_text(shape)} = {count:,} numbers; "
        f"the limit is {MOST_NUMBERS:,}: use smaller shapes."
    )


def _at_node(error: OpError, node: Node, graph: Graph) -> str:
    return f"{str(error).rstrip('.')} (node {node_title(node, graph.nodes)})."
