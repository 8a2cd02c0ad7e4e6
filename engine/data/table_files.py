"""A table read from a file of any size into bounded memory, and written again.

Where more rows are there than fit, an even sample of them is kept, and what was left out is said.
"""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.csv_columns import Column, Content, Role, TablePlan, plan_table
from engine.data.csv_rows import Chunk, is_missing, number
from engine.data.dataset import Dataset
from engine.errors import DataError
from engine.files.atomic import replace_file

MEMORY = 256 * 1024 * 1024  # bytes of numbers that are kept, unless asked otherwise
_MOST_CATEGORIES = 1000


@dataclass(frozen=True)
class Categories:
    """A column of names: ``codes`` (rows,) into ``names``, −1 where the name is missing."""

    codes: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class TableRows:
    """The rows that were kept, column by column: numbers with NaN where missing, and categories.

    ``lines`` (rows,) tells where each stood in the file. ``engine.data.encoding`` makes a Dataset.
    """

    plan: TablePlan
    lines: np.ndarray
    numbers: dict[str, np.ndarray]
    categories: dict[str, Categories]
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.lines)


def read_table(source: str | Path | TablePlan, memory: int = MEMORY, seed: int = 0) -> TableRows:
    """The table at a path, or as a plan says. ``memory`` bounds the bytes of numbers kept.

    DataError names the line and column of a text among numbers, or of a row with too few cells.
    """
    plan = source if isinstance(source, TablePlan) else plan_table(source)
    plan.checked()
    used = [column for column in plan.columns if column.role is not Role.IGNORE]
    kept = _Kept(plan, used, memory, seed)
    for chunk in plan.layout.chunks(plan.path):
        kept.add(chunk)
    return kept.finished()


