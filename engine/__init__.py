"""The mathematics: ops, graphs, walks.  It knows no screen.

>>> import engine
>>> graph = engine.parse("f = sigmoid(w0*x0 + w1*x1 + w2)", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
>>> walk = engine.trace(graph)
>>> walk.value("f"), walk.gradient("w0")
(0.7310585786300049, -0.19661193324148185)
"""

from engine.errors import (
    DataError,
    EngineError,
    FileError,
    FormulaError,
    GraphError,
    OpError,
    ShapeError,
)
from engine.files.project import load, save
from engine.graph.formula import parse, to_text
from engine.graph.graph import Graph, Node
from engine.ops import OPS
from engine.run.gradcheck import gradcheck
from engine.run.trace import trace

__version__ = "0.1.0"

__all__ = [
    "OPS",
    "DataError",
    "EngineError",
    "FileError",
    "FormulaError",
    "Graph",
    "GraphError",
    "Node",
    "OpError",
    "ShapeError",
    "gradcheck",
    "load",
    "parse",
    "save",
    "to_text",
    "trace",
]
