"""The commands of one window, made from the table: its actions, menus, keys and their search."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from engine import edits
from engine.graph.neuron import neuron_count
from engine.graph.owned import is_layer
from engine.graph.problems import infer_shapes
from engine.ops import OPS
from graphviz_app.actions import ACTIONS, CONTEXT_MENUS, MENUS, ActionSpec, plain_title
from graphviz_app.icons import icon
from graphviz_app.resources import examples
from graphviz_app.shortcuts import ShortcutDialog, keys_of
from graphviz_app.theme import Theme
from graphviz_app.widgets import SearchEntry, SearchPopup

# What works on the canvas, which one does not see while training is in sight.
OF_EXPLORE = ("explore.", "fit", "rename", "exports.", "next_panel", "toggle_palette")

if TYPE_CHECKING:
    from graphviz_app.window import Window


class Commands(QObject):
    """Owns the actions ``by_id``, the ``menus`` and the ``search`` of one window."""

    def __init__(self, window: Window, over: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.by_id: dict[str, QAction] = {}
        self._submenus: dict[str, QMenu] = {}  # by title
        self._make_actions()
        self.menus = self._make_menus()
        self.search = SearchPopup(over)
        self.search.chosen.connect(self._trigger)

    def conditions(self) -> dict[str, bool]:
        """What the ``when`` of an action may ask."""
        explore, document = self._window.explore, self._window.document
        selection, graph = explore.selection, document.graph
        shown = document.shown.nodes.get(selection.current)
        composite = shown is not None and shown.op in OPS and OPS[shown.op].composite
        return {
            "": True,
            "has_walk": document.walk is not None,
            "has_nodes": bool(graph.nodes),
            "can_revert": document.path is not None and document.modified,
            "selected": bool(selection.things),
            "selected_any": bool(selection.things) or selection.wire is not None,
            "several": len(selection.things) > 1,
            "is_wire": selection.wire is not None,
            "is_node": shown is not None,
            "is_op": any(
                i in document.shown.nodes and not document.shown.nodes[i].leaf
                for i in selection.things
            ),
            "is_leaf": any(i in graph.nodes and graph.nodes[i].leaf for i in selection.things),
            "note_and_node": explore.editor.marking.note_and_node() is not None,
            "in_group": any(explore.editor.marking.group_of(i) for i in selection.things),
            "can_open": shown is not None and (composite or shown.op == "group"),
            "has_levels": edits.has_levels(graph),
            "in_layer": self._in_layer(selection.current),
            "in_dense": self._in_layer(selection.current, with_neurons=True),
            "in_training": self._window.in_training and bool(graph.nodes),
            "inside": self._window.inside is not None,
            "can_fold": bool(
                explore.editor.frame_of(selection.current) or explore.editor.open_group()
            ),
        }

    def _in_layer(self, shown: str, with_neurons: bool = False) -> bool:
        document = self._window.document
        node = document.graph.nodes.get(document.derived.opened.owner(shown))
        if node is None or not is_layer(node.op):
            return False
        return not with_neurons or neuron_count(node, infer_shapes(document.graph)) > 0

    def refresh(self) -> None:
        """Enable what can be done now."""
        conditions = self.conditions()
        training = self._window.in_training
        for spec in ACTIONS:
            hidden = training and spec.does.startswith(OF_EXPLORE)
            self.by_id[spec.id].setEnabled(conditions[spec.when] and not hidden)

    def set_theme(self, theme: Theme) -> None:
        """Icons and the search in the colours of ``theme``."""
        self.search.set_theme(theme)
        for spec in ACTIONS:
            if spec.icon and not spec.checkable:  # an icon would take the place of the check mark
                self.by_id[spec.id].setIcon(icon(spec.icon, theme))
        for name in ("undo", "redo"):
            self.by_id[name].setIcon(icon(name, theme))

    def _make_actions(self) -> None:
        window = self._window
        for spec in ACTIONS:
            action = QAction(spec.title, window)
            action.setObjectName(spec.id)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.repeats)
            action.triggered.connect(partial(_call, window, spec))
            if spec.on_canvas:
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                window.explore.view.addAction(action)
            else:
                window.addAction(action)
            self.by_id[spec.id] = action
        self._give_keys()
        undo = window.document.stack.createUndoAction(window, "Undo")
        redo = window.document.stack.createRedoAction(window, "Redo")
        undo.setShortcuts([QKeySequence("Ctrl+Z")])
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self.by_id |= {"undo": undo, "redo": redo}

    def _give_keys(self) -> None:
        """Every command its keys, the user's where they were changed."""
        for spec in ACTIONS:
            keys = keys_of(spec, self._window.settings.keys)
            action = self.by_id[spec.id]
            action.setShortcuts([QKeySequence(k) for k in keys])
            action.setToolTip((spec.tip or plain_title(spec)) + (f" ({keys[0]})" if keys else ""))

    @Slot(object)
    def change_keys(self, keys: dict[str, tuple[str, ...]]) -> None:
        """Give commands these keys from now on, and keep them."""
        self._window.settings.keys = keys
        self._window.settings.save()
        self._give_keys()

    def show_shortcuts(self) -> None:
        """Give commands other keys."""
        dialog = ShortcutDialog(self._window, self._window.theme, self._window.settings.keys)
        dialog.changed.connect(self.change_keys)
        dialog.exec()
        dialog.deleteLater()

    def _make_menus(self) -> list[QMenu]:
        menus: dict[str, QMenu] = {}
        for entry in MENUS:
            menus[entry.id] = QMenu(entry.title, self._window)
            menus[entry.id].setToolTipsVisible(True)
        menus["edit"].addActions([self.by_id["undo"], self.by_id["redo"]])
        for spec in ACTIONS:
            if not spec.menu:
                continue
            menu = menus[spec.menu]
            if spec.separator:
                menu.addSeparator()
            within = self._submenu(menu, spec.submenu) if spec.submenu else menu
            within.addAction(self.by_id[spec.id])
            if spec.id == "open":
                self.recent_menu = menu.addMenu("Open &recent")
                self.recent_menu.aboutToShow.connect(self._fill_recent)
                self.example_menu = menu.addMenu("E&xamples")
                for path in examples():
                    title = path.name.removesuffix(".graph.json").replace("_", " ")
                    self.example_menu.addAction(title, partial(self._window.files.open_path, path))
        return list(menus.values())

    def _submenu(self, menu: QMenu, title: str) -> QMenu:
        if title not in self._submenus:
            self._submenus[title] = menu.addMenu(title)
            self._submenus[title].setToolTipsVisible(True)
        return self._submenus[title]

    @Slot()
    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for text in self._window.settings.recent:
            self.recent_menu.addAction(text, partial(self._window.files.open_path, Path(text)))
        if not self._window.settings.recent:
            self.recent_menu.addAction("No files yet").setEnabled(False)

    @Slot(str, object)
    def show_context_menu(self, kind: str, at: QPoint) -> None:
        """What can be done with what is under the pointer."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in CONTEXT_MENUS[kind]:
            if name is None:
                menu.addSeparator()
            elif self.by_id[name].isEnabled():
                menu.addAction(self.by_id[name])
        menu.aboutToHide.connect(self._forget_menu_place)
        menu.popup(at)

    @Slot()
    def _forget_menu_place(self) -> None:
        # after the chosen action has run, which may want to know the place
        QTimer.singleShot(0, self, self._window.editor.forget_place)

    def show_search(self) -> None:
        """Search all commands."""
        menus = {entry.id: entry.title.replace("&", "") for entry in MENUS}
        entries = [
            SearchEntry(
                key=spec.id,
                title=plain_title(spec),
                hint=spec.tip,
                icon=spec.icon,
                group=menus.get(spec.menu, "More"),
                enabled=self.by_id[spec.id].isEnabled(),
                keys=next(iter(keys_of(spec, self._window.settings.keys)), ""),
            )
            for spec in sorted(ACTIONS, key=lambda s: list(menus).index(s.menu) if s.menu else 99)
            if spec.id != "commands"
        ]
        self.search.open_at(entries, None, "Find a command")

    @Slot(str)
    def _trigger(self, name: str) -> None:
        self._window.explore.view.setFocus()
        self.by_id[name].trigger()


def _call(window: Window, spec: ActionSpec, _checked: bool = False) -> None:
    attrgetter(spec.does)(window)(*spec.args)
