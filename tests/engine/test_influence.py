"""Which elements take part: held against numbers that are wiggled one by one."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import edits
from engine.graph.levels import open_composites
from engine.graph.problems import infer_shapes
from engine.layers.network import sequential
from engine.run.influence import takes_part

NETWORK = [
    ("Dense", {"units": 3, "activation": "tanh"}),
    ("Dense", {"units": 2, "activation": "softmax"}),
    ("MSE", {}),
]


@pytest.mark.parametrize("level", ["", "tensors", "neurons", "primitives"])
def test_an_element_takes_part_where_a_change_of_it_is_felt(level: str):
    graph = sequential(NETWORK, (2, 4), seed=3).with_values({"y": [[0.3, 0.1], [0.9, 0.4]]})
    graph = open_composites(edits.show_level(graph, level)).graph
    shapes = infer_shapes(graph)
    walk = engine.trace(graph)
    rng = np.random.RandomState(0)
    for node in list(graph.nodes.values()):
        index = tuple(rng.randint(0, n) for n in shapes[node.id])
        before, after = takes_part(graph, shapes, node.id, index)
        for user, mask in after.items():
            assert (felt(graph, walk, node.id, index, user) <= mask).all(), (node.id, user)
        for source, mask in before.items():
            for place in np.ndindex(shapes[source]):
                moved = felt(graph, walk, source, place, node.id)
                assert not moved[index] or mask[place], (source, node.id)


@pytest.mark.parametrize("bias", [(1,), (2,), (4, 2), (1, 2)])
@pytest.mark.parametrize("width", [1, 2])
def test_a_bias_may_be_wider_than_the_product(bias: tuple[int, ...], width: int):
    rng = np.random.RandomState(1)
    values = {"x": rng.normal(size=(4, 3)), "W": rng.normal(size=(3, width))}
    graph = engine.parse("f = dense(x, W, b)", **values, b=rng.normal(size=bias))
    shapes, walk = infer_shapes(graph), engine.trace(graph)
    index = tuple(n - 1 for n in shapes["f"])
    before, _ = takes_part(graph, shapes, "f", index)
    for source in ("x", "W", "b"):
        for place in np.ndindex(shapes[source]):
            moved = felt(graph, walk, source, place, "f")
            assert moved[index] == before[source][place], (source, place)
            _, after = takes_part(graph, shapes, source, place)
            assert (after["f"] == moved).all(), (source, place)


def felt(graph, walk, source: str, index: tuple[int, ...], user: str) -> np.ndarray:
    """Which elements of ``user`` change when one of ``source`` does."""
    node = graph.nodes[user]
    values = {i: np.array(walk.value(i), float) for i in node.inputs}
    plain = engine.ops.OPS[node.op].forward(*(values[i] for i in node.inputs), **node.attrs)
    values[source][index] += 0.37
    moved = engine.ops.OPS[node.op].forward(*(values[i] for i in node.inputs), **node.attrs)
    return np.abs(moved - plain) > 1e-12


def test_a_product_came_from_a_row_and_a_column():
    graph = engine.parse("f = A @ B", A=np.ones((2, 3)), B=np.ones((3, 4)))
    before, _ = takes_part(graph, infer_shapes(graph), "f", (1, 2))
    assert np.argwhere(before["A"]).tolist() == [[1, 0], [1, 1], [1, 2]]
    assert np.argwhere(before["B"]).tolist() == [[0, 2], [1, 2], [2, 2]]
    _, after = takes_part(graph, infer_shapes(graph), "A", (0, 1))
    assert np.argwhere(after["f"]).tolist() == [[0, 0], [0, 1], [0, 2], [0, 3]]


def test_a_softmax_mixes_its_row():
    graph = engine.parse("f = softmax(z)", z=np.ones((2, 3)))
    before, _ = takes_part(graph, infer_shapes(graph), "f", (1, 0))
    assert before["z"].tolist() == [[False] * 3, [True] * 3]
