"""The op table, entry by entry: every test loops over ``OPS`` with the entry's name as its id."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OpError, ShapeError
from engine.ops import OPS
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.kinds import arrays, floats
from engine.ops.op import Op, shape_text, shape_words

pytestmark = pytest.mark.filterwarnings("error")

NOT_FOR_FLOATS = (ArithmeticError, ValueError, TypeError, AttributeError)
NAMES = """
    add sub mul div neg identity reciprocal pow square sqrt exp log abs sin cos erf max min
    where greater
    sigmoid tanh relu leaky_relu elu softplus silu gelu
    matmul transpose reshape concat take conv2d max_pool sum mean reduce_max softmax log_softmax
    mae mse bce bce_from_logits cross_entropy cross_entropy_from_logits
    dense projection conv_layer conv_unbiased embedding flatten dropout layer_norm batch_norm
    attention_pooling
"""


def split(sample: tuple) -> tuple[list[np.ndarray], dict[str, Any]]:
    """The inputs and the attributes of a sample."""
    attrs = sample[-1] if isinstance(sample[-1], dict) else {}
    inputs = sample[:-1] if isinstance(sample[-1], dict) else sample
    return [
        np.asarray(x) if np.asarray(x).dtype == bool else np.asarray(x, float) for x in inputs
    ], attrs


def each(what: str = "samples", keep=lambda op, sample: True) -> Any:
    """A parametrisation over the samples (or errors) of the table."""
    return pytest.mark.parametrize(
        ("op", "sample"),
        [
            pytest.param(op, sample, id=f"{op.name}-{k}")
            for op in OPS.values()
            for k, sample in enumerate(getattr(op, what))
            if keep(op, sample)
        ],
    )


every_op = pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in OPS.values()])


def upstream(y: np.ndarray) -> np.ndarray:
    """An upstream gradient that tells the outputs apart."""
    return np.cos(np.arange(y.size, dtype=float)).reshape(y.shape) + 1.5


def carries(op: Op, xs: list[np.ndarray], port: int) -> bool:
    """Whether an input has a gradient: conditions and indices have none."""
    indices = op.name.startswith("cross") and port == 1 and xs[1].ndim < xs[0].ndim
    return op.carries(len(xs))[port] and not indices


# what an entry holds ------------------------------------------------------------------------


def test_the_table_holds_the_names_that_were_promised():
    assert sorted(OPS) == sorted(NAMES.split())


@every_op
def test_entry_says_what_a_learner_and_the_canvas_need(op: Op):
    for sentence in (op.says, op.gradient_says):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert 0 < len(op.symbol) <= 10
    assert op.samples
    assert op.domain
    assert op.group in ("Arithmetic", "Functions", "Activations", "Arrays", "Losses", "Layers")
    assert op.kind in ("plain", "activation", "array", "loss", "layer")
    assert (op.local is None) != (op.pullback is None)
    assert op.elementwise or op.shape_rule is not None
    for template in (op.text, op.latex):
        named = re.findall(r"\{(\w+):([0-5])\}", template)
        assert {name for name, _ in named} == set(op.inputs)


@pytest.mark.parametrize(
    "op",
    [
        pytest.param(op, id=op.name)
        for op in (*OPS.values(), *OPS.internal.values())
        if op.pullback is not None
    ],
)
def test_an_op_with_a_pullback_states_its_rule_for_every_port_that_carries(op: Op):
    attrs: list[dict] = [{}, *(s[-1] for s in op.samples if isinstance(s[-1], dict))]
    for rules in map(op.rules, attrs):
        for rule, carrying in zip(rules, op.carries(len(op.inputs)), strict=True):
            assert ("G" in rule) is bool(rule) is carrying
            named = re.findall(r"\{(\w+):([0-5])\}", rule)
            assert {name for name, _ in named} <= {*op.inputs, "y"}
            assert rule.count("{") == rule.count("}")
            assert rule.count(r"\left") == rule.count(r"\right")


@every_op
def test_an_elementwise_op_states_its_rule_once_as_its_local_gradient(op: Op):
    assert op.local is None or not op.rules({})


@every_op
def test_an_attribute_in_words_names_its_choices_and_each_is_taken(op: Op):
    in_words = {name for name, default in op.attrs.items() if isinstance(default, str)}
    assert set(op.choices) == in_words
    for name in in_words:
        assert op.attrs[name] in op.choices[name]
        for choice in op.choices[name]:
            xs, _ = split(op.samples[0])
            assert np.all(np.isfinite(op.forward(*xs, **{name: choice})))


@every_op
def test_names_and_aliases_find_the_entry(op: Op):
    for name in (op.name, *op.aliases):
        assert OPS[name] is op
    for alias, attr in op.attr_aliases.items():
        assert op.with_defaults({alias: 7}) == {**op.attrs, attr: 7}


# values and gradients -----------------------------------------------------------------------


@each()
def test_shape_rule_says_the_shape_of_the_value(op: Op, sample: tuple):
    xs, attrs = split(sample)
    assert op.forward(*xs, **attrs).shape == op.shape(*(x.shape for x in xs), **attrs)


@each()
def test_gradient_is_the_central_difference(op: Op, sample: tuple):
    """h = 1e-5 · max(1, |x|).  At a kink the two sides differ; there the entry states a rule."""
    xs, attrs = split(sample)
    y = op.forward(*xs, **attrs)
    g = upstream(y)
    gradients = op.vjp(g, y, *xs, **attrs)
    for port, x in enumerate(xs):
        assert gradients[port].shape == x.shape
        if not carries(op, xs, port):
            assert not gradients[port].any()
            continue
        for place in np.ndindex(x.shape):
            h = 1e-5 * max(1.0, abs(float(x[place])))

            def moved(by: float, port=port, place=place) -> Any:
                others = [v.astype(float) for v in xs]
                others[port][place] += by
                return (g * op.forward(*others, **attrs)).sum()

            with np.errstate(all="ignore"):
                here = (g * y).sum()
                right, left = (moved(h) - here) / h, (here - moved(-h)) / h
            got = gradients[port][place]
            if not all(map(math.isfinite, (left, right, got))):
                continue
            middle = pytest.approx((left + right) / 2, rel=1e-6, abs=2e-9)
            between = min(left, right) - 1e-4 <= got <= max(left, right) + 1e-4
            assert got == middle or (op.tie and between)


def evaluate(formula: Expr, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, dict]:
    """The value of an expansion and, seeded by ``upstream``, the gradients of its variables."""
    values: dict[int, np.ndarray] = {}
    order: list[Expr] = []

    def visit(e: Expr) -> None:
        if id(e) in values:
            return
        if isinstance(e, Call):
            for arg in e.args:
                visit(arg)
            values[id(e)] = OPS[e.op].forward(*(values[id(a)] for a in e.args), **e.attrs)
        elif isinstance(e, Var):
            values[id(e)] = inputs[e.name]
        else:
            assert isinstance(e, Const)
            values[id(e)] = np.asarray(e.value)
        order.append(e)

    visit(formula)
    y = values[id(formula)]
    back: dict[int, Any] = {id(formula): upstream(y)}
    for e in reversed(order):
        if isinstance(e, Call) and id(e) in back:
            xs = [values[id(a)] for a in e.args]
            parts = OPS[e.op].vjp(back[id(e)], values[id(e)], *xs, **e.attrs)
            with np.errstate(all="ignore"):
                for arg, part in zip(e.args, parts, strict=True):
                    back[id(arg)] = back.get(id(arg), 0.0) + part
    total = {name: np.zeros_like(x) for name, x in inputs.items()}
    for e in order:
        if isinstance(e, Var):
            total[e.name] = total[e.name] + back.get(id(e), 0.0)
    return y, total


@each(keep=lambda op, sample: op.composite)
def test_shortcut_agrees_with_the_expansion(op: Op, sample: tuple):
    """To 1e-12 of the larger of 1 and the number, wherever the expansion does not overflow."""
    xs, attrs = split(sample)
    y = op.forward(*xs, **attrs)
    gradients = op.vjp(upstream(y), y, *xs, **attrs)
    formula = op.expand(*(x.shape for x in xs), **attrs)
    opened, parts = evaluate(formula, dict(zip(op.inputs, xs, strict=True)))
    pairs = [(y, opened)]
    pairs += [(gradients[k], parts[n]) for k, n in enumerate(op.inputs) if carries(op, xs, k)]
    extreme = any(np.abs(x).max() > 700 for x in xs) or not np.isfinite(gradients[0]).all()
    limit = op.kind == "loss" and any(x.size and (x[x == x] % 1 == 0).all() for x in xs[:1])
    for shortcut, expansion in pairs:
        finite = np.isfinite(expansion)
        assert finite.all() or extreme or limit
        bound = 1e-12 * np.maximum(1, np.abs(shortcut[finite]))
        assert (np.abs(shortcut[finite] - expansion[finite]) <= bound).all()


@every_op
def test_only_composites_can_be_opened(op: Op):
    if op.composite:
        shapes = [x.shape for x in split(op.samples[0])[0]]
        assert isinstance(op.expand(*shapes), Call)
    else:
        with pytest.raises(OpError, match="primitive"):
            op.expand()


@each(keep=lambda op, sample: not any(x.ndim for x in split(sample)[0]))
def test_rules_run_on_floats_give_what_arrays_give(op: Op, sample: tuple):
    """Where a rule has no answer in floats it raises what the walk then repeats with arrays."""
    xs, attrs = split(sample)
    full = op.with_defaults(attrs)
    y = op.forward(*xs, **attrs)
    gradients = op.vjp(1.0, y, *xs, **attrs)
    try:
        value = op.value(floats, *map(float, xs), **full)
        slopes = op.local(floats, float(y), *map(float, xs), **full)  # type: ignore[misc]
    except NOT_FOR_FLOATS:
        return
    assert type(value) is float
    assert value == pytest.approx(float(y), rel=1e-15)
    assert slopes == pytest.approx([float(g) for g in gradients], rel=1e-15)


@pytest.mark.parametrize("op", [pytest.param(o, id=o.name) for o in OPS.values() if o.elementwise])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_floats_give_what_arrays_give(op: Op, data):
    xs = data.draw(st.tuples(*[st.floats(allow_subnormal=False)] * max(op.arity, 1)))
    full = op.with_defaults({})
    with np.errstate(all="ignore"):
        y = float(op.value(arrays, *map(np.asarray, xs), **full))
        try:
            value = op.value(floats, *xs, **full)
        except NOT_FOR_FLOATS:
            return
    assert value == pytest.approx(y, rel=4e-15, abs=1e-300, nan_ok=True)


# types and shapes ---------------------------------------------------------------------------


@each()
def test_float32_stays_float32(op: Op, sample: tuple):
    xs, attrs = split(sample)
    xs = [x.astype(np.float32) for x in xs]
    y = op.forward(*xs, **attrs)
    assert y.dtype == (bool if op.name == "greater" else np.float32)
    gradients = op.vjp(np.ones(y.shape, np.float32), y, *xs, **attrs)
    assert [g.dtype for g in gradients] == [np.float32] * len(xs)
    wide = op.forward(*(x.astype(float) for x in xs), **attrs)
    np.testing.assert_allclose(y, wide, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "neg", "abs", "square", "max", "min", "sum"])
def test_integers_stay_integers(name: str):
    op = OPS[name]
    xs = [np.array([3, -2], np.int32)] * (2 if op.arity in (2, -1) else 1)
    assert op.forward(*xs).dtype == np.int32


def test_a_plain_number_takes_the_type_of_the_array_beside_it():
    x = np.ones(3, np.float32)
    assert OPS["add"].forward(x, 2.5).dtype == np.float32
    assert OPS["pow"].forward(x, 2).dtype == np.float32
    assert OPS["mul"].vjp(x, x, x, 2)[0].dtype == np.float32
    assert OPS["add"].forward(np.array([1, 2]), 0.5).tolist() == [1.5, 2.5]


def test_a_sum_counts_truth_values_and_does_not_overflow_bytes():
    assert int(OPS["sum"].forward([True, True, False])) == 2
    assert int(OPS["sum"].forward(np.full(3, 200, np.uint8))) == 600


def test_greater_answers_true_or_false():
    assert OPS["greater"].forward([1.0, 3.0], 2.0).dtype == bool


def shapes_that_meet() -> st.SearchStrategy[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Two shapes, each a full one with some axes cut to 1 or left out in front."""

    def cut(full: tuple[int, ...]) -> st.SearchStrategy[tuple[int, ...]]:
        axes = st.tuples(*(st.sampled_from((1, n)) for n in full))
        return st.tuples(axes, st.integers(0, len(full))).map(lambda p: p[0][p[1] :])

    full = st.lists(st.integers(0, 3), max_size=3).map(tuple)
    return full.flatmap(lambda f: st.tuples(cut(f), cut(f)))


