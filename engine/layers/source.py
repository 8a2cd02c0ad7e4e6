"""A network written down again: the listing that Keras or PyTorch would be given for a graph.

What is written is what ``listing.py`` reads, so both ways lead to the same network.  A graph that
is no chain of layers has no such listing, and the reason is one sentence at one node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.graph.bypass import bypassed
from engine.graph.graph import INPUT, Graph, Node
from engine.graph.labels import text_label
from engine.graph.owned import has_layers
from engine.graph.problems import infer_shapes
from engine.layers.forms import KERAS_EPSILON, TORCH_ACTIVATIONS, TORCH_EPSILON
from engine.layers.network import layer_name, leaves_of
from engine.layers.table import LAYERS
from engine.ops import OPS
from engine.ops.op import Shape


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a listing, and the id of the node that it stands for ("" for none)."""

    text: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A listing; or, without lines, why there is none (``trouble``) and at which ``node``."""

    lines: tuple[Line, ...] = ()
    trouble: str = ""
    node: str = ""

    @property
    def text(self) -> str:
        """The listing as one text."""
        return "\n".join(line.text for line in self.lines)


class _NoListingError(Exception):
    """Why a graph cannot be written, and the node."""

    def __init__(self, trouble: str, node: str = "") -> None:
        super().__init__(trouble)
        self.node = node


@dataclass(frozen=True, slots=True)
class _Chain:
    """The input, the layers in order and the loss ("" for none) of a network in a row."""

    input: str
    layers: tuple[str, ...]
    loss: str


def keras(graph: Graph) -> Source:
    """The network as a Keras ``Sequential`` listing."""
    return _written(graph, _keras_lines)


def torch(graph: Graph) -> Source:
    """The network as a PyTorch ``nn.Sequential`` listing."""
    return _written(graph, _torch_lines)


def _written(
    graph: Graph, lines: Callable[[Graph, _Chain, Mapping[str, Shape]], list[Line]]
) -> Source:
    shapes = infer_shapes(graph)
    try:
        return Source(tuple(lines(graph, _chain(graph, shapes), shapes)))
    except _NoListingError as error:
        return Source((), str(error), error.node)


# the chain --------------------------------------------------------------------------------------


def _chain(graph: Graph, shapes: Mapping[str, Shape]) -> _Chain:
    """The layers from the input to the output; raises _NoListingError."""
    if not has_layers(graph):
        raise _NoListingError("There are no layers in this graph.")
    at, loss, layers = graph.output, "", []
    last = graph.nodes.get(at)
    if last is None:
        raise _NoListingError("This graph has no output.")
    if last.op in OPS and OPS[last.op].kind == "loss" and _whole(graph, last):
        at, loss = last.inputs[0], at
    seen = {loss} if loss else set()
    while (node := graph.nodes.get(at)) is not None and not node.leaf and at not in seen:
        _check_link(graph, node)
        seen.add(at)
        layers.append(at)
        at = node.inputs[0]
    if node is None or node.op != INPUT or np.ndim(node.value) < 2:
        raise _NoListingError(
            f"{_called(graph, at)} is no input that holds a batch of examples: "
            "Sequential begins with one.",
            at,
        )
    if any(i not in shapes for i in layers):
        raise _NoListingError("The shapes of this network do not meet yet.", layers[-1])
    parts = {at, *layers, *([loss] if loss else [])}
    parts |= {leaf for i in parts - {at} for leaf in leaves_of(graph, i)}
    for other in graph.nodes:
        if other not in parts:
            raise _NoListingError(
                f"{_called(graph, other)} stands outside the chain of layers: "
                "Sequential is that one chain.",
                other,
            )
    _check_forks(graph, at, layers)
    return _Chain(at, tuple(reversed(layers)), loss)


def _check_forks(graph: Graph, first: str, layers: list[str]) -> None:
    users = graph.users()
    for i in (first, *layers):
        if len(users[i]) > 1:
            raise _NoListingError(
                f"{_called(graph, i)} feeds more than one layer: Sequential has no way around one.",
                i,
            )


def _check_link(graph: Graph, node: Node) -> None:
    """Raises _NoListingError for a node that is no layer in a row."""
    name = layer_name(node.op)
    if bypassed(node):
        raise _NoListingError(
            f"{_called(graph, node.id)} is bypassed: bring it back or delete it.", node.id
        )
    if not name or OPS[node.op].kind == "loss":
        raise _NoListingError(
            f"{_called(graph, node.id)} is no layer: Sequential holds layers only.", node.id
        )
    if LAYERS[name].several:
        raise _NoListingError(
            f"{name} joins several inputs: Sequential is one chain of layers.", node.id
        )
    if not _whole(graph, node):
        raise _NoListingError(
            f"{_called(graph, node.id)} shares its weights or computes them: "
            "Sequential gives each layer its own.",
            node.id,
        )


def _whole(graph: Graph, node: Node) -> bool:
    """Whether all that a layer needs beside its input are leaves of its own."""
    return set(node.inputs[1:]) == set(leaves_of(graph, node.id))


def _called(graph: Graph, node_id: str) -> str:
    return f"“{text_label(graph, node_id)}”"


# Keras ------------------------------------------------------------------------------------------


def _keras_lines(graph: Graph, chain: _Chain, shapes: Mapping[str, Shape]) -> list[Line]:
    lines = [Line("model = Sequential()")]
    for place, node_id in enumerate(chain.layers):
        node = graph.nodes[node_id]
        name, arguments = _keras_call(graph, node, shapes)
        if place == 0:
            arguments = [*arguments, _keras_input(name, shapes[chain.input][1:])]
        lines.append(Line(f"model.add({_call(name, arguments)})", node_id))
    if chain.loss:
        op = graph.nodes[chain.loss].op
        loss, measures = _KERAS_LOSSES[op]
        if _of_classes(op) and not _one_hot(graph, chain.loss, shapes):
            loss = loss.replace("'c", "'sparse_c").replace("Cat", "SparseCat")
        given = [f"loss={loss}", "optimizer='adam'", *(["metrics=['accuracy']"] * measures)]
        lines.append(Line("model.compile(", chain.loss))
        lines += [Line(f"    {argument},", chain.loss) for argument in given]
        lines.append(Line(")", chain.loss))
    return lines


def _keras_input(name: str, shape: Shape) -> str:
    if name == "Embedding":
        return f"input_length={shape[0]}"
    return f"input_dim={shape[0]}" if len(shape) == 1 else f"input_shape={shape!r}"


def _keras_call(graph: Graph, node: Node, shapes: Mapping[str, Shape]) -> tuple[str, list[str]]:
    """(Keras' name, the arguments) of a layer; raises _NoListingError."""
    name, attrs = layer_name(node.op), OPS[node.op].with_defaults(node.attrs)
    weight = _weight_shape(node, shapes)
    match name:
        case "Dense":
            bias = [] if node.op == "dense" else ["use_bias=False"]
            return "Dense", [f"{weight[1]}", *_keras_bend(attrs["activation"]), *bias]
        case "Conv2D":
            _check_square(graph, node, weight)
            step = [f"strides={attrs['stride']}"] if attrs["stride"] != 1 else []
            edge = [f"padding='{attrs['padding']}'"] if attrs["padding"] != "valid" else []
            bend = _keras_bend(attrs["activation"])
            bias = ["use_bias=False"] if node.op == "conv_unbiased" else []
            return "Conv2D", [f"{weight[3]}", f"{weight[0]}", *step, *edge, *bend, *bias]
        case "Activation" if node.op == "leaky_relu":
            return "LeakyReLU", [f"negative_slope={attrs['slope']!r}"]
        case "Activation":
            _check_bend(graph, node, attrs)
            return "Activation", [repr(node.op)]
        case "Dropout":
            return "Dropout", [repr(attrs["rate"])]
        case "Softmax":
            return "Softmax", [] if attrs["axis"] == -1 else [f"axis={attrs['axis']}"]
        case "BatchNorm":
            return "BatchNormalization", _epsilon("epsilon", attrs, KERAS_EPSILON)
        case "LayerNorm":
            return "LayerNormalization", _epsilon("epsilon", attrs, KERAS_EPSILON)
        case "Flatten":
            return "Flatten", []
        case "Embedding":
            return "Embedding", [f"{weight[0]}", f"{weight[1]}"]
        case "MaxPool":
            step = [f"strides={attrs['stride']}"] if attrs["stride"] is not None else []
            return "MaxPooling2D", [f"{attrs['size']}", *step]
    raise _NoListingError(f"Keras has no layer that does what {name} does.", node.id)


def _keras_bend(name: str) -> list[str]:
    if name == "linear":
        return []
    if name == "leaky_relu":  # Keras' own word has another slope
        slope = OPS["leaky_relu"].attrs["slope"]
        return [f"activation=LeakyReLU(negative_slope={slope!r})"]
    return [f"activation='{name}'"]


_KERAS_LOSSES = {  # op -> (as Keras writes it, whether answers are classes)
    "mse": ("'mse'", False),
    "mae": ("'mae'", False),
    "bce": ("'binary_crossentropy'", True),
    "bce_from_logits": ("BinaryCrossentropy(from_logits=True)", True),
    "cross_entropy": ("'categorical_crossentropy'", True),
    "cross_entropy_from_logits": ("CategoricalCrossentropy(from_logits=True)", True),
}


# PyTorch ----------------------------------------------------------------------------------------


def _torch_lines(graph: Graph, chain: _Chain, shapes: Mapping[str, Shape]) -> list[Line]:
    lines, before = [Line("model = nn.Sequential(")], shapes[chain.input]
    for node_id in chain.layers:
        for name, arguments in _torch_calls(graph, graph.nodes[node_id], shapes, before):
            lines.append(Line(f"    nn.{_call(name, arguments)},", node_id))
        before = shapes[node_id]
    lines.append(Line(")"))
    lines.append(Line(_torch_data(graph, chain, shapes), chain.input))
    if chain.loss:
        loss = _TORCH_LOSSES[op := graph.nodes[chain.loss].op]
        if _of_classes(op) and _one_hot(graph, chain.loss, shapes):
            loss = loss.replace(" y)", " y.argmax(-1))")
        lines.append(Line(f"loss = {loss}", chain.loss))
    return lines


def _torch_data(graph: Graph, chain: _Chain, shapes: Mapping[str, Shape]) -> str:
    batch, *one = shapes[chain.input]
    first = graph.nodes[chain.layers[0]]
    if len(one) == 3:  # images: channels first
        one = [one[2], *one[:2]]
    if first.op == "embedding":
        return f"x = torch.randint({shapes[first.inputs[1]][0]}, {(batch, *one)!r})"
    return f"x = torch.randn({', '.join(map(str, (batch, *one)))})"


def _torch_calls(
    graph: Graph, node: Node, shapes: Mapping[str, Shape], before: Shape
) -> list[tuple[str, list[str]]]:
    """[(PyTorch's name, the arguments)] of a layer; raises _NoListingError."""
    name, attrs = layer_name(node.op), OPS[node.op].with_defaults(node.attrs)
    weight = _weight_shape(node, shapes)
    if len(before) == 4 and name in ("Dense", "LayerNorm", "Softmax"):
        raise _NoListingError(
            f"{name} works along the channels of images, which PyTorch keeps first: "
            "put a Flatten before it.",
            node.id,
        )
    match name:
        case "Dense":
            bias = [] if node.op == "dense" else ["bias=False"]
            linear = ("Linear", [f"{weight[0]}", f"{weight[1]}", *bias])
            return [linear, *_torch_bend(graph, node, attrs["activation"], {})]
        case "Conv2D":
            _check_square(graph, node, weight)
            if attrs["activation"] == "softmax" or (
                attrs["padding"] == "same" and attrs["stride"] != 1
            ):
                raise _NoListingError("PyTorch has no Conv2d with these settings.", node.id)
            step = [f"stride={attrs['stride']}"] if attrs["stride"] != 1 else []
            edge = ["padding='same'"] if attrs["padding"] == "same" else []
            bias = ["bias=False"] if node.op == "conv_unbiased" else []
            sizes = [f"{weight[2]}", f"{weight[3]}", f"{weight[0]}"]
            conv = ("Conv2d", [*sizes, *step, *edge, *bias])
            return [conv, *_torch_bend(graph, node, attrs["activation"], {})]
        case "Activation":
            return _torch_bend(graph, node, node.op, attrs)
        case "Dropout":
            return [("Dropout", [repr(attrs["rate"])])]
        case "Softmax":
            return [("Softmax", [f"dim={attrs['axis']}"])]
        case "BatchNorm" if len(before) in (2, 4):
            which = "BatchNorm1d" if len(before) == 2 else "BatchNorm2d"
            return [(which, [f"{before[-1]}", *_epsilon("eps", attrs, TORCH_EPSILON)])]
        case "LayerNorm":
            return [("LayerNorm", [f"{before[-1]}", *_epsilon("eps", attrs, TORCH_EPSILON)])]
        case "Flatten":
            return [("Flatten", [])]
        case "Embedding":
            return [("Embedding", [f"{weight[0]}", f"{weight[1]}"])]
        case "MaxPool":
            step = [f"stride={attrs['stride']}"] if attrs["stride"] is not None else []
            return [("MaxPool2d", [f"{attrs['size']}", *step])]
    raise _NoListingError(f"PyTorch has no layer that does what {name} does here.", node.id)


def _torch_bend(
    graph: Graph, node: Node, name: str, attrs: Mapping[str, Any]
) -> list[tuple[str, list[str]]]:
    if name == "linear":
        return []
    if name == "softmax":
        return [("Softmax", ["dim=-1"])]
    if name == "leaky_relu":
        return [("LeakyReLU", [repr(attrs.get("slope", OPS["leaky_relu"].attrs["slope"]))])]
    _check_bend(graph, node, attrs)
    return [(TORCH_ACTIVATIONS[name], [])]


_TORCH_LOSSES = {
    "mse": "nn.MSELoss()(model(x), y)",
    "mae": "nn.L1Loss()(model(x), y)",
    "bce": "nn.BCELoss()(model(x), y)",
    "bce_from_logits": "nn.BCEWithLogitsLoss()(model(x), y)",
    "cross_entropy": "nn.NLLLoss()(model(x).log(), y)",
    "cross_entropy_from_logits": "nn.CrossEntropyLoss()(model(x), y)",
}


# both -------------------------------------------------------------------------------------------


def _of_classes(op: str) -> bool:
    return op.startswith("cross_entropy")


def _one_hot(graph: Graph, loss: str, shapes: Mapping[str, Shape]) -> bool:
    """Whether a loss is told the right class as a row of 0 and a single 1."""
    scores, answers = graph.nodes[loss].inputs
    return len(shapes[answers]) == len(shapes[scores])


def _weight_shape(node: Node, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of the first leaf that belongs to a layer, () where it has none."""
    return shapes[node.inputs[1]] if len(node.inputs) > 1 else ()


def _call(name: str, arguments: list[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _epsilon(name: str, attrs: Mapping[str, Any], default: float) -> list[str]:
    return [] if attrs["epsilon"] == default else [f"{name}={attrs['epsilon']!r}"]


def _check_square(graph: Graph, node: Node, kernel: Shape) -> None:
    if kernel[0] != kernel[1]:
        raise _NoListingError(f"{_called(graph, node.id)} has a window that is no square.", node.id)


def _check_bend(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> None:
    """Raises _NoListingError for an activation that is not as Keras and PyTorch have it."""
    if attrs.get("alpha", 1.0) != 1.0 or attrs.get("approximate", "none") != "none":
        raise _NoListingError(
            f"{_called(graph, node.id)} is bent in a way that cannot be written here.", node.id
        )
