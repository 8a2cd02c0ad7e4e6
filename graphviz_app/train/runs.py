"""Runs that are kept to be compared: what each was made with, how it went, what it learned.

Knows no Qt.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from engine.data.choice import DataChoice
from engine.errors import FileError
from engine.training.settings import Settings

MOST_RUNS = 30  # that are kept without being pinned
MOST_KEPT_WEIGHTS = 20_000  # numbers of a run that go into the file
COLORS = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#86bcb6", "#d37295", "#8cd17d",
)  # fmt: skip
WORDS = {
    "rate": "learning rate", "optimizer": "optimiser", "loss": "loss", "batch": "batch",
    "epochs": "epochs", "seed": "seed", "l1": "L1", "l2": "L2", "patience": "patience",
    "schedule": "schedule", "dtype": "precision", "device": "device", "preset": "rule as in",
    "clip_norm": "clip norm", "clip_value": "clip value", "min_delta": "least improvement",
    "shuffle": "shuffling", "momentum": "momentum of running means", "name": "data",
    "test": "test share", "validation": "validation share", "inputs": "inputs",
    "scaling": "scaling", "split_seed": "seed of the split",
}  # fmt: skip

DAMAGE = (
    AttributeError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
    msgspec.ValidationError,
)  # what reading a run can come upon


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run.  ``boundary`` is a small picture, (rows, columns, 3) bytes, or None."""

    number: int
    name: str
    color: str
    settings: Settings
    data: DataChoice
    network: str
    curves: Mapping[str, np.ndarray]
    scores: Mapping[str, float]
    epoch: int
    ended: str
    weights: Mapping[str, np.ndarray]
    boundary: np.ndarray | None = None
    pinned: bool = False
    changed: tuple[str, ...] = field(default=())  # from the run before
    path: np.ndarray | None = None  # the way of one or two numbers


class RunStore:
    """The runs in the order in which they were made."""

    def __init__(self) -> None:
        self._records: list[RunRecord] = []
        self._written: dict[RunRecord, dict[str, Any]] = {}
        self._next = 1

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """All runs that are kept."""
        return tuple(self._records)

    def add(self, **what: Any) -> RunRecord:
        """Keep another run; the oldest that is not pinned goes where there are too many."""
        before = self._records[-1] if self._records else None
        record = RunRecord(
            number=self._next, name=f"Run {self._next}",
            color=COLORS[(self._next - 1) % len(COLORS)], **what,
        )  # fmt: skip
        record = replace(record, changed=tuple(differences(before, record)))
        self._next += 1
        self._records.append(record)
        loose = [r for r in self._records if not r.pinned]
        if len(loose) > MOST_RUNS:
            self._records.remove(loose[0])
        return record

    def delete(self, number: int) -> None:
        """Forget a run."""
        self._records = [r for r in self._records if r.number != number]

    def rename(self, number: int, name: str) -> None:
        """Give a run another name; an empty one changes nothing."""
        if name.strip():
            self._change(number, name=name.strip())

    def pin(self, number: int, pinned: bool) -> None:
        """Keep a run whatever comes, or not."""
        self._change(number, pinned=pinned)

    def _change(self, number: int, **what: Any) -> None:
        self._records = [replace(r, **what) if r.number == number else r for r in self._records]

    # files --------------------------------------------------------------------------------------

    def to_plain(self) -> list[dict[str, Any]]:
        """Plain data for the project file."""
        # records are never written into, so each is written down once
        self._written = {r: self._written.get(r) or _plain(r) for r in self._records}
        return list(self._written.values())

    @classmethod
    def from_plain(cls, plain: Sequence[Mapping[str, Any]]) -> RunStore:
        """The runs that ``to_plain`` wrote; raises FileError, naming the run that is damaged."""
        store = cls()
        for place, entry in enumerate(plain, 1):
            try:
                record = _read(entry)
            except DAMAGE as error:
                raise FileError(f"Run {place} of the file is damaged: {error}.") from None
            store._records.append(record)
            store._next = max(store._next, record.number + 1)
        return store


