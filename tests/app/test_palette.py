"""The palette: that it offers everything, finds it, and lets go of what is dragged."""

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QDrag, QFontMetricsF, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.graph.graph import LEAF_KINDS
from engine.layers import LAYERS
from engine.ops import OPS
from graphviz_app.canvas.dropping import NODE_MIME
from graphviz_app.explore.palette import Palette, node_pixmap, op_entries
from graphviz_app.explore.palette_entries import layer_key, layer_of_key, op_title
from graphviz_app.theme import DARK, LIGHT, load_fonts
from graphviz_app.widgets.search_paint import CHIP_W_PX, SIGN_PX, _sign_font
from graphviz_app.widgets.search_rank import rank
from graphviz_app.widgets.search_rows import RowKind

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def palette(qtbot: QtBot) -> Palette:
    """The palette, shown."""
    palette = Palette()
    qtbot.addWidget(palette)
    palette.resize(palette.width(), 700)
    palette.show()
    palette.activateWindow()
    return palette


def keys(palette: Palette) -> list[str]:
    return [r.entry.key for r in palette.list.search_rows.rows if r.kind is RowKind.ENTRY]


def centre_of(palette: Palette, key: str) -> QPoint:
    rows = palette.list.search_rows.rows
    row = next(k for k, r in enumerate(rows) if r.entry.key == key)
    return palette.list.visualRect(palette.list.search_rows.index(row)).center()


