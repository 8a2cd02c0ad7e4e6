"""Runs that are kept to be compared: they come from what one sees, and go into the file."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage

from engine.errors import FileError
from engine.training.watching import Frame, Scene
from graphviz_app.train.boundary import BoundaryPlot
from graphviz_app.train.compare import ComparePanel
from graphviz_app.train.curves import CurvesPlot
from graphviz_app.train.messages import Look
from graphviz_app.train.runs import RunRecord, RunStore
from graphviz_app.train.training import Training

THUMBNAIL_PX = 96


class RunKeeping(QObject):
    """Keeps a record of every run that another one takes the place of."""

    def __init__(
        self,
        training: Training,
        panel: ComparePanel,
        loss: CurvesPlot,
        boundary: BoundaryPlot,
    ) -> None:
        super().__init__(training)
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
            boundary=_thumbnail(self._boundary.image(), frame),
        )
        self._changed()

    def _changed(self) -> None:
        self._training.keep_runs(self.store.to_plain())
        self._show()

    def _show(self) -> None:
        self._shown &= {record.number for record in self.store.records}
        self._panel.show_runs(self.store)
        self._loss.set_others(
            [
                (record.name, record.color, record.curves)
                for record in self.store.records
                if record.number in self._shown
            ]
        )

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

    def _record(self, number: int) -> RunRecord | None:
        return next((r for r in self.store.records if r.number == number), None)


def network_in_words(scene: Scene) -> str:
    """``2-4-2-1 tanh``."""
    widths = [len(scene.features) or 1, *(layer.units for layer in scene.layers)]
    bends = dict.fromkeys(layer.squash for layer in scene.layers[:-1] if layer.squash)
    return " ".join(["-".join(map(str, widths)), "/".join(bends)]).strip()


def _thumbnail(image: QImage, frame: Frame) -> np.ndarray | None:
    """The boundary as a small picture, (rows, columns, 3); None where there is none."""
    if frame.prediction is None or image.isNull():
        return None
    small = image.scaled(THUMBNAIL_PX, THUMBNAIL_PX).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(small.constBits(), np.uint8).reshape(small.height(), small.bytesPerLine())
    return rows[:, : 3 * small.width()].reshape(small.height(), small.width(), 3).copy()
