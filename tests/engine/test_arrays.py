"""The NumPy executor against the recorded walk: what you step is what you train."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.graph.formula import parse
from engine.graph.graph import INPUT, PARAMETER, Graph, Node
from engine.layers.network import sequential
from engine.layers.presets import PRESETS
from engine.ops import OPS
from engine.run.arrays import ArrayExecutor, Vector, running_leaves
from engine.run.plan import lower
from engine.run.program import Program
from engine.run.recorder import NotRecordable, Tape
from engine.run.trace import trace

SAMPLES = [
    pytest.param(op, sample, id=f"{op.name}-{k}")
    for op in OPS.values()
    for k, sample in enumerate(op.samples)
]


def learned(graph: Graph) -> list[str]:
    return [n.id for n in graph.nodes.values() if n.op == PARAMETER]


def of_op(op, sample) -> Graph:
    """A graph of one op whose inputs are all parameters."""
    attrs = sample[-1] if isinstance(sample[-1], dict) else {}
    values = sample[:-1] if attrs else sample
    nodes = [
        Node(f"p{k}", PARAMETER, (), np.asarray(v, float), f"p{k}") for k, v in enumerate(values)
    ]
    end = Node("end", op.name, tuple(n.id for n in nodes), None, "", attrs)
    return Graph([*nodes, end], output="end")


def run_and_compare(graph: Graph, dtype=np.float64, rtol=1e-12, atol=1e-14) -> ArrayExecutor:
    plan = lower(graph)
    end = plan.nodes[plan.output].id
    executor = ArrayExecutor(plan, learned(graph), dtype)
    prepared = executor.prepare({}, [end], gradients=True)
    walk = trace(graph)
    for _ in range(2):  # a second run must not find traces of the first
        prepared.run()
        np.testing.assert_allclose(prepared.outputs[end], walk.value(end), rtol, atol)
        for leaf in learned(graph):
            expected = walk.gradient(leaf)
            np.testing.assert_allclose(executor.gradients()[leaf], expected, rtol, atol)
    return executor


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_every_op_gives_the_values_and_gradients_of_the_walk(op, sample):
    run_and_compare(of_op(op, sample))


@pytest.mark.parametrize("name", PRESETS)
def test_networks_give_the_gradients_of_the_walk(name):
    run_and_compare(PRESETS[name].build())


@pytest.mark.parametrize("name", PRESETS)
def test_in_float32_they_agree_to_single_precision(name):
    run_and_compare(PRESETS[name].build(), np.float32, rtol=2e-4, atol=1e-6)


LEAVES = st.sampled_from(["w0", "w1", "w2", "x0"])
UNARY = st.sampled_from(["sigmoid", "tanh", "relu", "exp", "square", "-", "sin"])


def formulas() -> st.SearchStrategy[str]:
    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(UNARY, inner).map(lambda p: f"{p[0]}({p[1]})"),
            st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        )

    return st.recursive(LEAVES, grown, max_leaves=12)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(formulas(), st.integers(1, 7))
def test_a_column_of_numbers_is_as_many_runs_with_one(formula, rows):
    graph = parse(f"f = w0 * ({formula})")
    plan = lower(graph)
    executor = ArrayExecutor(plan, learned(graph))
    inputs = [n.id for n in graph.nodes.values() if n.op == INPUT]
    column = np.linspace(-1.2, 1.1, rows)
    end = plan.nodes[plan.output].id
    prepared = executor.prepare(dict.fromkeys(inputs, (rows,)), [end], gradients=True)
    for i in inputs:
        prepared.inputs[i][...] = column
    prepared.run()
    totals = dict.fromkeys(learned(graph), 0.0)
    for row, x in enumerate(column.tolist()):
        walk = trace(graph.with_values(dict.fromkeys(inputs, x)))
        value = np.broadcast_to(prepared.outputs[end], rows)[row]
        np.testing.assert_allclose(value, walk.value(end), rtol=1e-12, atol=1e-300)
        for leaf in totals:
            totals[leaf] += walk.gradient(leaf)
    if inputs:  # else the output is one number, however many rows there are
        for leaf, total in totals.items():
            got = float(executor.gradients()[leaf])
            assert got == pytest.approx(total, rel=1e-9, abs=1e-12) or not np.isfinite(total)


def test_a_run_allocates_nothing():
    graph = PRESETS["sentiment"].build()
    executor = ArrayExecutor(lower(graph), learned(graph), np.float32)
    prepared = executor.prepare({}, [graph.output], gradients=True, training=True)
    prepared.run()
    gc.collect()
    tracemalloc.start()
    prepared.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 70_000  # NumPy's buffers for mixed types; the activations alone take 390,000
    assert prepared.allocated < 1_000_000


def test_what_nobody_reads_is_not_computed():
    graph = PRESETS["sentiment"].build()
    executor = ArrayExecutor(lower(graph), learned(graph))
    with_gradients = executor.prepare({}, [graph.output], gradients=True).calls
    forward = executor.prepare({}, [graph.output]).calls
    first = executor.prepare({}, ["dense"]).calls
    assert first < forward < with_gradients


def test_parameters_are_one_vector_seen_by_leaf():
    vector = Vector({"W": (2, 3), "b": (3,), "s": ()}, np.float64)
    vector.array[:] = np.arange(10)
    np.testing.assert_array_equal(vector.views["W"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(vector.views["b"], [6, 7, 8])
    assert vector.views["s"] == 9
    vector.views["s"][...] = -1
    assert vector.array[9] == -1


def test_evaluating_leaves_dropout_out_and_uses_running_means():
    graph = sequential(
        [("BatchNorm", {}), ("Dropout", {"rate": 0.5}), ("Dense", {"units": 2})], (6, 3), 0
    )
    graph = graph.with_values({"x": np.random.RandomState(0).normal(2.0, 3.0, (6, 3))})
    plan = lower(graph)
    executor = ArrayExecutor(plan, learned(graph))
    kept = running_leaves(plan)
    x = graph.nodes["x"].value
    step = executor.prepare({}, [graph.output], gradients=True, training=True, momentum=0.75)
    step.run()
    np.testing.assert_allclose(executor.leaf(kept[0]), 0.25 * x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(executor.leaf(kept[1]), 0.75 + 0.25 * x.var(0), rtol=1e-12)
    step.run()
    np.testing.assert_allclose(executor.leaf(kept[0]), 0.4375 * x.mean(0), rtol=1e-12)
    use = executor.prepare({}, ["batch_norm", "dropout"], training=False)
    use.run()
    mean, variance = executor.leaf(kept[0]), executor.leaf(kept[1])
    expected = (x - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(use.outputs["batch_norm"], expected, rtol=1e-12)
    np.testing.assert_array_equal(use.outputs["dropout"], use.outputs["batch_norm"])


def test_weights_can_be_taken_and_put_back():
    graph = PRESETS["2-4-2-1"].build()
    executor = ArrayExecutor(lower(graph), learned(graph))
    before = executor.weights()
    executor.parameters.array += 1
    assert not np.array_equal(executor.weights()["W1"], before["W1"])
    executor.load(before)
    for leaf, value in executor.weights().items():
        np.testing.assert_array_equal(value, before[leaf])


def test_shapes_that_do_not_meet_are_said():
    graph = PRESETS["2-4-2-1"].build()
    executor = ArrayExecutor(lower(graph), learned(graph))
    with pytest.raises(EngineError, match="matmul needs a's columns to equal b's rows"):
        executor.prepare({"x": (4, 3)}, [graph.output])


def test_a_rule_that_looks_at_numbers_is_not_recorded():
    tape = Tape()
    x = tape.given(np.ones(3))
    with pytest.raises(NotRecordable):
        bool(x[0] > 0)
    with pytest.raises(NotRecordable):
        np.asarray(x)
    with pytest.raises(NotRecordable):
        np.add(x, x, out=np.ones(3))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_a_program_gives_what_its_tape_gave(moves):
    """Any sequence of calls and views, whatever memory is used again."""
    tape = Tape()
    start = np.linspace(-1, 1, 12).reshape(3, 4)
    made = [tape.given(start)]
    for kind, first, second in moves:
        a, b = made[first % len(made)], made[second % len(made)]
        if kind == 0:
            made.append(a.T)
        elif kind == 1:
            made.append(a.reshape(a.size).reshape(*reversed(a.shape)))
        elif kind == 2:
            made.append(np.tanh(a))
        elif a.shape == b.shape:
            made.append([np.add, np.multiply, np.maximum][kind - 3](a, b))
        else:
            made.append(a.T + b)
    wanted = {str(k): m for k, m in enumerate(made) if k % 3 == 0 or k == len(made) - 1}
    program = Program(tape, {0: start}, wanted, {})
    for _ in range(2):
        program.run()
        for name, recorded in wanted.items():
            np.testing.assert_allclose(program.outputs[name], recorded.array, rtol=1e-12)
