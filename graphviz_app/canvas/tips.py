"""What is said of a node, port or wire under the pointer."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph.bypass import own_op
from engine.graph.graph import Wire
from engine.ops import OPS
from engine.ops.op import shape_text
from graphviz_app.canvas.elements import Element
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.labels import plain_text
from graphviz_app.canvas.model import CanvasModel

Reader = Callable[[str], tuple[Any, Any] | None]  # a node's value and gradient in full, by id


Flow = Callable[[Wire], Any]  # what has flowed back along a wire, in full; None for nothing yet


def nothing_known(_of: str | Wire) -> None:
    """The reader where nobody knows any numbers."""


def port_name(model: CanvasModel, port: Port, reader: Reader) -> str:
    """What a port is called: "b of ×", with the shape that comes in."""
    where = model.index[port.node]
    title = model.nodes[where].name or plain_text(model.labels[where])
    if port.number == OUT:
        return f"output of {title}{_shape(reader, port.node)}"
    node = model.nodes[where]
    op = own_op(node)
    name = OPS[op].input_name(port.number) if op in OPS else str(port.number + 1)
    wired = port.number < len(node.inputs) and node.inputs[port.number]
    return f"input {name} of {title}{_shape(reader, wired) if wired else ''}"


def _shape(reader: Reader, node: str) -> str:
    pair = reader(node)
    if pair is None or pair[0] is None:
        return ""
    return f" · {shape_text(np.shape(pair[0]))}"


def node_tip(model: CanvasModel, node: str, reader: Reader, problem_color: str) -> str:
    """Name, what the op does, the numbers in full and any problem, as HTML."""
    where = model.index[node]
    shown = model.nodes[where]
    title = shown.name or plain_text(model.labels[where])
    lines = [f"<b>{html.escape(title)}</b> · {html.escape(own_op(shown))}"]
    if shown.op in OPS:
        lines.append(html.escape(OPS[shown.op].says))
    if model.unset[where]:
        lines.append("Not set yet: it counts as 1.")
    pair = reader(node)
    lines += _numbers(pair)
    if pair and np.ndim(pair[0]):
        lines.append("shape " + "×".join(map(str, np.shape(pair[0]))))
    if where in model.problems:
        sentence = html.escape(model.problems[where])
        lines.append(f'<span style="color:{problem_color}">{sentence}</span>')
    return "<br>".join(lines)


def port_tip(model: CanvasModel, port: Port, reader: Reader, flow: Flow) -> str:
    """The port's name and the numbers at it, as HTML; of a wired input those of its wire."""
    inputs = model.nodes[model.index[port.node]].inputs
    source = inputs[port.number] if 0 <= port.number < len(inputs) else ""
    if source in model.index:
        return wire_tip(model, Wire(source, port.node, port.number), reader, flow)
    lines = [html.escape(port_name(model, port, reader))]
    return "<br>".join(lines + (_numbers(reader(port.node)) if port.number == OUT else []))


def wire_tip(model: CanvasModel, wire: Wire, reader: Reader, flow: Flow) -> str:
    """Where a wire leads, and the numbers that went along it either way, as HTML."""
    where = model.index[wire.source]
    title = model.nodes[where].name or plain_text(model.labels[where])
    port = port_name(model, Port(wire.target, wire.port), nothing_known)
    lines = [f"<b>{html.escape(title)}</b> → {html.escape(port)}"]
    value: Any = (reader(wire.source) or (None, None))[0]
    back = flow(wire)
    lines += _numbers((value, back), "flows back")
    if back is not None and sum(i == wire.source for n in model.nodes for i in n.inputs) > 1:
        lines.append(f"One of the branches that add up to the gradient of {html.escape(title)}.")
    if np.ndim(value):
        lines.append("shape " + "×".join(map(str, np.shape(value))))
    return "<br>".join(lines)


def element_tip(model: CanvasModel, element: Element, reader: Reader) -> str:
    """One number of a tensor in full, with its gradient, as HTML."""
    where = model.index[element.node]
    title = model.nodes[where].name or plain_text(model.labels[where])
    place = ", ".join(map(str, element.index))
    lines = [f"<b>{html.escape(title)}</b>[{place}]"]
    for name, array in zip(("value", "gradient"), reader(element.node) or (), strict=False):
        if array is not None and np.ndim(array) == len(element.index):
            lines.append(f"{name} <code>{in_full(array[element.index])}</code>")
    return "<br>".join(lines)


def _numbers(pair: tuple[Any, Any] | None, back: str = "gradient") -> list[str]:
    """A line for the value and one for what came back to it, as far as they are known."""
    named = zip(("value", back), pair or (), strict=False)
    return [f"{name} <code>{html.escape(in_full(x))}</code>" for name, x in named if x is not None]


def in_full(number: Any) -> str:
    """Every digit of a number; the first few numbers of an array."""
    if np.ndim(number) == 0:
        return repr(float(number)).replace("-", "−")
    with np.printoptions(threshold=12, edgeitems=3, precision=6):
        return str(np.asarray(number))
