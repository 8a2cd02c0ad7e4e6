"""What is given in the wrong place is refused in one sentence, and NumPy's numbers are taken."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import EngineError, FileError, FormulaError, Graph, OpError

X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("value", ["3", b"3", ["3"], [1.0, None], 1j, {}, {1}], ids=repr)
def test_a_value_that_is_no_number_is_refused_by_name(value):
    with pytest.raises(FormulaError, match='The value of "x" must be a number or an array'):
        engine.parse("f = x", x=value)
    with pytest.raises(EngineError, match='The value of "x" must be a number or an array'):
        engine.parse("f = x").with_values({"x": value})


def test_none_leaves_a_value_unset():
    assert engine.parse("f = x", x=None).nodes["x"].value is None
    assert engine.parse("f = x", x=3).with_values({"x": None}).nodes["x"].value is None


@pytest.mark.parametrize("text", [None, 3, b"x"])
def test_a_formula_is_text(text):
    with pytest.raises(FormulaError, match=r'text such as "f = x\*y", not'):
        engine.parse(text)


@pytest.mark.parametrize("name", ["trace", "gradcheck", "to_text", "save"])
def test_text_in_place_of_a_graph_is_told_to_be_parsed(name, tmp_path):
    path = (tmp_path / "x.graph.json",) if name == "save" else ()
    with pytest.raises(EngineError, match=rf"{name} takes a graph, not text; parse the text first"):
        getattr(engine, name)("x + y", *path)
    with pytest.raises(EngineError, match=f"{name} takes a graph, not None; make one"):
        getattr(engine, name)(None, *path)


@pytest.mark.parametrize("path", [None, 3, b"x.graph.json"])
def test_a_path_is_text(path):
    with pytest.raises(FileError, match="named by its path, not by"):
        engine.load(path)
    with pytest.raises(FileError, match="named by its path, not by"):
        engine.save(engine.parse("x"), path)


@pytest.mark.parametrize("axis", [None, [0, 1], (0,), "0", 0.5], ids=repr)
@pytest.mark.parametrize("op", ["softmax", "log_softmax", "concat", "take"])
def test_an_op_along_one_axis_takes_one_whole_number(op, axis):
    inputs = (X, [0]) if op == "take" else (X,)
    with pytest.raises(OpError, match=f"{op} needs one whole number for its axis, not"):
        engine.OPS[op].forward(*inputs, axis=axis)


@pytest.mark.parametrize(
    ("op", "attrs", "plain"),
    [
        ("transpose", {"axes": np.array([1, 0])}, {"axes": (1, 0)}),
        ("transpose", {"axes": (np.int64(1), np.int64(0))}, {"axes": (1, 0)}),
        ("sum", {"axes": np.int64(1)}, {"axes": 1}),
        ("sum", {"axes": np.array(1), "keepdims": np.True_}, {"axes": 1, "keepdims": True}),
        ("reshape", {"shape": np.array([3, -1])}, {"shape": (3, -1)}),
        ("softmax", {"axis": np.int32(0)}, {"axis": 0}),
        ("leaky_relu", {"slope": np.float64(0.25)}, {"slope": 0.25}),
    ],
)
def test_attributes_may_be_numpy_s_and_are_kept_as_plain_numbers(op, attrs, plain):
    graph = Graph()
    graph.apply(op, graph.leaf("input", "x", X), name="f", **attrs)
    assert graph.nodes["f"].attrs == plain
    assert graph == graph.copy()
    np.testing.assert_array_equal(
        engine.trace(graph).value("f"), engine.OPS[op].forward(X, **plain)
    )


def test_axes_that_are_not_whole_are_still_refused():
    graph = Graph()
    graph.apply("transpose", graph.leaf("input", "x", X), axes=np.array([1.0, 0.0]))
    with pytest.raises(engine.GraphError, match="needs a whole number or a list of them"):
        engine.trace(graph)
