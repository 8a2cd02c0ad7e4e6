"""Applies an optimiser's rule to a whole vector of weights, in place.

The rule is recorded once on blocks of the vector that fit into the processor's cache and then only
done again (``engine/run/program.py``), so an update allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.ops.kinds import arrays, floats
from engine.run.program import Program, Spare
from engine.run.recorder import Tape
from engine.training.optimizers import BEFORE, FUNCTIONS, Optimizer, Quantity

# Of each of the vectors that a rule reads and writes.  Smaller blocks would fit into the nearest
# cache, but what they save was measured to be less than what their calls cost.
BLOCK_BYTES = 2 * 2**20


def scope_of(xp: Any, numbers: Mapping[str, Any]) -> SimpleNamespace:
    """What formulas read: functions of the number kind ``xp``, and ``numbers`` by name."""
    functions = {name: _function(xp, name) for name in FUNCTIONS}
    return SimpleNamespace(**functions, **numbers)


def _function(xp: Any, name: str) -> Any:
    if name == "power" and not hasattr(xp, "power"):
        return xp.pow  # torch's name
    return (lambda x: x * x) if name == "square" else getattr(xp, name)


class Scalars:
    """The quantities of a rule that are one number for all weights, worked out at each update.

    Always in double precision: 1 − β₂ᵗ would lose its digits in single precision.
    """

    def __init__(self, rule: list[Quantity], settings: Mapping[str, Any]) -> None:
        self._rule = [(q.name, q.formula, q.kept) for q in rule if q.single]
        self.kept = {q.name: start_of(q, settings) for q in rule if q.kind == "kept scalar"}
        self._scope = scope_of(floats, settings)

    def at(self, t: int, rate: float) -> dict[str, float]:
        """Their values at update number ``t``, from 1; what is kept moves on."""
        scope, found = self._scope, {"rate": rate}
        scope.t, scope.rate = float(t), rate
        for name, value in self.kept.items():
            setattr(scope, name + BEFORE, value)
        for name, formula, kept in self._rule:
            found[name] = value = float(formula(scope))
            setattr(scope, name, value)
            if kept:
                self.kept[name] = value
        return found


def start_of(quantity: Quantity, settings: Mapping[str, Any]) -> float:
    """What a kept quantity is before the first update."""
    start = quantity.start
    return float(settings[start] if isinstance(start, str) else start)


class Update:
    """An optimiser at work on ``weights`` (a flat array, changed in place).

    ``state`` holds a flat array for each kept quantity, ``count`` the updates so far.
    """

    def __init__(
        self, optimizer: Optimizer, settings: Mapping[str, Any], weights: np.ndarray, gradient: Any
    ) -> None:
        self.optimizer, self.settings = optimizer, dict(settings)
        self.count = 0
        rule = optimizer.rule(settings)
        self._scalars = Scalars(rule, settings)
        self.state = {
            q.name: np.full_like(weights, start_of(q, settings)) for q in rule if q.kind == "state"
        }
        names = [q.name for q in rule if q.single] + ["rate"]
        self._numbers = {name: np.ones((), weights.dtype) for name in names}
        self._programs: list[Program] = []
        spare: Spare = {}
        block = max(1, BLOCK_BYTES // weights.itemsize)
        for start in range(0, weights.size, block):
            span = slice(start, min(start + block, weights.size))
            self._programs.append(self._recorded(rule, weights[span], gradient[span], span, spare))
        self._calls = [call for program in self._programs for call in program.calls]

    def _recorded(
        self, rule: list[Quantity], w: np.ndarray, g: np.ndarray, span: slice, spare: Spare
    ) -> Program:
        """The rule for one block of the vector."""
        tape, given = Tape(w.dtype), {}
        places = {"weight": w} | {name: state[span] for name, state in self.state.items()}
        inputs = {"w": w, "g": g, **{n + BEFORE: places[n] for n in self.state}, **self._numbers}
        numbers: dict[str, Any] = dict(self.settings)
        for name, array in inputs.items():
            recorded = tape.given(array)
            given[recorded.index] = array
            numbers[name] = recorded
        scope = scope_of(arrays, numbers)
        made = {}
        with np.errstate(all="ignore"):
            for quantity in rule:
                if not quantity.single:
                    made[quantity.name] = quantity.formula(scope)
                    setattr(scope, quantity.name, made[quantity.name])
        outputs = {name: made[name] for name in places}
        return Program(tape, given, outputs, places, spare)

    def step(self, rate: float) -> None:
        """One update of all weights by the gradient that lies in the executor."""
        self.count += 1
        for name, value in self._scalars.at(self.count, rate).items():
            self._numbers[name][()] = value
        with np.errstate(all="ignore"):
            for function, args in self._calls:
                function(*args)

    def terms(
        self, w: np.ndarray, g: np.ndarray, state: Mapping[str, np.ndarray], rate: float
    ) -> list[tuple[str, np.ndarray]]:
        """Every quantity of the update to come, for some of the weights, in order."""
        return terms(self.optimizer, self.settings, w, g, state, self._scalars, self.count, rate)

    def snapshot(self) -> dict[str, Any]:
        """All that the next update depends on, besides weights and gradient."""
        return {
            "count": self.count,
            "scalars": dict(self._scalars.kept),
            "state": {name: array.copy() for name, array in self.state.items()},
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self.count = snapshot["count"]
        self._scalars.kept.update(snapshot["scalars"])
        for name, array in self.state.items():
            array[...] = snapshot["state"][name]


class DeviceUpdate:
    """The same rule on tensors of torch, wherever they are."""

    def __init__(
        self,
        torch: Any,
        optimizer: Optimizer,
        settings: Mapping[str, Any],
        weights: Any,
        gradient: Any,
    ) -> None:
        self.optimizer, self.settings = optimizer, dict(settings)
        self.count = 0
        self._torch, self._weights, self._gradient = torch, weights, gradient
        self._rule = optimizer.rule(settings)
        self._scalars = Scalars(self._rule, settings)
        self.state = {
            q.name: torch.full_like(weights, start_of(q, settings), requires_grad=False)
            for q in self._rule
            if q.kind == "state"
        }

    def step(self, rate: float) -> None:
        """One update of all weights by the gradient that lies in the executor."""
        self.count += 1
        numbers = self._scalars.at(self.count, rate)
        with self._torch.no_grad():
            before = {name + BEFORE: tensor for name, tensor in self.state.items()}
            scope = scope_of(
                self._torch,
                {**self.settings, **numbers, **before, "w": self._weights, "g": self._gradient},
            )
            for quantity in self._rule:
                if not quantity.single:
                    setattr(scope, quantity.name, quantity.formula(scope))
            for name, tensor in self.state.items():
                tensor.copy_(getattr(scope, name))
            self._weights.copy_(scope.weight)

    def terms(
        self, w: np.ndarray, g: np.ndarray, state: Mapping[str, np.ndarray], rate: float
    ) -> list[tuple[str, np.ndarray]]:
        """Every quantity of the update to come, for some of the weights, in order."""
        return terms(self.optimizer, self.settings, w, g, state, self._scalars, self.count, rate)

    def snapshot(self) -> dict[str, Any]:
        """All that the next update depends on, besides weights and gradient."""
        return {
            "count": self.count,
            "scalars": dict(self._scalars.kept),
            "state": {name: tensor.cpu().numpy().copy() for name, tensor in self.state.items()},
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self.count = snapshot["count"]
        self._scalars.kept.update(snapshot["scalars"])
        for name, tensor in self.state.items():
            tensor.copy_(self._torch.as_tensor(snapshot["state"][name]))


def terms(
    optimizer: Optimizer,
    settings: Mapping[str, Any],
    w: np.ndarray,
    g: np.ndarray,
    state: Mapping[str, np.ndarray],
    scalars: Scalars,
    count: int,
    rate: float,
) -> list[tuple[str, np.ndarray]]:
    """g, and every quantity of an update with a sign of its own, down to the new weight."""
    kept = dict(scalars.kept)
    numbers = scalars.at(count + 1, rate)
    before = {name + BEFORE: value for name, value in {**kept, **state}.items()}
    scope = scope_of(arrays, {**settings, **numbers, **before, "w": w, "g": g})
    found = [("g", np.asarray(g))]
    with np.errstate(all="ignore"):
        for quantity in optimizer.rule(settings):
            if not quantity.single:
                setattr(scope, quantity.name, quantity.formula(scope))
            if quantity.latex:
                found.append((quantity.name, np.asarray(getattr(scope, quantity.name))))
    scalars.kept.update(kept)
    return found


def length(gradient: np.ndarray) -> float:
    """The Euclidean norm of a flat vector."""
    return math.sqrt(float(np.dot(gradient, gradient)))
