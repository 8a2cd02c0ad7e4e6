"""What weights are before training, drawn from a seed so that every run is the same.

Draws come from NumPy's ``RandomState``, whose stream is frozen for good.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.errors import EngineError
from engine.ops.op import Shape

Draw = Callable[[np.random.RandomState, Shape, int, int], np.ndarray]
UNIFORM_LIMIT = NORMAL_SPREAD = 0.05  # as in Keras


def _uniform(rng: np.random.RandomState, shape: Shape, limit: float) -> np.ndarray:
    return rng.uniform(-limit, limit, shape)


def _normal(rng: np.random.RandomState, shape: Shape, spread: float) -> np.ndarray:
    return rng.normal(0.0, spread, shape)


# Each takes the numbers of inputs and outputs of a neuron.  Glorot & Bengio 2010 (eq. 12 and 16);
# He et al. 2015 (eq. 10), from a whole normal distribution as in torch: Keras cuts its tails off.
INITIALISERS: dict[str, Draw] = {
    "zeros": lambda rng, shape, ins, outs: np.zeros(shape),
    "ones": lambda rng, shape, ins, outs: np.ones(shape),
    "uniform": lambda rng, shape, ins, outs: _uniform(rng, shape, UNIFORM_LIMIT),
    "normal": lambda rng, shape, ins, outs: _normal(rng, shape, NORMAL_SPREAD),
    "glorot_uniform": lambda rng, shape, ins, outs: _uniform(
        rng, shape, math.sqrt(6 / (ins + outs))
    ),
    "glorot_normal": lambda rng, shape, ins, outs: _normal(rng, shape, math.sqrt(2 / (ins + outs))),
    "he_uniform": lambda rng, shape, ins, outs: _uniform(rng, shape, math.sqrt(6 / ins)),
    "he_normal": lambda rng, shape, ins, outs: _normal(rng, shape, math.sqrt(2 / ins)),
}


def fans(shape: Shape) -> tuple[int, int]:
    """How many inputs and outputs a neuron with weights of this shape has.

    A kernel of a convolution, height × width × channels × filters, counts its window.
    """
    if len(shape) < 2:
        return max(1, math.prod(shape)), max(1, math.prod(shape))
    window = math.prod(shape[:-2])
    return max(1, window * shape[-2]), max(1, window * shape[-1])


def draw(name: str, shape: Shape, seed: int) -> np.ndarray:
    """Weights of ``shape`` as the initialiser ``name`` draws them; raises EngineError."""
    if name not in INITIALISERS:
        known = ", ".join(INITIALISERS)
        raise EngineError(f'There is no initialiser "{name}"; there are: {known}.')
    return INITIALISERS[name](np.random.RandomState(seed), shape, *fans(shape))
