"""The window as a person uses it: keys, mouse, files, themes, undo."""

from __future__ import annotations

import gc
import html
import re
import weakref
from operator import attrgetter
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFont, QFontMetrics, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QScrollArea

from engine.numerals import fixed
from graphviz_app.actions import ACTIONS, CONTEXT_MENUS, MENUS, plain_title
from graphviz_app.application import make_app
from graphviz_app.canvas.interactions import GESTURES
from graphviz_app.explore.left_column import KERAS, PALETTE
from graphviz_app.explore.workspace import LEAST_LOWER_PX, LEAST_RIGHT_PX
from graphviz_app.launch import tell_about_exceptions
from graphviz_app.messages import KEYS_PX, Button, key_sheet
from graphviz_app.resources import example, examples
from graphviz_app.settings import Settings
from graphviz_app.train.gestures import ON_NETWORK
from graphviz_app.window import Window


@pytest.fixture
def window(qtbot, qapp):
    """A window on the sigmoid circuit; changes are given up at its end."""
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.show()
    qtbot.waitExposed(made)
    made.files.open_path(example("sigmoid_circuit"))
    made.explore.view.setFocus()
    return made


def press(qtbot, window: Window, *keys: Qt.Key) -> None:
    """Keys pressed while the canvas has the focus."""
    view = window.explore.view
    for key in keys:
        if key == Qt.Key.Key_Space:
            with qtbot.waitSignal(view.space_tapped):
                qtbot.keyClick(view, key)
        else:
            qtbot.keyClick(view, key)


def shown(window: Window, node: str) -> tuple[str, str]:
    """What the canvas shows at a node: (value, gradient)."""
    model = window.explore.model
    place = model.index[node]
    return model.values[place], model.gradients[place]


def test_it_opens_with_every_number_shown(window: Window) -> None:
    assert shown(window, "f") == ("0.73", "1.00")
    assert shown(window, "w0") == ("2.00", fixed(-0.196612))
    assert shown(window, "x1") == (fixed(-2.0), fixed(-0.589836))


def test_space_walks_forward_and_backward(qtbot, window: Window) -> None:
    press(qtbot, window, Qt.Key.Key_Home)
    assert shown(window, "f") == ("", "")
    walk = window.document.walk
    assert walk is not None
    for _ in range(walk.forward_count):
        press(qtbot, window, Qt.Key.Key_Space)
    assert shown(window, "f") == ("0.73", "")
    assert shown(window, "w0") == ("2.00", "")
    press(qtbot, window, Qt.Key.Key_Space)
    assert shown(window, "f") == ("0.73", "1.00")
    press(qtbot, window, Qt.Key.Key_Backspace)
    assert shown(window, "f") == ("0.73", "")
    press(qtbot, window, Qt.Key.Key_End)
    assert shown(window, "w0")[1] == fixed(-0.196612)


def test_space_steps_as_it_is_let_go_and_once(qtbot, window: Window) -> None:
    view, player = window.explore.view, window.explore.player
    player.first()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    assert player.index == -1
    with qtbot.waitSignal(view.space_tapped):
        qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert player.index == 0
    window.explore.tape.setFocus()
    qtbot.keyClick(window.explore.tape, Qt.Key.Key_Space)
    assert player.index == 1
    step = window.commands.by_id["step"]
    assert step.shortcut().toString() == "Space"
    assert not step.autoRepeat()


def test_what_the_walk_has_not_reached_is_shown_nowhere(qtbot, window: Window) -> None:
    explore = window.explore
    rows = explore.inspector.values
    explore.select("f")
    assert rows["Value"].text() == "0.731059"
    press(qtbot, window, Qt.Key.Key_Home)
    assert [rows[name].text() for name in ("Value", "Gradient", "Numerical")] == ["–"] * 3
    assert not explore.curve.plot.isVisible()
    walk = window.document.walk
    assert walk is not None
    explore.player.go(walk.forward_count - 1)
    assert [rows[name].text() for name in ("Value", "Gradient")] == ["0.731059", "–"]
    assert explore.curve.plot.isVisible()
    explore.player.go(walk.forward_count)
    assert rows["Gradient"].text() == "1.000000"
    explore.select("w0")
    assert rows["Numerical"].text() == "–"
    explore.player.last()
    assert [rows[name].text() for name in ("Gradient", "Numerical")] == ["−0.196612"] * 2


