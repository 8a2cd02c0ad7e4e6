"""A network fitted to data: as many inputs as they have, an output and a loss for what they ask.

The learner's layers between stay as they are, with all weights that still have a place.
"""

from __future__ import annotations

import msgspec
import numpy as np

from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.graph.graph import INPUT, Graph, Node, free_id
from engine.layers.network import layer_name
from engine.layers.settings import set_size, sizes_of
from engine.ops import OPS

EXAMPLES = 32  # rows that the input then holds, for those who walk the graph


def fitted(graph: Graph, data: Dataset, seed: int = 0) -> Graph:
    """``graph``, a chain of layers behind one input, so that it can learn ``data``.

    Its input holds the first rows of ``data``, its last Dense layer has one output for each class
    (one for two classes) or number, and it ends in the loss that goes with these.  New weights
    are drawn from ``seed``.  Raises TrainingError where the graph is no such chain.
    """
    inputs = [n for n in graph.leaves() if n.op == INPUT and _first_of_chain(graph, n.id)]
    dense = [n.id for n in graph.nodes.values() if layer_name(n.op) == "Dense"]
    if len(inputs) != 1 or not dense:
        raise TrainingError(
            "Only a chain of layers behind one input can be fitted to data: "
            "begin with a new network, or choose data that have as many columns."
        )
    rows = data.rows(slice(0, min(EXAMPLES, data.count)))
    after = graph.like(dict(graph.nodes))
    x = inputs[0]
    after.nodes[x.id] = msgspec.structs.replace(x, value=np.array(rows.x))
    outputs = _outputs(data)
    last = dense[-1]
    # the sizes of all layers follow from the input, those of the last one from what is asked
    after = set_size(after, last, "units", outputs, seed)
    if sizes_of(after, last).get("units") != outputs:
        raise TrainingError("The last layer of this network cannot be fitted to the data.")
    activation, loss = _ends(data)
    node = after.nodes[last]
    attrs = {**node.attrs, "activation": activation}
    after.nodes[last] = msgspec.structs.replace(node, attrs=attrs)
    return _with_loss(after, last, loss, rows)


def _first_of_chain(graph: Graph, leaf: str) -> bool:
    return any(w.port == 0 and layer_name(graph.nodes[w.target].op) for w in graph.users()[leaf])


def _outputs(data: Dataset) -> int:
    if data.is_classes:
        return 1 if len(data.classes) == 2 else len(data.classes)
    return len(data.targets)


def _ends(data: Dataset) -> tuple[str, str]:
    """The last activation and the loss that fit what ``data`` ask for."""
    if not data.is_classes:
        return "linear", "mse"
    return ("sigmoid", "bce") if len(data.classes) == 2 else ("softmax", "cross_entropy")


def _with_loss(graph: Graph, last: str, loss: str, rows: Dataset) -> Graph:
    nodes = dict(graph.nodes)
    output = nodes.get(graph.output)
    if output is not None and OPS[OPS.resolve(output.op)].kind == "loss":
        target = output.inputs[1]
        nodes[output.id] = msgspec.structs.replace(
            output, op=loss, inputs=(output.inputs[0], target), attrs={}
        )
    else:
        target = free_id("t", nodes)
        nodes[target] = Node(target, INPUT, (), 0.0, target)
        end = Node(free_id(loss, nodes), loss, (graph.output or last, target))
        nodes[end.id] = end
        graph = graph.like(nodes)
        graph.output = end.id
    answers = rows.y.astype(float)
    if rows.is_classes and loss == "bce":
        answers = answers[:, None]
    nodes[target] = msgspec.structs.replace(nodes[target], value=np.array(answers))
    return graph.like(nodes)


def fits(graph: Graph, data: Dataset) -> bool:
    """Whether a chain of layers already has the inputs and outputs that ``data`` ask for."""
    if data.is_blank:
        return True
    try:
        after = fitted(graph, data)
    except TrainingError:
        return True  # not for this to judge: the trainer says what does not meet
    same = all(
        np.shape(node.value)[1:] == np.shape(after.nodes[i].value)[1:]
        if node.op == INPUT
        else np.shape(node.value) == np.shape(after.nodes[i].value)
        for i, node in graph.nodes.items()
        if node.leaf and i in after.nodes
    )
    ends = [n.op for n in graph.nodes.values() if n.op in OPS and OPS[n.op].kind == "loss"]
    return (
        same
        and graph.nodes.keys() == after.nodes.keys()
        and ends == [n.op for n in after.nodes.values() if n.op in OPS and OPS[n.op].kind == "loss"]
    )
