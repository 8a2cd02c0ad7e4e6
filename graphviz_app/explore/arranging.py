"""Where things go as something is opened or inserted among nodes that were placed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from engine import edits
from engine.graph.graph import Graph, Wire
from engine.graph.levels import Frame, Opened, as_shown
from engine.graph.problems import infer_shapes
from graphviz_app.canvas.faces import faces_of
from graphviz_app.canvas.geometry import Box
from graphviz_app.canvas.layout import Layout, LayoutTask
from graphviz_app.canvas.model import CanvasModel, ranks_of
from graphviz_app.canvas.room import AIR, clear_room, middle, overlap, push_right, shifted

Point = tuple[float, float]
Places = dict[str, Point]


def _things(model: CanvasModel, without: str) -> dict[str, Box]:
    boxes = {i: model.area(i) for i in model.ids if i != without}
    boxes.update((note.id, note.box) for note in model.notes)
    return boxes


def _moved(model: CanvasModel, ways: dict[str, Point]) -> Places:
    """The places of things that go these ways."""
    at = {note.id: note.box[:2] for note in model.notes if note.id in ways}
    at.update((i, model.geometry.xy[model.index[i]].tolist()) for i in ways if i not in at)
    return {i: (at[i][0] + dx, at[i][1] + dy) for i, (dx, dy) in ways.items()}


def places_when_opened(
    graph: Graph, key: str, shown: CanvasModel, lay_out: Callable[[LayoutTask], Layout]
) -> tuple[Places, Places]:
    """The places of what is inside ``key``, and of other things that make way for it.

    ``key`` is a composite or group of ``graph``, just opened, of which ``shown`` still shows the
    node that stood for it.  A group whose nodes have places keeps these where that is possible.
    What comes up outside, such as the elements of the layer before, is laid out with the inside.
    """
    opened = as_shown(graph)
    frame = next((f for f in opened.frames if key in (f.node, f.group)), None)
    if frame is None:
        return {}, {}
    where = next(shown.index[i] for i in (key, *frame.members) if i in shown.index)
    there = {*shown.index, *frame.members}
    beside = [i for i in opened.graph.nodes if i not in there]
    block = [*beside, *frame.members]
    inside = _alone(graph, opened, block, [frame], lay_out)
    stood = shown.ids[where]
    others, origin = _things(shown, without=stood), shown.area(stood)
    if frame.group and all(i in graph.positions for i in inside.ids):
        inside.set_positions(graph.positions)
        areas = [inside.area(i) for i in inside.ids]
        if not any(overlap(area, box) for area in areas for box in others.values()):
            return {}, {}
        start = (0.0, 0.0)
    else:
        start = _start(inside, origin)
    return _put(inside, start, shown, others, origin)


def _alone(
    graph: Graph,
    opened: Opened,
    ids: Iterable[str],
    frames: Iterable[Frame],
    lay_out: Callable[[LayoutTask], Layout],
) -> CanvasModel:
    """Some of the nodes of ``opened``, laid out by themselves."""
    shapes = infer_shapes(opened.graph)
    return CanvasModel.from_graph(
        Graph(opened.graph.nodes[i] for i in ids),
        frames,
        ranks=ranks_of(opened, shapes),
        lay_out=lay_out,
        faces=faces_of(graph, opened, shapes),
        inside=opened.inside,
    )


def _start(block: CanvasModel, origin: Box) -> Point:
    """The way of ``block`` to where ``origin`` begins, its middle as high as that one's."""
    box = block.geometry.bounds()
    return origin[0] - box[0], middle(origin)[1] - middle(box)[1]


def _put(
    block: CanvasModel, start: Point, shown: CanvasModel, others: Mapping[str, Box], origin: Box
) -> tuple[Places, Places]:
    offset, ways = clear_room(others, origin, shifted(block.bounds(), *start))
    dx, dy = start[0] + offset[0], start[1] + offset[1]
    return _moved(block, dict.fromkeys(block.ids, (dx, dy))), _moved(shown, ways)


