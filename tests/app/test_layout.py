"""The layout's promises, on random graphs: nothing overlaps and every wire runs to the right."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.formula import parse
from engine.graph.graph import Group, Node
from engine.graph.levels import as_shown
from graphviz_app.canvas import layers
from graphviz_app.canvas.layout import arrange, place
from graphviz_app.canvas.model import CanvasModel

WIDTH, HEIGHT, ROOM = 60.0, 44.0, 52.0
SIGMOID = {
    "w0": [],
    "x0": [],
    "w1": [],
    "x1": [],
    "w2": [],
    "m0": ["w0", "x0"],
    "m1": ["w1", "x1"],
    "a": ["m0", "m1"],
    "b": ["a", "w2"],
    "neg": ["b"],
    "exp": ["neg"],
    "plus": ["exp"],
    "inv": ["plus"],
}


def wires_of(inputs):
    return [(source, target) for target, sources in inputs.items() for source in sources]


def placed(inputs, **options):
    sizes = dict.fromkeys(inputs, (WIDTH, HEIGHT))
    room = dict.fromkeys(inputs, ROOM)
    return place(list(inputs), wires_of(inputs), sizes, label_room=room, **options)


@st.composite
def graphs(draw, most=40):
    """Random acyclic graphs: each node takes up to three earlier ones, some of them twice."""
    count = draw(st.integers(1, most))
    inputs = {}
    for k in range(count):
        earlier = st.integers(0, k - 1).map(str)
        inputs[str(k)] = draw(st.lists(earlier, max_size=3)) if k else []
    return inputs


@pytest.fixture(params=["graphlay", "without graphlay"])
def engine_choice(request, monkeypatch):
    """With graphlay, and as on a platform without its wheel."""
    if request.param == "without graphlay":
        monkeypatch.setattr(layers, "graphlay", None)


def overlapping(places):
    """Pairs of nodes that overlap, the room for numbers on the right counted as part of each."""
    items = list(places.items())
    return [
        (a, b)
        for k, (a, (ax, ay)) in enumerate(items)
        for b, (bx, by) in items[k + 1 :]
        if abs(ay - by) < HEIGHT
        and ax - WIDTH / 2 < bx + WIDTH / 2 + ROOM
        and bx - WIDTH / 2 < ax + WIDTH / 2 + ROOM
    ]


@settings(max_examples=60)
@given(graphs())
def test_no_two_nodes_overlap_and_numbers_have_room(inputs):
    assert overlapping(placed(inputs)) == []


@settings(max_examples=60)
@given(graphs(), st.data())
def test_frames_push_strangers_out(inputs, data):
    frame = data.draw(st.lists(st.sampled_from(sorted(inputs)), max_size=5, unique=True))
    assert overlapping(placed(inputs, frames=[frame])) == []


@settings(max_examples=60)
@given(graphs())
def test_every_wire_runs_to_the_right(inputs):
    places = placed(inputs)
    for source, target in wires_of(inputs):
        assert places[source][0] + WIDTH / 2 < places[target][0] - WIDTH / 2


@given(graphs(20))
def test_the_same_graph_is_always_placed_alike(inputs):
    assert placed(inputs) == placed(inputs)


@pytest.mark.usefixtures("engine_choice")
def test_the_sigmoid_circuit_reads_like_the_lecture():
    places = placed(SIGMOID, frames=[["neg", "exp", "plus", "inv"]])
    x = {n: p[0] for n, p in places.items()}
    y = {n: p[1] for n, p in places.items()}
    assert len({x[n] for n in ("w0", "x0", "w1", "x1", "w2")}) == 1, "leaves in one column"
    assert y["w0"] < y["x0"] < y["w1"] < y["x1"] < y["w2"], "in the order of the formula"
    assert y["m0"] == pytest.approx((y["w0"] + y["x0"]) / 2), "an op stands between its inputs"
    assert len({round(y[n], 6) for n in ("b", "neg", "exp", "plus", "inv")}) == 1, "straight chain"


@pytest.mark.usefixtures("engine_choice")
def test_operands_keep_their_order_where_nothing_has_to_cross():
    places = placed({"b": [], "a": [], "d": [], "a - b": ["a", "b"], "out": ["a - b", "d"]})
    assert places["a"][1] < places["b"][1]
    assert places["a - b"][1] < places["d"][1]


def test_a_leaf_stands_beside_its_user_in_a_long_chain():
    inputs = {"w0": [], "n0": ["w0"]}
    for k in range(1, 30):
        inputs[f"w{k}"] = []
        inputs[f"n{k}"] = [f"n{k - 1}", f"w{k}"]
    places = placed(inputs)
    columns = sorted({p[0] for p in places.values()})
    assert columns.index(places["n29"][0]) - columns.index(places["w29"][0]) == 1


def test_a_cycle_is_placed_too():
    places = placed({"a": ["c"], "b": ["a"], "c": ["b", "c"]})
    assert set(places) == {"a", "b", "c"}
    assert overlapping(places) == []


def test_an_empty_graph_has_no_places():
    assert place([], [], {}) == {}


def test_wires_to_unknown_nodes_are_passed_over():
    assert set(place(["a"], [("ghost", "a"), ("a", "ghost")], {"a": (60, 44)})) == {"a"}


def test_a_long_wire_gets_a_lane_in_each_column_it_passes():
    inputs = {"a": [], "b": ["a"], "c": ["b"], "d": ["c", "a"]}
    found = arrange(list(inputs), wires_of(inputs), dict.fromkeys(inputs, (WIDTH, HEIGHT)))
    assert len(found.lanes["a", "d"]) == 2
    assert [x for x, _ in found.lanes["a", "d"]] == [found.centres["b"][0], found.centres["c"][0]]


@pytest.mark.usefixtures("engine_choice")
def test_a_crossing_that_can_be_undone_is_undone():
    places = placed({"a": [], "b": [], "c": ["b", "b"], "d": ["a", "a"], "e": ["c"], "f": ["d"]})
    assert (places["a"][1] < places["b"][1]) == (places["d"][1] < places["c"][1])


def test_five_thousand_nodes_are_placed():
    inputs = {str(k): ([str(k // 2), str(max(0, k - 7))] if k > 20 else []) for k in range(5000)}
    places = placed(inputs)
    assert len(places) == 5000
    for source, target in wires_of(inputs):
        assert places[source][0] < places[target][0]


def test_nodes_without_wires_stand_in_rows_below_the_graph():
    places = placed({**SIGMOID, **{f"loose{k}": [] for k in range(40)}})
    lowest = max(places[n][1] for n in SIGMOID)
    loose = [places[f"loose{k}"] for k in range(40)]
    assert all(y > lowest + HEIGHT for _, y in loose)
    assert len({y for _, y in loose}) < 10
    assert overlapping(places) == []


@given(st.integers(0, 10**6))
def test_no_frame_has_a_node_inside_that_is_not_of_it(seed: int) -> None:
    rng = random.Random(seed)
    names, lines = list("abcde"), []
    for k in range(rng.randrange(4, 10)):
        form = rng.choice(["{}*{}", "{}+{}", "tanh({})+{}", "exp({})*{}", "relu({}*{})"])
        lines.append(f"v{k} = {form.format(rng.choice(names), rng.choice(names))}")
        names.append(f"v{k}")
    graph = parse("\n".join(lines))
    graph.nodes["lonely"] = Node("lonely", "input", name="lonely")
    ids = list(graph.nodes)
    rng.shuffle(ids)
    parts = [ids[:4], ids[4:6], ids[6:9]]
    graph.groups = {f"G{k}": Group(f"G{k}", f"G{k}", tuple(p)) for k, p in enumerate(parts) if p}
    opened = as_shown(graph)
    model = CanvasModel.from_graph(opened.graph, opened.frames)
    xy, half = model.geometry.xy, model.geometry.size / 2
    assert model.frames
    for frame in model.frames:
        left, top, right, bottom = model.frame_box(frame)
        covers = (xy[:, 0] + half[:, 0] > left) & (xy[:, 0] - half[:, 0] < right)
        covers &= (xy[:, 1] + half[:, 1] > top) & (xy[:, 1] - half[:, 1] < bottom)
        assert set(np.flatnonzero(covers).tolist()) == set(frame.members.tolist())
