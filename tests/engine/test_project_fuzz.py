"""Whatever bytes a file holds, opening it gives a Graph or a FileError, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FileError
from engine.files.project import graph_bytes, graph_from_bytes
from engine.graph.graph import LEAF_KINDS, Graph
from engine.graph.levels import fully_open, open_composites
from engine.graph.problems import find_problems
from engine.ops import OPS

EXAMPLES = [p.read_bytes() for p in sorted((Path(__file__).parents[2] / "examples").glob("*.json"))]


def opens_or_refuses(data: bytes) -> None:
    """The promise; what opens can also be examined, shown and saved again."""
    graph = None
    try:
        graph = graph_from_bytes(data)
    except FileError as error:
        message = str(error)
    if graph is None:
        assert message.endswith(".")
        assert len(message) < 4000
        return
    assert isinstance(graph, Graph)
    for problem in find_problems(graph):
        assert problem.sentence
    open_composites(graph)
    fully_open(graph)
    assert graph_from_bytes(graph_bytes(graph)) == graph


@given(st.binary(max_size=200))
def test_random_bytes(data):
    opens_or_refuses(data)


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.data())
def test_damaged_examples(example, data):
    """Bytes cut out, doubled or replaced, as a bad disk or a careless editor would."""
    damaged = bytearray(example)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
        end = at + data.draw(st.integers(0, 12))
        part = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.just(bytes(damaged[at:end]) * 2),
                st.sampled_from([b"null", b"[", b'"', b"{}", b"-1", b"1e400", b"true", b"NaN"]),
            )
        )
        damaged[at:end] = part
    opens_or_refuses(bytes(damaged))


@given(st.sampled_from(EXAMPLES), st.data())
def test_truncated_examples(example, data):
    opens_or_refuses(example[: data.draw(st.integers(0, len(example)))])


names = st.sampled_from(["a", "b", "f", "f/exp", "", "x0"]) | st.text(max_size=5)
op_names = st.sampled_from([*LEAF_KINDS, *OPS, "σ", "nonsense"])
numbers = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([{"number": "NaN"}, {"number": "Infinity"}, {"number": "x"}]),
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
arrays = st.fixed_dictionaries(
    {"array": st.sampled_from(["float64", "int8", "bool", "complex64"]) | json_values},
    optional={
        "shape": st.lists(st.integers(-1, 3), max_size=3) | json_values,
        "base64": st.sampled_from(["", "AAAAAAAA8D8=", "AA", "!"]) | json_values,
        "values": st.lists(numbers, max_size=3) | json_values,
    },
)
attributes = st.dictionaries(
    st.sampled_from(["axis", "axes", "slope", "alpha", "shape", "keepdims", "approximate", "x"]),
    json_values,
    max_size=2,
)
nodes = st.fixed_dictionaries(
    {"id": names, "op": op_names},
    optional={
        "inputs": st.lists(names, max_size=3),
        "value": numbers | st.lists(numbers, max_size=3) | arrays | json_values,
        "name": names | st.none(),
        "attrs": attributes,
        "opened": st.booleans() | st.sampled_from(["tensors", "neurons", "primitives"]),
        "at": st.tuples(numbers, numbers) | json_values,
    },
)
documents = st.fixed_dictionaries(
    {"version": st.just(1), "nodes": st.lists(nodes, max_size=6, unique_by=lambda n: n["id"])},
    optional={
        "name": st.text(max_size=5),
        "output": names,
        "session": st.fixed_dictionaries({}, optional={"step": st.integers(), "selected": names}),
        "inside": st.dictionaries(names, st.tuples(numbers, numbers), max_size=2),
    },
)


def as_json(document: object) -> bytes:
    """JSON of ``document``; integers too large for msgspec become text."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, UnicodeError, msgspec.MsgspecError):
        return b'{"version": 1, "nodes": []}'


@settings(max_examples=400)
@given(documents)
def test_documents_of_plausible_shape(document):
    opens_or_refuses(as_json(document))


@given(json_values)
def test_any_json(value):
    opens_or_refuses(as_json(value))
    opens_or_refuses(as_json({"version": 1, "nodes": value}))