def places_apart(
    graph: Graph, before: CanvasModel, lay_out: Callable[[LayoutTask], Layout]
) -> Places:
    """The places of nodes that go right so that none lies on another, but for what a person put so.

    What several layers opened one after another took from each other is given back in another
    order; this makes good what is left.
    """
    opened = as_shown(graph)
    shown = CanvasModel.of_view(graph, opened, infer_shapes(opened.graph), lay_out)
    boxes = _things(shown, without="")
    by_hand = {i: box for i, box in _things(before, without="").items() if i in graph.nodes}
    met = set(_lying_on_another(by_hand))
    ways: dict[str, Point] = {}
    for _ in range(len(boxes)):
        pair = next((pair for pair in _lying_on_another(boxes) if pair not in met), None)
        if pair is None:
            break
        stays, goes = sorted(pair, key=lambda i: (middle(boxes[i])[0], i))
        distance = boxes[stays][2] + AIR - boxes[goes][0]
        for i in push_right(boxes, [goes], distance) - {stays}:
            boxes[i] = shifted(boxes[i], distance, 0.0)
            ways[i] = (ways.get(i, (0.0, 0.0))[0] + distance, 0.0)
    return _moved(shown, ways)


def _lying_on_another(boxes: Mapping[str, Box]) -> list[tuple[str, str]]:
    ids = list(boxes)
    x0, y0, x1, y1 = np.array([boxes[i] for i in ids]).reshape(-1, 4).T
    meet = (x0[:, None] < x1) & (x0 < x1[:, None]) & (y0[:, None] < y1) & (y0 < y1[:, None])
    pairs = np.argwhere(np.triu(meet, 1)).tolist()
    return [(ids[a], ids[b]) for a, b in pairs]


def places_when_folded(
    graph: Graph, key: str, lay_out: Callable[[LayoutTask], Layout]
) -> tuple[str, Places]:
    """What comes up beside the node ``key``, just folded, and the places that follow from it.

    These are its single elements, for a layer behind it that is still open: that layer's id.
    """
    opened = as_shown(graph)
    shown = CanvasModel.of_view(graph, opened, infer_shapes(opened.graph), lay_out)
    beside = [i for i in shown.ids if i not in opened.graph.positions]
    users = opened.graph.users()
    behind = next((opened.owner(w.target) for i in beside for w in users[i]), "")
    if not behind or key not in shown.index:
        return "", {}
    block = _alone(graph, opened, [key, *beside], [], lay_out)
    others = {i: box for i, box in _things(shown, key).items() if i not in beside}
    origin = shown.area(key)
    places, ways = _put(block, _start(block, origin), shown, others, origin)
    return behind, {**ways, **places}


def places_when_inserted(
    graph: Graph, new: str, wire: Wire, shown: CanvasModel, below: Graph
) -> Places:
    """The places of a node that was put into ``wire``, and of what makes way after it.

    ``below`` is the graph that ``shown`` shows.
    """
    boxes = {i: box for i, box in _things(shown, without=new).items() if i in shown.index}
    source, target = boxes[wire.source], boxes[wire.target]
    if target[0] <= source[0]:  # the wire leads back: there is no such thing as its length
        return {}
    alone = CanvasModel.from_graph(Graph([graph.nodes[new]]), positions=graph.positions)
    box = alone.area(new)
    clear = max(0.0, source[2] - box[0])
    places = _moved(alone, {new: (clear, 0.0)}) if clear else {}
    missing = box[2] + clear - target[0]
    if missing > 0:
        after = {wire.target, *edits.downstream(below, [wire.target])} & boxes.keys()
        pushed = push_right(boxes, after, missing)
        places.update(_moved(shown, dict.fromkeys(pushed, (missing, 0.0))))
    return places
