"""What is told of a run: what stays as it goes on, and a look at one moment, ready to be sent.

Plain data; ``watching.Watcher`` fills it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.training.glimpses import Glimpses

CENTRE = 128  # of the bytes of a map: 0 for units, ½ for probabilities
ROOM_TO_DRAW = (-1.5, 1.5)  # that a window has at least along each axis where points are drawn


@dataclass(frozen=True)
class View:
    """What is to be looked at.

    ``axes`` are the two features of the maps; with () these are the only two, or the principal
    axes of more.  ``part`` is the part of the data that tables are of.
    """

    maps: bool = True
    axes: tuple[int, ...] = ()
    confusion: bool = False
    predictions: bool = False
    part: str = "test"


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of the data as points: ``places`` (n, 2) in the plane that is drawn, answers ``y``."""

    places: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class LayerInfo:
    """A layer as it is drawn: its node, what it is called, its units and how its output ends.

    ``weights`` is the leaf of its matrix of weights, ``biases`` that of its biases ("" for none).
    ``activation`` is the one that can be chosen for it, "" where there is no choice; ``dropout``
    the share that is left out behind it.
    """

    node: str
    output: str
    title: str
    units: int
    squash: str
    weights: str
    biases: str
    parameters: int
    activation: str = ""
    dropout: float = 0.0


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same while a run goes on."""

    layers: tuple[LayerInfo, ...]
    parts: Mapping[str, Part]  # "train", "val", "test"
    counts: Mapping[str, int]
    features: tuple[str, ...]  # of the inputs that the network gets
    columns: tuple[str, ...]  # of the data, of which two make a plane
    classes: tuple[str, ...]
    loss: str
    threshold: float
    batches: int
    parameters: int
    extent: tuple[float, float, float, float] | None  # of the maps; None: there are none
    titles: tuple[str, str]
    no_maps: str  # why there are none
    notes: tuple[str, ...]
    device: str
    is_line: bool = False
    axes: tuple[int, ...] = ()  # the two features of the plane; (): its principal axes
    has_data: bool = True  # whether it learns from any, rather than being a function to descend
    attends: bool = False  # whether the network pays attention to words
    inputs: np.ndarray | None = None  # maps of the features themselves, as bytes


@dataclass(frozen=True, eq=False)
class Health:
    """How a layer is doing: histograms as (counts, lowest, highest), norms, shares of its units."""

    weights: tuple[np.ndarray, float, float]
    gradients: tuple[np.ndarray, float, float]
    weight_norm: float
    gradient_norm: float
    dead: np.ndarray  # which units give 0 for every row; empty where that cannot be
    saturated: np.ndarray  # for each unit the share of rows at an end of its activation


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of a part of the data, the most wrong first: numbers of rows, their answers, what
    was ``given`` (rows, outputs); for the first rows what they are at a glance.
    """

    order: np.ndarray
    answers: np.ndarray
    given: np.ndarray
    glimpses: Glimpses


@dataclass(frozen=True, eq=False)
class Frame:
    """A look at a run.

    ``maps`` are bytes (units, GRID, GRID) for each layer's output, CENTRE being 0 (or ½), and
    ``prediction`` is (GRID, GRID), or with an axis of classes behind; both have the lowest
    coordinate first.  ``spans`` (units, 2) are each unit's lowest and highest value on its map.
    ``curves`` are columns of the history, thinned.
    """

    epoch: int
    update: int
    seconds: float
    rate: float
    ended: str
    batch_index: int
    scores: Mapping[str, float]
    curves: Mapping[str, np.ndarray]
    best_epoch: int
    waited: int  # epochs without improvement, of the patience
    events: tuple[tuple[int, str], ...]
    spans: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]
    maps: Mapping[str, np.ndarray]
    prediction: np.ndarray | None
    health: Mapping[str, Health]
    confusion: np.ndarray | None = None
    predictions: Predictions | None = None
    travelled: bool = False  # whether this is how it was, not how it is
