"""The command line: opens the window, or prints, draws and checks a walk without one.

Qt is imported only where something is drawn, so ``steps`` and ``check`` need no screen.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.errors import EngineError, FormulaError
from engine.graph.graph import Graph
from engine.graph.levels import as_shown
from engine.run.walk import Phase, Step, Walk
from graphviz_app import training_verbs
from graphviz_app.canvas import layout_process
from graphviz_app.display import missing_display
from graphviz_app.train import channel

VERBS = ("steps", "render", "check", *training_verbs.VERBS)
BAD_INPUT = 2  # exit code for a file or formula that cannot be used


def looks_like_file(text: str) -> bool:
    """Whether an argument means a file rather than a formula."""
    return (
        text.endswith(".json")
        or text.startswith(("/", "./", "../", "~", ".\\", "..\\"))
        or os.path.exists(os.path.expanduser(text))
    )


def read(text: str, values: dict[str, Any] | None = None) -> Graph:
    """The graph in the file, or of the formula, ``text``, with leaf ``values`` put in.

    Raises FileError, FormulaError or EngineError (a value for a leaf that does not exist).
    """
    is_file = looks_like_file(text)
    graph = engine.load(os.path.expanduser(text)) if is_file else engine.parse(text)
    return graph.with_values(values) if values else graph


def parse_setting(text: str) -> tuple[str, Any]:
    """``w0=2`` or ``x=[1, 2]`` as (name, value); raises argparse.ArgumentTypeError."""
    name, equals, written = text.partition("=")
    try:
        value = json.loads(written.replace("−", "-"))
        array = np.asarray(value, dtype=float)
    except (ValueError, TypeError, RecursionError):
        equals = ""
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(
            f"{text!r} is no setting: write NAME=NUMBER or NAME=[1, 2], such as w0=2."
        )
    return name.strip(), float(array) if array.ndim == 0 else array


def build_parser() -> argparse.ArgumentParser:
    """The command line of the verbs; without a verb, the window's."""
    parser = argparse.ArgumentParser(
        prog="graphviz-app",
        description="Walk through the forward values and backward gradients of a formula.",
        epilog="FILE is a *.graph.json file or a formula in quotes, such as "
        '"f = sigmoid(w0*x0 + w1*x1 + w2)". Without a verb the window opens.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"graphviz-app {engine.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar=f"{{{','.join(VERBS)}}} | FILE")
    steps = verbs.add_parser("steps", help="print the walk, step by step")
    steps.add_argument("--json", action="store_true", help="as JSON, every number exact")
    render = verbs.add_parser(
        "render", help="draw the graph into a PNG, SVG, PDF, DOT or TikZ file"
    )
    render.add_argument("-o", "--output", required=True, metavar="x.png|svg|pdf|dot|tex", type=Path)
    render.add_argument("--step", type=int, metavar="N", help="show the walk up to step N")
    render.add_argument("--theme", choices=("light", "dark"), default="light")
    render.add_argument(
        "--scale", type=float, default=2.0, metavar="S", help="pixels per unit (PNG)"
    )
    check = verbs.add_parser("check", help="compare all gradients with central differences")
    training_verbs.add_parsers(verbs)
    for verb in (steps, render, check):
        verb.add_argument("file", metavar="FILE", help="a *.graph.json file or a formula")
        verb.add_argument(
            "--set",
            dest="values",
            nargs="+",
            action="extend",
            default=[],
            type=parse_setting,
            metavar="NAME=VALUE",
            help="give leaves a value: --set w0=2 x0=-1",
        )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 fine, 1 a failed check, 2 bad input)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that knows no σ prints a substitute
            stream.reconfigure(errors="replace")
    try:
        first = arguments[0] if arguments else ""
        if first == layout_process.VERB:
            return layout_process.main()
        if first == channel.VERB:
            from graphviz_app.train import worker

            return worker.main()
        if first not in VERBS and not first.startswith("-"):
            return open_window(arguments)
        options = build_parser().parse_args(arguments)
        if options.verb == "evaluate":
            return training_verbs.evaluate(options)
        if options.verb in training_verbs.ON_GRAPH:
            return training_verbs.ON_GRAPH[options.verb](read(options.file), options)
        graph = read(options.file, dict(options.values))
        return {"steps": steps, "render": render, "check": check}[options.verb](graph, options)
    except FormulaError as error:
        print(point_at(error, options.file if "options" in locals() else first), file=sys.stderr)
        return BAD_INPUT
    except EngineError as error:
        print(f"graphviz-app: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader of our output left (head, less)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def point_at(error: FormulaError, text: str) -> str:
    """The message with the line at fault and a caret under the column."""
    lines = text.splitlines() or [""]
    line = lines[min(error.line, len(lines)) - 1]
    caret = " " * (error.column - 1) + "^" * max(1, error.length)
    return f"graphviz-app: {error}\n  {line}\n  {caret}"


# the verbs ------------------------------------------------------------------------------------


def walk_of(graph: Graph) -> Walk:
    """The walk of the graph as it is shown, opened composites included."""
    return engine.trace(as_shown(graph).graph)


def steps(graph: Graph, options: argparse.Namespace) -> int:
    """Print every step of the walk."""
    walk = walk_of(graph)
    if options.json:
        print(json.dumps(walk_as_data(graph, walk), ensure_ascii=False, indent=1))
    else:
        print_walk(graph, walk)
    return 0


def print_walk(graph: Graph, walk: Walk) -> None:
    """The walk for a reader at a terminal."""
    print(engine.to_text(graph))
    for phase, heading in ((Phase.FORWARD, "Forward"), (Phase.BACKWARD, "Backward")):
        print(f"\n{heading}")
        for step in walk.steps:
            if step.phase is phase:
                print(f"{step.index + 1:>5}  {step.sentence}")
    for problem in walk.problems:
        print(f"\nNote: {problem.sentence}")


def walk_as_data(graph: Graph, walk: Walk) -> dict[str, Any]:
    """The walk as plain JSON data; NaN and infinities are written as strings."""
    return {
        "formula": engine.to_text(graph),
        "output": walk.output,
        "value": plain_data(walk.value(walk.output)),
        "gradients": {
            n.id: plain_data(walk.gradient(n.id)) for n in graph.leaves() if n.op != "constant"
        },
        "steps": [step_as_data(step) for step in walk.steps],
    }


def step_as_data(step: Step) -> dict[str, Any]:
    """One step as plain JSON data."""
    data: dict[str, Any] = {
        "index": step.index,
        "phase": step.phase.value,
        "node": step.node,
        "op": step.op,
        "inputs": list(step.inputs),
        "input_values": plain_data(step.input_values),
        "output": plain_data(step.output),
    }
    if step.phase is Phase.BACKWARD:
        data |= {
            "upstream": plain_data(step.upstream),
            "local": plain_data(step.locals),
            "product": plain_data(step.products),
            "accumulated": plain_data(step.accumulated),
            "terms": [
                {"from": t.user, "port": t.port, "value": plain_data(t.value)} for t in step.terms
            ],
        }
    return data | {"sentence": step.sentence, "latex": step.latex}


def plain_data(value: Any) -> Any:
    """Numbers and nested lists that JSON can hold exactly."""
    if value is None:
        return None
    if isinstance(value, tuple | list):
        return [plain_data(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain_data(value.tolist())
    value = float(value)
    if np.isfinite(value):
        return value
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def check(graph: Graph, options: argparse.Namespace) -> int:
    """Run the gradient check; exit code 1 when it fails."""
    result = engine.gradcheck(graph)
    for row in result.rows:
        print(row)
    verdict = f"{'passed' if result.passed else 'FAILED'}: worst {result.worst}"
    print(verdict if result.rows else result)
    return 0 if result.passed else 1


def render(graph: Graph, options: argparse.Namespace) -> int:
    """Draw the graph with its values and gradients into a file."""
    from graphviz_app.picture import SUFFIXES, draw

    if options.output.suffix.lower() not in SUFFIXES:
        endings = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        print(
            f"graphviz-app: cannot draw into {options.output}: end its name in {endings}.",
            file=sys.stderr,
        )
        return BAD_INPUT
    if not 0.1 <= options.scale <= 20:
        print("graphviz-app: --scale must lie between 0.1 and 20.", file=sys.stderr)
        return BAD_INPUT
    draw(graph, options.output, options.theme == "dark", options.scale, options.step)
    return 0


def open_window(arguments: list[str]) -> int:
    """Open the window on a file or formula; without a display, do what can be done without."""
    if len(arguments) > 1:
        print(
            f"graphviz-app: one FILE at a time, please; unexpected: {' '.join(arguments[1:])}",
            file=sys.stderr,
        )
        return BAD_INPUT
    reason = missing_display()
    if reason:
        return without_display(arguments, reason)
    if arguments and not looks_like_file(arguments[0]):
        engine.parse(arguments[0])  # a formula at fault is told here, before a window opens
    from graphviz_app.launch import run

    return run(arguments[0] if arguments else None)


def without_display(arguments: list[str], reason: str) -> int:
    """No screen: say so, print the walk of the file and write a picture of it."""
    from graphviz_app.picture import draw
    from graphviz_app.resources import example

    source = arguments[0] if arguments else str(example("sigmoid_circuit.graph.json"))
    graph = read(source)
    print(f"{reason} Here is the walk instead.\n")
    print_walk(graph, walk_of(graph))
    name = Path(source).name.removesuffix(".graph.json") if looks_like_file(source) else "formula"
    picture = draw_somewhere(draw, graph, f"{name}.png")
    print(f"\nA picture of it: {picture}" if picture else "\nNo picture: no folder to write to.")
    return 0


def draw_somewhere(draw: Any, graph: Graph, name: str) -> Path | None:
    """Draw into the current folder, else into the one for temporary files."""
    import tempfile

    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            draw(graph, folder / name, False, 2.0, None)
        except EngineError:
            continue
        return folder / name
    return None