class _Kept:
    """Rows on their way: all of them until the memory is full, from then on an even sample.

    Each row draws a number, and those with the smallest stay: every row of the file has the same
    chance, wherever it stands.
    """

    def __init__(self, plan: TablePlan, used: list[Column], memory: int, seed: int) -> None:
        self.plan = plan
        self.used = used
        self.most = max(1, memory // (8 * (len(used) + 2)))
        self.random = np.random.RandomState(seed)
        self.codes: list[dict[str, int]] = [{} for _ in used]
        self.seen = 0
        self.lines: list[np.ndarray] = []
        self.draws: list[np.ndarray] = []
        self.cells: list[np.ndarray] = []  # (columns, rows); codes of categories are numbers too

    def add(self, chunk: Chunk) -> None:
        draws = self.random.random_sample(len(chunk.rows))
        before, self.seen = self.seen, self.seen + len(chunk.rows)
        if self.seen <= self.most:
            self._append(chunk, draws)
            return
        if before < self.most:  # this chunk fills the memory
            room = self.most - before
            self._append(Chunk(chunk.lines[:room], chunk.rows[:room]), draws[:room])
            chunk = Chunk(chunk.lines[room:], chunk.rows[room:])
            draws = draws[room:]
        self._join()
        candidates = np.flatnonzero(draws < self.draws[0].max())
        all_draws = np.concatenate([self.draws[0], draws[candidates]])
        stays = np.zeros(len(all_draws), dtype=bool)
        stays[np.argpartition(all_draws, self.most - 1)[: self.most]] = True
        out = np.flatnonzero(~stays[: self.most])
        chosen = candidates[stays[self.most :]]
        if len(chosen):
            rows = [chunk.rows[row] for row in chosen]
            lines = [chunk.lines[row] for row in chosen]
            self.lines[0][out] = lines
            self.draws[0][out] = draws[chosen]
            self.cells[0][:, out] = self._read(Chunk(lines, rows))

    def _append(self, chunk: Chunk, draws: np.ndarray) -> None:
        self.lines.append(np.array(chunk.lines, dtype=np.int64))
        self.draws.append(draws)
        self.cells.append(self._read(chunk))

    def _join(self) -> None:
        """One array in place of many; one list at a time, so that little is there twice."""
        if len(self.lines) > 1:
            self.lines = [np.concatenate(self.lines)]
            self.draws = [np.concatenate(self.draws)]
            self.cells = [np.concatenate(self.cells, axis=1)]

    def _read(self, chunk: Chunk) -> np.ndarray:
        read = np.empty((len(self.used), len(chunk.rows)))
        place_of = {name: place for place, name in enumerate(self.plan.layout.names)}
        for row, (column, codes) in enumerate(zip(self.used, self.codes, strict=True)):
            place = place_of[column.name]
            cells = [cells[place] for cells in chunk.rows]
            if column.content is Content.NUMBERS:
                read[row] = self._numbers(column, cells, chunk.lines)
            else:
                read[row] = self._coded(column, cells, codes)
        return read

    def _numbers(self, column: Column, cells: list[str], lines: list[int]) -> np.ndarray:
        decimal = self.plan.layout.decimal
        if decimal == ".":
            # Else there is a missing cell or a fault, and each cell is looked at.
            with contextlib.suppress(ValueError):
                found = np.array(list(map(float, cells)))
                if not np.isinf(found).any():
                    return found
        found = np.empty(len(cells))
        for row, (cell, line) in enumerate(zip(cells, lines, strict=True)):
            if is_missing(cell, among_numbers=True):
                found[row] = np.nan
                continue
            try:
                found[row] = number(cell, decimal)
            except ValueError:
                raise DataError(
                    f"{self.plan.path.name}, line {line}, column “{column.name}”: “{cell[:40]}” is "
                    f"not a number; mend it, leave the cell empty, or ignore the column."
                ) from None
            if not np.isfinite(found[row]):
                raise DataError(
                    f"{self.plan.path.name}, line {line}, column “{column.name}”: “{cell[:40]}” is "
                    f"no finite number; mend it or leave the cell empty."
                )
        return found

    def _coded(self, column: Column, cells: list[str], codes: dict[str, int]) -> list[int]:
        coded = []
        for cell in cells:
            name = cell.strip()
            if name in codes:
                coded.append(codes[name])
            elif is_missing(name, among_numbers=False):
                coded.append(-1)
            else:
                coded.append(codes.setdefault(name, len(codes)))
        if len(codes) > _MOST_CATEGORIES:
            raise DataError(
                f"{self.plan.path.name}, column “{column.name}” holds more than {_MOST_CATEGORIES} "
                f"different names; ignore the column, or read it as numbers if it holds such."
            )
        return coded

    def finished(self) -> TableRows:
        name = self.plan.path.name
        if not self.seen:
            raise DataError(f"{name} has a header and no rows.")
        self._join()
        order = np.argsort(self.lines[0], kind="stable")
        lines, cells = self.lines[0][order], self.cells[0][:, order]
        notes = list(self.plan.notes)
        if self.seen > len(lines):
            notes.append(
                f"{len(lines)} of {self.seen} rows of {name} were kept, drawn evenly from all of "
                f"it, since no more fit into the memory allowed; {self.seen - len(lines)} rows "
                f"were left out."
            )
        else:
            notes.append(f"{self.seen} rows of {name} were read.")
        numbers: dict[str, np.ndarray] = {}
        categories: dict[str, Categories] = {}
        for column, values, codes in zip(self.used, cells, self.codes, strict=True):
            if column.content is Content.NUMBERS:
                numbers[column.name] = values
            else:
                categories[column.name] = Categories(values.astype(np.int32), tuple(codes))
        return TableRows(self.plan, lines, numbers, categories, tuple(notes))


def write_table(data: Dataset, path: str | Path) -> None:
    """A set as CSV: features, then the class by its name or the numbers, each to the last digit."""
    if data.x.ndim != 2:
        raise DataError(f"{data.name}: only rows of single numbers fit into a table.")
    names = data.features or tuple(f"x{place}" for place in range(1, data.x.shape[1] + 1))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, *(("class",) if data.is_classes else data.targets)])
    for x, y in zip(data.x.tolist(), data.y.tolist(), strict=True):
        writer.writerow([*x, *([data.classes[y]] if data.is_classes else y)])
    replace_file(Path(path), text.getvalue().encode())
