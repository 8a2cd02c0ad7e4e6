"""A run in a graph file: the learned graph, and beside it what it was trained with and how it went.

So a run is opened like any graph, and goes on being one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.data.choice import DataChoice
from engine.errors import FileError
from engine.files.project import load_project, save
from engine.graph.graph import Graph
from engine.training.settings import Settings
from engine.training.trainer import Trainer


class RunRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands under "training" in the file.

    ``result`` is the last row of the history, which holds its epochs and updates by column; both
    are empty before a run.  ``runs`` are earlier ones, as the window keeps them to compare.
    """

    data: DataChoice
    settings: Settings
    ended: str = ""
    notes: list[str] = []
    result: dict[str, float | None] = {}
    history: dict[str, Any] = {}
    runs: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Run:
    """A run that was read: its learned graph, its data and settings, how it ended."""

    graph: Graph
    data: DataChoice
    settings: Settings
    ended: str
    history: dict[str, Any]


def write_run(path: str | os.PathLike, trainer: Trainer, data: DataChoice) -> None:
    """Write what ``trainer`` has learned to ``path``; FileError leaves the old file intact."""
    history = msgspec.json.decode(trainer.history.as_json())
    epochs = history["epochs"]
    record = RunRecord(
        data=data,
        settings=trainer.settings,
        ended=trainer.ended,
        notes=list(trainer.notes),
        result={name: column[-1] for name, column in epochs.items() if column},
        history=history,
    )
    save(trainer.learned(), path, training=msgspec.to_builtins(record))


def record_of(training: Mapping[str, Any], where: str) -> RunRecord:
    """What stands under "training"; raises FileError, naming ``where`` it was read from."""
    try:
        return msgspec.convert(training, RunRecord)
    except msgspec.ValidationError as error:
        raise FileError(f"{where} holds a run that cannot be read: {error}.") from None


def read_run(path: str | os.PathLike) -> Run:
    """The run in a file; raises FileError, also for a graph that was not trained."""
    project = load_project(path)
    if project.training is None:
        raise FileError(f"{path} holds a graph, but no run: train it first, with --out.")
    record = record_of(project.training, str(path))
    return Run(project.graph, record.data, record.settings, record.ended, record.history)
