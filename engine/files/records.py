"""What stands in a ``*.graph.json`` file: its records, its limits and its JSON schema.

The records are only the written form; ``project.py`` turns them into a graph and back.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

VERSION = 1
MAX_BYTES = 64 * 2**20
MAX_DEPTH = 64  # brackets within brackets
MAX_NODES = 50_000
MAX_TEXT = 1_000  # characters of an id or a name
MAX_NOTE = 20_000  # characters of a comment
MAX_MARKS = 10_000  # groups, comments, and wires that are bent
MAX_BENDS = 100  # of one wire
MAX_INLINE = 64  # numbers of an array that are written out one by one

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Id = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Point = tuple[float, float]

_NUMBER = {
    "description": "A number; NaN and the infinities have a written form of their own.",
    "anyOf": [
        {"type": "number"},
        {
            "type": "object",
            "required": ["number"],
            "properties": {"number": {"enum": ["NaN", "Infinity", "-Infinity"]}},
            "additionalProperties": False,
        },
    ],
}
_ARRAY = {
    "description": "An array of another type than float64, or a large one: little-endian bytes.",
    "type": "object",
    "required": ["array"],
    "properties": {
        "array": {"type": "string", "examples": ["float64", "int64", "bool"]},
        "values": {"type": "array"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "base64": {"type": "string", "contentEncoding": "base64"},
    },
    "additionalProperties": False,
}
WrittenValue = Annotated[
    Any,
    Meta(
        description="A leaf's value; absent while it is unset. A list is an array of float64.",
        extra_json_schema={"anyOf": [_NUMBER, {"type": "array"}, _ARRAY, {"type": "null"}]},
    ),
]


# "neuron 17" is one neuron of a layer
WrittenLevel = Annotated[str, Meta(pattern=r"^(tensors|neurons|primitives|neuron [0-9]{1,7})$")]


class NodeRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One node: a leaf (input, parameter, constant) or an op applied to other nodes.

    ``inputs`` are ids in port order, "" for a port without a wire; ``at`` is the centre on the
    canvas in scene pixels.  Without a ``name`` an input or parameter is called by its id, and
    any other node has no name.
    """

    id: Id
    op: Text
    inputs: list[Text] = []
    value: WrittenValue = None
    name: Text | None = None
    attrs: dict[str, Any] = {}
    opened: bool | WrittenLevel = False
    at: Point | None = None


class GroupRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A titled frame around the nodes ``members``; ``folded`` shows it as one node.

    ``color`` is the kind of node whose colour it has.
    """

    id: Id
    title: Text
    members: list[Text]
    folded: bool = False
    color: Text = ""


class NoteRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A comment; ``at`` is its upper left corner on the canvas in scene pixels."""

    id: Id
    text: Annotated[str, Meta(max_length=MAX_NOTE)]
    at: Point
    color: Text = ""
    target: Text = ""


class BendRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The points ``at`` that the wire into the input ``port`` of ``node`` is led over."""

    node: Id
    port: Count
    at: Annotated[list[Point], Meta(max_length=MAX_BENDS)]


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the user was: the ``step`` of the walk, the ``selected`` node's id, the ``view``.

    ``step`` is how many steps had been taken; without it the walk is shown whole.  ``view`` is
    the centre of the canvas in scene pixels and the zoom (1 is life size).
    """

    step: Count | None = None
    selected: Text = ""
    view: tuple[float, float, float] | None = None


class ProjectRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A graph file.

    ``output`` is the id of the node whose gradients are taken (the last node if absent);
    ``inside`` are the places of nodes inside opened composites; ``groups`` and ``notes`` are what
    else stands on the canvas.  ``training`` is the run that the weights come from: its data,
    settings and history (``engine/training/run_file.py``).
    """

    version: Literal[1]
    nodes: Annotated[list[NodeRecord], Meta(extra_json_schema={"maxItems": MAX_NODES})]
    name: Text = ""
    output: Text = ""
    inside: dict[str, Point] = {}
    groups: Annotated[list[GroupRecord], Meta(max_length=MAX_MARKS)] = []
    notes: Annotated[list[NoteRecord], Meta(max_length=MAX_MARKS)] = []
    bends: Annotated[list[BendRecord], Meta(max_length=MAX_MARKS)] = []
    session: Session | None = None
    training: dict[str, Any] | None = None


class VersionRecord(msgspec.Struct):
    """As much of any graph file, of whatever version, as it takes to know the version."""

    version: Any = None


def graph_schema() -> dict[str, Any]:
    """The JSON schema of graph files; ``assets/schema/graph.schema.json`` holds it."""
    schema = msgspec.json.schema(ProjectRecord)
    for part in schema["$defs"].values():  # docstrings, of which Python 3.13 strips the indent
        part["description"] = " ".join(part["description"].replace("``", "").split())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Graph file, version {VERSION}",
        **schema,
    }


def graph_schema_text() -> str:
    """The schema as the file holds it."""
    return msgspec.json.format(msgspec.json.encode(graph_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    print(graph_schema_text(), end="")
