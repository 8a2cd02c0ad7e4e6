"""What makes way for a block: nothing comes to overlap, and what is left or above stays."""

from hypothesis import assume, given
from hypothesis import strategies as st

from graphviz_app.canvas.room import clear_room, middle, overlap, push_right, shifted

ORIGIN = (0.0, 0.0, 100.0, 44.0)


@st.composite
def arrangements(draw):
    """Boxes by name that overlap neither each other nor the origin."""
    boxes = {}
    for name in draw(st.lists(st.text("abcdef", min_size=1, max_size=3), max_size=9, unique=True)):
        x, y = draw(st.integers(-500, 500)), draw(st.integers(-300, 300))
        box = (x, y, x + draw(st.integers(60, 200)), y + draw(st.integers(20, 90)))
        if not any(overlap(box, other) for other in (ORIGIN, *boxes.values())):
            boxes[name] = box
    return boxes


@given(arrangements(), st.integers(100, 600), st.integers(44, 400))
def test_nothing_overlaps_once_there_is_room(boxes, width, height):
    block = (0.0, 22.0 - height / 2, float(width), 22.0 + height / 2)
    way, ways = clear_room(boxes, ORIGIN, block)
    after = [shifted(box, *ways.get(i, (0.0, 0.0))) for i, box in boxes.items()]
    after.append(shifted(block, *way))
    assert not any(overlap(a, b) for k, a in enumerate(after) for b in after[:k])


@given(arrangements(), st.integers(100, 600), st.integers(44, 400))
def test_what_is_left_of_it_and_above_stays_and_nothing_comes_nearer(boxes, width, height):
    block = (0.0, 22.0 - height / 2, float(width), 22.0 + height / 2)
    _, ways = clear_room(boxes, ORIGIN, block)
    x, y = middle(ORIGIN)
    for i, (dx, dy) in ways.items():
        assert dx >= 0
        assert dy >= 0
        assert not dx or middle(boxes[i])[0] > x
        assert not dy or middle(boxes[i])[1] > y


@given(arrangements())
def test_nothing_moves_where_there_is_room(boxes):
    assert clear_room(boxes, ORIGIN, ORIGIN) == ((0.0, 0.0), {})


@given(arrangements(), st.integers(1, 300), st.data())
def test_what_is_pushed_right_pushes_what_is_in_its_way_and_nothing_else(boxes, distance, data):
    assume(boxes)
    first = data.draw(st.sampled_from(sorted(boxes)))
    moving = push_right(boxes, {first}, distance)
    after = [shifted(b, distance, 0.0) if i in moving else b for i, b in boxes.items()]
    assert not any(overlap(a, b) for k, a in enumerate(after) for b in after[:k])
    assert first in moving
