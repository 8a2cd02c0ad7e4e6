"""What a run is made with: everything besides the graph and the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.errors import TrainingError
from engine.training.objective import LOSSES

DTYPES = ("float64", "float32")
FULL = 0  # the batch that is the whole training set


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a graph is trained.

    ``loss`` "" keeps the graph's own or chooses one that fits the data.  ``parameters`` are those
    of the optimiser, over the defaults of its ``preset`` ("keras" or "torch"); ``rate`` None is
    the preset's learning rate.  ``batch`` is the number of examples of an update, FULL for all.
    ``l1`` and ``l2`` weigh the penalties of weights (not of biases): l1·Σ|w| and ½·l2·Σw².
    ``clip_norm`` and ``clip_value`` bound the gradient.  ``patience`` is for how many epochs the
    validation loss may fail to improve by ``min_delta`` (None: it is not looked at).
    ``momentum`` is the share that the running means of BatchNorm keep at an update.
    """

    loss: str = ""
    optimizer: str = "adam"
    preset: str = "keras"
    parameters: Mapping[str, float] = {}
    rate: float | None = None
    schedule: str = "constant"
    schedule_parameters: Mapping[str, float] = {}
    batch: int = 32
    epochs: int = 100
    seed: int = 0
    shuffle: bool = True
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None
    patience: int | None = None
    min_delta: float = 0.0
    momentum: float = 0.9
    device: str = "auto"
    dtype: str = "float64"

    def check(self) -> None:
        """Raise TrainingError, naming the first setting that cannot be."""
        for name, low in (("batch", 0), ("epochs", 0), ("l1", 0), ("l2", 0), ("min_delta", 0)):
            _at_least(name, getattr(self, name), low)
        for name in ("rate", "clip_norm", "clip_value"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise TrainingError(f"{name} must be above 0, not {value!r}.")
        if self.patience is not None:
            _at_least("patience", self.patience, 1)
        if not 0 <= self.momentum < 1:
            raise TrainingError(f"momentum must be from 0 to below 1, not {self.momentum!r}.")
        if self.dtype not in DTYPES:
            raise TrainingError(f"dtype must be one of {', '.join(DTYPES)}, not {self.dtype!r}.")
        if self.loss and self.loss not in LOSSES:
            raise TrainingError(f'There is no loss "{self.loss}"; there are: {", ".join(LOSSES)}.')


def _at_least(name: str, value: Any, low: float) -> None:
    if not low <= value < float("inf"):
        raise TrainingError(f"{name} must be at least {low}, not {value!r}.")
