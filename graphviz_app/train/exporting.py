"""What goes out of the Train workspace: plots, the network, the run as an animation, settings."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from PIL import Image, ImageDraw
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from engine.errors import EngineError
from engine.files.atomic import replace_file
from graphviz_app.background import LatestWork
from graphviz_app.train.questions import Film

if TYPE_CHECKING:
    from graphviz_app.train.workspace import TrainWorkspace

PICTURES = "PNG (*.png);;SVG (*.svg);;CSV (*.csv)"
ANIMATIONS = "WebP (*.webp);;GIF (*.gif)"
NETWORK = "PNG (*.png)"
SCALE, STRIP_PX, FRAME_MS, LAST_MS = 4, 26, 90, 1500  # of an animation


class TrainExports(QObject):
    """Signals: ``said(str)``; ``refused(str)``, why a file could not be written."""

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, workspace: TrainWorkspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._work = LatestWork(self)

    def _ask(self, title: str, name: str, kinds: str) -> Path | None:
        chosen, kind = QFileDialog.getSaveFileName(self._workspace, title, name, kinds)
        if not chosen:
            return None
        path = Path(chosen)
        if not path.suffix:
            path = path.with_name(path.name + kind.rpartition("*")[2].rstrip(")"))
        return path

    def _write(self, path: Path, save: Callable[[Path], None]) -> None:
        try:
            save(path)
        except (OSError, ValueError, EngineError) as error:
            self.refused.emit(f"{path.name} could not be written: {error}.")
            return
        self.said.emit(f"Exported {path.name}.")

    def boundary(self) -> None:
        """The boundary as a picture, or its grid as CSV."""
        path = self._ask("Export the boundary", "boundary.png", PICTURES)
        plot = self._workspace.boundary
        if path is not None:
            as_text = path.suffix.lower() == ".csv"
            self._write(path, partial(_text, plot.export_csv()) if as_text else plot.save)

    def curves(self) -> None:
        """The curves in view as a picture, or their numbers as CSV."""
        path = self._ask("Export the curves", "curves.png", PICTURES)
        if path is None:
            return
        plots = self._workspace.plots
        shown = plots.pages[plots.current]
        if path.suffix.lower() == ".csv":
            curves = shown if hasattr(shown, "export_csv") else self._workspace.loss
            self._write(path, partial(_text, curves.export_csv()))  # pyright: ignore
        else:
            self._write(path, shown.save)  # pyright: ignore[reportAttributeAccessIssue]

    def network(self) -> None:
        """The diagram of the network as a picture."""
        path = self._ask("Export the network", "network.png", NETWORK)
        if path is not None:
            self._write(path, self._save_network)

    def _save_network(self, path: Path) -> None:
        if not self._workspace.diagram.image().save(str(path)):
            raise OSError("the picture was refused")

    def history(self) -> None:
        """The whole history of the run as CSV."""
        path = self._ask("Export the history", "history.csv", "CSV (*.csv)")
        if path is not None:
            self._workspace.training.session.ask(
                "learned", lambda learned: self._write(path, partial(_text, learned["csv"]))
            )

    def animation(self) -> None:
        """The boundary through the epochs of the run."""
        path = self._ask("Export the run", "run.webp", ANIMATIONS)
        if path is not None:
            take = partial(self._make_animation, path)
            self._workspace.training.session.ask("film", take, self.refused.emit)

    def _make_animation(self, path: Path, film: Film) -> None:
        plot = self._workspace.boundary
        pictures = [(epoch, plot.pixels(prediction)) for epoch, prediction in film]

        def work() -> str:
            try:
                write_animation(path, [(e, p) for e, p in pictures if p is not None])
            except (OSError, ValueError) as error:
                return str(error)
            return ""

        self._work.ask(work, partial(self._tell, path))

    def _tell(self, path: Path, trouble: str) -> None:
        if trouble:
            self.refused.emit(f"{path.name} could not be written: {trouble}.")
        else:
            self.said.emit(f"Exported {path.name}.")

    @Slot()
    def copy_settings(self) -> None:
        """Data and settings as text, onto the clipboard."""
        record = self._workspace.training.record
        plain = {
            "data": msgspec.to_builtins(record.data),
            "settings": msgspec.to_builtins(record.settings),
        }
        text = msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()
        QGuiApplication.clipboard().setText(text)
        self.said.emit("Copied data and settings as text.")


def write_animation(path: Path, pictures: list[tuple[int, np.ndarray]]) -> None:
    """Pictures with their epochs as an animated WebP or GIF; raises OSError or ValueError."""
    if not pictures:
        raise ValueError("there is no boundary to show yet")
    frames = []
    for epoch, pixels in pictures:
        height, width = pixels.shape[:2]
        frame = Image.new("RGB", (width * SCALE, height * SCALE + STRIP_PX), "#ffffff")
        large = Image.fromarray(pixels).resize(
            (width * SCALE, height * SCALE), Image.Resampling.BICUBIC
        )
        frame.paste(large, (0, 0))
        pen = ImageDraw.Draw(frame)
        pen.text((8, height * SCALE + 7), f"epoch {epoch:,}", fill="#1e2430")
        frames.append(frame)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("webp", "gif"):
        raise ValueError("a film is written as .webp or .gif")
    times, whole = [FRAME_MS] * (len(frames) - 1) + [LAST_MS], io.BytesIO()
    frames[0].save(whole, kind, save_all=True, append_images=frames[1:], duration=times, loop=0)
    replace_file(path, whole.getvalue())


def _text(text: str, path: Path) -> None:
    replace_file(path, text.encode("utf-8"))
