"""Numbers brought to one scale. What is subtracted and divided by comes from training rows alone,
so that nothing of the validation and test rows leaks into the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.data.splitting import Split
from engine.errors import DataError


class ScalingKind(StrEnum):
    """standard: mean 0 and standard deviation 1; min-max: from 0 to 1."""

    NONE = "none"
    STANDARD = "standard"
    MIN_MAX = "min-max"


@dataclass(frozen=True)
class Scaling:
    """(x − ``offset``) / ``factor``, for each column, or one number for all pixels of images.

    ``targets``: it is y that is scaled, not x. ``says`` is the sentence that tells a user.
    """

    kind: ScalingKind
    offset: tuple[float, ...]
    factor: tuple[float, ...]
    says: str
    targets: bool = False

    @classmethod
    def fit(cls, train: Dataset, kind: ScalingKind | str, targets: bool = False) -> Scaling:
        """The scaling that the rows of ``train`` ask for; pass the training part and no more.

        A column that never changes is only shifted. Word numbers and classes are names, which stay.
        Raises DataError without rows, or for a kind that there is not.
        """
        if kind not in list(ScalingKind):
            names = ", ".join(ScalingKind)
            raise DataError(f"There is no scaling called “{kind}”; there are {names}.")
        kind = ScalingKind(kind)
        what = "The targets" if targets else "The features"
        if kind is ScalingKind.NONE:
            return cls(kind, (0.0,), (1.0,), f"{what} were not scaled.", targets)
        if targets and train.is_classes:
            raise DataError(f"{train.name} predicts classes, which are names and have no scale.")
        if not targets and train.mask is not None and train.x.ndim == 2:
            says = "Word numbers are names of words and were not scaled."
            return cls(ScalingKind.NONE, (0.0,), (1.0,), says, targets)
        if not train.count:
            raise DataError(f"{train.name} has no training rows that a scaling could be fitted on.")

        names = train.targets if targets else train.features
        columns = _columns(train, targets)
        with np.errstate(over="ignore", invalid="ignore"):
            if kind is ScalingKind.STANDARD:
                offset, factor = columns.mean(axis=0), columns.std(axis=0)
            else:
                offset = columns.min(axis=0)
                factor = columns.max(axis=0) - offset
        if not np.isfinite([offset, factor]).all():
            raise DataError(f"{train.name} has numbers that are too large to be scaled.")
        # The deviation of equal numbers is not always 0 to the last bit; their range is.
        constant = columns.max(axis=0) == columns.min(axis=0)
        offset = np.where(constant, columns[0], offset)
        factor = np.where(constant | (factor == 0), 1.0, factor)
        says = _sentence(kind, what, names, offset, factor, constant, train.count)
        return cls(kind, tuple(offset.tolist()), tuple(factor.tolist()), says, targets)

    def apply(self, data: Dataset) -> Dataset:
        """``data`` scaled, with the sentence among its notes; padding stays 0."""
        if self.kind is ScalingKind.NONE:
            return data.noted(self.says)
        if self.targets:
            return replace(data, y=self.scale(data.y)).noted(self.says)
        x = self.scale(data.x)
        if data.mask is not None:
            x = x * data.mask
        return replace(data, x=x).noted(self.says)

    def scale(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers as they come into the network; the last axis is that of the columns."""
        return (self._fitting(numbers) - np.array(self.offset)) / np.array(self.factor)

    def unscale(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers as they were before: a point of a plot, or a prediction in its own unit."""
        return self._fitting(numbers) * np.array(self.factor) + np.array(self.offset)

    def _fitting(self, numbers: np.ndarray) -> np.ndarray:
        numbers = np.asarray(numbers, dtype=np.float64)
        columns = len(self.offset)
        if columns > 1 and (not numbers.ndim or numbers.shape[-1] != columns):
            raise DataError(
                f"The scaling was fitted on {columns} columns; "
                f"numbers of shape {numbers.shape} do not have these."
            )
        return numbers

    def to_plain(self) -> dict[str, Any]:
        """The scaling as text, numbers and lists, for a project file."""
        return {
            "kind": self.kind.value,
            "offset": list(self.offset),
            "factor": list(self.factor),
            "says": self.says,
            "targets": self.targets,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Scaling:
        """The scaling that ``to_plain`` wrote; DataError where it is damaged."""
        try:
            found = cls(
                ScalingKind(plain["kind"]),
                tuple(float(number) for number in plain["offset"]),
                tuple(float(number) for number in plain["factor"]),
                str(plain["says"]),
                bool(plain["targets"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"The scaling in the file is damaged ({error}); fit it again."
            ) from None
        numbers = np.array(found.offset + found.factor)
        if (
            len(found.offset) != len(found.factor)
            or not found.offset
            or not np.isfinite(numbers).all()
            or 0.0 in found.factor
        ):
            raise DataError("The scaling in the file is damaged: its numbers do not fit.")
        return found


def scale_split(parts: Split, kind: ScalingKind | str) -> tuple[Split, Scaling]:
    """All parts scaled by what the training part asks for, and that scaling."""
    scaling = Scaling.fit(parts.train, kind)
    return Split(*map(scaling.apply, (parts.train, parts.validation, parts.test))), scaling


def _columns(data: Dataset, targets: bool) -> np.ndarray:
    """The numbers that a scaling is fitted on: (numbers, columns)."""
    if targets:
        return data.y
    if not data.features:
        return data.x.reshape(-1, 1)  # all pixels of images share one scale
    if data.mask is not None:
        return data.x[data.mask[..., 0] > 0]
    return data.x.reshape(-1, data.x.shape[-1])


def _sentence(
    kind: ScalingKind,
    what: str,
    names: tuple[str, ...],
    offset: np.ndarray,
    factor: np.ndarray,
    constant: np.ndarray,
    rows: int,
) -> str:
    names = names or ("all pixels",)
    if kind is ScalingKind.STANDARD:
        head = f"{what} were standardised with the mean and standard deviation of {rows} training"
        parts = [
            f"{name} {mean:.4g} ± {deviation:.4g}"
            for name, mean, deviation in zip(names, offset, factor, strict=True)
        ]
    else:
        head = f"{what} were brought to 0…1 by the smallest and largest number of {rows} training"
        parts = [
            f"{name} {low:.4g}…{low + width:.4g}"
            for name, low, width in zip(names, offset, factor, strict=True)
        ]
    changing = [part for part, same in zip(parts, constant, strict=True) if not same]
    more = f" and {len(changing) - 4} more" if len(changing) > 4 else ""
    said = f"{head} rows: {', '.join(changing[:4])}{more}." if changing else f"{head} rows."
    still = [name for name, same in zip(names, constant, strict=True) if same]
    if still:
        verb = "never changes" if len(still) == 1 else "never change"
        shown = ", ".join(still[:4]) + (f" and {len(still) - 4} more" if len(still) > 4 else "")
        said += f" In training rows {shown} {verb}, and became 0."
    return said
