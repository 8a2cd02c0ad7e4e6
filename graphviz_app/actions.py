"""Every command of the window, once: menus, shortcuts, tooltips and tests read this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class ActionSpec:
    """One command.

    ``does`` names a method of the window that takes no argument; ``when`` names the condition
    under which it is enabled (a key of ``Window.conditions``), empty for always.  The first of
    ``keys`` is shown in the menu.  On the canvas Space steps when it is let go, because it also
    moves the view while it is held.
    """

    id: str
    title: str
    does: str
    menu: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    when: str = ""
    checkable: bool = False
    repeats: bool = False  # while its key is held
    separator: bool = False  # a line above it in the menu


class Menu(NamedTuple):
    """A menu of the menu bar."""

    id: str
    title: str


MENUS = (
    Menu("file", "&File"),
    Menu("edit", "&Edit"),
    Menu("view", "&View"),
    Menu("walk", "&Walk"),
    Menu("help", "&Help"),
)

ACTIONS = (
    ActionSpec(
        "new",
        "&New…",
        "new_document",
        "file",
        ("Ctrl+N",),
        "file-plus",
        "Start with an empty formula",
    ),
    ActionSpec(
        "open", "&Open…", "choose_file", "file", ("Ctrl+O",), "folder-open", "Open a graph file"
    ),
    ActionSpec(
        "save", "&Save", "save", "file", ("Ctrl+S",), "save", "Save the graph", separator=True
    ),
    ActionSpec(
        "save_as", "Save &as…", "save_as", "file", ("Ctrl+Shift+S",), "", "Save under another name"
    ),
    ActionSpec(
        "export",
        "&Export picture…",
        "export_picture",
        "file",
        ("Ctrl+E",),
        "image",
        "Save what is shown as PNG, SVG or PDF",
    ),
    ActionSpec("close", "&Close window", "close", "file", ("Ctrl+W",), separator=True),
    ActionSpec(
        "edit_formula",
        "Edit &formula",
        "edit_formula",
        "edit",
        ("F2", "Ctrl+L"),
        "pencil",
        "Type a new formula",
        separator=True,
    ),
    ActionSpec("copy_text", "Copy formula as &text", "copy_text", "edit", (), "copy"),
    ActionSpec("copy_latex", "Copy formula as &LaTeX", "copy_latex", "edit"),
    ActionSpec(
        "open_composite",
        "&Open into its ops",
        "open_composite",
        "edit",
        ("Ctrl+Return",),
        "maximize",
        "Show what the selected node is made of",
        "can_open",
        separator=True,
    ),
    ActionSpec(
        "fold_composite",
        "Fo&ld again",
        "fold_composite",
        "edit",
        ("Ctrl+Backspace",),
        "",
        "Show the opened node as one again",
        "can_fold",
    ),
    ActionSpec("fit", "&Fit graph", "fit", "view", ("F",), "scan", "Show the whole graph"),
    ActionSpec("actual_size", "&Actual size", "actual_size", "view", ("Ctrl+0",)),
    ActionSpec(
        "zoom_in", "Zoom &in", "zoom_in", "view", ("Ctrl++", "Ctrl+="), "zoom-in", repeats=True
    ),
    ActionSpec("zoom_out", "Zoom &out", "zoom_out", "view", ("Ctrl+-",), "zoom-out", repeats=True),
    ActionSpec("tidy", "&Tidy up", "tidy", "view", ("Ctrl+T",), "", "Lay the graph out anew"),
    ActionSpec(
        "theme_system",
        "Theme: follow the &system",
        "theme_system",
        "view",
        (),
        "monitor",
        checkable=True,
        separator=True,
    ),
    ActionSpec("theme_light", "Theme: &light", "theme_light", "view", (), "sun", checkable=True),
    ActionSpec("theme_dark", "Theme: &dark", "theme_dark", "view", (), "moon", checkable=True),
    ActionSpec(
        "color_blind",
        "&Colour-blind-safe colours",
        "toggle_color_blind",
        "view",
        checkable=True,
        separator=True,
    ),
    ActionSpec(
        "reduced_motion", "&Reduced motion", "toggle_reduced_motion", "view", checkable=True
    ),
    ActionSpec(
        "step",
        "&Step op",
        "step",
        "walk",
        ("Space",),
        "step-forward",
        "Take the next step",
        "has_walk",
    ),
    ActionSpec(
        "back",
        "Step &back",
        "back",
        "walk",
        ("Backspace", "Shift+Space"),
        "step-back",
        "Take the last step back",
        "has_walk",
        repeats=True,
    ),
    ActionSpec(
        "play", "&Play or pause", "play", "walk", ("P",), "play", "Let the walk run", "has_walk"
    ),
    ActionSpec(
        "first",
        "&First",
        "first",
        "walk",
        ("Home",),
        "skip-back",
        "Before the first step",
        "has_walk",
    ),
    ActionSpec(
        "last", "&Last", "last", "walk", ("End",), "skip-forward", "After the last step", "has_walk"
    ),
    ActionSpec(
        "check",
        "&Check gradients",
        "show_check",
        "walk",
        ("Ctrl+G",),
        "check",
        "Compare all gradients with central differences",
        "has_walk",
        separator=True,
    ),
    ActionSpec(
        "keys", "&Keyboard and mouse", "show_keys", "help", ("F1",), "keyboard", "All on one sheet"
    ),
    ActionSpec("about", "&About", "about", "help", (), "info"),
)
