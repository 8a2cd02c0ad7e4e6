"""A run as a file: the learned graph, what it was made with, and what happened.

One JSON document; opening a stranger's is as harmless as opening a graph file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.data.choice import DataChoice
from engine.errors import FileError
from engine.files.atomic import replace_file
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.graph import Graph
from engine.training.settings import Settings
from engine.training.trainer import Trainer

VERSION = 1
MAX_BYTES = 256 * 2**20


class RunRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands in the file; ``graph`` is a graph file's content."""

    version: int
    graph: msgspec.Raw
    data: DataChoice
    settings: Settings
    ended: str
    notes: list[str]
    result: dict[str, float | None]
    history: msgspec.Raw


@dataclass(frozen=True)
class Run:
    """A run that was read: its learned graph, its data and settings, how it ended."""

    graph: Graph
    data: DataChoice
    settings: Settings
    ended: str


def write_run(path: Path, trainer: Trainer, data: DataChoice) -> None:
    """Write what ``trainer`` has learned to ``path``; FileError where that fails."""
    history = trainer.history
    last = history.epochs.last if len(history.epochs) else {}
    record = RunRecord(
        version=VERSION,
        graph=msgspec.Raw(graph_bytes(trainer.learned())),
        data=data,
        settings=trainer.settings,
        ended=trainer.ended,
        notes=trainer.notes,
        result={name: value if abs(value) < float("inf") else None for name, value in last.items()},
        history=msgspec.Raw(history.as_json()),
    )
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(record), indent=1))
    except OSError as error:
        raise FileError(
            f"The run cannot be written to {path}: {error.strerror or error}."
        ) from None


def read_run(path: Path) -> Run:
    """The run in a file; raises FileError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(f"{path} is larger than a run can be.")
        record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
    except OSError as error:
        raise FileError(f"{path} cannot be opened: {error.strerror or error}.") from None
    except msgspec.DecodeError as error:
        raise FileError(f"{path} is no run of graphviz-app: {error}.") from None
    if record.version != VERSION:
        raise FileError(f"{path} was written by another version of graphviz-app.")
    graph = graph_from_bytes(bytes(record.graph))
    return Run(graph, record.data, record.settings, record.ended)


def is_run(path: Path) -> bool:
    """Whether a file looks like a run rather than a graph."""
    try:
        with path.open("rb") as file:
            start: Any = file.read(200)
    except OSError:
        return False
    return b'"graph"' in start.split(b'"nodes"')[0]
