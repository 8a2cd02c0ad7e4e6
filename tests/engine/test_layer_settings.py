"""Sizes of layers, changed with all that depends on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import EngineError
from engine.layers import summary
from engine.layers.network import sequential
from engine.layers.presets import PRESETS
from engine.layers.settings import set_size, sizes_of


@given(units=st.integers(1, 12), layer=st.sampled_from(["dense", "dense_2"]))
def test_layers_behind_follow_and_kept_weights_stay(units: int, layer: str):
    graph = PRESETS["2-8-8-1"].build()
    after = set_size(graph, layer, "units", units)
    assert sizes_of(after, layer) == {"units": units}
    assert engine.trace(after).problems == []
    for name in ("W1", "W2", "W3"):
        old, new = graph.nodes[name].value, after.nodes[name].value
        rows, columns = min(len(old), len(new)), min(old.shape[1], new.shape[1])
        np.testing.assert_array_equal(new[:rows, :columns], old[:rows, :columns])


def test_a_size_set_back_leaves_the_shapes_as_they_were():
    graph = PRESETS["attention"].build()
    back = set_size(set_size(graph, "dense", "units", 3), "dense", "units", 2)
    shapes = {n.id: np.shape(n.value) for n in graph.leaves()}
    assert {n.id: np.shape(n.value) for n in back.leaves()} == shapes


def test_the_last_layer_takes_its_one_hot_answers_along():
    graph = sequential(
        [
            ("Dense", {"units": 3, "activation": "softmax"}),
            ("Cross-entropy", {"target": "one-hot"}),
        ],
        (2, 4),
    )
    after = set_size(graph, "dense", "units", 5)
    assert after.nodes["y"].value.shape == (2, 5)
    assert engine.trace(after).problems == []


def test_filters_and_words():
    images = sequential(
        [("Conv2D", {"filters": 2, "size": 3}), ("Flatten", {}), ("Dense", {"units": 2})],
        (1, 6, 6, 1),
    )
    assert sizes_of(images, "conv_layer") == {"filters": 2, "size": 3}
    more = set_size(set_size(images, "conv_layer", "filters", 4), "conv_layer", "size", 5)
    assert [row.count for row in summary(more)] == [5 * 5 * 4 + 4, 0, 2 * 2 * 4 * 2 + 2]
    words = sequential([("Embedding", {"words": 5, "features": 2})], (2, 3))
    assert set_size(words, "embedding", "words", 9).nodes["E1"].value.shape == (9, 2)


@pytest.mark.parametrize("units", [0, -1, 2.5, "many", True, 10**9])
def test_what_cannot_be_is_refused(units: object):
    with pytest.raises(EngineError):
        set_size(PRESETS["2-8-8-1"].build(), "dense", "units", units)
