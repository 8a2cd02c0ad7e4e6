"""The trainer: takes a graph through data, update by update, and can be stopped and looked into.

What it runs is the plan of the learner's own graph.  It owns the order of the examples, the masks
of dropout, the state of the optimiser and the history; an executor owns the numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from engine.data.dataset import Dataset
from engine.data.splitting import Split
from engine.errors import TrainingError
from engine.graph.graph import PARAMETER, Graph
from engine.graph.problems import ProblemKind
from engine.graph.reach import upstream
from engine.ops import OPS
from engine.run.plan import lower
from engine.run.trace import trace
from engine.run.walk import Step, Walk
from engine.training.batches import Batches
from engine.training.binding import bind, masks_of
from engine.training.devices import executor_for
from engine.training.evaluating import Evaluation
from engine.training.history import History
from engine.training.layers import learning_layers
from engine.training.objective import objective_of, stable, weights_of
from engine.training.scores import Scores
from engine.training.settings import FULL, Settings
from engine.training.snapshots import Snapshot
from engine.training.stopping import EarlyStopping
from engine.training.updating import Updating

EPOCH_COLUMNS = ("epoch", "update", "seconds", "rate", "batch_loss")
DIVERGED, STOPPED_EARLY, FINISHED = "diverged", "stopped early", "finished"


class Trainer:
    """Trains ``graph`` on ``data`` (a ``Split``, or a ``Dataset`` that is all training set).

    Iterating yields the newest row of the history after every epoch until the run has ended
    (``ended`` says why); ``step_op``, ``step_batch`` and ``step_epoch`` go on by less.  ``graph``
    is left alone; ``learned`` gives it with the weights as they are now.  ``running`` is the
    objective as executors compute it, ``penalised`` are the leaves that L1 and L2 weigh, ``notes``
    sentences about what was chosen.  Raises TrainingError where this cannot be trained.
    """

    def __init__(
        self, graph: Graph, data: Dataset | Split, settings: Settings | None = None, **changes: Any
    ) -> None:
        settings = settings or Settings()
        try:
            settings = msgspec.convert({**msgspec.structs.asdict(settings), **changes}, Settings)
        except msgspec.ValidationError as error:
            raise TrainingError(f"The settings do not fit: {error}.") from None
        settings.check()
        self.settings = settings
        self.graph = graph
        self.split = data if isinstance(data, Split) else Split(data, data.rows([]), data.rows([]))
        train = self.split.train
        if not train.count:
            raise TrainingError(f'"{train.name}" has no rows to train on.')
        self.notes: list[str] = list(train.notes)
        #: examples in an update (the last of an epoch may have fewer), and updates in an epoch
        whole = settings.batch == FULL
        self.batch_size = train.count if whole else min(settings.batch, train.count)
        self.batches = -(-train.count // self.batch_size)
        width = train.x.shape[1] if train.x.ndim == 2 else 1
        classes = len(train.classes) if train.is_classes else 0
        self.objective = objective_of(graph, settings.loss, classes, width)
        self.binding = bind(self.objective, train)
        self._learned_leaves = self._parameters()
        self.running = run = stable(self.objective)
        if run is not self.objective:
            self.notes.append(
                f"The {self.objective.loss} is computed from the scores before the last "
                "activation: the same number, without rounding sure mistakes."
            )
        plan = lower(run.graph)
        self.executor, note = executor_for(
            plan, self._learned_leaves, settings.device, settings.dtype, self.batch_size
        )
        self.notes += [note] if note else []
        self.penalised = weights_of(self.objective.graph, self._learned_leaves)
        self._updating = Updating(self.executor, settings, self.penalised, self.batches)
        self._masks = masks_of(self.objective.graph)
        self._batches = Batches(
            self.executor, run, self.binding, train, True, self._masks, self._momentum()
        )
        self.layers = learning_layers(self.objective.graph, self._learned_leaves)
        self._scores = Scores(self.executor, run, self.binding, self.split, self.layers)
        self.history = History([*EPOCH_COLUMNS, *self._scores.columns])
        self.stopping = (
            EarlyStopping(settings.patience, settings.min_delta)
            if settings.patience is not None and self.split.validation.count
            else None
        )
        if settings.patience is not None and self.stopping is None:
            self.notes.append("There is no validation set, so early stopping has nothing to watch.")
        self._order_draws = np.random.RandomState(settings.seed)
        self._mask_draws = np.random.RandomState([settings.seed, 1])
        self.epoch, self.update, self.batch_index = 0, 0, 0
        self.seconds = 0.0
        self.ended = FINISHED if settings.epochs == 0 else ""
        self._order: np.ndarray | None = None
        self._drawn: dict[str, np.ndarray] | None = None  # the masks of the batch to come
        self._losses = 0.0  # of the batches of this epoch, times their rows
        self._walk: Walk | None = None
        self._cursor = 0
        self._good = self.executor.weights()
        self._best = self._good
        self._probing: Batches | None = None
        self._kept_means = self._good.keys() - set(self._learned_leaves)

    # sizes --------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return self._updating.rate(self.update)

    def set_rate(self, rate: float) -> None:
        """Go on with another learning rate, which the schedule multiplies."""
        if not 0 < rate < math.inf:
            raise TrainingError(f"The learning rate must be above 0, not {rate!r}.")
        self._updating.base = rate
        self.history.say(self.epoch, f"The learning rate was set to {rate:.6g}.")

    # going on -----------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[dict[str, float]]:
        while not self.ended:
            self.step_epoch()
            if self.ended != DIVERGED:
                yield self.history.epochs.last

    def run(self) -> History:
        """Train until the run has ended."""
        for _ in self:
            pass
        return self.history

    def step_epoch(self) -> None:
        """Go on to the end of the epoch."""
        epoch = self.epoch
        while not self.ended and self.epoch == epoch:
            self.step_batch()

    def step_batch(self) -> None:
        """One update; at the end of an epoch also everything that belongs to that."""
        if self.ended:
            return
        begun = time.perf_counter()
        rows = self.next_rows()
        loss = self._gradients(rows)
        rate = self.rate
        penalty, norm = self._updating.regularise()
        if not math.isfinite(loss + penalty + norm):
            self._diverge()
            return
        self._updating.step(rate)
        self._walk, self._drawn = None, None
        self.update += 1
        self.history.updates.append(self.update, loss, penalty, rate, norm)
        self._losses += loss * len(rows)
        self.batch_index += 1
        if self.batch_index == self.batches:
            self._end_epoch(begun, rate)
        else:
            self.seconds += time.perf_counter() - begun

    def step_op(self) -> Step | None:
        """The next step of the walk over the batch to come; behind the last, the update (None)."""
        if self.ended:
            return None
        if self._walk is None:
            self._walk, self._cursor = self.trace(), 0
        if self._cursor < len(self._walk):
            self._cursor += 1
            return self._walk[self._cursor - 1]
        self.step_batch()
        return None

    def _gradients(self, rows: np.ndarray) -> float:
        """Fill the executor's gradients for these rows of the training set; the mean loss."""
        return self._batches.run(rows, self._draw_masks(len(rows)))

    # the batch to come --------------------------------------------------------------------------

    def next_rows(self) -> np.ndarray:
        """Which rows of the training set the next update looks at."""
        count = self.split.train.count
        if self._order is None:
            whole = self.batch_size == count or not self.settings.shuffle
            self._order = np.arange(count) if whole else self._order_draws.permutation(count)
        start = self.batch_index * self.batch_size
        return self._order[start : start + self.batch_size]

    def _draw_masks(self, size: int) -> dict[str, np.ndarray]:
        """The masks of dropout for the next update: drawn once, however often they are read."""
        if self._drawn is None:
            self._drawn = {
                leaf: _mask(self._mask_draws, (size, *shape), self._rate_of(leaf))
                for leaf, shape in self._masks.items()
            }
        return self._drawn

    def _rate_of(self, mask: str) -> float:
        graph = self.objective.graph
        user = graph.nodes[graph.users()[mask][0].target]
        return float(OPS["dropout"].with_defaults(user.attrs)["rate"])

    def batch_graph(self, example: int | None = None) -> Graph:
        """The graph with the weights as they are and the batch to come in its leaves.

        With ``example`` it holds that example of the batch alone.  A graph that knows no batches
        holds the first.
        """
        rows = self.next_rows()
        masks = self._draw_masks(len(rows))
        if example is None and self.binding.single:
            example = 0
        chosen = rows if example is None else rows[example : example + 1]
        values: dict[str, Any] = {
            leaf: np.asarray(table[chosen], float) for leaf, table in self._batches.rows.items()
        }
        values.update(
            (leaf, np.asarray(mask if example is None else mask[example : example + 1], float))
            for leaf, mask in masks.items()
        )
        if self.binding.single or (example is not None and self._by_numbers()):
            values = {leaf: value[0] for leaf, value in values.items()}
        return _with_values(self.with_loss(), values)

    def _by_numbers(self) -> bool:
        """Whether data go into plain numbers, of which a batch is a column."""
        return all(column is not None for column in self.binding.columns.values())

    def trace(self, example: int | None = None) -> Walk:
        """Every step of the next update's forward and backward pass, and of its loss."""
        return trace(self.batch_graph(example))

    def update_terms(self, leaf: str) -> list[tuple[str, np.ndarray]]:
        """What the next update does to a leaf, quantity by quantity: g, m, v, …, Δ, w."""
        if leaf not in self._learned_leaves:
            known = ", ".join(self._learned_leaves)
            raise TrainingError(f'"{leaf}" is not learned; these are: {known}.')
        kept = {name: self.executor.weights()[name] for name in self._kept_means}
        self._gradients(self.next_rows())
        self._updating.regularise()
        self.executor.load(kept)
        return self._updating.terms(leaf, self.rate)

    # results ------------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters, by leaf."""
        found = self.executor.weights()
        return {leaf: np.asarray(found[leaf], float) for leaf in self._learned_leaves}

    def learned(self) -> Graph:
        """The learner's graph with the weights, and running means, as they are now."""
        return _with_values(self.graph, self.executor.weights())

    def with_loss(self) -> Graph:
        """The same with its loss behind it."""
        return _with_values(self.objective.graph, self.executor.weights())

    @contextmanager
    def at_rest(self) -> Iterator[tuple[dict[str, np.ndarray], Callable[[Mapping], None]]]:
        """The parameters, and a function that puts others in their place until the end."""
        before = self.executor.weights()
        try:
            yield self.weights(), self.executor.load
        finally:
            self.executor.load(before)

    def gradients_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The gradient of the mean loss of these rows of the training set, by leaf.

        Layers behave as in use: nothing is dropped and no running mean moves.
        """
        if self._probing is None:
            train = self.split.train
            self._probing = Batches(self.executor, self.running, self.binding, train, False, {})
        self._probing.run(rows)
        gradients = self.executor.gradients()
        return {leaf: np.array(gradients[leaf], float) for leaf in self._learned_leaves}

    def evaluate(self, data: Dataset) -> dict[str, float]:
        """Loss and metrics on another set of the same kind."""
        if not data.count:
            raise TrainingError(f'"{data.name}" has no rows to evaluate.')
        evaluation = Evaluation(self.executor, self.running, self.binding, data)
        return {"loss": evaluation.run(), **evaluation.metrics()}

    # the end of an epoch --------------------------------------------------------------------------

    def _end_epoch(self, begun: float, rate: float) -> None:
        self.epoch += 1
        self.batch_index, self._order = 0, None
        batch_loss = self._losses / self.split.train.count
        self._losses = 0.0
        self._scores.look()
        losses = self._scores.losses
        if not math.isfinite(losses["train"]):
            self._diverge()
            return
        self.seconds += time.perf_counter() - begun
        self.history.epochs.append(
            self.epoch, self.update, self.seconds, rate, batch_loss, *self._scores.numbers()
        )
        self._good = self.executor.weights()
        watched = losses.get("val", losses["train"])
        if sentence := self._updating.epoch_ended(watched):
            self.history.say(self.epoch, sentence)
        if self.stopping is not None:
            self._look_whether_to_stop(watched)
        if not self.ended and self.epoch >= self.settings.epochs:
            self._finish(FINISHED)

    def _look_whether_to_stop(self, loss: float) -> None:
        assert self.stopping is not None
        if self.stopping.look(loss, self.epoch):
            self._best = self._good
        if self.stopping.stop:
            self._finish(STOPPED_EARLY)

    def _finish(self, how: str) -> None:
        """End the run; where the validation loss is watched, with the weights of its best epoch."""
        self.ended = how
        stopping = self.stopping
        if stopping is not None and stopping.best_epoch and stopping.best_epoch < self.epoch:
            self.executor.load(self._best)
            self.history.say(
                self.epoch,
                f"The weights of epoch {stopping.best_epoch} were restored: there the validation "
                f"loss was lowest, {stopping.best:.6g}.",
            )

    def _diverge(self) -> None:
        """The numbers are not finite any more: name the first bad op and go back."""
        self._order, self.batch_index, self._losses = None, 0, 0.0
        sentence = "The loss is not a finite number any more."
        bad = [p for p in self.trace().problems if p.kind is ProblemKind.NON_FINITE]
        if bad:
            sentence = bad[0].sentence
        self.executor.load(self._good)
        self.ended = DIVERGED
        self.history.say(
            self.epoch,
            f"Training diverged at update {self.update + 1}: {sentence} The weights of the end of "
            f"epoch {self.epoch} were kept; try a smaller learning rate.",
        )

    # stopping and going on ------------------------------------------------------------------------

    def state(self) -> Snapshot:
        """All that the run depends on from here, besides graph, data, settings and history."""
        return {
            "weights": self.executor.weights(),
            "good": self._good,
            "best": self._best,
            "updating": self._updating.snapshot(),
            "stopping": self.stopping.snapshot() if self.stopping is not None else None,
            "counts": [self.epoch, self.update, self.batch_index],
            "losses": self._losses,
            "seconds": self.seconds,
            "ended": self.ended,
            "order": self._order,
            "order_draws": _drawn_state(self._order_draws),
            "mask_draws": _drawn_state(self._mask_draws),
            "masks": self._drawn,
        }

    def snapshot(self) -> Snapshot:
        """All of the run: a trainer made alike goes on from it exactly as this one will."""
        return {**self.state(), "history": self.history.state()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go back, or on, to where ``snapshot`` was taken; raises TrainingError if it is of
        another network.
        """
        try:
            weights = snapshot["weights"]
            now = self.executor.weights()
            if {k: v.shape for k, v in now.items()} != {k: v.shape for k, v in weights.items()}:
                raise TrainingError("The snapshot is of another network, whose weights differ.")
            self._updating.restore(snapshot["updating"])
            self.executor.load(weights)
            self._good, self._best = snapshot["good"], snapshot["best"]
            if self.stopping is not None and snapshot["stopping"] is not None:
                self.stopping.restore(snapshot["stopping"])
            self.epoch, self.update, self.batch_index = snapshot["counts"]
            self._losses, self.seconds = snapshot["losses"], snapshot["seconds"]
            self.ended, self._order = snapshot["ended"], snapshot["order"]
            for draws, name in ((self._order_draws, "order"), (self._mask_draws, "mask")):
                kind, keys, place, has_normal, normal = snapshot[f"{name}_draws"]
                draws.set_state((kind, keys, place, has_normal, normal))
            self._drawn = snapshot["masks"]
            self.history.restore(snapshot["history"])
        except (KeyError, ValueError, AttributeError) as error:
            raise TrainingError(f"The snapshot does not fit this run: {error}.") from None
        if self.ended == FINISHED and self.epoch < self.settings.epochs:
            self.ended = ""  # it is to go on for longer
        self._walk = None

    # setting up -----------------------------------------------------------------------------------

    def _parameters(self) -> tuple[str, ...]:
        graph = self.objective.graph
        reached = upstream(graph, [graph.output])
        found = tuple(n.id for n in graph.leaves() if n.op == PARAMETER and n.id in reached)
        if not found:
            raise TrainingError(
                "There is nothing to learn: no parameter leads to the output. Make a leaf a "
                "parameter, or call it w."
            )
        return found

    def _momentum(self) -> float | None:
        """The share that running means keep at an update; None where there are none."""
        nodes = self.objective.graph.nodes.values()
        kept = any(OPS.resolve(node.op) == "batch_norm" for node in nodes)
        return self.settings.momentum if kept else None


def _drawn_state(draws: np.random.RandomState) -> list[Any]:
    """Where a stream of random numbers stands, as plain data and an array."""
    return list(draws.get_state(legacy=True))


def _mask(draws: np.random.RandomState, shape: tuple[int, ...], rate: float) -> np.ndarray:
    """1 where dropout keeps a number: 32 random bits each, which are quicker than a fraction."""
    bits = np.frombuffer(draws.bytes(4 * math.prod(shape)), np.dtype("<u4"))
    return (bits >= np.uint32(min(round(rate * 2**32), 2**32 - 1))).reshape(shape)


def _with_values(graph: Graph, values: Mapping[str, Any]) -> Graph:
    nodes = dict(graph.nodes)
    for leaf, given in values.items():
        value = np.asarray(given, float)
        held = float(value) if np.ndim(value) == 0 else np.array(value)
        nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=held)
    return graph.like(nodes)
