"""The gradient check: every derivative that the backward pass gives, held against differences.

Central differences (f(x + h) − f(x − h)) / 2h with h = 1e−5 · max(1, |x|) in float64.  Numbers
in a computer are rounded, so the difference carries noise of its own, estimated from the values
on the way; a gradient too small to be told from that noise counts as zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from engine.errors import no_graph
from engine.graph.graph import CONSTANT, Graph, Value
from engine.numerals import number
from engine.ops.kinds import arrays, floats
from engine.ops.op import Op
from engine.run.plan import Plan, PlanStep, lower, plain
from engine.run.trace import NOT_FOR_FLOATS, trace_plan
from engine.run.walk import Walk

STEP = 1e-5
EPSILON = float(np.finfo(float).eps)
TINY = 1e-300


class Verdict(Enum):
    """How one derivative compares with its numerical estimate."""

    VERIFIED = "verified"
    KINK = "at a kink"  # slopes on both sides differ, there or on the way: a tie rule decides
    WRONG = "wrong"
    NOT_FINITE = "not finite"


@dataclass(frozen=True, slots=True)
class GradRow:
    """One derivative: of the output by one number of an input or parameter.

    ``index`` is its place within an array, () for a scalar.  ``relative_error`` is
    |analytic − numerical| over the larger of both, or over what noise allows to be seen.
    """

    node: str
    name: str
    index: tuple[int, ...]
    analytic: float
    numerical: float
    relative_error: float
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether the derivative is right, as far as a difference can tell."""
        return self.verdict in (Verdict.VERIFIED, Verdict.KINK)

    @property
    def where(self) -> str:
        """What messages call the number: ``w0``, ``W[1, 2]``."""
        place = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return f"{self.name or self.node}{place}"

    def __str__(self) -> str:
        numbers = f"gradient {number(self.analytic, 6)}, difference {number(self.numerical, 6)}"
        if self.verdict is Verdict.KINK:
            return f"{self.where}: {numbers}; at a kink, where there is no one slope"
        if self.verdict is Verdict.NOT_FINITE:
            return f"{self.where}: {numbers}; not finite"
        return f"{self.where}: {numbers}, relative error {number(self.relative_error, 2)}"


@dataclass(frozen=True)
class GradCheck:
    """The result: ``rows``, one for every number of every input and parameter."""

    rows: tuple[GradRow, ...]
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return all(row.passed for row in self.rows)

    @property
    def worst(self) -> GradRow | None:
        """The row to look at first: not finite, else wrong, else the largest relative error.

        None where there is nothing to check.
        """
        order = (Verdict.KINK, Verdict.VERIFIED, Verdict.WRONG, Verdict.NOT_FINITE)
        return max(
            self.rows, key=lambda r: (order.index(r.verdict), r.relative_error), default=None
        )

    def numerical(self, node: str) -> Value | None:
        """The differences for the leaf with this id, shaped like its value; None if not checked."""
        rows = [row for row in self.rows if row.node == node]
        if not rows:
            return None
        if rows[0].index == ():
            return rows[0].numerical
        shape = tuple(n + 1 for n in map(max, zip(*(row.index for row in rows), strict=True)))
        return np.array([row.numerical for row in rows]).reshape(shape)

    def __str__(self) -> str:
        if not self.rows:
            return "There is no input or parameter to check."
        verdict = "All gradients verified" if self.passed else "The gradient check failed"
        return f"{verdict}; worst {self.worst}."


def gradcheck(graph: Graph | Plan, tolerance: float = 1e-6) -> GradCheck:
    """Check the gradients of all inputs and parameters of ``graph``.

    A number whose relative error is below ``tolerance`` is verified.  Leaves that carry no
    gradient by nature (constants, indices, conditions) are left out.  An output that is not a
    scalar stands for its sum, as in ``trace``.  Raises GraphError for a graph that cannot run.
    """
    if not isinstance(graph, (Graph, Plan)):
        raise no_graph("gradcheck", graph)
    plan = graph if isinstance(graph, Plan) else lower(graph)
    base = _Base(plan, trace_plan(plan))
    carrying = _carrying(plan)
    rows: list[GradRow] = []
    for slot, node in enumerate(plan.nodes):
        if node.leaf and node.op != CONSTANT and slot in carrying:
            rows += _Leaf(base, slot, tolerance).rows()
    return GradCheck(tuple(rows), tolerance)


