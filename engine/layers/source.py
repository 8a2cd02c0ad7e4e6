"""A network as the listing that one would write in Keras or PyTorch, line by line.

Only a chain of layers can be written so.  What has no layer there becomes a comment, and
``missing`` says so; ``engine.layers.listing`` reads all the rest again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from engine.graph.graph import INPUT, Graph, Node
from engine.graph.owned import owned_leaves
from engine.graph.problems import infer_shapes, node_title
from engine.layers.network import layer_name
from engine.ops import OPS
from engine.ops.op import Shape


class Line(NamedTuple):
    """A line of a listing and the node that it stands for ("" for none)."""

    text: str
    node: str = ""


@dataclass(slots=True)
class Source:
    """A listing.  ``missing`` says in a sentence what of the graph is not in it, "" if all is."""

    lines: list[Line] = field(default_factory=list)
    missing: str = ""

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(f"{line.text}\n" for line in self.lines)


Call = tuple[str, dict[str, Any]]  # a layer's name there, and its arguments ("" is positional)
Writer = Callable[[Node, Shape, Shape, Graph], list[Call]]


def keras(graph: Graph) -> Source:
    """The ``Sequential`` listing of a network."""
    return _written(graph, _KERAS, _keras_frame)


def torch(graph: Graph) -> Source:
    """The ``nn.Sequential`` listing of a network."""
    return _written(graph, _TORCH, _torch_frame)


def chain_of(graph: Graph) -> tuple[list[Node], str]:
    """The layers of a network from its input on, and why it is no chain of layers, "" if it is."""
    owned = owned_leaves(graph)
    chain: list[Node] = []
    node = graph.nodes.get(graph.output)
    while node is not None and not node.leaf:
        joins = [i for i in node.inputs[1:] if i not in owned]
        if not layer_name(node.op) and not _activation(node.op):
            return [], f"{node_title(node)} is no layer of a listing."
        if joins or not node.inputs:
            return [], f"{node_title(node)} joins several values, and a listing is a chain."
        chain.append(node)
        node = graph.nodes.get(node.inputs[0])
    if node is None or node.op != INPUT or not chain:
        return [], "A listing needs layers behind an input: drag one from the palette."
    seen = {node.id, *(n.id for n in chain)} | {i for i, o in owned.items() if o in graph.nodes}
    rest = next((n for n in graph.nodes.values() if n.id not in seen), None)
    if rest is not None:
        return [], f"{node_title(rest)} stands beside the chain, and a listing has no place for it."
    return [node, *reversed(chain)], ""


def _activation(op: str) -> bool:
    return op in OPS and OPS[op].kind == "activation"


def _written(
    graph: Graph,
    table: dict[str, Writer],
    frame: Callable[[list[tuple[list[Call], Node]], Node | None, Shape, Graph], list[Line]],
) -> Source:
    chain, why = chain_of(graph)
    if why:
        return Source(missing=why)
    shapes = infer_shapes(graph)
    if any(node.id not in shapes for node in chain):
        return Source(missing="The shapes of these layers do not meet yet: see the problems.")
    layers: list[tuple[list[Call], Node]] = []
    loss, missing = None, ""
    for before, node in pairwise(chain):
        if OPS[node.op].kind == "loss":
            loss = node
            continue
        write = table.get(node.op) or (table["activation"] if _activation(node.op) else None)
        calls = write(node, shapes[before.id], shapes[node.id], graph) if write else []
        if not calls:
            missing = missing or f"{layer_name(node.op)} has no such layer there: it is a comment."
        layers.append((calls, node))
    return Source(frame(layers, loss, shapes[chain[0].id], graph), missing)


def _called(call: Call, prefix: str = "") -> str:
    name, arguments = call
    inside = ", ".join(repr(v) if k.startswith("_") else f"{k}={v!r}" for k, v in arguments.items())
    return f"{prefix}{name}({inside})"


def _setting(node: Node, name: str) -> Any:
    return OPS[node.op].with_defaults(node.attrs)[name]


# Keras ------------------------------------------------------------------------------------------


def _keras_frame(
    layers: list[tuple[list[Call], Node]], loss: Node | None, shape: Shape, graph: Graph
) -> list[Line]:
    lines = [Line("model = Sequential()")]
    wanted: Shape | None = shape[1:]
    if layers and not layers[0][0]:
        lines.append(Line(f"model.add(Input(shape={wanted!r}))"))
        wanted = None
    for calls, node in layers:
        if not calls:
            lines.append(Line(f"# {layer_name(node.op)}", node.id))
        for name, arguments in calls:
            if wanted is not None:
                words = name == "Embedding"
                flat = len(wanted) == 1 and not words
                key = "input_length" if words else "input_dim" if flat else "input_shape"
                arguments = arguments | {key: wanted[0] if words or flat else wanted}
                wanted = None
            lines.append(Line(f"model.add({_called((name, arguments))})", node.id))
    if loss is not None:
        lines.append(Line(f"model.compile(loss={_keras_loss(loss, graph)},", loss.id))
        metrics = loss.op not in ("mse", "mae")
        lines.append(Line(f"              optimizer='adam'{',' if metrics else ')'}", loss.id))
        if metrics:
            lines.append(Line("              metrics=['accuracy'])", loss.id))
    return lines


def _keras_loss(loss: Node, graph: Graph) -> str:
    shapes = infer_shapes(graph)
    sparse = len(shapes[loss.inputs[1]]) < len(shapes[loss.inputs[0]])
    if loss.op == "cross_entropy_from_logits":
        return f"{'Sparse' if sparse else ''}CategoricalCrossentropy(from_logits=True)"
    if loss.op == "bce_from_logits":
        return "BinaryCrossentropy(from_logits=True)"
    name = {"bce": "binary_crossentropy", "cross_entropy": "categorical_crossentropy"}
    return repr(("sparse_" if sparse else "") + name.get(loss.op, loss.op))


def _keras_activation(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    if node.op == "leaky_relu":
        return [("LeakyReLU", {"negative_slope": _setting(node, "slope")})]
    return [("Activation", {"_": node.op})]


def _keras_dense(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    arguments: dict[str, Any] = {"_": after[-1]}
    if _setting(node, "activation") != "linear":
        arguments["activation"] = _setting(node, "activation")
    if node.op == "projection":
        arguments["use_bias"] = False
    return [("Dense", arguments)]


def _keras_conv(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    size = _shape_of(graph, node.inputs[1])[0]
    arguments: dict[str, Any] = {"_": after[-1], "_2": size}
    if _setting(node, "stride") != 1:
        arguments["strides"] = _setting(node, "stride")
    for name, default in (("padding", "valid"), ("activation", "linear")):
        if _setting(node, name) != default:
            arguments[name] = _setting(node, name)
    return [("Conv2D", arguments)]


def _keras_pool(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    stride = _setting(node, "stride")
    step = {} if stride is None else {"strides": stride}
    return [("MaxPooling2D", {"_": _setting(node, "size"), **step})]


def _shape_of(graph: Graph, leaf: str) -> Shape:
    return np.shape(graph.nodes[leaf].value)


_KERAS: dict[str, Writer] = {
    "activation": _keras_activation,
    "dense": _keras_dense,
    "projection": _keras_dense,
    "conv_layer": _keras_conv,
    "max_pool": _keras_pool,
    "dropout": lambda n, a, b, g: [("Dropout", {"_": _setting(n, "rate")})],
    "softmax": lambda n, a, b, g: [
        ("Softmax", {} if _setting(n, "axis") == -1 else {"axis": _setting(n, "axis")})
    ],
    "batch_norm": lambda n, a, b, g: [("BatchNormalization", {"epsilon": _setting(n, "epsilon")})],
    "layer_norm": lambda n, a, b, g: [("LayerNormalization", {"epsilon": _setting(n, "epsilon")})],
    "flatten": lambda n, a, b, g: [("Flatten", {})],
    "embedding": lambda n, a, b, g: [
        ("Embedding", {"_": _shape_of(g, n.inputs[1])[0], "_2": b[-1]})
    ],
}


# PyTorch ----------------------------------------------------------------------------------------

_TO_TORCH = {
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "softplus": "Softplus",
}
_TORCH_LOSSES = {
    "mse": "MSELoss",
    "mae": "L1Loss",
    "bce": "BCELoss",
    "bce_from_logits": "BCEWithLogitsLoss",
    "cross_entropy_from_logits": "CrossEntropyLoss",
}


def _torch_frame(
    layers: list[tuple[list[Call], Node]], loss: Node | None, shape: Shape, graph: Graph
) -> list[Line]:
    lines = [Line("model = nn.Sequential(")]
    for calls, node in layers:
        if not calls:
            lines.append(Line(f"    # {layer_name(node.op)}", node.id))
        lines += [Line(f"    {_called(call, 'nn.')},", node.id) for call in calls]
    lines.append(Line(")"))
    if loss is not None and loss.op in _TORCH_LOSSES:
        lines.append(Line(f"loss = nn.{_TORCH_LOSSES[loss.op]}()", loss.id))
    elif loss is not None:
        lines.append(Line("# nn.CrossEntropyLoss takes scores: leave the softmax out", loss.id))
    return lines


def _torch_activation(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    if node.op == "leaky_relu":
        return [("LeakyReLU", {"_": _setting(node, "slope")})]
    return _torch_called(node.op)


def _torch_called(activation: str) -> list[Call]:
    if activation == "linear":
        return []
    if activation == "softmax":
        return [("Softmax", {"dim": -1})]
    slope = {"_": 0.1} if activation == "leaky_relu" else {}
    return [(_TO_TORCH.get(activation, "LeakyReLU"), slope)]


def _torch_dense(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    arguments: dict[str, Any] = {"_": before[-1], "_2": after[-1]}
    if node.op == "projection":
        arguments["bias"] = False
    return [("Linear", arguments), *_torch_called(_setting(node, "activation"))]


def _torch_conv(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    stride, padding = _setting(node, "stride"), _setting(node, "padding")
    if padding == "same" and stride != 1:
        return []
    size = _shape_of(graph, node.inputs[1])[0]
    arguments: dict[str, Any] = {"_": before[-1], "_2": after[-1], "_3": size}
    if stride != 1:
        arguments["stride"] = stride
    if padding != "valid":
        arguments["padding"] = padding
    return [("Conv2d", arguments), *_torch_called(_setting(node, "activation"))]


def _torch_pool(node: Node, before: Shape, after: Shape, graph: Graph) -> list[Call]:
    stride = _setting(node, "stride")
    step = {} if stride is None else {"stride": stride}
    return [("MaxPool2d", {"_": _setting(node, "size"), **step})]


def _torch_norm(name: str) -> Writer:
    return lambda n, a, b, g: [(name, {"_": b[-1], "eps": _setting(n, "epsilon")})]


_TORCH: dict[str, Writer] = {
    "activation": _torch_activation,
    "dense": _torch_dense,
    "projection": _torch_dense,
    "conv_layer": _torch_conv,
    "max_pool": _torch_pool,
    "dropout": lambda n, a, b, g: [("Dropout", {"_": _setting(n, "rate")})],
    "softmax": lambda n, a, b, g: [("Softmax", {"dim": _setting(n, "axis")})],
    "batch_norm": _torch_norm("BatchNorm1d"),
    "layer_norm": _torch_norm("LayerNorm"),
    "flatten": lambda n, a, b, g: [("Flatten", {})],
    "embedding": lambda n, a, b, g: [
        ("Embedding", {"_": _shape_of(g, n.inputs[1])[0], "_2": b[-1]})
    ],
}
