"""What is noted at the end of every epoch: losses, metrics, and how the layers are doing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.splitting import Split
from engine.training.binding import Binding
from engine.training.evaluating import (
    Evaluation,
    dead_share,
    layer_values,
    metric_names,
    of_units,
    saturated_share,
)
from engine.training.layers import LearningLayer
from engine.training.objective import Objective

MOST_LOOKED_AT = 300_000  # numbers of a layer, for the shares of single units
PARTS = {"train": "", "val": "val_", "test": "test_"}  # and what their columns begin with


class Scores:
    """Looks at each part of the data as a whole, with the weights as they are.

    ``columns`` name the ``numbers`` of a row: for each part its loss and metrics; for each layer
    the norms of its gradient (of the last batch) and of its weights and, where its activation can
    die or saturate, the share of its units that are dead and of its numbers that are saturated on
    the training set.
    """

    def __init__(
        self,
        executor: Any,
        objective: Objective,
        binding: Binding,
        split: Split,
        layers: Sequence[LearningLayer],
    ) -> None:
        self._executor, self._layers = executor, layers
        watched = tuple({layer.output for layer in layers if layer.squash})
        parts = zip(PARTS, (split.train, split.validation, split.test), strict=True)
        self._evaluations = {
            part: Evaluation(executor, objective, binding, rows, watched if part == "train" else ())
            for part, rows in parts
            if rows.count
        }
        metrics = metric_names(objective, split.train)
        self.columns = [
            PARTS[part] + name for part in self._evaluations for name in ("loss", *metrics)
        ]
        for layer in layers:
            self.columns += [f"gradient_norm:{layer.node}", f"weight_norm:{layer.node}"]
            if layer.squash:
                self.columns += [f"dead:{layer.node}", f"saturated:{layer.node}"]
        self.losses: dict[str, float] = {}

    def look(self) -> None:
        """Compute the losses anew."""
        self.losses = {part: each.run() for part, each in self._evaluations.items()}

    def numbers(self) -> list[float]:
        """The row for ``columns``, after ``look``."""
        found: list[float] = []
        for part, evaluation in self._evaluations.items():
            found += [self.losses[part], *evaluation.metrics().values()]
        weights, gradients = self._executor.weights(), self._executor.gradients()
        values = self._evaluations["train"].values
        for layer in self._layers:
            found += [
                math.sqrt(sum(_squares(table[leaf]) for leaf in layer.leaves))
                for table in (gradients, weights)
            ]
            if layer.squash:
                given = layer_values(values, layer.output)
                found += [dead_share(given, layer.squash), saturated_share(given, layer.squash)]
        return found

    def unit_shares(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For each layer that can die or saturate: which units gave 0 for every training row, and
        for each unit the share of rows near an end; as of the last ``look``.
        """
        values = self._evaluations["train"].values
        found = {}
        for layer in self._layers:
            given = values.get(layer.output) if layer.squash else None
            if given is None or given.size > MOST_LOOKED_AT:
                continue
            found[layer.node] = of_units(layer_values(values, layer.output), layer.squash)
        return found


def _squares(array: np.ndarray) -> float:
    flat = array.ravel()
    return float(np.dot(flat, flat))
