"""Time travel: a slider over the epochs of the run, to see it as it was."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from graphviz_app.theme import Theme, mono_font, ui_font
from graphviz_app.train.rows import QuietSlider

HEIGHT_PX = 40


class TravelBar(QWidget):
    """Signals: ``travelled(object)`` with an epoch, or None for now; ``restored(int)``."""

    travelled = Signal(object)
    restored = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._epochs: tuple[int, ...] = ()
        self._at: int | None = None
        self.title = QLabel("Look back")
        self.title.setFont(ui_font(13))
        self.slider = QuietSlider("Epoch to look back at")
        self.slider.setToolTip("Drag to see boundary, maps and weights as they were")
        self.label = QLabel("now")
        self.label.setFont(mono_font(12))
        self.label.setMinimumWidth(64)
        self.take = QPushButton("Go on from here")
        self.take.setProperty("flat", True)
        self.take.setToolTip("Take the weights of that epoch; a run begins with them")
        self.now = QPushButton("Now")
        self.now.setProperty("flat", True)
        line = QHBoxLayout(self)
        line.setContentsMargins(14, 2, 10, 2)
        line.setSpacing(8)
        line.addWidget(self.title)
        line.addWidget(self.slider, 1)
        for part in (self.label, self.take, self.now):
            line.addWidget(part)
        self.setFixedHeight(HEIGHT_PX)
        self.slider.valueChanged.connect(self._moved)
        self.now.clicked.connect(self._return)
        self.take.clicked.connect(self._restore)
        self.show_epochs(())

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.title.setStyleSheet(f"color: {theme.text_soft}")
        self.label.setStyleSheet(f"color: {theme.text_soft}")

    def show_epochs(self, epochs: tuple[int, ...], now: bool = True) -> None:
        """Which epochs are kept; ``now`` whether what is seen is how the run stands."""
        self._epochs = epochs
        self.setEnabled(len(epochs) > 1)
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(len(epochs) - 1, 0))
        if now:
            self._at = None
            self.slider.setValue(len(epochs) - 1)
        self.slider.blockSignals(blocked)
        self._tell()

    def _tell(self) -> None:
        self.label.setText("now" if self._at is None else f"epoch {self._at:,}")
        self.take.setVisible(self._at is not None)
        self.now.setVisible(self._at is not None)

    @Slot(int)
    def _moved(self, place: int) -> None:
        if 0 <= place < len(self._epochs):
            self._at = self._epochs[place]
            self._tell()
            self.travelled.emit(self._at)

    @Slot()
    def _return(self) -> None:
        self._at = None
        self.show_epochs(self._epochs)
        self.travelled.emit(None)

    @Slot()
    def _restore(self) -> None:
        if self._at is not None:
            self.restored.emit(self._at)
