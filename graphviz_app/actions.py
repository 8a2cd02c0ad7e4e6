"""Every command of the window, once: menus, context menus, shortcuts, palette and tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.graph.neuron import neuron_level
from engine.layers.presets import PRESETS
from graphviz_app.theme import MARK_COLORS


@dataclass(frozen=True)
class ActionSpec:
    """One command.

    ``does`` is the way from the window to a function, such as "explore.editor.copy", called with
    ``args``; ``when`` names the condition under which it is enabled (a key of
    ``Commands.conditions``), empty for always.  The first of ``keys`` is shown in the menu; with
    ``on_canvas`` they work only while the canvas has the focus.  Without a ``menu`` a command is
    found in the command palette alone.  On the canvas Space steps when it is let go, because it
    also moves the view while it is held.
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
    on_canvas: bool = False
    args: tuple[str | int | float, ...] = ()
    submenu: str = ""  # its title, where the command is in a menu of its menu


def plain_title(spec: ActionSpec) -> str:
    """A command's title without what belongs to menus."""
    return spec.title.replace("&", "").rstrip("…")


class Menu(NamedTuple):
    """A menu of the menu bar."""

    id: str
    title: str


MENUS = (
    Menu("file", "&File"),
    Menu("edit", "&Edit"),
    Menu("graph", "&Graph"),
    Menu("view", "&View"),
    Menu("walk", "&Walk"),
    Menu("train", "&Train"),
    Menu("help", "&Help"),
)

# The levels at which a graph can be seen, as the engine and as people call them.
LEVEL_WORDS = (
    ("", "every layer as one card"),
    ("tensors", "the ops on whole tensors that layers consist of"),
    ("neurons", "every neuron, its wires as strong as their weights"),
    ("primitives", "every op on single numbers"),
)

NETWORKS = "New n&etwork"  # the submenu of those to begin with
EDITOR, EXPORTS, TRAIN = "explore.editor", "exports", "train"
EDITING, MARKING = f"{EDITOR}.editing", f"{EDITOR}.marking"
PASTING, SEARCHING = f"{EDITOR}.pasting", f"{EDITOR}.searching"

_FILE = (
    ActionSpec("new", "&New", "files.new", "file", ("Ctrl+N",), "file-plus", "An empty graph"),
    *(
        ActionSpec(
            f"network_{name}",
            f"New network: {preset.title}",
            "files.new_network",
            "file",
            icon="layers",
            tip=preset.says,
            args=(name,),
            submenu=NETWORKS,
        )
        for name, preset in PRESETS.items()
    ),
    ActionSpec(
        "new_window", "New &window", "new_window", "file", ("Ctrl+Shift+N",), "", "A second window"
    ),
    ActionSpec(
        "open", "&Open…", "files.choose", "file", ("Ctrl+O",), "folder-open", "Open a graph file"
    ),
    ActionSpec(
        "save", "&Save", "files.save", "file", ("Ctrl+S",), "save", "Save the graph", separator=True
    ),
    ActionSpec(
        "save_as",
        "Save &as…",
        "files.save_as",
        "file",
        ("Ctrl+Shift+S",),
        "",
        "Save under another name",
    ),
    ActionSpec(
        "revert",
        "Re&vert",
        "files.revert",
        "file",
        (),
        "",
        "Go back to what the file holds; this can be undone",
        "can_revert",
    ),
    ActionSpec(
        "export",
        "&Export…",
        "exports.whole",
        "file",
        ("Ctrl+E",),
        "image",
        "The whole graph as PNG, SVG, PDF, TikZ or DOT",
        separator=True,
    ),
    ActionSpec(
        "export_visible",
        "Export what is seen…",
        "exports.visible",
        "file",
        ("Ctrl+Shift+E",),
        "",
        "The part of the canvas that is seen now",
    ),
    ActionSpec(
        "print", "&Print…", "exports.print", "file", ("Ctrl+P",), "", "The graph on one page"
    ),
    ActionSpec("close", "&Close window", "close", "file", ("Ctrl+W",), separator=True),
    ActionSpec(
        "quit",
        "&Quit",
        "quit",
        "file",
        ("Ctrl+Q",),
        "",
        "Close all windows; each asks about what was not saved",
    ),
)

