"""What the canvas shows: an engine graph as drawn nodes, wires and frames, and their state.

Built once for each structure of the graph; numbers, places and lights change in place.  A
constant that one op uses is not drawn: it stands in that op's label.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import NO_BENDS, Graph, Node, Wire
from engine.ops import OPS
from engine.run.walk import Phase
from graphviz_app.canvas.faces import Face, Neuron, Tile, faces_of, of_example
from graphviz_app.canvas.geometry import LABEL_REACH, Box, Geometry, Point
from graphviz_app.canvas.kinds import Kind, group_kind, kind_of, op_kind
from graphviz_app.canvas.labels import Label
from graphviz_app.canvas.layout import Layout, LayoutTask, rounded
from graphviz_app.canvas.node_boxes import inlined_constants, label_and_ports, size_of
from graphviz_app.canvas.notes import NoteBox, note_box

if TYPE_CHECKING:
    from engine.graph.levels import Opened
    from engine.ops.op import Shape

NO_FACES: Mapping[str, Face] = {}
NO_INSIDE: Mapping[str, str] = {}
NO_WEIGHTS: Mapping[tuple[str, str], str] = {}
FACE_ROOM = 34.0  # to the right of a card or a tile
LABEL_ROOM = 52.0  # to the right of a node: six digits of a number
FRAME_PAD = (16.0, 30.0)
NEST_AIR, TITLE_AIR = 6.0, 20.0  # from a frame to one inside it; above, where its title is
LABEL_AIR = 6.0  # of that room no number uses so much: a frame may stand there


class FrameLike(Protocol):
    """What ``engine.graph.levels.Frame`` says of an opened composite."""

    @property
    def op(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def members(self) -> tuple[str, ...]: ...
    @property
    def group(self) -> str: ...
    @property
    def color(self) -> str: ...


class ProblemLike(Protocol):
    """What ``engine.graph.problems.Problem`` says of a node or a wire."""

    @property
    def node(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def wire(self) -> Wire | None: ...
    @property
    def short(self) -> str: ...


@dataclass(frozen=True)
class FrameBox:
    """A dashed box with a title around some nodes; of a group of the document, its id.

    ``block`` is whether nothing else may stand in it: it is an opened layer.  ``within`` are the
    frames drawn next inside it.
    """

    title: str
    members: np.ndarray
    kind: Kind
    group: str = ""
    block: bool = False
    within: tuple[FrameBox, ...] = ()


class CanvasModel:
    """Drawn nodes in the order of ``ids``; everything else is aligned with it.

    ``values`` and ``gradients`` are what stands at the wires ("" where a pass has not been yet).
    ``lit`` and ``lit_wires`` are what is not dimmed while ``active`` is a node.  ``port_heights``
    are those of a node's inputs relative to its centre, None for one that stands in the label;
    ``open_ports`` are the heights of inputs without a wire, by node.  ``faces`` are those of nodes
    that show more than a sign, ``tensors`` the (value, gradient) of the tiles among them and
    ``lit_elements`` which of their numbers are framed;
    ``weight_leaves`` are the leaves whose numbers a wire's width and colour stand for, and
    ``weights`` those numbers, by wire.  ``layout`` is where nodes stand that the user has not
    placed, None as long as there are none.
    """

    def __init__(
        self,
        ids: list[str],
        nodes: list[Node],
        labels: list[Label],
        geometry: Geometry,
        wires: list[tuple[str, str, int]],
        open_ports: dict[int, list[float]],
        frames: list[FrameBox],
        notes: list[NoteBox],
        stands_for: Mapping[str, str],
        port_heights: list[list[float | None]],
        ranks: Mapping[str, int],
        faces: list[Face | None],
        weight_leaves: Mapping[int, str],
    ) -> None:
        self.ids, self.nodes, self.labels, self.geometry = ids, nodes, labels, geometry
        self.wires, self.open_ports, self.frames = wires, open_ports, frames
        self.notes, self.port_heights = notes, port_heights
        own = map(own_op, nodes)
        self.grows = [op in OPS and OPS[op].variadic and op not in OPS.internal for op in own]
        self.index = {node: k for k, node in enumerate(ids)}
        self.index.update((i, self.index[s]) for i, s in stands_for.items() if s in self.index)
        self.wire_index = {wire: k for k, wire in enumerate(wires)}
        self.kinds = [kind_of(node) for node in nodes]
        self.ranks = np.array([ranks.get(i, 0) for i in ids], dtype=np.intp)
        # a vector is written entry by entry, anything larger by its shape
        self.label_room = np.where(self.ranks == 1, LABEL_REACH, LABEL_ROOM)
        self.faces = faces
        shown = [k for k, face in enumerate(faces) if face and not isinstance(face, Neuron)]
        self.label_room[shown] = FACE_ROOM  # what they hold stands on them
        self.quiet = [k for k in shown if self.ranks[k]]
        self.tiles = [k for k, face in enumerate(faces) if isinstance(face, Tile)]
        self.tensors: dict[int, tuple[Any, Any]] = {}
        self.example = -1  # whose row is marked in tensors of a batch of ``batch``
        self.batch = 0
        self.lit_elements: dict[int, np.ndarray] = {}
        self.weight_leaves = weight_leaves
        self.weights: dict[int, float] = {}
        self.largest_weight = 0.0
        order = list(Kind)
        self.kind_codes = np.array([order.index(k) for k in self.kinds], dtype=np.int8)
        self.unset = [n.leaf and n.op != "constant" and n.value is None for n in nodes]
        self.bypassed = frozenset(k for k, node in enumerate(nodes) if bypassed(node))
        self.values = [""] * len(ids)
        self.gradients = [""] * len(ids)
        self.problems: dict[int, str] = {}
        self.problem_wires: dict[int, str] = {}  # what is written on a wire that cannot be
        self.active, self.phase = -1, Phase.FORWARD
        self.selection: frozenset[int] = frozenset()
        self.selected_notes: frozenset[str] = frozenset()
        self.selected_wires: frozenset[int] = frozenset()
        self.highlighted: frozenset[int] = frozenset()
        self.lit = np.ones(len(ids), dtype=bool)
        self.lit_wires: list[int] = []
        self.lay_out: Callable[[LayoutTask], Layout] = LayoutTask.arranged
        self.layout: Layout | None = None
        # of wires by their ends: where they pass nodes, as long as the ends stand at these places
        self.lanes: dict[tuple[str, str], tuple[Sequence[Point], Point, Point]] = {}
        self._positions: Mapping[str, tuple[float, float]] = {}

    @classmethod
    def of_view(
        cls,
        document: Graph,
        opened: Opened,
        shapes: Mapping[str, Shape],
        lay_out: Callable[[LayoutTask], Layout] = LayoutTask.arranged,
    ) -> CanvasModel:
        """Everything that is drawn of the graph ``document``, looked at as ``opened``."""
        model = cls.from_graph(
            opened.graph,
            opened.frames,
            opened.graph.positions,
            ranks_of(opened, shapes),
            {**opened.stands_for, **opened.hidden},
            lay_out,
            faces_of(document, opened, shapes),
            opened.inside,
            opened.weights,
        )
        model.read_weights(opened.graph)
        model.batch = opened.batch
        return model

    @classmethod
    def from_graph(
        cls,
        graph: Graph,
        frames: Iterable[FrameLike] = (),
        positions: Mapping[str, tuple[float, float]] | None = None,
        ranks: Mapping[str, int] | None = None,
        hidden: Mapping[str, str] | None = None,
        lay_out: Callable[[LayoutTask], Layout] = LayoutTask.arranged,
        faces: Mapping[str, Face] = NO_FACES,
        inside: Mapping[str, str] = NO_INSIDE,
        weights: Mapping[tuple[str, str], str] = NO_WEIGHTS,
    ) -> CanvasModel:
        """Everything that is drawn of ``graph``; ``lay_out`` says where nodes without a place go.

        ``ranks`` are the numbers of axes of values, where they are not 0.  ``hidden`` are
        nodes that are not in ``graph`` because others stand for them, ``inside`` nodes that are
        and are part of another.  ``weights`` maps (source, target) to the leaf of a weight.
        Total: unknown ops, missing inputs, dangling wires and cycles are drawn as they are.
        """
        inlined = {**inlined_constants(graph, inside), **inside}
        ids = [i for i in graph.nodes if i not in inlined]
        index = {node: k for k, node in enumerate(ids)}
        nodes = [graph.nodes[i] for i in ids]
        labels: list[Label] = []
        open_ports: dict[int, list[float]] = {}
        port_heights: list[list[float | None]] = []
        drawn_faces: list[Face | None] = []
        sizes = np.empty((len(ids), 2))
        wires: list[tuple[str, str, int]] = []
        ends: list[tuple[int, int, float]] = []
        for k, node in enumerate(nodes):
            label, heights = label_and_ports(graph, node, inlined)
            face = faces.get(node.id)
            if isinstance(face, Neuron):  # its wires meet in it
                heights = [height and 0.0 for height in heights]
            labels.append(label)
            port_heights.append(heights)
            drawn_faces.append(face)
            sizes[k] = size_of(node, label, heights, face)
            for port, height in enumerate(heights):
                source = node.inputs[port] if port < len(node.inputs) else ""
                if height is None:
                    continue
                if source in index:
                    wires.append((source, node.id, port))
                    ends.append((index[source], k, height))
                else:
                    open_ports.setdefault(k, []).append(height)
        table = np.array(ends, dtype=float).reshape(-1, 3)
        geometry = Geometry(
            sizes, table[:, 0].astype(np.intp), table[:, 1].astype(np.intp), table[:, 2]
        )
        boxes = []
        for frame in frames:
            members = [index[i] for i in frame.members if i in index]
            if members:
                kind = group_kind(frame.color) if frame.group else op_kind(frame.op)
                block = frame.op in OPS and not OPS[frame.op].elementwise
                boxes.append(FrameBox(frame.title, np.array(members), kind, frame.group, block))
        notes = [note_box(note) for note in graph.notes.values()]
        stands_for = {**(hidden or {}), **inlined}
        model = cls(
            ids,
            nodes,
            labels,
            geometry,
            wires,
            open_ports,
            _nested(boxes),
            notes,
            stands_for,
            port_heights,
            ranks or {},
            drawn_faces,
            {k: weights[s, t] for k, (s, t, _) in enumerate(wires) if (s, t) in weights},
        )
        model.lay_out = lay_out
        model.set_positions(positions or {}, graph.bends)
        return model

    # places -------------------------------------------------------------------------------------

    def set_positions(
        self, positions: Mapping[str, Point], bends: Mapping[Wire, tuple[Point, ...]] = NO_BENDS
    ) -> None:
        """Put nodes where the user did and lead wires over ``bends``; the layout does the rest."""
        self._positions = positions
        numbers = {wire: k for k, wire in enumerate(self.wires)} if bends else {}
        self.geometry.fixed = {numbers[w]: at for w, at in bends.items() if w in numbers}
        if self.layout is None and not self.placed:
            self.layout = self.lay_out(self.layout_task())
        self.settle()

    def set_layout(self, layout: Layout) -> None:
        """Put the nodes that the user has not placed elsewhere."""
        self.layout = layout
        self.settle()

    @property
    def placed(self) -> bool:
        """Whether the user has placed every node."""
        return all(i in self._positions for i in self.ids)

    def settle(self) -> None:
        """Put every node where it belongs."""
        laid = {} if self.layout is None else rounded(self.layout)
        centres = [self._positions.get(i) or laid[i] for i in self.ids]
        self.geometry.set_centres(np.array(centres, dtype=float).reshape(-1, 2))
        if self.layout is not None:
            lanes = self.layout.lanes.items()
            self.lanes.update({(s, t): (way, laid[s], laid[t]) for (s, t), way in lanes})
        self._detour()

    def keep_lanes(self, before: CanvasModel) -> None:
        """Lead wires around nodes as ``before`` does, where both of their ends still stand."""
        self.lanes = {**before.lanes, **self.lanes}
        self._detour()

    def _detour(self) -> None:
        """Lead wires along their lanes whose ends stand where these were found."""
        xy, index = self.geometry.xy, self.index
        found = {}
        for k, (s, t, _) in enumerate(self.wires):
            way, *ends = self.lanes.get((s, t), ((), None, None))
            if way and [tuple(xy[index[i]].tolist()) for i in (s, t)] == ends:
                found[k] = list(way)
        self.geometry.detour(found)

    def layout_task(self, nodes: Collection[str] | None = None) -> LayoutTask:
        """All that a layout of these nodes (by default all) depends on."""
        chosen = self.index.keys() if nodes is None else set(nodes)
        sizes = ((w, h) for w, h in self.geometry.size.tolist())
        return LayoutTask(
            nodes=[i for i in self.ids if i in chosen],
            wires=[(s, t) for s, t, _ in self.wires if s in chosen and t in chosen],
            sizes=dict(zip(self.ids, sizes, strict=True)),
            label_room=dict(zip(self.ids, self.label_room.tolist(), strict=True)),
            frames=[_members(f, self.ids, chosen) for f in self.frames],
            blocks=[m for f in self.frames if f.block and (m := _members(f, self.ids, chosen))],
        )

    def area(self, node: str) -> Box:
        """Where a node stands, the room for its number included."""
        where = self.index[node]
        return self.geometry.bounds(np.array([where]), self.label_room[where] - LABEL_AIR)

    def frame_box(self, frame: FrameBox) -> Box:
        """The dashed border of a frame: its members, their numbers included, and some air."""
        reach = self.label_room[frame.members] - LABEL_AIR
        left, top, right, bottom = self.geometry.bounds(frame.members, reach)
        pad_x, pad_y = FRAME_PAD
        lefts, tops, rights, bottoms = (
            [left - pad_x],
            [top - pad_y],
            [right + pad_x],
            [bottom + pad_y],
        )
        for inner in frame.within:
            left, top, right, bottom = self.frame_box(inner)
            lefts.append(left - NEST_AIR)
            tops.append(top - TITLE_AIR)
            rights.append(right + NEST_AIR)
            bottoms.append(bottom + NEST_AIR)
        return (min(lefts), min(tops), max(rights), max(bottoms))

    def bounds(self) -> Box:
        """The box around everything that is drawn."""
        boxes = [*map(self.frame_box, self.frames), *(note.box for note in self.notes)]
        boxes += [(x, y, x, y) for points in self.geometry.fixed.values() for x, y in points]
        if self.ids or not boxes:
            boxes.append(self.geometry.bounds(reach=self.label_room - LABEL_AIR))
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        title = TITLE_AIR if self.frames else 0.0
        return (min(lefts), min(tops) - title, max(rights), max(bottoms))

    def select(self, things: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Ring these nodes, notes and wires, and nothing else."""
        things = set(things)
        self.selection = frozenset(k for k, i in enumerate(self.ids) if i in things)
        self.selected_notes = frozenset(n.id for n in self.notes if n.id in things)
        found = (self.wire_index.get((w.source, w.target, w.port)) for w in wires)
        self.selected_wires = frozenset(k for k in found if k is not None)

    def move_notes(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Put notes, by id, with their upper left corners at these places."""
        self.notes = [note.moved(*places.get(note.id, note.box[:2])) for note in self.notes]

    # texts and lights ---------------------------------------------------------------------------

    def set_texts(self, values: Sequence[str], gradients: Sequence[str]) -> None:
        """What stands above and below each output wire, in the order of ``ids``; [] for none."""
        count = len(self.ids)
        if any(len(texts) not in (0, count) for texts in (values, gradients)):
            raise ValueError(f"{count} nodes need {count} values and gradients, or none")
        self.values = list(values) or [""] * count
        self.gradients = list(gradients) or [""] * count
        for node in self.quiet:
            self.values[node] = self.gradients[node] = ""

    def read_weights(self, graph: Graph) -> None:
        """Take the numbers of weights that wires stand for from the leaves of ``graph``."""
        nodes = graph.nodes
        self.weights = {
            wire: float(np.mean(nodes[leaf].value))
            for wire, leaf in self.weight_leaves.items()
            if nodes[leaf].value is not None
        }
        self.largest_weight = max(map(abs, self.weights.values()), default=0.0)

    def set_tensors(self, tensors: Mapping[int, tuple[Any, Any]]) -> None:
        """What tiles show: (value, gradient) by node, None where a pass has not been yet."""
        self.tensors = dict(tensors)

    def set_active(
        self,
        node: str | None,
        phase: Phase = Phase.FORWARD,
        wires: Iterable[tuple[str, str, int]] = (),
    ) -> None:
        """Light one node and ``wires`` (source, target, port), and dim the rest; None lights all.

        Wires from constants that are not drawn are passed over.
        """
        self.active = -1 if node is None else self.index.get(node, -1)
        self.phase = phase
        self.lit_wires = []
        self.lit[:] = self.active < 0
        if self.active < 0:
            return
        self.lit[self.active] = True
        found = (self.wire_index.get((s, t, p)) for s, t, p in wires)
        self.lit_wires = [k for k in found if k is not None]
        self.lit[self.geometry.source[self.lit_wires]] = True
        self.lit[self.geometry.target[self.lit_wires]] = True

    def set_problems(self, problems: Iterable[ProblemLike]) -> None:
        """Mark the nodes that something is wrong with; the first sentence of a node counts."""
        self.problems, self.problem_wires = {}, {}
        for problem in problems:
            if problem.wire is not None and problem.wire in self.wire_index:
                self.problem_wires[self.wire_index[problem.wire]] = problem.short
            where = self.index.get(problem.node)
            if where is not None:
                self.problems.setdefault(where, problem.sentence)


def ranks_of(opened: Opened, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """How many axes the values of nodes have, those of the examples not counted."""
    return {i: len(shape) for i, shape in shapes.items() if not of_example(opened, i, shape)}


def _members(frame: FrameBox, ids: list[str], chosen: Collection[str]) -> list[str]:
    return [ids[k] for k in frame.members if ids[k] in chosen]


def _nested(frames: list[FrameBox]) -> list[FrameBox]:
    """The same frames, each with those next inside it; of equal ones the first is outside."""
    held = [frozenset(f.members.tolist()) for f in frames]
    order = sorted(range(len(frames)), key=lambda k: (len(held[k]), -k))
    made: dict[int, FrameBox] = {}
    free: list[int] = []  # those that no frame so far holds
    for k in order:
        inside = [i for i in free if held[i] <= held[k]]
        free = [i for i in free if i not in inside] + [k]
        made[k] = replace(frames[k], within=tuple(made[i] for i in inside))
    return [made[k] for k in range(len(frames))]
