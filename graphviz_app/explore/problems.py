"""The list of what is wrong: one sentence a row; a click goes to the node."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.graph.problems import Problem
from graphviz_app.icons import icon
from graphviz_app.theme import Theme

ROW_PX = 30
MOST_ROWS = 4


class ProblemList(QWidget):
    """Hidden while there are no problems.  Signals: ``chosen(str)`` with a node id."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self._problems: list[Problem] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Problems")
        self.list.setWordWrap(True)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self.list)
        self.setVisible(False)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show ``problems``; none hides the list."""
        self._problems = list(problems)
        self.list.clear()
        for problem in self._problems:
            item = QListWidgetItem(problem.sentence)
            item.setData(Qt.ItemDataRole.UserRole, problem.node)
            item.setToolTip(problem.sentence)
            if self._theme is not None:
                item.setIcon(icon("triangle-alert", self._theme))
            self.list.addItem(item)
        self.list.setFixedHeight(ROW_PX * min(max(len(self._problems), 1), MOST_ROWS) + 8)
        self.setVisible(bool(self._problems))

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.set_problems(self._problems)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
