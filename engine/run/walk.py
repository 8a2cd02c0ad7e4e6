"""The walk: what a trace recorded, as a list of steps one can index, save and show.

Steps are made when they are looked at, from the numbers that the executor wrote down; nothing is
computed again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, overload

import numpy as np

from engine.graph.graph import Node, Value, called
from engine.graph.problems import Problem, ProblemKind, leaf_problem, node_title
from engine.numerals import number
from engine.ops import OPS
from engine.run.explain import explain
from engine.run.plan import Plan


class Phase(Enum):
    """Which pass a step belongs to."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Term:
    """One branch of a gradient: ``value`` arrived over port ``port`` of the node ``user``."""

    user: str
    port: int
    value: Value


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk: one node, forward or backward.

    ``inputs`` are the ids of the nodes on the ports, ``input_values`` their values and
    ``output`` the node's own value; ``unset`` marks a leaf that counts as 1 for want of a value.
    In the backward pass ``upstream`` is ∂f/∂output and
    ``terms`` the branches that add up to it (more than one at a fork, none at the output, where
    it is the seed).  For each port ``locals`` holds ∂output/∂input (the whole tuple is None for
    array ops, whose rule is not number by number), ``products`` the local × upstream that flows
    back and ``accumulated`` what has arrived at that input so far, this step included; a port
    that carries no gradient (a constant, a condition) holds None.
    """

    index: int
    phase: Phase
    node: str
    name: str
    op: str
    attrs: dict[str, Any]
    inputs: tuple[str, ...]
    input_values: tuple[Value, ...]
    output: Value
    unset: bool = False
    upstream: Value | None = None
    locals: tuple[Value | None, ...] | None = ()
    products: tuple[Value | None, ...] = ()
    accumulated: tuple[Value | None, ...] = ()
    terms: tuple[Term, ...] = ()
    sentence: str = ""
    latex: str = ""


class Walk(Sequence[Step]):
    """The record of one forward and one backward pass; as a sequence, its steps.

    Steps run over every node but constants: forward in plan order, then backward in reverse,
    leaves included.  ``value`` and ``gradient`` take a node's name or id.  A walk never changes.
    """

    __slots__ = (
        "_accumulated",
        "_forward_count",
        "_gradients",
        "_rows",
        "_sequence",
        "_terms",
        "_values",
        "plan",
    )

    def __init__(
        self, plan: Plan, values: list[Value], gradients: list[Value | None], rows: list[tuple]
    ) -> None:
        self.plan = plan
        self._values = values
        self._gradients = gradients
        self._rows = rows
        self._sequence: list[tuple[Phase, int, int]] | None = None

    # numbers ----------------------------------------------------------------------------------

    def slot(self, name: str) -> int:
        """The slot of the node with this id or name, in any spelling; raises KeyError."""
        slots = self.plan.slots
        if name in slots:
            return slots[name]
        node = called(name, self.plan.nodes)
        if node is not None:
            return slots[node.id]
        raise KeyError(f"There is no node {name!r} in this walk; there are: {', '.join(slots)}.")

    def value(self, name: str) -> Value:
        """The forward value: a float, or an array for vectors and matrices."""
        return self._values[self.slot(name)]

    def gradient(self, name: str) -> Value:
        """∂output/∂node, shaped like the node's value; 0 where the output does not depend on it."""
        slot = self.slot(name)
        g = self._gradients[slot]
        if g is not None:
            return g
        value = self._values[slot]
        return 0.0 if isinstance(value, float) else np.zeros_like(value)

    @property
    def output(self) -> str:
        """The id of the node that gradients are taken of."""
        return self.plan.ids[self.plan.output]

    # steps ------------------------------------------------------------------------------------

    @property
    def steps(self) -> Walk:
        """The steps, in order; each is made when it is looked at."""
        return self

    @property
    def forward_count(self) -> int:
        """How many steps the forward pass has; the rest are backward."""
        self._index()
        return self._forward_count

    def _index(self) -> list[tuple[Phase, int, int]]:
        """(phase, slot, row) of every step, and who sent what to whom."""
        if self._sequence is not None:
            return self._sequence
        plan, row_of = self.plan, {row[0]: k for k, row in enumerate(self._rows)}
        constants = set(plan.constants)
        shown = [k for k in range(len(plan.nodes)) if k not in constants]
        reached = [k for k in reversed(shown) if self._gradients[k] is not None]
        terms: dict[int, list[tuple[int, int, Value]]] = {}
        accumulated: list[tuple] = []
        so_far: dict[int, Value] = {}
        inputs_of = {step[0]: step[3:] for step in plan.steps}
        for slot, _, _, *products in self._rows:
            sums = []
            for port, (source, product) in enumerate(zip(inputs_of[slot], products, strict=True)):
                terms.setdefault(source, []).append((slot, port, product))
                so_far[source] = so_far[source] + product if source in so_far else product
                sums.append(so_far[source])
            accumulated.append(tuple(sums))
        self._terms, self._accumulated = terms, accumulated
        self._forward_count = len(shown)
        self._sequence = [(Phase.FORWARD, k, -1) for k in shown]
        self._sequence += [(Phase.BACKWARD, k, row_of.get(k, -1)) for k in reached]
        return self._sequence

    def __len__(self) -> int:
        return len(self._index())

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        sequence = self._index()
        if isinstance(index, slice):
            return [self._step(k) for k in range(*index.indices(len(sequence)))]
        if not -len(sequence) <= index < len(sequence):
            raise IndexError(f"step {index} of {len(sequence)}")
        return self._step(index % len(sequence))

    def where(self, index: int) -> tuple[Phase, str]:
        """(phase, node id) of a step, without making the step."""
        phase, slot, _ = self._index()[index]
        return phase, self.plan.ids[slot]

    def index_of(self, phase: Phase, node: str) -> int | None:
        """The index of a node's step in one pass, or None where it has none."""
        slot = self.plan.slots.get(node)
        for k, (its_phase, its_slot, _) in enumerate(self._index()):
            if its_slot == slot and its_phase is phase:
                return k
        return None

    def seen_at(self, index: int) -> tuple[list[Value | None], list[Value | None]]:
        """(values, gradients) by slot as they stand after step ``index``; None: not reached yet.

        Leaves have their values from the start.  A gradient at a fork is what has arrived so far.
        """
        sequence = self._index()
        values: list[Value | None] = [None] * len(self._values)
        gradients: list[Value | None] = [None] * len(self._values)
        for slot, node in enumerate(self.plan.nodes):
            if node.leaf:
                values[slot] = self._values[slot]
        for _, slot, _ in sequence[: min(index + 1, self._forward_count)]:
            values[slot] = self._values[slot]
        for phase, slot, row in sequence[self._forward_count : max(index + 1, 0)]:
            assert phase is Phase.BACKWARD
            if slot == self.plan.output:
                gradients[slot] = self._gradients[slot]
            if row >= 0:
                node = self.plan.nodes[slot]
                for source, total in zip(node.inputs, self._accumulated[row], strict=True):
                    gradients[self.plan.slots[source]] = total
        return values, gradients

    def _step(self, index: int) -> Step:
        phase, slot, row = self._index()[index]
        plan = self.plan
        node = plan.nodes[slot]
        inputs = tuple(plan.slots[i] for i in node.inputs)
        fields: dict[str, Any] = {
            "index": index,
            "phase": phase,
            "node": node.id,
            "name": node.name,
            "op": node.op,
            "attrs": dict(node.attrs),
            "inputs": node.inputs,
            "input_values": tuple(self._values[i] for i in inputs),
            "output": self._values[slot],
            "unset": node.leaf and node.value is None,
        }
        if phase is Phase.BACKWARD:
            fields["upstream"] = self._gradients[slot]
            fields["terms"] = tuple(
                Term(plan.ids[user], port, value) for user, port, value in self._terms.get(slot, ())
            )
            if row >= 0:
                _, _, slopes, *products = self._rows[row]
                carries = self._carries(node, inputs)
                fields["locals"] = None if slopes is None else _where(carries, slopes)
                fields["products"] = _where(carries, products)
                fields["accumulated"] = _where(carries, self._accumulated[row])
        step = Step(**fields)
        sentence, latex = explain(step, plan)
        return replace(step, sentence=sentence, latex=latex)

    def _carries(self, node: Node, inputs: tuple[int, ...]) -> list[bool]:
        """For each port whether a gradient flows through it."""
        mask = OPS[node.op].differentiable or (True,) * len(inputs)
        return [c and i not in self.plan.constants for c, i in zip(mask, inputs, strict=True)]

    # problems ---------------------------------------------------------------------------------

    @property
    def problems(self) -> list[Problem]:
        """The leaf or op that first made a number infinite or NaN in each pass, with the reason."""
        values = self._values
        found = [
            Problem(ProblemKind.VALUE, node.id, leaf_problem(node))
            for slot, node in enumerate(self.plan.nodes)
            if node.leaf and not finite(values[slot])
        ]
        for slot, op, _, *inputs in self.plan.steps:
            if not finite(values[slot]) and all(finite(values[i]) for i in inputs):
                node = self.plan.nodes[slot]
                title = node_title(node)
                given = ", ".join(
                    f"{op.input_name(p)} = {number(values[i])}" for p, i in enumerate(inputs)
                )
                sentence = (
                    f"{title} is the first to give {number(values[slot])}: {op.name} of {given}. "
                    f"Its domain is: {op.domain}."
                )
                found.append(Problem(ProblemKind.NON_FINITE, node.id, sentence))
        if found:
            return found
        varies = self._varying()
        for slot, g, _, *products in self._rows:
            node = self.plan.nodes[slot]
            inputs = tuple(self.plan.slots[i] for i in node.inputs)
            ports = zip(inputs, products, self._carries(node, inputs), strict=True)
            sent = [p for i, p, flows in ports if flows and i in varies]
            if finite(g) and not all(finite(p) for p in sent):
                sentence = (
                    f"{node_title(node)} has no finite gradient at this value: "
                    f"its slope here is infinite or undefined."
                )
                return [Problem(ProblemKind.NON_FINITE, node.id, sentence)]
        return found

    def _varying(self) -> set[int]:
        """The slots that depend on an input or parameter; the others are made of constants."""
        constants = set(self.plan.constants)
        varies = {k for k, n in enumerate(self.plan.nodes) if n.leaf and k not in constants}
        for slot, _, _, *inputs in self.plan.steps:
            if not varies.isdisjoint(inputs):
                varies.add(slot)
        return varies


def _where(carries: list[bool], parts: Sequence[Value]) -> tuple[Value | None, ...]:
    return tuple(p if c else None for p, c in zip(parts, carries, strict=True))


def finite(value: Value) -> bool:
    """Whether a float or every number of an array is finite."""
    return math.isfinite(value) if type(value) is float else bool(np.isfinite(value).all())
