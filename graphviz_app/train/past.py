"""How a run was at earlier epochs: its weights, thinned to a budget of memory."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.training.looks import Frame
from engine.training.trainer import Trainer

BUDGET = 64_000_000  # bytes of all weights that are kept
MOST = 600  # epochs that are kept


@dataclass(frozen=True, eq=False)
class Moment:
    """A run at the end of an epoch."""

    epoch: int
    update: int
    rate: float
    weights: Mapping[str, np.ndarray]
    scores: Mapping[str, float]

    def stamped(self, frame: Frame) -> Frame:
        """``frame`` with the numbers of this moment."""
        return replace(
            frame, epoch=self.epoch, update=self.update, rate=self.rate, scores=self.scores,
            batch_index=0,
        )  # fmt: skip


class Past:
    """Moments, evenly spread: when there is no more room every second one goes."""

    def __init__(self, budget: int = BUDGET, most: int = MOST) -> None:
        self._moments: list[Moment] = []
        self._budget, self._most = budget, most
        self._stride = 1

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that are kept, in order."""
        return tuple(moment.epoch for moment in self._moments)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What is kept, in order."""
        return tuple(self._moments)

    def keep(self, trainer: Trainer) -> None:
        """Keep how ``trainer`` stands, if its epoch's turn has come."""
        if trainer.epoch % self._stride:
            return
        weights = trainer.executor.weights()
        size = sum(np.asarray(w).nbytes for w in weights.values())
        scores = trainer.history.epochs.last if trainer.epoch else {}
        moment = Moment(trainer.epoch, trainer.update, trainer.rate, weights, scores)
        self._moments.append(moment)
        while len(self._moments) > 2 and len(self._moments) > min(
            self._most, self._budget // max(size, 1)
        ):
            self._stride *= 2
            self._moments = [m for m in self._moments if m.epoch % self._stride == 0]

    def nearest(self, epoch: int) -> Moment | None:
        """The last moment not after ``epoch``, or the first."""
        if not self._moments:
            return None
        at = bisect.bisect_right(self.epochs, epoch) - 1
        return self._moments[max(at, 0)]
