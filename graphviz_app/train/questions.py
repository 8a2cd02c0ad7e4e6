"""Questions that the window asks the worker about a run, by name.

Each takes the trainer, its watcher and its past, and leaves the run as it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from engine.errors import TrainingError
from engine.files.project import graph_bytes
from engine.training.probes import RATES, TOO_MUCH, largest_curvature, rate_range
from engine.training.snapshots import pack
from engine.training.trainer import Trainer
from engine.training.watching import Watcher
from graphviz_app.train import landscapes
from graphviz_app.train.past import Past

MOST_WORK = 10**8  # numbers times rows of a gradient that is taken hundreds of times
EPOCHS, ALONE_TIMES = 60, 5  # of a sweep; how many times that without data, where epochs are steps

Film = list[tuple[int, np.ndarray]]


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


def landscape(trainer: Trainer, watcher: Watcher, past: Past, **arguments: Any) -> dict[str, Any]:
    """The loss around the weights: see ``landscapes.landscape``."""
    return landscapes.landscape(trainer, past, **arguments)


def rates(trainer: Trainer, watcher: Watcher, past: Past, **_: Any) -> dict[str, float]:
    """Learning rates from the weights as they are: ``best``, at which the loss falls fastest;
    ``worst``, at which it had grown fourfold (∞ if it never did); ``limit``, beyond which plain
    descent overshoots (NaN where that takes too long to find out).
    """
    found = rate_range(trainer)
    ended = len(found.losses) < RATES or found.losses[-1] > TOO_MUCH * found.losses.min()
    limit = math.nan
    if sum(w.size for w in trainer.weights().values()) * trainer.split.train.count <= MOST_WORK:
        limit = largest_curvature(trainer).limit
    worst = float(found.rates[-1]) if ended and len(found.rates) else math.inf
    return {"best": found.steepest, "worst": worst, "limit": limit}


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
    epochs: int = EPOCHS,
    seconds: float = 1.5,
    **_: Any,
) -> list[dict[str, Any]]:
    """Runs with changed settings, all from the weights with which this run began.

    Each goes on for so many epochs (more of them where there are no data), or as many as it manages
    in so many seconds.
    """
    if trainer.split.train.is_blank:
        epochs *= ALONE_TIMES
    start = past.moments[0].weights if past.moments else trainer.executor.weights()
    found = []
    for change in changes:
        settings = msgspec.structs.replace(trainer.settings, **change)
        other = Trainer(trainer.graph, trainer.split, settings)
        other.executor.load(start)
        end = time.perf_counter() + seconds
        way = Past()
        way.keep(other)
        while not other.ended and other.epoch < epochs and time.perf_counter() < end:
            other.step_epoch()
            way.keep(other)
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
                "path": landscapes.path_of(way.moments),
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
    "attention": attention,
    "film": film,
    "sweep": sweep,
}
