"""The application object: what every picture and window of this program needs first."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from graphviz_app.theme import load_fonts, ui_font


def make_app(arguments: list[str]) -> QApplication:
    """The application object with style, fonts and name set."""
    app = QApplication.instance() or QApplication(arguments)
    assert isinstance(app, QApplication)
    app.setApplicationName("graphviz-app")
    app.setApplicationDisplayName("")
    app.setStyle("Fusion")
    load_fonts()
    app.setFont(ui_font(13))
    return app
