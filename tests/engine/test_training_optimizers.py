"""Optimisers against torch, against the rules that Keras publishes, and against each other."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import TrainingError
from engine.training import update as updates
from engine.training.optimizers import OPTIMIZERS, optimizer_called
from engine.training.update import Update

RECORDED = Path(__file__).parent / "recorded" / "keras_optimizers.json"
SIZE = 1100
STEPS = 40
RANDOM = 20260


def random_run(size: int = SIZE, steps: int = STEPS) -> tuple[np.ndarray, list[np.ndarray], list]:
    """Weights to begin with, and for each update a gradient and a factor of the learning rate."""
    draws = np.random.RandomState(RANDOM)
    start = draws.normal(size=size)
    gradients = [draws.normal(size=size) * math.exp(draws.normal()) for _ in range(steps)]
    gradients[3][::5] = 0.0
    return start, gradients, [1 + 0.5 * math.sin(k) for k in range(steps)]


def ours(name: str, preset: str, dtype=float, **given) -> np.ndarray:
    start, gradients, factors = random_run()
    optimizer = OPTIMIZERS[name]
    settings = optimizer.settings(preset, **given)
    weights, gradient = start.astype(dtype), np.zeros(SIZE, dtype)
    with pytest.MonkeyPatch.context() as patch:  # three blocks, the last a short one
        patch.setattr(updates, "BLOCK_BYTES", 500 * weights.itemsize)
        update = Update(optimizer, settings, weights, gradient)
    for g, factor in zip(gradients, factors, strict=True):
        gradient[:] = g
        update.step(settings["rate"] * factor)
    return weights


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_torch_preset_is_torch(name):
    torch = pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    made = {
        "sgd": lambda p: torch.optim.SGD(p),
        "momentum": lambda p: torch.optim.SGD(p, momentum=0.9),
        "nesterov": lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True),
        "adagrad": torch.optim.Adagrad,
        "adadelta": torch.optim.Adadelta,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "nadam": torch.optim.NAdam,
    }[name]
    start, gradients, factors = random_run()
    p = torch.tensor(start, requires_grad=True)
    theirs = made([p])
    rate = theirs.param_groups[0]["lr"]
    assert rate == OPTIMIZERS[name].settings("torch")["rate"]
    for g, factor in zip(gradients, factors, strict=True):
        p.grad = torch.tensor(g)
        theirs.param_groups[0]["lr"] = rate * factor
        theirs.step()
    # torch keeps Nadam's product of momenta in single precision
    tolerance = 1e-8 if name == "nadam" else 1e-12
    np.testing.assert_allclose(ours(name, "torch"), p.detach().numpy(), rtol=0, atol=tolerance)


def keras_rules(name: str, rate: float, s: dict, w: np.ndarray, g: np.ndarray, t: int) -> None:
    """What the documentation and the source of Keras 3 state, one weight vector, in place."""
    eps = 1e-7
    if name == "sgd":
        w -= rate * g
    elif name == "momentum":
        s["m"] = 0.9 * s.get("m", 0) - rate * g
        w += s["m"]
    elif name == "nesterov":
        s["m"] = 0.9 * s.get("m", 0) - rate * g
        w += 0.9 * s["m"] - rate * g
    elif name == "adagrad":
        s["a"] = s.get("a", 0.1) + g**2
        w -= rate * g / np.sqrt(s["a"] + eps)
    elif name == "adadelta":
        s["a"] = 0.95 * s.get("a", 0) + 0.05 * g**2
        change = -np.sqrt(s.get("d", 0) + eps) * g / np.sqrt(s["a"] + eps)
        s["d"] = 0.95 * s.get("d", 0) + 0.05 * change**2
        w += rate * change
    elif name == "rmsprop":
        s["v"] = 0.9 * s.get("v", 0) + 0.1 * g**2
        w -= rate * g / np.sqrt(s["v"] + eps)
    elif name in ("adam", "adamw"):
        if name == "adamw":
            w -= w * 0.004 * rate
        alpha = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        s["m"] = s.get("m", 0) + (g - s.get("m", 0)) * 0.1
        s["v"] = s.get("v", 0) + (g**2 - s.get("v", 0)) * 0.001
        w -= alpha * s["m"] / (np.sqrt(s["v"]) + eps)
    elif name == "nadam":
        u, u_next = (0.9 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        s["u"] = s.get("u", 1.0) * u
        s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
        s["v"] = 0.999 * s.get("v", 0) + 0.001 * g**2
        m_hat = u_next * s["m"] / (1 - s["u"] * u_next) + (1 - u) * g / (1 - s["u"])
        w -= rate * m_hat / (np.sqrt(s["v"] / (1 - 0.999**t)) + eps)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_keras_preset_follows_the_rules_of_keras(name):
    w, gradients, factors = random_run()
    rate = {"sgd": 0.01, "momentum": 0.01, "nesterov": 0.01}.get(name, 0.001)
    state: dict = {}
    for t, (g, factor) in enumerate(zip(gradients, factors, strict=True), 1):
        keras_rules(name, rate * factor, state, w, g, t)
    np.testing.assert_allclose(ours(name, "keras"), w, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_keras_preset_walks_the_way_that_keras_was_seen_to_walk(name):
    """Recorded with Keras 3.15.1 in float64: twelve updates, the learning rate changing."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    settings = OPTIMIZERS[name].settings("keras")
    assert settings["rate"] == recorded["rates"][name]
    weights, gradient = np.array(recorded["start"]), np.zeros(6)
    update = Update(OPTIMIZERS[name], settings, weights, gradient)
    steps = zip(recorded["gradients"], recorded["factors"], recorded["weights"][name], strict=True)
    for g, factor, seen in steps:
        gradient[:] = g
        update.step(settings["rate"] * factor)
        np.testing.assert_allclose(weights, seen, rtol=0, atol=1e-14)


