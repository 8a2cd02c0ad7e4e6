"""From gradient to new weights: penalties, clipping, the learning rate, the optimiser."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from engine.training.optimizers import optimizer_called
from engine.training.schedules import Rate
from engine.training.settings import Settings
from engine.training.update import DeviceUpdate, Update


class Updating:
    """Changes the weights of ``executor`` by the gradients that lie in it, as ``settings`` say.

    ``penalised`` are the leaves that L1 and L2 weigh: l1·Σ|w| + ½·l2·Σw², reported apart from the
    loss.  Clipping comes after the penalties: first every number to ±clip_value, then the whole
    gradient to the length clip_norm.
    """

    def __init__(
        self, executor: Any, settings: Settings, penalised: Collection[str], batches: int
    ) -> None:
        optimizer = optimizer_called(settings.optimizer)
        found = optimizer.settings(settings.preset, **settings.parameters)
        base = found.pop("rate") if settings.rate is None else settings.rate
        found.pop("rate", None)
        self._settings, self._executor = settings, executor
        self._spans = {leaf: executor.spans[leaf] for leaf in penalised}
        self._rate = Rate(
            base, settings.schedule, settings.schedule_parameters, batches, settings.epochs
        )
        self._torch = getattr(executor, "torch", None)
        self._weights, self._gradient = executor.vectors()
        if self._torch is None:
            self.update = Update(optimizer, found, self._weights, self._gradient)
        else:
            self.update = DeviceUpdate(self._torch, optimizer, found, self._weights, self._gradient)
        self._scratch = executor.scratch() if settings.l1 or settings.l2 else None

    @property
    def base(self) -> float:
        """The learning rate that was set, which the schedule multiplies."""
        return self._rate.base

    @base.setter
    def base(self, rate: float) -> None:
        self._rate.base = rate

    def rate(self, update: int) -> float:
        """The learning rate of the update that comes after so many."""
        return self._rate.at(update)

    def regularise(self) -> tuple[float, float]:
        """Add penalties to the gradient and clip it: (penalty, length of the gradient before it
        was clipped).
        """
        penalty = self._penalise() if self._scratch is not None else 0.0
        gradient, settings = self._gradient, self._settings
        size = self._length()
        if settings.clip_value is not None:
            limit = settings.clip_value
            if self._torch is None:
                np.clip(gradient, -limit, limit, out=gradient)
            else:
                gradient.clamp_(-limit, limit)
        if settings.clip_norm is not None:
            now = size if settings.clip_value is None else self._length()
            if now > settings.clip_norm:
                gradient *= settings.clip_norm / now
        return penalty, size

    def step(self, rate: float) -> None:
        """Change the weights."""
        self.update.step(rate)

    def _length(self) -> float:
        if self._torch is None:
            return math.sqrt(float(np.dot(self._gradient, self._gradient)))
        return float(self._gradient.norm())

    def _penalise(self) -> float:
        l1, l2, xp = self._settings.l1, self._settings.l2, self._torch or np
        assert self._scratch is not None
        total = 0.0
        for span in self._spans.values():
            w, g, scratch = self._weights[span], self._gradient[span], self._scratch[span]
            if self._torch is not None:
                w = w.detach()
            if l2:
                xp.multiply(w, l2, out=scratch)
                g += scratch
                total += 0.5 * float(xp.dot(w, scratch))
            if l1:
                xp.sign(w, out=scratch)
                total += l1 * float(xp.dot(w, scratch))
                scratch *= l1
                g += scratch
        return total

    def epoch_ended(self, loss: float) -> str:
        """Tell the schedule; what it did, in a sentence, or ""."""
        return self._rate.epoch_ended(loss)

    def terms(self, leaf: str, rate: float) -> list[tuple[str, np.ndarray]]:
        """Every quantity of the update to come for one leaf, in its shape."""
        span, shape = self._executor.spans[leaf], self._executor.shapes[leaf]
        flat = {name: _plain(array)[span] for name, array in self.update.state.items()}
        w, g = _plain(self._weights)[span], _plain(self._gradient)[span]
        found = self.update.terms(w, g, flat, rate)
        return [
            (name, value.reshape(shape) if value.shape == w.shape else value)
            for name, value in found
        ]

    def snapshot(self) -> dict[str, Any]:
        """All that the next update depends on, besides the weights."""
        rate = self._rate
        return {"update": self.update.snapshot(), "rate": rate.snapshot(), "base": rate.base}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self.update.restore(snapshot["update"])
        self._rate.restore(snapshot["rate"])
        self._rate.base = snapshot["base"]


def _plain(array: Any) -> np.ndarray:
    """A flat vector in double precision, wherever it lies."""
    found = array if isinstance(array, np.ndarray) else array.detach().cpu().numpy()
    return np.array(found, float)
