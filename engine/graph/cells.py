"""Below tensors: every element of a tensor becomes a node of its own.

The first axis of the data is the batch's.  It is kept: an element is a number where the batch is
one example, else a vector over the examples, so values and gradients are those of the whole batch
at every level.  Leaves come apart into leaves, a matrix product into products and sums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.graph.graph import CONSTANT, INPUT, Graph, Node, Value, free_id
from engine.graph.problems import topological_order
from engine.ops import OPS
from engine.ops.op import Shape

MOST_CELLS = 8_000  # nodes, before neurons are folded


class NoCells(EngineError):
    """A node whose elements cannot be shown one by one; ``node`` is its id."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(why)
        self.node = node


@dataclass(frozen=True, slots=True)
class Cells:
    """The nodes that stand for the elements of a tensor.

    ``ids`` has the tensor's shape, without its first axis where ``batched``; an entry that is a
    float is a constant that has no node yet.
    """

    ids: np.ndarray
    batched: bool

    def gather(self, shape: Shape, read: Callable[[str], Value]) -> np.ndarray:
        """The tensor again, from what ``read`` says of each element."""
        parts = [np.asarray(read(i)) for i in self.ids.ravel().tolist()]
        return np.stack(parts, axis=-1).reshape(shape)


@dataclass(slots=True)
class Apart:
    """A graph in which some tensors came apart.

    ``cells`` are their elements by the tensor's id, ``owner`` the id of the node that each new
    node came from.
    """

    nodes: dict[str, Node]
    cells: dict[str, Cells]
    owner: dict[str, str] = field(default_factory=dict)


def batch_size(graph: Graph, shapes: Mapping[str, Shape]) -> int:
    """How many examples the data hold: the first axis of the first input with two; 0 if none."""
    for node in graph.nodes.values():
        if node.op == INPUT and len(shapes.get(node.id, ())) >= 2:
            return shapes[node.id][0]
    return 0


def take_apart(
    graph: Graph, shapes: Mapping[str, Shape], apart: Mapping[str, str], batch: int
) -> Apart:
    """``graph`` with the nodes ``apart`` computed element by element.

    ``apart`` maps each of them to the node of the document that it came from.  With ``batch`` 0
    there are no examples: every axis comes apart.  Raises NoCells for a node that cannot.
    """
    return _TakingApart(graph, shapes, apart, batch).run()