def test_the_presets_differ_where_the_libraries_differ():
    for name in ("adagrad", "adadelta", "rmsprop", "adam", "nadam"):
        at_one_rate = [ours(name, preset, rate=0.01) for preset in ("keras", "torch")]
        assert np.abs(at_one_rate[0] - at_one_rate[1]).max() > 1e-9, name


def test_nadam_without_its_schedule_is_the_textbooks():
    start, gradients, factors = random_run()
    w, m, v = start.copy(), 0.0, 0.0
    for t, (g, factor) in enumerate(zip(gradients, factors, strict=True), 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * g / (1 - 0.9**t)
        w -= 0.001 * factor * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    np.testing.assert_allclose(ours("nadam", "course"), w, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_single_precision_follows_double_precision(name):
    np.testing.assert_allclose(
        ours(name, "keras", np.float32), ours(name, "keras"), rtol=2e-4, atol=2e-5
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("preset", ["keras", "torch"])
def test_an_update_is_explained_by_the_numbers_that_it_uses(name, preset):
    start, gradients, _ = random_run(50, 6)
    optimizer = OPTIMIZERS[name]
    settings = optimizer.settings(preset)
    weights, gradient = start.copy(), np.zeros(50)
    update = Update(optimizer, settings, weights, gradient)
    for g in gradients:
        gradient[:] = g
        before = weights.copy()
        terms = update.terms(before, g, {k: v.copy() for k, v in update.state.items()}, 0.05)
        update.step(0.05)
        assert terms[0][0] == "g"
        np.testing.assert_array_equal(terms[0][1], g)
        assert [n for n, _ in terms[1:]] == [n for n, _ in optimizer.formulas(settings)]
        np.testing.assert_allclose(terms[-1][1], weights, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_goes_on_exactly_from_a_snapshot(name):
    start, gradients, _ = random_run(300, 12)
    optimizer = OPTIMIZERS[name]
    settings = optimizer.settings("keras")
    weights, gradient = start.copy(), np.zeros(300)
    update = Update(optimizer, settings, weights, gradient)
    for k, g in enumerate(gradients):
        if k == 5:
            kept, at = update.snapshot(), weights.copy()
        gradient[:] = g
        update.step(0.01)
    end = weights.copy()
    weights[:] = at
    update.restore(kept)
    for g in gradients[5:]:
        gradient[:] = g
        update.step(0.01)
    np.testing.assert_array_equal(weights, end)


def test_formulas_are_written_as_books_write_them():
    adam = OPTIMIZERS["adam"]
    lines = dict(adam.formulas(adam.settings("torch")))
    assert lines["m"] == r"m_t = \beta_1 m_{t-1} + \left(1 - \beta_1\right) g_t"
    assert lines["m_hat"] == r"\hat{m}_t = \frac{m_t}{1 - \beta_1^{t}}"
    assert lines["change"] == r"\Delta_t = \frac{\eta \hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}"
    assert lines["weight"] == r"w_t = w_{t-1} - \Delta_t"
    rms = OPTIMIZERS["rmsprop"]
    assert r"\sqrt{v_t + \epsilon}" in dict(rms.formulas(rms.settings("keras")))["change"]
    assert r"\sqrt{v_t} + \epsilon" in dict(rms.formulas(rms.settings("torch")))["change"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_entry_says_what_it_is(name):
    entry = OPTIMIZERS[name]
    assert entry.says.endswith(".")
    assert entry.source
    assert entry.title
    for preset in entry.presets.values():
        assert preset.keys() - {"rate"} == entry.parameters.keys()
    for parameter in entry.parameters.values():
        assert parameter.says.endswith(".")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"beta1": 1.0}, "beta1 must be a number from 0 to below 1, not 1.0"),
        ({"gamma": 1.0}, 'Adam has no parameter "gamma"; it has: rate, beta1'),
        ({"place": "under"}, "place is one of outside, hat, not 'under'"),
        ({"beta2": True}, "must be a number"),
        ({"epsilon": math.nan}, "must be a number"),
    ],
)
def test_a_wrong_parameter_is_named(given, sentence):
    with pytest.raises(TrainingError, match=sentence):
        OPTIMIZERS["adam"].settings("keras", **given)


def test_an_unknown_optimiser_or_preset_names_those_that_there_are():
    with pytest.raises(TrainingError, match="there are: sgd, momentum"):
        optimizer_called("addam")
    with pytest.raises(TrainingError, match="it has: keras, torch, course"):
        OPTIMIZERS["sgd"].settings("jax")
