"""The layers of a graph as training looks at them: which parameters belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.graph.graph import Graph
from engine.graph.owned import is_layer
from engine.ops import OPS
from engine.training.objective import squash_of

CAN_DIE_OR_SATURATE = ("relu", "tanh", "sigmoid")


@dataclass(frozen=True)
class LearningLayer:
    """A node and the learned leaves wired to it alone; a leaf of its own where none has it.

    ``squash`` is the activation that ``output`` ends in: that of the node, or of the one behind.
    """

    node: str
    leaves: tuple[str, ...]
    output: str
    squash: str


def learning_layers(graph: Graph, learned: Iterable[str]) -> list[LearningLayer]:
    """The layers in order.  Each learned leaf is in exactly one."""
    users = graph.users()
    found: dict[str, list[str]] = {}
    for leaf in learned:
        targets = {wire.target for wire in users[leaf]}
        owner = next(iter(targets)) if len(targets) == 1 else ""
        of_layer = bool(owner) and is_layer(OPS.resolve(graph.nodes[owner].op))
        found.setdefault(owner if of_layer else leaf, []).append(leaf)
    order = {node: place for place, node in enumerate(graph.nodes)}
    layers = []
    for node, leaves in sorted(found.items(), key=lambda item: order[item[0]]):
        output, squash = node, squash_of(graph.nodes[node])
        behind = users[node]
        if squash not in CAN_DIE_OR_SATURATE and len(behind) == 1 and node not in leaves:
            following = graph.nodes[behind[0].target]
            after = squash_of(following)
            # a layer behind has its own activation, not this one's
            if after in CAN_DIE_OR_SATURATE and not is_layer(OPS.resolve(following.op)):
                output, squash = behind[0].target, after
        squash = squash if squash in CAN_DIE_OR_SATURATE else ""
        layers.append(LearningLayer(node, tuple(leaves), output, squash))
    return layers
