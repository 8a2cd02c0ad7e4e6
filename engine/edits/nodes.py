"""Adding, changing and deleting nodes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from engine.edits.common import aimed, last_result, mere_constant, owner, packed, with_node
from engine.edits.naming import names_of, new_variable, next_name
from engine.errors import EngineError, OpError
from engine.graph.bypass import brought_back, bypass, bypassed
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Group, Node, Value
from engine.graph.groups import fold_groups
from engine.graph.owned import owned_leaves
from engine.graph.problems import attribute_problem, infer_shapes, node_title, size_problem
from engine.ops import OPS
from engine.ops.op import Shape

Point = tuple[float, float]


def add_op(graph: Graph, op: str, at: Point | None = None) -> tuple[Graph, str]:
    """A new node without wires, and its id."""
    entry = OPS[op]
    ports = 2 if entry.variadic else entry.arity
    node = Node(graph.free_id(entry.name), entry.name, ("",) * ports)
    return _added(graph, node, at)


def add_leaf(
    graph: Graph, kind: str, at: Point | None = None, value: Value | None = None, name: str = ""
) -> tuple[Graph, str]:
    """A new input, parameter or constant with the next free name, and its id."""
    if kind != CONSTANT or name:
        name = next_name(name, names_of(graph)) if name else new_variable(kind, names_of(graph))
    if kind == CONSTANT and value is None:
        value = 1.0
    return _added(graph, Node(graph.free_id(name or "c"), kind, (), value, name), at)


def _added(graph: Graph, node: Node, at: Point | None) -> tuple[Graph, str]:
    after = with_node(graph, node)
    if at is not None:
        after.positions[node.id] = at
    output = graph.nodes.get(graph.output)
    # A graph that is being begun: any op computes more than a leaf that nothing uses.
    if output is None or (output.leaf and not node.leaf and not graph.users()[output.id]):
        after.output = node.id
    return after, node.id


def set_attribute(graph: Graph, node_id: str, name: str, value: Any) -> Graph:
    """Set one attribute of an op (its default is left out); raises EngineError if it misfits."""
    node = graph.nodes[node_id]
    op = OPS[node.op]
    name = op.attr_aliases.get(name, name)
    attrs = {op.attr_aliases.get(k, k): v for k, v in node.attrs.items()}
    attrs[name] = value
    trouble = attribute_problem(op, attrs)
    if trouble:
        raise EngineError(trouble)
    if op.attrs.get(name) == value and type(op.attrs[name]) is type(value):
        del attrs[name]
    return with_node(graph, msgspec.structs.replace(node, attrs=attrs))


def why_not_attribute(graph: Graph, node_id: str, name: str, value: Any) -> str:
    """Why an attribute cannot be ``value``, by its type and what comes in; "" if it can."""
    try:
        node = set_attribute(graph, node_id, name, value).nodes[node_id]
    except EngineError as error:
        return str(error)
    shapes = infer_shapes(graph)
    known = [shapes[i] for i in node.inputs if i in shapes]
    op = OPS[node.op]
    if len(known) < len(node.inputs) or not op.accepts(len(known)):
        return ""  # what comes in is not known yet
    try:
        op.shape(*known, **node.attrs)
    except OpError as error:
        return str(error)
    return ""


def set_bypassed(graph: Graph, ids: Collection[str], on: bool) -> Graph:
    """Bypass the ops among these nodes, or bring those back that are bypassed.

    A bypassed op passes one input on: the first that has the shape of its result, rather one with
    a wire, a gradient and a node of its own on the canvas.  An opened composite is closed, and
    opens again when it comes back.  Raises EngineError where there is no op or a group is folded.
    """
    chosen = set(ids)
    ops = [node for i, node in graph.nodes.items() if i in chosen and not node.leaf]
    if not ops:
        raise EngineError("Only ops can be bypassed: an input, parameter or constant has no input.")
    shown = fold_groups(graph).graph.nodes
    if any(shown.get(node.id) is not node for node in ops):
        raise EngineError("A folded group cannot be bypassed: open it and bypass what is inside.")
    shapes = infer_shapes(graph)
    changed = {}
    for node in ops:
        if bypassed(node) == on:
            continue
        port = _port_to_pass(graph, node, shapes) if on else 0
        changed[node.id] = bypass(node, port) if on else brought_back(node)
    return graph.like({**graph.nodes, **changed})


def _port_to_pass(graph: Graph, node: Node, shapes: Mapping[str, Shape]) -> int:
    if node.op not in OPS:
        raise EngineError(
            f"{node_title(node, graph.nodes)} cannot be bypassed: nobody knows what it computes."
        )
    carries = OPS[node.op].carries(len(node.inputs))

    def rank(port: int) -> tuple[bool, ...]:
        source = node.inputs[port]
        other_shape = shapes.get(source) != shapes.get(node.id)
        return not source, other_shape, mere_constant(graph, source), not carries[port]

    return min(range(min(len(node.inputs), len(carries))), key=rank, default=0)


def set_shape(graph: Graph, node_id: str, shape: Shape) -> Graph:
    """Give a leaf's value another shape; raises EngineError for one that cannot be.

    The numbers stay in reading order; where they are too few they begin again.
    """
    node = graph.nodes[node_id]
    count = math.prod(shape)
    if count < 1 or any(side < 1 for side in shape):
        raise EngineError("A shape is made of whole numbers from 1, such as 2×3, or is scalar.")
    trouble = size_problem(shape)
    if trouble:
        raise EngineError(f"{node_title(node)} {trouble}")
    numbers = np.resize(np.asarray(1.0 if node.value is None else node.value, float), (count,))
    value = numbers.reshape(shape) if shape else float(numbers[0])
    return with_node(graph, msgspec.structs.replace(node, value=value))


def set_kind(graph: Graph, node_id: str, kind: str) -> Graph:
    """Make an input a parameter, and so on; a leaf that gets a value to keep gets a name."""
    node = graph.nodes[node_id]
    if not node.leaf or kind not in LEAF_KINDS or kind == node.op:
        return graph
    name = node.name
    if not name and kind != CONSTANT:
        name = new_variable(kind, names_of(graph))
    value = 1.0 if kind == CONSTANT and node.value is None else node.value
    return with_node(graph, msgspec.structs.replace(node, op=kind, name=name, value=value))


def set_output(graph: Graph, node_id: str) -> Graph:
    """Take the gradients of this node."""
    after = graph.like()
    after.output = node_id
    return after


def delete(graph: Graph, ids: Iterable[str], heal: bool = True) -> Graph:
    """Without these nodes and notes.

    With ``heal`` what a deleted node with one wire received goes to those that it fed; other
    wires from it leave their ports empty.  A constant without a name goes with its only user, the
    weights of a layer with the layer.
    """
    chosen = set(ids)
    gone = {i for i in chosen if i in graph.nodes}
    users, owned = graph.users(), owned_leaves(graph)

    def follows(i: str) -> bool:
        return i in owned or mere_constant(graph, i)

    for node in graph.nodes.values():
        targets = [wire.target for wire in users[node.id]]
        if follows(node.id) and targets and gone.issuperset(targets):
            gone.add(node.id)
    stands_for = dict.fromkeys(gone, "")
    if heal:
        for i in gone:
            wired = [s for s in graph.nodes[i].inputs if s and not follows(s)]
            if len(wired) == 1:
                stands_for[i] = wired[0]
    nodes = {}
    for i, node in graph.nodes.items():
        if i in gone:
            continue
        if gone.isdisjoint(node.inputs):
            nodes[i] = node
        else:
            inputs = tuple(_heir(s, stands_for) for s in node.inputs)
            nodes[i] = msgspec.structs.replace(node, inputs=packed(node, inputs))
    after = graph.like(nodes)
    after.positions = {
        i: at
        for i, at in graph.positions.items()
        if i in nodes or (i not in gone and owner(i) not in gone)
    }
    after.groups = _without_members(graph.groups, gone)
    kept = {i: note for i, note in graph.notes.items() if i not in chosen}
    after.notes = aimed(kept, after.nodes)
    if graph.output in gone:
        heir = _heir(graph.output, stands_for)
        after.output = heir if heir in nodes else last_result(after)
    return after


def _heir(source: str, stands_for: Mapping[str, str]) -> str:
    """What a wire from ``source`` comes from once the deleted nodes are gone."""
    met: set[str] = set()
    while source in stands_for and source not in met:
        met.add(source)
        source = stands_for[source]
    return "" if source in stands_for else source


def _without_members(groups: Mapping[str, Group], gone: set[str]) -> Mapping[str, Group]:
    if all(gone.isdisjoint(group.members) for group in groups.values()):
        return groups
    kept = {}
    for i, group in groups.items():
        members = tuple(m for m in group.members if m not in gone)
        if members:
            kept[i] = msgspec.structs.replace(group, members=members)
    return kept
