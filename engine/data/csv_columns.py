"""What each column of a table is for: guessed from its name and first cells, said, and changed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from engine.data.csv_rows import Layout, is_missing, number, sample, sniff
from engine.data.splitting import is_part
from engine.errors import DataError

_TARGET_NAMES = frozenset(
    ("target", "label", "labels", "class", "classes", "species", "outcome", "output", "rating", "y")
)
_SPLIT_NAMES = frozenset(("split", "subset", "part", "partition", "set", "fold"))
_ID_NAMES = frozenset(("id", "index", "idx", "nr", "no", "row", "unnamed: 0"))
_MOST_LABELS = 10  # a target of so many whole numbers, or fewer, is read as classes
_MOST_TEXTS = 50  # a text column of more is left aside, for it would become as many features


class Role(StrEnum):
    """What a column is for."""

    FEATURE = "feature"
    TARGET = "target"
    SPLIT = "split"
    IGNORE = "ignore"


class Content(StrEnum):
    """What its cells are: amounts, or names of which there are a few."""

    NUMBERS = "numbers"
    CATEGORIES = "categories"


@dataclass(frozen=True)
class Column:
    """A column with its role, its content, and ``why`` it was taken so. ``numeric``: its cells are
    numbers; ``few``: there are so few that they are classes if it is the target.
    """

    name: str
    role: Role
    content: Content
    why: str
    numeric: bool
    few: bool


@dataclass(frozen=True)
class TablePlan:
    """How a file will be read. ``change`` and ``with_target`` give a plan with other roles."""

    path: Path
    layout: Layout
    columns: tuple[Column, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The guesses as sentences."""
        return self.layout.notes + tuple(column.why for column in self.columns if column.why)

    def column(self, name: str) -> Column:
        """The column of that name; DataError says which there are."""
        for column in self.columns:
            if column.name == name:
                return column
        near = difflib.get_close_matches(name, self.layout.names, 1)
        hint = (
            f"did you mean “{near[0]}”?" if near else f"there are {', '.join(self.layout.names)}."
        )
        raise DataError(f"{self.path.name} has no column “{name}”; {hint}")

    def change(self, name: str, role: Role, content: Content | None = None) -> TablePlan:
        """The plan with another role for one column. Its content follows, unless it is given."""
        old = self.column(name)
        if content is None:
            amounts = old.numeric and not (role is Role.TARGET and old.few)
            content = Content.NUMBERS if amounts else Content.CATEGORIES
        new = replace(old, role=role, content=content, why=f"“{name}” was chosen as {role}.")
        return replace(self, columns=tuple(new if each is old else each for each in self.columns))

    def with_target(self, name: str, content: Content | None = None) -> TablePlan:
        """The plan with this column as the only target; what was the target becomes a feature."""
        plan = self
        for column in self.columns:
            if column.role is Role.TARGET and column.name != name:
                plan = plan.change(column.name, Role.FEATURE)
        return plan.change(name, Role.TARGET, content)

    def having(self, role: Role) -> tuple[Column, ...]:
        """The columns of that role."""
        return tuple(column for column in self.columns if column.role is role)

    def checked(self) -> TablePlan:
        """The plan itself; DataError where nothing could be learned from a table read so."""
        targets, splits = self.having(Role.TARGET), self.having(Role.SPLIT)
        if not targets:
            raise DataError(f"{self.path.name}: no column is the target; choose one.")
        if len(targets) > 1 and any(each.content is Content.CATEGORIES for each in targets):
            names = " and ".join(f"“{column.name}”" for column in targets)
            raise DataError(f"{names} are targets, but only numbers can be predicted together.")
        if len(splits) > 1:
            raise DataError(f"“{splits[0].name}” and “{splits[1].name}” both tell the split.")
        if not self.having(Role.FEATURE):
            raise DataError(f"{self.path.name}: no column is a feature to learn from; choose one.")
        return self


def plan_table(path: str | Path) -> TablePlan:
    """The best guess for a file from its first thousand rows."""
    path = Path(path)
    layout = sniff(path)
    rows = sample(path, layout).rows
    if not rows:
        raise DataError(f"{path.name} has a header and no rows.")
    cells = list(zip(*rows, strict=True))
    columns = [
        _column(name, column, layout) for name, column in zip(layout.names, cells, strict=True)
    ]
    free = [place for place, column in enumerate(columns) if column.role is Role.FEATURE]
    if not free:
        return TablePlan(path, layout, tuple(columns))
    named = [place for place in free if layout.names[place].lower() in _TARGET_NAMES]
    place = named[-1] if named else free[-1]
    because = "it is called so" if named else "it is the last column"
    target = columns[place]
    is_amount = target.numeric and not target.few
    what = "numbers" if is_amount else "classes"
    columns[place] = replace(
        target,
        role=Role.TARGET,
        content=Content.NUMBERS if is_amount else Content.CATEGORIES,
        why=f"“{target.name}” is the target, {what}, since {because}.",
    )
    return TablePlan(path, layout, tuple(columns))


def _column(name: str, cells: tuple[str, ...], layout: Layout) -> Column:
    """A column, a feature unless something speaks against it."""
    known = [cell.strip() for cell in cells if not is_missing(cell, among_numbers=True)]
    found = [_number(cell, layout.decimal) for cell in known]
    numbers = [value for value in found if value is not None]
    # A few texts among numbers are faults to be named, not a reason to take numbers for names.
    numeric = bool(numbers) and len(numbers) >= 0.9 * len(known)
    distinct = len(set(known))
    few = distinct <= _MOST_LABELS and all(value == int(value) for value in numbers)
    content = Content.NUMBERS if numeric else Content.CATEGORIES
    role, why = Role.FEATURE, ""
    if not known:
        role, why = Role.IGNORE, f"“{name}” is empty and ignored."
    elif name.lower() in _SPLIT_NAMES and all(map(is_part, known)):
        role, content = Role.SPLIT, Content.CATEGORIES
        why = f"“{name}” tells which rows train, validate and test."
    elif name.lower() in _ID_NAMES and distinct == len(cells):
        role, why = Role.IGNORE, f"“{name}” numbers the rows and is ignored."
    elif not numeric and distinct > _MOST_TEXTS and name.lower() not in _TARGET_NAMES:
        role, why = Role.IGNORE, f"“{name}” holds {distinct} different texts and is ignored."
    elif not numeric:
        why = f"“{name}” holds {distinct} names, each of which becomes a feature of 0 and 1."
    return Column(name, role, content, why, numeric, few)


def _number(cell: str, decimal: str) -> float | None:
    try:
        value = number(cell, decimal)
    except ValueError:
        return None
    return value if abs(value) != float("inf") else None
