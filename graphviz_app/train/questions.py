"""Questions that the window asks the worker about a run, by name.

Each takes the trainer, its watcher and its past, and leaves the run as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from engine.errors import TrainingError
from engine.files.project import graph_bytes
from engine.training.probes import (
    between,
    largest_curvature,
    loss_surface,
    random_direction,
    rate_range,
)
from engine.training.snapshots import pack
from engine.training.trainer import Trainer
from engine.training.watching import Watcher
from graphviz_app.train.past import Past

Film = list[tuple[int, np.ndarray]]

SIDE = 21  # points of the loss surface along each axis
REACH = 1.0  # how far it goes, in lengths of a direction
MOST_PATH = 120


def inside(trainer: Trainer, watcher: Watcher, past: Past, **_: Any) -> dict[str, Any]:
    """The graph of the batch to come with its loss, and what the update will do to every leaf."""
    graph = trainer.batch_graph()
    terms = {}
    for leaf in trainer.task.learned:
        terms[leaf] = trainer.update_terms(leaf)
    return {
        "graph": graph_bytes(graph),
        "terms": terms,
        "epoch": trainer.epoch,
        "batch": trainer.batch_index,
        "batches": trainer.batches,
        "rows": trainer.next_rows().tolist(),
    }


def learned(trainer: Trainer, watcher: Watcher, past: Past, **_: Any) -> dict[str, Any]:
    """All that a run can be saved and gone on with."""
    return {
        "weights": trainer.executor.weights(),
        "snapshot": pack(trainer.snapshot()),
        "history": trainer.history.as_json(),
        "csv": trainer.history.as_csv(),
        "ended": trainer.ended,
        "epoch": trainer.epoch,
        "update": trainer.update,
    }


def at_epoch(
    trainer: Trainer, watcher: Watcher, past: Past, epoch: int, **_: Any
) -> Mapping[str, np.ndarray]:
    """The weights that the run had."""
    moment = past.nearest(epoch)
    if moment is None:
        raise TrainingError("Nothing of this run was kept yet.")
    return moment.weights


def landscape(
    trainer: Trainer, watcher: Watcher, past: Past, seed: int = 0, **_: Any
) -> dict[str, Any]:
    """The loss around the weights as they are, over two directions, and the path that led there.

    With a path of three moments or more the directions are those in which it spreads most (Li et
    al. 2018, section 7); else they are random ones.
    """
    now = trainer.weights()
    moments = past.moments
    keep = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), MOST_PATH)).astype(int))
    path = [moments[k].weights for k in keep.tolist()]
    steps = np.array([_flat(between(now, {k: p[k] for k in now}), now) for p in path])
    spread = np.linalg.norm(steps, axis=1).max() if len(steps) else 0.0
    if len(steps) >= 3 and spread > 1e-9:
        _left, sizes, axes = np.linalg.svd(steps, full_matrices=False)
        explained = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
        pair = [_unflat(axes[0], now), _unflat(axes[min(1, len(axes) - 1)], now)]
        places = steps @ axes[:2].T
        if places.shape[1] < 2:
            places = np.column_stack([places, np.zeros(len(places))])
        low, high = places.min(axis=0), places.max(axis=0)
        low, high = np.minimum(low, 0), np.maximum(high, 0)
        air = np.maximum(0.25 * (high - low), 0.15 * (high - low).max())
        along = np.linspace(low[0] - air[0], high[0] + air[0], SIDE)
        across = np.linspace(low[1] - air[1], high[1] + air[1], SIDE)
        titles = ("first axis of the path", "second axis of the path")
    else:
        pair = [random_direction(trainer, seed), random_direction(trainer, seed + 1)]
        along = np.linspace(-REACH, REACH, SIDE)
        across = along
        places, explained = np.zeros((1, 2)), 0.0
        titles = ("random direction", "another")
    surface = loss_surface(trainer, pair[0], pair[1], along, across)
    return {
        "along": along,
        "across": across,
        "surface": surface,
        "path": places,
        "explained": explained,
        "titles": titles,
        "epoch": trainer.epoch,
    }


def _flat(weights: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(weights[leaf]) for leaf in like])


def _unflat(vector: np.ndarray, like: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    found, start = {}, 0
    for leaf, value in like.items():
        found[leaf] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
    return found


def rates(trainer: Trainer, watcher: Watcher, past: Past, **_: Any) -> dict[str, Any]:
    """A sweep over learning rates from the weights as they are."""
    found = rate_range(trainer)
    return {"rates": found.rates, "losses": found.losses, "steepest": found.steepest}


def curvature(trainer: Trainer, watcher: Watcher, past: Past, **_: Any) -> dict[str, Any]:
    """The largest curvature, and the learning rate beyond which descent overshoots there."""
    found = largest_curvature(trainer)
    return {"largest": found.largest, "limit": found.limit}


def attention(
    trainer: Trainer, watcher: Watcher, past: Past, rows: int = 24, **_: Any
) -> dict[str, Any]:
    """How much attention each word of the first test sentences gets: (sentences, words)."""
    return watcher.attention(rows)


def film(trainer: Trainer, watcher: Watcher, past: Past, most: int = 60, **_: Any) -> Film:
    """(epoch, prediction on the grid) at moments spread over the run, for an animation."""
    moments = past.moments
    keep = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), most)).astype(int))
    frame = watcher.look()
    found = []
    for k in keep.tolist():
        seen = watcher.look_back(moments[k].weights, frame)
        if seen.prediction is None:
            raise TrainingError("This run has no boundary that could be filmed.")
        found.append((moments[k].epoch, seen.prediction))
    return found


def sweep(
    trainer: Trainer,
    watcher: Watcher,
    past: Past,
    changes: Sequence[Mapping[str, Any]],
    epochs: int = 60,
    seconds: float = 1.5,
    **_: Any,
) -> list[dict[str, Any]]:
    """Runs with changed settings, all from the weights with which this run began.

    Each goes on for so many epochs, or as many as it manages in so many seconds.
    """
    start = past.moments[0].weights if past.moments else trainer.executor.weights()
    found = []
    for change in changes:
        settings = msgspec.structs.replace(trainer.settings, **change)
        other = Trainer(trainer.graph, trainer.split, settings)
        other.executor.load(start)
        end = time.perf_counter() + seconds
        while not other.ended and other.epoch < epochs and time.perf_counter() < end:
            other.step_epoch()
        look = Watcher(other, watcher.choice, watcher.view).look()
        found.append(
            {
                "change": dict(change),
                "curves": look.curves,
                "scores": look.scores,
                "epoch": look.epoch,
                "ended": other.ended,
                "weights": other.executor.weights(),
                "prediction": look.prediction,
            }
        )
    return found


Question = Callable[..., Any]
QUESTIONS: dict[str, Question] = {
    "inside": inside,
    "learned": learned,
    "at_epoch": at_epoch,
    "landscape": landscape,
    "rates": rates,
    "curvature": curvature,
    "attention": attention,
    "film": film,
    "sweep": sweep,
}
