"""Data of one's own: points drawn into the boundary, and tables from CSV files."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.data.choice import DRAWN, DataChoice
from engine.data.csv_columns import TablePlan, plan_table
from engine.data.points import DrawnPoints
from engine.errors import DataError, EngineError
from graphviz_app.background import LatestWork
from graphviz_app.train.boundary import BoundaryPlot
from graphviz_app.train.csv_preview import CsvPreview
from graphviz_app.train.training import Training

CURVE = tuple((x / 4, math.sin(2 * x / 4)) for x in range(-4, 5))  # a wave, to begin with
REACH = 0.06  # how near, in shares of the window, a point is that is erased
FIRST = ((-1.0, -1.0, 0), (1.0, 1.0, 0), (-1.0, 1.0, 1), (1.0, -1.0, 1))  # XOR, to begin with
FILE_SHARE = 0.25  # of the rows of a file that are kept to test


class OwnData(QObject):
    """Signals: ``said(str)``, a sentence; ``refused(str)``, one on why something cannot be."""

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, training: Training, boundary: BoundaryPlot, parent: QWidget) -> None:
        super().__init__(parent)
        self._training, self._window = training, parent
        self._work = LatestWork(self)
        boundary.point_drawn.connect(self._draw)
        boundary.point_erased.connect(self._erase)

    # points -------------------------------------------------------------------------------------

    @Slot()
    def begin_points(self) -> None:
        """Four points to begin with; clicks in the boundary draw and delete more."""
        drawn = DrawnPoints()
        for x, y, label in FIRST:
            drawn = drawn.add((x, y), label)
        choice = DataChoice(name=DRAWN, settings=drawn.to_plain())
        self._training.use_data("Own points", choice)
        self.said.emit(
            "Click into the boundary to draw a point, Shift-click for the other class, "
            "Ctrl-click to delete one."
        )

    @Slot()
    def begin_curve(self) -> None:
        """Points of a wave to begin with; drawing in the plot adds more."""
        drawn = DrawnPoints(dimensions=1, classes=())
        for x, y in CURVE:
            drawn = drawn.add((x,), y)
        self._training.use_data("Own curve", DataChoice(name=DRAWN, settings=drawn.to_plain()))
        self.said.emit(
            "Draw in the plot with the mouse held down, or click point after point; "
            "Ctrl-click deletes one."
        )

    def _drawn(self) -> DrawnPoints | None:
        data = self._training.data
        return DrawnPoints.from_plain(data.settings) if data.name == DRAWN else None

    @Slot(float, float, int)
    def _draw(self, x: float, y: float, label: int) -> None:
        drawn = self._drawn()
        if drawn is None:
            return
        try:
            after = drawn.add((x, y), label) if drawn.dimensions == 2 else drawn.add((x,), y)
        except DataError as error:
            self.refused.emit(str(error))
            return
        self._training.set_data("Draw points", "points", settings=after.to_plain())

    @Slot(float, float)
    def _erase(self, x: float, y: float) -> None:
        drawn = self._drawn()
        if drawn is None:
            return
        scene = self._training.scene
        left, right = scene.extent[:2] if scene is not None and scene.extent else (-1.0, 1.0)
        place = (x, y)[: drawn.dimensions]
        after = drawn.delete_nearest(place, REACH * (right - left))
        if after is not drawn:
            self._training.set_data("Delete points", "points", settings=after.to_plain())

    # files --------------------------------------------------------------------------------------

    @Slot()
    def choose_file(self) -> None:
        """Ask for a CSV file, then show what would be done with it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Learn from a CSV file", "", "Tables (*.csv *.tsv *.txt);;All files (*)"
        )
        if name:
            self.preview(Path(name))
        else:
            self._training.setup_changed.emit()  # the list shows what is trained on again

    def preview(self, path: Path) -> None:
        """Read the beginning of a file in the background, then show the plan."""

        def work() -> TablePlan | str:
            try:
                return plan_table(path)
            except (EngineError, OSError) as error:
                return str(error)

        self._work.ask(work, partial(self._show_plan, path))

    def _show_plan(self, path: Path, plan: TablePlan | str) -> None:
        if isinstance(plan, str):
            self.refused.emit(plan)
            self._training.setup_changed.emit()
            return
        dialog = CsvPreview(plan, self._window)
        if dialog.exec():
            settings = {"target": dialog.target(), "missing": dialog.missing().value}
            choice = DataChoice(
                name=str(path), settings=settings, test=FILE_SHARE, scaling="standard"
            )
            self._training.use_data(f"Data: {path.name}", choice)
        else:
            self._training.setup_changed.emit()
        dialog.deleteLater()
