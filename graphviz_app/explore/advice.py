"""What may be wired on the canvas, and what stands in the way, in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from engine import edits
from engine.graph.graph import Graph, Wire
from engine.graph.levels import Opened

INSIDE_OPENED = "This node is inside an opened one: fold that to wire it."
FOLDED = "This group is folded: open it to change the wires that lead into it."


def stand_ins(opened: Opened) -> set[str]:
    """The nodes that are shown in place of folded groups."""
    return {i for i, node in opened.graph.nodes.items() if node.op == "group"}


class GraphAdvice:
    """What gestures ask about a graph, as it stood when they began."""

    def __init__(self, graph: Graph, opened: Opened) -> None:
        self._graph = graph
        self._wiring = edits.Wiring(graph)
        self._inside = {i for frame in opened.frames for i in frame.inside}
        self._results = {frame.node for frame in opened.frames}
        self._folded = stand_ins(opened)

    @cached_property
    def _users(self) -> Mapping[str, Collection[Wire]]:
        return self._graph.users()

    def why_closed(self, node: str, gives: bool = False) -> str:
        """Why no wire ends at a shown node, or begins there (``gives``); "" if one may.

        Ports of what is shown in place of a node are not ports of that node; its result is.
        """
        if node in self._inside and not (gives and node in self._results):
            return INSIDE_OPENED
        return FOLDED if node in self._folded and not gives else ""

    def refusal(self, source: str, target: str, port: int) -> str:
        """Why a wire cannot be; "" if it can."""
        return (
            self.why_closed(source, gives=True)
            or self.why_closed(target)
            or self._wiring.refusal(source, target, port)
        )

    def may_change(self, wire: Wire) -> bool:
        """Whether a wire that is shown is one of the document, and not inside something."""
        return not (self.why_closed(wire.source, gives=True) or self.why_closed(wire.target))

    def may_insert(self, node: str, wire: Wire) -> bool:
        """Whether a node without wires can be put into ``wire``."""
        nodes = self._graph.nodes
        if node not in nodes or wire.target not in nodes or node in (wire.source, wire.target):
            return False
        if not self.may_change(wire) or self.why_closed(node):
            return False
        loose = not any(nodes[node].inputs) and not self._users[node]
        return loose and self._wiring.free_port(wire.source, node) is not None
