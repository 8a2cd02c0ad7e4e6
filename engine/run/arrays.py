"""The NumPy executor: a plan as array calls on memory that was set aside beforehand.

The rules of the op table are run once on recorded arrays (``recorder.py``), forward and back; what
they did becomes a ``Program`` for batches of this size.  All parameters lie in one vector and all
gradients in another, so that an optimiser needs a single pass over each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.graph.problems import size_problem
from engine.ops.kinds import arrays
from engine.ops.op import Op, Shape, unbroadcast
from engine.run.flat import FlatRun
from engine.run.plan import Plan
from engine.run.program import Program, set_aside
from engine.run.recorder import NotRecordable, Recorded, Tape


class Vector:
    """The values of some leaves one after the other in one array, and a view for each by id."""

    def __init__(self, shapes: Mapping[str, Shape], dtype: Any) -> None:
        self.array = np.zeros(sum(map(math.prod, shapes.values())), dtype)
        self.views: dict[str, np.ndarray] = {}
        self.spans: dict[str, slice] = {}
        start = 0
        for leaf, shape in shapes.items():
            span = slice(start, start + math.prod(shape))
            self.spans[leaf] = span
            self.views[leaf] = self.array[span].reshape(shape)
            start = span.stop


class Prepared:
    """A pass for batches of one size: fill ``inputs``, call ``run``, read ``outputs``.

    Outputs are by node id; where gradients were asked for they lie in the executor's vector.
    """

    def __init__(
        self, inputs: dict[str, np.ndarray], program: Program, outputs: dict[str, np.ndarray]
    ) -> None:
        self.inputs, self.outputs, self._program = inputs, outputs, program
        self.allocated = program.allocated
        self.calls = len(program.calls)

    def run(self) -> None:
        """Do the pass; numbers that are not finite come out as such, without warnings."""
        with np.errstate(all="ignore"):
            self._program.run()


class ArrayExecutor:
    """Runs a plan on NumPy arrays of ``dtype``.

    ``parameters`` and ``gradient`` are flat vectors over the leaves ``learned``, in that order;
    ``kept`` are leaves that layers update while they learn (running means), by id.
    """

    device = "numpy"

    def __init__(self, plan: Plan, learned: Iterable[str], dtype: Any = np.float64) -> None:
        self.plan, self.dtype = plan, np.dtype(dtype)
        shapes = {leaf: np.shape(plan.leaves[plan.slots[leaf]]) for leaf in learned}
        self.parameters, self.gradient = Vector(shapes, dtype), Vector(shapes, dtype)
        for leaf, view in self.parameters.views.items():
            view[...] = plan.leaves[plan.slots[leaf]]
        self._leaves = {
            slot: np.array(plan.leaves[slot], self.dtype)
            for slot, node in enumerate(plan.nodes)
            if node.leaf and node.id not in shapes
        }

    @property
    def spans(self) -> dict[str, slice]:
        """Where each learned leaf lies in the flat vectors."""
        return self.parameters.spans

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each learned leaf."""
        return {leaf: view.shape for leaf, view in self.parameters.views.items()}

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """The flat vectors of weights and of gradients, to be changed in place."""
        return self.parameters.array, self.gradient.array

    def scratch(self) -> np.ndarray:
        """Another such vector, for whoever needs one."""
        return np.zeros_like(self.parameters.array)

    def leaf(self, leaf_id: str) -> np.ndarray:
        """The array that holds a leaf's value: writing into it changes what is computed."""
        if leaf_id in self.parameters.views:
            return self.parameters.views[leaf_id]
        return self._leaves[self.plan.slots[leaf_id]]

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the learned leaves and of the running means, by id."""
        return {
            leaf: self.leaf(leaf).copy()
            for leaf in (*self.parameters.views, *running_leaves(self.plan))
        }

    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the last pass, by learned leaf."""
        return self.gradient.views

    def load_gradients(self, gradients: Mapping[str, Any]) -> None:
        """Put other gradients in place of those of the last pass."""
        for leaf, value in gradients.items():
            self.gradient.views[leaf][...] = value

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take over what ``weights`` gave."""
        for leaf, value in weights.items():
            self.leaf(leaf)[...] = value

    def prepare(
        self,
        inputs: Mapping[str, Shape],
        wanted: Sequence[str],
        gradients: bool = False,
        training: bool | None = None,
        mean_of_output: bool = False,
        momentum: float | None = None,
    ) -> Prepared:
        """A pass over leaves of these shapes that yields the nodes ``wanted``.

        With ``gradients`` it also walks back from the plan's output: from the sum of its numbers,
        or from their mean (``mean_of_output``).  ``training`` overrides what layers
        that know that attribute were told.  With a ``momentum`` the running means of BatchNorm move
        on: they keep that share and take the rest from the batch.  Raises EngineError where a node
        cannot be computed.
        """
        tape = Tape(self.dtype)
        given: dict[int, np.ndarray] = {}
        leaves: dict[int, Any] = {}
        buffers = {leaf: set_aside(shape, self.dtype) for leaf, shape in inputs.items()}
        for buffer in buffers.values():
            buffer[...] = 1.0  # rules are tried out on it
        for slot, node in enumerate(self.plan.nodes):
            if node.leaf:
                array = buffers.get(node.id)
                leaves[slot] = self._on_tape(
                    tape, given, self.leaf(node.id) if array is None else array
                )
        with np.errstate(all="ignore"):
            ends = ends_of(self.plan, wanted, gradients, momentum)
            run = FlatRun(self.plan, leaves, _Forward(tape), ends, training)
            outputs = {node: run.values[self.plan.slots[node]] for node in wanted}
            places: dict[str, np.ndarray] = {}
            if gradients:
                learned = self.parameters.views
                count = run.values[self.plan.output].size if mean_of_output else 1
                seed = np.asarray(1 / count, self.dtype)
                found = backward(run, self.plan, learned, seed, tape)
                for leaf, gradient in found.items():
                    outputs["gradient of " + leaf] = gradient
                    places["gradient of " + leaf] = self.gradient.views[leaf]
            if momentum is not None:
                for leaf, mean in running_means(run, self.plan, momentum).items():
                    outputs["running " + leaf] = mean
                    places["running " + leaf] = self.leaf(leaf)
        ready = {
            name: value if isinstance(value, Recorded) else self._on_tape(tape, given, value)
            for name, value in outputs.items()
        }
        program = Program(tape, given, ready, places)
        return Prepared(buffers, program, {name: program.outputs[name] for name in wanted})

    def _on_tape(self, tape: Tape, given: dict[int, np.ndarray], array: Any) -> Recorded:
        recorded = tape.given(np.asarray(array, self.dtype))
        given[recorded.index] = recorded.array
        return recorded


def ends_of(plan: Plan, wanted: Iterable[str], gradients: bool, momentum: float | None) -> set[int]:
    """The slots that a pass has to compute."""
    ends = {plan.slots[node] for node in wanted}
    if gradients:
        ends.add(plan.output)
    if momentum is not None:
        ends.update(inputs[0] for _, op, _, *inputs in plan.steps if op.name == "batch_norm")
    return ends


def running_leaves(plan: Plan) -> list[str]:
    """The leaves in which BatchNorm keeps its running means and variances."""
    return [
        plan.nodes[slot].id
        for _, op, _, *inputs in plan.steps
        if op.name == "batch_norm"
        for slot in inputs[3:]
    ]


def running_means(run: FlatRun, plan: Plan, momentum: float) -> dict[str, Any]:
    """What the running mean and variance of every BatchNorm become after this batch, by leaf."""
    found = {}
    for _, op, _, *inputs in plan.steps:
        if op.name != "batch_norm":
            continue
        x = run.values[inputs[0]]
        axes = tuple(range(max(1, x.ndim - 1)))
        count = math.prod(x.shape[axis] for axis in axes)
        mean = x.sum(axis=axes, keepdims=True) / count
        spread = x - mean
        variance = (spread * spread).sum(axis=axes) / count
        for slot, now in zip(inputs[3:], (mean.reshape(x.shape[-1:]), variance), strict=True):
            found[plan.nodes[slot].id] = run.values[slot] * momentum + now * (1 - momentum)
    return found


class _Forward:
    """Applies an op to recorded arrays."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __call__(self, op: Op, attrs: Mapping[str, Any], xs: Sequence[Any]) -> Any:
        shape = op.shape(*(np.shape(x) for x in xs), **attrs)
        if trouble := size_problem(shape):
            raise EngineError(f"{op.name} {trouble}")
        dtype = self._tape.dtype
        try:
            return _in(dtype, op.value(arrays, *xs, **attrs))
        except NotRecordable:

            def whole(*values: Any) -> tuple[Any, ...]:
                return (np.asarray(op.value(arrays, *values, **attrs), dtype),)

            return self._tape.opaque(whole, _solid(xs))[0]


