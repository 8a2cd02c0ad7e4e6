"""What a run has been through: a row for each update and a row for each epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

FIRST_ROWS = 1024  # that there is room for at first
MOST_UPDATES, MOST_EPOCHS = 16_384, 16_384  # rows; then every second one goes


class Series:
    """Rows of numbers in a bounded table.

    When it is full every second row goes and from then on only every second one is kept, and so
    on: what is kept is spread evenly over the whole run, and the first row stays.
    """

    def __init__(self, columns: Sequence[str], most: int) -> None:
        self.columns = tuple(columns)
        self.stride, self.seen, self.count = 1, 0, 0
        self._table = np.full((min(most, FIRST_ROWS), len(columns)), np.nan)
        self._most = most
        self._newest: tuple[float, ...] = ()

    def __len__(self) -> int:
        return self.count

    @property
    def rows(self) -> np.ndarray:
        """The rows that are kept: rows × columns."""
        return self._table[: self.count]

    def __getitem__(self, column: str) -> np.ndarray:
        return self.rows[:, self.columns.index(column)]

    @property
    def last(self) -> dict[str, float]:
        """The newest row, by column."""
        return dict(zip(self.columns, map(float, self._newest), strict=True))

    def append(self, *row: float) -> None:
        """Add a row; whether it is kept depends on how many were before."""
        self._newest = row
        if self.seen % self.stride == 0:
            if self.count == len(self._table):
                self._make_room()
            if self.seen % self.stride == 0:
                self._table[self.count] = row
                self.count += 1
        self.seen += 1

    def _make_room(self) -> None:
        if self.count < self._most:
            wider = np.full((min(self._most, 2 * self.count), len(self.columns)), np.nan)
            wider[: self.count] = self.rows
            self._table = wider
            return
        kept = self.rows[::2].copy()
        self.count, self.stride = len(kept), 2 * self.stride
        self._table[: self.count] = kept

    def state(self) -> dict[str, Any]:
        """Everything, as plain data and an array."""
        return {**self.outline(), "rows": self.rows.copy()}

    def outline(self) -> dict[str, Any]:
        """Everything but the rows."""
        return {
            "columns": list(self.columns),
            "stride": self.stride,
            "seen": self.seen,
            "count": self.count,
            "newest": list(self._newest),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what ``state`` gave."""
        self.columns = tuple(state["columns"])
        self.stride, self.seen, self.count = state["stride"], state["seen"], state["count"]
        self._newest = tuple(state["newest"])
        room = max(min(self._most, FIRST_ROWS), self.count)
        self._table = np.full((room, len(self.columns)), np.nan)
        self._table[: self.count] = state["rows"]


UPDATE_COLUMNS = ("update", "loss", "penalty", "rate", "gradient_norm")


class History:
    """``updates`` and ``epochs``, each a ``Series``, and what happened in words.

    Columns of epochs: epoch, update, seconds, rate; for each of training, validation and test
    loss and metrics; for each layer the norms of its gradient and its weights, the share of its
    units that are dead and of its numbers that are saturated.
    """

    def __init__(self, epoch_columns: Sequence[str]) -> None:
        self.updates = Series(UPDATE_COLUMNS, MOST_UPDATES)
        self.epochs = Series(epoch_columns, MOST_EPOCHS)
        self.events: list[tuple[int, str]] = []  # (epoch, sentence)

    def say(self, epoch: int, sentence: str) -> None:
        """Note what happened."""
        self.events.append((epoch, sentence))

    def __iter__(self) -> Iterator[dict[str, float]]:
        names = self.epochs.columns
        return (dict(zip(names, row, strict=True)) for row in self.epochs.rows.tolist())

    def as_csv(self, series: str = "epochs") -> str:
        """A table with a header line; ``series`` is "epochs" or "updates"."""
        table: Series = getattr(self, series)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table.columns)
        for row in table.rows.tolist():
            writer.writerow([_written(number) for number in row])
        return out.getvalue()

    def state(self) -> dict[str, Any]:
        """Everything, as plain data and arrays."""
        return self._state(self.updates.state(), self.epochs.state())

    def outline(self) -> dict[str, Any]:
        """Everything but the rows."""
        return self._state(self.updates.outline(), self.epochs.outline())

    def _state(self, updates: dict[str, Any], epochs: dict[str, Any]) -> dict[str, Any]:
        events = [list(event) for event in self.events]
        return {"updates": updates, "epochs": epochs, "events": events}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what ``state`` gave."""
        self.updates.restore(state["updates"])
        self.epochs.restore(state["epochs"])
        self.events = [(int(epoch), str(sentence)) for epoch, sentence in state["events"]]

    def as_json(self) -> bytes:
        """The epochs and the updates as lists by column; what is not finite is null."""
        table = {
            name: {c: [_plain(x) for x in series[c].tolist()] for c in series.columns}
            for name, series in (("epochs", self.epochs), ("updates", self.updates))
        }
        return msgspec.json.encode({**table, "events": self.events})


def _written(number: float) -> str:
    """A number in full; whole ones without a point; nothing for what is not finite."""
    if not np.isfinite(number):
        return ""
    return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)


def _plain(number: float) -> float | None:
    return number if np.isfinite(number) else None
