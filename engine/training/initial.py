"""New weights for a graph, all drawn from one seed.

As the course draws them: one ``RandomState(seed)`` for the whole graph, layer after layer; weights
before a ReLU by He's rule, all others by Glorot's; biases 0, scales 1.
"""

from __future__ import annotations

import msgspec
import numpy as np

from engine.graph.graph import PARAMETER, Graph
from engine.layers.initialisers import INITIALISERS, fans
from engine.ops import OPS
from engine.training.layers import learning_layers
from engine.training.objective import WEIGHT_PORTS, squash_of

SPREAD = 0.5  # standard deviation of parameters that belong to no layer
BENT_AT_ZERO = ("relu", "leaky_relu")  # of which half the numbers are lost, which He makes up for
HE, GLOROT = "he_normal", "glorot_uniform"
SCALES = ("gamma",)


def with_new_weights(graph: Graph, seed: int, init: str = "") -> Graph:
    """``graph`` with new parameters; ``init`` names an initialiser for all weights of layers.

    Raises EngineError for an initialiser that does not exist.
    """
    if init and init not in INITIALISERS:
        from engine.layers.initialisers import draw

        draw(init, (), 0)  # says which there are
    rng = np.random.RandomState(seed)
    nodes = dict(graph.nodes)
    learned = [node.id for node in graph.leaves() if node.op == PARAMETER]
    for layer in learning_layers(graph, learned):
        owner = graph.nodes[layer.node]
        rule = init or (HE if squash_behind(graph, layer.node) in BENT_AT_ZERO else GLOROT)
        for leaf in layer.leaves:
            shape = np.shape(nodes[leaf].value) if nodes[leaf].value is not None else ()
            if layer.node == leaf:
                value = rng.normal(0.0, SPREAD, shape)
            else:
                port = OPS[OPS.resolve(owner.op)].input_name(owner.inputs.index(leaf))
                if port in WEIGHT_PORTS:
                    value = INITIALISERS[rule](rng, shape, *fans(shape))
                else:
                    value = np.ones(shape) if port in SCALES else np.zeros(shape)
            held = float(value) if np.ndim(value) == 0 else np.asarray(value)
            nodes[leaf] = msgspec.structs.replace(nodes[leaf], value=held)
    return graph.like(nodes)


def squash_behind(graph: Graph, node: str) -> str:
    """The activation that the numbers of a layer come to: its own, or that of the node behind."""
    squash = squash_of(graph.nodes[node])
    users = graph.users()[node]
    if squash in ("linear", "conv2d") and len(users) == 1:
        return squash_of(graph.nodes[users[0].target])
    return squash
