"""The active op's curve over one of its inputs; the tangent's slope is the local gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.graph.notation import readable
from engine.numerals import fixed
from engine.ops import OPS
from engine.ops.op import ATOM
from engine.run.walk import Step
from graphviz_app.canvas.labels import short_name
from graphviz_app.explore.curve_canvas import CurveCanvas
from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.typeset import plain_text
from graphviz_app.widgets import Card, SectionTitle, SegmentedSwitch

POINTS = 201
LEAST_SPAN = 3.0  # the curve shows at least −3 … 3
STRETCH = 1.5  # and 1.5 times as far as the value lies
TANGENT_SHARE = 0.22  # of the width, to each side of the dot
LONGEST_NAME = 8  # characters in the switch
PLOT_HEIGHT_PX = 160
MARGIN_PX = 16

NOT_SCALAR = (
    "This op takes vectors or matrices: its gradient is a matrix rule, not the slope of one curve."
)
ONE_BY_ONE = "This op works on an array number by number: each number has a slope of its own."
NO_OP = "Step to an operation, or select one, to see its curve and its slope."


def scalar_step(step: Step | None) -> bool:
    """Whether the step applies an op to plain numbers and can be plotted."""
    return (
        step is not None
        and step.op in OPS
        and bool(step.inputs)
        and np.ndim(step.output) == 0
        and all(np.ndim(v) == 0 for v in step.input_values)
    )


def local_gradient(step: Step, port: int) -> float | None:
    """∂output/∂input of a scalar step, as the engine gives it; None where there is none."""
    if step.locals is not None and len(step.locals) > port and step.locals[port] is not None:
        return float(step.locals[port])  # type: ignore[arg-type]
    try:
        back = OPS[step.op].vjp(1.0, step.output, *step.input_values, **step.attrs)
    except Exception:  # an op without a gradient has no tangent
        return None
    return float(back[port])


def stable_span(value: float, before: float = 0.0) -> float:
    """How far the x axis reaches for ``value``: a round number, so that scrubbing keeps it."""
    need = max(LEAST_SPAN, STRETCH * abs(value)) if np.isfinite(value) else LEAST_SPAN
    if before and abs(value) <= before * 0.95 and need >= before * 0.4:
        return before
    power = 10.0 ** np.floor(np.log10(need))
    return float(next(k * power for k in (1, 1.5, 2, 3, 5, 7.5, 10) if k * power >= need - 1e-12))


def curve_of(step: Step, port: int, span: float) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of the op as a function of input ``port``, the others held; only finite points."""
    xs = np.linspace(-span, span, POINTS)
    held = [np.full(POINTS, float(v)) for v in step.input_values]  # type: ignore[arg-type]
    held[port] = xs
    try:
        ys = np.asarray(OPS[step.op].forward(*held, **step.attrs), float)
    except Exception:  # outside of the op's domain altogether
        return xs[:0], xs[:0]
    if ys.shape != xs.shape:
        return xs[:0], xs[:0]
    return xs, np.where(np.isfinite(ys), ys, np.nan)


