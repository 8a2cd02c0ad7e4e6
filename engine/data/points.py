"""Points drawn by hand: added and deleted one by one, kept in the project, learned like any set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.errors import DataError

MOST_POINTS = 10_000


@dataclass(frozen=True)
class Point:
    """A place, of one or two coordinates, and the label or number that stands there."""

    place: tuple[float, ...]
    value: float


@dataclass(frozen=True)
class DrawnPoints:
    """Points on a line or a plane. With ``classes`` a value is a label, else it is a number.

    Never written into: adding and deleting give another set of points.
    """

    dimensions: int = 2
    classes: tuple[str, ...] = ("0", "1")
    points: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if self.dimensions not in (1, 2):
            raise DataError(f"Points are drawn on a line or a plane, not in {self.dimensions}-D.")

    def add(self, place: tuple[float, ...], value: float) -> DrawnPoints:
        """One point more; DataError where its numbers do not fit."""
        if len(self.points) >= MOST_POINTS:
            raise DataError(f"There are {MOST_POINTS} points; delete some to draw more.")
        if len(place) != self.dimensions:
            raise DataError(f"A point here has {self.dimensions} coordinates, not {len(place)}.")
        if not all(map(math.isfinite, (*place, value))):
            raise DataError("A point needs finite numbers.")
        if self.classes and (value != int(value) or not 0 <= value < len(self.classes)):
            raise DataError(
                f"A label goes from 0 to {len(self.classes) - 1}; {value:g} is no such."
            )
        point = Point(tuple(map(float, place)), float(value))
        return replace(self, points=(*self.points, point))

    def nearest(self, place: tuple[float, ...], within: float = math.inf) -> int | None:
        """Which point is nearest to ``place``, no farther than ``within``; the last of equals."""
        best, found = within, None
        for number, point in enumerate(self.points):
            away = math.dist(point.place, place)
            if away <= best:
                best, found = away, number
        return found

    def delete_nearest(self, place: tuple[float, ...], within: float = math.inf) -> DrawnPoints:
        """Without the point nearest to ``place``; the same points if none is ``within``."""
        number = self.nearest(place, within)
        if number is None:
            return self
        return replace(self, points=self.points[:number] + self.points[number + 1 :])

    def to_dataset(self, name: str = "points") -> Dataset:
        """x is (points, dimensions); y holds labels, or numbers (points, 1)."""
        x = np.array([point.place for point in self.points]).reshape(-1, self.dimensions)
        y = np.array([point.value for point in self.points])
        features = ("x1", "x2") if self.dimensions == 2 else ("x",)
        if self.classes:
            return Dataset(name, x, y.astype(np.int64), features, self.classes)
        return Dataset(name, x, y.reshape(-1, 1), features, targets=("y",))

    def to_plain(self) -> dict[str, Any]:
        """Lists and numbers for the project file."""
        return {
            "dimensions": self.dimensions,
            "classes": list(self.classes),
            "points": [[*point.place, point.value] for point in self.points],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> DrawnPoints:
        """The points that ``to_plain`` wrote; DataError names the point that is damaged."""
        try:
            names, rows = plain["classes"], plain["points"]
            if not isinstance(names, list) or not isinstance(rows, list):
                raise DataError("The drawn points are damaged: they are no lists.")
            drawn = cls(plain["dimensions"], tuple(map(str, names)))
        except (KeyError, TypeError) as error:
            raise DataError(f"The drawn points are damaged: {error}.") from None
        for number, row in enumerate(rows, 1):
            try:
                *place, value = map(float, row)
                drawn = drawn.add(tuple(place), value)
            except (TypeError, ValueError, DataError) as error:
                raise DataError(f"Drawn point {number} is damaged: {error}") from None
        return drawn
