"""What is trained: a graph with its loss, how data reach it, and what of it is learned.

All that can be known before a single number is computed; executors and trainers start from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.dataset import Dataset, troubles
from engine.data.splitting import Split
from engine.errors import TrainingError
from engine.graph.graph import PARAMETER, Graph
from engine.graph.reach import upstream
from engine.ops import OPS
from engine.ops.op import Shape
from engine.run.plan import Plan, lower
from engine.training.binding import Binding, bind, masks_of
from engine.training.layers import LearningLayer, learning_layers
from engine.training.objective import (
    Objective,
    objective_as_it_stands,
    objective_of,
    stable,
    weights_of,
)
from engine.training.settings import FULL, Settings


@dataclass(frozen=True)
class Task:
    """``graph`` is the learner's, ``objective`` that with its loss, ``running`` the same as
    executors compute it, ``plan`` the latter lowered.  ``learned`` are the leaves that change,
    ``penalised`` those that L1 and L2 weigh, ``masks`` those of dropout with their shape for a row.
    ``momentum`` is what running means keep at an update (None without any).  ``batch`` is the
    number of examples in an update (the last of an epoch may have fewer), ``batches`` that of
    updates in an epoch.
    """

    graph: Graph
    split: Split
    objective: Objective
    running: Objective
    binding: Binding
    plan: Plan
    learned: tuple[str, ...]
    penalised: frozenset[str]
    masks: dict[str, Shape]
    layers: tuple[LearningLayer, ...]
    momentum: float | None
    batch: int
    batches: int
    notes: tuple[str, ...]


def task_of(graph: Graph, data: Dataset | Split, settings: Settings) -> Task:
    """The task of training ``graph`` on ``data``; raises TrainingError where there is none."""
    split = data if isinstance(data, Split) else Split(data, data.rows([]), data.rows([]))
    train = split.train
    if not train.count:
        raise TrainingError(f'"{train.name}" has no rows to train on.')
    width = train.x.shape[1] if train.x.ndim == 2 else 1
    classes = len(train.classes) if train.is_classes else 0
    if train.is_blank:
        objective = objective_as_it_stands(graph)
    else:
        objective = objective_of(graph, settings.loss, classes, width)
    binding = bind(objective, train)
    running = stable(objective)
    notes = [*train.notes, *troubles(train, settings.batch or None)]
    if running is not objective:
        notes.append(
            f"The loss ({objective.loss}) is computed from the scores before the last activation: "
            "the same number, without rounding sure mistakes."
        )
    if settings.patience is not None and not split.validation.count:
        notes.append("There is no validation set, so early stopping has nothing to watch.")
    whole, learned = objective.graph, parameters_of(objective.graph)
    keeps_means = any(OPS.resolve(node.op) == "batch_norm" for node in whole.nodes.values())
    batch = train.count if settings.batch == FULL else min(settings.batch, train.count)
    return Task(
        graph,
        split,
        objective,
        running,
        binding,
        lower(running.graph),
        learned,
        frozenset(weights_of(whole, learned)),
        masks_of(whole),
        tuple(learning_layers(whole, learned)),
        settings.momentum if keeps_means else None,
        batch,
        -(-train.count // batch),
        tuple(notes),
    )


def parameters_of(graph: Graph) -> tuple[str, ...]:
    """The parameters that the output depends on; raises TrainingError where there are none."""
    reached = upstream(graph, [graph.output])
    found = tuple(n.id for n in graph.leaves() if n.op == PARAMETER and n.id in reached)
    if not found:
        raise TrainingError(
            "There is nothing to learn: no parameter leads to the output. Make a leaf a parameter, "
            "or call it w."
        )
    return found
