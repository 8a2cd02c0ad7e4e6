"""The small widgets, driven by mouse and keyboard."""

import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from graphviz_app.theme import DARK, LIGHT
from graphviz_app.widgets import Card, FormulaLabel, Pill, ScrubBox, SectionTitle, SegmentedSwitch
from graphviz_app.widgets.formula_label import without_links
from graphviz_app.widgets.scrub_box import compact, parse_number

LEFT = Qt.MouseButton.LeftButton
FORMULA = r"\href{node:f}{f} = \href{node:w0}{w_{0}} \href{node:x0}{x_{0}} + 1"


def drag(widget: QWidget, start: QPoint, *stops: QPoint, modifiers=None, release=True) -> None:
    """Press, move through ``stops`` and let go."""
    modifiers = modifiers or Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, at: QPoint, buttons: Qt.MouseButton) -> None:
        where = QPointF(at)
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else LEFT
        event = QMouseEvent(kind, where, widget.mapToGlobal(where), button, buttons, modifiers)
        QApplication.sendEvent(widget, event)

    send(QEvent.Type.MouseButtonPress, start, LEFT)
    for stop in stops:
        send(QEvent.Type.MouseMove, stop, LEFT)
    if release:
        send(QEvent.Type.MouseButtonRelease, stops[-1], Qt.MouseButton.NoButton)


@pytest.fixture
def box(qtbot: QtBot) -> ScrubBox:
    """A scrub box at 2, shown and focused."""
    box = ScrubBox(2.0)
    qtbot.addWidget(box)
    box.resize(90, 28)
    box.show()
    box.setFocus()
    return box


@pytest.fixture
def told(box: ScrubBox) -> dict[str, list[float]]:
    """What the box has told so far."""
    told: dict[str, list[float]] = {"changed": [], "committed": []}
    box.changed.connect(told["changed"].append)
    box.committed.connect(told["committed"].append)
    return told


