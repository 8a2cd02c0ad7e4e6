"""Layers: networks as a few large pieces, each of which opens into ops."""

from engine.layers.layer import Layer
from engine.layers.network import Row, add_layer, leaves_of, sequential, summary
from engine.layers.table import LAYERS

__all__ = ["LAYERS", "Layer", "Row", "add_layer", "leaves_of", "sequential", "summary"]
