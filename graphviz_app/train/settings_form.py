"""TRAINING: loss, optimiser, learning rate, batch, penalties, early stopping, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from engine.numerals import percent
from engine.training.optimizers import OPTIMIZERS
from engine.training.schedules import SCHEDULES
from engine.training.settings import DTYPES, FULL, Settings
from graphviz_app.theme import Theme, ui_font
from graphviz_app.train.rows import ChoiceRow, NumberRow, RateRow, SliderRow
from graphviz_app.widgets import SectionTitle

ANEW = " The run begins anew."
LOSS_WORDS = {
    "": "As it fits",
    "mse": "Squared error",
    "mae": "Absolute error",
    "bce": "Binary CE",
    "bce_from_logits": "Binary CE of scores",
    "cross_entropy": "Cross-entropy",
    "cross_entropy_from_logits": "CE of scores",
}
PRESETS = (("keras", "Keras"), ("torch", "PyTorch"), ("course", "The lecture"))
NONE, L1, L2 = "none", "l1", "l2"
PENALTIES = ((NONE, "None"), (L1, "L1"), (L2, "L2"))
PENALTY = 0.001  # to begin with
MOST_DROPOUT = 0.9
BATCHES = ((FULL, "Full"), (1, "Single"), (10, "Mini · 10"), (32, "Mini · 32"), (128, "Mini · 128"))
OTHER = "other"
PATIENCES = ((0, "Off"), (5, "Patience 5"), (20, "Patience 20"), (50, "Patience 50"))
DEVICES = (("auto", "Automatic"), ("numpy", "NumPy"), ("cpu", "torch CPU"), ("cuda", "CUDA"),
           ("mps", "Apple GPU"))  # fmt: skip


class SettingsForm(QWidget):
    """Shows ``Settings`` and says what was changed.

    Signals: ``changed(str, str, object)``: a title, a key under which changes in a row are one
    step of undo, and the changed fields; ``dropout_chosen(float)``, the share that the hidden
    layers of the network leave out.
    """

    changed = Signal(str, str, object)
    dropout_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._settings = Settings()
        self.heading = SectionTitle("Training")
        self.loss = ChoiceRow("Loss", list(LOSS_WORDS.items()), "What is made small." + ANEW)
        self.optimizer = ChoiceRow(
            "Optimiser",
            [(n, o.title) for n, o in OPTIMIZERS.items()],
            "The rule of updates." + ANEW,
        )
        self.rate = RateRow()
        self.batch = ChoiceRow(
            "Batch",
            [*((str(n), words) for n, words in BATCHES), (OTHER, "Other…")],
            "Examples of one update." + ANEW,
        )
        self.batch_number = NumberRow("Examples", "Examples of one update." + ANEW)
        self.penalty = ChoiceRow("Regularise", PENALTIES, "A price on large weights." + ANEW)
        self.strength = NumberRow("Strength", "How much large weights cost." + ANEW)
        self.dropout = SliderRow(
            "Dropout", 0, MOST_DROPOUT, percent,
            "The share of each hidden layer's numbers that is left out while it learns." + ANEW,
            step=0.05,
        )  # fmt: skip
        self.patience = ChoiceRow(
            "Early stop",
            [(str(n), words) for n, words in PATIENCES],
            "How many epochs the validation loss may fail to improve; it needs a validation share."
            + ANEW,
        )
        self.more = QPushButton("More settings")
        self.more.setCheckable(True)
        self.more.setProperty("flat", True)
        self.preset = ChoiceRow("Rule as in", PRESETS, "Whose exact rule and defaults." + ANEW)
        self.parameters: dict[str, ChoiceRow | NumberRow] = {}
        self.schedule = ChoiceRow(
            "Schedule", [(n, s.title) for n, s in SCHEDULES.items()],
            "How the learning rate changes." + ANEW,
        )  # fmt: skip
        self.schedule_rows: dict[str, NumberRow] = {}
        self.clip = NumberRow("Clip norm", "The longest a gradient may be; 0 is no limit." + ANEW)
        self.device = ChoiceRow("Device", DEVICES, "What computes." + ANEW)
        self.dtype = ChoiceRow("Precision", [(d, d) for d in DTYPES], "Of all numbers." + ANEW)
        self.seed = NumberRow("Seed", "Of the order of examples and of dropout." + ANEW)
        self._advanced = QWidget()
        self._rows = QVBoxLayout(self._advanced)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(7)
        for row in (
            self.preset, self.schedule, self.clip, self.device, self.dtype, self.seed,
        ):  # fmt: skip
            self._rows.addWidget(row)
        self.resets = QLabel("Only the learning rate keeps a run going; all else begins it anew.")
        self.resets.setFont(ui_font(11.5))
        self.resets.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for part in (
            self.heading, self.resets, self.loss, self.optimizer, self.rate.row,
            self.rate.below, self.batch, self.batch_number, self.penalty, self.strength,
            self.dropout, self.patience, self.more, self._advanced,
        ):  # fmt: skip
            layout.addWidget(part)
        self._advanced.setVisible(False)
        self.more.toggled.connect(self._advanced.setVisible)
        self._theme: Theme | None = None
        self._connect()

    def _connect(self) -> None:
        self.loss.changed.connect(self._set_loss)
        self.optimizer.changed.connect(self._set_optimizer)
        self.rate.changed.connect(self._set_rate)
        self.batch.changed.connect(self._set_batch)
        self.batch_number.changed.connect(self._set_batch_number)
        self.penalty.changed.connect(self._set_penalty)
        self.strength.changed.connect(self._set_strength)
        self.dropout.changed.connect(self.dropout_chosen)
        self.patience.changed.connect(self._set_patience)
        self.preset.changed.connect(self._set_preset)
        self.schedule.changed.connect(self._set_schedule)
        self.clip.changed.connect(self._set_clip)
        self.device.changed.connect(self._set_device)
        self.dtype.changed.connect(self._set_dtype)
        self.seed.changed.connect(self._set_seed)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.resets.setStyleSheet(f"color: {theme.text_muted}")
        for part in (
            self.heading, self.loss, self.optimizer, self.rate, self.batch, self.batch_number,
            self.penalty, self.strength, self.dropout, self.patience, self.preset, self.schedule,
            self.clip, self.device, self.dtype, self.seed, *self.parameters.values(),
            *self.schedule_rows.values(),
        ):  # fmt: skip
            part.set_theme(theme)

    # showing ------------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show what the run is made with."""
        self._settings = settings
        optimizer = OPTIMIZERS[settings.optimizer]
        preset = optimizer.presets[settings.preset]
        self.loss.show_choice(settings.loss)
        self.optimizer.show_choice(settings.optimizer)
        self.rate.show_number(float(settings.rate if settings.rate else preset["rate"]))
        usual = settings.batch in [n for n, _ in BATCHES]
        self.batch.show_choice(str(settings.batch) if usual else OTHER)
        self.batch_number.setVisible(not usual)
        self.batch_number.show_number(settings.batch)
        kind = L1 if settings.l1 else L2 if settings.l2 else NONE
        self.penalty.show_choice(kind)
        self.strength.setVisible(kind != NONE)
        self.strength.show_number(settings.l1 or settings.l2)
        self._show_patience(settings.patience or 0)
        self.preset.show_choice(settings.preset)
        self.schedule.show_choice(settings.schedule)
        self.clip.show_number(settings.clip_norm or 0.0)
        self.device.show_choice(settings.device)
        self.dtype.show_choice(settings.dtype)
        self.seed.show_number(settings.seed)
        self._show_parameters({**preset, **settings.parameters})
        self._show_schedule(settings)

    def show_notes(self, notes: Sequence[str]) -> None:
        """What was chosen by itself, and why: it stands on the device."""
        self.device.setToolTip("\n".join(["What computes." + ANEW, *notes]))

    def show_dropout(self, share: float | None) -> None:
        """What the hidden layers leave out; None where there are none that agree."""
        self.dropout.setVisible(share is not None)
        if share is not None:
            self.dropout.show_number(share)

    def show_for_data(self, there: bool) -> None:
        """Without data there are no batches, no validation, and no loss but the function itself."""
        for row in (self.loss, self.batch, self.patience):
            row.setVisible(there)
        self.batch_number.setVisible(there and self.batch.box.currentData() == OTHER)

    def _show_patience(self, patience: int) -> None:
        listed = [n for n, _ in PATIENCES]
        if patience not in listed:
            self.patience.box.addItem(f"Patience {patience}", str(patience))
        self.patience.show_choice(str(patience))

    def _show_parameters(self, values: Mapping[str, Any]) -> None:
        wanted = OPTIMIZERS[self._settings.optimizer].parameters
        if list(self.parameters) != list(wanted):
            self._drop(self.parameters)
            for name, parameter in wanted.items():
                title = name.replace("_", " ").capitalize()
                if parameter.choices:
                    row = ChoiceRow(title, [(c, c) for c in parameter.choices], parameter.says)
                else:
                    row = NumberRow(title, parameter.says + ANEW)
                self._insert(row, name, self.parameters)
        for name, row in self.parameters.items():
            if isinstance(row, ChoiceRow):
                row.show_choice(str(values[name]))
            else:
                row.show_number(float(values[name]))

    def _show_schedule(self, settings: Settings) -> None:
        wanted = SCHEDULES[settings.schedule].parameters
        if list(self.schedule_rows) != list(wanted):
            self._drop(self.schedule_rows)
            for name in wanted:
                row = NumberRow(name.replace("_", " ").capitalize(), "Of the schedule." + ANEW)
                self._insert(row, name, self.schedule_rows, behind=self.schedule)
        for name, row in self.schedule_rows.items():
            row.show_number(float(settings.schedule_parameters.get(name, wanted[name])))

    def _insert(
        self,
        row: ChoiceRow | NumberRow,
        name: str,
        rows: dict[str, Any],
        behind: QWidget | None = None,
    ) -> None:
        at = self._rows.indexOf(behind or self.preset) + 1 + len(rows)
        self._rows.insertWidget(at, row)
        row.setObjectName(name)
        row.changed.connect(
            self._set_schedule_parameter if rows is self.schedule_rows else self._set_parameter
        )
        if self._theme is not None:
            row.set_theme(self._theme)
        rows[name] = row

    def _drop(self, rows: dict[str, Any]) -> None:
        for row in rows.values():
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        rows.clear()

    # changing -----------------------------------------------------------------------------------

    def _say(self, title: str, key: str = "", **changes: Any) -> None:
        self.changed.emit(title, key, changes)

    @Slot(str)
    def _set_loss(self, loss: str) -> None:
        self._say("Loss", loss=loss)

    @Slot(str)
    def _set_optimizer(self, name: str) -> None:
        self._say("Optimiser", optimizer=name, parameters={})

    @Slot(float)
    def _set_rate(self, rate: float) -> None:
        self._say("Learning rate", "rate", rate=rate)

    @Slot(str)
    def _set_batch(self, batch: str) -> None:
        if batch == OTHER:
            self.batch_number.setVisible(True)
            self.batch_number.box.setFocus()
        else:
            self._say("Batch", batch=int(batch))

    @Slot(float)
    def _set_batch_number(self, batch: float) -> None:
        self._say("Batch", batch=max(0, round(batch)))

    @Slot(str)
    def _set_penalty(self, kind: str) -> None:
        strength = self._settings.l1 or self._settings.l2 or PENALTY
        self._say(
            "Regularise", l1=strength if kind == L1 else 0.0, l2=strength if kind == L2 else 0.0
        )

    @Slot(float)
    def _set_strength(self, strength: float) -> None:
        one = bool(self._settings.l1)
        self._say(
            "Strength of the penalty", l1=strength if one else 0.0, l2=0.0 if one else strength
        )

    @Slot(str)
    def _set_patience(self, patience: str) -> None:
        self._say("Early stopping", patience=int(patience) or None)

    @Slot(str)
    def _set_preset(self, preset: str) -> None:
        self._say("Rule of the optimiser", preset=preset, parameters={})

    @Slot()
    def _set_parameter(self) -> None:
        name = self.sender().objectName()
        row = self.parameters[name]
        value = row.box.value() if isinstance(row, NumberRow) else row.box.currentData()
        after = {**self._settings.parameters, name: value}
        self._say(f"Optimiser: {name}", parameters=after)

    @Slot(str)
    def _set_schedule(self, schedule: str) -> None:
        self._say("Schedule", schedule=schedule, schedule_parameters={})

    @Slot()
    def _set_schedule_parameter(self) -> None:
        name = self.sender().objectName()
        row: NumberRow = self.schedule_rows[name]
        after = {**self._settings.schedule_parameters, name: row.box.value()}
        self._say(f"Schedule: {name}", schedule_parameters=after)

    @Slot(float)
    def _set_clip(self, norm: float) -> None:
        self._say("Gradient clipping", clip_norm=norm or None)

    @Slot(str)
    def _set_device(self, device: str) -> None:
        self._say("Device", device=device)

    @Slot(str)
    def _set_dtype(self, dtype: str) -> None:
        self._say("Precision", dtype=dtype)

    @Slot(float)
    def _set_seed(self, seed: float) -> None:
        self._say("Seed", seed=round(seed))