_EDIT = (
    ActionSpec(
        "cut", "Cu&t", f"{EDITOR}.cut", "edit", ("Ctrl+X",), "scissors", "", "selected",
        separator=True, on_canvas=True,
    ),
    ActionSpec(
        "copy", "&Copy", f"{EDITOR}.copy", "edit", ("Ctrl+C",), "copy", "", "selected",
        on_canvas=True,
    ),
    ActionSpec(
        "paste", "&Paste", f"{EDITOR}.paste", "edit", ("Ctrl+V",), "clipboard-paste",
        "Copied nodes, or a formula as text", on_canvas=True,
    ),
    ActionSpec(
        "paste_wired", "Paste with its &wires", f"{EDITOR}.paste_wired", "edit", ("Ctrl+Shift+V",),
        "", "Copied nodes, wired to where the originals are", on_canvas=True,
    ),
    ActionSpec(
        "duplicate", "&Duplicate", f"{PASTING}.duplicate", "edit", ("Ctrl+D",), "copy-plus",
        "A copy beside the original, with the same inputs", "selected", on_canvas=True,
    ),
    ActionSpec(
        "delete", "De&lete", f"{EDITING}.delete", "edit", ("Delete", "X"), "trash-2",
        "The selected nodes, notes or wire", "selected_any", on_canvas=True,
    ),
    ActionSpec(
        "select_all", "Select &all", f"{EDITOR}.select_all", "edit", ("Ctrl+A",),
        on_canvas=True, separator=True,
    ),
    ActionSpec(
        "select_none", "Select nothing", f"{EDITOR}.select_nothing", "edit", ("Escape",),
        when="selected_any", on_canvas=True,
    ),
    ActionSpec(
        "select_upstream", "Select &upstream", f"{EDITOR}.select_upstream", "edit",
        ("Ctrl+Shift+Left",), "", "All that the selection depends on", "selected", on_canvas=True,
    ),
    ActionSpec(
        "select_downstream", "Select d&ownstream", f"{EDITOR}.select_downstream", "edit",
        ("Ctrl+Shift+Right",), "", "All that depends on the selection", "selected",
        on_canvas=True,
    ),
    ActionSpec(
        "find", "&Find node…", f"{SEARCHING}.find_node", "edit", ("Ctrl+F",), "search",
        "Go to a node by its name", "has_nodes", separator=True,
    ),
    ActionSpec(
        "edit_formula", "Edit &formula", "explore.formula_bar.start_editing", "edit",
        ("Ctrl+L",), "pencil", "Type a new formula", separator=True,
    ),
    ActionSpec("copy_text", "Copy formula as &text", f"{EXPORTS}.copy_formula", "edit"),
    ActionSpec("copy_latex", "Copy formula as &LaTeX", f"{EXPORTS}.copy_latex", "edit"),
    ActionSpec("copy_latex_document", "Copy LaTeX document", f"{EXPORTS}.copy_latex_document", ""),
    ActionSpec("copy_picture", "Copy pictu&re", f"{EXPORTS}.copy_picture", "edit", ()),
    ActionSpec("copy_tikz", "Copy as Ti&kZ", f"{EXPORTS}.copy_tikz", "edit"),
    ActionSpec("copy_dot", "Copy as DOT", f"{EXPORTS}.copy_dot", "edit"),
)  # fmt: skip

