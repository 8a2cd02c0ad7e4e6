"""A training script for torch of the same model, data and settings, for those who outgrow this
machine: it runs under ``python``, and under ``torchrun`` on many GPUs.

The model is written op by op from the plan.  Weights and data go into a file beside the script.
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.data.choice import DataChoice
from engine.data.dataset import Dataset
from engine.errors import FileError, TrainingError
from engine.files.atomic import replace_file
from engine.graph.graph import Graph
from engine.run.plan import lower
from engine.training.optimizers import HAT, INSIDE, VELOCITY, optimizer_called
from engine.training.settings import FULL, Settings
from engine.training.torch_model import HELPERS, TorchModel, safe_name
from engine.training.torch_template import TEMPLATE
from engine.training.trainer import Trainer


def write_script(
    path: Path, graph: Graph, data: DataChoice, settings: Settings
) -> tuple[Path, Path]:
    """Write the script and, beside it, its weights and data; the paths of both.

    Raises TrainingError where the graph cannot be trained or written for torch, and FileError.
    """
    trainer = Trainer(graph, data.load(), settings)
    arrays = path.with_suffix(".npz")
    try:
        replace_file(arrays, _arrays(trainer))
        replace_file(path, script_of(trainer, arrays.name).encode())
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path, arrays


def script_of(trainer: Trainer, arrays: str) -> str:
    """The text of the script, which finds its weights and data in the file ``arrays``."""
    if trainer.binding.single:
        raise TrainingError(
            "A graph that knows no batches cannot be written for torch: make its input a matrix "
            "with the examples as rows."
        )
    plan = lower(trainer.running.graph)
    model = TorchModel(plan, trainer)
    settings = trainer.settings
    helpers = "".join(text for name, text in HELPERS.items() if f"{name}(" in model.text)
    return TEMPLATE.format(
        graph=json.dumps(trainer.graph.name or "a graph", ensure_ascii=False)[1:-1],
        data=trainer.split.train.name,
        arrays=arrays,
        settings=json.dumps(msgspec.to_builtins(settings)),
        helpers=helpers,
        registered="\n".join(model.registered) or "        pass",
        inputs=", ".join(model.inputs),
        body="\n".join(f"        {line}" for line in model.lines),
        result=model.result,
        penalty=_penalty(trainer),
        optimizer=_optimizer(trainer),
        schedule=_schedule(trainer),
        batch=trainer.batch_size if settings.batch != FULL else "len(dataset)",
        clip=_clipping(settings),
        epochs=settings.epochs,
        seed=settings.seed,
        dtype=settings.dtype,
        shuffle=settings.shuffle,
        columns=repr(list(trainer.binding.leaves)),
        step="        scheduler.step()\n" if _schedule(trainer) else "",
    )


def _arrays(trainer: Trainer) -> bytes:
    """Initial weights and the rows of every part, in NumPy's own format."""
    kept = {f"weight:{leaf}": value for leaf, value in trainer.executor.weights().items()}
    graph = trainer.running.graph
    fed = set(trainer.binding.leaves)
    constants = {
        f"constant:{node.id}": np.asarray(node.value if node.value is not None else 1.0)
        for node in graph.leaves()
        if node.id not in fed and f"weight:{node.id}" not in kept
    }
    for part, rows in _parts(trainer).items():
        for leaf, values in trainer.binding.rows(rows, trainer.settings.dtype).items():
            kept[f"{part}:{leaf}"] = values
    out = io.BytesIO()
    np.savez_compressed(out, **{safe_name(k): v for k, v in {**kept, **constants}.items()})  # pyright: ignore[reportArgumentType]
    return out.getvalue()


def _parts(trainer: Trainer) -> dict[str, Dataset]:
    parts = {
        "train": trainer.split.train,
        "val": trainer.split.validation,
        "test": trainer.split.test,
    }
    return {name: part for name, part in parts.items() if part.count}


# settings -----------------------------------------------------------------------------------


def _optimizer(trainer: Trainer) -> str:
    """torch's optimiser that comes nearest to the settings."""
    settings = trainer.settings
    entry = optimizer_called(settings.optimizer)
    p = entry.settings(settings.preset, **settings.parameters)
    rate = p["rate"] if settings.rate is None else settings.rate
    words: dict[str, Any] = {"lr": rate}
    name = {
        "sgd": "SGD", "momentum": "SGD", "nesterov": "SGD", "adagrad": "Adagrad",
        "adadelta": "Adadelta", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW",
        "nadam": "NAdam",
    }[entry.name]  # fmt: skip
    if "mu" in p:
        words["momentum"] = p["mu"]
    if entry.name == "nesterov":
        words["nesterov"] = True
    if "accumulator" in p:
        words["initial_accumulator_value"] = p["accumulator"]
    if "rho" in p:
        words["alpha" if entry.name == "rmsprop" else "rho"] = p["rho"]
    if "beta1" in p:
        words["betas"] = (p["beta1"], p["beta2"])
    if "epsilon" in p:
        words["eps"] = p["epsilon"]
    if "decay" in p:
        words["weight_decay"] = p["decay"]
    if "momentum_decay" in p:
        words["momentum_decay"] = p["momentum_decay"]
    note = ""
    if p.get("place") in (INSIDE, HAT) or p.get("form") == VELOCITY or p.get("warm", 0.5) != 0.5:
        note = f"  # torch's rule; the preset {settings.preset!r} differs in small print"
    arguments = ", ".join(f"{key}={value!r}" for key, value in words.items())
    return f"torch.optim.{name}(model.parameters(), {arguments}){note}"


def _schedule(trainer: Trainer) -> str:
    """The schedule as a function of the epoch, "" for a constant rate."""
    settings = trainer.settings
    p = {"every": 30.0, "factor": 0.1, "lowest": 0.0, "epochs": 0.0, **settings.schedule_parameters}
    name = settings.schedule
    if name == "exponential" and "factor" not in settings.schedule_parameters:
        p["factor"] = 0.99
    formula = {
        "step": f"{p['factor']!r} ** math.floor(epoch / {p['every']!r})",
        "exponential": f"{p['factor']!r} ** epoch",
        "cosine": (
            f"{p['lowest']!r} + (1 - {p['lowest']!r}) * (1 + math.cos(math.pi * "
            f"min(1.0, epoch / {p['epochs'] or settings.epochs!r}))) / 2"
        ),
    }.get(name, "")
    if not formula:
        return ""
    return (
        f"    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: {formula})\n"
    )


def _penalty(trainer: Trainer) -> str:
    settings = trainer.settings
    lines = []
    for leaf in sorted(trainer.penalised):
        weight = f"plain.{safe_name(leaf)}"
        if settings.l2:
            lines.append(
                f"            loss = loss + {0.5 * settings.l2!r} * {weight}.square().sum()"
            )
        if settings.l1:
            lines.append(f"            loss = loss + {settings.l1!r} * {weight}.abs().sum()")
    return "\n".join(lines) + "\n" if lines else ""


def _clipping(settings: Settings) -> str:
    text = ""
    if settings.clip_value is not None:
        text += (
            "            torch.nn.utils.clip_grad_value_(model.parameters(), "
            f"{settings.clip_value!r})\n"
        )
    if settings.clip_norm is not None and math.isfinite(settings.clip_norm):
        text += (
            "            torch.nn.utils.clip_grad_norm_(model.parameters(), "
            f"{settings.clip_norm!r})\n"
        )
    return text
