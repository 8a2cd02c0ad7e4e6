"""What the network diagram says of a run: texts, maps and weights of what is shown.

Knows scenes and frames, and no widget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.numerals import number, percent
from engine.training.looks import CENTRE, Frame, Scene
from graphviz_app.train.diagram_layout import Bundle, Column, Kind, Layout

LOSS_TITLES = {
    "bce": "Binary CE",
    "cross entropy": "Cross-entropy",
    "mse": "Squared error",
    "mae": "Absolute error",
}
Entry = tuple[str, tuple[int, ...]]  # a leaf and the index of one of its numbers


def loss_title(loss: str) -> str:
    """The name of a loss for people: ``bce_from_logits`` → “Binary CE”."""
    name = loss.replace("_from_logits", "").replace("_", " ")
    return LOSS_TITLES.get(name, name or "Loss")


@dataclass(frozen=True, eq=False)
class Reading:
    """A run as the diagram tells it; ``frame`` is None before the first look."""

    scene: Scene
    frame: Frame | None = None

    def weights(self, leaf: str) -> np.ndarray | None:
        """The numbers of a leaf, None where they were too many to be sent."""
        return self.frame.weights.get(leaf) if self.frame is not None else None

    # columns ------------------------------------------------------------------------------------

    def card(self, column: Column) -> tuple[str, str]:
        """The title of a column, and what stands below it."""
        scene, count = self.scene, column.units
        match column.kind:
            case Kind.INPUT:
                named = len(scene.features)
                plural = "s" if named != 1 else ""
                return "Input", f"{named} feature{plural}" if named else "each example"
            case Kind.LOOSE:
                return "Parameters", f"{count}"
            case Kind.PREDICTION:
                return "Prediction", "of the formula"
            case Kind.LOSS:
                value = self.frame.scores.get("loss") if self.frame is not None else None
                below = "" if value is None else number(float(value), 3)
                return loss_title(scene.loss), below
        layer = scene.layers[column.layer]
        last = column.layer == len(scene.layers) - 1
        bend = layer.activation or layer.squash
        bend = "" if bend == "linear" else "σ" if bend == "sigmoid" else bend
        title = "Dense" if layer.node.startswith("dense") else layer.title
        drop = f"drop {percent(layer.dropout)}" if layer.dropout else ""
        return ("Output" if last else title), " · ".join(filter(None, [f"{count}", bend, drop]))

    def card_tip(self, column: Column, can_choose: bool) -> str:
        """What a card says when the pointer rests on it."""
        if column.layer < 0:
            return self.scene.no_maps if column.kind is Kind.INPUT else ""
        layer = self.scene.layers[column.layer]
        text = f"{layer.title}: {layer.parameters:,} parameters"
        return f"{text}. Click to choose the activation." if can_choose else f"{text}."

    # units --------------------------------------------------------------------------------------

    def unit_map(self, column: Column, unit: int) -> np.ndarray | None:
        """The bytes of a unit's map, lowest coordinate first; None where it has none."""
        scene, frame = self.scene, self.frame
        if column.kind is Kind.PREDICTION:
            return self._prediction_map(unit)
        maps: np.ndarray | None = None
        if column.kind is Kind.INPUT and not column.as_one:
            maps = scene.inputs
        elif column.kind is Kind.LAYER and frame is not None:
            maps = frame.maps.get(scene.layers[column.layer].output)
        return None if maps is None or unit >= len(maps) else maps[unit]

    def _prediction_map(self, unit: int) -> np.ndarray | None:
        values = self.frame.prediction if self.frame is not None else None
        if values is None:
            return None
        if values.ndim > 2:
            values = values[..., unit]
        if self.scene.classes:
            shares = 2 * np.asarray(values, float) - 1
        else:
            most = float(np.abs(values).max()) or 1.0
            shares = np.asarray(values, float) / most
        return np.clip(np.rint(CENTRE + 127 * shares), 0, 255).astype(np.uint8)

    def parameter(self, column: Column, unit: int) -> np.ndarray | None:
        """The numbers of a parameter that belongs to no layer."""
        return self.weights(column.loose[unit].weights) if column.kind is Kind.LOOSE else None

    def unit_lines(self, column: Column, unit: int) -> Iterator[str]:
        """What is said of a unit, a line each."""
        if column.as_one:
            yield f"{len(self.scene.features):,} inputs" if self.scene.features else "each example"
            return
        yield column.names[unit] if unit < len(column.names) else f"unit {unit}"
        if column.kind is Kind.LOOSE:
            numbers = self.parameter(column, unit)
            if numbers is not None and numbers.size == 1:
                yield f"value {number(float(numbers.ravel()[0]), 6)}"
            return
        if column.kind is not Kind.LAYER:
            return
        layer = self.scene.layers[column.layer]
        biases = self.weights(layer.biases) if layer.biases else None
        if biases is not None and unit < biases.size:
            yield f"bias {number(float(biases.ravel()[unit]), 6)}"
        spans = self.frame.spans.get(layer.output) if self.frame is not None else None
        if spans is not None and unit < len(spans):
            low, high = spans[unit].tolist()
            yield f"from {number(low, 3)} to {number(high, 3)}"

    def unit_entry(self, column: Column, unit: int) -> Entry | None:
        """The number that a click on a unit edits: its bias, or the parameter that it is."""
        if column.kind is Kind.LOOSE:
            numbers = self.parameter(column, unit)
            if numbers is not None and numbers.size == 1:
                return column.loose[unit].weights, (0,) * numbers.ndim
            return None
        leaf = self.scene.layers[column.layer].biases if column.layer >= 0 else ""
        found = self.weights(leaf) if leaf else None
        return (leaf, (unit,)) if found is not None and unit < found.size else None

    # wires --------------------------------------------------------------------------------------

    def shown_weights(self, layout: Layout, bundle: Bundle) -> np.ndarray | None:
        """The weights between shown units, (before, after); None where wires have none."""
        if bundle.layer < 0 or layout.columns[bundle.source].as_one:
            return None
        found = self.weights(self.scene.layers[bundle.layer].weights)
        units = layout.columns[bundle.source].units, layout.columns[bundle.target].units
        if found is None or found.shape != units:
            return None
        return found[np.ix_(layout.shown[bundle.source], layout.shown[bundle.target])]

    def wire_entry(self, layout: Layout, bundle: Bundle, wire: int) -> Entry | None:
        """The weight of a wire."""
        if self.shown_weights(layout, bundle) is None:
            return None
        before, after = bundle.pairs[wire].tolist()
        index = layout.shown[bundle.source][before], layout.shown[bundle.target][after]
        return self.scene.layers[bundle.layer].weights, index