_GRAPH = (
    ActionSpec(
        "add", "&Add…", f"{SEARCHING}.add_beside", "graph", ("Tab", "A"), "plus",
        "Search for an operation, or type a formula", on_canvas=True,
    ),
    ActionSpec("add_input", "Add &input", f"{EDITING}.add", "graph", args=("input",)),
    ActionSpec("add_parameter", "Add &parameter", f"{EDITING}.add", "graph", args=("parameter",)),
    ActionSpec("add_constant", "Add c&onstant", f"{EDITING}.add", "graph", args=("constant",)),
    ActionSpec("add_note", "Add &note", f"{EDITOR}.add_note", "graph", ("N",), "sticky-note",
               "A comment on the canvas", on_canvas=True),
    ActionSpec(
        "connect", "&Connect from here", f"{EDITOR}.connect_by_keys", "graph", ("C",), "spline",
        "Lead a wire with the arrow keys", "is_node", on_canvas=True, separator=True,
    ),
    ActionSpec(
        "disconnect", "&Disconnect inputs", f"{EDITING}.disconnect_inputs", "graph",
        ("Shift+C",), "unplug", "Take all wires off the selected nodes", "selected",
        on_canvas=True,
    ),
    ActionSpec(
        "next_wire", "Select next &wire", f"{EDITOR}.next_wire", "graph", ("W",), "",
        "One wire of this node after the other", "selected_any", on_canvas=True,
    ),
    ActionSpec(
        "edit_node", "Edit or open", f"{EDITOR}.open_current", "graph", ("Return", "Enter"), "",
        "A leaf's value, what an op is made of, a note's text", "selected", on_canvas=True,
        separator=True,
    ),
    ActionSpec(
        "rename", "Rena&me", "rename", "graph", ("F2",), "text-cursor-input",
        "Type a name on the node; with nothing selected, edit the formula",
    ),
    ActionSpec("make_input", "Make it an input", f"{EDITING}.set_kind", "", when="is_leaf",
               args=("input",)),
    ActionSpec("make_parameter", "Make it a parameter", f"{EDITING}.set_kind", "", when="is_leaf",
               args=("parameter",)),
    ActionSpec("make_constant", "Make it a constant", f"{EDITING}.set_kind", "", when="is_leaf",
               args=("constant",)),
    ActionSpec(
        "bypass", "&Bypass or bring back", f"{EDITING}.bypass", "graph", ("M",), "",
        "Let the selected ops pass one input on, and compute again", "is_op", on_canvas=True,
    ),
    ActionSpec(
        "set_output", "Take gradients of this", f"{EDITING}.set_output", "graph", (), "flag",
        "Make this node the output", "is_node",
    ),
    ActionSpec(
        "group", "&Group", f"{EDITOR}.group", "graph", ("Ctrl+G",), "group",
        "A titled frame around the selection", "selected", separator=True, on_canvas=True,
    ),
    ActionSpec(
        "fold", "&Fold into one node", f"{EDITOR}.fold", "graph", ("Ctrl+Shift+G",),
        "fold-vertical", "Show the selection as one node", "selected", on_canvas=True,
    ),
    ActionSpec(
        "open_composite", "&Open into its ops", f"{EDITOR}.open_selected", "graph",
        ("Ctrl+Return",), "maximize", "Show what the selected node is made of", "can_open",
    ),
    ActionSpec(
        "fold_composite", "Fo&ld again", f"{EDITOR}.fold_selected", "graph", ("Ctrl+Backspace",),
        "", "Show the opened node as one again", "can_fold",
    ),
    ActionSpec("rename_group", "Rename the group", f"{EDITOR}.rename_group", "", when="in_group"),
    ActionSpec("insert_here", "Insert an operation…", f"{SEARCHING}.insert_on_wire", "",
               when="is_wire", tip="Put an operation into the selected wire"),
    ActionSpec("point_note", "Point the note at the node", f"{MARKING}.point_note", "graph",
               when="note_and_node", tip="Or take its arrow away; select a note and a node"),
    ActionSpec("add_bend", "Lead over a point", f"{EDITOR}.add_bend", "", when="is_wire",
               tip="Put a point on the selected wire that it is led over"),
    ActionSpec("straighten", "Lead straight", f"{EDITOR}.straighten", "", when="is_wire",
               tip="Take the points off the selected wire"),
    ActionSpec("ungroup", "&Ungroup", f"{EDITOR}.ungroup", "graph", ("Ctrl+Shift+U",), "ungroup",
               "Take the frame away", "in_group", on_canvas=True),
    ActionSpec(
        "tidy", "&Tidy up", f"{EDITING}.tidy", "graph", ("Ctrl+T",), "layout-grid",
        "Lay out the selection, or everything, anew", separator=True,
    ),
    ActionSpec("align_column", "Align in a column", f"{EDITING}.align", "graph", when="several",
               args=(0,)),
    ActionSpec("align_row", "Align in a row", f"{EDITING}.align", "graph", when="several",
               args=(1,)),
    ActionSpec("distribute_across", "Distribute across", f"{EDITING}.distribute", "graph",
               when="several", args=(0,)),
    ActionSpec("distribute_down", "Distribute down", f"{EDITING}.distribute", "graph",
               when="several", args=(1,)),
    *(
        ActionSpec(f"nudge_{way}", f"Nudge {way}", f"{EDITING}.nudge", "", (way.capitalize(),),
                   when="selected", on_canvas=True, repeats=True, args=offset)
        for way, offset in (("left", (-8, 0)), ("right", (8, 0)), ("up", (0, -8)), ("down", (0, 8)))
    ),
    *(
        ActionSpec(f"nudge_{way}_far", f"Nudge {way} far", f"{EDITING}.nudge", "",
                   (f"Shift+{way.capitalize()}",), when="selected", on_canvas=True,
                   repeats=True, args=offset)
        for way, offset in
        (("left", (-64, 0)), ("right", (64, 0)), ("up", (0, -64)), ("down", (0, 64)))
    ),
    *(
        ActionSpec(f"focus_{way}", f"Go {way}", f"{EDITOR}.focus_toward", "",
                   (f"Alt+{way.capitalize()}",), tip=f"Select the nearest node on the {way}",
                   when="has_nodes", on_canvas=True, repeats=True, args=(way,))
        for way in ("left", "right", "up", "down")
    ),
    *(
        ActionSpec(f"color_{color or 'plain'}", f"Colour: {name}", f"{MARKING}.set_color", "",
                   when="selected", args=(color,))
        for color, name in MARK_COLORS
    ),
)  # fmt: skip

