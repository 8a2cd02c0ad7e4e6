"""Looks at a data set as a whole: its loss, its metrics, and what the layers do on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.ops.op import Shape
from engine.training import metrics
from engine.training.binding import Binding
from engine.training.objective import Objective

ROWS_AT_ONCE = 2048
NEAR_THE_END = 0.95  # a tanh beyond ±0.95 or a sigmoid as near its ends counts as saturated


class Evaluation:
    """Passes over the rows of ``data`` with layers as they are in use (no dropout).

    ``wanted`` are further nodes whose values are collected.
    """

    def __init__(
        self,
        executor: Any,
        objective: Objective,
        binding: Binding,
        data: Dataset,
        wanted: Sequence[str] = (),
    ) -> None:
        self._rows = binding.rows(data, executor.dtype)
        self._data, self._objective, self._single = data, objective, binding.single
        self.wanted = tuple(wanted)
        self._names = (objective.graph.output, *filter(None, [objective.prediction]), *wanted)
        self._at_once = 1 if binding.single else min(data.count, ROWS_AT_ONCE)
        self._executor = executor
        self._passes: dict[int, Any] = {}
        self._filled = -1  # where the rows begin that the inputs hold
        self.values: dict[str, np.ndarray] = {}

    def run(self) -> float:
        """The mean loss; predictions and what else was wanted lie in ``values``, all rows."""
        found: dict[str, list[np.ndarray]] = {name: [] for name in self._names[1:]}
        total, count = 0.0, self._data.count
        for start in range(0, count, self._at_once):
            size = min(self._at_once, count - start)
            prepared = self._pass(size)
            if self._filled != start or count > self._at_once:
                for leaf, rows in self._rows.items():
                    part = rows[start] if self._single else rows[start : start + size]
                    np.copyto(prepared.inputs[leaf], part)
                self._filled = start
            prepared.run()
            total += float(np.mean(prepared.outputs[self._names[0]])) * size
            for name, parts in found.items():
                value = prepared.outputs[name]
                parts.append(value[None].copy() if self._single else value)
                if count > self._at_once and not self._single:
                    parts[-1] = value.copy()
        self.values = {
            name: parts[0] if len(parts) == 1 else np.concatenate(parts)
            for name, parts in found.items()
        }
        return total / count

    def _pass(self, size: int) -> Any:
        if size not in self._passes:
            shapes: dict[str, Shape] = {
                leaf: rows.shape[1:] if self._single else (size, *rows.shape[1:])
                for leaf, rows in self._rows.items()
            }
            self._passes[size] = self._executor.prepare(shapes, self._names, training=False)
        return self._passes[size]

    def metrics(self) -> dict[str, float]:
        """Accuracy for classes; R² and mean absolute error for numbers; none without prediction."""
        objective, data = self._objective, self._data
        if not objective.prediction:
            return {}
        predicted = self.values[objective.prediction]
        if data.is_classes:
            return {"accuracy": metrics.accuracy(predicted, data.y, objective.threshold)}
        return {"r2": metrics.r2(predicted, data.y), "mae": metrics.mae(predicted, data.y)}


def metric_names(objective: Objective, data: Dataset) -> tuple[str, ...]:
    """The names of what ``Evaluation.metrics`` gives."""
    if not objective.prediction:
        return ()
    return ("accuracy",) if data.is_classes else ("r2", "mae")


def of_units(rows: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """For each unit (a column) whether it is dead: 0 for every row; and the share of its numbers
    that lie near an end of what its activation can give.
    """
    dead, ends = np.zeros(rows.shape[1], bool), np.zeros(rows.shape[1])
    if activation == "relu":
        dead = ~np.any(rows > 0, axis=0)
    elif activation == "tanh":
        ends = np.mean(np.abs(rows) > NEAR_THE_END, axis=0)
    elif activation == "sigmoid":
        ends = np.mean(np.abs(2 * rows - 1) > NEAR_THE_END, axis=0)
    return dead, ends


def dead_share(values: np.ndarray, activation: str) -> float:
    """The share of units that are dead."""
    return _mean_of_units(values, activation, 0)


def saturated_share(values: np.ndarray, activation: str) -> float:
    """The share of numbers that lie near an end of what the activation can give."""
    return _mean_of_units(values, activation, 1)


def _mean_of_units(values: np.ndarray, activation: str, which: int) -> float:
    if not values.size:
        return 0.0
    return float(np.mean(of_units(values.reshape(-1, values.shape[-1]), activation)[which]))


def layer_values(values: Mapping[str, np.ndarray], node: str) -> np.ndarray:
    """What a layer gave, rows × units; one unit for a column of numbers."""
    value = values[node]
    return value.reshape(len(value), -1) if value.ndim > 1 else value[:, None]
