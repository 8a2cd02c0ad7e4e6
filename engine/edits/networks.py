"""Edits of networks: a layer put where it is wanted, and a network in the place of a graph."""

from __future__ import annotations

import msgspec

from engine.edits.common import aimed
from engine.errors import EngineError
from engine.graph.graph import Graph, Node, Wire
from engine.graph.owned import owned_leaves
from engine.graph.problems import infer_shapes
from engine.layers.network import Fill, add_layer, begun, initial_value, layer_name, leaves_of
from engine.layers.table import LAYERS, ONE_HOT
from engine.ops import OPS

Point = tuple[float, float]
FROM_CLASSES = [name for name, layer in LAYERS.items() if "target" in layer.settings]
FIRST_WORDS = 10  # that the input of a network knows which begins with an Embedding


def put_layer(
    graph: Graph,
    name: str,
    behind: str = "",
    wire: Wire | None = None,
    at: Point | None = None,
    fill: Fill = initial_value,
) -> tuple[Graph, str]:
    """``graph`` with a layer behind a node, into a wire, or at its end, and the layer's id.

    At the end means before the loss, if there is one; a graph without nodes gets an input first.
    Raises EngineError where the layer cannot be.
    """
    if not graph.nodes:
        words = FIRST_WORDS if name == "Embedding" else 0
        first = begun(LAYERS[name].example, 0, words)
        graph = graph.like(first.nodes)
        graph.output = "x"
        if at is not None:
            graph.positions["x"] = (at[0] - 180.0, at[1])
    source = wire.source if wire else owned_leaves(graph).get(behind, behind) or graph.output
    last = graph.nodes.get(source)
    if wire is None and last is not None and _is_loss(last):
        return _before_loss(graph, last, name, at, fill)
    if source not in graph.nodes:
        raise EngineError(f"{name} needs something to stand behind: select a node first.")
    after, new = add_layer(graph, name, sources=(source,), seed=len(graph.nodes), fill=fill)
    if wire is not None:
        user = after.nodes[wire.target]
        inputs = tuple(new if k == wire.port else i for k, i in enumerate(user.inputs))
        after.nodes[user.id] = msgspec.structs.replace(user, inputs=inputs)
        after.output = graph.output
    elif source != graph.output and not graph.nodes[source].leaf:
        after.output = graph.output  # a branch: the gradients stay those of the output
    if at is not None:
        after.positions[new] = at
    return after, new


def _is_loss(node: Node) -> bool:
    return node.op in OPS and OPS[node.op].kind == "loss"


def _before_loss(
    graph: Graph, loss: Node, name: str, at: Point | None, fill: Fill
) -> tuple[Graph, str]:
    """The layer between the network and its loss, whose answers get the new shape."""
    if _is_loss(Node("", LAYERS[name].op(LAYERS[name].settings))):
        raise EngineError(f"The network ends in a loss already: delete it to end it in {name}.")
    own, shapes = leaves_of(graph, loss.id), infer_shapes(graph)
    kept = {i: n for i, n in graph.nodes.items() if i != loss.id and i not in own}
    bare = graph.like(kept)
    bare.output = loss.inputs[0]
    after, new = add_layer(bare, name, seed=len(graph.nodes), fill=fill)
    answers = shapes.get(loss.inputs[-1], ())
    one_hot = layer_name(loss.op) in FROM_CLASSES and len(answers) == len(shapes[bare.output])
    told = {"target": ONE_HOT} if one_hot else {}
    after, again = add_layer(after, layer_name(loss.op), told, fill=fill)
    renamed = msgspec.structs.replace(after.nodes[again], id=loss.id, name=loss.name)
    nodes = {i: n for i, n in after.nodes.items() if i != again} | {loss.id: renamed}
    after = after.like(nodes)
    after = after.like(_with_values_of(after, graph))
    after.output = graph.output
    if at is not None:
        after.positions[new] = at
    return after, new


def in_place_of(before: Graph, network: Graph) -> Graph:
    """``network`` with the name and notes of ``before``, and the values of leaves that stay."""
    after = network.like(_with_values_of(network, before))
    after.name = before.name or network.name
    after.notes = aimed(before.notes, after.nodes)
    return after


def _with_values_of(graph: Graph, before: Graph) -> dict[str, Node]:
    """The nodes of ``graph``, leaves that mean the same with the values that they had.

    Such a leaf has the same name, kind and shape, and its layer is given the same as before:
    answers among five classes are none among three.
    """
    shapes, old_shapes = infer_shapes(graph), infer_shapes(before)
    owners = owned_leaves(graph)

    def same(i: str) -> bool:
        user, old_user = (g.nodes.get(owners.get(i, "")) for g in (graph, before))
        if user is None or old_user is None:
            return user is old_user
        given = [shapes.get(j) for j in user.inputs]
        return given == [old_shapes.get(j) for j in old_user.inputs]

    kept = dict(graph.nodes)
    for i, node in graph.nodes.items():
        old = before.nodes.get(i)
        if old is None or not node.leaf or old.op != node.op or old.value is None:
            continue
        if shapes[i] == old_shapes[i] and same(i):
            kept[i] = msgspec.structs.replace(node, value=old.value)
    return kept