class CurvePlot(QWidget):
    """Plots the active op over one chosen input, the others held.

    Signals: ``input_chosen(int)`` with the port a person chose.
    """

    input_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: Step | None = None
        self._names: list[str] = []
        self._constants: Sequence[int] = ()
        self._port = 0
        self._makes_way = False
        self._spans: tuple[tuple[str, int], float] | None = None
        self._y_range: tuple[float, float] | None = None
        self.heading = SectionTitle("Local derivative")
        self.switch = SegmentedSwitch()
        self.switch.changed.connect(self._choose)
        self.heading.setMinimumHeight(self.switch.HEIGHT_PX)  # it stays where it is without one
        self.card = Card()
        self.plot = CurveCanvas()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setFont(ui_font(13))
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setMargin(MARGIN_PX)
        head = QHBoxLayout()
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.switch)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.plot)
        inside.addWidget(self.message)
        self.card.setFixedHeight(PLOT_HEIGHT_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.card)
        self.set_theme(LIGHT)
        self.show_step(None, [])

    # setters ------------------------------------------------------------------------------------

    def show_step(
        self, step: Step | None, names: Sequence[str], constants: Sequence[int] = ()
    ) -> None:
        """Plot ``step``'s op; ``names`` are the plain names of its inputs, in port order.

        Ports among ``constants`` are not offered: nothing flows back there.
        """
        self._names, self._constants = list(names), constants
        if not scalar_step(step):
            self._step = None
            op = OPS.get(step.op) if step is not None else None
            arrays = ONE_BY_ONE if op is not None and op.elementwise else NOT_SCALAR
            self.message.setText(arrays if op is not None else NO_OP)
        else:
            assert step is not None
            if self._step is None or self._step.node != step.node:
                self._y_range = self._spans = None
                self._port = 0
            self._step = step
            ports = self._ports()
            if self._port not in ports:
                self._port = ports[0]
            choices = [(str(k), short_name(_pretty(self._name(k)), LONGEST_NAME)) for k in ports]
            self.switch.set_choices(choices, str(self._port))
            self._plot()
        shown = self._step is not None
        self.plot.setVisible(shown)
        self.message.setVisible(not shown)
        self.switch.setVisible(shown and len(self._ports()) > 1)
        self._show_card()

    @Slot(object)
    def make_way(self, other: object) -> None:
        """Where there is no curve, be hidden for what is shown instead; None is nothing."""
        self._makes_way = other is not None
        self._show_card()

    def _show_card(self) -> None:
        self.setVisible(self._step is not None or not self._makes_way)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.heading.set_theme(theme)
        self.switch.set_theme(theme)
        self.card.set_theme(theme)
        self.message.setStyleSheet(f"color: {theme.text_muted}")
        self.plot.set_theme(theme)

    # what is plotted ----------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The input that the curve runs over."""
        return self._port

    @property
    def slope(self) -> float | None:
        """The tangent's slope: the engine's local gradient."""
        return local_gradient(self._step, self._port) if self._step is not None else None

    def _ports(self) -> list[int]:
        if self._step is None:
            return []
        count = len(self._step.inputs)
        mask = OPS[self._step.op].differentiable or (True,) * count
        ports = [k for k in range(count) if k < len(mask) and mask[k]] or list(range(count))
        return ([k for k in ports if k not in self._constants] or ports)[:4]

    def _name(self, port: int) -> str:
        if port < len(self._names):
            return self._names[port]
        assert self._step is not None
        return OPS[self._step.op].input_name(port)

    def _plot(self) -> None:
        step, port, plot = self._step, self._port, self.plot
        assert step is not None
        x, y = float(step.input_values[port]), float(step.output)  # type: ignore[arg-type]
        before = self._spans[1] if self._spans and self._spans[0] == (step.node, port) else 0.0
        span = stable_span(x, before)
        self._spans = ((step.node, port), span)
        xs, ys = curve_of(step, port, span)
        plot.curve.setData(xs, ys)
        slope = local_gradient(step, port)
        finite = bool(np.isfinite([x, y]).all())
        plot.dot = (x, y) if finite else None
        plot.point.setData([x] if finite else [], [y] if finite else [])
        low, high = self._range_y(ys, y if finite else 0.0)
        tangent = finite and slope is not None and np.isfinite(slope)
        if tangent:
            assert slope is not None
            reach = TANGENT_SHARE * 2 * span / np.hypot(1.0, slope * 2 * span / (high - low))
            ends = np.array([x - reach, x + reach])
            plot.tangent.setData(ends, y + slope * (ends - x))
        else:
            plot.tangent.setData([], [])
        plot.slope = slope if tangent and slope is not None else 0.0
        plot.item.vb.setRange(xRange=(-span, span), yRange=(low, high), padding=0.04)
        own = step.name or "q"
        names = [(self._name(k), ATOM) for k in range(len(step.inputs))]
        formula = readable(OPS[step.op], names, step.attrs)
        plot.labels = (
            f"{_pretty(own)} = {_pretty(formula)}",
            _pretty(self._name(port)),
            f"slope {fixed(slope, 2)}" if tangent else "no slope here",
        )
        plot.setAccessibleName(f"{plot.labels[0]}: {plot.labels[2]}")
        plot.setToolTip(f"{self._name(port)} = {x!r}\nvalue {y!r}\nslope {slope!r}")

    def _range_y(self, ys: np.ndarray, y: float) -> tuple[float, float]:
        """A y range that shows the curve without its poles, and stays still while scrubbing."""
        finite = ys[np.isfinite(ys)]
        low, high = tuple(np.percentile(finite, (3, 97))) if finite.size else (y - 1.0, y + 1.0)
        if finite.size and np.ptp(finite) <= 3 * (high - low):
            low, high = float(finite.min()), float(finite.max())
        low, high = min(low, y, 0.0), max(high, y, 0.0)
        if high - low < 1e-9:
            low, high = low - 1.0, high + 1.0
        if self._y_range is not None:
            old_low, old_high = self._y_range
            inside = old_low <= low and high <= old_high
            if inside and high - low > 0.5 * (old_high - old_low):
                return self._y_range
        room = 0.06 * (high - low)
        self._y_range = (float(low - room), float(high + room))
        return self._y_range

    @Slot(str)
    def _choose(self, choice: str) -> None:
        self._port = int(choice)
        self._y_range = None
        if self._step is not None:
            self._plot()
        self.input_chosen.emit(self._port)


def _pretty(name: str) -> str:
    """w0 as w₀, for plain labels."""
    from re import sub

    subscripted = sub(r"(?<![\w.])([a-zA-Zα-ω]+)_?(\d+)(?![\w.])", r"\1_{\2}", name)
    return plain_text(subscripted.replace("-", "−"))
