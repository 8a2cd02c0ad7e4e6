"""The list of what is wrong: one sentence a row; a click goes to the node."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.graph.problems import Problem, ProblemKind
from graphviz_app.icons import icon
from graphviz_app.theme import Theme

ICON_PX = 16
NOTHING = "Nothing is wrong with this graph."


class ProblemList(QWidget):
    """Signals: ``chosen(str)`` with a node id."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self._problems: list[Problem] = []
        self.nothing = QLabel(NOTHING)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.nothing.setContentsMargins(8, 6, 8, 0)
        self.list = QListWidget()
        self.list.setAccessibleName("Problems")
        self.list.setWordWrap(True)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setIconSize(QSize(ICON_PX, ICON_PX))
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 4)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list)
        self._fill()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show ``problems``; the rows stay as they are while a value is dragged."""
        if list(problems) != self._problems:
            self._problems = list(problems)
            self._fill()

    def _fill(self) -> None:
        self.list.clear()
        for problem in self._problems:
            item = QListWidgetItem(problem.sentence)
            item.setData(Qt.ItemDataRole.UserRole, problem.node)
            item.setToolTip(problem.sentence)
            if self._theme is not None:
                empty = problem.kind is ProblemKind.EMPTY  # a beginning, nothing that is wrong
                name, color = ("info", "") if empty else ("triangle-alert", self._theme.problem)
                item.setIcon(icon(name, self._theme, color))
            self.list.addItem(item)
        self.list.setVisible(bool(self._problems))
        self.nothing.setVisible(not self._problems)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.nothing.setStyleSheet(f"color: {theme.text_soft}")
        self._fill()

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
