"""The plan: a graph lowered to an ordered list of steps over numbered slots.

Every executor runs this list: the one that records every step (``trace.py``), and later ones on
preallocated arrays and on a device, so what you step is what you train.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from engine.errors import GraphError
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Node, Value
from engine.graph.problems import (
    ProblemKind,
    attribute_problem,
    find_problems,
    is_value,
    topological_order,
)
from engine.ops import OPS

# (slot, op, attributes, *input slots): flat, because every further object costs collector time
PlanStep = tuple[Any, ...]


class Plan(msgspec.Struct):
    """``steps`` in order over numbered slots; slot k holds the output of ``nodes[k]``.

    A step is a tuple (slot, op, attributes, *input slots).  ``leaves`` gives the leaf values by
    slot, in float64 (what stands where a step writes means nothing), ``output`` is the slot that
    gradients are taken of, ``constants`` the slots of constants (they take no step and carry no
    gradient).
    """

    nodes: list[Node]
    slots: dict[str, int]
    leaves: list[Any]
    steps: list[PlanStep]
    constants: list[int]
    output: int

    @property
    def ids(self) -> list[str]:
        """Node ids by slot."""
        return [node.id for node in self.nodes]


def plain(result: Any) -> Value:
    """A float for a scalar, a float64 array for anything larger."""
    result = np.asarray(result, dtype=np.float64)
    return float(result) if result.ndim == 0 else result


def lower(graph: Graph) -> Plan:
    """The plan of ``graph``; raises GraphError with the problems of one that cannot run."""
    try:
        return number_slots(list(graph.nodes.values()), graph.output)
    except (KeyError, TypeError, ValueError):
        pass  # not in order, or broken: the slow way finds out which
    order, _ = topological_order(graph)
    try:
        return number_slots([_by_table_name(graph.nodes[i]) for i in order], graph.output)
    except (KeyError, TypeError, ValueError) as error:
        raise refusal(graph) from error


def _by_table_name(node: Node) -> Node:
    """``node``, its op called by the table's own name where it was called by an alias."""
    name = OPS.resolve(node.op)
    return node if name in ("", node.op) else msgspec.structs.replace(node, op=name)


def number_slots(nodes: list[Node], output_id: str) -> Plan:
    """Give every node a slot; ``output_id`` "" means the last one.

    Raises KeyError, TypeError or ValueError at the first node that cannot have its inputs.
    """
    slots: dict[str, int] = {}
    leaves: list[Any] = []
    steps: list[PlanStep] = []
    constants: list[int] = []
    put, add_step, find_op = leaves.append, steps.append, OPS.get
    slot = 0
    for node in nodes:
        op = find_op(node.op)
        if op is None:
            if node.op == CONSTANT:
                constants.append(slot)
            elif node.op not in LEAF_KINDS:
                raise KeyError(node.op)
            value = node.value
            if value is not None and not is_value(value):
                raise TypeError(node.id)
            put(value if type(value) is float else _in_doubles(value))
        else:
            if not op.accepts(len(node.inputs)):
                raise KeyError(node.id)
            if node.attrs and attribute_problem(op, node.attrs):
                raise TypeError(node.id)
            add_step((slot, op, node.attrs, *[slots[i] for i in node.inputs]))
            put(None)
        slots[node.id] = slot
        slot += 1
    output = slots[output_id] if output_id else slot - 1
    if output < 0:
        raise KeyError("")
    return Plan(nodes, slots, leaves, steps, constants, output)


def _in_doubles(value: Any) -> Value:
    """A leaf's value in float64: whole numbers would overflow, and short floats be rounded."""
    return 1.0 if value is None else plain(value)


def refusal(graph: Graph) -> GraphError:
    """The error that says why ``graph`` cannot run."""
    problems = tuple(find_problems(graph))
    if not problems:
        return GraphError("The graph cannot be run.")
    harmless = (ProblemKind.VALUE, ProblemKind.NON_FINITE, ProblemKind.DEGENERATE)
    first = next((p for p in problems if p.kind not in harmless), problems[0])
    return GraphError(first.sentence, problems)