def _solid(xs: Sequence[Any]) -> list[Any]:
    return [x if isinstance(x, Recorded) else np.asarray(x) for x in xs]


def _in(dtype: np.dtype, value: Any) -> Any:
    """``value`` in numbers of this type; truth values become 1 and 0."""
    if isinstance(value, Recorded):
        return value if value.dtype == dtype else value.astype(dtype)
    return np.asarray(value, dtype)


def backward(
    run: FlatRun, plan: Plan, learned: Iterable[str], seed: np.ndarray, tape: Tape
) -> dict[str, Any]:
    """The gradients of the plan's output with respect to the leaves ``learned``.

    The rules of the op table, last step first; what arrives on several ways adds up.  Steps that
    no leaf asked for depends on are passed over.
    """
    targets = {plan.slots[leaf]: leaf for leaf in learned}
    leads = set(targets)
    for made, _, _, sources in run.steps:
        if leads.intersection(sources):
            leads.add(made)
    end = run.slot(plan.output)
    gradients: dict[int, Any] = {end: np.broadcast_to(seed, run.values[end].shape)}
    for made, op, attrs, sources in reversed(run.steps):
        upstream = gradients.get(made)
        if upstream is None or made not in leads:
            continue
        xs = [run.values[i] for i in sources]
        wanted = [
            i in leads and carries
            for i, carries in zip(sources, op.carries(len(sources)), strict=True)
        ]
        products = _pulled_back(op, attrs, upstream, run.values[made], xs, tape)
        for source, product, asked in zip(sources, products, wanted, strict=True):
            if asked:
                product = _in(tape.dtype, unbroadcast(product, run.values[source].shape))
                before = gradients.get(source)
                gradients[source] = product if before is None else before + product
    return {
        leaf: gradients.get(slot, np.zeros(np.shape(plan.leaves[slot]), tape.dtype))
        for slot, leaf in targets.items()
    }


def _pulled_back(
    op: Op, attrs: Mapping[str, Any], g: Any, y: Any, xs: Sequence[Any], tape: Tape
) -> Sequence[Any]:
    if op.local is not None:

        def rule(g: Any, y: Any, *xs: Any) -> Sequence[Any]:
            assert op.local is not None
            return [_times(g, part) for part in op.local(arrays, y, *xs, **attrs)]
    else:

        def rule(g: Any, y: Any, *xs: Any) -> Sequence[Any]:
            assert op.pullback is not None
            return op.pullback(arrays, g, y, *xs, **attrs)

    try:
        return [_solid([product])[0] for product in rule(g, y, *xs)]
    except NotRecordable:

        def whole(*values: Any) -> tuple[Any, ...]:
            products = rule(values[0], values[1], *values[2:])
            return tuple(
                unbroadcast(np.asarray(p, tape.dtype), np.shape(x))
                for p, x in zip(products, values[2:], strict=True)
            )

        return tape.opaque(whole, _solid([g, y, *xs]))


def _times(g: Any, slope: Any) -> Any:
    return g if isinstance(slope, float) and slope == 1.0 else g * slope
