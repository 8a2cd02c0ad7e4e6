"""The walk against micrograd, in one run: `./dev bench` prints both."""

from __future__ import annotations

import tracemalloc

import pytest

import engine
from benchmarks.peers import micrograd_circuit
from engine.graph.graph import Graph, Node

LEAVES = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def sum_nodes() -> tuple[Node, ...]:
    """w0x0 + w1x1 + w2, in reading order."""
    return (
        Node("w0", "parameter", (), 2.0),
        Node("x0", "input", (), -1.0),
        Node("a", "mul", ("w0", "x0")),
        Node("w1", "parameter", (), -3.0),
        Node("x1", "input", (), -2.0),
        Node("b", "mul", ("w1", "x1")),
        Node("s", "add", ("a", "b")),
        Node("w2", "parameter", (), -3.0),
        Node("z", "add", ("s", "w2")),
    )


def folded() -> Graph:
    """The circuit with its sigmoid as one node."""
    return Graph((*sum_nodes(), Node("f", "sigmoid", ("z",))), "f")


def opened() -> Graph:
    """The circuit in primitives: negate, exp, +1, 1/x."""
    return Graph(
        (
            *sum_nodes(),
            Node("n", "neg", ("z",)),
            Node("e", "exp", ("n",)),
            Node("one", "constant", (), 1.0),
            Node("p", "add", ("e", "one")),
            Node("f", "reciprocal", ("p",)),
        ),
        "f",
    )


def chain(nodes: int) -> Graph:
    """A scalar graph of so many nodes: x ↦ tanh-free mix of mul, add and sigmoid."""
    graph = Graph()
    w, x = graph.leaf("parameter", "w", 0.9), graph.leaf("input", "x", 0.5)
    last = x
    while len(graph.nodes) < nodes:
        last = graph.apply("mul", w, last)
        last = graph.apply("add", last, x)
        last = graph.apply("sigmoid", last)
    return graph


@pytest.mark.benchmark(group="circuit: build, forward, backward")
@pytest.mark.parametrize("build", [folded, opened], ids=["ours, folded", "ours, in primitives"])
def test_circuit(benchmark, build) -> None:
    walk = benchmark(lambda: engine.trace(build()))
    assert walk.gradient("w0") == pytest.approx(-0.19661193324148185, abs=1e-15)


@pytest.mark.benchmark(group="circuit: build, forward, backward")
def test_circuit_by_micrograd(benchmark) -> None:
    assert benchmark(micrograd_circuit).data == pytest.approx(0.7310585786300049, abs=1e-15)


@pytest.mark.benchmark(group="scalar graph of 10,000 nodes")
def test_ten_thousand_nodes(benchmark) -> None:
    graph = chain(10_000)
    walk = benchmark.pedantic(engine.trace, (graph,), rounds=10)
    tracemalloc.start()
    kept = engine.trace(graph)
    kept.forward_count  # noqa: B018 - the index of steps is part of the record
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    benchmark.extra_info["bytes per step"] = round(size / len(kept))
    assert len(walk) == len(kept)


@pytest.mark.benchmark(group="formula of 1,000 terms")
def test_parse_a_thousand_terms(benchmark) -> None:
    text = "f = " + " + ".join(f"w{k}*x{k}" for k in range(1000))
    engine.parse("a*b")  # the grammar is built once
    graph = benchmark.pedantic(engine.parse, (text,), rounds=10)
    assert len(graph.nodes) == 3999
