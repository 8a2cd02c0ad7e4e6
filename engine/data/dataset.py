"""What a data set is: rows of numbers with what is to be predicted, and sentences on its making.

A set is never written into; what changes it gives a new one, with one more note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from.

    ``x`` is float64 with the rows first: (n, features), images (n, height, width), token matrices
    (n, words, features), or word numbers (n, words). ``y`` holds classes, int64 (n,) with labels
    0..K-1, or numbers, float64 (n, outputs). ``mask`` is (n, words, 1), 1 where a word stands and
    0 where it is padding. ``notes`` say what was done to the rows. Rows with the same number in
    ``groups`` (n,) stem from one original, and a split keeps them together.

    Raises DataError where these do not fit each other.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    mask: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        x = np.asarray(self.x, dtype=np.float64)
        if x.ndim < 2:
            raise DataError(
                f"{self.name}: x needs at least two axes, rows first; its shape is {x.shape}."
            )
        if self.features and x.shape[-1] != len(self.features):
            raise DataError(
                f"{self.name}: x has {x.shape[-1]} columns, but {len(self.features)} are named."
            )
        y = self._checked_classes() if self.classes else self._checked_numbers()
        for name, array in (("x", x), ("y", y)):
            if not np.isfinite(array).all():
                row = int(np.argwhere(~np.isfinite(array))[0][0])
                raise DataError(
                    f"{self.name}: row {row} of {name} holds NaN or an infinity; "
                    f"leave the row out or put a number there."
                )
        for name, array in (("y", y), ("the mask", self.mask), ("groups", self.groups)):
            if array is not None and len(array) != len(x):
                raise DataError(
                    f"{self.name}: x has {len(x)} rows, but {name} has {len(array)}; "
                    f"each row needs one of both."
                )
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def _checked_classes(self) -> np.ndarray:
        given = np.asarray(self.y)
        is_number = given.ndim == 1 and given.dtype.kind in "biuf" and np.isfinite(given).all()
        if not is_number or (given % 1 != 0).any():
            raise DataError(f"{self.name}: labels are whole numbers, one a row.")
        labels = given.astype(np.int64)
        out = (labels < 0) | (labels >= len(self.classes))
        if out.any():
            row = int(out.argmax())
            raise DataError(
                f"{self.name}: row {row} has label {labels[row]}, but with "
                f"{len(self.classes)} classes labels go from 0 to {len(self.classes) - 1}."
            )
        return labels

    def _checked_numbers(self) -> np.ndarray:
        y = np.asarray(self.y, dtype=np.float64)
        if y.ndim != 2 or y.shape[1] != len(self.targets):
            raise DataError(
                f"{self.name}: y is (rows, outputs) with a name for each output; its shape is "
                f"{y.shape} and {len(self.targets)} outputs are named."
            )
        return y

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.x)

    @property
    def is_blank(self) -> bool:
        """Whether its rows hold nothing, so that a graph is trained as it stands."""
        return self.x.shape[1:] == (0,)

    @property
    def is_classes(self) -> bool:
        """Whether classes are to be predicted, rather than numbers."""
        return bool(self.classes)

    def rows(self, index: Sequence[int] | np.ndarray | slice | int) -> Dataset:
        """The same set with these rows, in this order; a mask of booleans chooses as well."""
        if isinstance(index, (int, np.integer)):
            index = [int(index)]
        if not isinstance(index, slice):
            index = np.asarray(index)
            if not index.size:
                index = index.astype(np.int64)
        try:
            return replace(
                self,
                x=self.x[index],
                y=self.y[index],
                mask=None if self.mask is None else self.mask[index],
                groups=None if self.groups is None else self.groups[index],
            )
        except IndexError:
            raise DataError(
                f"{self.name}: a row was asked for that is not among its {self.count} rows, "
                f"which are counted from 0."
            ) from None

    def noted(self, *sentences: str) -> Dataset:
        """The same set with these sentences added to its notes."""
        return replace(self, notes=self.notes + sentences)


def blank() -> Dataset:
    """One row that holds nothing: what a function learns from that has no data."""
    return Dataset("no data", np.zeros((1, 0)), np.zeros((1, 0)))


def flip_labels(data: Dataset, share: float, seed: int = 0) -> Dataset:
    """``data`` with another label in exactly round(``share`` · rows) of its rows.

    Each row draws a number from ``RandomState(seed)``; the rows with the smallest ones get another
    class, each of the others being equally likely.
    """
    if not data.is_classes:
        raise DataError(f"{data.name} has no labels to flip; it predicts numbers.")
    if not 0 <= share <= 1:
        raise DataError(f"The share of flipped labels goes from 0 to 1; {share} was given.")
    flips = round_half_up(share * data.count)
    if not flips or len(data.classes) < 2:
        return data
    random = np.random.RandomState(seed)
    flipped = np.argsort(random.rand(data.count), kind="stable")[:flips]
    y = data.y.copy()
    y[flipped] = (y[flipped] + random.randint(1, len(data.classes), flips)) % len(data.classes)
    note = f"{flips} of {data.count} labels were flipped (seed {seed})."
    return replace(data, y=y).noted(note)


def round_half_up(value: float) -> int:
    """The whole number next to ``value``; 2.5 gives 3, as people round."""
    return int(np.floor(value + 0.5))


def troubles(data: Dataset, batch: int | None = None) -> tuple[str, ...]:
    """What a training on ``data`` would stumble over, one sentence each; () where all is well."""
    found = []
    if not data.count:
        found.append(f"{data.name} has no rows; leave more of them to the training part.")
    elif data.is_classes and len(present := np.unique(data.y)) == 1:
        only = data.classes[present[0]]
        found.append(f"All rows are of one class, {only}; learning to tell classes needs two.")
    if batch is not None and 0 < data.count < batch:
        found.append(
            f"A batch of {batch} is more than the {data.count} rows there are; each update will "
            f"see all of them. Choose a batch of at most {data.count}."
        )
    return tuple(found)
