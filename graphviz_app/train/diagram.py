"""The network as it learns: every unit with its own map, wires by weight, and what can be edited.

It shows frames and says what a person wants changed; it changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

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
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from engine.numerals import number
from engine.ops.layers import ACTIVATIONS
from engine.training.watching import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.diagram_layout import (
    Arrangement,
    Column,
    Wires,
    arranged,
    nearest_wire,
    wires_between,
)
from graphviz_app.train.diagram_paint import (
    bias_of,
    card_texts,
    loss_texts,
    map_image,
    paint_card,
    paint_tile,
    paint_wires,
)
from graphviz_app.widgets.basics import rounded
from graphviz_app.widgets.scrub_box import parse_number

ENLARGED_PX, BUTTON_PX, NEAR_PX = 168, 16, 5.0
WIRES_MS = 160  # between two pictures of the wires while it trains
FEW_INPUTS = 16  # more are one tile
EMPTY = "Build a network or open one, and it is drawn here as it learns."
Spot = tuple[str, int, int]  # what is under the pointer: its kind, column and number


class NetworkDiagram(QWidget):
    """Signals: ``entry_set(leaf, index, number)``, a weight or bias; ``units_changed(node, n)``;
    ``activation_chosen(node, name)``; ``layer_added(after)``, −1 behind the inputs;
    ``layer_removed(node)``.
    """

    entry_set = Signal(str, object, float)
    units_changed = Signal(str, int)
    activation_chosen = Signal(str, str)
    layer_added = Signal(int)
    layer_removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._scene: Scene | None = None
        self._frame: Frame | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self._arrangement: Arrangement | None = None
        self._wires: list[Wires] = []
        self._hovered: Spot = ("", -1, -1)
        self._current = (0, 0)  # column and unit of the keyboard
        self._marked: dict[str, set[int]] = {}
        self._editing: tuple[str, tuple[int, ...]] | None = None
        self._picture: tuple[Spot | None, QPixmap] | None = None  # of the wires
        self._pause = QTimer(self, singleShot=True, interval=WIRES_MS)
        self._pause.timeout.connect(self._refresh_wires)
        self.editor = QLineEdit(self)
        self.editor.setFont(mono_font(13))
        self.editor.setFixedWidth(110)
        self.editor.setAccessibleName("Weight")
        self.editor.returnPressed.connect(self._commit)
        self.editor.editingFinished.connect(self._close_editor)
        self.editor.hide()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Network")

    def sizeHint(self) -> QSize:
        return QSize(740, 480)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme, self._picture = theme, None
        self.update()

    # what is shown ------------------------------------------------------------------------------

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        self._scene, self._frame = scene, None
        self._images, self._marked = {}, {}
        self._hovered = ("", -1, -1)
        self._close_editor()
        self._arrange()

    def show_frame(self, frame: Frame) -> None:
        """The network as it is now."""
        self._frame = frame
        self._images = {}  # made as they are painted
        if not self._wires:
            self._refresh_wires()
        elif not self._pause.isActive():
            self._pause.start()
        self.update()

    def highlight(self, units: Mapping[str, Collection[int]]) -> None:
        """Frame these units of layers; nothing for {}."""
        self._marked = {node: set(chosen) for node, chosen in units.items()}
        self.update()

    @property
    def by_layers(self) -> bool:
        """Whether the graph has layers of units; else it has parameters alone."""
        return self._scene is not None and any(layer.biases for layer in self._scene.layers)

    def _arrange(self) -> None:
        scene = self._scene
        if scene is None or not scene.layers or not self.by_layers:
            self._arrangement, self._wires = None, []
        else:
            as_one = len(scene.features) > FEW_INPUTS or not scene.features
            size = self.size()
            self._arrangement = arranged(scene, size.width(), size.height(), as_one)
            self._wire()
        self._picture = None
        self.update()

    def _wire(self) -> None:
        self._wires = []
        if self._arrangement is None or self._frame is None or self._scene is None:
            return
        columns = self._arrangement.columns
        for before, after in itertools.pairwise(columns):
            weights = self._frame.weights.get(self._scene.layers[after.layer].weights)
            found = wires_between(before, after, weights) if weights is not None else None
            if found is not None:
                self._wires.append(found)

    def _map(self, column: Column, unit: int) -> np.ndarray | None:
        """The bytes of a unit's map, if there are any."""
        frame, scene = self._frame, self._scene
        if frame is None or scene is None:
            return None
        if column.layer < 0:
            maps = scene.inputs if len(column.tiles) == column.units else None
        else:
            maps = frame.maps.get(scene.layers[column.layer].output)
        return None if maps is None or unit >= len(maps) else maps[unit]

    def _large_image(self, column: Column, unit: int) -> QImage | None:
        values = self._map(column, unit)
        return None if values is None else map_image(values)

    def _image(self, column: Column, unit: int) -> QImage | None:
        key = (column.layer, unit)
        if key not in self._images:
            values = self._map(column, unit)
            if values is None:
                return None
            self._images[key] = map_image(values, every=2)
        return self._images[key]

    # painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        theme, scene = self._theme, self._scene
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.canvas))
        if scene is None or not scene.layers:
            painter.setPen(QColor(theme.text_muted))
            painter.setFont(ui_font(13))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
            return
        if self._arrangement is None:
            self._paint_parameters(painter, scene)
            return
        painter.drawPixmap(0, 0, self._wire_picture())
        for place, each in enumerate(self._arrangement.columns):
            self._paint_column(painter, scene, place, each)
        paint_card(
            painter, theme, self._arrangement.loss, loss_texts(scene, self._frame), lit=False
        )
        self._paint_enlarged(painter)

    def _wire_picture(self) -> QPixmap:
        """The wires: they take most of the time, so while it trains they are drawn less often."""
        state = self._hovered if self._hovered[0] == "wire" else None
        if self._picture is None or self._picture[0] != state:
            scale = self.devicePixelRatioF()
            picture = QPixmap(self.size() * scale)
            picture.setDevicePixelRatio(scale)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for wires in self._wires:
                lit = state[2] if state is not None and state[1] == wires.layer else None
                paint_wires(painter, self._theme, wires, lit)
            painter.end()
            self._picture = state, picture
        return self._picture[1]

    @Slot()
    def _refresh_wires(self) -> None:
        self._wire()
        self._picture = None
        self.update()

    def _paint_column(self, painter: QPainter, scene: Scene, place: int, column: Column) -> None:
        theme = self._theme
        lit = self._hovered[:2] == ("card", place)
        paint_card(painter, theme, column.card, card_texts(scene, column), lit)
        if column.layer >= 0:
            for name, rect in self._buttons(place).items():
                self._paint_button(painter, place, name, rect)
        if place + 1 < len(self._arrangement.columns if self._arrangement else ()):
            self._paint_button(painter, place, "add", self._adder(place))
        node = scene.layers[column.layer].node if column.layer >= 0 else ""
        marked = self._marked.get(node, set())
        for unit, rect in enumerate(column.tiles):
            current = self.hasFocus() and self._current == (place, unit)
            border = theme.problem if unit in marked else theme.node_border
            border = theme.accent if current else border
            width = 2.5 if unit in marked or current else 1.0
            paint_tile(painter, theme, rect, self._image(column, unit), border, width)
        if column.hidden > 0 and column.tiles:
            painter.setPen(QColor(theme.text_muted))
            painter.setFont(ui_font(11.5))
            text = (
                f"+{column.hidden:,} more" if len(column.tiles) > 1 else f"{column.units:,} inputs"
            )
            below = QRectF(column.x - 60, max(t.bottom() for t in column.tiles) + 3, 120, 18)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_button(self, painter: QPainter, place: int, name: str, rect: QRectF) -> None:
        theme = self._theme
        lit = self._hovered[0] == name and self._hovered[1] == place
        near = lit or (self._hovered[0] == "card" and self._hovered[1] == place) or name == "add"
        if not near:
            return
        rounded(painter, rect, 5, theme.accent_soft if lit else theme.field, theme.hairline)
        painter.setPen(QPen(QColor(theme.accent if lit else theme.text_soft), 1.5))
        middle, half = rect.center(), 3.6
        x, y = middle.x(), middle.y()
        if name == "remove":
            painter.drawLine(QPointF(x - half, y - half), QPointF(x + half, y + half))
            painter.drawLine(QPointF(x - half, y + half), QPointF(x + half, y - half))
            return
        painter.drawLine(QPointF(x - half, y), QPointF(x + half, y))
        if name != "fewer":
            painter.drawLine(QPointF(x, y - half), QPointF(x, y + half))

    def _paint_enlarged(self, painter: QPainter) -> None:
        kind, place, unit = self._hovered
        if kind == "wire":
            self._paint_weight(painter, place, unit)
            return
        if kind != "unit" or self._arrangement is None or self._scene is None:
            return
        column = self._arrangement.columns[place]
        tile = column.tiles[unit]
        image = self._large_image(column, unit)
        side = ENLARGED_PX if image is not None else 0
        box = QRectF(0, 0, ENLARGED_PX + 16, side + 34)
        left = tile.right() + 10
        if left + box.width() > self.width():
            left = tile.left() - 10 - box.width()
        top = min(max(4.0, tile.center().y() - box.height() / 2), self.height() - box.height() - 4)
        box.moveTo(left, top)
        theme = self._theme
        rounded(painter, box, 9, theme.panel, theme.hairline)
        if image is not None:
            rect = QRectF(box.left() + 8, box.top() + 8, side, side)
            paint_tile(painter, theme, rect, image, theme.node_border, 1.0)
        painter.setPen(QColor(theme.text))
        painter.setFont(ui_font(12))
        bottom = QRectF(box.left() + 10, box.bottom() - 26, box.width() - 20, 22)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignVCenter, self._unit_text(column, unit))

    def _unit_text(self, column: Column, unit: int) -> str:
        scene = self._scene
        assert scene is not None
        if column.layer < 0:
            if len(column.tiles) == column.units and unit < len(scene.features):
                return scene.features[unit]
            return f"{column.units:,} inputs"
        weights = self._frame.weights if self._frame is not None else {}
        bias = bias_of(scene, column.layer, unit, weights)
        text = f"unit {unit}"
        return text if bias is None else f"{text} · bias {number(bias, 4)}"

    def _paint_weight(self, painter: QPainter, layer: int, wire: int) -> None:
        wires = next((w for w in self._wires if w.layer == layer), None)
        if wires is None or wire >= len(wires.weights):
            return
        text = number(float(wires.weights[wire]), 6)
        x0, y0, x1, y1 = wires.ends[wire].tolist()
        box = QRectF((x0 + x1) / 2 - 46, (y0 + y1) / 2 - 13, 92, 24)
        rounded(painter, box, 6, self._theme.panel, self._theme.hairline)
        painter.setPen(QColor(self._theme.text))
        painter.setFont(mono_font(12))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_parameters(self, painter: QPainter, scene: Scene) -> None:
        """A graph without layers: its parameters with their values."""
        theme = self._theme
        for k, rect in enumerate(self._parameter_rects(scene)):
            layer = scene.layers[k]
            value = self._frame.weights.get(layer.weights) if self._frame is not None else None
            text = "" if value is None else number(float(np.ravel(value)[0]), 5)
            lit = self._hovered == ("parameter", k, 0) or (
                self.hasFocus() and self._current == (k, 0)
            )
            paint_card(painter, theme, rect, (layer.title, text, "parameter"), lit)
        box = QRectF(self.width() - 122, CARD_ROW, 110, 42)
        paint_card(painter, theme, box, loss_texts(scene, self._frame), lit=False)

    def _parameter_rects(self, scene: Scene) -> list[QRectF]:
        columns = max(1, (self.width() - 150) // 124)
        return [
            QRectF(14 + 124 * (k % columns), CARD_ROW + 54 * (k // columns), 112, 42)
            for k in range(len(scene.layers))
        ]

    # what is where ------------------------------------------------------------------------------

    def _buttons(self, place: int) -> dict[str, QRectF]:
        """The buttons of a layer's card; the last layer's size is that of the answers."""
        if self._arrangement is None or place + 1 == len(self._arrangement.columns):
            return {}
        card, size = self._arrangement.columns[place].card, BUTTON_PX
        bottom = card.bottom() - size / 2 + 6
        return {
            "fewer": QRectF(card.left() + 6, bottom, size, size),
            "more": QRectF(card.right() - 6 - size, bottom, size, size),
            "remove": QRectF(card.right() - size / 2, card.top() - 6, size, size),
        }

    def _adder(self, place: int) -> QRectF:
        assert self._arrangement is not None
        columns = self._arrangement.columns
        x = (columns[place].card.right() + columns[place + 1].card.left()) / 2
        return QRectF(x - BUTTON_PX / 2, CARD_ROW + 21 - BUTTON_PX / 2, BUTTON_PX, BUTTON_PX)

    def spot(self, at: QPointF) -> Spot:
        """What is at a point: ("unit", column, number), ("wire", layer, number) …"""
        if self._scene is None:
            return ("", -1, -1)
        if self._arrangement is None:
            rects = self._parameter_rects(self._scene) if self._scene.layers else []
            return next((("parameter", k, 0) for k, r in enumerate(rects) if r.contains(at)),
                        ("", -1, -1))  # fmt: skip
        for place, column in enumerate(self._arrangement.columns):
            if column.layer >= 0:
                for name, rect in self._buttons(place).items():
                    if rect.contains(at):
                        return (name, place, -1)
            if place + 1 < len(self._arrangement.columns) and self._adder(place).contains(at):
                return ("add", place, -1)
            if column.card.adjusted(-4, -8, 8, 14).contains(at):
                return ("card", place, -1)
            for unit, rect in enumerate(column.tiles):
                if rect.contains(at):
                    return ("unit", place, unit)
        for wires in self._wires:
            found = nearest_wire(wires, at, NEAR_PX)
            if found is not None:
                return ("wire", wires.layer, found)
        return ("", -1, -1)

    # the mouse ----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = self.spot(event.position())
        if spot != self._hovered:
            self._hovered = spot
            clickable = spot[0] not in ("", "card") or (spot[0] == "card" and spot[1] > 0)
            shape = Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = ("", -1, -1)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        kind, place, unit = self.spot(event.position())
        if event.button() != Qt.MouseButton.LeftButton or self._scene is None:
            return
        if kind in ("unit", "parameter"):
            self._current = (place, unit)
            self._edit_unit(place, unit)
        elif kind == "wire":
            self._edit_wire(place, unit, event.position().toPoint())
        elif kind == "add":
            self.layer_added.emit(place - 1)
        elif kind in ("fewer", "more"):
            self._change_units(place, 1 if kind == "more" else -1)
        elif kind == "remove":
            self.layer_removed.emit(self._scene.layers[place - 1].node)
        elif kind == "card" and place > 0:
            self._choose_activation(place, event.globalPosition().toPoint())
        self.update()

    def _change_units(self, place: int, by: int) -> None:
        if self._scene is None or not 0 < place < len(self._scene.layers):
            return
        layer = self._scene.layers[place - 1]
        if layer.units + by >= 1:
            self.units_changed.emit(layer.node, layer.units + by)

    def _choose_activation(self, place: int, at: QPoint) -> None:
        if self._scene is None or place == len(self._scene.layers):
            return  # that of the output belongs to the loss
        layer = self._scene.layers[place - 1]
        menu = QMenu(self)
        for name in ACTIVATIONS:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == (layer.squash or "linear"))
        chosen = menu.exec(at)
        menu.deleteLater()
        if chosen is not None:
            self.activation_chosen.emit(layer.node, chosen.text())

    # editing numbers ----------------------------------------------------------------------------

    def _edit_unit(self, place: int, unit: int) -> None:
        scene, frame = self._scene, self._frame
        if scene is None or frame is None:
            return
        if self._arrangement is None:
            rect = self._parameter_rects(scene)[place]
            leaf = scene.layers[place].weights
            self._open_editor(leaf, (), rect.center().toPoint())
            return
        column = self._arrangement.columns[place]
        leaf = scene.layers[column.layer].biases if column.layer >= 0 else ""
        if leaf:
            self._open_editor(leaf, (unit,), column.tiles[unit].center().toPoint())

    def _edit_wire(self, layer: int, wire: int, at: QPoint) -> None:
        wires = next((w for w in self._wires if w.layer == layer), None)
        if wires is not None and self._scene is not None:
            index = (int(wires.sources[wire]), int(wires.targets[wire]))
            self._open_editor(self._scene.layers[layer].weights, index, at)

    def _open_editor(self, leaf: str, index: tuple[int, ...], at: QPoint) -> None:
        found = self._frame.weights.get(leaf) if self._frame is not None else None
        if found is None:
            return
        self._editing = leaf, index
        self.editor.setText(repr(float(np.asarray(found)[index])))
        self.editor.setAccessibleName(f"{leaf} {list(index)}")
        half = self.editor.width() // 2
        x = min(max(4, at.x() - half), self.width() - self.editor.width() - 4)
        self.editor.move(x, min(max(4, at.y() - 14), self.height() - 34))
        self.editor.show()
        self.editor.selectAll()
        self.editor.setFocus()

    @Slot()
    def _commit(self) -> None:
        if self._editing is None:
            return
        leaf, index = self._editing
        try:
            value = parse_number(self.editor.text())
        except ValueError as error:
            self.editor.setToolTip(str(error))
            return
        self._close_editor()
        self.entry_set.emit(leaf, index, value)

    @Slot()
    def _close_editor(self) -> None:
        self._editing = None
        self.editor.hide()

    # the keyboard -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, (place, unit) = event.key(), self._current
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1),
                 Qt.Key.Key_Down: (0, 1)}  # fmt: skip
        if key == Qt.Key.Key_Escape and self._editing is not None:
            self._close_editor()
            self.setFocus()
        elif key in moves:
            self._move(*moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._edit_unit(place, unit)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus) and self._arrangement is not None:
            self._change_units(place, 1 if key == Qt.Key.Key_Plus else -1)
        else:
            super().keyPressEvent(event)

    def _move(self, across: int, down: int) -> None:
        if self._scene is None or not self._scene.layers:
            return
        place, unit = self._current
        if self._arrangement is None:
            place = min(max(0, place + across + down), len(self._scene.layers) - 1)
            self._current = (place, 0)
        else:
            columns = self._arrangement.columns
            place = min(max(0, place + across), len(columns) - 1)
            unit = min(max(0, unit + down), len(columns[place].tiles) - 1)
            self._current = (place, unit)
            self.setAccessibleDescription(self._unit_text(columns[place], unit))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # export -------------------------------------------------------------------------------------

    def image(self) -> QImage:
        """The diagram as it is seen, twice as fine."""
        image = QImage(self.size() * 2, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor(self._theme.canvas))
        painter = QPainter(image)
        painter.scale(2, 2)
        self._paint(painter)
        painter.end()
        return image


CARD_ROW = 12.0  # where the cards begin
