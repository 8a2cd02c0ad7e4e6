"""The tape: every step of the walk as a row; a step has no numbers until the walk reaches it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.graph.graph import Graph
from engine.graph.labels import text_label
from engine.numerals import number
from engine.ops import OPS
from engine.run.walk import Phase, Step, Walk
from graphviz_app.explore.rules import backward_text, forward_text
from graphviz_app.explore.step_blocks import full
from graphviz_app.theme import LIGHT, MONO_FAMILIES, Theme, mono_font

COLUMNS = ("step", "pass", "node", "rule", "value", "upstream", "gradient")
STEP, PASS, NODE, RULE, VALUE, UPSTREAM, GRADIENT = range(7)
LEAST_PX = (44, 80, 72, 60, 62, 80, 78)  # headings in full, cells shortened
WIDTHS_PX = (60, 80, 150, 120, 80, 84, 150)  # where there is room for them
SHARES = (0, 0, 3, 4, 2, 2, 2)  # of the room that is left
ROW_PX = 22
MOST_PARTS = 3  # products written into one cell

Index = QModelIndex | QPersistentModelIndex


class TapeModel(QAbstractTableModel):
    """Reads a walk row by row; a step is made only when its row is looked at.

    The walk stands at row ``active``; the rows behind it are still ahead of the walk and show no
    numbers.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._walk: Walk | None = None
        self._graph: Graph | None = None
        self._count = 0
        self.active = -1
        self.theme = LIGHT
        self._fonts = (mono_font(12), mono_font(12, 700))
        self._step = lru_cache(maxsize=256)(self._make_step)

    @property
    def walk(self) -> Walk | None:
        """The walk that is shown."""
        return self._walk

    def set_walk(self, walk: Walk | None) -> None:
        """Show another walk; if it has as many steps, the rows stay and their numbers change."""
        count = len(walk) if walk is not None else 0
        same = count == self._count and count > 0
        if not same:
            self.beginResetModel()
        self._walk, self._count, self._graph = walk, count, None
        self._step.cache_clear()
        if same:
            last = self.index(count - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.active = -1
            self.endResetModel()

    def set_active(self, row: int) -> None:
        """Show ``row`` as the one where the walk stands; −1 before the first."""
        before, self.active = self.active, row
        first, last = max(min(before, row), 0), min(max(before, row), self._count - 1)
        if before != row and first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def step(self, row: int) -> Step:
        """The step of a row."""
        return self._step(row)

    def _make_step(self, row: int) -> Step:
        assert self._walk is not None
        return self._walk[row]

    def label(self, node: str) -> str:
        """What a node is called in the table."""
        assert self._walk is not None
        if self._graph is None:
            self._graph = Graph(self._walk.nodes.values(), self._walk.output)
        return text_label(self._graph, node)

    # cells --------------------------------------------------------------------------------------

    def text(self, row: int, column: int) -> str:
        """What a cell shows."""
        step = self._step(row)
        if column == STEP:
            return str(row + 1)
        if column == PASS:
            return step.phase.value
        if column == NODE:
            return self._node_text(step)
        if column == RULE:
            return _rule(step)
        return _joined([number(v) for v in self._numbers(row, column)])

    def full_text(self, row: int, column: int) -> str:
        """What a cell copies: all digits."""
        if column in (VALUE, UPSTREAM, GRADIENT):
            return ", ".join(full(v) for v in self._numbers(row, column))
        return self.text(row, column)

    def ahead(self, row: int) -> bool:
        """Whether the walk has not come to ``row`` yet."""
        return row > self.active

    def _numbers(self, row: int, column: int) -> list[Any]:
        return [] if self.ahead(row) else _values(self._step(row), column)

    def _node_text(self, step: Step) -> str:
        label = self.label(step.node)
        op = OPS.get(step.op)
        if op is None or label.startswith(op.symbol) or len(op.symbol) > 4:
            return label
        return f"{op.symbol} {label}"

    def _color(self, row: int, column: int) -> str:
        theme = self.theme
        if self.ahead(row):
            return theme.text_muted
        if column == VALUE:
            return theme.forward
        if column in (UPSTREAM, GRADIENT):
            return theme.backward
        if column == RULE:
            return theme.text if row == self.active else theme.text_soft
        if column == PASS:
            forward = self._step(row).phase is Phase.FORWARD
            return theme.forward if forward else theme.backward
        return theme.text

    # QAbstractTableModel ------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._walk is None:
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self._color(row, column))
        if role == Qt.ItemDataRole.FontRole:
            return self._fonts[row == self.active]
        if role == Qt.ItemDataRole.ToolTipRole:
            if column >= VALUE:
                return self.full_text(row, column)
            return None if self.ahead(row) else self._step(row).sentence or None
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


def _values(step: Step, column: int) -> list[Any]:
    if column == VALUE:
        return [step.output]
    if step.upstream is None:
        return []
    if column == UPSTREAM:
        return [step.upstream]
    if step.op not in OPS:
        return [step.upstream]  # a leaf's gradient is complete
    return [p for p in step.products if p is not None]


def _joined(texts: list[str]) -> str:
    more = ", …" if len(texts) > MOST_PARTS else ""
    return ", ".join(texts[:MOST_PARTS]) + more


