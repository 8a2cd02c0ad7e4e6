"""The words of a step: one sentence and one typeset line, from the op table and the numbers."""
from __future__ import annotations
def explain(step, plan):
    return "", ""