_VIEW = (
    ActionSpec("explore", "&Explore", "show_workspace", "view", ("Ctrl+1",), "",
               "Build the graph and walk it", args=("explore",)),
    ActionSpec("train", "&Train", "show_workspace", "view", ("Ctrl+2",), "",
               "Watch the graph learn", args=("train",)),
    ActionSpec(
        "commands", "&Find a command…", "commands.show_search", "view", ("Ctrl+K",), "search",
        "Search all commands",
    ),
    ActionSpec("fit", "F&it graph", "fit", "view", ("F",), "scan", "Show the whole graph",
               separator=True),
    ActionSpec("fit_selection", "Fit &selection", "fit_selection", "view", ("Shift+F",), "",
               "Zoom to what is selected", "selected"),
    ActionSpec("actual_size", "&Actual size", "explore.view.zoom_to", "view", ("Ctrl+0",),
               args=(1.0,)),
    ActionSpec("zoom_in", "Zoom &in", "explore.view.zoom_by", "view", ("Ctrl++", "Ctrl+="),
               "zoom-in", repeats=True, args=(1.25,)),
    ActionSpec("zoom_out", "Zoom &out", "explore.view.zoom_by", "view", ("Ctrl+-",), "zoom-out",
               repeats=True, args=(0.8,)),
    *(
        ActionSpec(f"level_{level or 'layers'}", f"Level: {level or 'layers'}",
                   f"{EDITOR}.show_level", "view", (f"Alt+{k}",), "", f"See {what}", "has_levels",
                   separator=not level, args=(level,))
        for k, (level, what) in enumerate(LEVEL_WORDS, 1)
    ),
    ActionSpec("level_deeper", "One level closer", f"{EDITOR}.step_level", "", ("Alt+PgDown",),
               tip="From layers towards single numbers", when="has_levels", args=(1,)),
    ActionSpec("level_higher", "One level back", f"{EDITOR}.step_level", "", ("Alt+PgUp",),
               tip="From single numbers towards layers", when="has_levels", args=(-1,)),
    ActionSpec("show_tensor", "Show all &numbers", "explore.show_tensor", "view", ("T",), "",
               "The table, statistics and histogram of the selected tensor", "is_node",
               on_canvas=True),
    *(
        ActionSpec(f"layer_{level or 'folded'}", title, f"{EDITOR}.show_layer_at", "",
                   when="in_layer", args=(level,))
        for level, title in (("tensors", "Show its tensors"), ("neurons", "Show its neurons"),
                             ("primitives", "Show its primitives"))
    ),
    ActionSpec("layer_neuron", "Show one of its neurons", f"{EDITOR}.show_layer_at", "",
               tip="Its largest weights and their products; choose another above the canvas",
               when="in_dense", args=(neuron_level(0),)),
    ActionSpec("palette", "&Palette", "toggle_palette", "view", ("Ctrl+B",), checkable=True,
               separator=True, tip="The column of operations on the left"),
    ActionSpec("history", "Undo &history", "toggle_history", "view", ("Ctrl+H",), checkable=True,
               tip="Every step of undo as a list"),
    ActionSpec("follow", "&Follow the walk", "toggle_follow", "view", ("Ctrl+Shift+F",),
               checkable=True, tip="Keep the active op in sight"),
    ActionSpec("next_panel", "Next panel", "next_panel", "", ("F6",), "",
               "Move the keyboard to the next part of the window"),
    ActionSpec(
        "theme_system", "Theme: follow the &system", "set_theme", "view", (), "monitor",
        checkable=True, separator=True, args=("system",),
    ),
    ActionSpec("theme_light", "Theme: &light", "set_theme", "view", (), "sun", checkable=True,
               args=("light",)),
    ActionSpec("theme_dark", "Theme: &dark", "set_theme", "view", (), "moon", checkable=True,
               args=("dark",)),
    ActionSpec(
        "color_blind", "&Colour-blind-safe colours", "toggle_color_blind", "view", checkable=True,
        separator=True,
    ),
    ActionSpec(
        "reduced_motion", "&Reduced motion", "toggle_reduced_motion", "view", checkable=True
    ),
)  # fmt: skip

