"""Graph files, ``*.graph.json``: opening a stranger's is harmless, saving never loses one.

What is broken as a *file* raises FileError with the place inside it.  What is wrong with the
*graph* (an unknown op, a wire from nowhere, a cycle, NaN) loads, and ``find_problems`` says so.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.errors import FileError, no_graph, said
from engine.files.atomic import replace_file
from engine.files.records import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_MARKS,
    MAX_NODES,
    MAX_NOTE,
    MAX_TEXT,
    VERSION,
    BendRecord,
    GroupRecord,
    NodeRecord,
    NoteRecord,
    ProjectRecord,
    Session,
    VersionRecord,
)
from engine.files.values import (
    Broken,
    read_attribute,
    read_value,
    word_for,
    write_attribute,
    write_value,
)
from engine.graph.graph import INPUT, LEAF_KINDS, PARAMETER, Graph, Group, Node, Note, Wire
from engine.graph.levels import LAYERS, TENSORS
from engine.ops import OPS
from engine.ops.group import GROUP

MEGABYTE = 2**20
Training = dict[str, Any]  # plain data; engine/training/run_file.py knows what is in it


@dataclass(frozen=True)
class Project:
    """What a file holds: the graph, where the user was in it, and the run its weights come from."""

    graph: Graph
    session: Session
    training: Training | None = None


def save(
    graph: Graph,
    path: str | os.PathLike,
    *,
    session: Session | None = None,
    training: Training | None = None,
) -> None:
    """Write ``graph`` to ``path``, all or nothing; raises FileError, the old file then intact."""
    if not isinstance(graph, Graph):
        raise no_graph("save", graph)
    name = _shown(path)
    data = _encode(graph, session, f"{name} was not saved", training)
    try:
        replace_file(Path(path), data)
    except FileNotFoundError:
        raise FileError(f"{name} was not saved: its folder does not exist; create it.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(
            f"{name} was not saved: {reason.rstrip('.').lower()}; save it somewhere else."
        ) from error


def load(path: str | os.PathLike) -> Graph:
    """The graph in the file ``path``; raises FileError."""
    return load_project(path).graph


def load_project(path: str | os.PathLike) -> Project:
    """The graph in the file ``path`` and where the user was in it; raises FileError."""
    name = _shown(path)
    return _decode(_read(path), name)


def graph_bytes(graph: Graph, *, session: Session | None = None) -> bytes:
    """The text of a graph file, for the clipboard and for undo; raises FileError."""
    return _encode(graph, session, "The graph cannot be written")


def graph_from_bytes(data: bytes) -> Graph:
    """The graph that ``graph_bytes`` wrote; raises FileError."""
    return _decode(data, "This graph").graph


def _shown(path: str | os.PathLike) -> str:
    try:
        return f'"{Path(path).name or path}"'
    except TypeError:
        raise FileError(
            f"A file is named by its path, not by {said(path)}: give it as text."
        ) from None


# reading --------------------------------------------------------------------------------------


def _read(path: str | os.PathLike) -> bytes:
    """The bytes of a file that is one and is not too large."""
    name = _shown(path)
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise FileError(f"{name} is a folder: name a .graph.json file in it.")
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{name} is not a file: name a .graph.json file.")
        _check_size(found.st_size, name)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileError(f"There is no file {name}: check its name and folder.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{name} cannot be read: {reason.lower()}; check it.") from error
    _check_size(len(data), name)
    return data


def _check_size(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise FileError(
            f"{name} is too large ({size / MEGABYTE:.0f} MB; the limit is "
            f"{MAX_BYTES // MEGABYTE} MB): it is no graph of ours, or keep its data elsewhere."
        )


def _decode(data: bytes, name: str) -> Project:
    try:
        return _project(_parse(data))
    except Broken as broken:
        place = f": {broken.path}" if broken.path else ""
        remedy = "" if re.search("[;:]", broken.what) else "; correct it"
        what = f"{name} cannot be opened{place} {broken.what}{remedy}."
        raise FileError(what, broken.path) from None


def _parse(data: bytes) -> ProjectRecord:
    """The records in ``data``; raises Broken for anything that is no graph file."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise Broken("", "because it is empty; open another copy")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"because it is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise Broken("", what) from None
    if _deeper_than(data, MAX_DEPTH):
        raise Broken("", f"because brackets are nested more than {MAX_DEPTH} deep; flatten it")
    try:
        version = msgspec.json.decode(data, type=VersionRecord).version
        if version != VERSION or isinstance(version, bool):
            raise Broken("$.version", _version_words(version))
        record = msgspec.json.decode(data, type=ProjectRecord)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from None
    except msgspec.DecodeError as error:
        raise Broken("", _syntax_words(data, str(error))) from None
    except (RecursionError, ValueError) as error:
        raise Broken("", f"because {error}; open another copy") from None
    if len(record.nodes) > MAX_NODES:
        what = f"has {len(record.nodes):,} nodes; this program opens up to {MAX_NODES:,}"
        raise Broken("$.nodes", what)
    return record


