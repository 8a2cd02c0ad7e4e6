"""Message boxes that carry our own icons, and the sheet of keys and gestures.

Knows no document; a box answers with the button that was pressed.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from graphviz_app.icons import icon
from graphviz_app.theme import Theme

ICON_PX = 32
KEYS_PX = 204  # of the sheet, for the keys of one command
Button = QMessageBox.StandardButton
NO_WORDS: Mapping[Button, str] = {}


class Mark(Enum):
    """What kind of message it is: the icon's name and its colour's in the theme."""

    ABOUT = ("info", "accent")
    CHECK = ("check", "forward")
    QUESTION = ("circle-help", "accent")
    WARNING = ("triangle-alert", "problem")


def show_message(
    parent: QWidget,
    theme: Theme,
    mark: Mark,
    title: str,
    text: str,
    buttons: Button = Button.Ok,
    rich: bool = False,
    words: Mapping[Button, str] = NO_WORDS,
) -> Button:
    """Show ``text`` (as HTML only if ``rich``) until it is answered; the first button is Enter's.

    ``words`` are what buttons say, where that is not what they always say.

    A file's name or an error may hold anything, so plain text is never guessed to be HTML.
    """
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    box.setText(text)
    name, color = mark.value
    picture = icon(name, theme, getattr(theme, color))
    box.setIconPixmap(picture.pixmap(QSize(ICON_PX, ICON_PX), box.devicePixelRatioF()))
    box.setStandardButtons(buttons)
    for button, word in words.items():
        box.button(button).setText(word)
    box.setDefaultButton(next(b for b in (Button.Save, Button.Open, Button.Ok) if b & buttons))
    return Button(box.exec())


def show_sheet(parent: QWidget, title: str, texts: Sequence[str]) -> None:
    """Show a page of HTML until it is closed: as large as it needs to be, or as the window allows.

    Of several ``texts``, the widest first, it is the first that is not wider than the window.
    A message box would cut it off at 800 pixels.
    """
    sheet = QDialog(parent)
    sheet.setWindowTitle(title)
    page = QLabel()
    page.setTextFormat(Qt.TextFormat.RichText)
    page.setAlignment(Qt.AlignmentFlag.AlignTop)
    page.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    page.setContentsMargins(20, 12, 20, 12)
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(page)
    scroll.setAccessibleName(title)
    close = QPushButton("Close")
    close.clicked.connect(sheet.accept)
    row = QHBoxLayout()
    row.setContentsMargins(16, 0, 16, 16)
    row.addStretch(1)
    row.addWidget(close)
    layout = QVBoxLayout(sheet)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(scroll, 1)
    layout.addLayout(row)
    room = parent.size() - QSize(40, 40)
    for text in texts:
        page.setText(text)
        if page.sizeHint().width() + 20 <= room.width():
            break
    page.adjustSize()
    sheet.resize((page.sizeHint() + QSize(20, 70)).boundedTo(room))
    close.setFocus()
    sheet.exec()
    sheet.deleteLater()


def key_sheet(
    menus: Sequence[QMenu],
    others: Iterable[QAction],
    gestures: Mapping[str, Iterable[tuple[str, str]]],
    count: int = 3,
) -> str:
    """All keys in the order of the menus, those of ``others``, then ``gestures`` by place.

    As HTML in ``count`` columns of about the same length.
    """
    parts = [(menu.title(), _rows(menu.actions())) for menu in menus]
    parts.append(("Keys on the graph", _rows(others)))
    parts += [(title, list(rows)) for title, rows in gestures.items()]
    most = sum(len(rows) + 2 for _, rows in parts) / count
    columns: list[list[str]] = [[]]
    length = 0
    for title, rows in parts:
        if length and length + (len(rows) + 2) / 2 > most and len(columns) < count:
            columns.append([])
            length = 0
        columns[-1].append(_part(title, rows))
        length += len(rows) + 2
    cells = "".join(f"<td style='padding-right:12px'>{''.join(c)}</td>" for c in columns)
    return f"<table><tr>{cells}</tr></table>"


def _rows(actions: Iterable[QAction]) -> list[tuple[str, str]]:
    """(keys, title) of the actions that have keys."""
    return [
        (" or ".join(_native(key) for key in action.shortcuts()), action.text())
        for action in actions
        if action.shortcuts()
    ]


def _native(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)


def _part(title: str, rows: Iterable[tuple[str, str]]) -> str:
    cell = "padding:2px 16px 2px 0; white-space:nowrap"
    lines = "".join(
        f"<tr><td width='{KEYS_PX}' style='{cell}'><b>{html.escape(keys)}</b></td>"
        f"<td style='{cell}'>{_plain(does)}</td></tr>"
        for keys, does in rows
    )
    return f"<h4 style='margin:10px 0 2px 0'>{_plain(title)}</h4><table>{lines}</table>"


def _plain(title: str) -> str:
    return html.escape(title.replace("&", "").rstrip("…"))
