"""What is said of a node or port under the pointer."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph.bypass import own_op
from engine.ops import OPS
from engine.ops.op import shape_text
from graphviz_app.canvas.elements import Element
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.labels import plain_text
from graphviz_app.canvas.model import CanvasModel

Reader = Callable[[str], tuple[Any, Any] | None]  # a node's value and gradient in full, by id


def nothing_known(_node: str) -> None:
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
    for name, number in zip(("value", "gradient"), pair or (), strict=False):
        if number is not None:
            lines.append(f"{name} <code>{html.escape(in_full(number))}</code>")
    if pair and np.ndim(pair[0]):
        lines.append("shape " + "×".join(map(str, np.shape(pair[0]))))
    if where in model.problems:
        sentence = html.escape(model.problems[where])
        lines.append(f'<span style="color:{problem_color}">{sentence}</span>')
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


def in_full(number: Any) -> str:
    """Every digit of a number; the first few numbers of an array."""
    if np.ndim(number) == 0:
        return repr(float(number)).replace("-", "−")
    with np.printoptions(threshold=12, edgeitems=3, precision=6):
        return str(np.asarray(number))
