"""The main window: top bar, menus, files and settings around the Explore workspace."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QPointF, QSize, QThreadPool, QTimer, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

import engine
from engine.errors import EngineError, FileError
from engine.files.project import Session
from engine.graph.notation import latex_graph
from engine.ops import OPS
from graphviz_app.actions import ACTIONS, MENUS
from graphviz_app.canvas.export import render
from graphviz_app.canvas.view import GESTURES
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.icons import icon
from graphviz_app.messages import Button, Mark, key_sheet, show_message
from graphviz_app.resources import example, examples
from graphviz_app.settings import Settings
from graphviz_app.theme import (
    Theme,
    load_fonts,
    palette,
    stylesheet,
    system_is_dark,
    theme,
    ui_font,
)
from graphviz_app.top_bar import TopBar
from graphviz_app.widgets import Notice

FILE_FILTER = "Graphs (*.graph.json *.json);;All files (*)"
FRAME = QSize(8, 40)  # about what a window manager puts around a window
PICTURE_FILTER = "PNG picture (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"


class Window(QMainWindow):
    """One document in one window."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings.load()
        self.document = Document(self)
        self.theme = self._chosen_theme()
        self.explore = ExploreWorkspace(self.document, self.theme)
        self.actions_by_id: dict[str, QAction] = {}
        self._make_actions()
        self.menus = self._make_menus()
        self.top_bar = TopBar(self.menus, self.actions_by_id)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        layout.addWidget(self.explore, 1)
        self.setCentralWidget(body)
        self.notice = Notice(body)
        self.setAcceptDrops(True)
        self.setMinimumSize(820, 560)
        self.resize(1440, 900)
        self.document.structure_changed.connect(self._refresh)
        self.document.file_changed.connect(self._refresh)
        self.document.stack.indexChanged.connect(self._refresh)
        self.explore.selection_changed.connect(self._refresh)
        self.explore.status.connect(self.notice.say)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._apply_theme)
        self._apply_theme()
        self._restore()
        self._refresh()
        self.explore.view.setFocus()

    # commands -----------------------------------------------------------------------------------

    def conditions(self) -> dict[str, bool]:
        """What the ``when`` of an action may ask."""
        node = self.document.graph.nodes.get(self.explore.selected)
        return {
            "": True,
            "has_walk": self.document.walk is not None,
            "can_open": node is not None
            and node.op in OPS
            and OPS[node.op].composite
            and not node.opened,
            "can_fold": bool(self.explore.frame_of(self.explore.selected)),
        }

    def _make_actions(self) -> None:
        for spec in ACTIONS:
            action = QAction(spec.title, self)
            action.setObjectName(spec.id)
            action.setShortcuts([QKeySequence(k) for k in spec.keys])
            plain = spec.title.replace("&", "").rstrip("…")
            keys = f" ({spec.keys[0]})" if spec.keys else ""
            action.setToolTip((spec.tip or plain) + keys)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.repeats)
            does: Callable[[], object] = getattr(self, spec.does)
            action.triggered.connect(partial(_call, does))
            self.addAction(action)
            self.actions_by_id[spec.id] = action
        undo = self.document.stack.createUndoAction(self, "Undo")
        redo = self.document.stack.createRedoAction(self, "Redo")
        undo.setShortcuts([QKeySequence("Ctrl+Z")])
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self.actions_by_id |= {"undo": undo, "redo": redo}

    def _make_menus(self) -> list[QMenu]:
        menus = {}
        for entry in MENUS:
            menus[entry.id] = QMenu(entry.title, self)
            menus[entry.id].setToolTipsVisible(True)
        menus["edit"].addActions([self.actions_by_id["undo"], self.actions_by_id["redo"]])
        for spec in ACTIONS:
            menu = menus[spec.menu]
            if spec.separator:
                menu.addSeparator()
            menu.addAction(self.actions_by_id[spec.id])
            if spec.id == "open":
                self.recent_menu = menu.addMenu("Open &recent")
                self.recent_menu.aboutToShow.connect(self._fill_recent)
                self.example_menu = menu.addMenu("E&xamples")
                for path in examples():
                    title = path.name.removesuffix(".graph.json").replace("_", " ")
                    self.example_menu.addAction(title, partial(self.open_path, path))
        return list(menus.values())

    @Slot()
    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for text in self.settings.recent:
            self.recent_menu.addAction(text, partial(self.open_path, Path(text)))
        if not self.settings.recent:
            self.recent_menu.addAction("No files yet").setEnabled(False)

    @Slot()
    def _refresh(self) -> None:
        """Title, file name and what is enabled."""
        document = self.document
        file_name = document.path.name if document.path else "not saved yet"
        mark = " •" if document.modified else ""
        self.top_bar.set_title(document.title, file_name + mark)
        self.setWindowTitle(f"{document.title}[*] – graph explorer")
        self.setWindowModified(document.modified)
        conditions = self.conditions()
        for spec in ACTIONS:
            self.actions_by_id[spec.id].setEnabled(conditions[spec.when])

    # theme --------------------------------------------------------------------------------------

    def _chosen_theme(self) -> Theme:
        chosen = self.settings.theme
        dark = system_is_dark() if chosen == "system" else chosen == "dark"
        return theme(dark, self.settings.color_blind)

    @Slot()
    def _apply_theme(self) -> None:
        self.theme = self._chosen_theme()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(palette(self.theme))
        app.setStyleSheet(stylesheet(self.theme))
        self.explore.set_theme(self.theme)
        self.top_bar.set_theme(self.theme)
        self.notice.set_theme(self.theme)
        for spec in ACTIONS:
            if spec.icon and not spec.checkable:  # an icon would take the place of the check mark
                self.actions_by_id[spec.id].setIcon(icon(spec.icon, self.theme))
        for name in ("undo", "redo"):
            self.actions_by_id[name].setIcon(icon(name, self.theme))
        for name in ("system", "light", "dark"):
            self.actions_by_id[f"theme_{name}"].setChecked(self.settings.theme == name)
        self.actions_by_id["color_blind"].setChecked(self.settings.color_blind)
        self.actions_by_id["reduced_motion"].setChecked(self.settings.reduced_motion)
        self.explore.set_reduced_motion(self.settings.reduced_motion)

    def _set_theme(self, name: str) -> None:
        self.settings.theme = name
        self.settings.save()
        self._apply_theme()

    def theme_system(self) -> None:
        """Follow the system's light or dark."""
        self._set_theme("system")

    def theme_light(self) -> None:
        """Dark text on white."""
        self._set_theme("light")

    def theme_dark(self) -> None:
        """Light text on black."""
        self._set_theme("dark")

    def toggle_color_blind(self) -> None:
        """Values and gradients in colours that everyone can tell apart."""
        self.settings.color_blind = not self.settings.color_blind
        self.settings.save()
        self._apply_theme()

    def toggle_reduced_motion(self) -> None:
        """Nothing moves that need not."""
        self.settings.reduced_motion = not self.settings.reduced_motion
        self.settings.save()
        self._apply_theme()

    # files --------------------------------------------------------------------------------------

    def session(self) -> Session:
        """The place to come back to, as the file keeps it."""
        player, view = self.explore.player, self.explore.view
        centre = view.visible_rect().center()
        return Session(
            step=None if player.done else player.index + 1,
            selected=self.explore.selected,
            view=None if view.fitted else (centre.x(), centre.y(), view.zoom),
        )

    def open_path(self, path: Path) -> bool:
        """Open a file; tells why and keeps the open document if it cannot."""
        if not self._may_leave():
            return False
        try:
            session = self.document.load(path)
        except FileError as error:
            self._tell("Could not open the file", str(error))
            if not path.exists():
                self.settings.forget(str(path))
            return False
        self.settings.remember(path)
        if session.selected:
            self.explore.select(session.selected)
        if session.step is not None:
            self.explore.player.seek(session.step - 1)
        if session.view is not None:
            x, y, zoom = session.view
            self.explore.view.look_at(zoom, QPointF(x, y))
        self._refresh()
        return True

    def open_formula(self, text: str) -> bool:
        """Start an unsaved document from a formula."""
        try:
            self.document.load_formula(text)
        except EngineError as error:
            self._tell("Could not read the formula", str(error))
            return False
        return True

    def new_document(self) -> None:
        """An empty document with the cursor in the formula."""
        if self._may_leave():
            self.document.load_formula("f = a*b")
            self.edit_formula()

    def choose_file(self) -> None:
        """File ▸ Open."""
        folder = self.document.path.parent if self.document.path else example("fork").parent
        name, _ = QFileDialog.getOpenFileName(self, "Open a graph", str(folder), FILE_FILTER)
        if name:
            self.open_path(Path(name))

    def save(self) -> bool:
        """Write the file, asking for a name where it has none or is one of our examples."""
        path = self.document.path
        return self._save_to(path) if path and not _is_example(path) else self.save_as()

    def save_as(self) -> bool:
        """Ask for a name and write the file."""
        start = self.document.path or Path(f"{self.document.title}.graph.json")
        if _is_example(start):
            start = Path.home() / start.name
        name, _ = QFileDialog.getSaveFileName(self, "Save the graph", str(start), FILE_FILTER)
        if not name:
            return False
        path = Path(name)
        return self._save_to(path if path.suffix else path.with_suffix(".graph.json"))

    def _save_to(self, path: Path) -> bool:
        try:
            self.document.save(path, self.session())
        except FileError as error:
            self._tell("Could not save", str(error))
            return False
        self.settings.remember(path)
        return True

    def export_picture(self) -> None:
        """Save the canvas as PNG, SVG or PDF."""
        start = f"{self.document.title}.png"
        name, kind = QFileDialog.getSaveFileName(self, "Export a picture", start, PICTURE_FILTER)
        if not name:
            return
        path = Path(name)
        if path.suffix.lower() not in (".png", ".svg", ".pdf"):
            path = path.with_name(path.name + kind.split("*")[1].rstrip(")"))
        try:
            render(self.explore.view.model, path, self.theme, 2.0)
        except (OSError, ValueError) as error:
            self._tell("Could not export", str(error))

    def _may_leave(self) -> bool:
        """Whether the open document may go: saved, or the user gave it up."""
        if not self.document.modified:
            return True
        answer = show_message(
            self,
            self.theme,
            Mark.QUESTION,
            "Save the changes?",
            f'"{self.document.title}" has changes that are not saved.',
            Button.Save | Button.Discard | Button.Cancel,
        )
        if answer == Button.Save:
            return self.save()
        return answer == Button.Discard

    def _tell(self, title: str, sentence: str) -> None:
        show_message(self, self.theme, Mark.WARNING, title, sentence)

    # the other commands -------------------------------------------------------------------------

    def edit_formula(self) -> None:
        """Put the cursor into the formula."""
        self.explore.formula_bar.start_editing()

    def copy_text(self) -> None:
        """The formula as text, onto the clipboard."""
        QGuiApplication.clipboard().setText(engine.to_text(self.document.graph))

    def copy_latex(self) -> None:
        """The formula as LaTeX, onto the clipboard."""
        QGuiApplication.clipboard().setText(latex_graph(self.document.graph))

    def open_composite(self) -> None:
        """Show what the selected node is made of."""
        self.document.set_opened(self.explore.selected, True)

    def fold_composite(self) -> None:
        """Show the opened composite around the selected node as one node again."""
        self.document.set_opened(self.explore.frame_of(self.explore.selected), False)

    def fit(self) -> None:
        """Show the whole graph."""
        self.explore.view.fit(animated=not self.settings.reduced_motion)

    def actual_size(self) -> None:
        """One scene pixel a screen pixel."""
        self.explore.view.zoom_to(1.0)

    def zoom_in(self) -> None:
        """A quarter larger."""
        self.explore.view.zoom_by(1.25)

    def zoom_out(self) -> None:
        """A fifth smaller."""
        self.explore.view.zoom_by(0.8)

    def tidy(self) -> None:
        """Forget where nodes were put and lay the graph out anew."""
        self.document.tidy()

    def step(self) -> None:
        """The next step of the walk."""
        self.explore.player.step()

    def back(self) -> None:
        """The last step back."""
        self.explore.player.back()

    def play(self) -> None:
        """Let the walk run, or stop it."""
        self.explore.player.toggle()

    def first(self) -> None:
        """Before the first step."""
        self.explore.player.first()

    def last(self) -> None:
        """After the last step."""
        self.explore.player.last()

    def show_check(self) -> None:
        """The gradient check in words."""
        check = self.document.derived.check
        show_message(
            self,
            self.theme,
            Mark.ABOUT if check is None else Mark.CHECK if check.passed else Mark.WARNING,
            "Gradient check",
            "This graph has too many numbers to check while the window waits: save it and run "
            "graphviz-app check FILE in a terminal."
            if check is None
            else str(check),
        )

    def show_keys(self) -> None:
        """All keys and gestures on one sheet."""
        sheet = key_sheet(self.menus, GESTURES)
        show_message(self, self.theme, Mark.KEYS, "Keyboard and mouse", sheet, rich=True)

    def about(self) -> None:
        """Name and version."""
        text = (
            f"<b>graph explorer {engine.__version__}</b><p>Forward values and backward gradients, "
            "one operation at a time.</p>"
        )
        show_message(self, self.theme, Mark.ABOUT, "About", text, rich=True)

    # state and Qt overrides ---------------------------------------------------------------------

    def _restore(self) -> None:
        if not self.settings.geometry.isEmpty():
            self.restoreGeometry(self.settings.geometry)
        if not self.settings.horizontal.isEmpty():
            self.explore.horizontal.restoreState(self.settings.horizontal)
        if not self.settings.vertical.isEmpty():
            self.explore.vertical.restoreState(self.settings.vertical)
        self.explore.player.set_speed(self.settings.speed)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_leave():
            event.ignore()
            return
        self.settings.geometry = self.saveGeometry()
        self.settings.horizontal = self.explore.horizontal.saveState()
        self.settings.vertical = self.explore.vertical.saveState()
        self.settings.speed = self.explore.player.speed
        self.settings.save()
        self.explore.shutdown()
        QThreadPool.globalInstance().waitForDone()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        path = Path(event.mimeData().urls()[0].toLocalFile())
        # the program that was dragged from waits for this to return: ask questions afterwards
        QTimer.singleShot(0, self, partial(self.open_path, path))


def _is_example(path: Path) -> bool:
    return path.resolve() in [p.resolve() for p in examples()]


def _call(does: Callable[[], object], _checked: bool = False) -> None:
    does()


def tell_about_exceptions(window: Window) -> None:
    """From now on an unexpected exception is printed and told in a sentence; the app lives on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt) and window.isVisible():
            window.explore.status.emit(f"Something went wrong: {error}. Your work is still here.")

    sys.excepthook = hook


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


def run(source: str | None) -> int:
    """Open the window on ``source`` (a file or a formula) and run until it is closed."""
    from graphviz_app.cli import looks_like_file

    app = make_app(sys.argv[:1])
    window = Window()
    tell_about_exceptions(window)
    if window.settings.geometry.isEmpty():  # the first time: no larger than the screen
        room = window.screen().availableSize() - FRAME
        window.resize(window.size().boundedTo(room))
    if source is None:
        window.open_path(example("sigmoid_circuit"))
    elif looks_like_file(source):
        if not window.open_path(Path(source).expanduser()):
            return 2
    else:
        window.open_formula(source)
    window.show()
    return app.exec()