BINARY = ["add", "sub", "mul", "div", "pow", "max", "min"]


@pytest.mark.parametrize("name", BINARY)
@given(shapes=shapes_that_meet())
@settings(max_examples=40, deadline=None)
def test_broadcasting_is_undone(name: str, shapes):
    """The gradient of a stretched input is the sum over its copies."""
    op = OPS[name]
    xs = [np.cos(np.arange(math.prod(s)) + 3.0 * k).reshape(s) + 2 for k, s in enumerate(shapes)]
    y = op.forward(*xs)
    g = upstream(y)
    full = op.vjp(g, y, *(np.broadcast_to(x, y.shape) for x in xs))
    for x, got, copies in zip(xs, op.vjp(g, y, *xs), full, strict=True):
        assert got.shape == x.shape
        lead = copies.sum(axis=tuple(range(y.ndim - x.ndim)))
        thin = tuple(k for k, n in enumerate(x.shape) if n == 1)
        np.testing.assert_allclose(got, lead.sum(axis=thin, keepdims=True), rtol=1e-12)


def test_where_undoes_broadcasting_of_all_three_inputs():
    condition, a, b = np.array([[True], [False]]), np.array([1.0, 2.0, 3.0]), np.array(4.0)
    y = OPS["where"].forward(condition, a, b)
    assert y.tolist() == [[1, 2, 3], [4, 4, 4]]
    of_condition, of_a, of_b = OPS["where"].vjp(np.ones((2, 3)), y, condition, a, b)
    assert of_condition.tolist() == [[0], [0]]
    assert of_a.tolist() == [1, 1, 1]
    assert float(of_b) == 3