class _TakingApart:
    def __init__(
        self, graph: Graph, shapes: Mapping[str, Shape], apart: Mapping[str, str], batch: int
    ) -> None:
        self._graph, self._shapes, self._apart, self._batch = graph, shapes, apart, batch
        self._done = Apart({}, {})
        self._taken = dict.fromkeys(graph.nodes)
        self._at = ""  # the node that is being taken apart
        self._whole: set[str] = {graph.output} if graph.output not in apart else set()
        for node in graph.nodes.values():
            if node.id not in apart:
                self._whole.update(node.inputs)

    def run(self) -> Apart:
        order, _ = topological_order(self._graph)
        for node_id in order or list(self._graph.nodes):
            node = self._graph.nodes[node_id]
            if node.leaf:
                continue  # as it is needed
            if node_id in self._apart:
                try:
                    self._take(node)
                except NoCells:
                    raise
                except Exception:  # attributes of any type come from files
                    raise NoCells(node_id, "its attributes do not fit") from None
            else:
                for source in node.inputs:
                    self._tensor(source)
                self._done.nodes[node_id] = node
        for node in self._graph.nodes.values():
            if node.id not in self._done.cells or node.id in self._whole:
                self._tensor(node.id)
        if self._graph.output in self._done.cells:
            self._tensor(self._graph.output)
        return self._done

    # what is needed of a node -------------------------------------------------------------------

    def _tensor(self, node_id: str) -> None:
        """See that the node of this id is there, as a whole."""
        nodes = self._done.nodes
        if node_id in nodes or node_id not in self._graph.nodes:
            return
        cells = self._done.cells.get(node_id)
        if cells is None:
            nodes[node_id] = self._graph.nodes[node_id]
            return
        inputs = tuple(self._source(e) for e in cells.ids.ravel().tolist())
        attrs = {"shape": self._shapes[node_id], "batched": cells.batched and self._batch > 1}
        name = self._graph.nodes[node_id].name
        nodes[node_id] = Node(node_id, "assemble", inputs, None, name, attrs)
        self._done.owner[node_id] = self._apart.get(node_id, node_id)

    def _cells(self, node_id: str) -> Cells:
        """The elements of an input."""
        found = self._done.cells.get(node_id)
        if found is not None:
            return found
        if node_id not in self._shapes:
            raise NoCells(self._at, "its shape is not known")
        node = self._graph.nodes[node_id]
        batched = self._batched(node)
        shape = self._shapes[node_id][1:] if batched else self._shapes[node_id]
        ids = np.empty(shape, object)
        for index in np.ndindex(shape):
            ids[index] = self._element(node, index, batched)
        cells = self._done.cells[node_id] = Cells(ids, batched)
        return cells

    def _batched(self, node: Node) -> bool:
        shape = self._shapes[node.id]
        least = {INPUT: 1, CONSTANT: 2}.get(node.op, 99) if node.leaf else 1
        if not self._batch or len(shape) < least or shape[0] != self._batch:
            return False
        return node.leaf or self._of_data(node)

    def _of_data(self, node: Node) -> bool:
        """Whether an op that stays whole yields a row for each example: data go into it."""
        return any(self._batched(self._graph.nodes[i]) for i in node.inputs if i in self._shapes)

    def _element(self, node: Node, index: tuple[int, ...], batched: bool) -> Any:
        if not node.leaf or node.id in self._whole or node.value is None:
            self._tensor(node.id)
            if not self._shapes[node.id]:
                return node.id
            attrs = {"index": index, "batched": batched}
            if batched and self._batch == 1:
                attrs = {"index": (0, *index), "batched": False}
            name = cell_name(node, index)
            return self._add(Node("", "entry", (node.id,), None, name, attrs), node.id, index)
        value = np.asarray(node.value, np.float64)
        here = value[(slice(None), *index)] if batched else value[index]
        if batched and self._batch == 1:
            here = here[0]
        number = float(here) if np.ndim(here) == 0 else np.array(here)
        if node.op == CONSTANT and isinstance(number, float):
            return number
        if not index:
            name, node_id = node.name, node.id
            self._done.nodes[node_id] = Node(node_id, node.op, (), number, name)
            return node_id
        return self._add(Node("", node.op, (), number, cell_name(node, index)), node.id, index)

    def _source(self, element: Any) -> str:
        """The id of a node that holds an element: a constant gets one of its own."""
        if isinstance(element, str):
            return element
        return self._add(Node("", CONSTANT, (), element), self._owner)

    @property
    def _owner(self) -> str:
        return self._apart.get(self._at, self._at)

    def _add(self, node: Node, owner: str, index: tuple[int, ...] | None = None) -> str:
        place = "" if index is None else f"[{','.join(map(str, index))}]"
        sign = "" if node.leaf and index is not None else ("c" if node.leaf else node.op)
        node_id = free_id(f"{owner}/{sign}{place}", self._taken)
        self._taken[node_id] = None
        node.id = node_id
        if len(self._done.nodes) >= MOST_CELLS:
            raise NoCells("", f"would be more than {MOST_CELLS:,} nodes")
        self._done.nodes[node_id] = node
        self._done.owner[node_id] = self._apart.get(owner, owner)
        return node_id

    # ops, element by element --------------------------------------------------------------------

    def _take(self, node: Node) -> None:
        self._at = node.id
        op = OPS[node.op]
        shape = self._shapes.get(node.id)
        if shape is None:
            raise NoCells(node.id, "its shape is not known")
        if not op.elementwise and node.op not in _RULES:
            raise NoCells(node.id, f"{op.name} has no form for single elements")
        inputs = [self._cells(i) for i in node.inputs]
        if op.elementwise:
            cells = self._elementwise(node, inputs, shape)
        else:
            shapes = [self._shapes[i] for i in node.inputs]
            cells = _RULES[node.op](self, inputs, shapes, op.with_defaults(node.attrs))
        wanted = shape[1:] if cells.batched else shape
        if cells.ids.shape != wanted:
            raise NoCells(node.id, "examples of the batch meet in it")
        last = cells.ids.item() if cells.ids.shape == () and not cells.batched else None
        if isinstance(last, str):
            cells = Cells(self._keep_id(node, last), False)
        self._done.cells[node.id] = cells

    def _keep_id(self, node: Node, last: str) -> np.ndarray:
        """A single number keeps the id that it has everywhere else."""
        ids = np.empty((), object)
        ids[()] = last
        made = self._done.nodes.get(last)
        if made is None or made.leaf or self._done.owner.get(last) != self._owner:
            return ids
        del self._done.nodes[last]
        self._done.owner.pop(last)
        self._done.nodes[node.id] = made
        made.id, made.name = node.id, node.name
        self._done.owner[node.id] = self._owner
        ids[()] = node.id
        return ids

    def call(self, op: str, *elements: Any, **attrs: Any) -> str:
        """A node that applies ``op`` to elements."""
        inputs = tuple(self._source(e) for e in elements)
        return self._add(Node("", op, inputs, None, "", attrs), self._owner)

    def total(self, elements: Collection[Any]) -> Any:
        """The sum, from left to right."""
        return reduce(lambda a, b: self.call("add", a, b), elements) if elements else 0.0

    def over_batch(self, op: str, element: Any) -> Any:
        """One number from those of all examples."""
        return self.call(op, element) if self._batch > 1 else element

    def _elementwise(self, node: Node, inputs: list[Cells], shape: Shape) -> Cells:
        batched = any(c.batched for c in inputs)
        parts = []
        for source, cells in zip(node.inputs, inputs, strict=True):
            ids = cells.ids
            rank = len(self._shapes[source])
            if batched and (rank < len(shape) if cells.batched else rank == len(shape) > 0):
                if cells.batched or ids.shape[0] != 1:
                    raise NoCells(node.id, "examples of the batch meet in it")
                ids = ids[0]
            parts.append(np.broadcast_to(ids, shape[1:] if batched else shape))
        out = np.empty(shape[1:] if batched else shape, object)
        for index in np.ndindex(out.shape):
            out[index] = self.call(node.op, *(p[index] for p in parts), **node.attrs)
        return Cells(out, batched)


