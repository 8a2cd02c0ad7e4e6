"""The network as it learns: every unit with its own map, wires by weight, and what can be edited.

It shows frames and says what a person wants changed; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from engine.numerals import number
from engine.ops.layers import ACTIVATIONS
from engine.training.looks import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train import diagram_paint as paint
from graphviz_app.train.diagram_layout import (
    CARD_GAP,
    LEAST_PITCH,
    Bundle,
    Column,
    Kind,
    Layout,
    arranged,
    columns_of,
)
from graphviz_app.train.diagram_reading import Reading
from graphviz_app.train.entry_editor import EntryEditor
from graphviz_app.widgets.basics import rounded

ENLARGED_PX, BUTTON_PX, NEAR_PX, LINE_PX = 168, 16, 5.0, 18
WIRES_MS = 160  # between two pictures of the wires while it trains
EMPTY = "Build a network or open one, and it is drawn here as it learns."
KEYS = {
    Qt.Key.Key_Plus: "more",
    Qt.Key.Key_Minus: "fewer",
    Qt.Key.Key_Insert: "add",
    Qt.Key.Key_Delete: "remove",
}
EVERY_PX = 2  # tiles are smaller than maps: so many points of a map for one of the tile


class Spot(NamedTuple):
    """What is at a point: a "unit", "wire", "card" or button, of which column, and its number."""

    kind: str = ""
    place: int = -1
    unit: int = -1


class NetworkDiagram(QWidget):
    """Signals: ``entry_set(leaf, index, number)``, a weight or bias; ``units_changed(node, n)``;
    ``activation_chosen(node, name)``; ``layer_added(after)``, −1 behind the inputs;
    ``layer_removed(node)``; ``refused(str)``, why what was typed is no number.
    """

    entry_set = Signal(str, object, float)
    units_changed = Signal(str, int)
    activation_chosen = Signal(str, str)
    layer_added = Signal(int)
    layer_removed = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._reading: Reading | None = None
        self._layout: Layout | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self._frames: dict[float, QPixmap] = {}  # by the side of the tiles
        self._cards: dict[int, tuple[object, QPixmap]] = {}  # by column, with what is on them
        self._hovered = Spot()
        self._current = (0, 0)  # column and row of the keyboard
        self._marked: dict[str, set[int]] = {}
        self._picture: QPixmap | None = None  # of the wires
        self._pause = QTimer(self, singleShot=True, interval=WIRES_MS)
        self._pause.timeout.connect(self._refresh_wires)
        self.editor = EntryEditor(self)
        self.editor.entered.connect(self.entry_set)
        self.editor.refused.connect(self.refused)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Network")

    def sizeHint(self) -> QSize:
        return QSize(740, 480)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme, self._picture, self._frames, self._cards = theme, None, {}, {}
        self.update()

    # what is shown ------------------------------------------------------------------------------

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        shown = scene is not None and bool(scene.layers)
        self._reading = Reading(scene) if scene is not None and shown else None
        self._images, self._marked, self._hovered = {}, {}, Spot()
        self.editor.close_entry()
        columns = len(columns_of(scene)) if scene is not None and shown else 0
        self.setMinimumWidth(max(320, round(LEAST_PITCH * columns + 2 * CARD_GAP)))
        self._arrange()

    def show_frame(self, frame: Frame) -> None:
        """The network as it is now."""
        if self._reading is None:
            return
        first = self._reading.frame is None
        self._reading = Reading(self._reading.scene, frame)
        self._images = {}  # made as they are painted
        if first:
            self._refresh_wires()
        elif not self._pause.isActive():
            self._pause.start()
        self.update()

    def highlight(self, units: Mapping[str, Collection[int]]) -> None:
        """Frame these units of layers, and show them before others; nothing for {}."""
        self._marked = {node: set(chosen) for node, chosen in units.items()}
        self._arrange()

    def _arrange(self) -> None:
        self._layout = self._picture = None
        if self._reading is not None:
            size = self.size()
            self._layout = arranged(self._reading.scene, size.width(), size.height(), self._marked)
        self.update()

    @Slot()
    def _refresh_wires(self) -> None:
        """Draw the wires now, apart from the next painting, which has enough to do."""
        self._picture = None
        if self._reading is not None and self._layout is not None:
            self._wires(self._reading, self._layout)
        self.update()

    # painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        theme, reading, layout = self._theme, self._reading, self._layout
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if reading is None or layout is None:
            paint.paint_dots(painter, theme, QRectF(self.rect()))
            font = ui_font(13)
            paint.paint_text(painter, QRectF(self.rect()), EMPTY, theme.text_muted, font)
            return
        painter.drawPixmap(0, 0, self._wires(reading, layout))
        for place, column in enumerate(layout.columns):
            self._paint_column(painter, reading, layout, place, column)
        if self._hovered.kind == "wire":
            self._paint_hovered_wire(painter, reading, layout)
        elif self._hovered.kind == "unit":
            self._paint_enlarged(painter, reading, layout)

    def _wires(self, reading: Reading, layout: Layout) -> QPixmap:
        """The ground and the wires: they take the time, so they are drawn less often."""
        if self._picture is None:
            scale = self.devicePixelRatioF()
            picture = QPixmap(self.size() * scale)
            picture.setDevicePixelRatio(scale)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint.paint_dots(painter, self._theme, QRectF(self.rect()))
            bundles = [
                (bundle, paint.levels_of(bundle, reading.shown_weights(layout, bundle)))
                for bundle in layout.bundles
            ]
            paint.paint_wires(painter, self._theme, bundles, layout.side / 8)
            painter.end()
            self._picture = picture
        return self._picture

    def _paint_column(
        self, painter: QPainter, reading: Reading, layout: Layout, place: int, column: Column
    ) -> None:
        theme, card = self._theme, layout.cards[place]
        color, lit = getattr(theme, column.kind.value), self._hovered[:2] == ("card", place)
        lines = tuple(reading.card(column))
        key = (lines, card.width(), card.height(), lit)
        if place not in self._cards or self._cards[place][0] != key:
            mono, scale = column.kind is Kind.LOSS, self.devicePixelRatioF()
            picture = paint.card_picture(theme, card.size(), color, lines, mono, lit, scale)
            self._cards[place] = (key, picture)
        painter.drawPixmap(card.topLeft(), self._cards[place][1])
        for name, rect in self._buttons(place).items():
            self._paint_button(painter, place, name, rect)
        node = reading.scene.layers[column.layer].node if column.layer >= 0 else ""
        marked = self._marked.get(node, set())
        for row, (unit, rect) in enumerate(
            zip(layout.shown[place], layout.tiles[place], strict=True)
        ):
            self._paint_tile(painter, reading, place, column, unit, rect)
            if unit in marked:
                paint.paint_ring(painter, rect, theme.problem, 2.5)
            if self.hasFocus() and self._current == (place, row):
                paint.paint_ring(painter, rect, theme.accent, 2.5)
        self._paint_names(painter, layout, place, column)

    def _paint_tile(
        self, painter: QPainter, reading: Reading, place: int, column: Column, unit: int,
        rect: QRectF,
    ) -> None:  # fmt: skip
        theme = self._theme
        image = self._image(reading, place, column, unit)
        if image is None:
            painter.fillRect(rect, QColor(theme.node_fill))
        else:
            painter.drawImage(rect, image)
        side = rect.width()
        if side not in self._frames:
            self._frames[side] = paint.tile_frame(theme, side, self.devicePixelRatioF())
        painter.drawPixmap(rect.topLeft(), self._frames[side])
        numbers = reading.parameter(column, unit)
        if numbers is not None and numbers.size == 1:
            text = number(float(numbers.ravel()[0]), 3)
            size = 11.5 if side > 40 else 9.5
            paint.paint_text(painter, rect, text, theme.text, mono_font(size))

    def _image(self, reading: Reading, place: int, column: Column, unit: int) -> QImage | None:
        key = (place, unit)
        if key not in self._images:
            values, numbers = reading.unit_map(column, unit), reading.parameter(column, unit)
            if values is not None:
                self._images[key] = paint.map_image(values, every=EVERY_PX)
            elif numbers is not None and numbers.size > 1:
                self._images[key] = paint.entries_image(np.atleast_2d(numbers))
            else:
                return None
        return self._images[key]

    def _paint_names(self, painter: QPainter, layout: Layout, place: int, column: Column) -> None:
        """Names beside tiles, and below them how many more there are."""
        theme, tiles = self._theme, layout.tiles[place]
        if column.names and not column.as_one and column.kind is not Kind.INPUT:
            for unit, rect in zip(layout.shown[place], tiles, strict=True):
                if column.kind is Kind.LOOSE:
                    box = QRectF(rect.left() - 46, rect.top(), 42, rect.height())
                    side = Qt.AlignmentFlag.AlignRight
                else:
                    room = layout.width - rect.right() - 8
                    box = QRectF(rect.right() + 8, rect.top(), min(room, 110.0), rect.height())
                    side = Qt.AlignmentFlag.AlignLeft
                flags = side | Qt.AlignmentFlag.AlignVCenter
                name = column.names[unit]
                paint.paint_text(painter, box, name, theme.text_soft, ui_font(11.5), flags)
        more = layout.hidden(place)
        text = f"+{more:,} more" if more > 0 else ""
        if column.as_one and column.units > 1:
            text = f"{column.units:,} inputs"
        if text and tiles:
            below = QRectF(tiles[-1].center().x() - 60, tiles[-1].bottom() + 3, 120, 17)
            paint.paint_text(painter, below, text, theme.text_muted, ui_font(11.5))

    def _paint_button(self, painter: QPainter, place: int, name: str, rect: QRectF) -> None:
        theme = self._theme
        lit = self._hovered[:2] == (name, place)
        of_card = self._hovered.place == place and self._hovered.kind in (
            "card", "fewer", "more", "remove",
        )  # fmt: skip
        if name != "add" and not of_card:
            return
        rounded(painter, rect, 5, theme.accent_soft if lit else theme.field, theme.hairline)
        painter.setPen(QPen(QColor(theme.accent if lit else theme.text_soft), 1.5))
        x, y, half = rect.center().x(), rect.center().y(), 3.6
        if name == "remove":
            painter.drawLine(QPointF(x - half, y - half), QPointF(x + half, y + half))
            painter.drawLine(QPointF(x - half, y + half), QPointF(x + half, y - half))
            return
        painter.drawLine(QPointF(x - half, y), QPointF(x + half, y))
        if name != "fewer":
            painter.drawLine(QPointF(x, y - half), QPointF(x, y + half))

    def _paint_enlarged(self, painter: QPainter, reading: Reading, layout: Layout) -> None:
        """The unit under the pointer, large and with its numbers."""
        _, place, row = self._hovered
        column, tile = layout.columns[place], layout.tiles[place][row]
        unit, theme = layout.shown[place][row], self._theme
        values, numbers = reading.unit_map(column, unit), reading.parameter(column, unit)
        image = None
        if values is not None:
            image = paint.map_image(values)
        elif numbers is not None and numbers.size > 1:
            image = paint.entries_image(np.atleast_2d(numbers))
        lines = list(reading.unit_lines(column, unit))
        side = ENLARGED_PX if image is not None else 0
        box = QRectF(0, 0, ENLARGED_PX + 16, side + LINE_PX * len(lines) + 16)
        left = tile.right() + 10
        if left + box.width() > self.width():
            left = tile.left() - 10 - box.width()
        top = min(max(4.0, tile.center().y() - box.height() / 2), self.height() - box.height() - 4)
        box.moveTo(left, top)
        rounded(painter, box, 9, theme.panel, theme.hairline)
        if image is not None:
            painter.drawImage(QRectF(box.left() + 8, box.top() + 8, side, side), image)
        for k, line in enumerate(lines):
            below = box.top() + side + 10 + k * LINE_PX
            rect = QRectF(box.left() + 10, below, box.width() - 20, LINE_PX)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            font = ui_font(12, 600) if k == 0 else mono_font(11.5)
            paint.paint_text(painter, rect, line, theme.text, font, flags)

    def _paint_hovered_wire(self, painter: QPainter, reading: Reading, layout: Layout) -> None:
        bundle = layout.bundles[self._hovered.place]
        wire = self._hovered.unit
        entry = reading.wire_entry(layout, bundle, wire)
        pen = QPen(QColor(self._theme.accent), 3.0)
        paint.paint_wire(painter, pen, bundle.ends[wire])
        if entry is None:
            return
        leaf, index = entry
        weights = reading.weights(leaf)
        assert weights is not None
        middle = bundle.middle(wire)
        box = QRectF(middle.x() - 50, middle.y() - 12, 100, 24)
        rounded(painter, box, 6, self._theme.panel, self._theme.hairline)
        text = number(float(weights[index]), 6)
        paint.paint_text(painter, box, text, self._theme.text, mono_font(12))

    # what is where ------------------------------------------------------------------------------

    def _can_change(self, place: int) -> bool:
        """Whether a column is a layer whose size is free: the last one's is that of the answers."""
        layout = self._layout
        if layout is None or self._reading is None:
            return False
        layer = layout.columns[place].layer
        return 0 <= layer < len(self._reading.scene.layers) - 1

    def _buttons(self, place: int) -> dict[str, QRectF]:
        """The buttons of a column: those of its card, and what adds a layer behind it."""
        layout = self._layout
        if layout is None:
            return {}
        card, size = layout.cards[place], BUTTON_PX
        found = {}
        if self._can_change(place):
            bottom = card.bottom() - size / 2 + 6
            found = {
                "fewer": QRectF(card.left() + 6, bottom, size, size),
                "more": QRectF(card.right() - 6 - size, bottom, size, size),
                "remove": QRectF(card.right() - size / 2, card.top() - 6, size, size),
            }
        if place + 1 < len(layout.columns) and layout.columns[place + 1].kind is Kind.LAYER:
            middle = layout.adder(place)
            found["add"] = QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size)
        return found

    def spot(self, at: QPointF) -> Spot:
        """What is at a point."""
        layout = self._layout
        if layout is None:
            return Spot()
        for place in range(len(layout.columns)):
            for name, rect in self._buttons(place).items():
                if rect.contains(at):
                    return Spot(name, place)
            if layout.cards[place].adjusted(-2, -8, 8, 14).contains(at):
                return Spot("card", place)
            for row, rect in enumerate(layout.tiles[place]):
                if rect.contains(at):
                    return Spot("unit", place, row)
        found = [(*bundle.nearest(at), k) for k, bundle in enumerate(layout.bundles)]
        away, wire, bundle = min(found, default=(NEAR_PX, -1, -1))
        return Spot("wire", bundle, wire) if away < NEAR_PX else Spot()

    # the mouse ----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = self.spot(event.position())
        if spot == self._hovered:
            return
        self._hovered = spot
        does = bool(spot.kind) and (spot.kind != "card" or self._can_change(spot.place))
        self.setCursor(Qt.CursorShape.PointingHandCursor if does else Qt.CursorShape.ArrowCursor)
        tip = ""
        if spot.kind == "card" and self._layout is not None and self._reading is not None:
            column = self._layout.columns[spot.place]
            tip = self._reading.card_tip(column, self._can_change(spot.place))
        self.setToolTip(tip)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = Spot()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        spot = self.spot(event.position())
        if event.button() != Qt.MouseButton.LeftButton or self._layout is None:
            return
        if spot.kind == "unit":
            self._current = (spot.place, spot.unit)
            self._edit_unit()
        elif spot.kind == "wire":
            self._edit_wire(self._layout.bundles[spot.place], spot.unit, event.position())
        elif spot.kind == "card":
            self._choose_activation(spot.place, event.globalPosition().toPoint())
        else:
            self._press(spot.place, spot.kind)
        self.update()

    def _press(self, place: int, button: str) -> None:
        """What a button of a column does, if the column has it."""
        if self._layout is None or button not in self._buttons(place):
            return
        if button == "add":
            self.layer_added.emit(self._layout.columns[place].layer)
        elif button == "remove":
            self.layer_removed.emit(self._node(place))
        else:
            units = self._layout.columns[place].units + (1 if button == "more" else -1)
            if units >= 1:
                self.units_changed.emit(self._node(place), units)

    def _node(self, place: int) -> str:
        assert self._layout is not None
        assert self._reading is not None
        return self._reading.scene.layers[self._layout.columns[place].layer].node

    def _choose_activation(self, place: int, at: QPoint) -> None:
        if self._layout is None or self._reading is None or not self._can_change(place):
            return
        layer = self._reading.scene.layers[self._layout.columns[place].layer]
        menu = QMenu(self)
        for name in ACTIVATIONS:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == (layer.activation or layer.squash or "linear"))
        node = layer.node
        menu.triggered.connect(lambda action: self.activation_chosen.emit(node, action.text()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)  # training goes on meanwhile

    def _edit_unit(self) -> None:
        """Type another bias of the current unit, or another value of the current parameter."""
        place, row = self._current
        if self._reading is None or self._layout is None or not self._layout.tiles[place]:
            return
        unit = self._layout.shown[place][row]
        self._edit(
            self._reading.unit_entry(self._layout.columns[place], unit),
            self._layout.tiles[place][row].center(),
        )

    def _edit_wire(self, bundle: Bundle, wire: int, at: QPointF) -> None:
        assert self._layout is not None
        assert self._reading is not None
        self._edit(self._reading.wire_entry(self._layout, bundle, wire), at)

    def _edit(self, entry: tuple[str, tuple[int, ...]] | None, at: QPointF) -> None:
        if entry is None or self._reading is None:
            return
        leaf, index = entry
        weights = self._reading.weights(leaf)
        if weights is not None:
            self.editor.open_entry(leaf, index, float(weights[index]), at.toPoint())

    # the keyboard -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1),
                 Qt.Key.Key_Down: (0, 1)}  # fmt: skip
        if key in moves:
            self._move(*moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._edit_unit()
        elif key in KEYS:
            self._press(self._current[0], KEYS[Qt.Key(key)])
        elif key == Qt.Key.Key_A and self._layout is not None:
            card = self._layout.cards[self._current[0]]
            self._choose_activation(self._current[0], self.mapToGlobal(card.bottomLeft().toPoint()))
        else:
            super().keyPressEvent(event)

    def _move(self, across: int, down: int) -> None:
        reading, layout = self._reading, self._layout
        if reading is None or layout is None:
            return
        place, row = self._current
        place = min(max(0, place + across), len(layout.columns) - 2)  # the loss has no units
        row = min(max(0, row + down), len(layout.tiles[place]) - 1)
        self._current = (place, row)
        lines = reading.unit_lines(layout.columns[place], layout.shown[place][row])
        self.setAccessibleDescription(", ".join(lines))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # export -------------------------------------------------------------------------------------

    def image(self) -> QImage:
        """The diagram as it is seen, twice as fine."""
        image = QImage(self.size() * 2, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(2)
        self.render(image, QPoint())
        return image
