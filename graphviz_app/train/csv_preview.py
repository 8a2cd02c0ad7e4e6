"""What would be done with a CSV file, before it is done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.data.csv_columns import Role, TablePlan
from engine.data.encoding import Missing
from engine.errors import DataError
from graphviz_app.theme import ui_font
from graphviz_app.train.rows import ChoiceRow

GAPS = (
    (Missing.REFUSE.value, "Say where they are"),
    (Missing.DROP.value, "Leave the row out"),
    (Missing.FILL.value, "Fill in the mean"),
)
ROLES = {Role.FEATURE: "input", Role.TARGET: "to predict"}
WIDTH_PX, HEIGHT_PX = 620, 440


class CsvPreview(QDialog):
    """The columns of a table with what each will be, and a choice of the one to predict."""

    def __init__(self, plan: TablePlan, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Learn from {plan.path.name}")
        self.resize(WIDTH_PX, HEIGHT_PX)
        self._plan = plan
        self.columns = QTableWidget(len(plan.columns), 3)
        self.columns.setHorizontalHeaderLabels(["column", "becomes", "because"])
        self.columns.setAccessibleName("Columns of the file")
        self.columns.verticalHeader().hide()
        self.columns.horizontalHeader().setStretchLastSection(True)
        self.columns.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.columns.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.target_row = ChoiceRow(
            "Predict", [(c.name, c.name) for c in plan.columns], "The column of the answers"
        )
        self.target_row.changed.connect(self._choose_target)
        self.gaps = ChoiceRow("Gaps", GAPS, "What becomes of rows with missing cells")
        self.gaps.show_choice(Missing.REFUSE.value)
        self.notes = QLabel(
            "A quarter of the rows is kept for testing. Numbers are scaled by the mean and spread "
            "of the training rows, names become columns of 0 and 1."
        )
        self.notes.setWordWrap(True)
        self.notes.setFont(ui_font(12.5))
        buttons = QDialogButtonBox()
        self.use = buttons.addButton("Learn from it", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        for part in (self.columns, self.target_row, self.gaps, self.notes, buttons):
            layout.addWidget(part)
        targets = plan.having(Role.TARGET)
        if targets:
            self.target_row.show_choice(targets[0].name)
        self._show()

    def target(self) -> str:
        """The column that is to be predicted."""
        return str(self.target_row.box.currentData() or "")

    def missing(self) -> Missing:
        """What becomes of gaps."""
        return Missing(self.gaps.box.currentData())

    @Slot(str)
    def _choose_target(self, name: str) -> None:
        try:
            self._plan = self._plan.with_target(name)
            self.notes.setText("")
            self.use.setEnabled(True)
        except DataError as error:
            self.notes.setText(str(error))
            self.use.setEnabled(False)
        self._show()

    def _show(self) -> None:
        for row, column in enumerate(self._plan.columns):
            role = ROLES.get(column.role, str(column.role))
            texts = (column.name, f"{role} ({column.content})", column.why)
            for place, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.columns.setItem(row, place, item)
        self.columns.resizeColumnsToContents()
