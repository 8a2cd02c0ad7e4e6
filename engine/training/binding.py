"""How data reach a graph: which leaf takes which columns, and what form the answers have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.graph.graph import INPUT, Graph, Node, Wire
from engine.graph.problems import infer_shapes, node_title
from engine.graph.reach import upstream
from engine.layers.table import ONE_HOT
from engine.ops import OPS
from engine.ops.op import Shape, shape_text
from engine.training.objective import OF_CLASSES, Objective

ATTENTION = "attention_pooling"
LABELS, TRIAL_ROWS = "labels", 3


@dataclass(frozen=True)
class Binding:
    """Which leaf takes what of each row.

    ``columns`` maps leaves to a column, or to None for the whole row in the shape ``shapes`` has
    for it.  ``target`` is the leaf of the answers, which have the form ``answers`` (LABELS: the
    number of the class; ONE_HOT: a row with one 1; "": as they are) and the shape ``answer_shape``.
    With ``single`` the graph knows no batches: it is run for one row after the other.
    """

    columns: Mapping[str, int | None]
    shapes: dict[str, Shape]
    target: str
    answers: str
    answer_shape: Shape
    padding: tuple[str, ...] = ()
    single: bool = False
    leaves: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaves", tuple(self.rows(None)))

    def rows(self, data: Dataset | None, dtype: Any = np.float64) -> dict[str, np.ndarray]:
        """For every leaf that data go into an array of all rows (of none without data)."""
        count = 0 if data is None else data.count
        found = {
            leaf: np.ascontiguousarray(
                (
                    np.zeros((count, *self.shapes[leaf]))
                    if data is None
                    else data.x[:, column]
                    if column is not None
                    else data.x
                ),
                dtype,
            ).reshape(count, *self.shapes[leaf])
            for leaf, column in self.columns.items()
        }
        if self.target:
            answers = np.zeros(0) if data is None else self._answers(data)
            shaped = np.ascontiguousarray(answers, dtype).reshape(count, *self.answer_shape)
            found[self.target] = shaped
        for leaf in self.padding:
            mask = None if data is None else data.mask
            shape = self.shapes[leaf]
            found[leaf] = (
                np.ones((count, *shape), dtype)
                if mask is None
                else np.ascontiguousarray(mask, dtype).reshape(count, *shape)
            )
        return found

    def _answers(self, data: Dataset) -> np.ndarray:
        return np.eye(len(data.classes))[data.y] if self.answers == ONE_HOT else data.y


def bind(objective: Objective, data: Dataset) -> Binding:
    """How ``data`` reach the graph of ``objective``; raises TrainingError where they cannot."""
    if data.is_blank:
        return Binding({}, {}, "", "", (), single=True)
    graph = objective.graph
    reached = upstream(graph, [graph.output])
    users = graph.users()
    padding: list[str] = []
    inputs: list[Node] = []
    for node in graph.leaves():
        if node.id not in reached or node.id == objective.target:
            continue
        if users[node.id] and all(_hides_padding(graph, wire) for wire in users[node.id]):
            padding.append(node.id)
        elif node.op == INPUT:
            inputs.append(node)
    shapes = {node.id: np.shape(node.value) if node.value is not None else () for node in inputs}
    row = data.x.shape[1:]
    columns: Mapping[str, int | None]
    single = False
    if all(shape == () for shape in shapes.values()) and len(row) == 1:
        columns = _matched(inputs, data)
        single = not _elementwise(graph, reached)
    elif len(inputs) == 1 and _holds(shapes[inputs[0].id][1:], row):
        columns = {inputs[0].id: None}
        shapes = {inputs[0].id: shapes[inputs[0].id][1:]}
    elif len(inputs) == 1 and shapes[inputs[0].id] == row:
        columns, single = {inputs[0].id: None}, True
    else:
        raise TrainingError(_misfit(inputs, shapes, data))
    for leaf in padding:
        value = graph.nodes[leaf].value
        shapes[leaf] = np.shape(value)[1:]
    probe = Binding(columns, shapes, "", "", (), tuple(padding), single)
    answers, answer_shape = _answer_form(objective, data, probe)
    return Binding(columns, shapes, objective.target, answers, answer_shape, tuple(padding), single)


def _hides_padding(graph: Graph, wire: Wire) -> bool:
    """Whether a wire tells attention which words are padding."""
    name = OPS.resolve(graph.nodes[wire.target].op)
    return name == ATTENTION and OPS[name].input_name(wire.port) == "mask"


def _holds(wanted: Shape, row: Shape) -> bool:
    """Whether a row has as many numbers as are wanted; how they are arranged is no matter."""
    return bool(wanted) and math.prod(wanted) == math.prod(row)


def _elementwise(graph: Graph, reached: set[str]) -> bool:
    """Whether a column of numbers can stand for each number: every op takes them one by one."""
    for node in graph.nodes.values():
        if node.id not in reached:
            continue
        if node.leaf:
            if np.ndim(node.value if node.value is not None else 0.0):
                return False
        else:
            op = OPS[OPS.resolve(node.op)]
            if op.local is None and not (op.kind == "loss" and node.id == graph.output):
                return False
    return True


def _matched(inputs: list[Node], data: Dataset) -> dict[str, int | None]:
    """Inputs and columns by name where all are called alike, else in order."""
    width = data.x.shape[1]
    if len(inputs) != width:
        shapes = {node.id: () for node in inputs}
        raise TrainingError(_misfit(inputs, shapes, data))
    named = {name: place for place, name in enumerate(data.features)}
    if all((node.name or node.id) in named for node in inputs):
        return {node.id: named[node.name or node.id] for node in inputs}
    return {node.id: place for place, node in enumerate(inputs)}


def _misfit(inputs: list[Node], shapes: dict[str, Shape], data: Dataset) -> str:
    """Why the inputs of a graph and the data do not meet, and what to do."""
    given = f'each row of "{data.name}" has {shape_text(data.x.shape[1:])} numbers'
    if data.x.ndim == 2:
        count = data.x.shape[1]
        given = f'"{data.name}" has {count} feature{"" if count == 1 else "s"}'
        if data.features:
            given += f" ({', '.join(data.features[:6])}{', …' if len(data.features) > 6 else ''})"
    if not inputs:
        return f"The graph has no input for the data to go into, but {given}: add one."
    if len(inputs) == 1 and shapes[inputs[0].id]:
        shape = shapes[inputs[0].id]
        wants = f"{node_title(inputs[0])} takes rows of {shape_text(shape[1:] or shape)}"
        return f"{wants}, but {given}: choose other data or another size of the input."
    names = ", ".join(node.name or node.id for node in inputs)
    return (
        f"The graph has {len(inputs)} input{'' if len(inputs) == 1 else 's'} ({names}), "
        f"but {given}: it needs one input for each feature."
    )


def _answer_form(objective: Objective, data: Dataset, binding: Binding) -> tuple[str, Shape]:
    """The form and the shape of the answers of one row."""
    if not objective.target:
        return "", ()
    if not objective.prediction:  # the graph compares by itself
        if not data.is_classes and data.y.shape[1:] not in ((), (1,)):
            raise TrainingError("The graph takes one answer a row, but the data have several.")
        return (LABELS if data.is_classes else ""), ()
    output = _prediction_shape(objective, data, binding)
    size = math.prod(output)
    if not data.is_classes:
        if objective.loss in OF_CLASSES:
            raise TrainingError(
                f"{objective.loss} needs classes, but the answers are numbers: take mse or mae."
            )
        if math.prod(data.y.shape[1:]) != size:
            raise TrainingError(
                f"The prediction has {size} number{'' if size == 1 else 's'} a row, the answers "
                f"have {math.prod(data.y.shape[1:])}: give the last layer as many units."
            )
        return "", output
    count = len(data.classes)
    if size == 1 and objective.loss in OF_CLASSES:
        raise TrainingError(
            f"{objective.loss} needs one output for each class: give the last layer {count} units, "
            "or take bce."
        )
    if size == 1 and count == 2:
        return LABELS, output
    if size != count:
        raise TrainingError(
            f"The data have {count} classes, the prediction {size} "
            f"output{'' if size == 1 else 's'}: give the last layer {count} units."
        )
    return ONE_HOT, output


def _prediction_shape(objective: Objective, data: Dataset, binding: Binding) -> Shape:
    """The shape of the prediction for one row."""
    graph, prediction = objective.graph, objective.prediction
    nodes = dict(graph.nodes)
    lead = () if binding.single else (TRIAL_ROWS,)
    for leaf in (*binding.columns, *binding.padding):
        value = np.ones((*lead, *binding.shapes[leaf]))
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=value)
    for leaf, shape in masks_of(graph).items():
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=np.ones((*lead, *shape)))
    shapes = infer_shapes(graph.like(nodes))
    if prediction not in shapes:
        raise TrainingError("The shapes inside the graph do not meet for these data.")
    return shapes[prediction][len(lead) :]


def masks_of(graph: Graph) -> dict[str, Shape]:
    """The leaves that hold the masks of dropout, each with its shape for one row."""
    found = {}
    for node in graph.nodes.values():
        if OPS.resolve(node.op) == "dropout":
            mask = graph.nodes[node.inputs[1]]
            if mask.leaf:
                found[mask.id] = np.shape(mask.value)[1:]
    return found


def rates_of(graph: Graph) -> dict[str, float]:
    """For each mask of dropout the share of numbers that it leaves out."""
    users = graph.users()
    return {
        leaf: float(OPS["dropout"].with_defaults(graph.nodes[users[leaf][0].target].attrs)["rate"])
        for leaf in masks_of(graph)
    }
