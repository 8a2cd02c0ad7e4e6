"""Where things go as something is opened or inserted among nodes that were placed by hand."""

from __future__ import annotations

from collections.abc import Callable

from engine import edits
from engine.graph.graph import Graph, Wire
from engine.graph.levels import as_shown
from engine.graph.problems import infer_shapes
from graphviz_app.canvas.faces import faces_of
from graphviz_app.canvas.geometry import Box
from graphviz_app.canvas.layout import Layout, LayoutTask
from graphviz_app.canvas.model import CanvasModel
from graphviz_app.canvas.room import clear_room, middle, overlap, push_right, shifted

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
    """
    opened = as_shown(graph)
    frame = next((f for f in opened.frames if key in (f.node, f.group)), None)
    if frame is None:
        return {}, {}
    where = next(shown.index[i] for i in frame.members if i in shown.index)
    inside = CanvasModel.from_graph(
        Graph(opened.graph.nodes[i] for i in frame.members),
        [frame],
        ranks={i: int(shown.ranks[shown.index.get(i, where)]) for i in frame.members},
        lay_out=lay_out,
        faces=faces_of(graph, opened, infer_shapes(opened.graph)),
        inside=opened.inside,
    )
    stood = shown.ids[where]
    others, origin = _things(shown, without=stood), shown.area(stood)
    if frame.group and all(i in graph.positions for i in inside.ids):
        inside.set_positions(graph.positions)
        areas = [inside.area(i) for i in inside.ids]
        if not any(overlap(area, box) for area in areas for box in others.values()):
            return {}, {}
        start = (0.0, 0.0)
    else:
        box = inside.geometry.bounds()
        start = (origin[0] - box[0], middle(origin)[1] - middle(box)[1])
    offset, ways = clear_room(others, origin, shifted(inside.bounds(), *start))
    dx, dy = start[0] + offset[0], start[1] + offset[1]
    return _moved(inside, dict.fromkeys(inside.ids, (dx, dy))), _moved(shown, ways)


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
