"""Levels: one graph seen as layers, as tensors, as neurons or as primitives.

The document keeps one node for a layer or another composite and says in ``opened`` how it is
looked at; the flat graph made here takes its place in the walk and on the canvas.  What keeps its
id means the same at every level, so wires, positions and questions such as ``walk.value("f")`` do.

*Tensors* shows the ops that define a composite.  *Neurons* and *primitives* take tensors apart
(``cells.py``): at the first every neuron is a node (``units.py``), at the second every op on
numbers is.  Of a layer that is too large for that, one *neuron* is shown (``neuron.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from engine.graph.cells import Apart, Cells, NoCells, batch_size, take_apart
from engine.graph.graph import CONSTANT, Graph, Node, free_id
from engine.graph.groups import fold_groups, members_shown
from engine.graph.neuron import OneNeuron, neuron_of, open_neuron
from engine.graph.owned import has_layers, is_layer, owned_leaves
from engine.graph.problems import infer_shapes
from engine.graph.units import fold_units
from engine.ops import OPS, Op
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.op import Shape

LAYERS, TENSORS, NEURONS, PRIMITIVES = "", "tensors", "neurons", "primitives"
LEVELS = (LAYERS, TENSORS, NEURONS, PRIMITIVES)
SCALAR_LEVELS = (NEURONS, PRIMITIVES)
_TITLES = {TENSORS: "opened into tensors", NEURONS: "its neurons", PRIMITIVES: "its primitives"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The border drawn around an opened composite, or around a group that is not folded.

    ``node`` is the composite's id in the document and in the flat graph, ``op`` its name and
    ``members`` the ids of the nodes inside, in order; the last one is ``node`` itself.  ``leaves``
    are those among them that belong to a layer: they are nodes of the document too.  Of a group
    ``group`` is the id and ``color`` the name of its colour; ``node`` and ``op`` are empty.
    """

    node: str
    op: str
    title: str
    members: tuple[str, ...]
    group: str = ""
    color: str = ""
    leaves: tuple[str, ...] = ()

    @property
    def inside(self) -> tuple[str, ...]:
        """The members that are not in the document as they are; none of a group."""
        return tuple(i for i in self.members if i not in self.leaves) if self.node else ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A graph as it is shown: ``graph`` is flat, ``frames`` say which nodes came from where.

    ``hidden`` maps what is inside folded groups to the nodes that stand for them, ``stands_for``
    tensors that came apart to one of their elements.  ``inside`` are leaves that are part of a
    layer's or a neuron's node, though they are walked; of neurons, ``weights`` maps a wire
    (source, neuron) to the leaf that it is multiplied by and ``biases`` a neuron to the leaf that
    is added.  ``cells`` are the elements of tensors; ``apart`` maps all nodes that stand for single
    elements, or compute with them, to the node of the document that they came from: they hold a
    number for each example of the data's ``batch`` (0 without).  ``refused`` says of a node why it
    is not shown at the level that was asked for.
    """

    graph: Graph
    frames: tuple[Frame, ...]
    hidden: dict[str, str] = field(default_factory=dict)
    stands_for: dict[str, str] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    weights: dict[tuple[str, str], str] = field(default_factory=dict)
    biases: dict[str, str] = field(default_factory=dict)
    cells: dict[str, Cells] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    batch: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def entry(self, node: str) -> tuple[str, tuple[int, ...]] | None:
        """The leaf of the document, and the place in its array, that ``node`` stands for.

        None for any other node, and where it holds that place of every example.
        """
        cells = self.cells.get(self.apart.get(node, ""))
        if cells is None or (cells.batched and self.batch != 1):
            return None
        found = np.argwhere(cells.ids == node)
        if len(found) != 1:
            return None
        index = tuple(found[0].tolist())
        return self.apart[node], ((0, *index) if cells.batched else index)

    def owner(self, node: str) -> str:
        """The id in the document of a node of the flat graph: its own, or its composite's."""
        if node in self.apart:
            return self.apart[node]
        for frame in self.frames:
            if node in frame.inside:
                return frame.node
        return node


