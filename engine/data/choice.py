"""Which data a run learns from: small enough to be written into a file, whole enough to make the
very same rows again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.data.csv_columns import plan_table
from engine.data.dataset import blank
from engine.data.encoding import Missing, to_split
from engine.data.input_features import split_with_features
from engine.data.points import DrawnPoints
from engine.data.scaling import ScalingKind, scale_split
from engine.data.splitting import Split, split
from engine.data.table import DATASETS, load_data
from engine.data.table_files import read_table
from engine.errors import DataError

DRAWN = "drawn"
NO_DATA = "none"


class DataChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of the table (``name``) with its settings and seed, how it is split and scaled.

    ``name`` may also be the path of a CSV file; its settings are ``target``, the name of the column
    to predict, and ``missing``, what becomes of gaps.  ``validation`` and ``test`` are shares below
    1 or counts of rows.  ``scaling`` is fitted on the training rows.  ``name`` DRAWN means points
    drawn by hand, which the settings hold as ``DrawnPoints.to_plain`` gives them.  ``name`` NO_DATA
    trains a graph as it stands: its inputs keep their values, its output is made small.
    ``inputs`` are features computed from two columns, after scaling; none leaves the columns as
    they are.
    """

    name: str
    settings: Mapping[str, Any] = {}
    seed: int = 0
    validation: float | int = 0
    test: float | int = 0
    split_seed: int = 0
    scaling: str = ScalingKind.NONE.value
    inputs: tuple[str, ...] = ()

    def load(self) -> Split:
        """The parts, scaled; raises DataError."""
        parts = self.load_columns()
        return split_with_features(parts, self.inputs) if self.inputs else parts

    def load_columns(self) -> Split:
        """The parts before features are computed from their columns; raises DataError."""
        if self.name == NO_DATA:
            return Split(blank(), blank().rows([]), blank().rows([]))
        if self.name == DRAWN:
            drawn = DrawnPoints.from_plain(self.settings).to_dataset(DRAWN)
            parts = split(drawn, self.validation, self.test, self.split_seed)
            return scale_split(parts, self.scaling)[0]
        if is_table_file(self.name):
            return scale_split(self._from_file(), self.scaling)[0]
        if self.name not in DATASETS:
            raise DataError(
                f'There is no data set "{self.name}"; there are: {", ".join(DATASETS)}.'
            )
        whole = load_data(self.name, self.seed, **self.settings)
        parts = split(whole, self.validation, self.test, self.split_seed)
        return scale_split(parts, self.scaling)[0]

    def _from_file(self) -> Split:
        settings = dict(self.settings)
        target, missing = settings.pop("target", ""), settings.pop("missing", Missing.REFUSE)
        if settings:
            raise DataError(
                f'A CSV file has no setting "{next(iter(settings))}"; it has: target, missing.'
            )
        plan = plan_table(self.name)
        if target:
            plan = plan.with_target(str(target))
        rows = read_table(plan, seed=self.seed)
        return to_split(rows, self.validation, self.test, self.split_seed, missing)


def is_table_file(name: str) -> bool:
    """Whether a name of data means a file of the learner's own."""
    return name not in (*DATASETS, DRAWN, NO_DATA) and (
        Path(name).suffix.lower() in (".csv", ".tsv", ".txt") or Path(name).is_file()
    )
