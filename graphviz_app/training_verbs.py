"""The verbs of the command line that train: ``train``, ``evaluate``, ``compare`` and ``script``.

They need no screen and no Qt.  BLAS is held to one thread, which is faster for networks of this
size and leaves the other cores to other runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.data.choice import DataChoice
from engine.errors import FileError, TrainingError
from engine.files.atomic import replace_file
from engine.graph.graph import Graph
from engine.run.threads import hold_blas_to_one_thread
from engine.training.experiments import Line, Outcome, compared, grid, run_experiment
from engine.training.initial import with_new_weights
from engine.training.run_file import read_run, write_run
from engine.training.settings import Settings
from engine.training.snapshots import Checkpoint, read_checkpoint
from engine.training.trainer import DIVERGED, Trainer

VERBS = ("train", "evaluate", "compare", "script")
FAILED = 1  # exit code of a run that diverged
INTERRUPTED = 130  # as shells have it for Ctrl+C
SHOWN = ("loss", "accuracy", "r2", "val_loss", "val_accuracy", "val_r2")
OPTIONS = {  # option → (setting, type, what it is)
    "--loss": ("loss", str, "the loss; without it the graph's own or one that fits the data"),
    "--optimizer": ("optimizer", str, "sgd, momentum, nesterov, adagrad, …"),
    "--preset": ("preset", str, "whose defaults and rules: keras or torch"),
    "--lr": ("rate", float, "the learning rate"),
    "--epochs": ("epochs", int, "how often the training set is gone through"),
    "--batch": ("batch", int, "examples in an update; 0 takes all"),
    "--seed": ("seed", int, "of the order of examples and of dropout"),
    "--device": ("device", str, "auto, numpy, cpu, cuda or mps"),
    "--dtype": ("dtype", str, "float64 or float32"),
    "--l1": ("l1", float, "weight of the penalty Σ|w|"),
    "--l2": ("l2", float, "weight of the penalty ½Σw²"),
    "--clip-norm": ("clip_norm", float, "longest gradient"),
    "--clip-value": ("clip_value", float, "largest number in the gradient"),
    "--patience": ("patience", int, "epochs without a better validation loss before it stops"),
    "--schedule": ("schedule", str, "how the learning rate changes: constant, step, cosine, …"),
}


def add_parsers(verbs: Any) -> None:
    """Declare the verbs on the command line's sub-parsers."""
    train = verbs.add_parser("train", help="train a graph on data")
    _add_common(train)
    train.add_argument(
        "--out", type=Path, metavar="run.graph.json", help="write the learned graph and the run"
    )
    train.add_argument("--csv", type=Path, metavar="x.csv", help="write the history as a table")
    train.add_argument("--new-weights", action="store_true", help="draw new weights from the seed")
    train.add_argument(
        "--resume", action="store_true", help="go on with a run that was killed (needs --out)"
    )
    evaluate = verbs.add_parser("evaluate", help="measure a trained run on data")
    evaluate.add_argument("file", metavar="run.graph.json", type=Path)
    evaluate.add_argument("--data", metavar="NAME", help="other data than those of the run")
    compare = verbs.add_parser("compare", help="train with many settings from the same seeds")
    _add_common(compare)
    compare.add_argument(
        "--vary", nargs="+", required=True, type=_varied, metavar="SETTING=A,B,…",
        help="the values to try, such as lr=0.01,0.1 optimizer=sgd,adam",
    )  # fmt: skip
    compare.add_argument("--seeds", type=int, default=3, metavar="N", help="runs a setting")
    compare.add_argument("--processes", type=int, metavar="N", help="runs at the same time")
    script = verbs.add_parser("script", help="write a torch script that trains the same model")
    _add_common(script)
    script.add_argument("-o", "--output", required=True, type=Path, metavar="train.py")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a *.graph.json file or a formula")
    parser.add_argument("--data", required=True, metavar="NAME", help="a data set, or a CSV file")
    parser.add_argument(
        "--data-set", nargs="+", default=[], type=_setting, metavar="NAME=VALUE",
        help="settings of the data, such as noise=0.2 count=500",
    )  # fmt: skip
    parser.add_argument("--data-seed", type=int, default=0, metavar="N")
    parser.add_argument("--validation", type=_share, default=0, metavar="SHARE|ROWS")
    parser.add_argument("--test", type=_share, default=0, metavar="SHARE|ROWS")
    parser.add_argument("--scaling", default="none", metavar="none|standard|min-max")
    for option, (name, kind, says) in OPTIONS.items():
        parser.add_argument(option, dest=name, type=kind, help=says, default=None)
    parser.add_argument(
        "--set-optimizer", dest="parameters", nargs="+", type=_setting, default=[],
        metavar="NAME=VALUE", help="parameters of the optimiser, such as beta1=0.8",
    )  # fmt: skip
    parser.add_argument(
        "--set-schedule", dest="schedule_parameters", nargs="+", type=_setting, default=[],
        metavar="NAME=VALUE", help="parameters of the schedule, such as every=10",
    )  # fmt: skip