def _rule(step: Step) -> str:
    op = OPS.get(step.op)
    if op is None:
        if step.upstream is None:
            return step.op
        return "sum of its branches" if len(step.terms) > 1 else "complete"
    return forward_text(op, step.attrs) if step.upstream is None else backward_text(op, step.attrs)


class _RowHover(QStyledItemDelegate):
    """Draws every cell of the row under the pointer as hovered, not the one cell alone."""

    row = -1

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        over = QStyle.StateFlag.State_MouseOver
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        option.state = state | over if index.row() == self.row else state & ~over  # type: ignore[attr-defined]


class TapeTable(QTableView):
    """The steps as a table; the active row is bold and in view.

    Signals: ``row_chosen(int)`` with the index of the step a person clicked or pressed Enter on.
    """

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tape = TapeModel(self)
        self.setModel(self.tape)
        self._hover = _RowHover(self)
        self.setItemDelegate(self._hover)
        self.setMouseTracking(True)
        self.setObjectName("tape")
        self.setAccessibleName("Tape: every step of the walk")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(self.Shape.NoFrame)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(ROW_PX)
        rows.setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setFont(mono_font(12))
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setFixedHeight(26)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        self.set_theme(LIGHT)

    # setters ------------------------------------------------------------------------------------

    def set_walk(self, walk: Walk | None) -> None:
        """Show the steps of ``walk``."""
        self.tape.set_walk(walk)

    def set_index(self, index: int) -> None:
        """Mark step ``index`` as the active one and scroll to it; −1 for none."""
        self.tape.set_active(index)
        chosen = self.selectionModel().selectedRows()
        if len(chosen) == 1 and chosen[0].row() != index:
            self.clearSelection()  # the step that was clicked is left behind
        self._show_active()

    def _show_active(self) -> None:
        self.executeDelayedItemsLayout()  # new rows are laid out late; scrolling needs them now
        self.updateGeometries()
        if 0 <= self.tape.active < self.tape.rowCount():
            self.scrollTo(self.tape.index(self.tape.active, 0))
        elif self.tape.rowCount():
            self.scrollToTop()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.tape.theme = theme
        self.setStyleSheet(
            f"#tape {{ background: {theme.panel}; border: none;"
            f" selection-background-color: {theme.accent_soft}; }}"
            f"#tape::item {{ padding: 0 2px 0 13px; border: none; }}"
            f"#tape::item:hover {{ background: {theme.hover}; }}"
            f"#tape::item:selected {{ background: {theme.accent_soft}; }}"
            f"#tape QHeaderView, #tape QHeaderView::section {{ background: {theme.panel};"
            f" color: {theme.text_muted}; border: none; padding: 0 8px;"
            f" font-family: {', '.join(MONO_FAMILIES)}; font-size: 12px; }}"
        )
        self.viewport().update()

    # copying ------------------------------------------------------------------------------------

    def copy(self) -> str:
        """Put the selected rows (else the active one) onto the clipboard, with all digits."""
        selection: QItemSelectionModel = self.selectionModel()
        chosen = sorted(index.row() for index in selection.selectedRows())
        if not chosen and self.tape.active >= 0:
            chosen = [self.tape.active]
        lines = ["\t".join(COLUMNS)]
        for row in chosen:
            cells = (self.tape.full_text(row, c) for c in range(len(COLUMNS)))
            lines.append("\t".join(" ".join(cell.split()) for cell in cells))
        text = "\n".join(lines)
        QGuiApplication.clipboard().setText(text)
        return text

    def _snap(self) -> None:
        """A whole row at the upper edge: at its end Qt aligns the last with the lower one."""
        header, top = self.verticalHeader(), self.verticalScrollBar().value()
        if header.offset() != header.sectionPosition(top):
            header.setOffsetToSectionPosition(top)
            self.viewport().update()

    def _hover_row(self, row: int) -> None:
        if row != self._hover.row:
            self._hover.row = row
            self.viewport().update()

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.row_chosen.emit(index.row())

    # Qt overrides -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover_row(self.rowAt(event.position().toPoint().y()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self._hover_row(-1)
        return super().viewportEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._snap()
        self._hover_row(-1)

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._snap()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        bar, fits = Qt.ScrollBarPolicy, self.viewport().width() >= sum(LEAST_PX)
        self.setHorizontalScrollBarPolicy(bar.ScrollBarAlwaysOff if fits else bar.ScrollBarAsNeeded)
        for column in range(len(COLUMNS)):  # each may bring a scroll bar, which changes the room
            self.setColumnWidth(column, column_widths(self.viewport().width())[column])
        self._show_active()


def column_widths(room: int) -> list[int]:
    """The widths of all columns in ``room``: shares of what is left over, or of what is missing."""
    left = room - sum(WIDTHS_PX)
    if left >= 0:
        shares = zip(WIDTHS_PX, SHARES, strict=True)
        return [width + left * share // sum(SHARES) for width, share in shares]
    slack = sum(WIDTHS_PX) - sum(LEAST_PX)
    kept = max(0.0, 1 + left / slack)
    return [low + int(kept * (w - low)) for low, w in zip(LEAST_PX, WIDTHS_PX, strict=True)]
