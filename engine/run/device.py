"""The torch executor: the same plan on torch tensors, on a processor or a graphics card.

Forward it calls torch's own functions, by the names in the op table; backward it leaves to torch's
autograd, so that it is also an independent witness of our gradient rules.  torch is an extra and
is imported when an executor is made, not before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.ops.op import Op, Shape
from engine.run.arrays import Vector, ends_of, running_leaves, running_means
from engine.run.flat import FlatRun
from engine.run.plan import Plan


def torch_function(torch: Any, op: Op) -> Any:
    """What the entry's dotted name stands for; raises TrainingError where torch has none."""
    if not op.torch:
        raise TrainingError(f'torch has nothing like "{op.name}": train on NumPy (device "numpy").')
    return functools.reduce(getattr, op.torch.split("."), torch)


@functools.cache
def torch_calls() -> dict[str, Callable[..., Any]]:
    """How torch is called where names, places of attributes or answers differ; all other ops are
    called by their torch name, as ours.
    """
    import torch
    from torch.nn import functional

    def rows(x: Any, indices: Any, axis: int) -> Any:
        where = indices.long() % x.shape[axis]
        flat = torch.index_select(x, axis, where.reshape(-1))
        return flat.reshape(*x.shape[:axis], *where.shape, *x.shape[axis + 1 :])

    def conv(x: Any, kernel: Any, stride: int, padding: str) -> Any:
        """Channels come last here and second in torch, which pads only evenly."""
        if padding == "same":
            margins = []
            for size, window in zip(
                reversed(x.shape[1:3]), reversed(kernel.shape[:2]), strict=True
            ):
                wanted = max((-(-size // stride) - 1) * stride + window - size, 0)
                margins += [wanted // 2, wanted - wanted // 2]
            x = functional.pad(x, (0, 0, *margins))
        y = functional.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), stride=stride)
        return y.movedim(1, -1)

    def pooled(x: Any, size: int, stride: Any) -> Any:
        """By the largest of each window as ``amax`` takes it, which shares ties evenly."""
        step = stride or size
        windows = x.unfold(1, size, step).unfold(2, size, step)
        return windows.amax((-2, -1))

    def reshaped(x: Any, shape: Any) -> Any:
        asked = tuple(shape) if np.ndim(shape) else (shape,)
        return x.reshape(tuple(x.shape[k] if n == 0 else n for k, n in enumerate(asked)))

    def chances(t: Any, like: Any) -> Any:
        if t.ndim == like.ndim:
            return t
        return functional.one_hot(t.long(), like.shape[-1]).to(like.dtype)

    return {
        "bypass": lambda *xs, port, **_: xs[port],
        "max": lambda *xs: torch.amax(torch.stack(torch.broadcast_tensors(*xs)), 0),
        "min": lambda *xs: torch.amin(torch.stack(torch.broadcast_tensors(*xs)), 0),
        "where": lambda condition, a, b: torch.where(condition != 0, a, b),
        "leaky_relu": lambda x, slope: functional.leaky_relu(x, negative_slope=slope),
        "transpose": lambda x, axes: torch.permute(x, axes or tuple(range(x.ndim))[::-1]),
        "reshape": reshaped,
        "concat": lambda *xs, axis: torch.cat([torch.atleast_1d(x) for x in xs], dim=axis),
        "take": rows,
        "conv2d": conv,
        "max_pool": pooled,
        "sum": lambda x, axes, keepdims: torch.sum(x, dim=axes, keepdim=keepdims),
        "mean": lambda x, axes, keepdims: torch.mean(x, dim=axes, keepdim=keepdims),
        "reduce_max": lambda x, axes, keepdims: torch.amax(
            x, dim=() if axes is None else axes, keepdim=keepdims
        ),
        "softmax": lambda x, axis: torch.softmax(x, dim=axis),
        "log_softmax": lambda x, axis: torch.log_softmax(x, dim=axis),
        # with 0·ln 0 = 0, where torch's own losses cap the logarithm
        "bce": lambda p, t: -(torch.xlogy(t, p) + torch.special.xlog1py(1 - t, -p)).mean(),
        "cross_entropy": lambda p, t: -torch.xlogy(chances(t, p), p).sum(-1).mean(),
        "cross_entropy_from_logits": lambda x, t: (
            -(chances(t, x) * x.log_softmax(-1)).sum(-1).mean()
        ),
    }


class TorchPrepared:
    """A pass for batches of one size; see ``arrays.Prepared``, which it stands in for."""

    def __init__(
        self,
        inputs: dict[str, np.ndarray],
        once: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]],
    ) -> None:
        self.inputs = inputs
        self.outputs: dict[str, np.ndarray] = {}
        self._once = once

    def run(self) -> None:
        """Do the pass."""
        self.outputs = self._once(self.inputs)


