"""The loss around the weights of a run, as the worker computes it for the window.

Of one or two numbers the whole function can be shown; of more, a plane through the weights.
Knows no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.training.probes import between, entry_direction, loss_surface, random_direction
from engine.training.trainer import Trainer
from graphviz_app.train.past import Moment, Past

MOST_SHOWN = 2  # numbers of which the whole function is shown
FINE, FINE_LINE = 61, 401  # points along each axis of such a function of two numbers, and of one
SIDE = 21  # points of a plane through more numbers
REACH = 1.0  # how far it goes, in lengths of a direction
MOST_PATH = 120  # moments of a path
LEAST_HALF, SHARE_AROUND = 1.5, 1.3  # of a box around 0 and the start
WIDEST = 4.0  # how many times as far a path may go to be held by the box: farther, it diverges
AIR = 0.1

Weights = Mapping[str, np.ndarray]


def path_of(moments: Sequence[Moment]) -> np.ndarray | None:
    """The way that one or two numbers went, (moments, numbers); None where there are more."""
    if not moments or sum(w.size for w in moments[0].weights.values()) > MOST_SHOWN:
        return None
    return np.array([flat(moment.weights) for moment in moments])


def landscape(
    trainer: Trainer,
    past: Past,
    seed: int = 0,
    box: Sequence[float] = (),
    others: Sequence[np.ndarray] = (),
) -> dict[str, Any]:
    """The loss over one or two axes: ``along``, ``across`` (empty for one), ``surface`` (across,
    along), ``path`` in the same coordinates, ``titles``, and ``whole``: whether the axes are all
    the numbers that are learned, so that the surface stays as it is.

    ``box`` (left, right, bottom, top) bounds a whole function; without one it holds the paths,
    with ``others`` of further runs, but for those that diverge.
    """
    path = path_of(past.moments)
    if path is not None:
        return _whole(trainer, path, box, others)
    return _around(trainer, past.moments, seed)


def _whole(
    trainer: Trainer, path: np.ndarray, box: Sequence[float], others: Sequence[np.ndarray]
) -> dict[str, Any]:
    now = trainer.weights()
    entries = [(leaf, index) for leaf, w in now.items() for index in np.ndindex(w.shape)]
    directions = [entry_direction(trainer, leaf, index) for leaf, index in entries]
    ranges = _ranges(path[0], [path, *(p for p in others if p.shape[1:] == path.shape[1:])])
    for k in range(len(entries) if len(box) == 4 else 0):
        ranges[k] = box[2 * k], box[2 * k + 1]
    here, count = flat(now), FINE if len(entries) == 2 else FINE_LINE
    along = np.linspace(*ranges[0], count)
    across = np.linspace(*ranges[1], count) if len(entries) == 2 else np.zeros(0)
    second = directions[1] if len(entries) == 2 else None
    surface = loss_surface(
        trainer, directions[0], second, along - here[0], across - here[1] if len(across) else None
    )
    return {
        "along": along,
        "across": across,
        "surface": np.atleast_2d(surface),
        "path": path,
        "explained": 0.0,
        "titles": tuple(_name(trainer, leaf, index) for leaf, index in entries),
        "epoch": trainer.epoch,
        "whole": True,
    }


def _name(trainer: Trainer, leaf: str, index: tuple[int, ...]) -> str:
    name = trainer.graph.nodes[leaf].name or leaf
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _ranges(start: np.ndarray, paths: Sequence[np.ndarray]) -> list[tuple[float, float]]:
    """A box around 0, the start, and all paths that stay near."""
    half = SHARE_AROUND * np.maximum(np.abs(start), LEAST_HALF)
    near = [p for p in paths if np.isfinite(p).all() and (np.abs(p) <= WIDEST * half).all()]
    places = np.vstack([-half, half, *near])
    low, high = places.min(axis=0), places.max(axis=0)
    air = AIR * (high - low) * ((low < -half) | (high > half))
    return list(zip((low - air).tolist(), (high + air).tolist(), strict=True))


def _around(trainer: Trainer, moments: Sequence[Moment], seed: int) -> dict[str, Any]:
    """A plane through the weights as they are.

    With a path of three moments or more it lies along the directions in which that spreads most (Li
    et al. 2018, section 7); else along random ones.
    """
    now = trainer.weights()
    keep = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), MOST_PATH)).astype(int))
    path = [moments[k].weights for k in keep.tolist()]
    steps = np.array([flat(between(now, {k: p[k] for k in now})) for p in path])
    spread = np.linalg.norm(steps, axis=1).max() if len(steps) else 0.0
    if len(steps) >= 3 and spread > 1e-9:
        _left, sizes, axes = np.linalg.svd(steps, full_matrices=False)
        explained = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
        pair = [_unflat(axes[0], now), _unflat(axes[1], now)]
        places = steps @ axes[:2].T
        low, high = places.min(axis=0), places.max(axis=0)
        low, high = np.minimum(low, 0), np.maximum(high, 0)
        air = np.maximum(0.25 * (high - low), 0.15 * (high - low).max())
        # no narrower than it is drawn
        air = np.maximum(air, 0.4 * (high - low + 2 * air).max() - 0.5 * (high - low))
        along = np.linspace(low[0] - air[0], high[0] + air[0], SIDE)
        across = np.linspace(low[1] - air[1], high[1] + air[1], SIDE)
        titles = ("first axis of the path", "second axis of the path")
    else:
        pair = [random_direction(trainer, seed), random_direction(trainer, seed + 1)]
        along = across = np.linspace(-REACH, REACH, SIDE)
        places, explained = np.zeros((1, 2)), 0.0
        titles = ("random direction", "another")
    return {
        "along": along,
        "across": across,
        "surface": loss_surface(trainer, pair[0], pair[1], along, across),
        "path": places,
        "explained": explained,
        "titles": titles,
        "epoch": trainer.epoch,
        "whole": False,
    }


def flat(weights: Weights) -> np.ndarray:
    """All numbers in a row."""
    return np.concatenate([np.ravel(w) for w in weights.values()]).astype(float)


def _unflat(vector: np.ndarray, like: Weights) -> dict[str, np.ndarray]:
    found, start = {}, 0
    for leaf, value in like.items():
        found[leaf] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
    return found
