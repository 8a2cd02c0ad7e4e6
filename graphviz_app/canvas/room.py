"""Room on the canvas: which boxes make way so that nothing overlaps.  Pure data; knows no Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graphviz_app.canvas.geometry import Box

Point = tuple[float, float]
AIR = 24.0  # between what was put somewhere and what makes way for it


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes have more than a border in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def shifted(box: Box, dx: float, dy: float) -> Box:
    """The box at another place."""
    return (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)


def middle(box: Box) -> Point:
    """The centre of a box."""
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def clear_room(
    others: Mapping[str, Box], origin: Box, block: Box
) -> tuple[Point, dict[str, Point]]:
    """The way that ``block`` goes to take the place of ``origin``, and the ways that others go.

    What is left of ``origin`` or above it stays: the block itself keeps clear of it.  All that is
    to the right moves right by one distance, all that is below moves down by one, so that what
    did not overlap does not come to.
    """
    x, y = middle(origin)
    stays = [box for box in others.values() if middle(box)[0] <= x]
    met = [box for box in stays if overlap(box, block)]
    left = [
        box[2] + AIR - block[0]
        for box in met
        if box[2] <= origin[0] or (middle(box)[1] <= y and box[2] - block[0] < box[3] - block[1])
    ]
    right = max(left, default=0.0)
    block = shifted(block, right, 0.0)
    met = [box for box in stays if middle(box)[1] <= y and overlap(box, block)]
    down = max((box[3] + AIR - block[1] for box in met), default=0.0)
    block = shifted(block, 0.0, down)
    across = {i: middle(box)[0] > x for i, box in others.items()}
    below = {i: middle(box)[1] > y for i, box in others.items()}
    dx = dy = 0.0
    while True:
        boxes = {i: shifted(box, dx * across[i], dy * below[i]) for i, box in others.items()}
        hit = [i for i, box in boxes.items() if overlap(box, block)]
        more_x = [block[2] + AIR - boxes[i][0] for i in hit if across[i]]
        more_y = [block[3] + AIR - boxes[i][1] for i in hit if below[i] and not across[i]]
        if not more_x and not more_y:
            break
        dx, dy = dx + max(more_x, default=0.0), dy + max(more_y, default=0.0)
    ways = {i: (dx * across[i], dy * below[i]) for i in others}
    return (right, down), {i: way for i, way in ways.items() if way != (0.0, 0.0)}


def push_right(boxes: Mapping[str, Box], pushed: Collection[str], distance: float) -> set[str]:
    """Which boxes move when these move right: they, and all that they would come to lie on."""
    moving = set(pushed)
    front = list(moving)
    while front:
        swept = [shifted(boxes[i], distance, 0.0) for i in front]
        front = [
            i
            for i, box in boxes.items()
            if i not in moving and any(overlap(box, other) for other in swept)
        ]
        moving.update(front)
    return moving