_WALK = (
    ActionSpec(
        "step", "&Step op", "explore.player.step", "walk", ("Space",), "step-forward",
        "Take the next step", "has_walk",
    ),
    ActionSpec(
        "back", "Step &back", "explore.player.back", "walk", ("Backspace", "Shift+Space"),
        "step-back", "Take the last step back", "has_walk", repeats=True,
    ),
    ActionSpec("step_layer", "Step &layer", "explore.walking.step_layer", "walk", ("Ctrl+Right",),
               "", "All steps of one layer", "has_walk", repeats=True, args=(1,)),
    ActionSpec("back_layer", "Step la&yer back", "explore.walking.step_layer", "walk",
               ("Ctrl+Left",), "", "Back to where a layer begins", "has_walk", repeats=True,
               args=(-1,)),
    ActionSpec("step_pass", "Step &pass", "explore.walking.step_pass", "walk", ("Ctrl+End",), "",
               "To the end of the forward pass, then of the backward pass", "has_walk"),
    ActionSpec("play", "&Play or pause", "explore.player.toggle", "walk", ("P",), "play",
               "Let the walk run", "has_walk"),
    ActionSpec("first", "&First", "explore.player.first", "walk", ("Home",), "skip-back",
               "Before the first step", "has_walk"),
    ActionSpec("last", "&Last", "explore.player.last", "walk", ("End",), "skip-forward",
               "After the last step", "has_walk"),
    ActionSpec(
        "check", "&Check gradients", "show_check", "walk", ("Ctrl+Shift+K",), "check",
        "Compare all gradients with central differences", "has_walk", separator=True,
    ),
)  # fmt: skip