@each()
def test_memory_order_does_not_matter(op: Op, sample: tuple):
    xs, attrs = split(sample)
    odd = [np.repeat(x[..., None], 2, -1)[..., 0] if x.ndim else x for x in xs]
    odd = [np.array(x, order="F") if x.ndim > 1 else x for x in odd]
    y = op.forward(*xs, **attrs)
    np.testing.assert_allclose(op.forward(*odd, **attrs), y, rtol=1e-14)
    for a, b in zip(
        op.vjp(upstream(y), y, *odd, **attrs), op.vjp(upstream(y), y, *xs, **attrs), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-14)


@each()
def test_inputs_are_left_as_they_were(op: Op, sample: tuple):
    xs, attrs = split(sample)
    before = [x.copy() for x in xs]
    y = op.forward(*xs, **attrs)
    g = upstream(y)
    for gradient in op.vjp(g, y, *xs, **attrs):
        assert not np.shares_memory(gradient, y)
    np.testing.assert_array_equal(g, upstream(y))
    for x, old in zip(xs, before, strict=True):
        np.testing.assert_array_equal(x, old)


@pytest.mark.parametrize("name", ["sum", "mean", "reduce_max", "softmax", "matmul", "mse", "add"])
def test_nothing_at_all_is_an_array_too(name: str):
    empty = np.ones((0, 3))
    given_ = {"matmul": (empty, np.ones((3, 2))), "mse": (empty, empty), "add": (empty, 1.0)}
    xs = given_.get(name, (empty,))
    y = OPS[name].forward(*xs)
    assert [g.shape for g in OPS[name].vjp(np.ones(y.shape), y, *xs)] == [np.shape(x) for x in xs]
    expected = {"sum": 0.0, "mean": math.nan, "reduce_max": -math.inf, "mse": math.nan}
    if name in expected:
        assert float(y) == pytest.approx(expected[name], nan_ok=True)


