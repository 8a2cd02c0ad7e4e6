"""The torch executor against the NumPy one: the same plan, values and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from engine.graph.graph import PARAMETER, Graph
from engine.layers.network import sequential
from engine.layers.presets import PRESETS
from engine.run.arrays import ArrayExecutor, running_leaves
from engine.run.plan import lower

pytest.importorskip("torch", reason="torch is an extra and is not installed here")

from engine.run.device import TorchExecutor, available  # after the check

IMAGES = sequential(
    [
        ("Conv2D", {"filters": 3, "padding": "same", "activation": "relu"}),
        ("MaxPool", {}),
        ("Conv2D", {"filters": 2, "stride": 2}),
        ("Flatten", {}),
        ("BatchNorm", {}),
        ("Dense", {"units": 3, "activation": "gelu"}),
        ("LayerNorm", {}),
        ("Dense", {"units": 2, "activation": "softmax"}),
        ("Cross-entropy", {"target": "one-hot"}),
    ],
    (4, 9, 9, 1),
    0,
)
GRAPHS = {name: preset.build() for name, preset in PRESETS.items()} | {"images": IMAGES}


def both(graph: Graph, dtype: str) -> tuple[ArrayExecutor, TorchExecutor]:
    plan = lower(graph)
    learned = [n.id for n in plan.nodes if n.op == PARAMETER]
    return ArrayExecutor(plan, learned, dtype), TorchExecutor(plan, learned, dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize("name", GRAPHS)
def test_torch_gives_the_same_values_and_gradients(name, dtype, tolerance):
    graph = GRAPHS[name]
    ours, theirs = both(graph, dtype)
    for executor in (ours, theirs):
        prepared = executor.prepare({}, [graph.output], gradients=True, training=True)
        prepared.run()
        executor.seen = prepared.outputs[graph.output]
    np.testing.assert_allclose(ours.seen, theirs.seen, tolerance, tolerance)
    for leaf, gradient in ours.gradients().items():
        scale = max(1.0, float(np.abs(gradient).max()))
        np.testing.assert_allclose(theirs.gradients()[leaf], gradient, 0, tolerance * scale)


def test_inputs_are_read_anew_at_every_run():
    graph = PRESETS["2-4-2-1"].build()
    ours, theirs = both(graph, "float64")
    passes = [e.prepare({"x": (7, 2), "y": (7, 1)}, ["dense_3"]) for e in (ours, theirs)]
    for seed in range(3):
        x = np.random.RandomState(seed).normal(size=(7, 2))
        for prepared in passes:
            prepared.inputs["x"][...] = x
            prepared.run()
        ours_now, theirs_now = (prepared.outputs["dense_3"] for prepared in passes)
        np.testing.assert_allclose(ours_now, theirs_now, rtol=1e-13)


def test_running_means_move_alike():
    ours, theirs = both(IMAGES, "float64")
    for executor in (ours, theirs):
        prepared = executor.prepare({}, [IMAGES.output], training=True, momentum=0.9)
        prepared.run()
        prepared.run()
    for leaf in running_leaves(ours.plan):
        np.testing.assert_allclose(theirs.weights()[leaf], ours.weights()[leaf], rtol=1e-12)


def test_weights_travel_from_one_to_the_other():
    ours, theirs = both(PRESETS["2-8-8-1"].build(), "float64")
    ours.parameters.array += 0.25
    theirs.load(ours.weights())
    for leaf, value in theirs.weights().items():
        np.testing.assert_array_equal(value, ours.weights()[leaf])


def test_this_processor_is_a_device():
    assert "cpu" in available()