class TestScrubBox:
    def test_dragging_changes_live_and_commits_once(self, box, told) -> None:
        drag(box, QPoint(20, 14), QPoint(30, 14), QPoint(70, 14))
        assert told["changed"] == [2.1, 2.5]
        assert told["committed"] == [2.5]

    @pytest.mark.parametrize(
        ("modifier", "value"),
        [
            (Qt.KeyboardModifier.ShiftModifier, 2.05),
            (Qt.KeyboardModifier.ControlModifier, 7.0),
        ],
    )
    def test_shift_is_fine_and_ctrl_is_coarse(self, box, told, modifier, value) -> None:
        drag(box, QPoint(20, 14), QPoint(70, 14), modifiers=modifier)
        assert told["committed"] == [pytest.approx(value)]

    def test_a_click_changes_nothing(self, box, told) -> None:
        drag(box, QPoint(20, 14), QPoint(21, 14))
        assert told == {"changed": [], "committed": []}

    def test_esc_takes_a_drag_back(self, box, told, qtbot: QtBot) -> None:
        drag(box, QPoint(20, 14), QPoint(60, 14), release=False)
        qtbot.keyClick(box, Qt.Key.Key_Escape)
        assert box.value() == 2.0
        assert told["committed"] == [2.0]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("-3", -3.0),
            ("−0.5", -0.5),
            ("0,5", 0.5),
            ("1e-3", 0.001),
            ("1/3", 1 / 3),
            ("-2 / 8", -0.25),
            (".5", 0.5),
        ],
    )
    def test_typing_a_number(self, box, told, qtbot: QtBot, text: str, value: float) -> None:
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.editing
        box.clear()
        box.insert(text)  # QTest can only press keys that are Latin-1
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == value
        assert told["committed"] == [value]
        assert not box.editing

    @pytest.mark.parametrize("text", ["", "abc", "1..2", "1/0", "nan", "1e999", "1_0", "1/2/3"])
    def test_a_bad_number_is_explained_and_the_old_one_stays(
        self, box, told, qtbot: QtBot, text: str
    ) -> None:
        qtbot.mouseDClick(box, LEFT)
        box.clear()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == 2.0
        assert box.error.endswith((".", "1.8e308."))
        assert LIGHT.problem in box.styleSheet()
        assert told["committed"] == []
        qtbot.keyClick(box, Qt.Key.Key_Escape)
        assert box.text() == "2.00"
        assert LIGHT.problem not in box.styleSheet()

    def test_esc_keeps_the_old_number(self, box, told, qtbot: QtBot) -> None:
        box.start_editing()
        qtbot.keyClicks(box, "99")
        qtbot.keyClick(box, Qt.Key.Key_Escape)
        assert (box.value(), told["committed"]) == (2.0, [])

    def test_leaving_the_box_commits_what_was_typed(self, box, told, qtbot: QtBot) -> None:
        box.start_editing()
        qtbot.keyClicks(box, "7")
        box.clearFocus()
        assert told["committed"] == [7.0]

    def test_typing_a_digit_starts_editing(self, box, qtbot: QtBot) -> None:
        qtbot.keyClicks(box, "42")
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == 42.0

    def test_the_wheel_needs_the_focus(self, box, told) -> None:
        def turn() -> None:
            event = QWheelEvent(
                QPointF(10, 10),
                box.mapToGlobal(QPointF(10, 10)),
                QPoint(0, 0),
                QPoint(0, 120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(box, event)

        box.clearFocus()
        turn()
        assert told["changed"] == []
        box.setFocus()
        turn()
        assert told["committed"] == [2.1]

    def test_copy_gives_every_digit(self, box, qtbot: QtBot) -> None:
        box.set_value(1 / 3)
        qtbot.keyClick(box, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QGuiApplication.clipboard().text() == repr(1 / 3)
        assert repr(1 / 3) in box.toolTip()

    def test_a_value_from_outside_does_not_disturb_typing(self, box) -> None:
        box.start_editing()
        box.setText("12")
        box.set_value(5.0)
        assert box.text() == "12"

    @pytest.mark.parametrize(
        ("value", "text"),
        [(2.0, "2.00"), (0.125, "0.125"), (-0.5, "−0.50"), (1e-9, "1e−9"), (math.inf, "∞")],
    )
    def test_numbers_are_shown_without_loss(self, value: float, text: str) -> None:
        assert compact(value) == text

    def test_a_huge_exponent_is_refused_at_once(self) -> None:
        with pytest.raises(ValueError, match="too large"):
            parse_number("1e999999999")


@pytest.fixture
def label(qtbot: QtBot) -> FormulaLabel:
    """A formula with the terms f, w0 and x0."""
    label = FormulaLabel()
    qtbot.addWidget(label)
    label.set_latex(FORMULA, {"w0": LIGHT.parameter})
    label.resize(300, 40)
    label.show()
    return label


class TestFormulaLabel:
    def center(self, label: FormulaLabel, node: str) -> QPoint:
        return label.term_rects(node)[0].center().toPoint()

    def test_hovering_tells_the_term_and_leaving_tells_none(self, label, qtbot: QtBot) -> None:
        told: list[str] = []
        label.hovered.connect(told.append)
        for node in ("w0", "x0"):
            qtbot.mouseMove(label, self.center(label, node))
        QApplication.sendEvent(label, QEvent(QEvent.Type.Leave))
        assert told == ["w0", "x0", ""]

    def test_clicking_a_term(self, label, qtbot: QtBot) -> None:
        with qtbot.waitSignal(label.clicked) as told:
            qtbot.mouseClick(label, LEFT, pos=self.center(label, "x0"))
        assert told.args == ["x0"]

    def test_terms_stay_clickable_when_shrunk(self, label, qtbot: QtBot) -> None:
        label.resize(80, 40)
        assert label.scale() < 1
        with qtbot.waitSignal(label.clicked) as told:
            qtbot.mouseClick(label, LEFT, pos=self.center(label, "w0"))
        assert told.args == ["w0"]

    def test_lighting_a_term_changes_the_picture_there(self, label) -> None:
        at = label.term_rects("x0")[0].topLeft().toPoint()
        before = label.grab().toImage().pixelColor(at)
        label.set_highlight("x0")
        assert label.grab().toImage().pixelColor(at) != before

    def test_it_reads_as_plain_text(self, label) -> None:
        assert label.accessibleName() == "f = w₀ x₀ + 1"

    def test_copies(self, label) -> None:
        label.copy_latex()
        assert QGuiApplication.clipboard().text() == "f = w_{0} x_{0} + 1"
        label.copy_text()
        assert QGuiApplication.clipboard().text() == "f = w₀ x₀ + 1"

    def test_links_inside_links_are_taken_out(self) -> None:
        latex = r"\href{node:a}{\sigma\left(\href{node:x}{x_{0}}\right)} + \{1\}"
        assert without_links(latex) == r"\sigma\left(x_{0}\right) + \{1\}"

    def test_it_is_crisp_at_any_pixel_ratio(self, label) -> None:
        assert label.grab().toImage().width() == round(300 * label.devicePixelRatio())
        assert label.sizeHint().width() > 50


class TestSwitch:
    @pytest.fixture
    def switch(self, qtbot: QtBot) -> Iterator[SegmentedSwitch]:
        switch = SegmentedSwitch()
        qtbot.addWidget(switch)
        switch.set_choices([("a", "first"), ("b", "second")])
        switch.resize(switch.sizeHint())
        switch.show()
        return switch

    def test_clicking_chooses(self, switch, qtbot: QtBot) -> None:
        _, rect = switch.segments()[1]
        with qtbot.waitSignal(switch.changed) as told:
            qtbot.mouseClick(switch, LEFT, pos=rect.center().toPoint())
        assert (told.args, switch.current) == (["b"], "b")

    def test_arrow_keys_choose_and_stop_at_the_end(self, switch, qtbot: QtBot) -> None:
        told: list[str] = []
        switch.changed.connect(told.append)
        for _ in range(3):
            qtbot.keyClick(switch, Qt.Key.Key_Right)
        assert told == ["b"]

    def test_setting_it_sends_nothing(self, switch, qtbot: QtBot) -> None:
        with qtbot.assertNotEmitted(switch.changed):
            switch.set_current("b")
            switch.set_choices([("b", "second")], "b")
        assert switch.current == "b"


def test_parts_take_both_themes(qtbot: QtBot) -> None:
    for part in (Card(), Pill(), SectionTitle("This step"), SegmentedSwitch(), ScrubBox()):
        qtbot.addWidget(part)
        for theme in (LIGHT, DARK):
            part.set_theme(theme)
            part.resize(120, 40)
            part.grab()


def test_a_section_title_keeps_names_as_they_are(qtbot: QtBot) -> None:
    title = SectionTitle()
    qtbot.addWidget(title)
    title.set_title("Selected:", "a<b", "parameter", "#c07a10")
    assert "SELECTED: a&lt;b" in title.text()
    assert "#c07a10" in title.text()


def test_a_pill_without_text_hides(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    pill = Pill(holder)
    holder.show()
    pill.set_state("✓ verified", True)
    assert pill.isVisible()
    pill.set_state("", True)
    assert not pill.isVisible()
