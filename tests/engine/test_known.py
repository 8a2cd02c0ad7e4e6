"""What is known of a graph that cannot be walked yet: all that its gaps do not touch."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.edits import downstream
from engine.errors import GraphError
from engine.graph.graph import Graph, Node, same_value
from engine.ops import OPS
from engine.run.known import known_values
from engine.run.plan import lower
from engine.run.trace import trace, trace_plan

values = st.one_of(
    st.none(),
    st.floats(-3, 3),
    st.sampled_from([0.0, math.inf, math.nan, np.ones(3), np.arange(6.0).reshape(2, 3)]),
)


@st.composite
def complete(draw):
    """Graphs in which every port has a wire; most can be walked."""
    graph = Graph()
    ids = [graph.leaf("input", f"x{k}", draw(values)) for k in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 6))):
        op = OPS[draw(st.sampled_from(list(OPS)))]
        ids.append(graph.apply(op.name, *(draw(st.sampled_from(ids)) for _ in op.inputs)))
    return graph


@settings(max_examples=300)
@given(complete())
def test_of_a_graph_that_can_be_walked_it_is_every_value(graph):
    try:
        walk = trace_plan(lower(graph))
    except GraphError:
        return
    known = known_values(graph)
    assert known.keys() == graph.nodes.keys()
    assert all(same_value(value, walk.value(i)) for i, value in known.items())


@settings(max_examples=300)
@given(complete(), st.data())
def test_a_wire_that_is_missing_takes_what_depends_on_it_and_nothing_else(graph, data):
    before = known_values(graph)
    wire = data.draw(st.sampled_from(list(graph.wires())))
    node = graph.nodes[wire.target]
    inputs = tuple("" if k == wire.port else s for k, s in enumerate(node.inputs))
    graph.nodes[node.id] = msgspec.structs.replace(node, inputs=inputs)
    lost = downstream(graph, [node.id])
    known = known_values(graph)
    assert known.keys() == before.keys() - lost
    assert all(same_value(value, before[i]) for i, value in known.items())


def test_the_values_of_scalars_are_those_of_the_walk():
    graph = Graph()
    a, b = graph.leaf("input", "a", 3.0), graph.leaf("parameter", "b", None)
    graph.apply("sigmoid", graph.apply("mul", a, b), name="f")
    walk = trace(graph)
    assert known_values(graph) == pytest.approx({i: walk.value(i) for i in graph.nodes})


def test_a_cycle_and_all_after_it_is_not_known_and_all_else_is():
    graph = Graph()
    x = graph.leaf("input", "x", 2.0)
    graph.apply("exp", "b", name="a")
    graph.apply("neg", "a", name="b")
    graph.apply("add", "b", x, name="after")
    graph.apply("square", x, name="apart")
    assert known_values(graph) == {"x": 2.0, "apart": 4.0}


def test_the_order_of_nodes_does_not_matter():
    graph = Graph([Node("f", "square", ("g",)), Node("g", "neg", ("x",)), Node("x", "input")])
    assert known_values(graph) == {"x": 1.0, "g": -1.0, "f": 1.0}


def test_a_result_too_large_for_memory_is_not_made():
    graph = Graph()
    column = graph.leaf("input", "x", np.zeros((100_000, 1)))
    row = graph.leaf("input", "y", np.zeros((1, 100_000)))
    graph.apply("add", column, row, name="f")
    assert set(known_values(graph)) == {"x", "y"}
