"""Edits: what a person does to a graph on the canvas, as functions from a graph to a new one.

A graph that is given is never written into.  Whatever stays is shared; positions, groups and
notes are kept.  ``refusal`` and the functions that begin with ``why_not`` say in one sentence why
something cannot be, or nothing.
"""

from engine.edits.keeping import keep_what_fits
from engine.edits.levels import check_level, has_levels, level_shown, show_level
from engine.edits.marks import (
    add_group,
    add_note,
    bend,
    place,
    remove_group,
    set_group,
    set_note,
    straighten,
    why_not_group,
)
from engine.edits.naming import new_variable, next_name, rename, why_not_rename
from engine.edits.networks import in_place_of, put_layer
from engine.edits.nodes import (
    add_leaf,
    add_op,
    delete,
    set_attribute,
    set_bypassed,
    set_kind,
    set_output,
    set_shape,
    why_not_attribute,
)
from engine.edits.pieces import extract, paste
from engine.edits.room import fold_composite, fold_group, make_room
from engine.edits.wires import Wiring, connect, disconnect, free_port, insert_on_wire, refusal
from engine.graph.groups import why_not_fold
from engine.graph.reach import downstream, upstream

__all__ = [
    "Wiring",
    "add_group",
    "add_leaf",
    "add_note",
    "add_op",
    "bend",
    "check_level",
    "connect",
    "delete",
    "disconnect",
    "downstream",
    "extract",
    "fold_composite",
    "fold_group",
    "free_port",
    "has_levels",
    "in_place_of",
    "insert_on_wire",
    "keep_what_fits",
    "level_shown",
    "make_room",
    "new_variable",
    "next_name",
    "paste",
    "place",
    "put_layer",
    "refusal",
    "remove_group",
    "rename",
    "set_attribute",
    "set_bypassed",
    "set_group",
    "set_kind",
    "set_note",
    "set_output",
    "set_shape",
    "show_level",
    "straighten",
    "upstream",
    "why_not_attribute",
    "why_not_fold",
    "why_not_group",
    "why_not_rename",
]
