"""Networks to begin with: they run, their counts are those of the lecture."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import edits
from engine.graph.levels import LEVELS
from engine.layers import summary
from engine.layers.presets import PRESETS

COUNTS = {
    "logistic": 3,
    "2-4-2-1": 12 + 10 + 3,
    "2-8-8-1": 24 + 72 + 9,
    "sentiment": 205_056 + 65_792 + 1_285,
    "attention": 4 + 1 + 4 * 2 + 2,
    "chain": 16,
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_runs_without_problems(name: str):
    walk = engine.trace(PRESETS[name].build())
    assert walk.problems == []
    assert np.isfinite(walk.value(walk.output))


@pytest.mark.parametrize("name", COUNTS)
def test_a_preset_has_as_many_parameters_as_it_should(name: str):
    assert sum(row.count for row in summary(PRESETS[name].build())) == COUNTS[name]


def test_the_arithmetic_of_the_sentiment_model_is_the_lecture_s():
    rows = [row for row in summary(PRESETS["sentiment"].build()) if row.count]
    assert [row.arithmetic for row in rows] == ["800·256 + 256", "256·256 + 256", "256·5 + 5"]


def test_an_untrained_sentiment_model_is_about_as_surprised_as_chance():
    walk = engine.trace(PRESETS["sentiment"].build())
    assert abs(float(walk.value(walk.output)) - np.log(5)) < 0.2


def test_gradients_vanish_along_the_chain():
    walk = engine.trace(PRESETS["chain"].build())
    sizes = [abs(float(walk.gradient(f"W{k}")[0, 0])) for k in range(1, 9)]
    assert sizes[0] < 1e-3 * sizes[-1]


def test_padding_has_no_weight_in_attention():
    graph = edits.show_level(PRESETS["attention"].build(), "tensors")
    from engine.graph.levels import open_composites

    walk = engine.trace(open_composites(graph).graph)
    weights = walk.value("attention_pooling/softmax")
    mask = graph.nodes["mask1"].value
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(weights[mask == 0] == 0)


@pytest.mark.parametrize("name", ["logistic", "2-4-2-1", "2-8-8-1", "attention", "chain"])
@pytest.mark.parametrize("level", LEVELS)
def test_small_presets_can_be_seen_at_every_level(name: str, level: str):
    edits.show_level(PRESETS[name].build(), level)
