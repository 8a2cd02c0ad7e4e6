"""What one sees of a run at a moment: numbers, maps, histograms, ready to be sent and drawn.

A watcher looks at a trainer between two updates and leaves it as it was.  Everything it gives is
a copy: the run goes on while it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from engine.data.choice import DRAWN, DataChoice
from engine.data.dataset import Dataset
from engine.data.planes import Plane, extent, feature_line, feature_plane, principal_plane
from engine.data.splitting import Split
from engine.errors import DataError, TrainingError
from engine.graph.levels import TENSORS, open_composites
from engine.ops import OPS
from engine.run.trace import trace
from engine.training.binding import ATTENTION
from engine.training.evaluating import Evaluation
from engine.training.glimpses import glimpses
from engine.training.history import Series
from engine.training.layers import LearningLayer
from engine.training.looks import (
    CENTRE,
    ROOM_TO_DRAW,
    Frame,
    Health,
    LayerInfo,
    Part,
    Predictions,
    Scene,
    View,
)  # fmt: skip
from engine.training.objective import squash_of
from engine.training.probes import Maps
from engine.training.trainer import Trainer

GRID = 100  # points of a map along each axis
MOST_MAPPED = 64  # units of a layer that have a map of their own
MOST_WEIGHTS = 20_000  # numbers that are sent whole with every frame
MOST_POINTS = 2_000  # of each part that are drawn
MOST_GLIMPSES = 60  # rows of predictions that are told at a glance
MOST_CURVE = 300  # rows of the history that a curve is drawn from
BINS = 31
LARGEST = 1e30  # prediction that is drawn: a run that diverges has numbers of any size


class Watcher:
    """Looks at ``trainer``; ``choice`` tells which columns its data had before features."""

    def __init__(self, trainer: Trainer, choice: DataChoice, view: View | None = None) -> None:
        self.trainer = trainer
        columns = choice.load_columns() if choice.inputs else trainer.split
        self._columns: dict[str, Dataset] = _parts(columns)
        self.choice = choice
        self._tables: dict[str, Evaluation] = {}
        self.set_view(view or View())

    def set_view(self, view: View) -> None:
        """Look at something else."""
        before: View | None = getattr(self, "view", None)
        self.view = view
        if before is None or before.axes != view.axes:
            self._aim()

    def _aim(self) -> None:
        """Choose the plane of the maps."""
        self._maps: Maps | None = None
        self._plane: Plane | None = None
        self._inputs: np.ndarray | None = None
        self.why = ""
        try:
            self._plane = plane = self._chosen_plane()
            places = np.concatenate([plane.coordinates(p.x) for p in self._columns.values()])
            if self.choice.name == DRAWN:  # room to draw in
                places = np.vstack([places, np.outer(ROOM_TO_DRAW, np.ones(places.shape[1]))])
            self._extent = extent(places)
            left, right, bottom, top = self._extent
            across = np.linspace(left, right, GRID)
            down = np.linspace(bottom, top, GRID) if not self.is_line else np.zeros(1)
            self._maps = Maps(self.trainer, across, down, plane, coarse=True)
            self._inputs = self._input_maps(across, down)
        except (DataError, TrainingError) as error:
            self.why = str(error)

    @property
    def is_line(self) -> bool:
        """Whether the data have one feature, so that the prediction is a curve."""
        return self._columns["train"].x.shape[1:] == (1,)

    def _chosen_plane(self) -> Plane:
        train = self._columns["train"]
        row = train.x.shape[1:]
        if train.is_blank:
            raise TrainingError("Without data there is no boundary.")
        if self.choice.inputs:
            base = feature_plane(np.zeros(2), 0, 1, train.features)
            return Plane(base.origin, base.first, base.second, base.titles, self.choice.inputs)
        if row == (1,):
            return feature_line(train.features[0] if train.features else "x")
        if train.mask is not None or self._is_words(train):
            raise TrainingError("Words have no plane that a boundary could be drawn in.")
        axes = self.axes
        if not axes:
            return principal_plane(train)
        return feature_plane(train.x.mean(axis=0), axes[0], axes[1], train.features)

    @property
    def axes(self) -> tuple[int, ...]:
        """The two features of the plane; () where it lies along the principal axes."""
        row = self._columns["train"].x.shape[1:]
        fits = len(row) == 1 and len(self.view.axes) == 2 and max(self.view.axes) < row[0]
        return self.view.axes if fits else (0, 1) if row == (2,) else ()

    @staticmethod
    def _is_words(data: Dataset) -> bool:
        return data.x.ndim > 2 and bool(data.features)

    def _input_maps(self, across: np.ndarray, down: np.ndarray) -> np.ndarray | None:
        row = self.trainer.split.train.x.shape[1:]
        if self._plane is None or len(row) != 1 or row[0] > MOST_MAPPED:
            return None
        grid = np.stack([np.tile(across, len(down)), np.repeat(down, len(across))], axis=1)
        rows = self._plane.points(grid)
        return _bytes(np.moveaxis(rows.reshape(len(down), len(across), -1), -1, 0), "")

    # what stays the same ------------------------------------------------------------------------

    def scene(self) -> Scene:
        """What does not change from update to update."""
        trainer, train = self.trainer, self._columns["train"]
        parts, counts = {}, {}
        for name, data in self._columns.items():
            counts[name] = data.count
            if self._maps is not None and self._plane is not None and data.count:
                few = data.rows(slice(0, MOST_POINTS))
                parts[name] = Part(self._plane.coordinates(few.x), few.y)
        return Scene(
            layers=tuple(self._info(layer) for layer in trainer.layers),
            parts=parts,
            counts=counts,
            features=trainer.split.train.features,
            columns=train.features,
            classes=train.classes,
            loss=trainer.objective.loss,
            threshold=trainer.objective.threshold,
            batches=trainer.batches,
            parameters=sum(w.size for w in trainer.weights().values()),
            extent=self._extent if self._maps is not None else None,
            titles=self._plane.titles if self._plane is not None else ("", ""),
            no_maps=self.why,
            notes=tuple(trainer.notes),
            device=trainer.executor.device,
            axes=self.axes,
            has_data=not train.is_blank,
            attends=any(n.op == ATTENTION for n in trainer.graph.nodes.values()),
            is_line=self.is_line,
            inputs=self._inputs,
        )

    def _info(self, layer: LearningLayer) -> LayerInfo:
        weights = self.trainer.weights()
        matrices = [i for i in layer.leaves if weights[i].ndim > 1]
        matrix = matrices[0] if matrices else ""
        first = matrix or layer.leaves[0]
        units = weights[first].shape[-1] if layer.node not in layer.leaves or matrix else 1
        node = self.trainer.running.graph.nodes.get(layer.node)
        stated = self.trainer.graph.nodes.get(layer.node)
        return LayerInfo(
            node=layer.node,
            output=layer.output,
            title=(node.name if node is not None and node.name else layer.node),
            units=units,
            squash=layer.squash,
            weights=first,
            biases=next((i for i in layer.leaves if weights[i].ndim == 1 and i != first), ""),
            parameters=sum(weights[i].size for i in layer.leaves),
            dropout=self._dropout_behind(layer.node),
            activation=str(stated.attrs.get("activation", "")) if stated is not None else "",
        )

    def _dropout_behind(self, node: str) -> float:
        graph = self.trainer.graph
        behind = graph.users().get(node, [])
        user = graph.nodes[behind[0].target] if len(behind) == 1 else None
        if user is None or OPS.resolve(user.op) != "dropout":
            return 0.0
        return float(OPS["dropout"].with_defaults(user.attrs)["rate"])

    # a look -------------------------------------------------------------------------------------

    def look(self) -> Frame:
        """The run as it is now."""
        with np.errstate(all="ignore"):
            return self._look()

    def _look(self) -> Frame:
        trainer = self.trainer
        stopping = trainer.stopping
        weights = trainer.weights()
        small = sum(w.size for w in weights.values()) <= MOST_WEIGHTS
        maps, spans, prediction = self._look_at_maps()
        return Frame(
            epoch=trainer.epoch,
            update=trainer.update,
            seconds=trainer.seconds,
            rate=trainer.rate,
            ended=trainer.ended,
            batch_index=trainer.batch_index,
            scores=trainer.history.epochs.last if trainer.epoch else {},
            curves=thinned(trainer.history.epochs),
            best_epoch=stopping.best_epoch if stopping is not None else 0,
            waited=stopping.waited if stopping is not None else 0,
            events=tuple(trainer.history.events),
            spans=spans,
            weights={k: w.copy() for k, w in weights.items()} if small else {},
            maps=maps,
            prediction=prediction,
            health=self._health(weights),
            confusion=self._confusion() if self.view.confusion else None,
            predictions=self._predictions() if self.view.predictions else None,
        )

    def _look_at_maps(
        self,
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray | None]:
        """Maps and spans of every layer, and the prediction."""
        if self._maps is None or not self.view.maps:
            return {}, {}, None
        self._maps.run()
        squash = {layer.output: layer.squash for layer in self.trainer.layers}
        running = self.trainer.running
        if running.prediction:
            squash[running.prediction] = squash_of(running.graph.nodes[running.prediction])
        units = {node: each[:MOST_MAPPED] for node, each in self._maps.units().items()}
        found = {node: _bytes(each, squash.get(node, "")) for node, each in units.items()}
        spans = {node: _span(each) for node, each in units.items()}
        if not running.prediction:
            return found, spans, None
        prediction = np.nan_to_num(self._maps.prediction, posinf=LARGEST, neginf=-LARGEST)
        prediction = self._shares(np.clip(prediction, -LARGEST, LARGEST))
        return found, spans, prediction.astype(np.float32)

    def _shares(self, given: np.ndarray) -> np.ndarray:
        """Predictions of several classes as shares, also where the network gives scores."""
        objective = self.trainer.objective
        squash = squash_of(self.trainer.graph.nodes[objective.prediction])
        if objective.loss != "cross_entropy_from_logits" or squash == "softmax":
            return given
        powers = np.exp(given - given.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def _health(self, weights: Mapping[str, np.ndarray]) -> dict[str, Health]:
        trainer = self.trainer
        gradients = trainer.executor.gradients() if trainer.update else {}
        shares = trainer.unit_shares()
        found = {}
        for layer in trainer.layers:
            own = _flat([weights[i] for i in layer.leaves])
            back = _flat([np.asarray(gradients[i], float) for i in layer.leaves if i in gradients])
            dead, saturated = shares.get(layer.node, (np.zeros(0, bool), np.zeros(0)))
            found[layer.node] = Health(
                histogram(own), histogram(back), _norm(own), _norm(back), dead, saturated
            )
        return found

    def _table(self) -> tuple[Evaluation, Dataset] | None:
        data = _parts(self.trainer.split).get(self.view.part)
        if data is None or not data.count or not self.trainer.objective.prediction:
            return None
        if self.view.part not in self._tables:
            trainer = self.trainer
            self._tables[self.view.part] = Evaluation(
                trainer.executor, trainer.running, trainer.binding, data
            )
        return self._tables[self.view.part], data

    def _confusion(self) -> np.ndarray | None:
        table = self._table()
        if table is None or not table[1].is_classes:
            return None
        return self.trainer.confusion(table[1])

    def _predictions(self) -> Predictions | None:
        table = self._table()
        if table is None:
            return None
        evaluation, data = table
        evaluation.run()
        given = np.asarray(evaluation.values[self.trainer.running.prediction], float)
        given = self._shares(given.reshape(data.count, -1))
        order = np.argsort(-_wrongness(given, data), kind="stable")[:MOST_POINTS]
        seen = glimpses(data.rows(order[:MOST_GLIMPSES]))
        return Predictions(order, data.y[order], given[order], seen)

    def attention(self, most: int) -> dict[str, Any]:
        """For the first rows of the part that is looked at: how much attention each word gets.

        ``weights`` (rows, words), ``mask`` alike with 0 for padding, answers and predictions.
        Raises TrainingError where the network has no attention.
        """
        trainer = self.trainer
        graph = trainer.with_loss()
        found = [n.id for n in graph.nodes.values() if n.op == ATTENTION]
        if not found:
            raise TrainingError("This network pays no attention: it has no attention layer.")
        data = _parts(trainer.split).get(self.view.part)
        if data is None or not data.count:
            data = trainer.split.train
        few = data.rows(slice(0, min(most, data.count)))
        nodes = dict(graph.nodes)
        for leaf, rows in trainer.binding.rows(few).items():
            nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=rows)
        nodes[found[0]] = msgspec.structs.replace(nodes[found[0]], opened=TENSORS)
        opened = open_composites(graph.like(nodes))
        inner = next(f for f in opened.frames if f.node == found[0]).members
        softmax = next(i for i in inner if opened.graph.nodes[i].op == "softmax")
        walk = trace(opened.graph)
        weights = np.asarray(walk.value(softmax)).reshape(few.count, -1)
        given = np.asarray(walk.value(trainer.objective.prediction)).reshape(few.count, -1)
        mask = np.ones(weights.shape) if few.mask is None else few.mask.reshape(weights.shape)
        return {"weights": weights, "mask": mask, "y": few.y, "given": given, "x": few.x}

    def look_back(self, weights: Mapping[str, np.ndarray], frame: Frame) -> Frame:
        """``frame`` with maps and histograms as they were with other ``weights``."""
        with np.errstate(all="ignore"), self.trainer.at_rest() as (_, load):
            load(weights)
            maps, spans, prediction = self._look_at_maps()
            learned = self.trainer.weights()
            small = sum(w.size for w in learned.values()) <= MOST_WEIGHTS
            kept = {k: w.copy() for k, w in learned.items()} if small else {}
            health = self._health(learned)
        return replace(
            frame, maps=maps, spans=spans, prediction=prediction, weights=kept, health=health,
            travelled=True,
        )  # fmt: skip


def _parts(split: Split) -> dict[str, Dataset]:
    return {"train": split.train, "val": split.validation, "test": split.test}


def _wrongness(given: np.ndarray, data: Dataset) -> np.ndarray:
    """How far each prediction is from its answer; of classes 1 − what the right one was given."""
    if not data.is_classes:
        return np.abs(given - data.y.reshape(given.shape)).max(axis=1)
    if given.shape[1] == 1:
        return np.abs(given[:, 0] - data.y)
    return 1 - given[np.arange(data.count), data.y]


def _flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.zeros(0)


def _norm(numbers: np.ndarray) -> float:
    return math.sqrt(float(numbers @ numbers))


def histogram(numbers: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(counts in BINS bins, lowest, highest), the middle bin being around 0."""
    most = float(np.abs(numbers).max()) if numbers.size else 0.0
    if not np.isfinite(most):
        numbers = numbers[np.isfinite(numbers)]
        most = float(np.abs(numbers).max()) if numbers.size else 0.0
    most = most or 1.0
    bins = ((numbers / most + 1) * (BINS / 2)).astype(np.intp)
    return np.bincount(np.minimum(bins, BINS - 1), minlength=BINS), -most, most


