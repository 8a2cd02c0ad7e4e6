"""Losses and gradients of batches: rows of a data set go into a pass of the right size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.ops.op import Shape
from engine.training.binding import Binding
from engine.training.objective import Objective


class Batches:
    """Passes forward and back over rows of ``data``; gradients come to lie in the executor.

    ``masks`` are the leaves of dropout's masks with their shapes for one row; without ``training``
    layers behave as in use.  With a ``momentum`` the running means of BatchNorm move on.
    """

    def __init__(
        self,
        executor: Any,
        objective: Objective,
        binding: Binding,
        data: Dataset,
        training: bool,
        masks: Mapping[str, Shape],
        momentum: float | None = None,
    ) -> None:
        self.rows = binding.rows(data, executor.dtype)
        self._executor, self._binding = executor, binding
        self._masks, self._training, self._momentum = masks, training, momentum
        self._output = objective.graph.output
        self._mean_of_output = not objective.loss
        self._passes: dict[int, Any] = {}

    def run(self, rows: np.ndarray, masks: Mapping[str, np.ndarray] | None = None) -> float:
        """The mean loss of these rows."""
        if self._binding.single:
            return self._one_by_one(rows)
        prepared = self._pass(len(rows))
        inputs = prepared.inputs
        for leaf, table in self.rows.items():
            table.take(rows, 0, inputs[leaf], "clip")
        for leaf, mask in (masks or {}).items():
            np.copyto(inputs[leaf], mask)
        prepared.run()
        return _mean(prepared.outputs[self._output])

    def _one_by_one(self, rows: np.ndarray) -> float:
        """The same for a graph that knows no batches: the mean over examples run one by one."""
        prepared, loss = self._pass(1), 0.0
        total: dict[str, np.ndarray] = {}
        for row in rows:
            for leaf, table in self.rows.items():
                np.copyto(prepared.inputs[leaf], table[row])
            prepared.run()
            loss += _mean(prepared.outputs[self._output]) / len(rows)
            for leaf, gradient in self._executor.gradients().items():
                total[leaf] = total.get(leaf, 0.0) + gradient / len(rows)
        self._executor.load_gradients(total)
        return loss

    def _pass(self, size: int) -> Any:
        if size not in self._passes:
            lead = () if self._binding.single else (size,)
            shapes = {leaf: (*lead, *table.shape[1:]) for leaf, table in self.rows.items()}
            shapes.update((leaf, (*lead, *shape)) for leaf, shape in self._masks.items())
            self._passes[size] = self._executor.prepare(
                shapes,
                [self._output],
                gradients=True,
                training=self._training,
                mean_of_output=self._mean_of_output,
                momentum=self._momentum,
            )
        return self._passes[size]


def _mean(output: np.ndarray) -> float:
    return float(output) if output.ndim == 0 else float(output.mean())