# errors -------------------------------------------------------------------------------------


@each("errors")
def test_declared_errors_name_the_op_and_every_shape(op: Op, sample: tuple):
    xs, attrs = split(sample)
    with pytest.raises(OpError) as caught:
        op.forward(*xs, **attrs)
    message = str(caught.value)
    assert message.startswith(op.name)
    if isinstance(caught.value, ShapeError) and not attrs:
        for x in xs:
            assert shape_text(x.shape) in message
    with pytest.raises(OpError):
        op.vjp(1.0, 1.0, *xs, **attrs)


@every_op
def test_wrong_calls_are_refused_in_words(op: Op):
    with pytest.raises(OpError, match=f"{op.name} takes"):
        op.forward(*[1.0] * (0 if op.variadic else op.arity + 1))
    xs, attrs = split(op.samples[0])
    with pytest.raises(OpError, match="no attribute 'colour'"):
        op.forward(*xs, **attrs, colour=1)
    y = op.forward(*xs, **attrs)
    with pytest.raises(ShapeError, match=r"g is 7×5×3"):
        op.vjp(np.ones((7, 5, 3)), y, *xs, **attrs)


def test_shape_errors_read_as_sentences():
    with pytest.raises(ShapeError) as caught:
        OPS["matmul"].forward(np.ones((10, 4)), np.ones((3, 2)))
    assert str(caught.value) == ("matmul needs a's columns to equal b's rows: a is 10×4, b is 3×2.")


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("sum", {"axes": "rows"}),
        ("softmax", {"axis": 0.5}),
        ("concat", {"axis": None}),
        ("reshape", {"shape": "2"}),
        ("transpose", {"axes": 1.5}),
        ("gelu", {"approximate": "roughly"}),
    ],
)
def test_attributes_that_make_no_sense_are_refused(name: str, attrs: dict):
    with pytest.raises(OpError, match=name):
        OPS[name].forward(np.ones((2, 2)), **attrs)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((), "a single number"),
        ((1,), "a vector of 1 number"),
        ((4,), "a vector of 4 numbers"),
        ((128, 1), "a matrix of 128 rows and 1 column"),
        ((1, 3, 4), "1 matrix of 3 rows and 4 columns"),
        ((5, 2, 3, 4), "5 × 2 matrices of 3 rows and 4 columns"),
        ((0, 1000), "a matrix of 0 rows and 1,000 columns"),
    ],
    ids=str,
)
def test_shapes_are_said_in_words(shape, words):
    assert shape_words(shape) == words
