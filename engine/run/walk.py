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

from engine.graph.graph import CONSTANT, Node, Value, Wire, called
from engine.graph.problems import Problem, ProblemKind, leaf_problem, node_title
from engine.numerals import number
from engine.ops import OPS
from engine.run.explain import explain


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


# What an executor writes down of one op, in the order of the forward pass: (node id, its inputs,
# local gradients by port, products by port).  Array ops have no locals; products that are None
# are upstream × local.
Row = tuple[str, tuple[str, ...], Sequence[Value] | None, Sequence[Value] | None]


class Walk(Sequence[Step]):
    """The record of one forward and one backward pass; as a sequence, its steps.

    Steps run over every node but constants: forward in order, then backward in reverse,
    leaves included.  ``value`` and ``gradient`` take a node's name or id; ``nodes`` are the nodes
    by id in the order of the forward pass, ``output`` is the id of the one that gradients are
    taken of.  A walk never changes.
    """

    __slots__ = (
        "_accumulated",
        "_forward_count",
        "_gradients",
        "_locals",
        "_names",
        "_products",
        "_rows",
        "_sequence",
        "_terms",
        "_values",
        "nodes",
        "output",
    )

    def __init__(
        self,
        nodes: dict[str, Node],
        output: str,
        values: dict[str, Value],
        gradients: dict[str, Value],
        rows: list[Row],
    ) -> None:
        self.nodes = nodes
        self.output = output
        self._values = values
        self._gradients = gradients
        self._rows = rows
        self._sequence: list[tuple[Phase, str]] | None = None  # all else is made with it, late

    # numbers ----------------------------------------------------------------------------------

    @property
    def names(self) -> frozenset[str]:
        """The names that nodes have."""
        self._index()
        return self._names

    def _id(self, name: str) -> str:
        """The id of the node with this id or name, in any spelling; raises KeyError."""
        if name in self._values:
            return name
        node = called(name, self.nodes.values())
        if node is not None:
            return node.id
        have = ", ".join(self._values)
        raise KeyError(f"There is no node {name!r} in this walk; there are: {have}.")

    def value(self, name: str) -> Value:
        """The forward value: a float, or an array for vectors and matrices."""
        return self._values[self._id(name)]

    def gradient(self, name: str) -> Value:
        """∂output/∂node, shaped like the node's value; 0 where the output does not depend on it."""
        node_id = self._id(name)
        g = self._gradients.get(node_id)
        if g is not None:
            return g
        value = self._values[node_id]
        return 0.0 if isinstance(value, float) else np.zeros_like(value)

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

    def _index(self) -> list[tuple[Phase, str]]:
        """(phase, node id) of every step, and who sent what to whom."""
        if self._sequence is not None:
            return self._sequence
        shown = [i for i, node in self.nodes.items() if node.op != CONSTANT]
        reached = [i for i in reversed(shown) if i in self._gradients]
        terms: dict[str, list[Term]] = {}
        products_of: dict[str, Sequence[Value]] = {}
        locals_of: dict[str, Sequence[Value] | None] = {}
        accumulated: dict[str, list[Value]] = {}
        so_far: dict[str, Value] = {}
        for user, inputs, slopes, products in reversed(self._rows):
            g = self._gradients.get(user)
            if g is None:
                continue
            if products is None:
                assert slopes is not None
                products = [g * slope for slope in slopes]
            products_of[user], locals_of[user] = products, slopes
            sums = accumulated[user] = []
            for port, (source, product) in enumerate(zip(inputs, products, strict=True)):
                terms.setdefault(source, []).append(Term(user, port, product))
                so_far[source] = so_far[source] + product if source in so_far else product
                sums.append(so_far[source])
        self._terms, self._accumulated = terms, accumulated
        self._products, self._locals = products_of, locals_of
        self._names = frozenset(node.name for node in self.nodes.values() if node.name)
        self._forward_count = len(shown)
        self._sequence = [(Phase.FORWARD, i) for i in shown]
        self._sequence += [(Phase.BACKWARD, i) for i in reached]
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
        return self._index()[index]

    def index_of(self, phase: Phase, node: str) -> int | None:
        """The index of a node's step in one pass, or None where it has none."""
        try:
            return self._index().index((phase, node))
        except ValueError:
            return None

    def seen_at(self, index: int) -> tuple[dict[str, Value], dict[str, Value]]:
        """(values, gradients) by node id as they stand after step ``index``; what is not reached
        yet is missing.

        Leaves have their values from the start.  A gradient at a fork is what has arrived so far.
        """
        sequence = self._index()
        values = {i: self._values[i] for i, node in self.nodes.items() if node.leaf}
        gradients: dict[str, Value] = {}
        for _, node_id in sequence[: min(index + 1, self._forward_count)]:
            values[node_id] = self._values[node_id]
        for _, node_id in sequence[self._forward_count : max(index + 1, 0)]:
            if node_id == self.output:
                gradients[node_id] = self._gradients[node_id]
            sums = self._accumulated.get(node_id, ())
            gradients.update(zip(self.nodes[node_id].inputs, sums, strict=True))
        return values, gradients

    def terms_at(self, index: int) -> dict[Wire, Value]:
        """What has flowed back along each wire after step ``index``: local × upstream.

        The gradient of a node is the sum over the wires that leave it.
        """
        sequence, found = self._index(), {}
        for _, node_id in sequence[self._forward_count : max(index + 1, 0)]:
            node = self.nodes[node_id]
            products = self._products.get(node_id, ())
            for port, flows in enumerate(self._carries(node) if len(products) else ()):
                if flows:
                    found[Wire(node.inputs[port], node_id, port)] = products[port]
        return found

    def _step(self, index: int) -> Step:
        phase, node_id = self._index()[index]
        node = self.nodes[node_id]
        fields: dict[str, Any] = {
            "index": index,
            "phase": phase,
            "node": node_id,
            "name": node.name,
            "op": node.op,
            "attrs": dict(node.attrs),
            "inputs": node.inputs,
            "input_values": tuple(self._values[i] for i in node.inputs),
            "output": self._values[node_id],
            "unset": node.leaf and node.value is None,
        }
        if phase is Phase.BACKWARD:
            fields["upstream"] = self._gradients[node_id]
            fields["terms"] = tuple(self._terms.get(node_id, ()))
            if node_id in self._products:
                slopes = self._locals[node_id]
                carries = self._carries(node)
                fields["locals"] = None if slopes is None else _where(carries, slopes)
                fields["products"] = _where(carries, self._products[node_id])
                fields["accumulated"] = _where(carries, self._accumulated[node_id])
        step = Step(**fields)
        sentence, latex = explain(step, self)
        return replace(step, sentence=sentence, latex=latex)

    def _carries(self, node: Node) -> list[bool]:
        """For each port whether a gradient flows through it."""
        mask = OPS[node.op].carries(len(node.inputs))
        return [
            flows and self.nodes[i].op != CONSTANT
            for flows, i in zip(mask, node.inputs, strict=True)
        ]

    # problems ---------------------------------------------------------------------------------

    @property
    def problems(self) -> list[Problem]:
        """The leaf or op that first made a number infinite or NaN in each pass, with the reason."""
        values = self._values
        found = [
            Problem(ProblemKind.VALUE, i, leaf_problem(node))
            for i, node in self.nodes.items()
            if node.leaf and not finite(values[i])
        ]
        for i, node in self.nodes.items():
            if node.leaf or finite(values[i]) or not all(finite(values[k]) for k in node.inputs):
                continue
            op = OPS[node.op]
            given = ", ".join(
                f"{op.input_name(port)} = {number(values[k])}" for port, k in enumerate(node.inputs)
            )
            sentence = (
                f"{node_title(node, self.nodes)} is the first to give {number(values[i])}: "
                f"{op.name} of {given}. Its domain is: {op.domain}."
            )
            found.append(Problem(ProblemKind.NON_FINITE, i, sentence))
        if found:
            return found
        self._index()
        varies = self._varying()
        for i, products in self._products.items():
            node = self.nodes[i]
            ports = zip(node.inputs, products, self._carries(node), strict=True)
            sent = [p for source, p, flows in ports if flows and source in varies]
            if finite(self._gradients[i]) and not all(finite(p) for p in sent):
                sentence = (
                    f"{node_title(node, self.nodes)} has no finite gradient at this value: "
                    f"its slope here is infinite or undefined."
                )
                return [Problem(ProblemKind.NON_FINITE, i, sentence)]
        return found

    def _varying(self) -> set[str]:
        """The nodes that depend on an input or parameter; the others are made of constants."""
        varies: set[str] = set()
        for i, node in self.nodes.items():
            if node.op != CONSTANT and (node.leaf or not varies.isdisjoint(node.inputs)):
                varies.add(i)
        return varies


def _where(carries: list[bool], parts: Sequence[Value]) -> tuple[Value | None, ...]:
    return tuple(p if c else None for p, c in zip(parts, carries, strict=True))


def finite(value: Value) -> bool:
    """Whether a float or every number of an array is finite."""
    return math.isfinite(value) if type(value) is float else bool(np.isfinite(value).all())
