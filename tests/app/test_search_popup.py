"""The floating list: what it shows, how it is steered, what it answers and when it closes."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from graphviz_app.theme import DARK, LIGHT
from graphviz_app.widgets.search_popup import MARGIN_PX, SearchEntry, SearchPopup
from graphviz_app.widgets.search_rows import RowKind

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
ENTRIES = (
    SearchEntry("save", "Save", "Save the graph", icon="save", group="File", keys="Ctrl+S"),
    SearchEntry("open", "Open…", "Open a graph file", icon="folder-open", group="File"),
    SearchEntry("fold", "Fold", "Select a frame first", group="Edit", enabled=False),
    SearchEntry("mul", "Multiply", "Multiplies", "×", group="Edit", color="#5b6478"),
)


class Answers:
    """What a popup has told so far."""

    def __init__(self, popup: SearchPopup) -> None:
        self.told: list[tuple[str, ...]] = []
        popup.chosen.connect(self.chosen)
        popup.free_text.connect(self.free_text)
        popup.dismissed.connect(self.dismissed)

    def chosen(self, key: str) -> None:
        self.told.append(("chosen", key))

    def free_text(self, text: str) -> None:
        self.told.append(("free text", text))

    def dismissed(self) -> None:
        self.told.append(("dismissed",))


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    """A window with a field that has the focus."""
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(900, 640)
    field = QLineEdit(parent)
    parent.show()
    parent.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    return parent


@pytest.fixture
def popup(parent: QWidget) -> SearchPopup:
    """The popup, open over the window."""
    popup = SearchPopup(parent)
    popup.open_at(ENTRIES, None, "Find a command…")
    return popup


@pytest.fixture
def answers(popup: SearchPopup) -> Answers:
    """What it has told since it was opened."""
    return Answers(popup)


def titles(popup: SearchPopup) -> list[str]:
    return [row.entry.title for row in popup.list.search_rows.rows]


def current(popup: SearchPopup) -> str:
    row = popup.list.current
    return row.entry.key if row is not None else ""


def card_in_parent(popup: SearchPopup) -> QRect:
    return popup.card().translated(popup.pos())


def many(count: int) -> list[SearchEntry]:
    return [SearchEntry(str(k), f"Entry {k}") for k in range(count)]


def add_formula(text: str) -> str:
    return f"Add the formula {text}" if "+" in text else ""


# what is shown ----------------------------------------------------------------------------------


def test_groups_stand_under_headings_until_something_is_typed(popup, qtbot) -> None:
    assert titles(popup) == ["File", "Save", "Open…", "Edit", "Fold", "Multiply"]
    qtbot.keyClicks(popup.field, "o")
    assert titles(popup) == ["Open…", "Fold"]
    popup.field.clear()
    assert titles(popup)[0] == "File"


def test_it_says_so_when_nothing_fits(popup, qtbot, answers) -> None:
    qtbot.keyClicks(popup.field, "zz")
    assert titles(popup) == ["Nothing fits “zz”"]
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert popup.isVisible()
    assert answers.told == []


def test_it_opens_with_an_empty_field_and_the_first_entry_current(popup, parent, qtbot) -> None:
    qtbot.keyClicks(popup.field, "mul")
    qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    popup.open_at(ENTRIES, QPoint(5, 5), "Find")
    assert popup.field.text() == ""
    assert popup.field.hasFocus()
    assert current(popup) == "save"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("query", ["", "o", "zz"])
def test_it_paints_itself_in_the_theme(popup, theme, query) -> None:
    popup.set_theme(theme)
    popup.field.setText(query)
    image = popup.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    corner = popup.card().topLeft() + QPoint(12, 8)
    assert image.pixelColor(corner).name() == theme.panel


# where it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point", [QPoint(40, 50), QPoint(880, 630), QPoint(-90, -90), QPoint(300, 600), None]
)
def test_it_stays_inside_the_parent(popup, parent, point) -> None:
    popup.open_at(many(60), point, "Find")
    room = parent.rect().adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
    assert room.contains(card_in_parent(popup))


def test_it_opens_at_the_point_where_there_is_room(popup) -> None:
    popup.open_at(ENTRIES, QPoint(40, 50), "Find")
    assert card_in_parent(popup).topLeft() == QPoint(40, 50)


def test_filtering_leaves_its_corner_in_place_and_takes_no_more_height_than_needed(
    popup, qtbot
) -> None:
    popup.open_at(many(60), QPoint(300, 600), "Find")
    before = card_in_parent(popup)
    qtbot.keyClicks(popup.field, "59")
    after = card_in_parent(popup)
    assert after.topLeft() == before.topLeft()
    assert after.height() < before.height()


def test_it_follows_the_parent_when_that_becomes_small(popup, parent) -> None:
    parent.resize(400, 300)
    assert parent.rect().contains(card_in_parent(popup))


# the keyboard -----------------------------------------------------------------------------------


def test_arrows_move_between_the_rows_that_can_be_chosen(popup, qtbot) -> None:
    seen = [current(popup)]
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(popup.field, key)
        seen.append(current(popup))
    assert seen == ["save", "open", "mul", "mul", "open"]


def test_pages_and_ends(popup, qtbot) -> None:
    popup.open_at(many(60), None, "Find")
    qtbot.keyClick(popup.field, Qt.Key.Key_PageDown)
    page = int(current(popup))
    assert 5 < page < 20
    qtbot.keyClick(popup.field, Qt.Key.Key_PageUp)
    assert current(popup) == "0"
    qtbot.keyClick(popup.field, Qt.Key.Key_End, CTRL)
    assert current(popup) == "59"
    assert popup.list.viewport().rect().contains(popup.list.visualRect(popup.list.currentIndex()))
    qtbot.keyClick(popup.field, Qt.Key.Key_Home, CTRL)
    assert current(popup) == "0"


def test_home_without_ctrl_belongs_to_the_text(popup, qtbot) -> None:
    qtbot.keyClicks(popup.field, "o")
    qtbot.keyClick(popup.field, Qt.Key.Key_Home)
    assert popup.field.cursorPosition() == 0


def test_tab_does_not_leave(popup, qtbot) -> None:
    qtbot.keyClick(popup.field, Qt.Key.Key_Tab)
    qtbot.keyClick(popup.field, Qt.Key.Key_Backtab)
    assert popup.field.hasFocus()
    assert popup.isVisible()


def test_its_keys_do_not_run_the_windows_commands(popup, parent, qtbot) -> None:
    ran: list[str] = []
    for keys in ("Ctrl+Return", "Escape", "Down", "Ctrl+End"):
        command = QAction(keys, parent)
        command.setShortcut(keys)
        command.triggered.connect(ran.append)
        parent.addAction(command)
    qtbot.keyClick(popup.field, Qt.Key.Key_Down)
    qtbot.keyClick(popup.field, Qt.Key.Key_End, CTRL)
    assert current(popup) == "mul"
    qtbot.keyClick(popup.field, Qt.Key.Key_Return, CTRL)
    popup.open_at(ENTRIES, None, "Find")
    qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    assert ran == []


def test_a_screen_reader_hears_the_current_row(popup, qtbot) -> None:
    assert popup.field.accessibleName() == "Find a command"
    assert popup.field.accessibleDescription() == "Save, Save the graph, Ctrl+S"
    qtbot.keyClicks(popup.field, "zz")
    assert popup.field.accessibleDescription() == ""


# answers ----------------------------------------------------------------------------------------


def test_enter_chooses_and_gives_the_focus_back(popup, parent, qtbot, answers) -> None:
    qtbot.keyClicks(popup.field, "mul")
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert answers.told == [("chosen", "mul")]
    assert not popup.isVisible()
    assert parent.findChild(QLineEdit, "", Qt.FindChildOption.FindDirectChildrenOnly).hasFocus()


def test_a_click_chooses(popup, qtbot, answers) -> None:
    row = popup.list.visualRect(popup.list.search_rows.index(2))
    qtbot.mouseClick(popup.list.viewport(), LEFT, pos=row.center())
    assert answers.told == [("chosen", "open")]


def test_a_disabled_entry_is_shown_but_cannot_be_chosen(popup, qtbot, answers) -> None:
    row = popup.list.visualRect(popup.list.search_rows.index(4))
    qtbot.mouseClick(popup.list.viewport(), LEFT, pos=row.center())
    qtbot.keyClicks(popup.field, "fold")
    assert titles(popup) == ["Fold"]
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert answers.told == []
    assert popup.isVisible()


def test_escape_dismisses_and_gives_the_focus_back(popup, parent, qtbot, answers) -> None:
    qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    assert answers.told == [("dismissed",)]
    assert not popup.isVisible()
    assert parent.findChild(QLineEdit, "", Qt.FindChildOption.FindDirectChildrenOnly).hasFocus()


def test_a_click_elsewhere_dismisses(popup, parent, qtbot, answers) -> None:
    qtbot.mouseClick(parent, LEFT, pos=QPoint(450, 630))
    assert answers.told == [("dismissed",)]
    assert not popup.isVisible()


def test_a_click_inside_does_not(popup, qtbot, answers) -> None:
    qtbot.mouseClick(popup.field, LEFT)
    assert popup.isVisible()
    assert answers.told == []


def test_focus_that_goes_elsewhere_dismisses_and_stays_there(popup, parent, answers) -> None:
    other = parent.findChild(QLineEdit, "", Qt.FindChildOption.FindDirectChildrenOnly)
    other.setFocus(Qt.FocusReason.OtherFocusReason)
    assert answers.told == [("dismissed",)]
    assert other.hasFocus()


def test_the_widget_that_had_the_focus_may_be_gone(popup, parent, qtbot, answers) -> None:
    other = parent.findChild(QLineEdit, "", Qt.FindChildOption.FindDirectChildrenOnly)
    other.deleteLater()
    with qtbot.waitSignal(other.destroyed):
        pass
    qtbot.keyClick(popup.field, Qt.Key.Key_Escape)
    assert answers.told == [("dismissed",)]


# free text --------------------------------------------------------------------------------------


def test_a_formula_is_offered_last_and_chosen_where_nothing_else_fits(
    popup, qtbot, answers
) -> None:
    popup.set_free_text_hint(add_formula)
    qtbot.keyClicks(popup.field, "a+b")
    assert titles(popup) == ["Add the formula a+b"]
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert answers.told == [("free text", "a+b")]


def test_ctrl_enter_chooses_the_text_although_entries_fit(popup, qtbot, answers) -> None:
    popup.set_free_text_hint(lambda text: f"Add {text}")
    qtbot.keyClicks(popup.field, "mul")
    rows = popup.list.search_rows.rows
    assert [row.kind for row in rows] == [RowKind.ENTRY, RowKind.FREE_TEXT]
    qtbot.keyClick(popup.field, Qt.Key.Key_Return, CTRL)
    assert answers.told == [("free text", "mul")]


def test_its_row_can_be_clicked(popup, qtbot, answers) -> None:
    popup.set_free_text_hint(add_formula)
    qtbot.keyClicks(popup.field, "x+1")
    row = popup.list.visualRect(popup.list.search_rows.index(0))
    qtbot.mouseClick(popup.list.viewport(), LEFT, pos=row.center())
    assert answers.told == [("free text", "x+1")]


def test_text_without_a_sentence_is_not_offered(popup, qtbot, answers) -> None:
    popup.set_free_text_hint(add_formula)
    qtbot.keyClicks(popup.field, "zz")
    qtbot.keyClick(popup.field, Qt.Key.Key_Return, CTRL)
    assert titles(popup) == ["Nothing fits “zz”"]
    assert answers.told == []


def test_an_empty_field_offers_no_text(popup, qtbot) -> None:
    popup.set_free_text_hint(lambda text: f"Add {text}")
    popup.open_at(ENTRIES, None, "Find")
    assert all(row.kind is not RowKind.FREE_TEXT for row in popup.list.search_rows.rows)
