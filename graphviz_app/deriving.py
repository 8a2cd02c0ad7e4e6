"""What follows from a graph: how it is shown, what is wrong with it, its walk and its check."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

import engine
from engine.errors import EngineError, GraphError
from engine.graph.graph import CONSTANT, Graph, Value
from engine.graph.levels import Opened
from engine.graph.problems import Problem, examine, infer_shapes
from engine.ops.op import Shape
from engine.run.gradcheck import GradCheck, gradcheck
from engine.run.known import known_values
from engine.run.walk import Walk

# What takes less than a frame is done at once, what takes more in a thread.  A walk costs nodes
# and the numbers that leaves hold; a gradient check runs much of the graph twice for every number.
NODES_AT_ONCE, NUMBERS_AT_ONCE = 1_500, 5_000
CHECK_AT_ONCE, CHECK_IN_THREAD = 2_000, 100_000  # in numbers × nodes
COMPUTING = "The numbers of this graph are being computed."


@dataclass
class Derived:
    """How a graph is shown, its problems and, if it runs, its walk and the check of its gradients.

    ``shapes`` are those of the nodes that are shown, as far as they can be known.  Of a graph that
    has no walk, ``missing`` says why in a sentence, and ``known`` holds the values that can be
    computed all the same, by node id.
    """

    revision: int
    opened: Opened
    shapes: dict[str, Shape] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    walk: Walk | None = None
    check: GradCheck | None = None
    known: dict[str, Value] = field(default_factory=dict)
    missing: str = ""


def begin(graph: Graph, revision: int, opened: Opened) -> Derived:
    """What follows from ``graph``, shown as ``opened``, before any number is computed."""
    shapes, problems = examine(graph)
    if opened.graph is not graph:
        shapes = infer_shapes(opened.graph)
    return Derived(revision, opened, shapes, problems, missing=COMPUTING)


def walked(begun: Derived) -> Derived:
    """``begun`` with its walk, or with why there is none; never raises for a bad graph."""
    done = Derived(begun.revision, begun.opened, begun.shapes, begun.problems)
    try:
        done.walk = engine.trace(begun.opened.graph)
        more = done.walk.problems
    except EngineError as error:
        more = error.problems if isinstance(error, GraphError) else ()
        done.known, done.missing = known_values(begun.opened.graph), str(error)
    said = {p.sentence for p in begun.problems}
    done.problems = begun.problems + [p for p in more if p.sentence not in said]
    return done


def walks_at_once(graph: Graph) -> bool:
    """Whether ``graph`` is examined and walked within a frame."""
    return len(graph.nodes) <= NODES_AT_ONCE and _numbers(graph) <= NUMBERS_AT_ONCE


def check(graph: Graph) -> GradCheck | None:
    """The gradients of ``graph`` against central differences; None where there are none."""
    try:
        return gradcheck(graph)
    except EngineError:
        return None


def check_cost(graph: Graph) -> int:
    """What a gradient check of ``graph`` costs, in numbers × nodes."""
    return _numbers(graph) * len(graph.nodes)


def _numbers(graph: Graph) -> int:
    return int(sum(np.size(n.value) for n in graph.leaves() if n.op != CONSTANT))