def _share(text: str) -> float | int:
    return float(text) if "." in text else int(text)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no setting: write NAME=VALUE.")
    return name.strip(), _plain(value)


def _varied(text: str) -> tuple[str, list[Any]]:
    name, values = _setting(text)
    found = str(values).split(",") if isinstance(values, str) else [values]
    name = OPTIONS.get(f"--{name.replace('_', '-')}", (name,))[0]
    return name, [_plain(value) for value in found]


def _plain(text: Any) -> Any:
    """A number, true or false where it is one, else the text."""
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        return text


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that were given, over the defaults."""
    given = {name: getattr(options, name) for name, *_ in OPTIONS.values()}
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("parameters", "schedule_parameters"):
        found[name] = dict(getattr(options, name))
    try:
        settings = msgspec.convert(found, Settings)
    except msgspec.ValidationError as error:
        raise TrainingError(f"The settings do not fit: {error}.") from None
    settings.check()
    return settings


def data_of(options: argparse.Namespace) -> DataChoice:
    """The data that were asked for."""
    return DataChoice(
        name=options.data,
        settings=dict(options.data_set),
        seed=options.data_seed,
        validation=options.validation,
        test=options.test,
        scaling=options.scaling,
    )


# the verbs ----------------------------------------------------------------------------------


def train(graph: Graph, options: argparse.Namespace) -> int:
    """Train and say how it went; with ``--out`` keep the run, also when it is interrupted."""
    from tqdm import tqdm

    hold_blas_to_one_thread()
    data, settings = data_of(options), settings_of(options)
    if options.new_weights:
        graph = with_new_weights(graph, settings.seed)
    trainer = Trainer(graph, data.load(), settings)
    checkpoint = _checkpoint(options, trainer)
    for note in trainer.notes:
        print(note)
    interrupted = False
    bar = tqdm(total=settings.epochs, initial=trainer.epoch, unit="epoch", disable=None)
    try:
        for row in trainer:
            bar.set_postfix_str(_in_short(row), refresh=False)
            bar.update()
            if checkpoint is not None:
                checkpoint.write(trainer.state(), trainer.history)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bar.close()
    for _, sentence in trainer.history.events:
        print(sentence)
    if interrupted:
        print(f"Interrupted in epoch {trainer.epoch + 1}: what was learned until then is kept.")
    if len(trainer.history.epochs):
        print(_in_short(trainer.history.epochs.last))
    if options.out is not None:
        write_run(options.out, trainer, data)
        print(f"Written to {options.out}.")
    if options.csv is not None:
        _write_table(options.csv, trainer)
    if checkpoint is not None:
        checkpoint.remove()
    return INTERRUPTED if interrupted else FAILED if trainer.ended == DIVERGED else 0


def _write_table(path: Path, trainer: Trainer) -> None:
    try:
        replace_file(path, trainer.history.as_csv().encode())
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from None
    print(f"Written to {path}.")


def _checkpoint(options: argparse.Namespace, trainer: Trainer) -> Checkpoint | None:
    """Where the run is kept from epoch to epoch; --resume takes up one that was killed."""
    if options.out is None:
        if options.resume:
            raise FileError("--resume needs --out, beside which the run was kept.")
        return None
    folder = options.out.with_name(options.out.name + ".unfinished")
    if options.resume:
        trainer.restore(read_checkpoint(folder))
        print(f"Going on after epoch {trainer.epoch}.")
    elif folder.exists():
        raise FileError(
            f"{folder} holds a run that was not finished: go on with --resume, or delete it."
        )
    return Checkpoint(folder)


def _in_short(row: dict[str, float]) -> str:
    shown = [(name, row[name]) for name in SHOWN if name in row]
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in shown)


def evaluate(options: argparse.Namespace) -> int:
    """Loss and metrics of a run's learned graph on each part of its data, or on other data."""
    run = read_run(options.file)
    choice = run.data
    if options.data:
        choice = msgspec.structs.replace(choice, name=options.data, settings={})
    parts = choice.load()
    trainer = Trainer(run.graph, parts, msgspec.structs.replace(run.settings, epochs=0))
    for name, part in (
        ("training", parts.train), ("validation", parts.validation), ("test", parts.test),
    ):  # fmt: skip
        if part.count:
            found = trainer.evaluate(part)
            numbers = ", ".join(f"{key} {value:.6g}" for key, value in found.items())
            print(f"{name}: {numbers} ({part.count} rows)")
    return 0


