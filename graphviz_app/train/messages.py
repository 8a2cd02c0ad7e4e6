"""What the window and the worker that trains say to each other.

Every message carries the number of the run that it belongs to, so that one which comes too late
is known as such and dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.data.choice import DataChoice
from engine.training.looks import Frame, Scene, View
from engine.training.settings import Settings

# to the worker ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """Make a trainer; ``graph`` is written as in files.  ``snapshot`` is a packed one to go on
    from, ``keep`` trains on with the state of the run before as far as it fits.
    """

    run: int
    graph: bytes
    data: DataChoice
    settings: Settings
    view: View
    snapshot: bytes = b""


@dataclass(frozen=True)
class Go:
    """Train on: until told to pause, for ``count`` batches or epochs, or until a goal is met.

    ``until`` is (column of the history, number): an epoch to reach, a loss to fall below, an
    accuracy to rise to.
    """

    run: int
    batches: int = 0
    epochs: int = 0
    until: tuple[str, float] | None = None


@dataclass(frozen=True)
class Pause:
    """Stop after the update under way."""

    run: int


@dataclass(frozen=True)
class Change:
    """Change what a run can change while it goes on; None leaves a thing as it is.

    ``limit`` is in epochs a second, 0 for none; ``entry`` is a weight: (leaf, index, number).
    """

    run: int
    rate: float | None = None
    view: View | None = None
    limit: float | None = None
    entry: tuple[str, tuple[int, ...], float] | None = None


@dataclass(frozen=True)
class Shown:
    """The last frame is on screen: the next may come."""

    run: int


@dataclass(frozen=True)
class Travel:
    """Show how the run was at ``epoch``; None goes back to how it is."""

    run: int
    epoch: int | None


@dataclass(frozen=True)
class Ask:
    """A question about the run, by name; ``Answer`` has the same ``number``."""

    run: int
    number: int
    question: str
    arguments: Mapping[str, Any]


Command = Begin | Go | Pause | Change | Shown | Travel | Ask

# from the worker ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begun:
    """The trainer is there."""

    run: int
    scene: Scene
    seconds: float  # that it took


@dataclass(frozen=True)
class Look:
    """The run as it is now, or was; ``going`` whether it trains on, ``speed`` in epochs a second.

    ``kept`` are the epochs that one can travel to; ``path`` the way that the weights went where
    they are one or two numbers, (moments, numbers).
    """

    run: int
    frame: Frame
    going: bool
    speed: float
    kept: tuple[int, ...]
    path: np.ndarray | None = None


@dataclass(frozen=True)
class Failed:
    """It cannot be: a sentence."""

    run: int
    sentence: str


@dataclass(frozen=True)
class Answer:
    """What was asked, or in ``trouble`` why there is no answer."""

    run: int
    number: int
    question: str
    result: Any
    trouble: str = ""


Report = Begun | Look | Failed | Answer

Weights = Mapping[str, np.ndarray]