def can_open(node: Node) -> bool:
    """Whether ``node`` applies a composite, so that there is something inside to look at."""
    return node.op in OPS and OPS[node.op].composite


def open_composites(graph: Graph) -> Opened:
    """``graph`` with every node marked ``opened`` replaced by what it is at that level.

    A layer opens into the ops of its formula; any other composite opens all the way down, as a
    learner who opens a gate wants to see what nobody has to explain further.  Nodes inside are
    called ``{id}/{op}``, with ``_2``, ``_3`` … for repeats; those whose place ``graph.positions``
    knows keep it.  A node that is not a composite, or whose input shapes are not known because
    of a problem before it, stays as it is.
    """
    asked = {
        n.id: n.opened
        for n in graph.nodes.values()
        if n.opened and n.op in OPS and (can_open(n) or n.opened in SCALAR_LEVELS)
    }
    network = has_layers(graph)
    if not asked and not network:
        return Opened(graph, ())
    shapes = infer_shapes(graph)
    batch = batch_size(graph, shapes)
    if not asked:
        return Opened(graph, (), inside=owned_leaves(graph), batch=batch)
    best: Opened | None = None
    if any(level in SCALAR_LEVELS for level in asked.values()):
        for examples in dict.fromkeys((batch, 0)):
            tried = _with_cells(graph, shapes, dict(asked), examples)
            if best is None or len(tried.refused) < len(best.refused):
                best = tried
            if not best.refused:
                break
    if best is not None:
        return best
    return replace(_open(graph, shapes, asked), batch=batch if network else 0)


def _with_cells(
    graph: Graph, shapes: dict[str, Shape], asked: dict[str, str], batch: int
) -> Opened:
    """With tensors taken apart, but for those that cannot be: these stay tensors."""
    refused: dict[str, str] = {}
    while True:
        opened = _open(graph, shapes, asked)
        owners = {member: frame.node for frame in opened.frames for member in frame.inside} | {
            i: i for i in asked if i in opened.graph.nodes
        }
        apart = {
            i: owners[i]
            for i in opened.graph.nodes
            if asked.get(owners.get(i, "")) in SCALAR_LEVELS
            and (not _number(shapes, graph.nodes[owners[i]]))
        }
        inner = infer_shapes(opened.graph)
        try:
            done = take_apart(opened.graph, inner, apart, batch)
        except NoCells as error:
            stay = [apart[error.node]] if error.node else list(dict.fromkeys(apart.values()))
            for owner in stay:
                refused[owner] = str(error)
                asked[owner] = TENSORS if is_layer(graph.nodes[owner].op) else LAYERS
            continue
        shown = _of_cells(graph, opened, done, apart, asked)
        return replace(shown, batch=batch, refused=shown.refused | refused)


def _number(shapes: Mapping[str, Shape], node: Node) -> bool:
    """Whether a node computes a number from numbers: there is nothing to take apart."""
    return not any(shapes.get(i) for i in (node.id, *node.inputs))


