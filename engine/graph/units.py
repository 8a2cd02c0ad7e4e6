"""Neurons: the nodes that compute one element of a layer, folded into one.

A unit is an element of the layer's result together with all that nobody else needs: its products,
their sum, its bias and its activation.  What several share, such as the sum below a softmax, is a
node of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.graph.graph import CONSTANT, PARAMETER, Graph, Node
from engine.ops import OPS
from engine.ops.group import Body

NEURON = "Σ"  # with this the title of a folded neuron begins


@dataclass(slots=True)
class Units:
    """A graph whose layers are folded into neurons.

    ``inside`` maps leaves that one neuron alone uses to it, ``weights`` a wire (source, neuron) to
    the leaf that it is multiplied by, ``biases`` a neuron to the leaf that is added, ``folded``
    what is not there any more to the neuron that stands for it.
    """

    nodes: dict[str, Node]
    inside: dict[str, str] = field(default_factory=dict)
    weights: dict[tuple[str, str], str] = field(default_factory=dict)
    biases: dict[str, str] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)


def fold_units(
    nodes: Mapping[str, Node],
    layers: Mapping[str, str],
    ends: Collection[str],
    output: str,
    signs: Mapping[str, str],
) -> Units:
    """``nodes``, in order, with the units of layers folded.

    ``layers`` maps the nodes of each layer to its id and ``signs`` that to its sign, ``ends`` are
    the elements of results.
    """
    users = Graph(nodes.values()).users()
    unit: dict[str, str] = {}
    for node_id in reversed(list(nodes)):
        if node_id not in layers or nodes[node_id].leaf:
            continue
        near = {unit.get(w.target, "") for w in users[node_id]}
        same_layer = all(layers.get(w.target) == layers[node_id] for w in users[node_id])
        joins = len(near) == 1 and same_layer and node_id not in ends and node_id != output
        unit[node_id] = near.pop() if joins else node_id
    members: dict[str, list[str]] = {}
    for node_id in nodes:
        if node_id in unit:
            members.setdefault(unit[node_id], []).append(node_id)
    done = Units({})
    for node_id, node in nodes.items():
        root = unit.get(node_id)
        if root is None or len(members[root]) == 1:
            done.nodes[node_id] = node
        elif root == node_id:
            inside = [nodes[i] for i in members[root]]
            title = _title(inside, nodes)
            if not title.startswith(NEURON) and node_id in ends:
                title = signs[layers[node_id]]
            done.nodes[node_id] = _folded(inside, title, nodes, done)
        else:
            done.folded[node_id] = root
    for node_id, node in nodes.items():
        targets = {unit.get(w.target, w.target) for w in users[node_id]}
        if node.op in (PARAMETER, CONSTANT) and node_id in done.nodes and len(targets) == 1:
            (root,) = targets
            if len(members.get(root, ())) > 1:
                done.inside[node_id] = root
    _read_weights(nodes, unit, done)
    return done


def _folded(inside: list[Node], title: str, nodes: Mapping[str, Node], done: Units) -> Node:
    end, own = inside[-1], {node.id for node in inside}
    outside = list(dict.fromkeys(s for node in inside for s in node.inputs if s not in own))
    constants = [i for i in outside if nodes[i].op == CONSTANT and not nodes[i].name]
    ports = [i for i in outside if i not in constants]
    for constant in constants:
        done.folded[constant] = end.id
        done.nodes.pop(constant, None)
    slots = {i: k for k, i in enumerate([*ports, *constants, *(n.id for n in inside)])}
    steps = tuple((OPS[n.op], n.attrs, tuple(slots[s] for s in n.inputs)) for n in inside)
    values = tuple(nodes[i].value for i in constants)
    body = Body(title, tuple(ports), values, steps)
    op = "neuron" if title.startswith(NEURON) else "unit"
    return Node(end.id, op, tuple(ports), None, end.name, {"body": body})


def _title(inside: list[Node], nodes: Mapping[str, Node]) -> str:
    """Σ and the activation of a neuron; otherwise the sign of what comes last."""
    last = OPS[inside[-1].op].symbol
    weighs = any(n.op == "mul" and any(nodes[i].op == PARAMETER for i in n.inputs) for n in inside)
    if not weighs:
        return last
    return NEURON if inside[-1].op in ("add", "mul") else f"{NEURON} {last}"


def _read_weights(nodes: Mapping[str, Node], unit: Mapping[str, str], done: Units) -> None:
    for node in nodes.values():
        root = unit.get(node.id)
        if root is None or len(node.inputs) != 2 or node.op not in ("mul", "add"):
            continue
        leaves = [i for i in node.inputs if done.inside.get(i) == root and nodes[i].op == PARAMETER]
        if len(leaves) != 1:
            continue
        (other,) = (i for i in node.inputs if i != leaves[0])
        if node.op == "add":
            done.biases[root] = leaves[0]
        else:
            done.weights[other, root] = leaves[0]
