"""A table as numbers: classes in order, names as columns of 0 and 1, missing cells left out or
filled. What is learned for that comes from training rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from engine.data.csv_columns import Content, Role
from engine.data.dataset import Dataset
from engine.data.splitting import PARTS, Split, partition, parts_of
from engine.data.table_files import Categories, TableRows
from engine.errors import DataError

_MOST_CLASSES = 100


class Missing(StrEnum):
    """What to do about missing cells: refuse the table, drop their rows, or fill in what training
    rows have on average (of names: the most frequent). A row without a target is always dropped.
    """

    REFUSE = "refuse"
    DROP = "drop"
    FILL = "fill"


def to_dataset(table: TableRows, missing: Missing | str = Missing.REFUSE) -> Dataset:
    """The whole table; every row is a training row."""
    return to_split(table, missing=missing, by_column=False).train


def to_split(
    table: TableRows,
    validation: float | int = 0.0,
    test: float | int = 0.0,
    seed: int = 0,
    missing: Missing | str = Missing.REFUSE,
    by_column: bool = True,
) -> Split:
    """The table in three parts: as its split column says, if there is one and it is not declined,
    or drawn as ``splitting.split`` does. Raises DataError for missing cells that it may not mend,
    and where a part or the classes leave nothing to learn.
    """
    if missing not in list(Missing):
        raise DataError(f"Missing cells: {', '.join(Missing)}, not “{missing}”.")
    table, notes = _without_gaps(table, Missing(missing))
    targets = table.plan.having(Role.TARGET)
    is_classes = targets[0].content is Content.CATEGORIES
    if is_classes:
        y, classes, said = _classes(table, targets[0].name)
        notes += said
    else:
        y, classes = np.stack([table.numbers[each.name] for each in targets], axis=1), ()
    column = next(iter(table.plan.having(Role.SPLIT)), None) if by_column else None
    if column is not None:
        told = table.categories[column.name]
        parts = parts_of([told.names[code] for code in told.codes])
        notes.append(f"The rows were split as the column “{column.name}” says.")
    else:
        parts = partition(table.count, validation, test, seed, y if is_classes else None)
        if parts.any():
            notes.append(f"The rows were split with seed {seed}.")
    encoder = _Encoder.fit(table, parts == 0)
    notes += encoder.notes
    if is_classes:
        notes += _strangers(y, classes, parts)

    made = []
    for number, part in enumerate(PARTS):
        rows = np.flatnonzero(parts == number)
        said = [f"The {part} part has {len(rows)} of {table.count} rows."] if parts.any() else []
        made.append(
            Dataset(
                table.plan.path.stem,
                encoder.apply(table, rows),
                y[rows],
                encoder.features,
                classes,
                () if is_classes else tuple(each.name for each in targets),
                notes=(*table.notes, *notes, *said),
            )
        )
    return Split(*made)


def _without_gaps(table: TableRows, missing: Missing) -> tuple[TableRows, list[str]]:
    """The table without the rows that cannot be used, and what was left out."""
    gaps = _gaps(table)
    holes = sum(int(gap.sum()) for gap in gaps.values())
    if not holes:
        return table, []
    name, gap = min(
        ((name, gap) for name, gap in gaps.items() if gap.any()), key=lambda one: one[1].argmax()
    )
    place = f"line {table.lines[gap.argmax()]}, column “{name}”"
    cells = "cell is" if holes == 1 else "cells are"
    if missing is Missing.REFUSE:
        lost = int(np.any(list(gaps.values()), axis=0).sum())
        rows = "row" if lost == 1 else "rows"
        raise DataError(
            f"{table.plan.path.name}: {holes} {cells} missing, the first in {place}. Choose to "
            f"drop {lost} {rows}, or to fill in the mean of the training rows."
        )
    fillable = {column.name for column in table.plan.having(Role.FEATURE)}
    bad = [gap for name, gap in gaps.items() if missing is Missing.DROP or name not in fillable]
    dropped = np.any(bad, axis=0) if bad else np.zeros(table.count, dtype=bool)
    notes = [f"{holes} {cells} missing, the first in {place}."]
    if dropped.any():
        were = "was" if dropped.sum() == 1 else "were"
        notes.append(f"{dropped.sum()} of {table.count} rows {were} left out for missing cells.")
    if dropped.all():
        raise DataError(
            f"{table.plan.path.name}: every row misses a cell, the first in {place}; "
            f"fill the cells, or ignore the columns that have so many gaps."
        )
    return _taken(table, ~dropped), notes


def _gaps(table: TableRows) -> dict[str, np.ndarray]:
    """For each used column, in the order of the file, which rows (rows,) miss it."""
    gaps = {}
    for column in table.plan.columns:
        if column.name in table.numbers:
            gaps[column.name] = np.isnan(table.numbers[column.name])
        elif column.name in table.categories:
            gaps[column.name] = table.categories[column.name].codes < 0
    return gaps


def _taken(table: TableRows, rows: np.ndarray) -> TableRows:
    return replace(
        table,
        lines=table.lines[rows],
        numbers={name: values[rows] for name, values in table.numbers.items()},
        categories={
            name: replace(column, codes=column.codes[rows])
            for name, column in table.categories.items()
        },
    )


def _classes(table: TableRows, name: str) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    """Labels (rows,), the classes in order, and the sentence that tells the order."""
    column = table.categories[name]
    labels, classes = _ordered(column, np.ones(table.count, dtype=bool))
    if len(classes) == 1:
        raise DataError(
            f"{table.plan.path.name}: all rows have the class “{classes[0]}” in “{name}”; "
            f"learning to tell classes needs two."
        )
    if len(classes) > _MOST_CLASSES:
        raise DataError(
            f"{table.plan.path.name}: “{name}” has {len(classes)} classes, more than "
            f"{_MOST_CLASSES}; choose another target, or read it as numbers."
        )
    told = ", ".join(f"{one} = {label}" for label, one in enumerate(classes[:12]))
    more = f" and {len(classes) - 12} more" if len(classes) > 12 else ""
    return labels, classes, [f"The classes of “{name}” are labelled {told}{more}."]


def _ordered(column: Categories, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes into the names that occur in ``rows``, sorted; −1 for the others."""
    present = sorted(set(np.unique(column.codes[rows]).tolist()) - {-1}, key=_sorting(column))
    new = np.full(len(column.names) + 1, -1)
    new[present] = np.arange(len(present))
    return new[column.codes], tuple(column.names[code] for code in present)