def _deeper_than(data: bytes, limit: int) -> bool:
    """Whether brackets outside of texts are nested deeper than ``limit``."""
    bare = re.sub(rb'"[^"\\]*(?:\\.[^"\\]*)*"', b"", data, flags=re.DOTALL)
    others = bytes(set(range(256)) - set(b"[]{}"))
    brackets = np.frombuffer(bare.translate(None, others), np.uint8)
    depth = 0
    for start in range(0, len(brackets), MEGABYTE):
        part = brackets[start : start + MEGABYTE]
        opens = (part == ord("[")) | (part == ord("{"))
        depths = depth + np.cumsum(np.where(opens, 1, -1))
        if depths.max() > limit:
            return True
        depth = int(depths[-1])
    return False


def _version_words(version: Any) -> str:
    if version is None:
        return 'is missing: add "version": 1 if this is a graph file'
    if isinstance(version, bool) or not isinstance(version, int):
        return f"should be the number {VERSION} and is {word_for(version)}"
    remedy = "update it" if version > VERSION else "correct the number"
    return f"is {version}, and this program reads version {VERSION}: {remedy}"


def _syntax_words(data: bytes, message: str) -> str:
    if "truncated" in message:
        return "because it ends in the middle (it was cut off); open another copy"
    message = message.removeprefix("JSON is malformed: ")
    place = re.search(r" \(byte (\d+)\)$", message)
    if not place:
        return f"because it is not JSON ({message}); correct it"
    before = data[: int(place[1])].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    reason = message[: place.start()]
    return f"because it is not JSON at line {line}, column {column} ({reason}); correct it there"


_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def _misfit(message: str) -> Broken:
    """What msgspec says of a part that has the wrong form, in our words."""
    place = re.search(r" - at (?:`key` in )?`(\$.*)`$", message)
    path = place[1] if place else "$"
    message = message[: place.start()] if place else message
    if found := re.fullmatch(r"Object missing required field `(.+)`", message):
        return Broken(path, f'lacks "{found[1]}"; add it')
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", message, re.DOTALL):
        kinds = {"nodes": NodeRecord, "groups": GroupRecord, "notes": NoteRecord}
        kinds |= {"bends": BendRecord}
        kinds |= {"session": Session}
        part = re.match(r"\$\.(\w+)", path)
        kind = kinds.get(part[1] if part else "", ProjectRecord)
        near = difflib.get_close_matches(found[1], kind.__struct_fields__, 1)
        remedy = f'call it "{near[0]}"' if near else "remove it"
        return Broken(path, f'has an unknown field "{found[1][:60]}"; {remedy}')
    message = re.sub(r"`([^`]*)`", lambda m: _type_words(m[1]), message)
    message = re.sub(r"^Expected (.*?), got ", r"should be \1 and is ", message)
    message = re.sub(r"^Expected ", "should be ", message)
    message = re.sub(r"^(Integer value|Number) out", "is a number out", message)
    return Broken(path, message[0].lower() + message[1:])


def _type_words(name: str) -> str:
    return " or ".join(_WORDS.get(part, part) for part in name.split(" | "))


