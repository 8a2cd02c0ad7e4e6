r"""A graph as TikZ, where it stands on the canvas: a figure whose labels LaTeX sets.

Places are scene pixels with y down; TikZ's centimetres begin at the lower left corner.  Nodes are
called n0, n1 … in graph order, so that no name a user gives can get into TikZ's syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from engine.files.drawing import COLORS, Numbers, color_name, frame_color_name, numbers_beside
from engine.files.latex import document, escape, latex_label, mathematics
from engine.graph.bypass import bypassed
from engine.graph.graph import Graph, Node, Value, Wire
from engine.graph.levels import Frame
from engine.graph.problems import topological_order
from engine.numerals import latex_numerals

Point = tuple[float, float]
NO_BENDS: Mapping[Wire, Sequence[Point]] = MappingProxyType({})

PIXELS_PER_CM = 42.0  # the canvas's 18 px type would be 12 pt, and is 10: air for the numbers
WIDEST_CM = 400.0  # TeX knows no length above 575 cm
PORT_STEP = 16.0  # pixels between two ports of a node
PORT_ROOM = 8.0  # and around them
LEAST_HEIGHT = 44.0
NODE_WIDTH = 70.0  # with the air around it
LETTER_WIDTH = 4.5  # of a long number
LONG_NUMBER = 8  # characters; longer ones are set smaller
WIDEST_STRETCH = 2.0
FRAME_LABELS = 46.0  # a frame encloses the numbers of its last node
BESIDE_USER = (92.0, 56.0)  # how far left of and above its user a node without a place stands

_STYLES = r"""  gate/.style={draw, line width=0.6pt, rounded corners=1.8mm, fill=white,
    inner xsep=1.6mm, minimum width=12mm, minimum height=8.8mm},
  wire/.style={draw=wire, line width=0.6pt},
  number/.style={font=\scriptsize, inner sep=0.3mm, outer sep=0.5mm, fill=white, fill opacity=0.8,
    text opacity=1},
  value/.style={number, text=value, anchor=south west},
  gradient/.style={number, text=gradient, anchor=north west},
  frame/.style={draw, dashed, rounded corners=2.4mm, inner xsep=3mm, inner ysep=5mm},"""
_NEEDS = r"% needs \usepackage{amsmath, tikz} and \usetikzlibrary{backgrounds, fit}"


def to_tikz(
    graph: Graph,
    positions: Mapping[str, Point],
    values: Mapping[str, Value] | None = None,
    gradients: Mapping[str, Value] | None = None,
    standalone: bool = True,
    *,
    frames: Iterable[Frame] = (),
    bends: Mapping[Wire, Sequence[Point]] = NO_BENDS,
) -> str:
    """TikZ source of ``graph`` with its nodes at ``positions``, their centres in scene pixels.

    ``values`` stand above the wires and ``gradients`` below, by node id; ``frames`` are drawn
    dashed; ``bends`` are the points that a wire passes level on its way, in scene pixels.  A node
    without a position, such as a constant that the canvas writes into its user's label, stands to
    the upper left of its user.  ``standalone`` gives a whole document, otherwise a ``tikzpicture``
    to paste into one.  Total: wires from nodes that do not exist are left out.
    """
    names = {node_id: f"n{k}" for k, node_id in enumerate(graph.nodes)}
    numbers = numbers_beside(graph, values, gradients)
    places = _complete(graph, positions)
    to_cm = _to_cm(places, _stretch(graph, places, numbers))
    places = {i: to_cm(at) for i, at in places.items()}
    ways = {wire: [to_cm(at) for at in points] for wire, points in bends.items()}
    lines = [_definition(name, color) for name, color in COLORS.items()]
    lines += [r"\begin{tikzpicture}[", _STYLES, "]"]
    lines += [_node(node, names[i], places[i]) for i, node in graph.nodes.items()]
    lines += [line for i, beside in numbers.items() for line in _numbers(names[i], beside)]
    lines.append(r"  \begin{pgfonlayer}{background}")
    lines += [line for node in graph.nodes.values() for line in _wires(node, names, places, ways)]
    for frame in frames:
        if names.keys() & frame.members:
            lines += _frame(frame, names)
    lines += [r"  \end{pgfonlayer}", r"\end{tikzpicture}"]
    picture = "\n".join(lines)
    if not standalone:
        return f"{_NEEDS}\n{picture}\n"
    return document(picture, "tikz, border=6pt", r"\usetikzlibrary{backgrounds, fit}")


def _definition(name: str, color: str) -> str:
    return rf"\definecolor{{{name}}}{{HTML}}{{{color.upper()}}}"


# places ---------------------------------------------------------------------------------------


def _complete(graph: Graph, positions: Mapping[str, Point]) -> dict[str, Point]:
    """A place for every node; those without one find it beside their first user that has one.

    A node that nobody uses stands below everything else.
    """
    places = {i: positions[i] for i in graph.nodes if i in positions}
    users = graph.users()
    order, _ = topological_order(graph)
    for node_id in reversed(order or list(graph.nodes)):
        if node_id in places:
            continue
        placed = [wire for wire in users[node_id] if wire.target in places]
        if placed:
            x, y = places[placed[0].target]
            # On the side of its port, so that its wire crosses none of its neighbours'.
            upper = placed[0].port == 0 or len(graph.nodes[placed[0].target].inputs) == 1
            places[node_id] = x - BESIDE_USER[0], y - BESIDE_USER[1] * (1 if upper else -1)
        else:
            lowest = max((y for _, y in places.values()), default=0.0)
            places[node_id] = (0.0, lowest + 2 * LEAST_HEIGHT)
    return places


def _stretch(graph: Graph, places: Mapping[str, Point], numbers: Mapping[str, Numbers]) -> float:
    """How many times wider the figure must be for its longest numbers to end before a node."""
    most = 1.0
    for source, target, _ in graph.wires():
        run = places[target][0] - places[source][0] if source in places else 0.0
        if run >= NODE_WIDTH and source in numbers:
            wanted = NODE_WIDTH + LETTER_WIDTH * max(map(len, numbers[source]))
            most = max(most, wanted / run)
    return min(most, WIDEST_STRETCH)


def _to_cm(places: Mapping[str, Point], stretch: float) -> Callable[[Point], Point]:
    """Scene pixels as centimetres from the lower left node, y up; a huge graph is made to fit."""
    xs = [x * stretch for x, _ in places.values()] or [0.0]
    ys = [y for _, y in places.values()] or [0.0]
    left, bottom = min(xs), max(ys)
    extent = max(max(xs) - left, bottom - min(ys))
    scale = min(1 / PIXELS_PER_CM, WIDEST_CM / max(extent, 1.0))
    return lambda at: ((at[0] * stretch - left) * scale, (bottom - at[1]) * scale)


# what is drawn --------------------------------------------------------------------------------


def _node(node: Node, name: str, place: Point) -> str:
    options = f"gate, draw={color_name(node)}, text={color_name(node)}"
    if bypassed(node):
        options += ", dashed"
    height = PORT_STEP * len(node.inputs) + PORT_ROOM
    if height > LEAST_HEIGHT:
        options += f", minimum height={height / PIXELS_PER_CM:.2f}cm"
    x, y = place
    return rf"  \node[{options}] ({name}) at ({x:.2f}, {y:.2f}) {{{latex_label(node)}}};"


def _numbers(name: str, numbers: Numbers) -> list[str]:
    size = r", font=\tiny" if max(map(len, numbers)) > LONG_NUMBER else ""
    return [
        rf"  \node[{style}{size}] at ({name}.east) {{${mathematics(latex_numerals(text))}$}};"
        for style, text in zip(("value", "gradient"), numbers, strict=True)
        if text
    ]


def _wires(
    node: Node,
    names: Mapping[str, str],
    places: Mapping[str, Point],
    ways: Mapping[Wire, Sequence[Point]],
) -> list[str]:
    """The wires into ``node``, the first port on top; each leaves and arrives level.

    The curves are the canvas's.  (TikZ's own ``to[out=0, in=180]`` fails beyond half a metre.)
    """
    lines = []
    end = f"{names[node.id]}.west"
    for port, source in enumerate(node.inputs):
        if source not in names:
            continue
        rise = ((len(node.inputs) - 1) / 2 - port) * PORT_STEP / PIXELS_PER_CM
        port_place = f"[yshift={rise:.2f}cm]{end}" if rise else end
        half = NODE_WIDTH / PIXELS_PER_CM / 2
        stops = [(x, f"{x:.2f}, {y:.2f}") for x, y in ways.get(Wire(source, node.id, port), ())]
        at, path = places[source][0] + half, f"({names[source]}.east)"
        for x, place in (*stops, (places[node.id][0] - half, port_place)):
            path += f" {_level_curve(x - at)} ({place})"
            at = x
        lines.append(rf"    \draw[wire] {path};")
    return lines


def _level_curve(run: float) -> str:
    """A curve that begins and ends level; one that runs back swings out."""
    bend = max(run / 2, 0.5 - run / 4)
    return f".. controls +({bend:.2f}, 0) and +({-bend:.2f}, 0) .."


def _frame(frame: Frame, names: Mapping[str, str]) -> list[str]:
    color = frame_color_name(frame)
    members = [names[i] for i in frame.members if i in names]
    inside = "".join(f"({name})" for name in members)
    title = rf"[font=\scriptsize\sffamily, text={color}]above:{{{escape(frame.title)}}}"
    edge = rf"([xshift={FRAME_LABELS / PIXELS_PER_CM:.2f}cm]{members[-1]}.east)"
    return [
        rf"    \path {edge} coordinate (edge);",
        rf"    \node[frame, draw={color}, fit={inside}(edge), label={{{title}}}] {{}};",
    ]