def _of_cells(
    graph: Graph, opened: Opened, done: Apart, apart: Mapping[str, str], asked: Mapping[str, str]
) -> Opened:
    leaves = owned_leaves(graph)
    layer_of = {i: leaves.get(owner, owner) for i, owner in done.owner.items()}
    ends = {
        i
        for tensor, cells in done.cells.items()
        if tensor in graph.nodes
        for i in cells.ids.ravel().tolist()
        if isinstance(i, str)
    }
    folding = {i: o for i, o in layer_of.items() if asked.get(o) == NEURONS}
    folding = {i: o for i, o in folding.items() if done.nodes[i].op not in ("assemble", "entry")}
    signs = {o: OPS[graph.nodes[o].op].symbol for o in folding.values()}
    units = fold_units(done.nodes, folding, ends, graph.output, signs)
    flat = opened.graph.like(units.nodes)
    flat.positions = {i: at for i, at in graph.positions.items() if i in units.nodes}
    flat.keep_bends(graph.bends)
    members: dict[str, list[str]] = {}
    for node_id in units.nodes:
        owner = layer_of.get(node_id, "")
        if asked.get(owner) in SCALAR_LEVELS and node_id not in units.inside:
            members.setdefault(owner, []).append(node_id)
    frames = [f for f in opened.frames if f.node not in apart.values()]
    for owner, inside in members.items():
        node = graph.nodes[owner]
        frames.append(Frame(owner, node.op, _title(graph, node, asked[owner]), tuple(inside)))
    stands_for = dict(units.folded)
    for tensor, cells in done.cells.items():
        ids = [i for i in cells.ids.ravel().tolist() if isinstance(i, str)]
        if tensor not in units.nodes and ids:
            stands_for[tensor] = ids[-1]
    whole = {i: o for i, o in leaves.items() if i in flat.nodes and o in flat.nodes}
    whole = {i: o for i, o in whole.items() if not asked.get(o) or o in opened.refused}
    return Opened(
        flat,
        tuple(frames),
        stands_for=stands_for,
        inside=whole | units.inside,
        weights=units.weights,
        biases=units.biases,
        cells=done.cells,
        apart={i: owner for i, owner in done.owner.items() if i in units.nodes} | opened.apart,
        refused=opened.refused,
    )


def as_shown(graph: Graph) -> Opened:
    """``graph`` as the document says it is looked at: composites opened, groups folded."""
    opened = open_composites(graph)
    if not graph.groups or opened.cells:  # groups hold whole nodes
        return opened
    inside = {f.node: f.inside for f in opened.frames}
    folded = fold_groups(opened.graph, inside)
    shown, hidden = folded.graph, folded.hidden
    frames = [f for f in opened.frames if f.node not in hidden and f.node not in hidden.values()]
    for group in graph.groups.values():
        wanted = members_shown(group, inside)
        members = tuple(dict.fromkeys(hidden.get(i, i) for i in opened.graph.nodes if i in wanted))
        folded_here = len(members) == 1 and shown.nodes[members[0]].op == "group"
        if members and not folded_here:
            frames.append(Frame("", "", group.title, members, group.id, group.color))
    return replace(opened, graph=shown, frames=tuple(frames), hidden=hidden)


def fully_open(graph: Graph) -> Graph:
    """``graph`` in primitives only, whichever nodes are marked; tensors stay whole."""
    every = {n.id: TENSORS for n in graph.nodes.values() if can_open(n)}
    return _open(graph, infer_shapes(graph), every, deeply=True).graph if every else graph


def _open(
    graph: Graph, shapes: dict[str, Shape], asked: Mapping[str, str], deeply: bool = False
) -> Opened:
    """Composites replaced by the ops that define them, as far as the level of each asks for."""
    flat = graph.like({})
    taken = dict.fromkeys(graph.nodes)
    frames = []
    single: dict[str, str] = {}
    refused: dict[str, str] = {}
    owned: dict[str, list[str]] = {}
    for leaf, layer in owned_leaves(graph).items():
        owned.setdefault(layer, []).append(leaf)
    for node in graph.nodes.values():
        level = asked.get(node.id, LAYERS)
        if not level or not can_open(node) or node.id not in shapes:
            flat.nodes[node.id] = node
            continue
        number = neuron_of(level)
        if number is not None:
            try:
                neuron = open_neuron(graph, shapes, node, number, taken)
            except NoCells as error:
                refused[node.id] = str(error)
                flat.nodes[node.id] = node
                continue
            flat.nodes.update((member.id, member) for member in neuron.nodes)
            single |= dict.fromkeys(neuron.single, node.id)
            ids, leaves = tuple(n.id for n in neuron.nodes), tuple(owned.get(node.id, ()))
            title = _neuron_title(_layer_called(graph, node), number, neuron)
            frames.append(Frame(node.id, node.op, title, leaves + ids, leaves=leaves))
            continue
        apart = level in SCALAR_LEVELS and not _number(shapes, node)
        if apart and OPS[node.op].elementwise:
            flat.nodes[node.id] = node
            continue
        within = _elementwise_stays if apart else _everything
        if level == TENSORS and is_layer(node.op) and not deeply:
            within = _nothing
        members = _Opening(node, shapes, taken, within).nodes
        for member in members:
            flat.nodes[member.id] = member
        if members[-1] is not node:
            op, ids = OPS[node.op], tuple(member.id for member in members)
            leaves = tuple(owned.get(node.id, ()))
            title = _title(graph, node, level)
            frames.append(Frame(node.id, op.name, title, leaves + ids, leaves=leaves))
    flat.positions = {i: at for i, at in graph.positions.items() if i in flat.nodes}
    flat.keep_bends(graph.bends)
    whole = {o for o in owned if not asked.get(o) or o in refused}
    inside = {i: o for o in whole for i in owned[o]}
    return Opened(flat, tuple(frames), inside=inside, apart=single, refused=refused)