def test_a_forks_gradient_is_compared_once_it_is_whole(window: Window) -> None:
    window.files.open_path(example("fork"))
    walk, explore = window.document.walk, window.explore
    assert walk is not None
    explore.select("a")  # of a·b + a
    seen = []
    for index in range(walk.forward_count, len(walk)):
        explore.player.go(index)
        seen.append(tuple(explore.inspector.values[n].text() for n in ("Gradient", "Numerical")))
    assert any(gradient != "–" and numerical == "–" for gradient, numerical in seen)
    assert seen[-1][0] == seen[-1][1] != "–"


def test_a_leafs_step_has_no_curve_but_that_of_a_selected_op(qtbot, window: Window) -> None:
    explore = window.explore
    explore.player.go(0)
    assert not explore.curve.plot.isVisible()
    explore.player.last()
    assert explore.curve.plot.isVisible()
    walk = window.document.walk
    assert walk is not None
    explore.player.go(len(walk) - 1)  # the gradient of a leaf
    assert not explore.curve.plot.isVisible()
    explore.select("f")
    assert explore.curve.plot.isVisible()


def test_p_plays_and_pauses(qtbot, window: Window) -> None:
    player = window.explore.player
    press(qtbot, window, Qt.Key.Key_Home, Qt.Key.Key_P)
    assert player.playing
    press(qtbot, window, Qt.Key.Key_P)
    assert not player.playing


def test_a_tape_row_goes_there(qtbot, window: Window) -> None:
    window.explore.tape.row_chosen.emit(15)
    assert window.explore.player.index == 15


def test_scrubbing_a_leaf_walks_again_and_is_one_undo(window: Window) -> None:
    explore, document = window.explore, window.document
    explore.select("w2")
    for value in (-2.5, -1.0, 0.0):
        explore.inspector.value_changed.emit("w2", value, False)
    explore.inspector.value_changed.emit("w2", 0.0, True)
    assert shown(window, "f")[0] == "0.98"
    assert document.stack.count() == 1
    window.commands.by_id["undo"].trigger()
    assert shown(window, "f")[0] == "0.73"


def test_a_formula_becomes_the_graph_and_undo_brings_the_old_one(window: Window) -> None:
    window.explore.formula_bar.committed.emit("f = (x + y)*z")
    assert set(window.document.graph.nodes) >= {"x", "y", "z"}
    window.commands.by_id["undo"].trigger()
    assert "w0" in window.document.graph.nodes


def test_a_formula_at_fault_is_told_and_nothing_changes(window: Window) -> None:
    before = window.document.graph
    window.explore.formula_bar.committed.emit("f = sigmod(x)")
    assert window.document.graph is before


def test_double_click_folds_and_opens_the_sigmoid(window: Window) -> None:
    explore = window.explore
    count = len(window.document.shown.nodes)
    explore.editor.toggle_opened("f")
    assert len(window.document.shown.nodes) < count
    assert shown(window, "w0")[1] == fixed(-0.196612)
    explore.editor.toggle_opened("f")
    assert len(window.document.shown.nodes) == count


def test_an_edit_and_its_undo_keep_the_place_in_the_walk(window: Window) -> None:
    document, player = window.document, window.explore.player
    walk = document.walk
    assert walk is not None
    player.seek(walk.forward_count - 1)
    before = walk.where(player.index)
    document.set_formula("f = sigmoid(w0*x0 + w1*x1 + w2 + w3)")
    assert document.walk is not None
    assert document.walk.where(player.index) == before
    document.stack.undo()
    assert player.index == walk.forward_count - 1
    player.first()
    document.set_opened("f", "")
    assert player.index == -1


def test_a_file_is_shown_whole_wherever_the_last_one_stood(window: Window) -> None:
    window.explore.player.seek(3)
    window.explore.select("w0")
    window.files.open_path(example("fork"))
    assert window.explore.player.done
    assert window.explore.selected == ""


def test_a_broken_file_is_told_and_the_document_stays(
    window: Window, tmp_path: Path, monkeypatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.text()) or Button.Ok)
    broken = tmp_path / "broken.graph.json"
    broken.write_text("{", encoding="utf-8")
    before = window.document.graph
    assert not window.files.open_path(broken)
    assert window.document.graph is before
    assert "broken.graph.json" in told[0]


def test_a_dropped_file_opens(qtbot, window: Window) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(example("fork")))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))
    qtbot.waitUntil(lambda: window.document.path == example("fork"), timeout=3000)


def test_every_example_opens(window: Window) -> None:
    for path in examples():
        assert window.files.open_path(path), path.name
        assert window.document.walk is not None, path.name
        assert not window.document.problems, path.name


