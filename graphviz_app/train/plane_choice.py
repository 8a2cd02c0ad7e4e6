"""Which plane the boundary is drawn in, where the data have more than two features."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.training.looks import Scene
from graphviz_app.theme import Theme, ui_font
from graphviz_app.widgets import ChoiceBox

PRINCIPAL = "principal"
WIDEST_PX = 170


class PlaneChoice(QWidget):
    """Signals: ``chosen(object)``, two features, or () for the principal axes."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.across, self.up = ChoiceBox("Feature across"), ChoiceBox("Feature up")
        self._by = QLabel("×")
        self._by.setFont(ui_font(13))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self.across, self._by, self.up):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        for box in (self.across, self.up):
            box.setMaximumWidth(WIDEST_PX)
            box.changed.connect(self._choose)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.across.set_theme(theme)
        self.up.set_theme(theme)
        self._by.setStyleSheet(f"color: {theme.text_muted}")

    def set_scene(self, scene: Scene | None) -> None:
        """Offer the features of the data; hidden where there is no choice."""
        names = scene.columns if scene is not None and scene.extent is not None else ()
        self.setVisible(len(names) > 2)
        if scene is None or len(names) <= 2:
            return
        features = [(str(k), name) for k, name in enumerate(names)]
        self.across.set_choices([(PRINCIPAL, "Principal axes"), *features])
        self.up.set_choices(features)
        self.across.set_current(str(scene.axes[0]) if scene.axes else PRINCIPAL)
        self.up.set_current(str(scene.axes[1] if scene.axes else 1))
        for part in (self._by, self.up):
            part.setVisible(bool(scene.axes))

    @Slot(str)
    def _choose(self, _: str) -> None:
        if self.across.currentData() == PRINCIPAL:
            self.chosen.emit(())
            return
        across, up = int(self.across.currentData()), int(self.up.currentData())
        if across == up:  # a plane needs two
            up = (across + 1) % self.up.count()
        self.chosen.emit((across, up))
