"""Early stopping: when the validation loss has not become better for a while."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class EarlyStopping:
    """Watches the validation loss.

    An epoch is better when its loss is lower than the best so far by more than ``min_delta``;
    after ``patience`` epochs in a row that are not, ``stop`` is true.  A loss that is no number is
    not better.
    """

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_epoch, self.waited = math.inf, 0, 0

    @property
    def stop(self) -> bool:
        """Whether patience has run out."""
        return self.waited >= self.patience

    @property
    def left(self) -> int:
        """How many more epochs may pass without a better one."""
        return max(0, self.patience - self.waited)

    def look(self, loss: float, epoch: int) -> bool:
        """Take note of an epoch's validation loss; whether it is the best so far."""
        better = loss < self.best - self.min_delta or (self.best_epoch == 0 and loss < math.inf)
        if better:
            self.best, self.best_epoch, self.waited = loss, epoch, 0
        else:
            self.waited += 1
        return better

    def snapshot(self) -> dict[str, Any]:
        """What it has seen, as plain data."""
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self.best, self.best_epoch = snapshot["best"], snapshot["best_epoch"]
        self.waited = snapshot["waited"]