def test_save_as_and_reopen(window: Window, tmp_path: Path, monkeypatch) -> None:
    target = tmp_path / "mine.graph.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(target), ""))
    window.document.set_value("w0", 1.25)
    window.explore.player.seek(4)
    assert window.files.save_as()
    assert not window.document.modified
    window.files.open_path(example("fork"))
    window.files.open_path(target)
    assert window.document.graph.nodes["w0"].value == 1.25
    assert window.explore.player.index == 4


def test_closing_asks_about_changes(window: Window, monkeypatch) -> None:
    window.document.set_value("w0", 5.0)
    answers = [Button.Cancel]
    monkeypatch.setattr(QMessageBox, "exec", lambda box: answers[0])
    assert not window.close()
    answers[0] = Button.Discard
    assert window.close()


def test_every_message_has_an_icon_of_ours(window: Window, monkeypatch) -> None:
    boxes: list[QMessageBox] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: boxes.append(box) or Button.Ok)
    for name in ("about", "check"):
        window.commands.by_id[name].trigger()
    assert [box.icon() for box in boxes] == [QMessageBox.Icon.NoIcon] * 2
    assert all(not box.iconPixmap().isNull() for box in boxes)


def test_the_key_sheet_names_every_key_and_gesture_in_the_menus_order(window: Window) -> None:
    others = [window.commands.by_id[spec.id] for spec in ACTIONS if not spec.menu]
    sheet = key_sheet(window.commands.menus, others, {"Mouse": GESTURES, "Train": ON_NETWORK})
    for spec in ACTIONS:
        native = QKeySequence.SequenceFormat.NativeText
        keys = [QKeySequence(key).toString(native) for key in spec.keys]
        assert all(html.escape(key) in sheet for key in keys), spec.id
    assert all(html.escape(gesture) in sheet for gesture, _ in [*GESTURES, *ON_NETWORK])
    order = [
        "New",
        "Save",
        "Undo",
        "Redo",
        "Edit formula",
        "Fit graph",
        "Step op",
        "Last",
        "Nudge left",
    ]
    places = [sheet.index(f">{title}<") for title in order]
    assert places == sorted(places)


def test_the_key_sheet_is_never_larger_than_the_window(window: Window, monkeypatch) -> None:
    sheets: list[QDialog] = []
    monkeypatch.setattr(QDialog, "exec", lambda sheet: sheets.append(sheet) or 0)
    window.resize(820, 560)
    window.commands.by_id["keys"].trigger()
    assert sheets[0].width() <= 820
    assert sheets[0].height() <= 560


@pytest.mark.parametrize("width", [1100, 1500])
def test_the_key_sheet_shows_its_columns_apart_and_whole(
    window: Window, monkeypatch, width: int
) -> None:
    sheets: list[QDialog] = []
    monkeypatch.setattr(QDialog, "exec", lambda sheet: sheets.append(sheet) or 0)
    window.resize(width, 700)
    window.commands.by_id["keys"].trigger()
    page = sheets[0].findChild(QScrollArea).widget()
    assert page.sizeHint().width() <= sheets[0].width()
    bold = QFont(page.font())
    bold.setBold(True)
    keys = re.findall(r"<b>([^<]*)</b>", page.text())
    widest = max(QFontMetrics(bold).horizontalAdvance(html.unescape(key)) for key in keys)
    assert widest < KEYS_PX - 12
    for menu in window.commands.menus:
        assert f">{menu.title().replace('&', '')}</h4>" in page.text()


def test_a_file_name_is_never_read_as_html(window: Window, monkeypatch) -> None:
    boxes: list[QMessageBox] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: boxes.append(box) or Button.Ok)
    assert not window.files.open_path(Path("<b>no such file</b>.graph.json"))
    assert boxes[0].textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize("name", ["light", "dark"])
def test_themes_switch_and_are_remembered(window: Window, name: str) -> None:
    window.commands.by_id[f"theme_{name}"].trigger()
    assert window.theme.dark == (name == "dark")
    assert Settings.load().theme == name


def test_size_and_recent_files_are_remembered(qtbot, window: Window) -> None:
    window.resize(820, 650)
    window.close()
    again = Window(Settings.load())
    qtbot.addWidget(again)
    assert again.size().height() == 650
    assert str(example("sigmoid_circuit").resolve()) in again.settings.recent


def test_no_two_actions_share_a_key() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys] + ["Ctrl+Z", "Ctrl+Y", "Ctrl+Shift+Z"]
    assert len(keys) == len(set(keys))


