"""The real tables and digits that ship with the app; assets/data/README.md tells their origin."""

from __future__ import annotations

import numpy as np

from engine.data.dataset import Dataset
from engine.resources import asset


def shipped(name: str) -> Dataset:
    """The set in ``assets/data/NAME.npz``, as docs/build_data.py wrote it. Never unpickles."""
    with np.load(asset(f"data/{name}.npz"), allow_pickle=False) as stored:
        return Dataset(
            name,
            stored["x"],
            stored["y"],
            tuple(map(str, stored["features"])),
            tuple(map(str, stored["classes"])),
            tuple(map(str, stored["targets"])),
        )
