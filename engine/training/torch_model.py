"""A plan written as the ``forward`` of a torch module, op by op."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.graph.graph import Node
from engine.ops import OPS
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.op import Op
from engine.run.arrays import running_leaves
from engine.run.plan import Plan
from engine.training.trainer import Trainer

PROBE_ROWS = 7  # a batch size that is told apart from every other size of a small network

# How ops are written where torch's own name, called with the inputs, is not what is meant.
WRITTEN: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "matmul": "({0} @ {1})",
    "identity": "{0}",
    "greater": "({0} > {1}).to({0}.dtype)",
    "where": "torch.where({0} != 0, {1}, {2})",
    "max": "torch.amax(torch.stack(torch.broadcast_tensors({all})), 0)",
    "min": "torch.amin(torch.stack(torch.broadcast_tensors({all})), 0)",
    "leaky_relu": "F.leaky_relu({0}, {slope})",
    "elu": "F.elu({0}, {alpha})",
    "gelu": "F.gelu({0}, approximate={approximate})",
    "softmax": "{0}.softmax({axis})",
    "log_softmax": "{0}.log_softmax({axis})",
    "sum": "torch.sum({0}, dim={axes}, keepdim={keepdims})",
    "mean": "torch.mean({0}, dim={axes}, keepdim={keepdims})",
    "reduce_max": "torch.amax({0}, dim={some_axes}, keepdim={keepdims})",
    "transpose": "{0}.permute({order})",
    "reshape": "{0}.reshape({shape})",
    "concat": "torch.cat([{all}], dim={axis})",
    "take": "torch.index_select({0}, {axis}, {1}.long().reshape(-1)).reshape({rows})",
    "conv2d": "convolved({0}, {1}, {stride}, {padding})",
    "max_pool": "pooled({0}, {size}, {step})",
    "mae": "F.l1_loss({0}, {1})",
    "mse": "F.mse_loss({0}, {1})",
    "bce": "-(torch.xlogy({1}, {0}) + torch.special.xlog1py(1 - {1}, -{0})).mean()",
    "bce_from_logits": "F.binary_cross_entropy_with_logits({0}, {1})",
    "cross_entropy": "-torch.xlogy({1}, {0}).sum(-1).mean()",
    "cross_entropy_from_logits": "-({1} * {0}.log_softmax(-1)).sum(-1).mean()",
}
HELPERS = {
    "convolved": '''
def convolved(x, kernel, stride, padding):
    """Images with their channels last; "same" pads as Keras does."""
    if padding == "same":
        margins = []
        for size, window in zip(x.shape[2:0:-1], kernel.shape[1::-1]):
            wanted = max((-(-size // stride) - 1) * stride + window - size, 0)
            margins += [wanted // 2, wanted - wanted // 2]
        x = F.pad(x, (0, 0, *margins))
    return F.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), stride=stride).movedim(1, -1)
''',
    "pooled": '''
def pooled(x, size, step):
    """The largest of each window of images with their channels last."""
    return F.max_pool2d(x.movedim(-1, 1), size, step).movedim(1, -1)
''',
}


def safe_name(name: str) -> str:
    """A name for an array in the file, and for a variable of Python."""
    return "".join(
        c if c.isascii() and (c.isalnum() or c == "_") else f"_{ord(c):x}_" for c in name
    )


class TorchModel:
    """The lines of ``forward``, and what has to be registered for them."""

    def __init__(self, plan: Plan, trainer: Trainer) -> None:
        self.lines: list[str] = []
        self.registered: list[str] = []
        self._shapes: list[tuple[int, ...]] = []
        self._texts: list[str] = []
        self._count = 0
        fed = set(trainer.binding.leaves)
        learned = set(trainer.executor.spans)
        kept = set(running_leaves(plan))
        masks = {plan.nodes[i[1]].id for _, op, _, *i in plan.steps if op.name == "dropout"}
        self.inputs = [safe_name(leaf) for leaf in trainer.binding.leaves]
        shapes = {
            leaf: (PROBE_ROWS, *r.shape[1:]) for leaf, r in trainer.binding.rows(None).items()
        }
        slots: list[Any] = [None] * len(plan.nodes)
        for slot, node in enumerate(plan.nodes):
            if node.leaf and node.id not in masks:
                slots[slot] = (self._leaf(node, fed, learned, kept), shapes.get(node.id, np.shape(
                    plan.leaves[slot])))  # fmt: skip
        for slot, op, attrs, *inputs in plan.steps:
            full = op.with_defaults(attrs)
            slots[slot] = self._step(op, full, inputs, slots, plan)
            text, made = slots[slot]
            if self.lines and self.lines[-1].startswith(f"{text} = "):  # the end of a layer
                self.lines[-1] += f"  # {plan.nodes[slot].id}"
            else:
                slots[slot] = (self._line(text, f"  # {plan.nodes[slot].id}"), made)
        loss = slots[plan.output][0]
        prediction = trainer.running.prediction
        self.result = f"{loss}.mean(), {slots[plan.slots[prediction]][0] if prediction else loss}"
        self.text = "\n".join(self.lines)

    def _leaf(self, node: Node, fed: set[str], learned: set[str], kept: set[str]) -> str:
        name = safe_name(node.id)
        if node.id in fed:
            return name
        if node.id in learned:
            key = safe_name("weight:" + node.id)
            self.registered.append(f"        self.{name} = torch.nn.Parameter(arrays[{key!r}])")
        else:
            key = safe_name(("weight:" if node.id in kept else "constant:") + node.id)
            self.registered.append(f"        self.register_buffer({name!r}, arrays[{key!r}])")
        return f"self.{name}"

    def _step(
        self, op: Op, attrs: dict[str, Any], inputs: list[int], slots: list[Any], plan: Plan
    ) -> tuple[str, tuple[int, ...]]:
        if op.name == "dropout":
            text, shape = slots[inputs[0]]
            return f"F.dropout({text}, {attrs['rate']!r}, self.training)", shape
        given = [slots[i] for i in inputs]
        if op.name == "batch_norm":
            x, gamma, beta, mean, variance = (text for text, _ in given)
            return (
                f"normalised({x}, {gamma}, {beta}, {mean}, {variance}, {attrs['epsilon']!r}, "
                "self.training, self.momentum)"
            ), given[0][1]
        return self._written(op, attrs, given)

    def _written(
        self, op: Op, attrs: Mapping[str, Any], given: list[tuple[str, tuple[int, ...]]]
    ) -> tuple[str, tuple[int, ...]]:
        texts, shapes = [text for text, _ in given], [shape for _, shape in given]
        if op.kind == "layer" and op.formula is not None:
            ports = {op.input_name(k): pair for k, pair in enumerate(given)}
            return self._expanded(op.expand(*shapes, **attrs), ports, {})
        shape = op.shape(*shapes, **attrs)
        if op.name == "bypass":
            return texts[attrs["port"]], shape
        template = WRITTEN.get(op.name)
        if template is None:
            if not op.torch:
                raise TrainingError(f'torch has nothing like "{op.name}".')
            name = op.torch.replace("nn.functional.", "F.")
            name = name if name.startswith("F.") else f"torch.{name}"
            return f"{name}({', '.join(texts)})", shape
        words = {key: repr(value) for key, value in attrs.items()}
        if op.name == "transpose":
            axes = attrs["axes"] or tuple(range(len(shapes[0])))[::-1]
            words["order"] = ", ".join(map(str, axes))
        if op.name == "reshape":
            words["shape"] = self._sizes(shape, shapes[0], texts[0])
        if op.name == "take":
            words["rows"] = self._sizes(shape, shapes[1], texts[1])
        if op.name == "reduce_max":
            words["some_axes"] = "()" if attrs["axes"] is None else repr(attrs["axes"])
        if op.name == "max_pool":
            words["step"] = repr(attrs["stride"] or attrs["size"])
        return template.format(*texts, all=", ".join(texts), **words), shape

    def _sizes(self, shape: tuple[int, ...], source: tuple[int, ...], text: str) -> str:
        """A shape whose number of rows is that of whatever comes in."""
        lead = bool(source) and source[0] == PROBE_ROWS and shape[:1] == (PROBE_ROWS,)
        sizes = [f"{text}.shape[0]" if lead else str(shape[0])] if shape else []
        return ", ".join(sizes + [str(n) for n in shape[1:]]) or "()"

    def _expanded(
        self, part: Expr, ports: Mapping[str, tuple[str, tuple[int, ...]]], known: dict[int, Any]
    ) -> tuple[str, tuple[int, ...]]:
        if isinstance(part, Var):
            return ports[part.name]
        if id(part) in known:
            return known[id(part)]
        if isinstance(part, Const):
            value = np.asarray(part.value)
            text = repr(float(value)) if not value.ndim else f"x.new_tensor({value.tolist()})"
            if not value.ndim:
                text = f"torch.tensor({float(value)!r}, dtype=DTYPE, device=DEVICE)"
            return text, value.shape
        assert isinstance(part, Call)
        given = [self._expanded(arg, ports, known) for arg in part.args]
        op = OPS[part.op]
        text, shape = self._written(op, op.with_defaults(part.attrs), given)
        known[id(part)] = (self._line(text), shape)
        return known[id(part)]

    def _line(self, text: str, comment: str = "") -> str:
        """Add a line that gives ``text`` a name; the name."""
        name = f"v{self._count}"
        self._count += 1
        whole = text.startswith("(") and text.endswith(")") and text.count("(") == 1
        self.lines.append(f"{name} = {text[1:-1] if whole else text}{comment}")
        return name
