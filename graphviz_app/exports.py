"""Pictures and texts of the graph, for other programs: files, clipboard and printer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

import engine
from engine.errors import EngineError
from engine.files.atomic import replace_file
from engine.files.latex import latex_document
from engine.graph.notation import latex_graph
from graphviz_app import sources
from graphviz_app.canvas.export import new_printer, picture_image, print_graph, render
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.messages import Button, Mark, show_message
from graphviz_app.theme import Theme

PICTURES = {".png": "PNG picture", ".svg": "SVG drawing", ".pdf": "PDF document"}
FILTER = ";;".join(f"{name} (*{ending})" for ending, name in {**PICTURES, **sources.KINDS}.items())
SCALES = ("1", "2", "3", "4")


class ExportCommands(QObject):
    """What leaves the window.  Signal ``said(sentence)`` for the status line."""

    said = Signal(str)

    def __init__(
        self,
        document: Document,
        explore: ExploreWorkspace,
        window: QWidget,
        theme: Callable[[], Theme],
    ) -> None:
        super().__init__(window)
        self._document, self._explore, self._window, self._theme = document, explore, window, theme

    # files --------------------------------------------------------------------------------------

    def whole(self) -> None:
        """The whole graph as a picture or drawing; the ending chosen decides which."""
        self._export(None)

    def visible(self) -> None:
        """What is seen of the graph now."""
        self._export(self._explore.view.visible_rect())

    def _export(self, area: QRectF | None) -> None:
        start = f"{self._document.title}.png"
        name, kind = QFileDialog.getSaveFileName(self._window, "Export", start, FILTER)
        if not name:
            return
        path = Path(name)
        if path.suffix.lower() not in {**PICTURES, **sources.KINDS}:
            path = path.with_name(path.name + kind.rpartition("*")[2].rstrip(")"))
            if path.exists() and not self._may_replace(path):  # the dialog asked about less
                return
        scale = self._ask_scale() if path.suffix.lower() == ".png" else 1.0
        if scale is None:
            return
        try:
            self._write(path, area, scale)
        except (OSError, ValueError, EngineError) as error:
            self._tell("Could not export", str(error))
            return
        self.said.emit(f"Exported {path.name}.")

    def _may_replace(self, path: Path) -> bool:
        answer = show_message(
            self._window,
            self._theme(),
            Mark.QUESTION,
            "Replace the file?",
            f'There is a file "{path.name}" already. Exporting replaces it.',
            Button.Save | Button.Cancel,
        )
        return answer == Button.Save

    def _ask_scale(self) -> float | None:
        text, chosen = QInputDialog.getItem(
            self._window, "Export", "Pixels for each pixel of the screen:", SCALES, 1, False
        )
        return float(text) if chosen else None

    def _write(self, path: Path, area: QRectF | None, scale: float) -> None:
        if path.suffix.lower() in sources.SUFFIXES:
            replace_file(path, self._source(path.suffix.lower()).encode("utf-8"))
        else:
            render(self._explore.view.model, path, self._theme(), scale, area)

    # texts --------------------------------------------------------------------------------------

    def _source(self, suffix: str) -> str:
        """The graph as it is shown, as TikZ or DOT source."""
        document, explore = self._document, self._explore
        opened, model = document.derived.opened, explore.view.model
        return sources.source_text(suffix, opened, model, document.walk, explore.player.index)

    def copy_tikz(self) -> None:
        """TikZ source, onto the clipboard."""
        self._copy(self._source(".tex"), "TikZ source")

    def copy_dot(self) -> None:
        """DOT source, onto the clipboard."""
        self._copy(self._source(".dot"), "DOT source")

    def copy_formula(self) -> None:
        """The formula as text, onto the clipboard."""
        try:
            self._copy(engine.to_text(self._document.graph), "The formula")
        except EngineError as error:
            self.said.emit(str(error))

    def copy_latex(self) -> None:
        """The formula as LaTeX, onto the clipboard."""
        self._copy(latex_graph(self._document.graph), "LaTeX source")

    def copy_latex_document(self) -> None:
        """A LaTeX document with the formula, onto the clipboard."""
        self._copy(latex_document(self._document.graph), "A LaTeX document")

    def copy_picture(self) -> None:
        """The whole graph as a picture, onto the clipboard."""
        try:
            image = picture_image(self._explore.view.model, self._theme())
        except ValueError as error:
            self._tell("Could not copy the picture", str(error))
            return
        QGuiApplication.clipboard().setImage(image)
        self.said.emit("The picture is on the clipboard.")

    def _copy(self, text: str, what: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.said.emit(f"{what} is on the clipboard.")

    # printing -----------------------------------------------------------------------------------

    def print(self) -> None:
        """The graph on a page of paper."""
        try:
            printer = new_printer()
            from PySide6.QtPrintSupport import QPrintDialog

            if QPrintDialog(printer, self._window).exec():
                print_graph(self._explore.view.model, self._theme(), printer)
        except (EngineError, ImportError, OSError) as error:
            self._tell("Could not print", str(error))

    def _tell(self, title: str, sentence: str) -> None:
        show_message(self._window, self._theme(), Mark.WARNING, title, sentence)
