"""Bypassing a node, and what it is while it is not bypassed: its op, its ports, its sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from engine.graph.graph import Node
from engine.ops.bypass import BYPASS


class Applied(Protocol):
    """What a node and a step of the walk both say of an op."""

    @property
    def op(self) -> str: ...
    @property
    def attrs(self) -> Mapping[str, Any]: ...


def bypassed(applied: Applied) -> bool:
    """Whether it passes one input on in place of what its op computes."""
    return applied.op == BYPASS.name


def own_op(applied: Applied) -> str:
    """The name of the op that it applies while it is not bypassed."""
    return str(applied.attrs.get("of", "")) if bypassed(applied) else applied.op


def bypass(node: Node, port: int) -> Node:
    """``node``, passing on what comes in at ``port``."""
    attrs: dict[str, Any] = {"of": node.op, "port": port}
    if node.attrs:
        attrs["settings"] = dict(node.attrs)
    return msgspec.structs.replace(node, op=BYPASS.name, attrs=attrs)


def brought_back(node: Node) -> Node:
    """A bypassed node as it was before."""
    settings = node.attrs.get("settings")
    attrs = dict(settings) if isinstance(settings, Mapping) else {}
    return msgspec.structs.replace(node, op=own_op(node), attrs=attrs)