def _project(record: ProjectRecord) -> Project:
    graph = Graph(name=record.name, output=record.output)
    for k, entry in enumerate(record.nodes):
        path = f"$.nodes[{k}]"
        if entry.id in graph.nodes:
            raise Broken(f"{path}.id", f'is "{entry.id}" like a node before it; rename one')
        graph.nodes[entry.id] = _node(entry, path)
        if entry.at and _reachable(entry.at):
            graph.positions[entry.id] = entry.at
    for node_id, at in record.inside.items():
        if _reachable(at):
            graph.positions.setdefault(node_id, at)
    _read_marks(record, graph)
    bends = {}
    for bend in record.bends:
        inputs = graph.nodes[bend.node].inputs if bend.node in graph.nodes else ()
        points = tuple(at for at in bend.at if _reachable(at))
        if bend.port < len(inputs) and points:
            bends[Wire(inputs[bend.port], bend.node, bend.port)] = points
    graph.keep_bends(bends)
    return Project(graph, record.session or Session(), record.training)


def _node(entry: NodeRecord, path: str) -> Node:
    op, name = entry.op, entry.name
    if op == GROUP.name:
        raise Broken(f"{path}.op", f'is "{op}", which no file holds; add the ops that are inside')
    if op not in LEAF_KINDS and OPS.get(op) is None:
        op = OPS.resolve(op) or op  # an alias
    if name is None:
        name = entry.id if op in (INPUT, PARAMETER) else ""
    attrs = {
        key: read_attribute(value, f"{path}.attrs.{key}") for key, value in entry.attrs.items()
    }
    value = read_value(entry.value, f"{path}.value")
    opened = entry.opened or LAYERS
    opened = TENSORS if opened is True else opened
    return Node(entry.id, op, tuple(entry.inputs), value, name, attrs, opened)


def _read_marks(record: ProjectRecord, graph: Graph) -> None:
    """Groups and notes; an id that is taken is refused, a member that does not exist left out."""
    taken = set(graph.nodes)
    groups: dict[str, Group] = {}
    notes: dict[str, Note] = {}
    for k, group in enumerate(record.groups):
        _check_free(group.id, taken, f"$.groups[{k}].id")
        members = tuple(dict.fromkeys(m for m in group.members if m in graph.nodes))
        if members:
            groups[group.id] = Group(group.id, group.title, members, group.folded, group.color)
    for k, note in enumerate(record.notes):
        _check_free(note.id, taken, f"$.notes[{k}].id")
        at = note.at if _reachable(note.at) else (0.0, 0.0)
        target = note.target if note.target in graph.nodes else ""
        notes[note.id] = Note(note.id, note.text, at, note.color, target)
    graph.groups, graph.notes = groups, notes


def _check_free(mark_id: str, taken: set[str], path: str) -> None:
    if mark_id in taken:
        raise Broken(path, f'is "{mark_id}", which something before it is called; rename one')
    taken.add(mark_id)


def _reachable(at: tuple[float, float]) -> bool:
    """Whether a place is one that a canvas has; others are as good as none."""
    return all(math.isfinite(v) and abs(v) <= 1e7 for v in at)


# writing --------------------------------------------------------------------------------------


def _encode(
    graph: Graph, session: Session | None, failed: str, training: Training | None = None
) -> bytes:
    try:
        data = _layout(graph, session, training)
        if len(graph.nodes) > MAX_NODES:
            raise Broken("$.nodes", f"are {len(graph.nodes):,}; a file holds up to {MAX_NODES:,}")
        if len(data) > MAX_BYTES:
            size = f"{len(data) / MEGABYTE:.0f} MB; a file holds up to {MAX_BYTES // MEGABYTE} MB"
            raise Broken("$", f"would be {size}")
        return data
    except Broken as broken:
        raise FileError(f"{failed}: {broken.path} {broken.what}.", broken.path) from None


