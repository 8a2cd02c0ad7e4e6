"""Everything in a run that is drawn at random: the order of the examples and dropout's masks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.ops.op import Shape


class Draws:
    """Knows which rows the next update looks at, and which numbers dropout leaves out in it.

    Looking draws nothing twice: rows and masks of an update stay the same until ``used``.  Streams
    of random numbers are frozen ones, so a seed means the same run for ever.
    """

    def __init__(
        self,
        seed: int,
        count: int,
        batch: int,
        shuffle: bool,
        masks: Mapping[str, Shape],
        rates: Mapping[str, float],
    ) -> None:
        self._count, self._batch = count, batch
        self._shuffle = shuffle and batch < count
        self._masks, self._rates = masks, rates
        self._order_draws = np.random.RandomState(seed)
        self._mask_draws = np.random.SFC64([seed, 1])
        self.index = 0  # of the batch to come, in its epoch
        self._order: np.ndarray | None = None
        self._drawn: dict[str, np.ndarray] | None = None

    def rows(self) -> np.ndarray:
        """The rows of the training set in the batch to come."""
        if self._order is None:
            count = self._count
            self._order = (
                self._order_draws.permutation(count) if self._shuffle else np.arange(count)
            )
        start = self.index * self._batch
        return self._order[start : start + self._batch]

    def masks(self) -> dict[str, np.ndarray]:
        """For each mask of dropout: 1 where a number of the batch to come is kept."""
        if self._drawn is None:
            size = len(self.rows())
            self._drawn = {
                leaf: _mask(self._mask_draws, (size, *shape), self._rates[leaf])
                for leaf, shape in self._masks.items()
            }
        return self._drawn

    def used(self) -> bool:
        """The update is done; whether that was the last of its epoch."""
        self._drawn = None
        self.index += 1
        if self.index * self._batch < self._count:
            return False
        self.begin_epoch()
        return True

    def begin_epoch(self) -> None:
        """Whatever batch was to come, an epoch begins."""
        self.index, self._order = 0, None

    def snapshot(self) -> dict[str, Any]:
        """Where the streams stand and what was drawn, as plain data and arrays."""
        return {
            "index": self.index,
            "order": self._order,
            "masks": self._drawn,
            "order_draws": list(self._order_draws.get_state(legacy=True)),
            "mask_draws": self._mask_draws.state,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what ``snapshot`` gave."""
        self._order_draws.set_state(tuple(snapshot["order_draws"]))
        self._mask_draws.state = snapshot["mask_draws"]
        self.index, self._order = snapshot["index"], snapshot["order"]
        self._drawn = snapshot["masks"]


def _mask(draws: np.random.SFC64, shape: tuple[int, ...], rate: float) -> np.ndarray:
    """1 where dropout keeps a number: by 16 random bits each, so that the share that is left out
    is right to a hundred-thousandth, in a fraction of the time that fractions would take.
    """
    count = math.prod(shape)
    bits = draws.random_raw(-(-count // 4)).astype("<u8", copy=False).view("<u2")[:count]
    return (bits >= round(rate * 2**16)).reshape(shape)
