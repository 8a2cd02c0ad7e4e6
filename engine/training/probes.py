"""Looks at a network from outside: loss surfaces, curvature, gradient noise, maps of neurons.

Each probe takes a trainer and leaves its weights as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.dataset import Dataset
from engine.data.planes import Plane, feature_plane
from engine.errors import TrainingError
from engine.run.arrays import ArrayExecutor
from engine.training.evaluating import Evaluation, layer_values
from engine.training.trainer import Trainer

Direction = Mapping[str, np.ndarray]  # a change of the weights, by leaf
STEP = 1e-4  # of central differences of gradients, times the size of the weights
MOST_TURNS, CLOSE_ENOUGH = 200, 1e-7  # of the power iteration
REPEATS = 300
RATES = 100  # that a range test tries
SMOOTHED, TOO_MUCH = 5, 4.0  # losses that are averaged; growth at which a range test ends


def entry_direction(trainer: Trainer, leaf: str, index: tuple[int, ...] = ()) -> Direction:
    """The direction in which one parameter grows by 1; raises TrainingError if there is none."""
    weights = trainer.weights()
    if leaf not in weights:
        raise TrainingError(f'"{leaf}" is no parameter; there are: {", ".join(weights)}.')
    array = np.zeros_like(weights[leaf])
    try:
        array[index] = 1.0
    except IndexError:
        raise TrainingError(f'"{leaf}" has no entry {list(index)}.') from None
    return {leaf: array}


def random_direction(trainer: Trainer, seed: int) -> Direction:
    """A random direction in which each leaf changes by as much as it measures.

    Li, Xu, Taylor, Studer, Goldstein 2018, *Visualizing the Loss Landscape of Neural Nets*: the
    columns that lead to each unit are scaled to the norm of its weights ("filter normalised").
    """
    draws = np.random.RandomState(seed)
    direction = {}
    for leaf, weights in trainer.weights().items():
        drawn = draws.normal(size=weights.shape)
        axes = tuple(range(weights.ndim - 1)) if weights.ndim > 1 else None
        size = np.sqrt((drawn**2).sum(axis=axes, keepdims=weights.ndim > 1))
        wanted = np.sqrt((weights**2).sum(axis=axes, keepdims=weights.ndim > 1))
        direction[leaf] = drawn * wanted / np.maximum(size, 1e-300)
    return direction


def between(start: Direction, end: Direction) -> Direction:
    """The direction that leads from the weights ``start`` to the weights ``end``."""
    return {leaf: np.asarray(end[leaf]) - np.asarray(value) for leaf, value in start.items()}


def moved(weights: Direction, steps: Sequence[tuple[float, Direction]]) -> dict[str, np.ndarray]:
    """The weights after going so far along directions."""
    found = {leaf: np.array(value) for leaf, value in weights.items()}
    for distance, direction in steps:
        for leaf, change in direction.items():
            found[leaf] = found[leaf] + distance * np.asarray(change)
    return found


def loss_surface(
    trainer: Trainer,
    first: Direction,
    second: Direction | None,
    along: np.ndarray,
    across: np.ndarray | None = None,
    data: Dataset | None = None,
) -> np.ndarray:
    """The loss around the present weights: (len(across), len(along)), or (len(along),) for one
    direction.  ``along`` and ``across`` are distances, 0 being where the weights are now.
    """
    evaluation = _evaluation(trainer, data)
    rows = np.zeros(1) if second is None or across is None else across
    with trainer.at_rest() as (weights, load):
        surface = np.empty((len(rows), len(along)))
        for j, b in enumerate(rows.tolist()):
            for i, a in enumerate(along.tolist()):
                steps = [(a, first)] if second is None else [(a, first), (b, second)]
                load(moved(weights, steps))
                surface[j, i] = evaluation.run()
    return surface[0] if second is None else surface


def _evaluation(
    trainer: Trainer, data: Dataset | None = None, wanted: Sequence[str] = ()
) -> Evaluation:
    rows = trainer.split.train if data is None else data
    return Evaluation(trainer.executor, trainer.running, trainer.binding, rows, wanted)


@dataclass(frozen=True)
class RateRange:
    """The losses of batches at learning rates that grow from update to update."""

    rates: np.ndarray
    losses: np.ndarray

    @property
    def steepest(self) -> float:
        """The rate at which the (smoothed) loss fell fastest, a good one to begin with.

        Smith 2017, *Cyclical Learning Rates for Training Neural Networks*, section 3.3.  NaN where
        there were too few updates to tell.
        """
        if len(self.losses) < 2 * SMOOTHED:
            return math.nan
        kernel = np.ones(SMOOTHED) / SMOOTHED
        smooth = np.convolve(self.losses, kernel, "valid")
        slopes = np.gradient(smooth, np.log(self.rates[SMOOTHED - 1 :]))
        return float(self.rates[SMOOTHED - 1 + int(np.argmin(slopes))])


def rate_range(
    trainer: Trainer, lowest: float = 1e-5, highest: float = 10.0, updates: int = RATES
) -> RateRange:
    """Try learning rates from ``lowest`` to ``highest``, each for one update, from the present
    weights on; it ends early where the loss has grown to four times its least.  The trainer then
    stands where it stood.
    """
    if not 0 < lowest < highest < math.inf or updates < 2:
        raise TrainingError("A range of learning rates goes from a small one to a larger one.")
    before = trainer.snapshot()
    rates = np.geomspace(lowest, highest, updates)
    losses: list[float] = []
    try:
        for rate in rates.tolist():
            loss = trainer.try_update(rate)
            losses.append(loss)
            if not math.isfinite(loss) or loss > TOO_MUCH * min(losses):
                break
    finally:
        trainer.restore(before)
    found = np.array(losses)
    finite = np.isfinite(found)
    return RateRange(rates[: len(found)][finite], found[finite])


# gradients ----------------------------------------------------------------------------------


def _flat(gradients: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(g) for g in gradients.values()]).astype(float)


def full_gradient(trainer: Trainer) -> np.ndarray:
    """The gradient of the loss over the whole training set, all parameters in one row."""
    return _flat(trainer.gradients_of(np.arange(trainer.split.train.count)))


@dataclass(frozen=True)
class Noise:
    """How gradients of batches differ from the full gradient.

    ``error`` is the root mean square distance, ``relative`` that in units of the full gradient's
    length, ``cosine`` the mean cosine of the angle between both, ``uphill`` the share of batches
    whose gradient would lead uphill.
    """

    batch: int
    error: float
    relative: float
    cosine: float
    uphill: float


def gradient_noise(trainer: Trainer, batch: int, repeats: int = REPEATS, seed: int = 0) -> Noise:
    """The noise of gradients of ``batch`` examples drawn without putting back.

    It falls as 1/√batch as long as the batch is small beside the set.
    """
    count = trainer.split.train.count
    if not 1 <= batch <= count:
        raise TrainingError(f"A batch of {batch} cannot be drawn from {count} examples.")
    full = full_gradient(trainer)
    length = float(np.linalg.norm(full))
    draws = np.random.RandomState(seed)
    errors, cosines = [], []
    for _ in range(repeats):
        gradient = _flat(trainer.gradients_of(draws.permutation(count)[:batch]))
        errors.append(float(((gradient - full) ** 2).sum()))
        size = float(np.linalg.norm(gradient))
        cosines.append(float(gradient @ full) / (size * length) if size * length else math.nan)
    error = math.sqrt(float(np.mean(errors)))
    return Noise(
        batch,
        error,
        error / length if length else math.inf,
        float(np.mean(cosines)),
        float(np.mean(np.array(cosines) < 0)),
    )


@dataclass(frozen=True)
class Curvature:
    """The largest curvature λ of the loss, of the direction ``direction`` in which it is met, and
    ``limit`` = 2/λ: above that learning rate plain gradient descent overshoots there and diverges.
    """

    largest: float
    limit: float
    direction: dict[str, np.ndarray]


def largest_curvature(trainer: Trainer, seed: int = 0) -> Curvature:
    """The largest eigenvalue of the loss's Hessian over the training set.

    By power iteration on products H·v, each from central differences of the gradient.  Where the
    curvature largest in size is negative, the iteration is run again on H shifted by it.
    """
    rows = np.arange(trainer.split.train.count)
    with trainer.at_rest() as (weights, load):
        scale = max(1.0, float(np.linalg.norm(_flat(weights))))

        def product(vector: np.ndarray) -> np.ndarray:
            step = STEP * scale / max(float(np.linalg.norm(vector)), 1e-300)
            change = _unflat(vector, weights)
            ends = []
            for way in (step, -step):
                load(moved(weights, [(way, change)]))
                ends.append(_flat(trainer.gradients_of(rows)))
            return (ends[0] - ends[1]) / (2 * step)

        size = _flat(weights).size
        value, vector = _power(product, size, seed, 0.0)
        if value < 0:
            value, vector = _power(product, size, seed + 1, value)
        direction = _unflat(vector, weights)
    limit = 2 / value if value > 0 else math.inf
    return Curvature(value, limit, direction)


def _power(
    product: Callable[[np.ndarray], np.ndarray], size: int, seed: int, shift: float
) -> tuple[float, np.ndarray]:
    """The eigenvalue of H − shift largest in size, with shift added back, and its vector."""
    vector = np.random.RandomState(seed).normal(size=size)
    vector /= np.linalg.norm(vector)
    value = math.inf
    for _ in range(MOST_TURNS):
        image = product(vector) - shift * vector
        before, value = value, float(vector @ image)
        length = float(np.linalg.norm(image))
        if length == 0:
            return shift, vector
        vector = image / length
        if abs(value - before) <= CLOSE_ENOUGH * max(abs(value), 1e-12):
            break
    return value + shift, vector


def _unflat(vector: np.ndarray, like: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    found, start = {}, 0
    for leaf, value in like.items():
        found[leaf] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
    return found


def layer_gradient_norms(trainer: Trainer) -> dict[str, float]:
    """For each layer the norm of the full gradient of its weights (not of its biases)."""
    gradients = trainer.gradients_of(np.arange(trainer.split.train.count))
    return {
        layer.node: math.sqrt(
            sum(float((gradients[i] ** 2).sum()) for i in layer.leaves if i in trainer.penalised)
        )
        for layer in trainer.layers
    }


def gradient_ratio(trainer: Trainer) -> float:
    """The gradient norm of the first hidden layer's weights over that of the last hidden layer's.

    1 where there is one hidden layer or none.
    """
    norms = list(layer_gradient_norms(trainer).values())[:-1]
    if len(norms) < 2:
        return 1.0
    return norms[0] / norms[-1] if norms[-1] else math.inf


def dead_units(trainer: Trainer) -> dict[str, np.ndarray]:
    """For each layer with a matrix of weights: which units receive a gradient of exactly 0 for all
    their weights and their bias, over the whole training set.
    """
    gradients = trainer.gradients_of(np.arange(trainer.split.train.count))
    found = {}
    for layer in trainer.layers:
        parts = [gradients[i] for i in layer.leaves if gradients[i].ndim]
        if any(part.ndim > 1 for part in parts):
            units = parts[0].shape[-1]
            still = [~np.any(p.reshape(-1, units) != 0, axis=0) for p in parts]
            found[layer.node] = np.logical_and.reduce(still)
    return found


# maps ---------------------------------------------------------------------------------------


class Maps:
    """The prediction, and what every unit gives, on a grid over a plane through the inputs.

    ``across`` and ``down`` are the coordinates along the grid; without a ``plane`` they are the
    first two features, other features being 0.  ``run`` computes anew with the weights as they are.
    ``coarse``: in float32, which is enough for a picture, where NumPy computes; its tanh takes a
    quarter of the time of float64's.
    """

    def __init__(
        self,
        trainer: Trainer,
        across: np.ndarray,
        down: np.ndarray,
        plane: Plane | None = None,
        coarse: bool = False,
    ) -> None:
        row = trainer.split.train.x.shape[1:]
        if plane is None:
            if len(row) != 1 or row[0] < 2:
                raise TrainingError("A map needs two features that the data have.")
            plane = feature_plane(np.zeros(row), 0, 1)
        if trainer.binding.single:
            raise TrainingError("A graph that knows no batches has no maps.")
        grid = np.stack([np.tile(across, len(down)), np.repeat(down, len(across))], axis=1)
        points = plane.points(grid)
        self.shape = (len(down), len(across))
        nodes = [layer.output for layer in trainer.layers if layer.output not in layer.leaves]
        self._prediction = trainer.running.prediction
        self._wanted = tuple(dict.fromkeys([*nodes, *filter(None, [self._prediction])]))
        shapes = {
            leaf: (len(points), *trainer.binding.shapes[leaf]) for leaf in trainer.binding.columns
        }
        self._learned = self._executor = trainer.executor
        if coarse and isinstance(trainer.executor, ArrayExecutor):
            learned = trainer.executor
            self._executor = ArrayExecutor(learned.plan, learned.shapes, np.float32)
        self._prepared = self._executor.prepare(shapes, self._wanted, training=False)
        for leaf, column in trainer.binding.columns.items():
            rows = points if column is None else points[:, column]
            self._prepared.inputs[leaf][...] = rows.reshape(shapes[leaf])

    def run(self) -> None:
        """Compute every map."""
        if self._executor is not self._learned:
            with np.errstate(all="ignore"):  # a weight may be too large for float32
                self._executor.load(self._learned.weights())
        self._prepared.run()

    @property
    def prediction(self) -> np.ndarray:
        """The prediction: (down, across), or (down, across, outputs)."""
        return self._grid(self._prepared.outputs[self._prediction])

    def units(self) -> dict[str, np.ndarray]:
        """For each layer what its units give: (units, down, across)."""
        return {
            node: np.moveaxis(np.atleast_3d(self._grid(self._prepared.outputs[node])), -1, 0)
            for node in self._wanted
        }

    def _grid(self, values: np.ndarray) -> np.ndarray:
        rest = values.shape[1:] if values.ndim > 1 and values.shape[1:] != (1,) else ()
        return values.reshape(*self.shape, *rest)


def activations(trainer: Trainer, data: Dataset | None = None) -> dict[str, np.ndarray]:
    """For each layer what its units give for every row: (rows, units)."""
    nodes = [layer.output for layer in trainer.layers if layer.output not in layer.leaves]
    evaluation = _evaluation(trainer, data, nodes)
    evaluation.run()
    return {node: np.array(layer_values(evaluation.values, node), float) for node in nodes}
