"""What is minimised: a graph that ends in a loss, and what the loss compares.

A learner's graph may end in a loss already, or in a prediction behind which a loss is put, or in
a formula that is a loss of its own, such as ``(σ(w·x) − t)²``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from engine.errors import TrainingError
from engine.graph.graph import INPUT, Graph, Node, free_id
from engine.graph.names import stem_of
from engine.graph.problems import infer_shapes, node_title
from engine.graph.reach import upstream
from engine.ops import OPS
from engine.ops.op import Shape

LOSSES = tuple(op.name for op in OPS.values() if op.kind == "loss")
OF_CLASSES = ("cross_entropy", "cross_entropy_from_logits")  # one output for each class
TARGETS = ("t", "y", "target")  # what a leaf is called that holds the answer
_LOGITS = "_from_logits"
_SQUASHES = {"bce": "sigmoid", "cross_entropy": "softmax"}


@dataclass(frozen=True)
class Objective:
    """``graph``, whose output is the loss; ids of the ``prediction``, and of the leaf that holds
    the ``target`` ("" where there is none).  ``loss`` is the loss's name in the op table, "" for a
    formula of one's own.  ``threshold`` is where a single prediction turns from one class to the
    other: ½ for a probability, 0 for a score.
    """

    graph: Graph
    prediction: str
    target: str
    loss: str
    threshold: float = 0.5


def objective_of(graph: Graph, loss: str, classes: int, inputs: int) -> Objective:
    """The objective for data with so many ``classes`` (0: numbers) and feature columns.

    ``loss`` "" keeps the graph's own loss or chooses one that fits.  Raises TrainingError.
    """
    if not graph.nodes:
        raise TrainingError("There is nothing to train: the graph is empty.")
    if loss and loss not in LOSSES:
        raise TrainingError(f'There is no loss "{loss}"; there are: {", ".join(LOSSES)}.')
    output = graph.output or list(graph.nodes)[-1]
    node = graph.nodes[output]
    own = OPS.resolve(node.op)
    if own in LOSSES:
        prediction, target = node.inputs
        if not graph.nodes[target].leaf:
            raise TrainingError(
                f"{node_title(node, graph.nodes)} compares two computed values: wire an input "
                "to its target, where the answers can go."
            )
        if loss and loss != own:
            changed = {**graph.nodes, output: msgspec.structs.replace(node, op=loss)}
            graph, own = graph.like(changed), loss
        return Objective(graph, prediction, target, own, _threshold(own))
    answer = _own_target(graph, output, inputs)
    if answer and not loss:
        return Objective(graph, "", answer, "")
    shapes = infer_shapes(graph)
    name = loss or _fitting(graph, output, shapes.get(output, ()), classes)
    nodes = dict(graph.nodes)
    target = free_id("t", nodes)
    width = shapes.get(output, ())
    nodes[target] = Node(target, INPUT, (), np.zeros(width) if width else 0.0, "t")
    end = free_id(name, nodes)
    nodes[end] = Node(end, name, (output, target))
    after = graph.like(nodes)
    after.output = end
    return Objective(after, output, target, name, _threshold(name))


def _threshold(loss: str) -> float:
    return 0.0 if loss.endswith(_LOGITS) else 0.5


def objective_as_it_stands(graph: Graph) -> Objective:
    """The output of ``graph`` as the loss, all inputs keeping their values: no data are needed.

    Raises TrainingError where the output is not one number.
    """
    if not graph.nodes:
        raise TrainingError("There is nothing to train: the graph is empty.")
    output = graph.output or list(graph.nodes)[-1]
    shape = infer_shapes(graph).get(output)
    if shape is None:
        raise TrainingError("The graph cannot be computed yet: see its problems in Explore.")
    if shape and math.prod(shape) != 1:
        raise TrainingError(
            f"{node_title(graph.nodes[output], graph.nodes)} gives {math.prod(shape)} numbers, but "
            "only one can be made small: end in a loss or a mean, or choose data to learn from."
        )
    whole = graph.like(dict(graph.nodes))
    whole.output = output
    return Objective(whole, "", "", "")


def _own_target(graph: Graph, output: str, inputs: int) -> str:
    """The leaf for the answer where the graph computes a loss by itself: one input too many."""
    reached = upstream(graph, [output])
    leaves = [n for n in graph.leaves() if n.op == INPUT and n.id in reached]
    named = [n.id for n in leaves if stem_of(n.name or n.id) in TARGETS]
    return named[0] if len(named) == 1 and len(leaves) == inputs + 1 else ""


def _fitting(graph: Graph, output: str, shape: Shape, classes: int) -> str:
    if not classes:
        return "mse"
    name = "cross_entropy" if len(shape) > 1 and shape[-1] > 1 else "bce"
    return name if squash_of(graph.nodes[output]) == _SQUASHES[name] else name + _LOGITS


def squash_of(node: Node) -> str:
    """The function that a node ends in: "sigmoid", "softmax", …, "" where that cannot be told."""
    name = OPS.resolve(node.op)
    return str(node.attrs.get("activation", "")) or name


def stable(objective: Objective) -> Objective:
    """The same objective, its loss computed from the scores below a sigmoid or a softmax.

    Equal in exact numbers; in floating point a sure and wrong prediction rounds to 0 or 1, whose
    logarithm is lost, while its score still tells how wrong it is.
    """
    graph, squash = objective.graph, _SQUASHES.get(objective.loss, "-")
    node = graph.nodes.get(objective.prediction)
    if node is None or squash_of(node) != squash:
        return objective
    if node.attrs.get("axis", -1) not in (-1, len(infer_shapes(graph)[node.id]) - 1):
        return objective
    nodes: dict[str, Node] = {}
    scores = node.inputs[0]
    for each in graph.nodes.values():
        if each.id == node.id and OPS.resolve(node.op) != squash:  # a layer that ends in it
            scores = free_id(node.id, graph.nodes)
            attrs = {**node.attrs, "activation": "linear"}
            nodes[scores] = msgspec.structs.replace(node, id=scores, attrs=attrs)
            each = Node(node.id, squash, (scores,), None, node.name)
        nodes[each.id] = each
    end = nodes[graph.output]
    name = objective.loss + _LOGITS
    nodes[end.id] = msgspec.structs.replace(end, op=name, inputs=(scores, *end.inputs[1:]))
    return replace(objective, graph=graph.like(nodes), loss=name)


def weights_of(graph: Graph, learned: Iterable[str]) -> set[str]:
    """Those of the leaves that multiply something: penalties are for weights, not for biases."""
    users = graph.users()
    found = set()
    for leaf in learned:
        for wire in users[leaf]:
            op = OPS.resolve(graph.nodes[wire.target].op)
            if op in ("mul", "matmul") or OPS[op].input_name(wire.port) in WEIGHT_PORTS:
                found.add(leaf)
    return found


WEIGHT_PORTS = ("W", "w", "kernel", "table")