def cell_name(node: Node, index: tuple[int, ...]) -> str:
    """x3 of a vector x, W1[0,2] of a matrix, Dense[2] of a layer's result."""
    stem = node.name or (node.id if node.leaf else OPS[node.op].symbol)
    if len(index) == 1 and not stem[-1].isdigit():
        return f"{stem}{index[0]}"
    return f"{stem}[{','.join(map(str, index))}]"


# ops that move or join elements -----------------------------------------------------------------

Rule = Callable[[_TakingApart, list[Cells], list[Shape], Mapping[str, Any]], Cells]


def _filled(shape: Shape, element: Callable[[tuple[int, ...]], Any]) -> np.ndarray:
    out = np.empty(shape, object)
    for index in np.ndindex(shape):
        out[index] = element(index)
    return out


def _matmul(at: _TakingApart, inputs: list[Cells], shapes: list[Shape], attrs: Any) -> Cells:
    a, b = inputs
    batched = a.batched or b.batched
    if b.batched and (not a.batched or len(shapes[0]) != len(shapes[1]) or len(shapes[0]) < 3):
        raise NoCells(at._at, "examples of the batch meet in it")
    left = a.ids[None] if a.ids.ndim == 1 else a.ids
    right = b.ids[:, None] if b.ids.ndim == 1 else b.ids
    if left.ndim != 2 or right.ndim != 2:
        raise NoCells(at._at, "it has more than two axes")
    if left.shape[0] * right.size > MOST_CELLS:
        raise NoCells("", f"would be {left.shape[0] * right.size:,} products")
    table = _filled(
        (left.shape[0], right.shape[1]),
        lambda ij: at.total(
            [at.call("mul", right[k, ij[1]], left[ij[0], k]) for k in range(right.shape[0])]
        ),
    )
    rows = table if a.ids.ndim == 2 else table[0]
    return Cells(rows if b.ids.ndim == 2 else rows[..., 0], batched)


