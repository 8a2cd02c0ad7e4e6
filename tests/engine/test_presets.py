"""The networks to begin with: each walks, and has the numbers that one knows of it."""

import numpy as np
import pytest

import engine
from engine.graph.problems import examine
from engine.layers import summary
from engine.layers.presets import PRESETS

COUNTS = {
    "perceptron": 3,
    "logistic regression": 3,
    "2-4-2-1": 25,
    "2-8-8-1": 105,
    "sentiment 800-256-256-5": 272_133,
    "attention classifier": 4 + 1 + 4 * 3 + 3,
    "deep sigmoid chain": 20,
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_walks_and_ends_in_a_loss(name):
    graph = PRESETS[name].build()
    assert examine(graph)[1] == []
    assert float(engine.trace(graph).value(graph.output)) > 0
    assert sum(row.count for row in summary(graph)) == COUNTS[name]
    assert graph == PRESETS[name].build()
    assert PRESETS[name].says.endswith(".")


def test_the_lecture_s_network_has_its_batch_and_its_counts():
    graph = PRESETS["sentiment 800-256-256-5"].build()
    rows = [row for row in summary(graph) if row.count]
    assert [row.count for row in rows] == [205_056, 65_792, 1_285]
    assert [row.shape for row in rows] == [(128, 256), (128, 256), (128, 5)]


def test_padding_has_no_part_in_the_attention_classifier():
    graph = PRESETS["attention classifier"].build()
    gradient = np.asarray(engine.trace(graph).gradient("x"))
    mask = np.broadcast_to(graph.nodes["mask1"].value, gradient.shape)
    assert np.all(gradient[mask == 0] == 0)
    assert np.any(gradient[mask == 1] != 0)


def test_gradients_vanish_along_the_deep_chain():
    walk = engine.trace(PRESETS["deep sigmoid chain"].build())
    first, last = (abs(np.asarray(walk.gradient(w)).item()) for w in ("W1", "W10"))
    assert first < 1e-5 < 1e-2 < last
