"""Runs that are kept to be compared: they come from what one sees, and go into the file."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from engine.data.choice import NO_DATA
from engine.errors import FileError
from engine.training.looks import Scene
from engine.training.optimizers import OPTIMIZERS
from graphviz_app.train.boundary import BoundaryPlot
from graphviz_app.train.compare import ComparePanel
from graphviz_app.train.curves import CurvesPlot
from graphviz_app.train.landscape import LandscapePlot
from graphviz_app.train.messages import Look
from graphviz_app.train.runs import RunRecord, RunStore
from graphviz_app.train.training import Training

THUMBNAIL_PX = 96


class RunKeeping(QObject):
    """Keeps a record of every run that another one takes the place of.

    Signal ``comparing()``: runs from one start are under way, to be looked at side by side.
    """

    comparing = Signal()

    def __init__(
        self,
        training: Training,
        panel: ComparePanel,
        loss: CurvesPlot,
        boundary: BoundaryPlot,
        landscape: LandscapePlot,
    ) -> None:
        super().__init__(training)
        self._landscape = landscape
        self._training, self._panel, self._loss, self._boundary = training, panel, loss, boundary
        self.store = RunStore()
        self._shown: set[int] = set()
        training.run_over.connect(self._keep)
        training.document.replaced.connect(self._forget)
        training.setup_changed.connect(self._read)
        panel.restored.connect(self._restore)
        panel.deleted.connect(self._delete)
        panel.renamed.connect(self._rename)
        panel.pinned.connect(self._pin)
        panel.selected.connect(self._select)
        panel.sweep_wanted.connect(self.sweep)
        panel.race_wanted.connect(self.race)
        self._unread = True

    @Slot()
    def _forget(self) -> None:
        self.store, self._shown, self._unread = RunStore(), set(), True
        self._show()

    @Slot()
    def _read(self) -> None:
        """Take the runs of a file that was just opened."""
        if not self._unread:
            return
        self._unread = False
        try:
            self.store = RunStore.from_plain(self._training.record.runs)
        except FileError as error:
            self._training.refused.emit(str(error))
        self._show()

    @Slot(object)
    def _keep(self, look: Look) -> None:
        scene = self._training.scene
        if scene is None:
            return
        frame = look.frame
        self.store.add(
            settings=self._training.began_with.settings,
            data=self._training.began_with.data,
            network=network_in_words(scene),
            curves=dict(frame.curves),
            scores=dict(frame.scores),
            epoch=frame.epoch,
            ended=frame.ended,
            weights={k: np.asarray(w) for k, w in frame.weights.items()},
            boundary=self._boundary.thumbnail(frame.prediction, THUMBNAIL_PX),
            path=look.path,
        )
        self._changed()

    def _changed(self) -> None:
        self._training.keep_runs(self.store.to_plain())
        self._show()

    def _show(self) -> None:
        self._shown &= {record.number for record in self.store.records}
        self._panel.show_runs(self.store)
        shown = [record for record in self.store.records if record.number in self._shown]
        self._loss.set_others([(record.name, record.color, record.curves) for record in shown])
        self._landscape.set_others([(record.name, record.color, record.path) for record in shown])

    @Slot(object)
    def _select(self, numbers: set[int]) -> None:
        self._shown = set(numbers)
        self._show()

    @Slot(int)
    def _restore(self, number: int) -> None:
        record = self._record(number)
        if record is not None:
            whole = msgspec.structs.replace(
                self._training.record, data=record.data, settings=record.settings
            )
            self._training.restore(f"Restore {record.name}", record.weights, whole)

    @Slot(int)
    def _delete(self, number: int) -> None:
        self.store.delete(number)
        self._changed()

    @Slot(int, str)
    def _rename(self, number: int, name: str) -> None:
        self.store.rename(number, name)
        self._changed()

    @Slot(int, bool)
    def _pin(self, number: int, pinned: bool) -> None:
        self.store.pin(number, pinned)
        self._changed()

    # many runs from one start ------------------------------------------------------------------

    @Slot()
    def sweep(self) -> None:
        """Learning rates around the present one, a factor of √10 apart."""
        rate = self._rate()
        self._ask([{"rate": float(f"{rate * 10 ** (k / 2):.2g}")} for k in range(-3, 4)])

    @Slot()
    def race(self) -> None:
        """Every optimiser with the learning rate that its preset has; down a function, where what
        is usual for networks is far too small or large, all with the present one.
        """
        alone = self._training.data.name == NO_DATA
        rate = self._rate() if alone else None
        self._ask([{"optimizer": name, "rate": rate, "parameters": {}} for name in OPTIMIZERS])

    def _rate(self) -> float:
        now = self._training.settings
        return float(now.rate or OPTIMIZERS[now.optimizer].presets[now.preset]["rate"])

    def _ask(self, changes: list[dict[str, Any]]) -> None:
        self._training.pause()
        self._training.said.emit(f"{len(changes)} runs from one start: this takes a few seconds.")
        self.comparing.emit()
        self._training.session.ask("sweep", self._take_sweep, changes=changes)

    def _take_sweep(self, found: list[dict[str, Any]]) -> None:
        scene = self._training.scene
        if scene is None:
            return
        numbers = set()
        for each in found:
            change = each["change"]
            settings = msgspec.structs.replace(self._training.settings, **change)
            record = self.store.add(
                settings=settings,
                data=self._training.data,
                network=network_in_words(scene),
                curves=dict(each["curves"]),
                scores=dict(each["scores"]),
                epoch=each["epoch"],
                ended=each["ended"],
                weights={k: np.asarray(w) for k, w in each["weights"].items()},
                boundary=self._boundary.thumbnail(each["prediction"], THUMBNAIL_PX),
                path=each["path"],
            )
            name = (
                OPTIMIZERS[change["optimizer"]].title
                if "optimizer" in change
                else f"rate {change['rate']:g}"
            )
            self.store.rename(record.number, name)
            numbers.add(record.number)
        self._changed()
        self._panel.select(numbers)

    def _record(self, number: int) -> RunRecord | None:
        return next((r for r in self.store.records if r.number == number), None)


def network_in_words(scene: Scene) -> str:
    """``2-4-2-1 tanh``."""
    widths = [len(scene.features) or 1, *(layer.units for layer in scene.layers)]
    bends = dict.fromkeys(layer.squash for layer in scene.layers[:-1] if layer.squash)
    return " ".join(["-".join(map(str, widths)), "/".join(bends)]).strip()
