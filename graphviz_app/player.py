"""The place in the walk: which step is shown, and playing through them.

Knows nothing of the graph but how many steps there are.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

SECONDS_PER_OP = 0.75  # at speed 1
MIN_SPEED, MAX_SPEED = 0.1, 10.0


class Player(QObject):
    """``index`` is -1 before the first step, ``total`` once the walk is done.

    Signals: ``moved(int)`` with the new index, ``total_changed(int)``, ``playing_changed(bool)``,
    ``speed_changed(float)``.
    """

    moved = Signal(int)
    total_changed = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.total = 0
        self.index = 0
        self.speed = 1.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    @property
    def playing(self) -> bool:
        """Whether it steps on by itself."""
        return self._timer.isActive()

    @property
    def done(self) -> bool:
        """Whether every step has been taken: everything is shown and nothing is lit."""
        return self.index >= self.total

    def set_total(self, total: int, index: int | None = None) -> None:
        """The walk has ``total`` steps; show it up to ``index``, or all of it."""
        self.pause()
        changed, self.total = total != self.total, total
        self.go(total if index is None else index)
        if changed:
            self.total_changed.emit(total)

    @Slot(int)
    def go(self, index: int) -> None:
        """Show the walk up to and including step ``index``."""
        self.index = max(-1, min(index, self.total))
        self.moved.emit(self.index)

    @Slot(int)
    def seek(self, index: int) -> None:
        """Go there by hand: playing stops."""
        self.pause()
        self.go(index)

    @Slot()
    def step(self) -> None:
        """One op on; from the end, start again with the first."""
        self.seek(0 if self.done else self.index + 1)

    @Slot()
    def back(self) -> None:
        """One op back."""
        self.seek(min(self.index, self.total) - 1)

    @Slot()
    def first(self) -> None:
        """Before the first step: nothing is computed yet."""
        self.seek(-1)

    @Slot()
    def last(self) -> None:
        """The walk is done: everything is shown."""
        self.seek(self.total)

    @Slot()
    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        elif self.total:
            self._timer.start(self._interval_ms())
            self.playing_changed.emit(True)
            self.go(0 if self.done else self.index + 1)

    @Slot()
    def pause(self) -> None:
        """Stop playing."""
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    @Slot(float)
    def set_speed(self, speed: float) -> None:
        """Ops take ``SECONDS_PER_OP / speed`` seconds; kept within 0.1 to 10."""
        speed = max(MIN_SPEED, min(speed, MAX_SPEED))
        if speed == self.speed:
            return
        self.speed = speed
        if self.playing:
            self._timer.setInterval(self._interval_ms())
        self.speed_changed.emit(self.speed)

    def _interval_ms(self) -> int:
        return max(1, round(1000 * SECONDS_PER_OP / self.speed))

    @Slot()
    def _tick(self) -> None:
        self.go(self.index + 1)
        if self.done:
            self.pause()