def _reduction(join: Callable[[_TakingApart, list[Any]], Any], batch_op: str) -> Rule:
    def rule(
        at: _TakingApart, inputs: list[Cells], shapes: list[Shape], attrs: Mapping[str, Any]
    ) -> Cells:
        (cells,), (shape,) = inputs, shapes
        asked = attrs["axes"]
        axes = range(len(shape)) if asked is None else np.atleast_1d(asked).tolist()
        axes = {axis % len(shape) for axis in axes} if shape else set()
        of_batch = cells.batched and 0 in axes
        inner = {axis - cells.batched for axis in axes} - {-1}
        kept = [k for k in range(cells.ids.ndim) if k not in inner]
        moved = np.transpose(cells.ids, [*kept, *sorted(inner)])
        rest = moved.shape[: len(kept)]
        rows = moved.reshape(*rest, -1)
        out = _filled(rest, lambda index: join(at, rows[index].tolist()))
        if of_batch:
            out = _filled(rest, lambda index: at.over_batch(batch_op, out[index]))
        if attrs["keepdims"]:
            for axis in sorted(inner):
                out = np.expand_dims(out, axis)
            out = out[None] if of_batch else out
        return Cells(out, cells.batched and not of_batch)

    return rule


def _moved(change: Callable[[np.ndarray, Shape, Any, bool], np.ndarray]) -> Rule:
    def rule(
        at: _TakingApart, inputs: list[Cells], shapes: list[Shape], attrs: Mapping[str, Any]
    ) -> Cells:
        (cells,), (shape,) = inputs, shapes
        return Cells(change(cells.ids, shape, attrs, cells.batched), cells.batched)

    return rule


def _reshaped(ids: np.ndarray, shape: Shape, attrs: Mapping[str, Any], batched: bool) -> np.ndarray:
    wanted = OPS["reshape"].shape(shape, **attrs)
    return ids.reshape(wanted[1:]) if batched and wanted[:1] == shape[:1] else ids.reshape(wanted)


def _transposed(
    ids: np.ndarray, shape: Shape, attrs: Mapping[str, Any], batched: bool
) -> np.ndarray:
    axes = attrs["axes"] or tuple(range(len(shape)))[::-1]
    axes = [axis % len(shape) for axis in axes]
    if not batched:
        return ids.transpose(axes)
    return ids.transpose([axis - 1 for axis in axes[1:]]) if axes[0] == 0 else ids[None]


def _concat(
    at: _TakingApart, inputs: list[Cells], shapes: list[Shape], attrs: Mapping[str, Any]
) -> Cells:
    batched = inputs[0].batched
    axis = attrs["axis"] % max(len(shapes[0]), 1) - batched
    if axis < 0 or any(c.batched != batched for c in inputs):
        raise NoCells(at._at, "examples of the batch meet in it")
    return Cells(np.concatenate([np.atleast_1d(c.ids) for c in inputs], axis=axis), batched)


_RULES: dict[str, Rule] = {
    "matmul": _matmul,
    "sum": _reduction(lambda at, parts: at.total(parts), "sum"),
    "reduce_max": _reduction(
        lambda at, parts: at.call("max", *parts) if len(parts) > 1 else parts[0], "reduce_max"
    ),
    "reshape": _moved(_reshaped),
    "transpose": _moved(_transposed),
    "concat": _concat,
}
