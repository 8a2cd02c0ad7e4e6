"""Layers: their weights, their arithmetic, and gradients through whole networks."""

import numpy as np
import pytest

import engine
from engine.errors import EngineError
from engine.graph.problems import find_problems
from engine.layers import LAYERS, add_layer, sequential, summary
from engine.layers.initialisers import INITIALISERS, draw, fans
from engine.ops import OPS

SENTIMENT = [
    ("Dense", {"units": 256, "activation": "relu"}),
    ("Dropout", {}),
    ("Dense", {"units": 256, "activation": "relu"}),
    ("Dropout", {}),
    ("Dense", {"units": 5, "activation": "softmax"}),
]


def test_the_lecture_s_network_has_the_lecture_s_numbers():
    rows = summary(sequential(SENTIMENT, (2, 800)))
    assert [row.count for row in rows] == [205_056, 0, 65_792, 0, 1_285]
    assert [row.shape for row in rows] == [(2, 256)] * 4 + [(2, 5)]
    assert rows[0].arithmetic == "800·256 + 256"
    assert sum(row.count for row in rows) == 272_133


@pytest.mark.parametrize(
    ("specs", "shape"),
    [
        ([("Dense", {"units": 3, "activation": "tanh"}), ("MSE", {})], (2, 4)),
        ([("Dense", {"units": 3, "bias": False}), ("Activation", {}), ("MAE", {})], (2, 4)),
        ([("Dropout", {"rate": 0.3}), ("LayerNorm", {}), ("BCE from scores", {})], (3, 4)),
        ([("BatchNorm", {}), ("Dense", {"units": 2}), ("Cross-entropy from scores", {})], (4, 3)),
        (
            [
                ("Conv2D", {"filters": 2, "activation": "tanh", "padding": "same"}),
                ("MaxPool", {}),
                ("Flatten", {}),
                ("Dense", {"units": 2, "activation": "softmax"}),
                ("Cross-entropy", {}),
            ],
            (2, 4, 4, 1),
        ),
        (
            [
                ("Embedding", {"words": 7, "features": 4}),
                ("Attention", {}),
                ("Dense", {"units": 2, "activation": "softmax"}),
                ("Cross-entropy", {}),
            ],
            (3, 5),
        ),
    ],
    ids=["dense", "no bias", "dropout", "batch norm", "images", "attention"],
)
def test_gradients_of_networks_agree_with_differences(specs, shape):
    graph = sequential(specs, shape, seed=3)
    check = engine.gradcheck(graph)
    assert check.passed, str(check)


def test_a_network_is_the_same_whenever_it_is_drawn():
    assert sequential(SENTIMENT[:2], (2, 8), seed=5) == sequential(SENTIMENT[:2], (2, 8), seed=5)
    assert sequential(SENTIMENT[:2], (2, 8), seed=5) != sequential(SENTIMENT[:2], (2, 8), seed=6)


def test_a_skip_joins_what_went_around():
    graph = sequential([("Dense", {"units": 4, "activation": "tanh"})], (2, 4))
    graph, skip = add_layer(graph, "Add", sources=("x", graph.output))
    assert graph.nodes[skip].inputs == ("x", "dense")
    walk = engine.trace(graph)
    np.testing.assert_array_equal(walk.value(skip), walk.value("x") + walk.value("dense"))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_agrees_with_torch(padding, stride):
    torch = pytest.importorskip("torch")
    if padding == "same" and stride > 1:
        pytest.skip("torch knows no such convolution")
    rng = np.random.default_rng(7)
    x, kernel = rng.normal(size=(2, 6, 5, 3)), rng.normal(size=(3, 3, 3, 4))
    images = torch.tensor(x.transpose(0, 3, 1, 2), requires_grad=True)
    weights = torch.tensor(kernel.transpose(3, 2, 0, 1), requires_grad=True)
    theirs = torch.nn.functional.conv2d(images, weights, stride=stride, padding=padding)
    attrs = {"stride": stride, "padding": padding}
    ours = OPS["conv2d"].forward(x, kernel, **attrs)
    np.testing.assert_allclose(ours, theirs.detach().numpy().transpose(0, 2, 3, 1), atol=1e-12)
    g = rng.normal(size=ours.shape)
    theirs.backward(torch.tensor(g.transpose(0, 3, 1, 2)))
    of_x, of_kernel = OPS["conv2d"].vjp(g, ours, x, kernel, **attrs)
    np.testing.assert_allclose(of_x, images.grad.numpy().transpose(0, 2, 3, 1), atol=1e-12)
    np.testing.assert_allclose(of_kernel, weights.grad.numpy().transpose(2, 3, 1, 0), atol=1e-12)


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers_have_the_spread_that_their_papers_ask_for(name):
    ins, outs = 300, 200
    drawn = draw(name, (ins, outs), seed=1)
    spread = {
        "zeros": 0,
        "ones": 0,
        "uniform": 0.05 / 3**0.5,
        "normal": 0.05,
        "glorot_uniform": (2 / (ins + outs)) ** 0.5,
        "glorot_normal": (2 / (ins + outs)) ** 0.5,
        "he_uniform": (2 / ins) ** 0.5,
        "he_normal": (2 / ins) ** 0.5,
    }[name]
    assert drawn.std() == pytest.approx(spread, rel=0.02)
    assert drawn.mean() == pytest.approx(1.0 if name == "ones" else 0.0, abs=0.005)


def test_a_kernel_s_neurons_see_its_window():
    assert fans((3, 3, 2, 8)) == (18, 72)


@pytest.mark.parametrize(
    ("specs", "shape", "says"),
    [
        ([("Dense", {"units": 0})], (2, 3), "at least 1, not 0"),
        ([("Dense", {"units": 1_000_000})], (2, 800), "801,000,000 numbers (6,408 MB)"),
        ([("Dense", {"activation": "rleu"})], (2, 3), "there are: linear, sigmoid"),
        ([("Dense", {"init": "he"})], (2, 3), "he_normal"),
        ([("Dense", {"width": 3})], (2, 3), "no setting 'width'"),
        ([("Dens", {})], (2, 3), 'no layer "Dens"'),
        ([("Conv2D", {})], (2, 3), "Conv2D needs batch×height×width×channels"),
        ([("Attention", {})], (2, 3), "Attention needs batch×words×features"),
    ],
)
def test_what_cannot_be_is_said(specs, shape, says):
    with pytest.raises(EngineError) as caught:
        sequential(specs, shape)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_says_what_it_does_and_names_its_op(name):
    layer = LAYERS[name]
    assert layer.says.endswith(".")
    assert layer.op(layer.settings) in OPS
    assert set(layer.choices) <= set(layer.settings)


def test_a_softmax_over_one_number_is_allowed_and_named():
    slip = sequential([("Attention", {"axis": 2}), ("Dense", {"units": 2})], (3, 4, 2))
    walk = engine.trace(slip)
    (problem,) = find_problems(slip)
    assert problem.node == "attention_pooling"
    assert "always 1" in problem.sentence
    np.testing.assert_array_equal(walk.gradient("w1"), 0)  # what the lecture's own slide does
    one = sequential([("Dense", {"units": 1, "activation": "softmax"})], (2, 3))
    assert engine.trace(one).value(one.output).tolist() == [[1.0], [1.0]]
    assert find_problems(one)
    assert not find_problems(sequential([("Attention", {})], (3, 4, 2)))