def _plain(record: RunRecord) -> dict[str, Any]:
    small = sum(w.size for w in record.weights.values()) <= MOST_KEPT_WEIGHTS
    picture = record.boundary
    return {
        "number": record.number,
        "name": record.name,
        "color": record.color,
        "settings": msgspec.to_builtins(record.settings),
        "data": msgspec.to_builtins(record.data),
        "network": record.network,
        "curves": {name: _list(column) for name, column in record.curves.items()},
        "scores": {name: _finite(value) for name, value in record.scores.items()},
        "epoch": record.epoch,
        "ended": record.ended,
        "weights": {k: np.asarray(w).tolist() for k, w in record.weights.items()} if small else {},
        "boundary": None
        if picture is None
        else {
            "shape": list(picture.shape),
            "bytes": base64.b64encode(picture.tobytes()).decode(),
        },
        "pinned": record.pinned,
        "changed": list(record.changed),
        "path": None if record.path is None else [_list(row) for row in record.path],
    }


def _read(entry: Mapping[str, Any]) -> RunRecord:
    picture = entry["boundary"]
    if picture is not None:
        raw = np.frombuffer(base64.b64decode(picture["bytes"], validate=True), np.uint8)
        picture = raw.reshape(picture["shape"])
    return RunRecord(
        number=int(entry["number"]),
        name=str(entry["name"]),
        color=_color(entry["color"]),
        settings=msgspec.convert(entry["settings"], Settings),
        data=msgspec.convert(entry["data"], DataChoice),
        network=str(entry["network"]),
        curves={str(n): _array(column) for n, column in entry["curves"].items()},
        scores={str(n): float("nan" if v is None else v) for n, v in entry["scores"].items()},
        epoch=int(entry["epoch"]),
        ended=str(entry["ended"]),
        weights={str(k): np.array(w, float) for k, w in entry["weights"].items()},
        boundary=picture,
        pinned=bool(entry["pinned"]),
        changed=tuple(map(str, entry["changed"])),
        path=None if entry.get("path") is None else _path(entry["path"]),
    )


def _color(text: Any) -> str:
    if text not in COLORS:
        raise ValueError(f"{text!r} is no colour of runs")
    return text


def _array(column: Any) -> np.ndarray:
    return np.array([np.nan if x is None else x for x in column], float)


def _path(rows: Any) -> np.ndarray:
    path = np.array([_array(row) for row in rows], float)
    if path.ndim != 2 or not 1 <= path.shape[1] <= 2:
        raise ValueError("its path is no list of points")
    return path


def _list(column: np.ndarray) -> list[float | None]:
    return [_finite(x) for x in np.asarray(column, float).tolist()]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


# what changed -----------------------------------------------------------------------------------


def differences(before: RunRecord | None, after: RunRecord) -> list[str]:
    """What was changed from one run to the next, in words: ``learning rate 0.1 → 3``."""
    if before is None:
        return []
    found = []
    if before.network != after.network:
        found.append(f"network {before.network} → {after.network}")
    pairs = [
        (msgspec.structs.asdict(before.data), msgspec.structs.asdict(after.data), "data seed"),
        (msgspec.structs.asdict(before.settings), msgspec.structs.asdict(after.settings), "seed"),
    ]
    for old, new, seed in pairs:
        for name, value in new.items():
            if value == old[name] or name in ("epochs",):
                continue
            if isinstance(value, Mapping):
                found += _inner(old[name], value)
            else:
                word = seed if name == "seed" else WORDS.get(name, name.replace("_", " "))
                found.append(f"{word} {_word(old[name])} → {_word(value)}")
    return found or ["the same again"]


def _inner(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys([*old, *new])
    found = []
    for name in names:
        if old.get(name) == new.get(name):
            continue
        if name == "points":
            found.append(f"points {len(old.get(name, ()))} → {len(new.get(name, ()))}")
        else:
            found.append(f"{name} {_word(old.get(name))} → {_word(new.get(name))}")
    return found


def _word(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "as usual"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
