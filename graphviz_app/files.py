"""The file commands of a window: open, save, revert, autosave, and asking before work is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, QPointF, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import EngineError, FileError
from engine.files.project import Session
from engine.layers.presets import PRESETS
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.file_guard import FileGuard, stamp_of
from graphviz_app.messages import Button, Mark, show_message
from graphviz_app.recovery import Autosave, LeftBehind, find_left_behind
from graphviz_app.resources import example, examples
from graphviz_app.settings import Settings
from graphviz_app.theme import Theme

FILE_FILTER = "Graphs (*.graph.json *.json);;All files (*)"


class FileCommands(QObject):
    """What the File menu does to one document.  Signal ``said(sentence)`` for the status line."""

    said = Signal(str)

    def __init__(
        self,
        document: Document,
        explore: ExploreWorkspace,
        settings: Settings,
        window: QWidget,
        theme: Callable[[], Theme],
    ) -> None:
        super().__init__(window)
        self._document, self._explore, self._settings = document, explore, settings
        self._window, self._theme = window, theme
        self._guard = FileGuard()
        self._shared: set[Path] = set()  # files that may be saved although another window has them
        self.autosave = Autosave(parent=self)
        document.stack.indexChanged.connect(self._changed)
        document.stack.cleanChanged.connect(self._changed)

    # opening ------------------------------------------------------------------------------------

    def session(self) -> Session:
        """The place to come back to, as the file keeps it."""
        player, view = self._explore.player, self._explore.view
        centre = view.visible_rect().center()
        return Session(
            step=None if player.done else player.index + 1,
            selected=self._explore.selected,
            view=None if view.fitted else (centre.x(), centre.y(), view.zoom),
        )

    def open_path(self, path: Path) -> bool:
        """Open a file; tells why and keeps the open document if it cannot."""
        if not self.may_leave():
            return False
        stamp = stamp_of(path)
        try:
            session = self._document.load(path)
        except FileError as error:
            self._tell("Could not open the file", str(error))
            if not path.exists():
                self._settings.forget(str(path))
            return False
        self._guard.note(path, stamp)
        self.autosave.forget()
        self._settings.remember(path)
        self._claim(path)
        self._return_to(session)
        return True

    def _return_to(self, session: Session) -> None:
        if session.selected:
            self._explore.select(session.selected)
        if session.step is not None:
            self._explore.walking.go(session.step - 1)
        if session.view is not None:
            x, y, zoom = session.view
            self._explore.view.stop_fitting()
            self._explore.view.look_at(zoom, QPointF(x, y))

    def _claim(self, path: Path) -> None:
        if is_example(path):
            self._guard.release()
        elif not self._guard.claim(path):
            self._guard.release()
            self._tell(
                "This file is open twice",
                f'"{path.name}" is open in another window as well: whichever is saved last '
                "replaces what the other saved. Save this one under another name to keep both.",
            )

    def open_formula(self, text: str) -> bool:
        """Start an unsaved document from a formula."""
        try:
            self._document.load_formula(text)
        except EngineError as error:
            self._tell("Could not read the formula", str(error))
            return False
        return True

    def new(self) -> None:
        """An empty document."""
        if self.may_leave():
            self._guard.release()
            self.autosave.forget()
            self._document.clear()

    def new_network(self, preset: str) -> None:
        """A new document with one of the networks to begin with."""
        if self.may_leave():
            self._guard.release()
            self.autosave.forget()
            self._document.load_graph(PRESETS[preset].build())

    def choose(self) -> None:
        """Ask for a file and open it."""
        here = self._document.path
        folder = here.parent if here else example("fork").parent
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open a graph", str(folder), FILE_FILTER
        )
        if name:
            self.open_path(Path(name))

    def revert(self) -> None:
        """Go back to what the file holds, as a step that can be undone."""
        path = self._document.path
        if path is None:
            return
        stamp = stamp_of(path)
        try:
            self._explore.view.start_fitting()
            self._document.revert()
        except FileError as error:
            self._tell("Could not revert", str(error))
            return
        self._guard.note(path, stamp)

    # saving -------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Write the file, asking for a name where it has none or is one of our examples."""
        self._explore.commit_fields()
        path = self._document.path
        return self._save_to(path) if path and not is_example(path) else self.save_as()

    def save_as(self) -> bool:
        """Ask for a name and write the file."""
        self._explore.commit_fields()
        start = self._document.path or Path(f"{self._document.title}.graph.json")
        if is_example(start):
            start = Path.home() / start.name
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save the graph", str(start), FILE_FILTER
        )
        if not name:
            return False
        path = Path(name)
        if not path.suffix:
            path = path.with_suffix(".graph.json")
            if path.exists() and not self._may_replace(path):  # the dialog asked about less
                return False
        return self._save_to(path)

    def _may_replace(self, path: Path) -> bool:
        answer = show_message(
            self._window,
            self._theme(),
            Mark.QUESTION,
            "Replace the file?",
            f'There is a file "{path.name}" already. Saving replaces it.',
            Button.Save | Button.Cancel,
        )
        return answer == Button.Save

    def _save_to(self, path: Path) -> bool:
        if self._guard.changed_on_disk(path):
            why = f'"{path.name}" was changed by another program since it was opened here.'
            if (other := self._replace(path, why)) is not None:
                return other
        elif not is_example(path) and not self._guard.claim(path) and path not in self._shared:
            why = f'"{path.name}" is open in another window as well.'
            if (other := self._replace(path, why)) is not None:
                return other
            self._shared.add(path)  # once answered, it is not asked at every save
        try:
            self._document.save(path, self.session())
        except FileError as error:
            self._tell("Could not save", str(error))
            return False
        self._guard.note(path)
        self.autosave.forget()
        self._settings.remember(path)
        self.said.emit(f"Saved {path.name}.")
        return True

    def _replace(self, path: Path, why: str) -> bool | None:
        """Ask whether the other version may be replaced; None if so, else whether it was saved.

        Saving under another name keeps both, and is what Enter does.
        """
        answer = show_message(
            self._window,
            self._theme(),
            Mark.QUESTION,
            "Replace the other version?",
            f"{why} Saving here replaces what was saved there; another name keeps both.",
            Button.Save | Button.SaveAll | Button.Cancel,
            words={Button.Save: "Save &as…", Button.SaveAll: "&Replace it"},
        )
        if answer == Button.SaveAll:
            return None
        return answer == Button.Save and self.save_as()

    def may_leave(self) -> bool:
        """Whether the open document may go: saved, or the user gave it up."""
        self._explore.commit_fields()
        if not self._document.modified:
            return True
        answer = show_message(
            self._window,
            self._theme(),
            Mark.QUESTION,
            "Save the changes?",
            f'"{self._document.title}" has changes that are not saved.',
            Button.Save | Button.Discard | Button.Cancel,
        )
        if answer == Button.Save:
            return self.save()
        return answer == Button.Discard

    # recovery -----------------------------------------------------------------------------------

    @Slot()
    def _changed(self) -> None:
        if not shiboken6.isValid(self._document.stack):  # it sends a last signal as it goes
            return
        if self._document.modified:
            self.autosave.changed(self._document.graph, self._document.path)
        else:
            self.autosave.forget()

    def offer_recovery(self) -> bool:
        """Offer what a crash left behind; whether it was taken back."""
        for left in find_left_behind():
            answer = self._ask_about(left)
            if answer == Button.Discard:
                left.discard()
            elif answer == Button.Open:
                return self._recover(left)
        return False

    def _ask_about(self, left: LeftBehind) -> Button:
        when = left.saved_at.astimezone().strftime("%d %B, %H:%M")
        nodes = f"{left.nodes} node{'s' if left.nodes != 1 else ''}, " if left.nodes else ""
        return show_message(
            self._window,
            self._theme(),
            Mark.QUESTION,
            "Recover unsaved work?",
            f'The program ended before "{left.title}" was saved ({nodes}changed on {when}). '
            "Open it to go on where you were; discard it to delete it for good.",
            Button.Open | Button.Discard | Button.Cancel,
        )

    def _recover(self, left: LeftBehind) -> bool:
        try:
            graph = left.graph()
        except FileError as error:
            self._tell("Could not recover the work", str(error))
            return False
        self._document.recover(graph, left.original)
        if left.original is not None:
            self._guard.note(left.original)
            self._claim(left.original)
        self.autosave.changed(self._document.graph, self._document.path)
        self.autosave.flush()
        left.discard()
        return True

    def close(self) -> None:
        """The window closes: nothing is left behind."""
        self._document.stack.indexChanged.disconnect(self._changed)
        self._document.stack.cleanChanged.disconnect(self._changed)
        self.autosave.forget()
        self._guard.release()

    def _tell(self, title: str, sentence: str) -> None:
        show_message(self._window, self._theme(), Mark.WARNING, title, sentence)


def is_example(path: Path) -> bool:
    """Whether a path is one of the examples, which are not written over."""
    return path.resolve() in [p.resolve() for p in examples()]