def _carrying(plan: Plan) -> set[int]:
    """Slots that a gradient can reach, and slots that the output does not depend on at all."""
    depends, carries = {plan.output}, {plan.output}
    for slot, op, _, *inputs in reversed(plan.steps):
        if slot in depends:
            depends.update(inputs)
        if slot in carries:
            mask = op.differentiable or (True,) * len(inputs)
            carries.update(i for i, flows in zip(inputs, mask, strict=True) if flows)
    return carries | (set(range(len(plan.nodes))) - depends)


def _apply(op: Op, inputs: list[Any], attrs: dict[str, Any]) -> Value:
    """One op forward, as in the walk."""
    if not attrs:
        try:
            y = op.value(floats, *inputs)
            if type(y) is float:
                return y
        except NOT_FOR_FLOATS:
            pass
    with np.errstate(all="ignore"):
        return plain(op.value(arrays, *map(np.asarray, inputs), **op.with_defaults(attrs)))


class _Slopes(NamedTuple):
    """Difference quotients at one number, and the noise that rounding leaves in them."""

    left: float
    central: float
    right: float
    noise: float

    @property
    def jump(self) -> float:
        return abs(self.right - self.left)


class _Base:
    """The point at which gradients are checked: ``values`` and ``gradients`` by slot.

    To first order a rounding error ε in a value v moves the output by v·∂f/∂v·ε; ``moves`` holds
    the squares of these, without ε.
    """

    def __init__(self, plan: Plan, walk: Walk) -> None:
        self.plan = plan
        ids = plan.ids
        self.values = [walk.value(i) for i in ids]
        self.gradients = [walk.gradient(i) for i in ids]
        with np.errstate(all="ignore"):
            self.moves = [
                float(np.sum(np.square(np.multiply(v, g))))
                for v, g in zip(self.values, self.gradients, strict=True)
            ]


