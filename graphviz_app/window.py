"""The main window: top bar and settings around the Explore workspace."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QThreadPool, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

import engine
from graphviz_app.actions import ACTIONS
from graphviz_app.canvas.interactions import GESTURES
from graphviz_app.commands import Commands
from graphviz_app.document import Document
from graphviz_app.explore.workspace import ExploreWorkspace
from graphviz_app.exports import ExportCommands
from graphviz_app.files import FileCommands
from graphviz_app.messages import Mark, key_sheet, show_message, show_sheet
from graphviz_app.settings import Settings
from graphviz_app.theme import Theme, palette, stylesheet, system_is_dark, theme
from graphviz_app.top_bar import TopBar
from graphviz_app.train.gestures import ON_NETWORK, ON_POINTS
from graphviz_app.widgets import Notice

if TYPE_CHECKING:
    from graphviz_app.train.workspace import TrainWorkspace

ROOMY_PX = 1000  # a narrower window hides the palette until it is asked for
_OPEN: list[Window] = []  # Python keeps every window until it is closed


def windows() -> list[Window]:
    """The windows that are open."""
    return list(_OPEN)


class Window(QMainWindow):
    """One document in one window."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings.load()
        self.document = Document(self)
        self.theme = self._chosen_theme()
        self.explore = ExploreWorkspace(self.document, self.theme)
        self.editor = self.explore.editor
        self.files = FileCommands(
            self.document, self.explore, self.settings, self, self.current_theme
        )
        self._train: TrainWorkspace | None = None
        self.inside: dict[str, Any] | None = None  # the step of training that one looks into
        self.exports = ExportCommands(self.document, self.explore, self, self.current_theme)
        body = QWidget()
        self.commands = Commands(self, body)
        self.top_bar = TopBar(self.commands.menus, self.commands.by_id)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        self.workspaces = QStackedWidget()
        self.workspaces.addWidget(self.explore)
        layout.addWidget(self.workspaces, 1)
        self.setCentralWidget(body)
        self.notice = Notice(body)
        self.setAcceptDrops(True)
        self.setMinimumSize(820, 560)
        self.resize(1440, 900)
        self._connect()
        self._apply_theme()
        self._restore()
        self._refresh()
        self.explore.view.setFocus()
        _OPEN.append(self)

    def _connect(self) -> None:
        self.document.structure_changed.connect(self._refresh)
        self.document.file_changed.connect(self._refresh)
        self.document.stack.indexChanged.connect(self._refresh)
        self.explore.selection_changed.connect(self._refresh)
        self.explore.player.total_changed.connect(self._refresh)
        self.top_bar.workspaces.changed.connect(self.show_workspace)
        self.explore.update_panel.back_wanted.connect(self.back_to_training)
        self.editor.menu_asked.connect(self.commands.show_context_menu)
        self.explore.status.connect(self.notice.say)
        self.files.autosave.failed.connect(self.notice.say)
        self.files.said.connect(self.notice.mention)
        self.exports.said.connect(self.notice.mention)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply_theme)

    @Slot()
    def _refresh(self) -> None:
        """Title, file name and what is enabled."""
        document = self.document
        file_name = document.path.name if document.path else "not saved yet"
        mark = " •" if document.modified else ""
        self.top_bar.set_title(document.title, file_name + mark)
        self.setWindowTitle(f"{document.title}[*] – graph explorer")
        self.setWindowModified(document.modified)
        self.commands.refresh()

    # workspaces ---------------------------------------------------------------------------------

    @property
    def train(self) -> TrainWorkspace:
        """The Train workspace; it is made when it is first wanted."""
        if self._train is None:
            from graphviz_app.train.workspace import TrainWorkspace  # pyqtgraph takes a while

            self._train = TrainWorkspace(self.document, self.theme)
            self._train.status.connect(self.notice.say)
            self._train.said.connect(self.notice.mention)
            self._train.looked_inside.connect(self._look_inside)
            self._train.training.state_changed.connect(self._refresh)
            self.workspaces.addWidget(self._train)
        return self._train

    @property
    def in_training(self) -> bool:
        """Whether the Train workspace is in sight."""
        return self._train is not None and self.workspaces.currentWidget() is self._train

    @Slot(str)
    def show_workspace(self, name: str) -> None:
        """Bring a workspace into sight: explore or train."""
        self.explore.commit_fields()
        self.workspaces.setCurrentWidget(self.train if name == "train" else self.explore)
        self.top_bar.workspaces.set_current(name)
        if name == "explore":
            self.explore.view.setFocus()
        else:
            self.explore.player.pause()
            self._leave_inside()
            self.train.setFocus()
        self._refresh()

    @Slot(object)
    def _look_inside(self, inside: dict[str, Any]) -> None:
        """Walk the step that training stands at, from its beginning."""
        self.inside = inside
        self.show_workspace("explore")
        self.explore.show_update(inside)
        self.explore.player.first()
        self.fit()
        self._refresh()

    def _leave_inside(self) -> None:
        self.inside = None
        self.explore.show_update(None)

    def back_to_training(self) -> None:
        """Leave the step that one looks into, and train on."""
        self.show_workspace("train")
        self.train.toggle()

    # theme --------------------------------------------------------------------------------------

    def current_theme(self) -> Theme:
        """The theme in use."""
        return self.theme

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
        if self._train is not None:
            self._train.set_theme(self.theme)
        self.top_bar.set_theme(self.theme)
        self.commands.set_theme(self.theme)
        self.notice.set_theme(self.theme)
        for name in ("system", "light", "dark"):
            self.commands.by_id[f"theme_{name}"].setChecked(self.settings.theme == name)
        for name in ("color_blind", "reduced_motion", "palette", "history", "follow"):
            self.commands.by_id[name].setChecked(getattr(self.settings, name))
        self._show_columns()
        self.explore.walking.follows = self.settings.follow
        self.explore.set_reduced_motion(self.settings.reduced_motion)

    def set_theme(self, name: str) -> None:
        """Light, dark, or as the system has it."""
        self.settings.theme = name
        self._keep_settings()

    def _keep_settings(self) -> None:
        self.settings.save()
        self._apply_theme()

    def toggle_color_blind(self) -> None:
        """Values and gradients in colours that everyone can tell apart."""
        self.settings.color_blind = not self.settings.color_blind
        self._keep_settings()

    def toggle_reduced_motion(self) -> None:
        """Nothing moves that need not."""
        self.settings.reduced_motion = not self.settings.reduced_motion
        self._keep_settings()

    def toggle_palette(self) -> None:
        """Show or hide the palette."""
        shown = not self.explore.left_column.isVisible()
        if self.width() < ROOMY_PX:  # for now only: there is no room to keep it
            self.explore.show_columns(shown, self.settings.history)
            self.commands.by_id["palette"].setChecked(shown)
        else:
            self.settings.palette = shown
            self._keep_settings()

    def _show_columns(self) -> None:
        palette = self.settings.palette and self.width() >= ROOMY_PX
        self.explore.show_columns(palette, self.settings.history)
        self.commands.by_id["palette"].setChecked(palette)

    def toggle_history(self) -> None:
        """Show or hide the undo history."""
        self.settings.history = not self.settings.history
        self._keep_settings()

    def toggle_follow(self) -> None:
        """Whether the view keeps the active op in sight."""
        self.settings.follow = not self.settings.follow
        self._keep_settings()

    # the other commands -------------------------------------------------------------------------

    def quit(self) -> None:
        """Close all windows, until one of them is to stay."""
        QApplication.closeAllWindows()

    def new_window(self) -> None:
        """An empty graph in a second window."""
        window = Window()
        window.resize(self.size())
        window.move(self.pos() + QPoint(32, 32))
        window.show()

    def rename(self) -> None:
        """Type a name on the selected node; without one, a new formula."""
        if self.explore.selection.current:
            self.editor.fields.rename()
        else:
            self.explore.formula_bar.start_editing()

    def fit(self) -> None:
        """Show the whole graph."""
        self.explore.view.fit(animated=not self.settings.reduced_motion)

    def fit_selection(self) -> None:
        """Zoom to what is selected."""
        self.explore.view.fit_things(self.explore.selection.things)

    def next_panel(self) -> None:
        """Move the keyboard focus to the next part of the window."""
        explore = self.explore
        panels = [
            explore.view,
            explore.lower_panel.page,
            explore.inspector,
            explore.palette_panel.field,
            explore.code_panel.editor,
            explore.timeline,
        ]
        at = next((k for k, p in enumerate(panels) if p.hasFocus() or _holds_focus(p)), -1)
        for step in range(1, len(panels) + 1):
            panel = panels[(at + step) % len(panels)]
            target = panel if panel.focusPolicy() else _first_field(panel)
            if panel.isVisible() and target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return

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
        others = [self.commands.by_id[spec.id] for spec in ACTIONS if not spec.menu]
        gestures = {
            "Mouse on the graph": GESTURES,
            "Train: the network": ON_NETWORK,
            "Train: the points": ON_POINTS,
        }
        sheets = [key_sheet(self.commands.menus, others, gestures, count) for count in (3, 2, 1)]
        show_sheet(self, "Keyboard and mouse", sheets)

    def about(self) -> None:
        """Name and version."""
        text = (
            f"<b>graph explorer {engine.__version__}</b><p>Forward values and backward gradients, "
            "one operation at a time.</p>"
        )
        show_message(self, self.theme, Mark.ABOUT, "About", text, rich=True)

    # state and Qt overrides ---------------------------------------------------------------------

    def offer_recovery_soon(self) -> None:
        """Once the window is on screen, offer what a crash left behind."""
        QTimer.singleShot(0, self, self.files.offer_recovery)

    def _restore(self) -> None:
        if not self.settings.geometry.isEmpty():
            self.restoreGeometry(self.settings.geometry)
        if not self.settings.horizontal.isEmpty():
            self.explore.horizontal.restoreState(self.settings.horizontal)
        if not self.settings.vertical.isEmpty():
            self.explore.vertical.restoreState(self.settings.vertical)
        self.explore.player.set_speed(self.settings.speed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < ROOMY_PX) is not (self.width() < ROOMY_PX):
            self._show_columns()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        self.settings.geometry = self.saveGeometry()
        self.settings.horizontal = self.explore.horizontal.saveState()
        self.settings.vertical = self.explore.vertical.saveState()
        self.settings.speed = self.explore.player.speed
        self.settings.save()
        self.files.close()
        self.explore.shutdown()
        if self._train is not None:
            self._train.shutdown()
        QThreadPool.globalInstance().waitForDone()
        if self in _OPEN:
            _OPEN.remove(self)
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()[:1]):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().urls():
            return
        event.acceptProposedAction()
        path = Path(event.mimeData().urls()[0].toLocalFile())
        # the program that was dragged from waits for this to return: ask questions afterwards
        QTimer.singleShot(0, self, partial(self.files.open_path, path))


def _holds_focus(widget: QWidget) -> bool:
    focus = QApplication.focusWidget()
    return focus is not None and widget.isAncestorOf(focus)


def _first_field(panel: QWidget) -> QWidget | None:
    """What Tab would come to first in ``panel``; None where it has nothing to type or choose."""
    part = panel.nextInFocusChain()
    while part is not None and panel.isAncestorOf(part):
        if part.isVisible() and part.isEnabled() and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return part
        part = part.nextInFocusChain()
    return None