def _sorting(column: Categories):
    """Numbers by size where all names are numbers, else the order of the alphabet."""
    try:
        sizes = [float(name) for name in column.names]
    except ValueError:
        return lambda code: (0.0, column.names[code])
    return lambda code: (sizes[code], column.names[code])


def _strangers(y: np.ndarray, classes: tuple[str, ...], parts: np.ndarray) -> list[str]:
    known = set(y[parts == 0].tolist())
    unknown = [name for label, name in enumerate(classes) if label not in known]
    if not unknown:
        return []
    return [f"No training row is of class {', '.join(unknown)}; it cannot be learned."]


@dataclass(frozen=True)
class _Encoder:
    """How feature columns become numbers: a mean for gaps, or the names that become columns."""

    means: dict[str, float]
    names: dict[str, tuple[str, ...]]
    usual: dict[str, str]
    features: tuple[str, ...]
    notes: list[str]

    @classmethod
    def fit(cls, table: TableRows, training: np.ndarray) -> _Encoder:
        means: dict[str, float] = {}
        names: dict[str, tuple[str, ...]] = {}
        usual: dict[str, str] = {}
        features: list[str] = []
        notes: list[str] = []
        for column in table.plan.having(Role.FEATURE):
            name = column.name
            if column.content is Content.NUMBERS:
                values = table.numbers[name]
                gaps = int(np.isnan(values).sum())
                known = values[training & ~np.isnan(values)]
                means[name] = float(known.mean()) if gaps and len(known) else 0.0
                fill = f"{means[name]:.6g}, the mean of training rows"
                features.append(name)
            else:
                codes, present = _ordered(table.categories[name], training)
                names[name] = present
                counts = np.bincount(codes[training & (codes >= 0)], minlength=1)
                usual[name] = present[counts.argmax()] if present else ""
                gaps = int((table.categories[name].codes < 0).sum())
                fill = f"“{usual[name]}”, the most frequent of training rows"
                features += [f"{name} = {each}" for each in present]
                notes.append(
                    f"“{name}” became {len(present)} columns of 0 and 1, one for each name "
                    f"of the training rows."
                )
            if gaps:
                cells = "cell" if gaps == 1 else "cells"
                notes.append(f"{gaps} missing {cells} of “{name}” became {fill}.")
        return cls(means, names, usual, tuple(features), notes)

    def apply(self, table: TableRows, rows: np.ndarray) -> np.ndarray:
        """The features (rows, columns); a name that no training row had is 0 in all its columns."""
        made = []
        for column in table.plan.having(Role.FEATURE):
            if column.content is Content.NUMBERS:
                values = table.numbers[column.name][rows]
                made.append(np.where(np.isnan(values), self.means[column.name], values)[:, None])
                continue
            told = table.categories[column.name]
            filled = np.array([*told.names, self.usual[column.name]], dtype=object)[
                told.codes[rows]
            ]
            made.append(
                np.stack([filled == each for each in self.names[column.name]], axis=1)
                if self.names[column.name]
                else np.zeros((len(rows), 0))
            )
        return np.concatenate(made, axis=1).astype(np.float64)