def _layer_called(graph: Graph, node: Node) -> str:
    """Its name, or its kind, numbered where there are more of the same."""
    sign = OPS[node.op].symbol
    alike = [n.id for n in graph.nodes.values() if n.op in OPS and OPS[n.op].symbol == sign]
    return node.name or (f"{sign} {alike.index(node.id) + 1}" if len(alike) > 1 else sign)


def _neuron_title(layer: str, number: int, neuron: OneNeuron) -> str:
    rest = neuron.inputs - neuron.named
    if not rest:
        return f"{layer}, its neuron {number:,}"
    return (
        f"{layer}, its neuron {number:,}: the {neuron.named} largest of "
        f"{neuron.inputs:,} weights, the rest as one sum"
    )


def _everything(op: Op) -> bool:
    return True


def _nothing(op: Op) -> bool:
    return False


def _elementwise_stays(op: Op) -> bool:
    """Activations are gates that one knows; they need not be opened to see single numbers."""
    return not op.elementwise


def _title(graph: Graph, node: Node, level: str) -> str:
    op = OPS[node.op]
    sign = "" if op.symbol == op.name else f"{op.symbol} "
    if op.kind == "layer":
        return f"{_layer_called(graph, node)}, {_TITLES[level]}"
    if level in SCALAR_LEVELS and not op.elementwise:
        return f"{sign}{op.name}, {_TITLES[level]}"
    return f"{sign}{op.name}, opened into its primitives"


class _Opening:
    """Turns the defining formula of one node into ``nodes``, in order; the last has its id.

    ``shapes`` are those of the document's nodes; ``taken`` are ids that exist, to which it adds.
    ``within`` says which composites inside are opened as well.
    """

    def __init__(
        self,
        node: Node,
        shapes: dict[str, Shape],
        taken: dict[str, None],
        within: Callable[[Op], bool],
    ) -> None:
        self.nodes: list[Node] = []
        self._node = node
        self._shapes = {i: shapes[i] for i in node.inputs}
        self._taken = taken
        self._within = within
        try:
            done = self._open(OPS[node.op], list(node.inputs), node.attrs, node.id)
        except Exception:  # attributes of any type come from files
            done = ""
        if not done:
            self.nodes = [node]

    def _open(self, op: Op, inputs: list[str], attrs: Mapping[str, Any], keep: str) -> str:
        """Add what defines ``op``; the id of the result, "" if that is just an input."""
        formula = op.expand(*(self._shapes[i] for i in inputs), **attrs)
        ports = dict(zip(op.inputs, inputs, strict=True))
        if keep and not isinstance(formula, Call):
            return ""
        return self._build(formula, ports, {}, keep)

    def _apply(self, op: Op, inputs: list[str], attrs: Mapping[str, Any], keep: str = "") -> str:
        """Add ``op`` or what defines it; the id of the result."""
        if op.composite and not op.variadic and self._within(op):
            return self._open(op, inputs, attrs, keep)
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
