"""The document: a graph of nodes, their wires and where they stand.

A leaf is an input, a parameter or a constant; every other node applies an op of the table to the
outputs of other nodes.  One variable is one node: used twice, it forks.  The graph stores what
the user made; what follows from it (order, shapes, values, problems) is computed by others.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine.errors import EngineError
from engine.graph.values import attribute_value, leaf_value

INPUT, PARAMETER, CONSTANT = "input", "parameter", "constant"
LEAF_KINDS = (INPUT, PARAMETER, CONSTANT)

Value = float | np.ndarray

NO_ATTRS: Mapping[str, Any] = MappingProxyType({})  # shared, so that a node without costs none


class Node(msgspec.Struct, gc=False):
    """A leaf (``op`` is one of LEAF_KINDS) or an application of the op named ``op``.

    ``inputs`` are the ids of the nodes wired to its ports, in port order; an empty string is a
    port without a wire.  ``value`` belongs to leaves: a float or an array; None is *unset* and
    counts as 1.  ``name`` is what the user calls it ("" for an unnamed intermediate).  ``opened``
    is the level at which what is inside a composite is shown (``levels.py``), "" while it is one
    node.
    """

    id: str
    op: str
    inputs: tuple[str, ...] = ()
    value: Any = None
    name: str = ""
    attrs: Mapping[str, Any] = NO_ATTRS
    opened: str = ""

    @property
    def leaf(self) -> bool:
        """Whether it is an input, a parameter or a constant."""
        return self.op in LEAF_KINDS


class Wire(NamedTuple):
    """An edge: the output of ``source`` feeds port number ``port`` of ``target``."""

    source: str
    target: str
    port: int


class Group(msgspec.Struct, frozen=True, gc=False):
    """A titled frame around the nodes ``members``; ``folded`` shows it as one node.

    ``color`` is the name of a kind whose colour it has ("" for the plain one).
    """

    id: str
    title: str
    members: tuple[str, ...]
    folded: bool = False
    color: str = ""


class Note(msgspec.Struct, frozen=True, gc=False):
    """A comment on the canvas; ``at`` is its upper left corner in scene pixels.

    ``target`` is the id of the node that it points at, or "".
    """

    id: str
    text: str
    at: tuple[float, float]
    color: str = ""
    target: str = ""


NO_GROUPS: Mapping[str, Group] = MappingProxyType({})
NO_NOTES: Mapping[str, Note] = MappingProxyType({})
NO_BENDS: Mapping[Wire, tuple[tuple[float, float], ...]] = MappingProxyType({})
Point = tuple[float, float]
NO_ROOM: Mapping[str, Mapping[str, tuple[Point | None, Point]]] = MappingProxyType({})

NOWHERE: Mapping[str, Mapping[str, Point]] = MappingProxyType({})


class Graph:
    """Nodes by id, in insertion order; ``output`` is the id whose gradients are taken.

    ``positions`` are the centres of nodes on the canvas, in scene pixels, for those that have
    been placed, ``bends`` the points that wires are led over; ``groups`` and ``notes`` are what
    else the user put there, by id.  ``room`` holds, for each node or group that was opened, what
    made way for it: (place before, place after), by id.  ``elsewhere`` are the positions at other
    levels.  Files keep neither.
    """

    __slots__ = (
        "bends",
        "elsewhere",
        "groups",
        "name",
        "nodes",
        "notes",
        "output",
        "positions",
        "room",
    )

    def __init__(self, nodes: Iterable[Node] = (), output: str = "", name: str = "") -> None:
        self.nodes: dict[str, Node] = {n.id: n for n in nodes}
        self.output = output
        self.name = name
        self.positions: dict[str, tuple[float, float]] = {}
        self.groups: Mapping[str, Group] = NO_GROUPS
        self.notes: Mapping[str, Note] = NO_NOTES
        self.bends: Mapping[Wire, tuple[Point, ...]] = NO_BENDS
        self.room: Mapping[str, Mapping[str, tuple[Point | None, Point]]] = NO_ROOM
        self.elsewhere: Mapping[str, Mapping[str, Point]] = NOWHERE

    # building ---------------------------------------------------------------------------------

    def leaf(self, kind: str, name: str, value: Value | None = None) -> str:
        """Add an input, parameter or constant and return its id."""
        node = Node(self.free_id(name or "c"), kind, (), value, name)
        self.nodes[node.id] = node
        return node.id

    def apply(self, op: str, *inputs: str, name: str = "", **attrs: Any) -> str:
        """Add a node that applies ``op`` to the nodes with these ids; return its id.

        The node added last is the output unless ``output`` is set afterwards.
        """
        plain = attrs and {k: attribute_value(v) for k, v in attrs.items()}
        node = Node(self.free_id(name or op), op, inputs, None, name, plain)
        self.nodes[node.id] = node
        self.output = node.id
        return node.id

    def free_id(self, stem: str) -> str:
        """``stem``, or ``stem_2``, ``stem_3`` …, one that no node, group or note has."""
        marked = self.groups or self.notes
        return free_id(stem, {*self.nodes, *self.groups, *self.notes} if marked else self.nodes)

    def copy(self) -> Graph:
        """An independent copy; values are shared, as nobody writes into them."""
        return self.like({i: msgspec.structs.replace(n) for i, n in self.nodes.items()})

    def like(self, nodes: dict[str, Node] | None = None) -> Graph:
        """A graph with everything of this one but, if given, its nodes; nodes are shared."""
        twin = Graph((), self.output, self.name)
        twin.nodes = dict(self.nodes) if nodes is None else nodes
        twin.positions = dict(self.positions)
        twin.groups, twin.notes, twin.room = self.groups, self.notes, self.room
        twin.elsewhere = self.elsewhere
        if self.bends:
            twin.keep_bends(self.bends)
        return twin

    def keep_bends(self, bends: Mapping[Wire, tuple[Point, ...]]) -> None:
        """Take over the bends of those wires that this graph has."""
        self.bends = {w: at for w, at in bends.items() if self.has_wire(w)}

    def has_wire(self, wire: Wire) -> bool:
        """Whether ``wire`` leads in this graph."""
        node = self.nodes.get(wire.target)
        return (
            node is not None
            and wire.source in self.nodes
            and 0 <= wire.port < len(node.inputs)
            and node.inputs[wire.port] == wire.source
        )

    def with_values(self, values: Mapping[str, Any]) -> Graph:
        """A copy whose leaves have these values, by name; lists become float64 arrays, None unsets.

        Raises EngineError for a name that is no leaf, or for a value that is no array of numbers.
        """
        twin = self.copy()
        for name, value in values.items():
            try:
                node = twin.find(name)
            except KeyError:
                node = None
            if node is None or not node.leaf:
                names = ", ".join(n.name for n in self.leaves() if n.name) or "none"
                why = "is computed, not given" if node is not None else "does not exist"
                raise EngineError(f'"{name}" {why}; the leaves are: {names}.')
            try:
                plain = leaf_value(value)
            except ValueError as error:
                raise EngineError(f'The value of "{name}" {error}.') from None
            twin.nodes[node.id] = msgspec.structs.replace(node, value=plain)
        return twin

    # reading ----------------------------------------------------------------------------------

    def find(self, name: str) -> Node:
        """The node with this id or name, in any spelling; raises KeyError naming what exists."""
        node = self.nodes.get(name) or called(name, self.nodes.values())
        if node is not None:
            return node
        raise KeyError(f"There is no node {name!r}; there are: {', '.join(self.nodes)}.")

    def leaves(self) -> list[Node]:
        """Inputs, parameters and constants, in insertion order."""
        return [n for n in self.nodes.values() if n.leaf]

    def wires(self) -> Iterator[Wire]:
        """Every connected port, in node and port order."""
        for node in self.nodes.values():
            for port, source in enumerate(node.inputs):
                if source:
                    yield Wire(source, node.id, port)

    def users(self) -> dict[str, list[Wire]]:
        """For each node id the wires that leave it; more than one is a fork."""
        users: dict[str, list[Wire]] = {i: [] for i in self.nodes}
        for wire in self.wires():
            if wire.source in users:
                users[wire.source].append(wire)
        return users

    def __eq__(self, other: object) -> bool:
        """Same nodes, wires, exact values, places, groups and notes (arrays bit by bit)."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            self.output == other.output
            and self.name == other.name
            and self.positions == other.positions
            and self.bends == other.bends
            and self.groups == other.groups
            and self.notes == other.notes
            and list(self.nodes) == list(other.nodes)
            and all(same_node(a, other.nodes[i]) for i, a in self.nodes.items())
        )

    __hash__ = None  # type: ignore[assignment]


