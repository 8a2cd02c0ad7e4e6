"""Which executor runs a plan: NumPy here, or torch on a processor or a graphics card."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.graph.graph import PARAMETER
from engine.run.arrays import ArrayExecutor
from engine.run.plan import Plan

DEVICES = ("auto", "numpy", "cpu", "cuda", "mps")
# Below so many products an update is over before a graphics card has been told about it.
WORTH_A_CARD = 200e6


def products_of(plan: Plan, rows: int) -> float:
    """About how many products one update takes: three times every weight, for each row."""
    weights = sum(
        math.prod(np.shape(plan.leaves[slot]))
        for slot, node in enumerate(plan.nodes)
        if node.op == PARAMETER
    )
    return 3.0 * rows * weights


def executor_for(
    plan: Plan, learned: Sequence[str], device: str, dtype: str, rows: int
) -> tuple[Any, str]:
    """An executor for batches of so many rows, and a sentence about the choice ("" where none
    was made).  A device that is not there is replaced by NumPy.  Raises TrainingError for a name
    that is no device.
    """
    if device not in DEVICES:
        raise TrainingError(f'There is no device "{device}"; there are: {", ".join(DEVICES)}.')
    note = ""
    if device == "auto":
        device, note = chosen(products_of(plan, rows), dtype)
    if device == "numpy":
        return ArrayExecutor(plan, learned, dtype), note
    from engine.run.device import TorchExecutor, available

    there = available()
    if device not in there:
        why = f'no device "{device}" was found' if there else "torch is not installed"
        return (
            ArrayExecutor(plan, learned, dtype),
            f"Training runs on NumPy: {why}. The weights are the same.",
        )
    if device == "mps" and dtype == "float64":
        return (
            ArrayExecutor(plan, learned, dtype),
            "Training runs on NumPy: Apple's graphics processor has no float64; choose float32.",
        )
    try:
        return TorchExecutor(plan, learned, dtype, device), note
    except (TrainingError, RuntimeError) as error:  # an op that torch lacks, or no memory
        return (
            ArrayExecutor(plan, learned, dtype),
            f"Training runs on NumPy: {_first_line(error)} The weights are the same.",
        )


def chosen(products: float, dtype: str) -> tuple[str, str]:
    """The device that suits an update of so many products, and why."""
    size = f"about {products / 1e6:.3g} million products an update"
    if products < WORTH_A_CARD:
        return "numpy", f"Device: NumPy, which is fastest for small networks ({size})."
    if importlib.util.find_spec("torch") is None:
        return "numpy", f"Device: NumPy, as torch is not installed ({size})."
    from engine.run.device import available

    there = available()
    for card in ("cuda", "mps"):
        if card in there and (card, dtype) != ("mps", "float64"):
            return card, f"Device: {there[card]}, worth it for {size}."
    return "numpy", f"Device: NumPy; no graphics card was found ({size})."


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if text.endswith(".") else text + "."
