"""Which rows a network learns from, which decide when to stop, and which judge it at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.dataset import Dataset, round_half_up
from engine.errors import DataError

PARTS = ("training", "validation", "test")

# What people write in the split column of a table, for each part.
_WORDS = {
    "train": 0,
    "training": 0,
    "learn": 0,
    "val": 1,
    "valid": 1,
    "validation": 1,
    "dev": 1,
    "test": 2,
    "testing": 2,
    "eval": 2,
    "holdout": 2,
}


@dataclass(frozen=True)
class Split:
    """Three parts of one set, no row in two of them; validation and test may have no rows."""

    train: Dataset
    validation: Dataset
    test: Dataset


def split(
    data: Dataset,
    validation: float | int = 0.0,
    test: float | int = 0.0,
    seed: int = 0,
    stratified: bool | None = None,
) -> Split:
    """``data`` in three parts. ``validation`` and ``test`` are shares (0.2) or counts of rows (50).

    Stratified, which is the rule for classes, each part holds about the same share of each class.
    Within a part rows keep their order. Raises DataError where no row is left to learn from.
    """
    labels = data.y if (data.is_classes if stratified is None else stratified) else None
    if labels is not None and not data.is_classes:
        raise DataError(f"{data.name} predicts numbers; only a set of classes can be stratified.")
    parts = partition(data.count, validation, test, seed, labels, data.groups)
    how = ", the same share of each class" if labels is not None else ""
    if data.groups is not None:
        how += ", images of one original together"
    return _taken(data, parts, f"drawn with seed {seed}{how}")


def by_column(data: Dataset, column: Sequence[str]) -> Split:
    """``data`` in the parts that ``column`` names, one word a row: train, validation or test."""
    return _taken(data, parts_of(column), "as the split column says")


def is_part(word: str) -> bool:
    """Whether ``word`` names a part, as the cells of a split column do."""
    return word.strip().lower() in _WORDS


def parts_of(column: Sequence[str]) -> np.ndarray:
    """The part of each row, 0, 1 or 2, from a split column; DataError names a cell of no part."""
    found = np.empty(len(column), dtype=np.int8)
    for row, word in enumerate(column):
        if not is_part(word):
            raise DataError(
                f"The split column says “{word}” in row {row + 1}; "
                f"it should say train, validation or test."
            )
        found[row] = _WORDS[word.strip().lower()]
    if not (found == 0).any():
        raise DataError("The split column names no row train; nothing is left to learn from.")
    return found


def partition(
    count: int,
    validation: float | int,
    test: float | int,
    seed: int,
    labels: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """The part of each of ``count`` rows: 0 training, 1 validation, 2 test.

    ``labels`` (rows,) stratify; rows of one group in ``groups`` (rows,) come into one part.
    """
    wanted = [_rows(count, validation, "validation"), _rows(count, test, "test")]
    if sum(wanted) >= count and (count or sum(wanted)):
        raise DataError(
            f"Validation and test would take {sum(wanted)} of {count} rows and leave none "
            f"to learn from; make one of them smaller."
        )
    if groups is not None:
        _, first, group = np.unique(groups, return_index=True, return_inverse=True)
        shares = [rows / count if count else 0.0 for rows in wanted]
        of_group = None if labels is None else labels[first]
        return partition(len(first), shares[0], shares[1], seed, of_group)[group]

    random = np.random.RandomState(seed)
    strata = [np.arange(count)]
    if labels is not None:
        strata = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    sizes = np.array([len(rows) for rows in strata])
    taken_test = _apportion(wanted[1], sizes, sizes - 1)
    taken_validation = _apportion(wanted[0], sizes, sizes - 1 - taken_test)
    parts = np.zeros(count, dtype=np.int8)
    for rows, tests, validations in zip(strata, taken_test, taken_validation, strict=True):
        drawn = rows[random.permutation(len(rows))]
        parts[drawn[:tests]] = 2
        parts[drawn[tests : tests + validations]] = 1
    return parts


def _rows(count: int, asked: float | int, part: str) -> int:
    """How many rows a share or a count asks for."""
    if isinstance(asked, bool) or not isinstance(asked, (int, float, np.integer, np.floating)):
        raise DataError(
            f"The {part} part is a share such as 0.2 or a count of rows, not {asked!r}."
        )
    if isinstance(asked, (int, np.integer)):
        if asked < 0:
            raise DataError(f"The {part} part cannot have {asked} rows.")
        return int(asked)
    if not 0 <= asked < 1:
        raise DataError(f"The share of the {part} part goes from 0 to below 1; {asked} was given.")
    return round_half_up(asked * count)


def _apportion(total: int, sizes: np.ndarray, room: np.ndarray) -> np.ndarray:
    """``total`` rows shared out in proportion to ``sizes``, by largest remainder.

    Where it can be, each class keeps a row to learn from: it gives at most ``room``.
    """
    room = np.maximum(room, 0)
    if room.sum() < total:
        raise DataError(
            f"{len(sizes)} classes cannot give {total} rows to one part and keep one each to "
            f"learn from; make the part smaller or split without stratifying."
        )
    quota = total * sizes / max(sizes.sum(), 1)
    given = np.minimum(np.floor(quota).astype(np.int64), room)
    while (missing := total - given.sum()) > 0:
        open_classes = np.flatnonzero(given < room)
        by_need = np.argsort(-(quota - given)[open_classes], kind="stable")
        given[open_classes[by_need[:missing]]] += 1
    return given


def _taken(data: Dataset, parts: np.ndarray, how: str) -> Split:
    chosen = []
    for number, part in enumerate(PARTS):
        rows = data.rows(parts == number)
        if parts.any():
            rows = rows.noted(f"The {part} part: {rows.count} of {data.count} rows, {how}.")
        chosen.append(rows)
    return Split(*chosen)
