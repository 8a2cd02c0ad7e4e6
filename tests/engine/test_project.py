"""Graph files: exact, readable, safe to open and never half-saved."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import FileError
from engine.files import atomic, project
from engine.files.project import graph_bytes, graph_from_bytes, load, load_project, save
from engine.files.records import MAX_BYTES, MAX_NODES, Session, graph_schema_text
from engine.graph.graph import Graph, Node, same_value
from engine.graph.problems import ProblemKind, find_problems

ROOT = Path(__file__).parents[2]


@pytest.fixture
def graph():
    """f = σ(w·x), opened, with places."""
    graph = Graph(name="small")
    w, x = graph.leaf("parameter", "w", 0.1), graph.leaf("input", "x", -2.0)
    graph.apply("sigmoid", graph.apply("mul", w, x), name="f")
    graph.nodes["f"].opened = "tensors"
    graph.positions = {"w": (0.0, 10.5), "f/neg": (1.0, 2.0)}
    return graph


@pytest.fixture
def path(tmp_path):
    """Where a test may save."""
    return tmp_path / "mine.graph.json"


def document(*nodes: dict, **rest) -> bytes:
    """A file of version 1 with these nodes."""
    return json.dumps({"version": 1, "nodes": list(nodes), **rest}).encode()


def refused(data: bytes) -> FileError:
    """The error with which ``data`` is refused; it must be one sentence without a traceback."""
    with pytest.raises(FileError) as caught:
        graph_from_bytes(data)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.path in message
    return caught.value


# round trips ----------------------------------------------------------------------------------


def test_a_saved_graph_is_loaded_as_it_was(graph, path):
    save(graph, path)
    assert load(path) == graph


def test_a_session_is_kept_beside_the_graph(graph, path):
    session = Session(step=7, selected="f", view=(1.5, -2.0, 0.75))
    save(graph, path, session=session)
    assert load_project(path).session == session
    assert load_project(path).graph == graph
    save(graph, path)
    assert load_project(path).session == Session()


def test_a_file_reads_well(graph):
    assert graph_bytes(graph).decode() == (
        "{\n"
        '  "version": 1,\n'
        '  "name": "small",\n'
        '  "nodes": [\n'
        '    {"id": "w", "op": "parameter", "value": 0.1, "at": [0.0, 10.5]},\n'
        '    {"id": "x", "op": "input", "value": -2},\n'
        '    {"id": "mul", "op": "mul", "inputs": ["w", "x"]},\n'
        '    {"id": "f", "op": "sigmoid", "inputs": ["mul"], "name": "f", "opened": true}\n'
        "  ],\n"
        '  "output": "f",\n'
        '  "inside": {"f/neg": [1.0, 2.0]}\n'
        "}\n"
    )


def test_an_empty_graph_is_kept():
    assert graph_from_bytes(graph_bytes(Graph())) == Graph()


def test_names_differ_from_ids_where_the_user_wants_it():
    graph = Graph([Node("a", "input", name=""), Node("b", "parameter", name="β")])
    graph.nodes["c"] = Node("c", "exp", ("a",), name="c")
    assert graph_from_bytes(graph_bytes(graph)) == graph


def test_attributes_keep_their_types():
    attrs = {"slope": 0.1, "axis": -1, "axes": (0, (1, 2)), "on": True, "mode": "tanh", "no": None}
    graph = Graph([Node("a", "exp", ("",), attrs={**attrs, "edge": -np.inf})])
    again = graph_from_bytes(graph_bytes(graph)).nodes["a"].attrs
    assert again == {**attrs, "edge": -np.inf}
    assert [type(v) for v in again.values()] == [float, int, tuple, bool, str, type(None), float]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_is_kept_to_the_bit(x):
    graph = Graph([Node("x", "input", value=x, name="x")])
    again = graph_from_bytes(graph_bytes(graph)).nodes["x"].value
    assert np.float64(again).tobytes() == np.float64(x).tobytes() or x != x != again != again


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.float16]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5),
    )
)
def test_every_array_keeps_its_numbers_shape_and_type(array):
    graph = Graph([Node("x", "input", value=array, name="x")])
    again = graph_from_bytes(graph_bytes(graph)).nodes["x"].value
    assert same_value(array, again)
    assert again.dtype == array.dtype
    again[...] = 0  # an array of one's own, writable


def test_a_large_array_is_written_as_bytes():
    array = np.linspace(0, 1, 1000).reshape(10, 100)
    data = graph_bytes(Graph([Node("x", "input", value=array)]))
    written = json.loads(data)["nodes"][0]["value"]
    assert (written["array"], written["shape"]) == ("float64", [10, 100])
    assert same_value(graph_from_bytes(data).nodes["x"].value, array)


def test_big_endian_arrays_are_kept_too():
    array = np.arange(100, dtype=">f8")
    data = graph_bytes(Graph([Node("x", "input", value=array)]))
    assert same_value(graph_from_bytes(data).nodes["x"].value, array)


def test_numbers_that_json_has_no_form_for_have_one_of_ours():
    graph = Graph([Node("x", "input", value=np.array([np.nan, np.inf, -np.inf, -0.0]))])
    data = graph_bytes(graph)
    forms = [{"number": "NaN"}, {"number": "Infinity"}, {"number": "-Infinity"}, -0.0]
    assert json.loads(data)["nodes"][0]["value"] == forms
    assert np.signbit(graph_from_bytes(data).nodes["x"].value[3])


def test_an_alias_is_loaded_under_the_table_s_name():
    data = document({"id": "x", "op": "input"}, {"id": "f", "op": "σ", "inputs": ["x"]})
    assert graph_from_bytes(data).nodes["f"].op == "sigmoid"


def test_a_byte_order_mark_is_no_obstacle(graph):
    assert graph_from_bytes(b"\xef\xbb\xbf" + graph_bytes(graph)) == graph


def test_the_published_schema_is_current():
    """If not: python -m engine.files.records > assets/schema/graph.schema.json"""
    published = (ROOT / "assets/schema/graph.schema.json").read_text("utf-8")
    assert json.loads(published) == json.loads(graph_schema_text())


# broken files ---------------------------------------------------------------------------------

NODE = {"id": "a", "op": "input"}

BROKEN = {
    "empty": (b"", "", "empty"),
    "only spaces": (b" \n ", "", "empty"),
    "truncated": (b'{"version": 1, "nodes": [{"id": "a"', "", "cut off"),
    "not json": (b'{"version": 1,\n "nodes": [}', "", "line 2, column 12"),
    "a literal NaN": (b'{"version": 1, "nodes": [{"id": "a", "value": NaN}]}', "", "column 47"),
    "not utf-8": (b"\xff\xfe{}", "", "UTF-8"),
    "too deep": (b"[" * 100_000 + b"]" * 100_000, "", "64 deep"),
    "a list": (b"[1]", "$", "an object"),
    "no version": (b'{"nodes": []}', "$.version", '"version": 1'),
    "a later version": (b'{"version": 7}', "$.version", "this program reads version 1: update it"),
    "an earlier version": (b'{"version": 0}', "$.version", "is 0"),
    "version as text": (b'{"version": "1"}', "$.version", "text"),
    "version as truth": (b'{"version": true, "nodes": []}', "$.version", "true or false"),
    "version with a point": (b'{"version": 1.0, "nodes": []}', "$.version", "whole number"),
    "no nodes": (b'{"version": 1}', "$", '"nodes"'),
    "nodes are null": (b'{"version": 1, "nodes": null}', "$.nodes", "a list"),
    "a misspelt field": (document({**NODE, "vlaue": 2}), "$.nodes[0]", '"value"'),
    "an unknown field": (document(zebra=1), "$", '"zebra"'),
    "no op": (document(NODE, {"id": "b"}), "$.nodes[1]", 'lacks "op"'),
    "an op that is a number": (document({"id": "a", "op": 3}), "$.nodes[0].op", "text"),
    "an empty id": (document({"id": "", "op": "input"}), "$.nodes[0].id", "length"),
    "an endless id": (document({"id": "a" * 2000, "op": "input"}), "$.nodes[0].id", "1000"),
    "a wire that is a number": (document({**NODE, "inputs": ["a", 2]}), "$.nodes[0].inputs[1]", ""),
    "a place in 3D": (document({**NODE, "at": [1, 2, 3]}), "$.nodes[0].at", "length 2"),
    "a step before the first": (document(session={"step": -1}), "$.session.step", ">= 0"),
    "duplicate ids": (document(NODE, {"id": "b", "op": "input"}, NODE), "$.nodes[2].id", '"a"'),
    "a text value": (document({**NODE, "value": "2"}), "$.nodes[0].value", "is text"),
    "a truth value": (document({**NODE, "value": True}), "$.nodes[0].value", "true or false"),
    "an unknown number": (
        document({**NODE, "value": {"number": "one"}}),
        "$.nodes[0].value.number",
        "NaN",
    ),
    "a number too large": (
        b'{"version":1,"nodes":[{"id":"a","op":"input","value":1e999}]}',
        "$.nodes[0].value",
        "out of range",
    ),
    "an integer too large": (document({**NODE, "value": 10**400}), "$.nodes[0].value", "too large"),
    "an attribute too large": (
        document({**NODE, "attrs": {"axis": [10**30]}}),
        "$.nodes[0].attrs.axis[0]",
        "too large",
    ),
    "ragged rows": (document({**NODE, "value": [[1, 2], [3]]}), "$.nodes[0].value[1]", "2 entries"),
    "a number among rows": (document({**NODE, "value": [[1], 2]}), "$.nodes[0].value[1]", "a list"),
    "a row among numbers": (document({**NODE, "value": [1, [2]]}), "$.nodes[0].value[1]", "number"),
    "text among numbers": (document({**NODE, "value": [1, "2"]}), "$.nodes[0].value[1]", "text"),
    "an unknown array type": (
        document({**NODE, "value": {"array": "complex128", "values": [1]}}),
        "$.nodes[0].value.array",
        "float64",
    ),
    "bytes too few": (
        document({**NODE, "value": {"array": "float64", "shape": [2], "base64": "AAAA"}}),
        "$.nodes[0].value.base64",
        "3 bytes and the shape 2 needs 16",
    ),
    "bytes for an absurd shape": (
        document({**NODE, "value": {"array": "float64", "shape": [2**39] * 30, "base64": ""}}),
        "$.nodes[0].value.base64",
        "0 bytes",
    ),
    "no bytes for an absurd shape": (
        document(
            {**NODE, "value": {"array": "float64", "shape": [2**39] * 30 + [0], "base64": ""}}
        ),
        "$.nodes[0].value.shape",
        "larger",
    ),
    "a shape below zero": (
        document({**NODE, "value": {"array": "float64", "shape": [-1], "base64": ""}}),
        "$.nodes[0].value.shape",
        "whole numbers",
    ),
    "not base64": (
        document({**NODE, "value": {"array": "float64", "shape": [1], "base64": "ä!"}}),
        "$.nodes[0].value.base64",
        "not base64",
    ),
    "an array without its parts": (
        document({**NODE, "value": {"array": "float64"}}),
        "$.nodes[0].value",
        '"values"',
    ),
    "a whole number array with a fraction": (
        document({**NODE, "value": {"array": "int64", "values": [0.5]}}),
        "$.nodes[0].value.values[0]",
        "int64",
    ),
    "a byte that holds no 300": (
        document({**NODE, "value": {"array": "uint8", "values": [300]}}),
        "$.nodes[0].value.values",
        "uint8",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_its_place_and_a_remedy(name):
    data, place, words = BROKEN[name]
    error = refused(data)
    assert error.path == place
    assert words in str(error)


def test_a_crowd_of_nodes_is_refused():
    data = document(*({"id": f"n{k}", "op": "input"} for k in range(100_000)))
    assert "has 100,000 nodes; this program opens up to 50,000" in str(refused(data))


def test_a_huge_file_is_refused_by_its_size_without_being_read(path, monkeypatch):
    with path.open("wb") as file:
        file.truncate(200 * 2**20)  # sparse: takes no space
    monkeypatch.setattr("builtins.open", lambda *args: pytest.fail("it was opened"))
    with pytest.raises(FileError, match=r"too large \(200 MB; the limit is 64 MB\)"):
        load(path)


def test_a_file_that_is_not_there_is_named(path):
    with pytest.raises(FileError, match=r'There is no file "mine.graph.json"'):
        load(path)


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(FileError, match="is not a file"):
        load(path)


@pytest.mark.parametrize("strange", ["a\0b", "x" * 5000, ""])
def test_a_strange_path_is_an_error_of_ours(strange):
    with pytest.raises(FileError):
        load(strange)
    with pytest.raises(FileError):
        save(Graph(), strange)


def test_an_unreadable_file_is_named(path, graph, monkeypatch):
    save(graph, path)

    def deny(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", deny)
    with pytest.raises(FileError, match="cannot be read: permission denied"):
        load(path)


# what loads although the graph is wrong -------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "kind"),
    [
        ([{"id": "f", "op": "exp", "inputs": ["gone"]}], ProblemKind.MISSING_INPUT),
        ([{"id": "f", "op": "exp"}], ProblemKind.MISSING_INPUT),
        ([{"id": "f", "op": "exp", "inputs": [""]}], ProblemKind.MISSING_INPUT),
        ([NODE, {"id": "f", "op": "exp", "inputs": ["a", "a"]}], ProblemKind.MISSING_INPUT),
        ([NODE, {"id": "f", "op": "sigmoud", "inputs": ["a"]}], ProblemKind.UNKNOWN_OP),
        ([{"id": "f", "op": "exp", "inputs": ["f"]}], ProblemKind.CYCLE),
        ([{**NODE, "value": {"number": "NaN"}}], ProblemKind.VALUE),
        ([{**NODE, "value": [1, {"number": "-Infinity"}]}], ProblemKind.VALUE),
        ([{**NODE, "inputs": ["a"]}], ProblemKind.VALUE),
        ([], ProblemKind.EMPTY),
    ],
)
def test_a_graph_with_problems_loads_and_says_them(nodes, kind):
    graph = graph_from_bytes(document(*nodes))
    assert kind in {problem.kind for problem in find_problems(graph)}
    assert graph_from_bytes(graph_bytes(graph)) == graph


def test_places_out_of_this_world_are_forgotten():
    graph = graph_from_bytes(document({**NODE, "at": [1e300, 0]}))
    assert graph.positions == {}


# saving ---------------------------------------------------------------------------------------


def test_saving_keeps_the_permissions_of_the_file(graph, path):
    save(graph, path)
    path.chmod(0o640)
    save(graph, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_followed_not_replaced(graph, path, tmp_path):
    link = tmp_path / "link.graph.json"
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no links here")
    save(graph, link)
    assert link.is_symlink()
    assert load(path) == graph


def fail_full(*args):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(graph, path, monkeypatch, step):
    save(graph, path)
    before = path.read_bytes()
    monkeypatch.setattr(atomic.os, step, fail_full)
    graph.nodes["w"].value = 99.0
    with pytest.raises(FileError, match="was not saved: no space left on device; save it"):
        save(graph, path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_the_new_file_is_synced_before_it_takes_the_old_one_s_place(graph, path, monkeypatch):
    calls = []
    for step in ("fsync", "replace"):
        real = getattr(os, step)
        monkeypatch.setattr(
            atomic.os, step, lambda *a, step=step, real=real: (calls.append(step), real(*a))
        )
    save(graph, path)
    assert calls[:2] == ["fsync", "replace"]


def test_a_read_only_file_is_not_replaced(graph, path, monkeypatch):
    save(graph, path)
    monkeypatch.setattr(atomic.os, "access", lambda *args: False)
    with pytest.raises(FileError, match="read-only"):
        save(graph, path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
def test_a_read_only_folder_is_said(graph, tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(FileError, match="was not saved: permission denied"):
            save(graph, tmp_path / "mine.graph.json")
    finally:
        tmp_path.chmod(0o755)


def test_a_missing_folder_is_said(graph, tmp_path):
    with pytest.raises(FileError, match="its folder does not exist"):
        save(graph, tmp_path / "nowhere" / "mine.graph.json")


def test_a_folder_is_not_overwritten(graph, tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        save(graph, tmp_path)


@pytest.mark.parametrize(
    ("node", "place"),
    [
        (Node("a", "input", value="two"), "$.nodes[0].value"),
        (Node("a", "input", value=object()), "$.nodes[0].value"),
        (Node("a", "input", value=np.array([1j])), "$.nodes[0].value"),
        (Node("a", "input", value=10**400), "$.nodes[0].value"),
        (Node("a", "exp", attrs={"x": {1, 2}}), "$.nodes[0].attrs.x"),
        (Node("a", "exp", attrs={"x": [2**70]}), "$.nodes[0].attrs.x[0]"),
        (Node("\ud800", "input"), "$.nodes[0]"),
        (Node("a" * 2000, "input"), "$.nodes[0].id"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_written(node, place, path):
    with pytest.raises(FileError, match="was not saved") as caught:
        save(Graph([node]), path)
    assert caught.value.path == place
    assert not path.exists()


def test_nothing_is_saved_that_could_not_be_opened(path, monkeypatch):
    crowd = Graph(Node(f"n{k}", "input") for k in range(MAX_NODES + 1))
    with pytest.raises(FileError, match="a file holds up to 50,000"):
        save(crowd, path)
    monkeypatch.setattr(project, "MAX_BYTES", 100)
    with pytest.raises(FileError, match="MB"):
        graph_bytes(Graph([Node("x", "input", value=np.zeros(1000))]))
    assert MAX_BYTES == 64 * 2**20
