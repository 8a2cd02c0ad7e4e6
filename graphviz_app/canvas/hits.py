"""What is under a point of the canvas: ports, wires and notes.  Scene pixels; knows no Qt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.graph.graph import Wire
from graphviz_app.canvas.geometry import PORT_STEP
from graphviz_app.canvas.model import CanvasModel

OUT = -1  # the number of the output port


class Port(NamedTuple):
    """A port of a node: an input's number, or OUT."""

    node: str
    number: int


def input_ports(model: CanvasModel, node: int, growing: bool = False) -> dict[int, float]:
    """The inputs of a node that are drawn, by number, with their heights.

    With ``growing`` an op of any number of inputs has one more, below the others.
    """
    heights = {k: dy for k, dy in enumerate(model.port_heights[node]) if dy is not None}
    if growing and model.grows[node] and all(model.nodes[node].inputs):
        count = len(model.port_heights[node])
        heights[count] = max(heights.values(), default=-PORT_STEP) + PORT_STEP
    return heights


def port_place(model: CanvasModel, port: Port) -> tuple[float, float]:
    """Where a port is.  An input that stands in the label is at the node's left edge."""
    node = model.index[port.node]
    (x, y), (width, _) = model.geometry.xy[node].tolist(), model.geometry.size[node].tolist()
    if port.number == OUT:
        return x + width / 2, y
    return x - width / 2, y + input_ports(model, node, growing=True).get(port.number, 0.0)


def port_at(
    model: CanvasModel, x: float, y: float, radius: float, growing: bool = False
) -> Port | None:
    """The nearest port within ``radius``, or None."""
    near = model.geometry.nodes_in((x - radius, y - radius, x + radius, y + radius), radius)
    best, least = None, radius
    for node in near.tolist():
        numbers = [OUT, *input_ports(model, node, growing)]
        for port in (Port(model.ids[node], number) for number in numbers):
            px, py = port_place(model, port)
            distance = float(np.hypot(px - x, py - y))
            if distance <= least:
                best, least = port, distance
    return best


def wire_at(model: CanvasModel, x: float, y: float, radius: float) -> int:
    """The wire that passes within ``radius`` of a point, or −1."""
    geometry = model.geometry
    near = geometry.wires_in((x - radius, y - radius, x + radius, y + radius))
    best, least = -1, radius
    for wire in near.tolist():
        points = geometry.points_along(wire)
        distance = _distance(points, x, y)
        if distance < least:
            best, least = wire, distance
    return best


def bend_at(model: CanvasModel, x: float, y: float, radius: float) -> tuple[int, int] | None:
    """The wire, and which of the points that it is led over, within ``radius``; or None."""
    for wire, points in model.geometry.fixed.items():
        for number, (px, py) in enumerate(points):
            if np.hypot(px - x, py - y) <= radius:
                return wire, number
    return None


def with_bend(model: CanvasModel, wire: int, at: tuple[float, float]) -> list[tuple[float, float]]:
    """The points that a wire is led over, and ``at`` between those that it lies between."""
    points = list(model.geometry.fixed.get(wire, ()))
    line = model.geometry.points_along(wire)
    each = len(line) // (len(points) + 1)  # points of the curve between two bends
    nearest = int(np.argmin(np.hypot(line[:, 0] - at[0], line[:, 1] - at[1])))
    points.insert(min(nearest // each, len(points)), at)
    return points


def wires_cut(model: CanvasModel, stroke: list[tuple[float, float]]) -> list[int]:
    """The wires that a line drawn by hand crosses."""
    if len(stroke) < 2:
        return []
    line = np.array(stroke)
    (left, top), (right, bottom) = line.min(axis=0), line.max(axis=0)
    near = model.geometry.wires_in((left, top, right, bottom)).tolist()
    return [wire for wire in near if _cross(model.geometry.points_along(wire), line)]


def _distance(points: np.ndarray, x: float, y: float) -> float:
    """How far a point is from a polyline."""
    start, way = points[:-1], np.diff(points, axis=0)
    lengths = np.maximum((way**2).sum(axis=1), 1e-9)
    t = np.clip((((x, y) - start) * way).sum(axis=1) / lengths, 0.0, 1.0)
    nearest = start + t[:, None] * way
    return float(np.hypot(nearest[:, 0] - x, nearest[:, 1] - y).min())


def _cross(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two polylines cross."""
    p, r = first[:-1, None], np.diff(first, axis=0)[:, None]
    q, s = second[None, :-1], np.diff(second, axis=0)[None]
    denominator = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    gap = q - p
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (gap[..., 0] * s[..., 1] - gap[..., 1] * s[..., 0]) / denominator
        u = (gap[..., 0] * r[..., 1] - gap[..., 1] * r[..., 0]) / denominator
    return bool(((t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)).any())


def note_at(model: CanvasModel, x: float, y: float) -> str:
    """The id of the note under a point, or an empty string."""
    for note in reversed(model.notes):
        left, top, right, bottom = note.box
        if left <= x <= right and top <= y <= bottom:
            return note.id
    return ""


def group_at(model: CanvasModel, x: float, y: float, reach: float) -> str:
    """The id of the group whose title or border is under a point, or an empty string."""
    for frame in reversed(model.frames):
        if not frame.group:
            continue
        left, top, right, bottom = model.frame_box(frame)
        on_title = left <= x <= left + 12 + 8 * len(frame.title) and top - 24 <= y <= top
        outer = left - reach <= x <= right + reach and top - reach <= y <= bottom + reach
        inner = left + reach < x < right - reach and top + reach < y < bottom - reach
        if on_title or (outer and not inner):
            return frame.group
    return ""


def things_in(model: CanvasModel, box: tuple[float, float, float, float]) -> set[str]:
    """The nodes and notes that a selection box touches."""
    left, top, right, bottom = box
    xy, half = model.geometry.xy, model.geometry.size / 2
    inside = (xy[:, 0] + half[:, 0] >= left) & (xy[:, 0] - half[:, 0] <= right)
    inside &= (xy[:, 1] + half[:, 1] >= top) & (xy[:, 1] - half[:, 1] <= bottom)
    found = {model.ids[k] for k in np.flatnonzero(inside).tolist()}
    for note in model.notes:
        x0, y0, x1, y1 = note.box
        if x1 >= left and x0 <= right and y1 >= top and y0 <= bottom:
            found.add(note.id)
    return found


def wire_of(model: CanvasModel, wire: int) -> Wire:
    """A drawn wire as the graph knows it."""
    return Wire(*model.wires[wire])