def test_every_command_does_something_and_no_key_is_taken_twice(window: Window) -> None:
    taken: dict[str, str] = {}
    for spec in ACTIONS:
        assert callable(attrgetter(spec.does)(window)), spec.id
        for key in spec.keys:
            assert key not in taken, f"{key} is {taken[key]} and {spec.id}"
            taken[key] = spec.id
    assert {"Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"}.isdisjoint(taken)
    in_menus = {name for menu in CONTEXT_MENUS.values() for name in menu if name}
    assert in_menus <= set(window.commands.by_id)
    assert {spec.when for spec in ACTIONS} <= set(window.commands.conditions())


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda s: s.id)
def test_every_command_has_a_title_and_a_menu(spec) -> None:
    assert spec.menu in {"", *(m.id for m in MENUS)}
    assert plain_title(spec)[0].isupper()


def test_no_traceback_reaches_a_person(window: Window, capsys) -> None:
    tell_about_exceptions()
    import sys

    said: list[str] = []
    window.explore.status.connect(said.append)
    try:
        sys.excepthook(ValueError, ValueError("boom"), None)
    finally:
        sys.excepthook = sys.__excepthook__
    assert said
    assert "Your work is still here" in said[0]
    assert window.notice.isVisible()
    assert window.notice.label.text() == said[0]
    assert "boom" in capsys.readouterr().err


@pytest.mark.parametrize("width", [820, 1440])
def test_a_notice_stands_over_the_window_and_moves_nothing(qtbot, window: Window, width) -> None:
    window.resize(width, 600)
    places = [window.explore.view.geometry(), window.explore.tape.geometry()]
    window.notice.say("Something went wrong: " + "no such thing, " * 20)
    assert [window.explore.view.geometry(), window.explore.tape.geometry()] == places
    around = window.centralWidget().rect()
    assert around.contains(window.notice.geometry())
    assert window.notice.label.height() >= window.notice.label.heightForWidth(
        window.notice.label.width()
    )
    window.resize(width + 40, 640)
    assert window.centralWidget().rect().contains(window.notice.geometry())
    qtbot.mouseClick(window.notice.close_button, Qt.MouseButton.LeftButton)
    assert not window.notice.isVisible()


def test_a_closed_window_leaves_nothing_behind(qtbot, qapp) -> None:
    window = Window(Settings(theme="light"))
    window.files.open_path(example("fork"))
    window.show()
    view, gone = weakref.ref(window.explore.view), weakref.ref(window)
    window.close()
    window.deleteLater()
    del window
    qapp.processEvents()
    qapp.sendPostedEvents(None, 52)  # DeferredDelete
    gc.collect()
    qtbot.waitUntil(lambda: gone() is None and view() is None, timeout=3000)


def test_right_click_and_clicks_anywhere_crash_nothing(qtbot, window: Window, rng) -> None:
    viewport = window.explore.view.viewport()
    for x, y in rng.integers(0, 500, size=(60, 2)):
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(int(x), int(y)))
    assert window.document.walk is not None


@pytest.mark.parametrize(
    "formula", ["f = [1, 2] + [1, 2, 3]", "f = sum([1, 2]*x)", "f = [[1, 2], [3, 4]] @ [1, 2]"]
)
def test_array_literals_are_drawn_with_what_is_wrong(window: Window, formula: str) -> None:
    window.explore.formula_bar.committed.emit(formula)
    assert len(window.explore.model.ids) == len(window.document.shown.nodes)
    blocked = window.document.walk is None
    assert window.explore.problems.isVisible() == blocked
    assert window.explore.tape.isVisible() == (not blocked)


def test_a_narrow_window_hides_the_palette_until_it_is_asked_for(window: Window) -> None:
    palette, toggle = window.explore.palette_panel, window.commands.by_id["palette"]
    assert palette.isVisible()
    window.resize(820, 600)
    assert not palette.isVisible()
    toggle.trigger()
    assert palette.isVisible()
    window.resize(1200, 700)
    assert palette.isVisible()
    assert window.settings.palette
    toggle.trigger()
    assert not palette.isVisible()
    assert not Settings.load().palette


@pytest.mark.parametrize("page", [PALETTE, KERAS])
def test_the_canvas_of_a_small_window_has_half_of_it(qtbot, window: Window, page: str) -> None:
    explore = window.explore
    window.resize(1500, 950)
    window.resize(1100, 700)
    explore.left_column.captions.changed.emit(page)
    qtbot.waitUntil(lambda: explore.view.width() >= 550)
    assert explore.view.height() >= 350
    left, _, right = explore.horizontal.sizes()
    assert left > 200
    assert right >= LEAST_RIGHT_PX
    assert explore.lower_panel.height() >= LEAST_LOWER_PX
