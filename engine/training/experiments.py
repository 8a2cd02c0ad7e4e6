"""Experiments: the same graph trained with many settings, each from the same seeds.

Seeds are paired: run k of every setting has the same data, initial weights and order of examples,
so that a difference between settings is not one of luck.  Each run is a process of its own.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import msgspec
import numpy as np

from engine.data.choice import DataChoice
from engine.errors import EngineError, TrainingError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.graph import Graph
from engine.run.threads import hold_blas_to_one_thread
from engine.training.initial import with_new_weights
from engine.training.settings import Settings
from engine.training.trainer import Trainer

MOST_RUNS = 10_000


@dataclass(frozen=True)
class Outcome:
    """How one run ended: the last row of its history, or why there is none."""

    changes: dict[str, Any]
    seed: int
    ended: str
    last: dict[str, float]
    trouble: str = ""


@dataclass(frozen=True)
class Line:
    """One setting over all seeds: for each column of the history median, lowest and highest."""

    changes: dict[str, Any]
    runs: int
    failed: int
    median: dict[str, float]
    lowest: dict[str, float]
    highest: dict[str, float]


def grid(varied: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values of settings."""
    names = list(varied)
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*varied.values())]


def run_experiment(
    graph: Graph,
    data: DataChoice,
    settings: Settings,
    changes: Iterable[Mapping[str, Any]],
    seeds: Sequence[int],
    processes: int | None = None,
    ready: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Train with each of ``changes`` of the settings, from each of ``seeds``, in parallel.

    ``ready`` is told of every run as it ends.  A setting that cannot be is an outcome with its
    ``trouble``, not an error.  Raises TrainingError for no or too many runs.
    """
    jobs = [(dict(change), seed) for change in changes for seed in seeds]
    if not 0 < len(jobs) <= MOST_RUNS:
        raise TrainingError(f"An experiment has 1 to {MOST_RUNS} runs, not {len(jobs)}.")
    packed = graph_bytes(graph)
    written = (packed, msgspec.json.encode(data), msgspec.json.encode(settings))
    workers = max(1, min(processes or os.cpu_count() or 1, len(jobs)))
    outcomes = []
    with ProcessPoolExecutor(workers, get_context("spawn"), hold_blas_to_one_thread) as pool:
        tasks = [pool.submit(_one_run, *written, change, seed) for change, seed in jobs]
        for task in tasks:
            outcomes.append(task.result())
            ready(outcomes[-1])
    return outcomes


def _one_run(graph: bytes, data: bytes, settings: bytes, changes: dict[str, Any], seed: int) -> Any:
    """In a process of its own: one run."""
    try:
        choice = msgspec.structs.replace(msgspec.json.decode(data, type=DataChoice), seed=seed)
        start = with_new_weights(graph_from_bytes(graph), seed)
        base = msgspec.json.decode(settings, type=Settings)
        trainer = Trainer(start, choice.load(), base, **{**changes, "seed": seed})
        history = trainer.run()
        last = history.epochs.last if len(history.epochs) else {}
        return Outcome(changes, seed, trainer.ended, last)
    except EngineError as error:
        return Outcome(changes, seed, "", {}, str(error))


def compared(outcomes: Iterable[Outcome]) -> list[Line]:
    """One line for each setting, in the order in which they were asked for."""
    by_setting: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_setting.setdefault(repr(outcome.changes), []).append(outcome)
    lines = []
    for runs in by_setting.values():
        good = [run for run in runs if run.last and not run.trouble]
        columns = list(good[0].last) if good else []
        table = {name: np.array([run.last.get(name, math.nan) for run in good]) for name in columns}
        lines.append(
            Line(
                runs[0].changes,
                len(runs),
                sum(1 for run in runs if run.trouble or run.ended == "diverged"),
                {name: float(np.median(v)) for name, v in table.items()},
                {name: float(np.min(v)) for name, v in table.items()},
                {name: float(np.max(v)) for name, v in table.items()},
            )
        )
    return lines
