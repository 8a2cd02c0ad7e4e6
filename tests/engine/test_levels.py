"""Opening a composite changes what is seen, never what is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import edits
from engine.errors import EngineError
from engine.files.project import load, save
from engine.graph.graph import Graph
from engine.graph.levels import Frame, can_open, fully_open, open_composites
from engine.graph.neuron import neuron_level
from engine.graph.problems import find_problems
from engine.layers.presets import PRESETS
from engine.ops import OPS
from engine.run.trace import trace

COMPOSITES = [op for op in OPS.values() if op.composite]


def applied(op_name: str, inputs: list, **attrs) -> Graph:
    """One op, named f, on inputs x0, x1 …"""
    graph = Graph()
    values = [np.asarray(x) for x in inputs]
    ids = [
        graph.leaf("input", f"x{k}", float(v) if v.shape == () and v.dtype.kind == "f" else v)
        for k, v in enumerate(values)
    ]
    graph.apply(op_name, *ids, name="f", **attrs)
    return graph


@pytest.fixture
def circuit():
    """f = 2σ(x), with σ called s."""
    graph = Graph(name="circuit")
    x, two = graph.leaf("input", "x", 1.0), graph.leaf("constant", "", 2.0)
    graph.apply("mul", two, graph.apply("sigmoid", x, name="s"), name="f")
    return graph


def test_a_graph_with_nothing_opened_is_shown_as_it_is(circuit):
    opened = open_composites(circuit)
    assert opened.graph is circuit
    assert opened.frames == ()


def test_opening_sigmoid_shows_its_primitives_and_keeps_its_id_and_name(circuit):
    circuit.nodes["s"].opened = "tensors"
    opened = open_composites(circuit)
    assert {"s/neg", "s/exp", "s/add", "s"} < set(opened.graph.nodes)
    assert opened.graph.nodes["s"].op == "reciprocal"
    assert opened.graph.nodes["s"].name == "s"
    assert opened.graph.nodes["f"].inputs == ("c", "s")
    assert find_problems(opened.graph) == []


def test_the_frame_names_its_members_in_order(circuit):
    circuit.nodes["s"].opened = "tensors"
    opened = open_composites(circuit)
    (frame,) = opened.frames
    assert isinstance(frame, Frame)
    assert (frame.node, frame.op) == ("s", "sigmoid")
    assert frame.title == "σ sigmoid, opened into its primitives"
    assert frame.members[-1] == "s"
    assert list(frame.members) == [i for i in opened.graph.nodes if i in frame.members]
    assert opened.owner("s/exp") == "s"
    assert opened.owner("f") == "f"


def test_opening_leaves_the_document_alone(circuit):
    circuit.nodes["s"].opened = "tensors"
    before = circuit.copy()
    open_composites(circuit)
    fully_open(circuit)
    assert circuit == before


def test_opening_sigmoid_keeps_every_outer_gradient(circuit):
    folded = trace(circuit)
    circuit.nodes["s"].opened = "tensors"
    opened = trace(open_composites(circuit).graph)
    for name in ("x", "s", "f"):
        assert opened.value(name) == pytest.approx(folded.value(name), rel=1e-15)
        assert opened.gradient(name) == pytest.approx(folded.gradient(name), rel=1e-14)


def test_places_of_nodes_inside_are_remembered(circuit):
    circuit.nodes["s"].opened = "tensors"
    circuit.positions = {"s": (1.0, 2.0), "s/exp": (3.0, 4.0), "gone": (5.0, 6.0)}
    assert open_composites(circuit).graph.positions == {"s": (1.0, 2.0), "s/exp": (3.0, 4.0)}


def test_inner_ids_never_collide_with_the_user_s():
    graph = Graph()
    x = graph.leaf("input", "s/exp", 1.0)
    graph.apply("sigmoid", x, name="s")
    graph.nodes["s"].opened = "tensors"
    opened = open_composites(graph)
    assert "s/exp_2" in opened.graph.nodes
    assert opened.graph.nodes["s/exp"].value == 1.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda node: setattr(node, "inputs", ("",)),
        lambda node: setattr(node, "inputs", ("nobody",)),
        lambda node: setattr(node, "inputs", ("f",)),
        lambda node: setattr(node, "inputs", ()),
        lambda node: setattr(node, "attrs", {"nonsense": object()}),
    ],
    ids=["no wire", "dangling wire", "cycle", "no port", "unknown attribute"],
)
def test_a_composite_with_a_problem_stays_folded_and_keeps_its_problem(circuit, spoil):
    node = circuit.nodes["s"]
    node.opened = "tensors"
    spoil(node)
    opened = open_composites(circuit)
    assert opened.frames == ()
    assert find_problems(opened.graph) == find_problems(circuit) != []


def test_marking_a_primitive_opens_nothing(circuit):
    circuit.nodes["f"].opened = "tensors"
    assert not can_open(circuit.nodes["f"])
    assert open_composites(circuit).graph is circuit


@pytest.mark.parametrize("op", COMPOSITES, ids=lambda op: op.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_an_opened_composite_has_the_folded_one_s_value_and_gradients(op, data):
    sample = data.draw(st.sampled_from(op.samples))
    attrs = sample[-1] if isinstance(sample[-1], dict) else {}
    inputs = [np.asarray(x) for x in sample if not isinstance(x, dict)]
    carries = op.carries(len(inputs))
    for k, x in enumerate(inputs):
        if carries[k] and x.dtype.kind == "f":  # stay on the sample's side of 0 and of 1
            scale = data.draw(st.floats(0.9, 1.0), label=f"scale of input {k}")
            inputs[k] = x * scale
    graph = applied(op.name, inputs, **attrs)
    graph.nodes["f"].opened = "tensors"
    opened = open_composites(graph)
    assert opened.frames, "it did not open"
    if op.kind != "layer":  # a layer opens one level
        assert fully_open(opened.graph) is opened.graph, "composites are left inside"
    assert find_problems(opened.graph) == []
    a, b = trace(graph), trace(opened.graph)
    if b.problems:  # the definition overflows or meets 0·ln 0: what the folded rule is there for
        assert sample is not op.samples[0]
        return
    np.testing.assert_allclose(b.value("f"), a.value("f"), rtol=1e-12, atol=1e-13)
    for k, flows in enumerate(carries):
        if flows:
            np.testing.assert_allclose(
                b.gradient(f"x{k}"), a.gradient(f"x{k}"), rtol=1e-12, atol=1e-13
            )


# one neuron of a layer ----------------------------------------------------------------------------


def dense(inputs: int, units: int, batch: int, **settings) -> Graph:
    """A Dense layer called "dense", weighed so that every element has its own gradient."""
    rng = np.random.default_rng(3)
    graph = Graph()
    shape = (batch, inputs) if batch else (inputs,)
    x = graph.leaf("input", "x", rng.normal(size=shape))
    weights = graph.leaf("parameter", "W", rng.normal(size=(inputs, units)))
    parts = [x, weights]
    if settings.pop("bias", True):
        parts.append(graph.leaf("parameter", "b", rng.normal(size=units)))
    op = "dense" if len(parts) == 3 else "projection"
    graph.apply(op, *parts, name="dense", **settings)
    scale = graph.leaf("constant", "", rng.normal(size=(*shape[:-1], units)))
    graph.output = graph.apply("sum", graph.apply("mul", "dense", scale))
    return graph


@given(
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(0, 4),
    st.sampled_from(["linear", "tanh", "relu", "softmax"]),
    st.booleans(),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_one_neuron_leaves_every_value_and_gradient_as_it_is(
    inputs, units, batch, activation, bias, data
):
    graph = dense(inputs, units, batch, activation=activation, bias=bias)
    folded = trace(graph)
    graph.nodes["dense"].opened = neuron_level(data.draw(st.integers(0, units - 1)))
    opened = open_composites(graph)
    assert not opened.refused
    walk = trace(opened.graph)
    for i in graph.nodes:
        np.testing.assert_allclose(walk.value(i), folded.value(i), rtol=1e-12, atol=1e-14)
        if folded.gradient(i) is not None:
            np.testing.assert_allclose(walk.gradient(i), folded.gradient(i), rtol=1e-12, atol=1e-14)


def test_one_neuron_names_the_largest_weights_and_sums_the_rest():
    graph = dense(20, 3, 4, activation="relu")
    graph.nodes["dense"].opened = "neuron 1"
    opened = open_composites(graph)
    column = graph.nodes["W"].value[:, 1]
    largest = sorted(np.argsort(-abs(column))[:8])
    shown = {n.name for n in opened.graph.nodes.values() if n.op == "entry"}
    assert shown == {f"W[{i},1]" for i in largest} | {f"x{i}" for i in largest} | {"b1"}
    (frame,) = opened.frames
    assert frame.title == "dense, its neuron 1: the 8 largest of 20 weights, the rest as one sum"
    assert opened.owner("dense/rest") == "dense"
    rest = trace(opened.graph).value("dense/rest")
    others = [i for i in range(20) if i not in largest]
    np.testing.assert_allclose(rest, graph.nodes["x"].value[:, others] @ column[others])


def test_a_neuron_beside_layers_in_primitives():
    graph = PRESETS["2-4-2-1"].build()
    folded = trace(graph)
    layers = [n.id for n in graph.nodes.values() if n.op == "dense"]
    for alone in layers:
        for level in ("tensors", "neurons", "primitives"):
            for i in layers:
                graph.nodes[i].opened = "neuron 0" if i == alone else level
            opened = open_composites(graph)
            assert not opened.refused
            walk = trace(opened.graph)
            for i in graph.nodes:
                if i in opened.graph.nodes:
                    np.testing.assert_allclose(walk.value(i), folded.value(i), rtol=1e-12)


@pytest.mark.parametrize(("number", "why"), [(3, "it has the neurons 0 to 2, and no 3")])
def test_a_neuron_that_is_not_there_is_refused_with_a_sentence(number, why):
    graph = dense(4, 3, 2)
    graph.nodes["dense"].opened = neuron_level(number)
    assert open_composites(graph).refused == {"dense": why}
    with pytest.raises(EngineError, match=why):
        edits.check_level(graph, neuron_level(number), ["dense"])


def test_a_large_network_offers_one_neuron():
    with pytest.raises(EngineError, match="one neuron"):
        edits.show_level(PRESETS["sentiment"].build(), "primitives")


def test_one_neuron_is_kept_in_the_file(tmp_path):
    graph = dense(4, 3, 2)
    graph.nodes["dense"].opened = "neuron 2"
    path = tmp_path / "one.graph.json"
    save(graph, path)
    assert load(path).nodes["dense"].opened == "neuron 2"
    text = path.read_text().replace('"neuron 2"', '"neuron two"')
    path.write_text(text)
    with pytest.raises(EngineError, match="opened"):
        load(path)
