"""How a graph falls into lines of formula: which nodes get a line, and what they are called.

Both the text and the typeset form of a graph follow it.  A node has a line of its own if it has a
name, is the output, is used more than once or not at all, or would be nested too deeply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.graph.graph import CONSTANT, Graph, Node
from engine.graph.names import canonical
from engine.graph.problems import topological_order
from engine.graph.templates import level_of, pieces, places
from engine.ops import OPS

DEEPEST = 60  # brackets within brackets, before a part gets a line of its own


@dataclass
class Outline:
    """``order``: all ids, inputs before users.  ``leaf_lines``: leaves that need to be declared
    or told apart.  ``lines``: op nodes with a line, the output last.  ``names``: what leaves and
    lines are called ("" for an output without a name, and no entry for what is written in place).
    """

    order: list[str]
    output: str
    cyclic: bool = False
    leaf_lines: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


def outline(graph: Graph) -> Outline:
    """The outline of any graph, broken ones included."""
    nodes = graph.nodes
    order, cycle = topological_order(graph)
    order = order or list(nodes)
    output = graph.output if graph.output in nodes else next(reversed(nodes), "")
    made = Outline(order, output, bool(cycle))
    uses = dict.fromkeys(nodes, 0)
    for wire in graph.wires():
        if wire.source in uses:
            uses[wire.source] += 1
    names = _Names(graph)
    for node_id in order:
        node = nodes[node_id]
        if node.leaf:
            alone = node_id == output and not uses[node_id]
            if node.op == CONSTANT and not node.name and uses[node_id] + (node_id == output) == 1:
                continue
            made.names[node_id] = names.of(node, "q" if node.op == CONSTANT else "")
            if node.op == CONSTANT or (not uses[node_id] and not alone):
                made.leaf_lines.append(node_id)
    depth: dict[str, int] = {}
    for node_id in order:
        node = nodes[node_id]
        if node.leaf:
            continue
        depth[node_id] = _depth(node, nodes, depth, made.names)
        ends = node_id == output or uses[node_id] != 1
        if not (node.name or ends or depth[node_id] > DEEPEST or cycle):
            continue
        if node_id == output and not node.name and (not uses[node_id] or names.free("f")):
            made.names[node_id] = names.take("f") if names.free("f") else ""
        else:
            made.names[node_id] = names.of(node, "q")
        if node_id != output:
            made.lines.append(node_id)
    if output and not nodes[output].leaf:
        made.lines.append(output)
    return made


def _depth(node: Node, nodes: dict[str, Node], depth: dict[str, int], names: dict) -> int:
    """How many brackets, or signs in front, stand around what is innermost in ``node``."""
    op = OPS.get(node.op)
    deepest = 0
    leading = None  # the operand that may stand in front without brackets
    if op is not None and op.accepts(len(node.inputs)) and not node.attrs:
        first = pieces(op.text)[0]
        if not first.literal and first.name:
            leading = places(op, len(node.inputs), first.name)[0]
    for port, source in enumerate(node.inputs):
        if source in names or source not in depth:
            continue
        inner = OPS.get(nodes[source].op)
        bare = port == leading and inner is not None and op is not None
        if bare and level_of(inner, "text") >= pieces(op.text)[0].level:  # type: ignore[arg-type,union-attr]
            deepest = max(deepest, depth[source])
        else:
            deepest = max(deepest, depth[source] + 1)
    return deepest


class _Names:
    """Gives out names, each once; names that nodes of the graph bear belong to those nodes."""

    def __init__(self, graph: Graph) -> None:
        self._names = {n.name for n in graph.nodes.values() if n.name}
        unnamed = {n.id for n in graph.nodes.values() if n.leaf and not n.name}
        self._wanted = {canonical(name) for name in self._names} | self._names | unnamed
        self._given: set[str] = set()
        self._next: dict[str, int] = {}

    def free(self, name: str) -> bool:
        return name not in self._given and name not in self._wanted

    def take(self, name: str) -> str:
        self._given.add(name)
        return name

    def of(self, node: Node, stem: str) -> str:
        """The node's own name if no other node took it, else its id (leaves) or a new name."""
        if node.name and node.name not in self._given:
            return self.take(node.name)
        if not node.name and not stem and node.id not in self._given | self._names:
            return self.take(node.id)
        stem = stem or "x"
        k = self._next.get(stem, 1)
        while not self.free(f"{stem}{k}"):
            k += 1
        self._next[stem] = k + 1
        return self.take(f"{stem}{k}")
