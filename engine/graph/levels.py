"""Levels: a composite is shown and walked as the primitives that define it.

The document keeps one node, marked ``opened``; the flat graph made here takes its place in the
walk and on the canvas.  The node that yields the composite's value keeps its id and its name, so
wires, positions and questions such as ``walk.value("f")`` mean the same at every level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from engine.graph.graph import CONSTANT, Graph, Node, free_id
from engine.graph.groups import fold_groups, members_shown
from engine.graph.problems import infer_shapes
from engine.ops import OPS, Op
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.op import Shape


@dataclass(frozen=True, slots=True)
class Frame:
    """The border drawn around an opened composite, or around a group that is not folded.

    ``node`` is the composite's id in the document and in the flat graph, ``op`` its name and
    ``members`` the ids of the nodes inside, in order; the last one is ``node`` itself.  Of a group
    ``group`` is the id and ``color`` the name of its colour; ``node`` and ``op`` are empty.
    """

    node: str
    op: str
    title: str
    members: tuple[str, ...]
    group: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A graph as it is shown: ``graph`` is flat, ``frames`` say which nodes came from where.

    ``hidden`` maps what is inside folded groups to the nodes that stand for them.
    """

    graph: Graph
    frames: tuple[Frame, ...]
    hidden: dict[str, str] = field(default_factory=dict)

    def owner(self, node: str) -> str:
        """The id in the document of a node of the flat graph: its own, or its composite's."""
        return next((f.node for f in self.frames if f.node and node in f.members), node)


def can_open(node: Node) -> bool:
    """Whether ``node`` applies a composite, so that there is something inside to look at."""
    return node.op in OPS and OPS[node.op].composite


def open_composites(graph: Graph) -> Opened:
    """``graph`` with every node marked ``opened`` replaced by its primitives.

    Opening goes all the way down: an op inside that is itself a composite is replaced too, as a
    learner who opens a gate wants to see what nobody has to explain further.  Nodes inside are
    called ``{id}/{op}``, with ``_2``, ``_3`` … for repeats; those whose place ``graph.positions``
    knows keep it.  A node that is not a composite, or whose input shapes are not known because
    of a problem before it, stays as it is.
    """
    return _open(graph, lambda node: node.opened)


def as_shown(graph: Graph) -> Opened:
    """``graph`` as the document says it is looked at: composites opened, groups folded."""
    opened = open_composites(graph)
    if not graph.groups:
        return opened
    inside = {f.node: f.members for f in opened.frames}
    folded = fold_groups(opened.graph, inside)
    shown, hidden = folded.graph, folded.hidden
    frames = [f for f in opened.frames if f.node not in hidden and f.node not in hidden.values()]
    for group in graph.groups.values():
        wanted = members_shown(group, inside)
        members = tuple(dict.fromkeys(hidden.get(i, i) for i in opened.graph.nodes if i in wanted))
        folded_here = len(members) == 1 and shown.nodes[members[0]].op == "group"
        if members and not folded_here:
            frames.append(Frame("", "", group.title, members, group.id, group.color))
    return Opened(shown, tuple(frames), hidden)


def fully_open(graph: Graph) -> Graph:
    """``graph`` in primitives only, whichever nodes are marked."""
    return _open(graph, lambda node: True).graph


def _open(graph: Graph, wanted: Callable[[Node], bool]) -> Opened:
    targets = {n.id for n in graph.nodes.values() if wanted(n) and can_open(n)}
    if not targets:
        return Opened(graph, ())
    shapes = infer_shapes(graph)
    flat = graph.like({})
    taken = dict.fromkeys(graph.nodes)
    frames = []
    for node in graph.nodes.values():
        if node.id in targets and node.id in shapes:
            members = _Opening(node, shapes, taken).nodes
            for member in members:
                flat.nodes[member.id] = member
            if members[-1] is not node:
                ids = tuple(member.id for member in members)
                frames.append(Frame(node.id, OPS[node.op].name, _title(OPS[node.op]), ids))
        else:
            flat.nodes[node.id] = node
    flat.positions = {i: at for i, at in graph.positions.items() if i in flat.nodes}
    flat.keep_bends(graph.bends)
    return Opened(flat, tuple(frames))


def _title(op: Op) -> str:
    sign = "" if op.symbol == op.name else f"{op.symbol} "
    return f"{sign}{op.name}, opened into its primitives"


class _Opening:
    """Turns the defining formula of one node into ``nodes``, in order; the last has its id.

    ``shapes`` are those of the document's nodes; ``taken`` are ids that exist, to which it adds.
    """

    def __init__(self, node: Node, shapes: dict[str, Shape], taken: dict[str, None]) -> None:
        self.nodes: list[Node] = []
        self._node = node
        self._shapes = {i: shapes[i] for i in node.inputs}
        self._taken = taken
        try:
            done = self._apply(OPS[node.op], list(node.inputs), node.attrs, node.id)
        except Exception:  # attributes of any type come from files
            done = ""
        if not done:
            self.nodes = [node]

    def _apply(self, op: Op, inputs: list[str], attrs: Mapping[str, Any], keep: str = "") -> str:
        """Add ``op`` or what defines it; the id of the result, "" if that is just an input."""
        if op.composite and not op.variadic:
            formula = op.expand(*(self._shapes[i] for i in inputs), **attrs)
            ports = dict(zip(op.inputs, inputs, strict=True))
            if keep and not isinstance(formula, Call):
                return ""
            return self._build(formula, ports, {}, keep)
        shape = op.shape(*(self._shapes[i] for i in inputs), **attrs)
        return self._add(Node("", op.name, tuple(inputs), None, "", dict(attrs)), shape, keep)

    def _build(self, formula: Expr, ports: dict[str, str], built: dict[int, str], keep: str) -> str:
        """The id of the node that yields ``formula``; one formula object is one node."""
        if isinstance(formula, Var):
            return ports[formula.name]
        if id(formula) in built:
            return built[id(formula)]
        if isinstance(formula, Const):
            shape = np.shape(formula.value)
            result = self._add(Node("", CONSTANT, (), formula.value), shape, "")
        else:
            assert isinstance(formula, Call)
            inputs = [self._build(arg, ports, built, "") for arg in formula.args]
            result = self._apply(OPS[formula.op], inputs, formula.attrs, keep)
        built[id(formula)] = result
        return result

    def _add(self, node: Node, shape: Shape, keep: str) -> str:
        name = self._node.name if keep else ""
        node_id = keep or self._free_id("c" if node.leaf else node.op)
        self.nodes.append(msgspec.structs.replace(node, id=node_id, name=name))
        self._shapes[node_id] = shape
        return node_id

    def _free_id(self, stem: str) -> str:
        node_id = free_id(f"{self._node.id}/{stem}", self._taken)
        self._taken[node_id] = None
        return node_id