# While training is in sight Space runs and pauses as well.
_TRAIN = (
    ActionSpec("train_run", "&Run or pause", f"{TRAIN}.toggle", "train", ("F5",), "play",
               "Train until it is paused", "in_training"),
    ActionSpec("train_batch", "Step a &batch", f"{TRAIN}.training.step_batch", "train", ("F10",),
               "step-forward", "One update", "in_training", repeats=True),
    ActionSpec("train_epoch", "Step an &epoch", f"{TRAIN}.training.step_epoch", "train",
               ("Shift+F10",), "chevrons-right", "One pass over the training set", "in_training",
               repeats=True),
    ActionSpec("train_reset", "Re&set the weights", f"{TRAIN}.training.reset", "train",
               ("Ctrl+Shift+R",), "rotate-ccw", "Back to the weights with which the run began",
               "in_training", separator=True),
    ActionSpec("train_weights", "New &weights", f"{TRAIN}.training.new_weights", "train", (), "",
               "Draw other weights from the next seed", "in_training"),
    ActionSpec("train_data", "New &data", f"{TRAIN}.training.new_data", "train", (), "",
               "Other rows of the same kind, from the next seed", "in_training"),
    ActionSpec("train_inside", "&Look inside this step", f"{TRAIN}.training.look_inside", "train",
               ("Ctrl+I",), "crosshair", "Pause and walk this batch node by node", "in_training",
               separator=True),
    ActionSpec("train_rates", "&Try learning rates", f"{TRAIN}.training.try_rates", "train", (), "",
               "Which learning rates suit the weights as they are", "in_training",
               separator=True),
    ActionSpec("train_sweep", "S&weep learning rates", f"{TRAIN}.keeping.sweep", "train", (), "",
               "Seven runs from one start, to be compared", "in_training"),
    ActionSpec("train_race", "Race o&ptimisers", f"{TRAIN}.keeping.race", "train", (), "",
               "Every optimiser from one start, to be compared", "in_training"),
    *(
        ActionSpec(f"export_{name}", title, f"{TRAIN}.exporting.{name}", "train", (), "", tip,
                   "in_training", separator=name == "boundary")
        for name, title, tip in (
            ("boundary", "Export the &boundary…", "As PNG or SVG, or its grid as CSV"),
            ("curves", "Export the &curves…", "The plot in view as PNG or SVG, or as CSV"),
            ("network", "Export the net&work…", "The diagram as PNG"),
            ("history", "Export the &history…", "Every epoch of the run as CSV"),
            ("animation", "Export the run as an &animation…", "The boundary through the epochs"),
        )
    ),
    ActionSpec("copy_settings", "Copy data and settings as &text",
               f"{TRAIN}.exporting.copy_settings", "train", (), "", "", "in_training"),
    ActionSpec("train_back", "Back to &training", "back_to_training", "train", ("Ctrl+Shift+I",),
               "", "Leave the step that one looks into, and train on", "inside"),
)  # fmt: skip

_HELP = (
    ActionSpec("keys", "&Keyboard and mouse", "show_keys", "help", ("F1",), "keyboard",
               "All keys and gestures on one sheet"),
    ActionSpec("shortcuts", "Change &shortcuts…", "commands.show_shortcuts", "help", (),
               "sliders-horizontal", "Give commands other keys"),
    ActionSpec("about", "&About", "about", "help", (), "info"),
)  # fmt: skip

ACTIONS = (*_FILE, *_EDIT, *_GRAPH, *_VIEW, *_WALK, *_TRAIN, *_HELP)

# What the context menus offer, by what is under the pointer; None is a line.
CONTEXT_MENUS: dict[str, tuple[str | None, ...]] = {
    "node": (
        "edit_node", "rename", "open_composite", "layer_tensors", "layer_neurons",
        "layer_primitives", "layer_neuron", "fold_composite", "show_tensor", None, "connect",
        "disconnect", "bypass", "set_output", "make_input", "make_parameter", "make_constant", None,
        "cut", "copy", "duplicate", "delete", None, "group", "fold", "ungroup", None,
        "select_upstream", "select_downstream", "tidy",
    ),
    "note": ("edit_node", "point_note", "cut", "copy", "duplicate", "delete", None, "color_plain",
             "color_input", "color_parameter", "color_activation", "color_layer", "color_loss"),
    "group": ("rename_group", "fold", "ungroup", None, "color_plain", "color_input",
              "color_parameter", "color_activation", "color_layer", "color_loss", None, "cut",
              "copy", "duplicate", "delete"),
    "wire": ("insert_here", "add_bend", "straighten", "delete"),
    "canvas": ("add", "add_input", "add_parameter", "add_constant", "add_note", None, "paste",
               "paste_wired", "select_all", None, "fit", "tidy", "undo", "redo"),
}  # fmt: skip
