"""Connecting, detaching and inserting; and why a wire cannot be."""

from __future__ import annotations

import msgspec

from engine.edits.common import packed, with_node
from engine.errors import EngineError, OpError
from engine.graph.bypass import own_op
from engine.graph.graph import Graph, Node, Wire
from engine.graph.problems import infer_shapes
from engine.graph.reach import node_called, upstream
from engine.ops import OPS
from engine.ops.op import Shape


class Wiring:
    """What may be wired in one graph; remembers shapes and reach between questions."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shapes: dict[str, Shape] | None = None
        self._before: dict[str, set[str]] = {}

    def refusal(self, source: str, target: str, port: int) -> str:
        """Why the output of ``source`` cannot be wired to ``port`` of ``target``; "" if it can."""
        nodes = self.graph.nodes
        giver, taker = nodes.get(source), nodes.get(target)
        if giver is None or taker is None:
            return "One end of this wire does not exist any more."
        name = node_called(taker, self.graph)
        if taker.leaf:
            return f"{name} is a leaf: it has a value of its own and takes no wire."
        op = OPS.get(own_op(taker))
        if op is None:
            return f'There is no op called "{own_op(taker)}".'
        if port < 0 or (port >= op.arity if not op.variadic else port > len(taker.inputs)):
            return f"{op.name} takes {op.arity} input{'s' if op.arity > 1 else ''}, and no more."
        if source == target:
            return f"{name} cannot feed itself."
        if source not in self._before:
            self._before[source] = upstream(self.graph, [source])
        if target in self._before[source]:
            fed = node_called(giver, self.graph)
            return f"{name} feeds {fed}: with this wire it would feed itself."
        if self._shapes is None:
            self._shapes = infer_shapes(self.graph)
        inputs = _wired(taker, source, port, op.arity)
        known = [self._shapes[i] for i in inputs if i in self._shapes]
        if len(known) == len(inputs) and op.accepts(len(inputs)):
            try:
                OPS[taker.op].shape(*known, **taker.attrs)
            except OpError as error:
                return str(error)
            except Exception:
                return ""  # attributes of any type: find_problems says what is wrong
        return ""

    def free_port(self, source: str, target: str) -> int | None:
        """The first empty port of ``target`` that ``source`` may be wired to, or None."""
        node = self.graph.nodes.get(target)
        if node is None or node.leaf or own_op(node) not in OPS:
            return None
        op = OPS[own_op(node)]
        for port in range(len(node.inputs) + 1 if op.variadic else op.arity):
            empty = port >= len(node.inputs) or not node.inputs[port]
            if empty and not self.refusal(source, target, port):
                return port
        return None


def refusal(graph: Graph, source: str, target: str, port: int) -> str:
    """``Wiring.refusal``, for a single question."""
    return Wiring(graph).refusal(source, target, port)


def _wired(node: Node, source: str, port: int, arity: int) -> tuple[str, ...]:
    ports = [*node.inputs, *[""] * (max(arity, port + 1) - len(node.inputs))]
    ports[port] = source
    return tuple(ports)


def connect(graph: Graph, source: str, target: str, port: int) -> Graph:
    """Wire the output of ``source`` to a port, in place of what was there.

    Raises EngineError with the reason where it cannot be.
    """
    why = refusal(graph, source, target, port)
    if why:
        raise EngineError(why)
    node = graph.nodes[target]
    inputs = _wired(node, source, port, OPS[own_op(node)].arity)
    after = with_node(graph, msgspec.structs.replace(node, inputs=inputs))
    return _follow_output(graph, after)


def _follow_output(before: Graph, after: Graph) -> Graph:
    """Where the output came to feed something, the result at its end is the output."""
    output = after.output
    if output not in before.nodes or before.users().get(output):
        return after
    users = after.users()
    met: set[str] = set()
    while users.get(output) and output not in met:
        met.add(output)
        output = users[output][0].target
    after.output = output
    return after


def disconnect(graph: Graph, target: str, port: int) -> Graph:
    """Take the wire off a port, if there is one."""
    node = graph.nodes[target]
    if not 0 <= port < len(node.inputs):
        return graph
    inputs = (*node.inputs[:port], "", *node.inputs[port + 1 :])
    return with_node(graph, msgspec.structs.replace(node, inputs=packed(node, inputs)))


def free_port(graph: Graph, source: str, target: str) -> int | None:
    """``Wiring.free_port``, for a single question."""
    return Wiring(graph).free_port(source, target)


def insert_on_wire(graph: Graph, node_id: str, wire: Wire) -> Graph:
    """Put a node into a wire: it takes what the wire carried and feeds where it went.

    Raises EngineError with the reason where it cannot be.
    """
    node = graph.nodes[node_id]
    if node_id in (wire.source, wire.target):
        raise EngineError(f"{node_called(node, graph)} is an end of this wire already.")
    port = free_port(graph, wire.source, node_id)
    if port is None:
        raise EngineError(f"{node_called(node, graph)} has no free input for {wire.source}.")
    return connect(connect(graph, wire.source, node_id, port), node_id, wire.target, wire.port)