class TorchExecutor:
    """Runs a plan on torch tensors of ``dtype`` on ``device`` ("cpu", "cuda", "mps").

    The same interface as ``arrays.ArrayExecutor``; ``parameters`` and ``gradient`` are flat
    vectors, here as tensors on the device.  Raises TrainingError where an op has no like in torch.
    """

    def __init__(
        self, plan: Plan, learned: Iterable[str], dtype: Any = np.float64, device: str = "cpu"
    ) -> None:
        import torch

        self.plan, self.dtype, self.device = plan, np.dtype(dtype), device
        self.torch = torch
        self._kind = {"float64": torch.float64, "float32": torch.float32}[self.dtype.name]
        shapes: dict[str, Shape] = {
            leaf: np.shape(plan.leaves[plan.slots[leaf]]) for leaf in learned
        }
        start = Vector(shapes, dtype)
        for leaf, view in start.views.items():
            view[...] = plan.leaves[plan.slots[leaf]]
        self.spans, self.shapes = start.spans, shapes
        self.vector = torch.tensor(start.array, device=device, requires_grad=True)
        self.vector_gradient = torch.zeros_like(self.vector)
        self._leaves = {
            slot: self._tensor(plan.leaves[slot])
            for slot, node in enumerate(plan.nodes)
            if node.leaf and node.id not in shapes
        }

    def vectors(self) -> tuple[Any, Any]:
        """The flat vectors of weights and of gradients, to be changed in place."""
        return self.vector.detach(), self.vector_gradient

    def scratch(self) -> Any:
        """Another such vector, for whoever needs one."""
        return self.torch.zeros_like(self.vector_gradient)

    def _tensor(self, value: Any) -> Any:
        return self.torch.tensor(
            np.asarray(value, self.dtype), dtype=self._kind, device=self.device
        )

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the learned leaves and of the running means, by id."""
        flat = self.vector.detach().cpu().numpy()
        found = {i: flat[s].reshape(self.shapes[i]).copy() for i, s in self.spans.items()}
        kept = running_leaves(self.plan)
        found.update((i, self._leaves[self.plan.slots[i]].cpu().numpy().copy()) for i in kept)
        return found

    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients of the last pass, by learned leaf."""
        flat = self.vector_gradient.cpu().numpy()
        return {i: flat[s].reshape(self.shapes[i]) for i, s in self.spans.items()}

    def load_gradients(self, gradients: Mapping[str, Any]) -> None:
        """Put other gradients in place of those of the last pass."""
        for leaf, value in gradients.items():
            self.vector_gradient[self.spans[leaf]] = self._tensor(value).reshape(-1)

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take over what ``weights`` gave."""
        with self.torch.no_grad():
            for leaf, value in weights.items():
                tensor = self._tensor(value)
                if leaf in self.spans:
                    self.vector[self.spans[leaf]] = tensor.reshape(-1)
                else:
                    self._leaves[self.plan.slots[leaf]].copy_(tensor)

    def prepare(
        self,
        inputs: Mapping[str, Shape],
        wanted: Sequence[str],
        gradients: bool = False,
        training: bool | None = None,
        mean_of_output: bool = False,
        momentum: float | None = None,
    ) -> TorchPrepared:
        """A pass over leaves of these shapes; see ``arrays.ArrayExecutor.prepare``."""
        torch, plan = self.torch, self.plan
        buffers = {leaf: np.ones(shape, self.dtype) for leaf, shape in inputs.items()}

        def leaves(given: Mapping[str, np.ndarray]) -> dict[int, Any]:
            found = dict(self._leaves)
            for leaf, span in self.spans.items():
                found[plan.slots[leaf]] = self.vector[span].reshape(self.shapes[leaf])
            for leaf, array in given.items():
                found[plan.slots[leaf]] = torch.from_numpy(array).to(self.device)
            return found

        with torch.no_grad():
            ends = ends_of(plan, wanted, gradients, momentum)
            tried = FlatRun(plan, leaves(buffers), self._apply, ends, training)
        steps = [(made, _called(op, attrs), sources) for made, op, attrs, sources in tried.steps]
        computed = {made for made, *_ in steps} | set(range(len(plan.nodes)))
        fixed = {
            slot: self._solid(value)
            for slot, value in enumerate(tried.values)
            if slot not in computed
        }
        places = {name: tried.slot(plan.slots[name]) for name in wanted}
        end = tried.slot(plan.output)

        def once(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            with torch.set_grad_enabled(gradients):
                values: dict[int, Any] = {**leaves(given), **fixed}
                for made, call, sources in steps:
                    values[made] = call(*[values[i] for i in sources])
                if gradients:
                    self._walk_back(values[end].mean() if mean_of_output else values[end].sum())
            if momentum is not None:
                with torch.no_grad():
                    self._move_running_means(values, tried, momentum)
            return {name: values[slot].detach().cpu().numpy() for name, slot in places.items()}

        return TorchPrepared(buffers, once)

    def _walk_back(self, output: Any) -> None:
        """Put the gradients of ``output`` into ``vector_gradient``."""
        found = None
        if output.requires_grad:  # a step function, for one, passes nothing back
            (found,) = self.torch.autograd.grad(output, self.vector, allow_unused=True)
        if found is None:
            self.vector_gradient.zero_()
        else:
            self.vector_gradient.copy_(found)

    def _solid(self, value: Any) -> Any:
        return value if isinstance(value, self.torch.Tensor) else self._tensor(value)

    def _apply(self, op: Op, attrs: Mapping[str, Any], xs: Sequence[Any]) -> Any:
        return _called(op, attrs)(*map(self._solid, xs))

    def _move_running_means(self, values: dict[int, Any], tried: FlatRun, momentum: float) -> None:
        tried.values = [values.get(tried.slot(slot)) for slot in range(len(tried.values))]
        for leaf, value in running_means(tried, self.plan, momentum).items():
            self._leaves[self.plan.slots[leaf]].copy_(value)


def _called(op: Op, attrs: Mapping[str, Any]) -> Callable[..., Any]:
    """torch's function for an op with these attributes."""
    import torch

    call = torch_calls().get(op.name) or torch_function(torch, op)
    if op.name == "greater":  # a walk hands on 1 and 0, not truth values
        return lambda a, b: torch.greater(a, b).to(a.dtype)
    return functools.partial(call, **attrs) if attrs else call


def available() -> dict[str, str]:
    """The devices that torch could use here, with a name for each; empty without torch."""
    try:
        import torch
    except ImportError:
        return {}
    found = {"cpu": "this processor"}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_device_name()
    if getattr(torch.backends, "mps", None) is not None and torch.backends.mps.is_available():
        found["mps"] = "Apple's graphics processor"
    return found
