"""The timeline: what it shows, and what a click, a drag or a key asks for."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from graphviz_app.explore.timeline import Timeline, speed_text
from graphviz_app.theme import DARK, LIGHT, mix

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    """The lecture's circuit: 13 steps forward, 13 backward; before the first."""
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(870, 70)
    timeline.set_walk(13, 26)
    timeline.set_index(-1)
    timeline.show()
    return timeline


@pytest.fixture
def asked(timeline: Timeline) -> list[int]:
    """The places asked for; the timeline goes there, as the player would make it."""
    asked: list[int] = []
    timeline.index_requested.connect(asked.append)
    timeline.index_requested.connect(timeline.set_index)
    return asked


def place(timeline: Timeline, index: int) -> QPoint:
    return QPoint(round(timeline.track.x_of(index)), 15)


@pytest.mark.parametrize("index", [0, 12, 13, 25])
def test_clicking_a_dash_asks_for_its_step(timeline, asked, qtbot: QtBot, index: int) -> None:
    qtbot.mouseClick(timeline.track, LEFT, pos=place(timeline, index))
    assert asked == [index]


def test_clicking_left_of_the_track_asks_for_the_start(timeline, asked, qtbot: QtBot) -> None:
    timeline.set_index(7)
    qtbot.mouseClick(timeline.track, LEFT, pos=QPoint(2, 15))
    assert asked == [-1]


def test_dragging_asks_live_and_never_twice_for_the_same(timeline, asked, qtbot: QtBot) -> None:
    track = timeline.track
    qtbot.mousePress(track, LEFT, pos=place(timeline, 3))
    for x in range(place(timeline, 3).x(), place(timeline, 6).x() + 1, 4):
        qtbot.mouseMove(track, QPoint(x, 15))
    qtbot.mouseMove(track, QPoint(5_000, 15))
    qtbot.mouseRelease(track, LEFT, pos=QPoint(5_000, 15))
    qtbot.mouseMove(track, place(timeline, 3))
    assert asked == [3, 4, 5, 6, 25]


def test_arrow_keys_move_by_one_and_page_keys_by_ten(timeline, asked, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Left, Qt.Key.Key_PageUp):
        qtbot.keyClick(timeline.track, key)
    assert asked == [0, 10, 9, -1]


def test_each_button_asks_for_its_move(timeline, qtbot: QtBot) -> None:
    timeline.set_index(5)
    told: list[object] = []
    timeline.first_requested.connect(lambda: told.append("first"))
    timeline.step_requested.connect(told.append)
    timeline.play_toggled.connect(lambda: told.append("play"))
    timeline.last_requested.connect(lambda: told.append("last"))
    for button in timeline.buttons:
        qtbot.mouseClick(button, LEFT)
    assert told == ["first", -1, "play", 1, "last"]


def test_every_button_names_its_key(timeline) -> None:
    keys = ("Home", "Backspace", "P", "Space", "End")
    for button, key in zip(timeline.buttons, keys, strict=True):
        assert f"({key})" in button.toolTip()
        assert button.accessibleName()
    timeline.set_playing(True)
    assert timeline.play.toolTip() == "Pause (P)"


def test_without_a_walk_nothing_can_be_pressed(timeline) -> None:
    timeline.set_walk(0, 0)
    assert not any(button.isEnabled() for button in timeline.buttons)
    timeline.grab()


def test_before_the_first_step_there_is_no_way_back(timeline) -> None:
    assert [b.isEnabled() for b in timeline.buttons] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("index", "caption", "texts"),
    [
        (-1, "Press Space", ("Press Space", "")),
        (4, "multiply", ("Forward 5 of 13 · multiply", "")),
        (12, "", ("Forward 13 of 13", "")),
        (22, "multiply", ("Forward 13 of 13", "Backward 10 of 13 · multiply")),
    ],
)
def test_captions_count_the_steps_of_each_pass(timeline, index, caption, texts) -> None:
    timeline.set_index(index)
    timeline.set_caption(caption)
    assert timeline.track.captions() == texts


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_steps_taken_are_strong_and_steps_to_come_are_pale(timeline, theme) -> None:
    timeline.set_theme(theme)
    timeline.set_index(15)
    image = timeline.track.grab().toImage()
    colors = [image.pixelColor(place(timeline, k)).name() for k in (2, 14, 20)]
    assert colors[0] == theme.forward
    assert colors[1] == theme.backward
    assert colors[2] == mix(theme.panel, theme.backward, 0.26 if theme.dark else 0.2)


def test_a_long_walk_has_a_continuous_track_that_still_hits_each_end(
    timeline, asked, qtbot: QtBot
) -> None:
    timeline.set_walk(10_000, 20_000)
    assert timeline.track.continuous
    right = QPoint(timeline.track.width() - 1, 15)
    qtbot.mouseClick(timeline.track, LEFT, pos=right)
    assert asked == [19_999]
    timeline.grab()


def test_speed_is_chosen_on_a_logarithmic_slider(timeline, qtbot: QtBot) -> None:
    told: list[float] = []
    timeline.speed_changed.connect(told.append)
    timeline.speed.slider.setValue(100)
    timeline.speed.slider.setValue(-100)
    assert told == [10.0, 0.1]
    timeline.set_speed(1.0)
    assert (told, timeline.speed.text()) == ([10.0, 0.1], "1.0×")


def test_speed_is_chosen_from_the_menu(timeline, qtbot: QtBot) -> None:
    menu = timeline.speed.menu()
    quick = next(a for a in menu.actions() if a.text() == "5.0×")
    with qtbot.waitSignal(timeline.speed_changed) as told:
        quick.trigger()
    assert told.args == [5.0]


@pytest.mark.parametrize(("speed", "text"), [(1, "1.0×"), (0.25, "0.25×"), (10, "10.0×")])
def test_speeds_are_written_short(speed: float, text: str) -> None:
    assert speed_text(speed) == text


def test_captions_never_reach_under_the_speed(timeline) -> None:
    timeline.resize(420, 70)
    timeline.set_index(20)
    timeline.set_caption("a very long caption that cannot possibly fit here at all")
    timeline.grab()
    assert timeline.speed.geometry().left() >= (
        timeline.track.width() - timeline.track.right_reserved_px
    )