def compare(graph: Graph, options: argparse.Namespace) -> int:
    """Train with every combination of settings from the same seeds, and print a table."""
    from tqdm import tqdm

    if options.seeds < 1:
        raise TrainingError(f"--seeds must be at least 1, not {options.seeds}.")
    changes = grid(dict(options.vary))
    runs = len(changes) * options.seeds
    with tqdm(total=runs, unit="run", disable=None) as bar:

        def ready(outcome: Outcome) -> None:
            bar.update()

        outcomes = run_experiment(
            graph, data_of(options), settings_of(options), changes, range(options.seeds),
            options.processes, ready,
        )  # fmt: skip
    print("\n".join(table_of(compared(outcomes))))
    for sentence in dict.fromkeys(outcome.trouble for outcome in outcomes if outcome.trouble):
        print(sentence)
    return FAILED if all(outcome.trouble for outcome in outcomes) else 0


def table_of(lines: Sequence[Line]) -> list[str]:
    """The lines of an experiment as a table: medians over the seeds, with lowest and highest."""
    columns = [name for name in SHOWN if any(name in line.median for line in lines)]
    names = list(lines[0].changes) if lines else []
    rows = [[*names, *columns, "seconds", "runs", "failed"]]
    for line in lines:
        spread = [
            f"{line.median[c]:.4g} [{line.lowest[c]:.4g}…{line.highest[c]:.4g}]"
            if c in line.median
            else "-"
            for c in columns
        ]
        seconds = f"{line.median['seconds']:.2f}" if "seconds" in line.median else "-"
        settings = [str(line.changes[name]) for name in names]
        rows.append([*settings, *spread, seconds, str(line.runs), str(line.failed)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Iterable[str], widths: Sequence[int]) -> Iterable[str]:
    return (cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def script(graph: Graph, options: argparse.Namespace) -> int:
    """Write a torch script of the same model, data and settings."""
    from engine.training.torch_script import write_script

    written = write_script(options.output, graph, data_of(options), settings_of(options))
    print(f"Written to {' and '.join(map(str, written))}.")
    print(f"Run it with: python {options.output.name}")
    print(f"or on several GPUs: torchrun --nproc-per-node=auto {options.output.name}")
    return 0


ON_GRAPH: dict[str, Callable[[Graph, argparse.Namespace], int]] = {
    "train": train,
    "compare": compare,
    "script": script,
}