def drag(palette: Palette, start: QPoint, *stops: QPoint) -> None:
    """Press at ``start`` of the list, move through ``stops`` and let go."""
    viewport = palette.list.viewport()

    def send(kind: QEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        where = QPointF(at)
        place = viewport.mapToGlobal(where)
        event = QMouseEvent(kind, where, place, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, event)

    none = Qt.MouseButton.NoButton
    send(QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    for stop in stops:
        send(QEvent.Type.MouseMove, stop, none, LEFT)
    send(QEvent.Type.MouseButtonRelease, stops[-1], LEFT, none)


@pytest.fixture
def drags(monkeypatch: pytest.MonkeyPatch) -> list[QMimeData]:
    """What was dragged away (a drag would wait for a drop that never comes)."""
    dragged: list[QMimeData] = []

    def note(drag: QDrag, action: Qt.DropAction) -> Qt.DropAction:
        mime = QMimeData()  # the drag's own dies with it
        mime.setData(NODE_MIME, drag.mimeData().data(NODE_MIME))
        mime.setText(drag.mimeData().text())
        assert not drag.pixmap().isNull()
        dragged.append(mime)
        return action

    monkeypatch.setattr(QDrag, "exec", note)
    return dragged


# the entries ------------------------------------------------------------------------------------


def test_every_leaf_kind_op_and_layer_is_offered_once(palette) -> None:
    ops = [name for name, op in OPS.items() if op.group != "Layers"]
    layers = [layer_key(name) for name, layer in LAYERS.items() if not layer.several]
    assert sorted(keys(palette)) == sorted([*LEAF_KINDS, *ops, *layers])


def test_signs_have_room_in_their_chips(palette) -> None:
    load_fonts()
    for entry in op_entries(LIGHT):
        font = _sign_font(entry.sign, SIGN_PX, CHIP_W_PX - 4)
        assert QFontMetricsF(font).horizontalAdvance(entry.sign) <= CHIP_W_PX - 2, entry.title


def test_headings_are_the_ops_groups_after_the_leaves(palette) -> None:
    rows = palette.list.search_rows.rows
    headings = [r.entry.title for r in rows if r.kind is RowKind.HEADING]
    assert headings == ["Leaves", *dict.fromkeys(op.group for op in OPS.values())]


def test_titles_are_words_and_all_different() -> None:
    titles = [op_title(name) for name in OPS]
    assert len(set(titles)) == len(titles)
    assert [op_title(n) for n in ("add", "mul", "leaky_relu")] == ["Add", "Multiply", "Leaky ReLU"]
    assert not any("_" in title for title in titles)


@pytest.mark.parametrize("name", OPS.names())
def test_every_name_of_an_op_finds_it_at_once(name) -> None:
    entries = op_entries(LIGHT)
    matches = rank(name, [(e.title, e.keywords) for e in entries])
    best = [entries[m.index].key for m in matches[:3]]
    layers = [layer_of_key(key) for key in best]
    ops = [LAYERS[n].op(LAYERS[n].settings) for n in layers if n]
    name = {"projection": "dense", "conv_unbiased": "conv_layer"}.get(name, name)  # no biases
    assert OPS[name].name in [*best, *ops]


@pytest.mark.parametrize(
    ("typed", "op"), [("+", "add"), ("*", "mul"), ("×", "mul"), ("/", "div"), ("@", "matmul")]
)
def test_signs_find_their_op(typed, op) -> None:
    entries = op_entries(LIGHT)
    matches = rank(typed, [(e.title, e.keywords) for e in entries])
    assert entries[matches[0].index].key == op


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_entries_have_the_colour_of_their_kind(theme) -> None:
    colors = {entry.key: entry.color for entry in op_entries(theme)}
    assert colors["input"] == theme.input
    assert colors["parameter"] == theme.parameter
    assert colors["add"] == theme.plain
    assert colors["sigmoid"] == theme.activation
    assert colors["mse"] == theme.loss


# searching and choosing -------------------------------------------------------------------------


def test_typing_filters_and_enter_chooses_the_best(palette, qtbot) -> None:
    qtbot.keyClicks(palette.field, "relu")
    assert keys(palette)[:2] == ["relu", "leaky_relu"]
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert told.args == ["relu"]


def test_arrows_move_through_the_rows(palette, qtbot) -> None:
    for _ in range(2):
        qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert told.args == ["parameter"]


def test_nothing_is_highlighted_at_rest(palette, qtbot) -> None:
    assert palette.list.current is None
    with qtbot.assertNotEmitted(palette.chosen):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    palette.field.setFocus()
    qtbot.waitUntil(palette.field.hasFocus)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    palette.field.clearFocus()
    assert palette.list.current is None


def test_escape_empties_the_field_and_then_leaves_it(palette, qtbot) -> None:
    palette.field.setFocus()
    qtbot.waitUntil(palette.field.hasFocus)
    qtbot.keyClicks(palette.field, "mul")
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert (palette.field.text(), palette.field.hasFocus()) == ("", True)
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.field.hasFocus()


def test_a_double_click_chooses(palette, qtbot) -> None:
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.mouseDClick(palette.list.viewport(), LEFT, pos=centre_of(palette, "mul"))
    assert told.args == ["mul"]


def test_a_single_click_chooses_nothing_and_takes_no_focus(palette, qtbot) -> None:
    with qtbot.assertNotEmitted(palette.chosen):
        qtbot.mouseClick(palette.list.viewport(), LEFT, pos=centre_of(palette, "mul"))
    assert palette.list.current is None
    assert not palette.list.hasFocus()


# dragging ---------------------------------------------------------------------------------------


def test_a_dragged_row_carries_its_op(palette, drags) -> None:
    start = centre_of(palette, "mul")
    drag(palette, start, start + QPoint(3, 0), start + QPoint(60, 0))
    (mime,) = drags
    assert mime.data(NODE_MIME).data() == b"mul"
    assert mime.text() == "mul"


def test_a_dragged_leaf_carries_its_kind(palette, drags) -> None:
    start = centre_of(palette, "parameter")
    drag(palette, start, start + QPoint(60, 0))
    assert [mime.text() for mime in drags] == ["parameter"]


def test_a_small_move_drags_nothing(palette, drags) -> None:
    start = centre_of(palette, "mul")
    drag(palette, start, start + QPoint(2, 0))
    assert drags == []


def test_headings_cannot_be_dragged(palette, drags) -> None:
    start = palette.list.visualRect(palette.list.search_rows.index(0)).center()
    drag(palette, start, start + QPoint(60, 0))
    assert drags == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_node_at_the_pointer_is_as_sharp_as_the_screen(qapp, theme) -> None:
    entry = op_entries(theme)[0]
    pixmap = node_pixmap(entry, theme, 2.0)
    assert pixmap.deviceIndependentSize().toSize() * 2 == pixmap.size()
    colors = {pixmap.toImage().pixelColor(x, 1).name() for x in range(pixmap.width())}
    assert QColor(entry.color).name() in colors


# look -------------------------------------------------------------------------------------------


def test_a_new_theme_keeps_what_was_searched(palette, qtbot) -> None:
    qtbot.keyClicks(palette.field, "relu")
    before = keys(palette)
    palette.set_theme(DARK)
    assert keys(palette) == before
    assert palette.grab().toImage().pixelColor(4, 4).name() == DARK.panel


def test_every_row_says_what_it_does(palette) -> None:
    model = palette.list.search_rows
    for k, row in enumerate(model.rows):
        if row.kind is RowKind.ENTRY:
            tip = model.data(model.index(k), Qt.ItemDataRole.ToolTipRole)
            assert tip == (OPS[row.entry.key].says if row.entry.key in OPS else row.entry.hint)