def called(name: str, nodes: Collection[Node]) -> Node | None:
    """The first of ``nodes`` with this name; ``w_0`` and ``w₀`` are w0 here as in a formula."""
    from engine.graph.names import canonical  # which knows the kinds of leaves

    for spelling in (name, canonical(name)):
        for node in nodes:
            if node.name == spelling:
                return node
    return None


def free_id(stem: str, taken: Container[str]) -> str:
    """``stem``, or ``stem_2``, ``stem_3`` …, one that is not ``taken``.

    It is the first after one that is taken, found by doubling and halving: the ten-thousandth
    node of one op must not ask for each of those before it.
    """
    if stem not in taken:
        return stem
    used, free = 1, 2
    while f"{stem}_{free}" in taken:
        used, free = free, 2 * free
    while free - used > 1:
        middle = (used + free) // 2
        if f"{stem}_{middle}" in taken:
            used = middle
        else:
            free = middle
    return f"{stem}_{free}"


def same_node(a: Node, b: Node) -> bool:
    """Whether two nodes are equal, values compared exactly (NaN equals NaN)."""
    return (
        (a.id, a.op, a.inputs, a.name, a.opened) == (b.id, b.op, b.inputs, b.name, b.opened)
        and dict(a.attrs) == dict(b.attrs)
        and same_value(a.value, b.value)
    )


def same_value(a: Any, b: Any) -> bool:
    """Exact equality of two leaf values: shape and every bit pattern, NaN equal to NaN."""
    if a is None or b is None:
        return a is b
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))
