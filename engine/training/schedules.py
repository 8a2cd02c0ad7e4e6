"""Schedules, one table: how the learning rate changes in the course of a run.

All are factors on the learning rate that was set, so that changing it by hand keeps its meaning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import TrainingError


@dataclass(frozen=True)
class Schedule:
    """One schedule: its parameters with their defaults, its formula, and the ``factor`` after so
    many epochs (a number with a fraction within an epoch) of ``total``.
    """

    name: str
    title: str
    says: str
    latex: str
    parameters: Mapping[str, float]
    factor: Callable[[float, float, Mapping[str, float]], float] = field(repr=False)
    watches: bool = False  # whether it looks at the loss instead


def _step(epoch: float, total: float, p: Mapping[str, float]) -> float:
    return p["factor"] ** math.floor(epoch / p["every"])


def _cosine(epoch: float, total: float, p: Mapping[str, float]) -> float:
    length = p["epochs"] or total
    share = min(epoch / length, 1.0) if length else 1.0
    return p["lowest"] + (1 - p["lowest"]) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "constant", "Constant", "The learning rate stays as it is.", r"\eta", {},
            lambda epoch, total, p: 1.0,
        ),
        Schedule(
            "step", "Steps", "The learning rate is multiplied by a factor every so many epochs.",
            r"\eta \cdot f^{\lfloor e / n \rfloor}", {"every": 30.0, "factor": 0.1}, _step,
        ),
        Schedule(
            "exponential", "Exponential", "The learning rate shrinks by a factor in every epoch.",
            r"\eta \cdot f^{e}", {"factor": 0.99},
            lambda epoch, total, p: p["factor"] ** math.floor(epoch),
        ),
        Schedule(
            "cosine", "Cosine",
            "The learning rate falls along half a cosine to its lowest value at the end.",
            r"\eta \cdot \left(l + (1 - l) \cdot \frac{1 + \cos(\pi e / E)}{2}\right)",
            {"epochs": 0.0, "lowest": 0.0}, _cosine,
        ),
        Schedule(
            "plateau", "On a plateau",
            "The learning rate is multiplied by a factor when the loss has stopped falling.",
            r"\eta \cdot f^{k}", {"factor": 0.1, "patience": 10.0, "min_delta": 1e-4},
            lambda epoch, total, p: 1.0, watches=True,
        ),
    )
}  # fmt: skip
WARM_UP = "warm_up"  # epochs over which any schedule begins slowly; 0 by default
_BELOW_ONE = ("factor", "lowest")


class Rate:
    """The learning rate of each update: ``base`` times the schedule's factor and the warm-up's.

    Raises TrainingError for a schedule or a parameter that does not exist or cannot be.
    """

    def __init__(
        self, base: float, name: str, given: Mapping[str, float], batches: int, epochs: int
    ) -> None:
        if name not in SCHEDULES:
            known = ", ".join(SCHEDULES)
            raise TrainingError(f'There is no schedule "{name}"; there are: {known}.')
        self.schedule = SCHEDULES[name]
        self.parameters = {WARM_UP: 0.0, **self.schedule.parameters}
        for key, value in given.items():
            if key not in self.parameters:
                known = ", ".join(self.parameters)
                raise TrainingError(f'The schedule "{name}" has no "{key}"; it has: {known}.')
            high = 1.0 if key in _BELOW_ONE else math.inf
            low = 1e-12 if key in ("every", "factor") else 0.0
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise TrainingError(f'The schedule "{name}" cannot have {key} = {value!r}.')
            self.parameters[key] = float(value)
        self.base = base
        self._batches, self._epochs = batches, epochs
        self._lowered, self._best, self._waited = 1.0, math.inf, 0

    def at(self, update: int) -> float:
        """The rate of the update that comes after so many."""
        epoch = update / self._batches
        warm = self.parameters[WARM_UP] * self._batches
        begun = min(1.0, (update + 1) / warm) if warm else 1.0
        factor = self.schedule.factor(epoch, self._epochs, self.parameters)
        return self.base * factor * self._lowered * begun

    def epoch_ended(self, loss: float) -> str:
        """Tell a schedule that watches the loss; what it did, in a sentence, or ""."""
        if not self.schedule.watches:
            return ""
        if loss < self._best - self.parameters["min_delta"]:
            self._best, self._waited = loss, 0
            return ""
        self._waited += 1
        if self._waited <= self.parameters["patience"]:
            return ""
        self._lowered *= self.parameters["factor"]
        self._waited = 0
        return (
            f"The loss stopped falling: the learning rate is now {self.base * self._lowered:.6g}."
        )

    def snapshot(self) -> dict[str, Any]:
        """What it has seen, as plain data."""
        return {"lowered": self._lowered, "best": self._best, "waited": self._waited}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self._lowered, self._best = snapshot["lowered"], snapshot["best"]
        self._waited = snapshot["waited"]