def _bytes(values: np.ndarray, squash: str) -> np.ndarray:
    """Values (units, …) as bytes around CENTRE, each unit scaled to its own largest."""
    if squash in ("sigmoid", "softmax"):
        scaled = values * 254.0 + (CENTRE - 126.5)
    else:
        axes = tuple(range(1, values.ndim))
        most = np.maximum(values.max(axis=axes), -values.min(axis=axes))
        if not np.isfinite(most).all():
            values = np.clip(np.nan_to_num(values), -LARGEST, LARGEST)
            most = np.abs(values).max(axis=axes)
        factors = 127.0 / np.where(most > 0, most, 1.0)
        scaled = values * factors.reshape(-1, *(1,) * len(axes)) + (CENTRE + 0.5)
    return scaled.astype(np.uint8)


def _span(values: np.ndarray) -> np.ndarray:
    """(units, 2): the lowest and the highest value of each unit."""
    flat = values.reshape(len(values), -1)
    return np.stack([flat.min(axis=1), flat.max(axis=1)], axis=1)


def thinned(series: Series, most: int = MOST_CURVE) -> dict[str, np.ndarray]:
    """The columns of a series in at most about ``most`` rows; the newest is always among them."""
    rows = series.rows
    if len(rows) > most:
        keep = np.unique(np.linspace(0, len(rows) - 1, most).astype(int))
        rows = rows[keep]
    if series.seen and (not len(rows) or rows[-1, 0] != series.last[series.columns[0]]):
        newest = np.array([list(series.last.values())])
        rows = np.concatenate([rows, newest])
    return {name: np.array(rows[:, k]) for k, name in enumerate(series.columns)}