class _Leaf:
    """Differences for the numbers of one leaf; only what depends on it is computed anew."""

    def __init__(self, base: _Base, slot: int, tolerance: float) -> None:
        plan = base.plan
        self.node = plan.nodes[slot]
        self.slot = slot
        self.output = plan.output
        self.tolerance = tolerance
        self.base = base.values
        self.gradient = np.asarray(base.gradients[slot])
        self.steps: list[PlanStep] = []
        touched = {slot}
        for step in plan.steps:
            if not touched.isdisjoint(step[3:]):
                self.steps.append(step)
                touched.add(step[0])
        squares = sum(base.moves[k] for k in touched)
        size = math.sqrt(squares) if math.isfinite(squares) else 0.0
        self.noise = 2 * EPSILON * size  # of a difference, before it is divided by h

    def rows(self) -> list[GradRow]:
        """One row for every number of the leaf; none for one that cannot be moved, an index."""
        found = []
        for index in np.ndindex(self.gradient.shape):
            try:
                found.append(self._row(index))
            except Exception:  # whatever an op says of an index that is not whole
                analytic = float(self.gradient[index])
                if analytic:
                    found.append(self._as_row(index, analytic, math.nan, Verdict.NOT_FINITE))
        return found

    def _outputs(self, index: tuple[int, ...], x: float) -> Any:
        """The output's numbers, with the number at ``index`` set to ``x``."""
        return self._values(index, x)[self.output]

    def _values(self, index: tuple[int, ...], x: float) -> list[Any]:
        """The numbers of every slot, with the number at ``index`` set to ``x``."""
        values = self.base.copy()
        if index:
            moved = np.array(self.base[self.slot], float)
            moved[index] = x
            values[self.slot] = moved
        else:
            values[self.slot] = x
        for slot, op, attrs, *inputs in self.steps:
            values[slot] = _apply(op, [values[i] for i in inputs], attrs)
        return values

    def _slopes(self, index: tuple[int, ...], x: float, h: float) -> _Slopes:
        """The difference quotients around ``x`` and the noise in them."""
        above, below = x + h, x - h
        with np.errstate(all="ignore"):
            here = self.base[self.output]
            rise = self._outputs(index, above) - here
            fall = here - self._outputs(index, below)
            up, down = float(np.sum(rise)), float(np.sum(fall))
            moved = float(np.sum(np.abs(rise)) + np.sum(np.abs(fall)))
        noise = self.noise + EPSILON * moved if math.isfinite(moved) else self.noise
        central = (up + down) / (above - below)
        return _Slopes(down / (x - below), central, up / (above - x), noise / h)

    def _row(self, index: tuple[int, ...]) -> GradRow:
        analytic = float(self.gradient[index])
        x = float(np.asarray(self.base[self.slot])[index])
        h = STEP * max(1.0, abs(x))
        slopes = self._slopes(index, x, h)
        numerical, error = slopes.central, self._error(analytic, slopes.central, slopes)
        kink = self._kink(index, x, h, slopes)
        if not kink and not error < self.tolerance and math.isfinite(analytic):
            numerical, slopes = self._refined(index, x, h)
            error = self._error(analytic, numerical, slopes)
        if not math.isfinite(analytic) or not math.isfinite(numerical):
            verdict = Verdict.NOT_FINITE
        elif kink:
            verdict = Verdict.KINK
        elif error < self.tolerance:
            verdict = Verdict.VERIFIED
        else:
            verdict = Verdict.KINK if self._hidden_kink(index, x, h) else Verdict.WRONG
        return self._as_row(index, analytic, numerical, verdict, error)

    def _as_row(
        self,
        index: tuple[int, ...],
        analytic: float,
        numerical: float,
        verdict: Verdict,
        error: float = math.inf,
    ) -> GradRow:
        node = self.node
        return GradRow(node.id, node.name, index, analytic, numerical, error, verdict)

    def _error(self, analytic: float, numerical: float, slopes: _Slopes) -> float:
        """The relative error; infinite where one of both is not finite.

        The slopes on both sides belong to its scale, or nothing could be verified where the
        gradient vanishes, at the bottom of a bowl.
        """
        if not (math.isfinite(analytic) and math.isfinite(numerical)):
            return math.inf
        scale = max(abs(analytic), abs(numerical), abs(slopes.left), abs(slopes.right))
        return abs(analytic - numerical) / max(scale, slopes.noise / self.tolerance, TINY)

    def _kink(self, index: tuple[int, ...], x: float, h: float, far: _Slopes) -> bool:
        """Whether the slopes on both sides differ and stay different as h shrinks."""
        if not far.jump > max(1e-3 * max(abs(far.left), abs(far.right)), 16 * far.noise):
            return False
        near = self._slopes(index, x, h / 64)
        return near.jump > max(0.5 * far.jump, 16 * near.noise)

    def _hidden_kink(self, index: tuple[int, ...], x: float, h: float) -> bool:
        """Whether an op on the way has a kink here, for which others make up in the output.

        At x = y = z, max(x, y, z) + min(x, y) has the slope 1 by x on both sides; the tie rules
        give ⅓ + ½, for each op shares out its gradient by itself.  No difference shows that, so
        the slopes of each op are compared.
        """
        jump, jump_near = self._slope_jumps(index, x, h), self._slope_jumps(index, x, h / 64)
        return any(
            bool(np.any((far > 1e-3 * size) & (near > 0.5 * far)))
            for (far, size), (near, _) in zip(jump, jump_near, strict=True)
        )

    def _slope_jumps(
        self, index: tuple[int, ...], x: float, h: float
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """(jump, size) of the local gradients from x − h to x + h, for each op on the way."""
        below, above = self._values(index, x - h), self._values(index, x + h)
        found = []
        for slot, op, attrs, *inputs in self.steps:
            left, right = (
                op.vjp(1.0, values[slot], *(values[i] for i in inputs), **attrs)
                for values in (below, above)
            )
            with np.errstate(all="ignore"):
                found += [
                    (np.abs(b - a), np.maximum(np.abs(a), np.abs(b)))
                    for a, b in zip(left, right, strict=True)
                ]
        return found

    def _refined(self, index: tuple[int, ...], x: float, h: float) -> tuple[float, _Slopes]:
        """(difference, the slopes it is made of): the best of several h, by their own estimates.

        Richardson's extrapolation of h and h/2 takes away the error that grows with h²; how
        much it changes, and the noise, say how far it can be trusted.  The analytic gradient is
        not looked at.
        """
        best, behind, least = math.nan, _Slopes(math.nan, math.nan, math.nan, 0.0), math.inf
        for shrink in (1.0, 1e-2, 1e-4, 1e-6, 1e-8):
            wide = self._slopes(index, x, h * shrink)
            narrow = self._slopes(index, x, h * shrink / 2)
            extrapolated = (4 * narrow.central - wide.central) / 3
            doubt = abs(extrapolated - narrow.central) + narrow.noise
            if doubt < least:
                best, least = extrapolated, doubt
                behind = narrow._replace(noise=2 * narrow.noise)
        return best, behind
