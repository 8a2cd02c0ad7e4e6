"""What a graph is trained with before anybody chose: data that fit it, and settings to begin with.

Knows no Qt.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from engine.data.choice import NO_DATA, DataChoice
from engine.data.table import DATASETS, Group, Source
from engine.graph.graph import INPUT, Graph
from engine.graph.reach import upstream
from engine.ops import OPS
from engine.training.run_file import RunRecord
from engine.training.settings import Settings

TEST_SHARE, VALIDATION_SHARE = 0.3, 0.0
RATE, LOW_RATE, MANY = 0.03, 0.003, 100  # learning rates; for rows of more numbers the low one
FOREVER = 1_000_000  # epochs: it trains until it is paused
BY_WIDTH = {1: "sine", 2: "circle", 4: "iris", 10: "diabetes", 13: "wine", 30: "breast_cancer"}
WIDE = {41: "mini_reviews", 64: "digits", 784: "fashion", 800: "film_reviews"}


def default_record(graph: Graph) -> RunRecord:
    """Data and settings for a graph of which no file says any."""
    data, width = choice_of(_fitting(graph)), _width(graph)
    settings = default_settings()
    settings = msgspec.structs.replace(settings, rate=fitting_rate(settings.rate, width))
    return RunRecord(data=data, settings=settings)


def _width(graph: Graph) -> int:
    """How many numbers the largest input takes of a row."""
    shapes = [np.shape(n.value) for n in graph.leaves() if n.op == INPUT and n.value is not None]
    return max((math.prod(shape[1:]) for shape in shapes), default=1)


def default_settings() -> Settings:
    """Adam in small batches, for as long as one watches."""
    return Settings(optimizer="adam", rate=RATE, batch=10, epochs=FOREVER)


def fitting_rate(rate: float | None, numbers: int) -> float | None:
    """The learning rate for rows of so many numbers: another one only if nobody chose ``rate``.

    With hundreds of inputs an update of Adam moves every sum by its rate times as many: at 0.03 the
    units of a small network saturate within an epoch.
    """
    if rate == RATE and numbers > MANY:
        return LOW_RATE
    return RATE if rate == LOW_RATE and numbers <= MANY else rate


def choice_of(name: str, before: DataChoice | None = None) -> DataChoice:
    """The set of that name as it is trained on; shares and seeds stay as they were ``before``."""
    if name == NO_DATA:
        return DataChoice(name=NO_DATA)
    source = DATASETS[name]
    settings: dict[str, Any] = {"flat": True} if source.group is Group.IMAGES else {}
    if before is not None and "noise" in before.settings and "noise" in source.settings:
        settings["noise"] = before.settings["noise"]
    tiny = source.group is Group.LOGIC
    shares = (VALIDATION_SHARE, TEST_SHARE) if before is None else (before.validation, before.test)
    if before is not None and has_no_parts(before):
        shares = VALIDATION_SHARE, TEST_SHARE
    return DataChoice(
        name=name,
        settings=settings,
        seed=before.seed if before else 0,
        validation=0 if tiny else shares[0],
        test=0 if tiny else shares[1],
        scaling="none" if is_scaled(source) else "standard",
        inputs=before.inputs if before and before.inputs and has_plane(source) else (),
    )


def has_no_parts(choice: DataChoice) -> bool:
    """Whether a choice has all its rows in the training set because there are so few."""
    source = DATASETS.get(choice.name)
    return choice.name == NO_DATA or (source is not None and source.group is Group.LOGIC)


def is_scaled(source: Source) -> bool:
    """Whether the numbers of a set are of about one size as they come."""
    return source.group in (Group.TOY, Group.LOGIC, Group.TEXT, Group.IMAGES)


def has_plane(source: Source) -> bool:
    """Whether a set consists of points of a plane."""
    return source.group in (Group.TOY, Group.LOGIC) and source.name not in (
        "sine",
        "linreg",
        "line_outlier",
    )


def _fitting(graph: Graph) -> str:
    reached = upstream(graph, [graph.output]) if graph.output else set(graph.nodes)
    users = graph.users()
    inputs = [n for n in graph.leaves() if n.op == INPUT and n.id in reached]
    first = [n for n in inputs if any(w.port == 0 for w in users[n.id])]
    if not inputs:
        return NO_DATA
    shapes = [np.shape(n.value) if n.value is not None else () for n in inputs]
    if all(shape == () for shape in shapes):
        name = BY_WIDTH.get(len(inputs), "circle")
    elif first and len(np.shape(first[0].value)) == 3:
        return "flagged_word"
    else:
        width = int(np.shape(first[0].value)[-1]) if first and np.ndim(first[0].value) else 2
        name = {**BY_WIDTH, **WIDE}.get(width, "circle")
    if name == "circle" and _predicts_numbers(graph):
        return "plane"
    return name


def _predicts_numbers(graph: Graph) -> bool:
    node = graph.nodes.get(graph.output)
    return node is not None and OPS.resolve(node.op) in ("mse", "mae")
