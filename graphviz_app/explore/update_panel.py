"""NEXT UPDATE: what the optimiser is about to do to the selected parameter, quantity by quantity.

It is there while one looks into a step of training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.numerals import number
from graphviz_app.theme import Theme, mono_font, ui_font
from graphviz_app.widgets import SectionTitle

Term = tuple[str, np.ndarray]
SHOWN = 2  # numbers of an array that stand on a line
TITLES = {
    "g": "gradient g",
    "weight": "new weight",
    "change": "change Δ",
    "m": "mean gradient m",
    "v": "mean square v",
    "m_hat": "m, corrected",
    "v_hat": "v, corrected",
    "w": "weight w",
}


class UpdatePanel(QWidget):
    """Shows the terms of the update of one leaf.  Signal: ``back_wanted()``, to training."""

    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = SectionTitle("Next update")
        self.where = QLabel()
        self.where.setWordWrap(True)
        self.where.setFont(ui_font(13))
        self.terms = QLabel()
        self.terms.setFont(mono_font(12))
        self.terms.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.terms.setTextFormat(Qt.TextFormat.RichText)
        self.terms.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.back = QPushButton("Back to training")
        self.back.clicked.connect(self.back_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 16, 6)
        layout.setSpacing(6)
        for part in (self.heading, self.where, self.terms, self.back):
            layout.addWidget(part)
        self._inside: Mapping[str, Any] | None = None
        self._theme: Theme | None = None
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.heading.set_theme(theme)
        self.where.setStyleSheet(f"color: {theme.text_soft}")

    def show_step(self, inside: Mapping[str, Any] | None) -> None:
        """The step that one looks into; None where there is none."""
        self._inside = inside
        self.setVisible(inside is not None)
        self.show_leaf("")

    def show_leaf(self, leaf: str) -> None:
        """The update of a parameter; another node has none."""
        if self._inside is None:
            return
        batch, batches = self._inside["batch"] + 1, self._inside["batches"]
        place = f"Batch {batch} of {batches}, epoch {self._inside['epoch'] + 1:,}."
        terms: Sequence[Term] | None = self._inside["terms"].get(leaf)
        if terms is None:
            self.where.setText(f"{place} Select a parameter to see how the optimiser changes it.")
            self.terms.setVisible(False)
            return
        self.where.setText(f"{place} What the optimiser does to {leaf}:")
        self.terms.setVisible(True)
        rows = "".join(
            f"<tr><td style='padding-right:12px'>{TITLES.get(name, name.replace('_', ' '))}</td>"
            f"<td>{_written(value)}</td></tr>"
            for name, value in terms
        )
        self.terms.setText(f"<table cellspacing='3'>{rows}</table>")
        self.terms.setToolTip(
            "\n".join(f"{name} = {np.asarray(value).ravel()[:8].tolist()}" for name, value in terms)
        )


def _written(value: Any) -> str:
    flat = np.ravel(value)
    text = "  ".join(number(x, 4) for x in flat[:SHOWN].tolist())
    return text + (" …" if flat.size > SHOWN else "")
