"""The plan: a graph lowered to an ordered list of steps over numbered slots.

Every executor runs this list: the one that records every step (``trace.py``), and later ones on
preallocated arrays and on a device, so what you step is what you train.
"""

from __future__ import annotations

from typing import Any

from engine.errors import GraphError
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Node
from engine.graph.problems import find_problems, topological_order
from engine.ops import OPS
from engine.ops.op import Op


PlanStep = tuple[int, Op, tuple[int, ...], dict[str, Any]]


class Plan:
    """``steps`` in order over numbered slots; slot k holds the output of ``nodes[k]``.

    A step is a tuple (slot, op, input slots, attributes).  ``leaves`` gives the leaf values by
    slot (None where a step writes), ``output`` is the slot that gradients are taken of,
    ``constants`` the slots of constants (they take no step and carry no gradient).
    """

    __slots__ = ("constants", "leaves", "nodes", "output", "slots", "steps")

    def __init__(
        self,
        nodes: list[Node],
        slots: dict[str, int],
        leaves: list[Any],
        steps: list[PlanStep],
        constants: set[int],
        output: int,
    ) -> None:
        self.nodes = nodes
        self.slots = slots
        self.leaves = leaves
        self.steps = steps
        self.constants = constants
        self.output = output

    @property
    def ids(self) -> list[str]:
        """Node ids by slot."""
        return [node.id for node in self.nodes]


def lower(graph: Graph) -> Plan:
    """The plan of ``graph``; raises GraphError with the problems of one that cannot run."""
    try:
        return _number(graph, list(graph.nodes.values()))
    except (KeyError, TypeError):
        pass  # not in order, or broken: the slow way finds out which
    order, _ = topological_order(graph)
    try:
        return _number(graph, [graph.nodes[i] for i in order])
    except (KeyError, TypeError) as error:
        raise refusal(graph) from error


def _number(graph: Graph, nodes: list[Node]) -> Plan:
    """Give every node a slot; raises KeyError at the first one that cannot have its inputs."""
    slots: dict[str, int] = {}
    leaves: list[Any] = []
    steps: list[PlanStep] = []
    constants: set[int] = set()
    find_op = OPS.get
    slot = 0
    for node in nodes:
        op = find_op(node.op)
        if op is None:
            if node.op not in LEAF_KINDS:
                raise KeyError(node.op)
            value = node.value
            leaves.append(1.0 if value is None else value)
            if node.op == CONSTANT:
                constants.add(slot)
        else:
            inputs = node.inputs
            if len(inputs) == op.arity == 2:
                a, b = inputs
                steps.append((slot, op, (slots[a], slots[b]), node.attrs))
            else:
                if not op.accepts(len(inputs)):
                    raise KeyError(node.id)
                steps.append((slot, op, tuple([slots[i] for i in inputs]), node.attrs))
            leaves.append(None)
        slots[node.id] = slot
        slot += 1
    output = slots[graph.output] if graph.output else len(nodes) - 1
    if output < 0:
        raise KeyError("")
    return Plan(nodes, slots, leaves, steps, constants, output)


def refusal(graph: Graph) -> GraphError:
    """The error that says why ``graph`` cannot run."""
    problems = tuple(find_problems(graph))
    if not problems:
        return GraphError("The graph cannot be run.")
    return GraphError(problems[0].sentence, problems)