def _layout(graph: Graph, session: Session | None, training: Training | None) -> bytes:
    """The document, a person's way: one line a node."""
    nodes = []
    for k, node in enumerate(graph.nodes.values()):
        nodes.append(b"    " + _line(_record(graph, node, f"$.nodes[{k}]"), f"$.nodes[{k}]"))
    parts = [b'"version": %d' % VERSION]
    if graph.name:
        parts.append(b'"name": ' + _line(_text(graph.name, "$.name"), "$.name"))
    parts.append(b'"nodes": [\n' + b",\n".join(nodes) + b"\n  ]" if nodes else b'"nodes": []')
    if graph.output:
        parts.append(b'"output": ' + _line(_text(graph.output, "$.output"), "$.output"))
    inside = {i: at for i, at in graph.positions.items() if i not in graph.nodes}
    inside = {i: _point(at) for i, at in inside.items() if _reachable(at)}
    if inside:
        parts.append(b'"inside": ' + _line(inside, "$.inside"))
    parts += _written_marks(graph)
    if session is not None and session != Session():
        parts.append(b'"session": ' + _line(session, "$.session"))
    if training is not None:
        parts.append(b'"training": ' + _line(training, "$.training"))
    return b"{\n  " + b",\n  ".join(parts) + b"\n}\n"


def _written_marks(graph: Graph) -> list[bytes]:
    parts = []
    groups = [
        GroupRecord(
            _text(g.id, f"$.groups[{k}].id"),
            _text(g.title, f"$.groups[{k}].title"),
            list(g.members),
            g.folded,
            _text(g.color, f"$.groups[{k}].color"),
        )
        for k, g in enumerate(graph.groups.values())
    ]
    notes = []
    for k, n in enumerate(graph.notes.values()):
        if len(n.text) > MAX_NOTE:
            raise Broken(
                f"$.notes[{k}].text", f"is longer than {MAX_NOTE:,} characters; shorten it"
            )
        color = _text(n.color, f"$.notes[{k}].color")
        at = _point(n.at) if _reachable(n.at) else (0.0, 0.0)
        target = _text(n.target, f"$.notes[{k}].target") if n.target in graph.nodes else ""
        notes.append(NoteRecord(_text(n.id, f"$.notes[{k}].id"), n.text, at, color, target))
    bends = [
        BendRecord(_text(w.target, f"$.bends[{k}].node"), w.port, [_point(p) for p in points])
        for k, (w, points) in enumerate(graph.bends.items())
    ]
    for name, records in (("groups", groups), ("notes", notes), ("bends", bends)):
        if len(records) > MAX_MARKS:
            raise Broken(f"$.{name}", f"are {len(records):,}; a file holds up to {MAX_MARKS:,}")
        if records:
            lines = b",\n".join(b"    " + _line(r, f"$.{name}") for r in records)
            parts.append(b'"%s": [\n%s\n  ]' % (name.encode(), lines))
    return parts


def _line(part: Any, path: str) -> bytes:
    try:
        return msgspec.json.format(msgspec.json.encode(part), indent=0)
    except (UnicodeError, msgspec.MsgspecError, OverflowError, TypeError):
        raise Broken(path, "holds something that JSON cannot write; rename it") from None


def _record(graph: Graph, node: Node, path: str) -> NodeRecord:
    named = node.id if node.op in (INPUT, PARAMETER) else ""
    at = graph.positions.get(node.id)
    return NodeRecord(
        id=_text(node.id, f"{path}.id"),
        op=_text(node.op, f"{path}.op"),
        inputs=[_text(i, f"{path}.inputs") for i in node.inputs],
        value=write_value(node.value, f"{path}.value"),
        name=None if node.name == named else _text(node.name, f"{path}.name"),
        attrs={k: write_attribute(v, f"{path}.attrs.{k}") for k, v in node.attrs.items()},
        opened=_written_level(node.opened),
        at=_point(at) if at and _reachable(at) else None,
    )


def _written_level(level: str) -> bool | str:
    """True is how files have always said that a composite is opened."""
    return level == TENSORS if level in (LAYERS, TENSORS) else level


def _text(text: str, path: str) -> str:
    if len(text) > MAX_TEXT:
        raise Broken(path, f"is longer than {MAX_TEXT:,} characters; shorten it")
    return text


def _point(at: tuple[float, float]) -> tuple[float, float]:
    x, y = at
    return float(x), float(y)
