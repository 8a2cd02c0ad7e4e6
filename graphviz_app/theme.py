"""How everything looks: colours, fonts, and the little style sheet that Fusion needs.

A `Theme` is a frozen table of colours; whoever paints reads its tokens and names no colour itself.
"""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

try:
    from graphviz_app.resources import asset
except ImportError:

    def asset(relative: str) -> Path:
        """The shipped file, in a checkout."""
        return Path(__file__).resolve().parent.parent / "assets" / relative


@dataclass(frozen=True)
class Theme:
    """Colours by what they mean, as ``#rrggbb``."""

    name: str
    dark: bool
    window: str  # behind everything
    panel: str  # side columns, bars
    canvas: str  # behind the graph
    grid: str  # the canvas's dots
    hairline: str  # borders and rules
    field: str  # behind editable text, nodes
    sunken: str  # the groove of a switch
    hover: str  # behind what the pointer is on
    text: str
    text_soft: str  # secondary text
    text_muted: str  # hints, captions
    accent: str
    accent_soft: str  # behind a selected row or tab
    on_accent: str  # text on the accent
    forward: str  # values
    forward_soft: str
    backward: str  # gradients
    backward_soft: str
    input: str
    parameter: str
    activation: str
    layer: str
    loss: str
    plain: str  # text of plain ops
    positive: str  # numbers above 0, as colours: weights, entries of tensors
    negative: str  # and below
    wire: str
    node_fill: str
    node_border: str
    shadow: str  # under nodes
    plate: str  # behind the numbers on wires
    selection: str
    problem: str
    problem_soft: str


LIGHT = Theme(
    name="light",
    dark=False,
    window="#ffffff",
    panel="#ffffff",
    canvas="#fafbfc",
    grid="#dfe4eb",
    hairline="#dce1ea",
    field="#ffffff",
    sunken="#f4f5f8",
    hover="#f1f3f8",
    text="#1e2430",
    text_soft="#5b6478",
    text_muted="#858fa2",
    accent="#4653c8",
    accent_soft="#eceefb",
    on_accent="#ffffff",
    forward="#12813f",
    forward_soft="#e5f4eb",
    backward="#c6303a",
    backward_soft="#fcebec",
    input="#2f7dc4",
    parameter="#c07a10",
    activation="#8347b5",
    layer="#0f8a83",
    loss="#bf2f7d",
    plain="#5b6478",
    positive="#e0762a",
    negative="#2c6cc0",
    wire="#9aa3b5",
    node_fill="#ffffff",
    node_border="#d3d9e4",
    shadow="#e9ecf1",
    plate="#fafbfc",
    selection="#4653c8",
    problem="#d0246b",
    problem_soft="#fbe9f1",
)

DARK = Theme(
    name="dark",
    dark=True,
    window="#1b2027",
    panel="#1b2027",
    canvas="#161a20",
    grid="#262d37",
    hairline="#313a46",
    field="#232a33",
    sunken="#12151a",
    hover="#262d37",
    text="#e7ebf2",
    text_soft="#a2adbf",
    text_muted="#78849a",
    accent="#96a0ff",
    accent_soft="#2a2f4e",
    on_accent="#161a20",
    forward="#52cc8d",
    forward_soft="#1b3329",
    backward="#ff7078",
    backward_soft="#3b1f24",
    input="#67b0f0",
    parameter="#ebaf4e",
    activation="#c795f0",
    layer="#4cc9c0",
    loss="#f07ab5",
    plain="#a2adbf",
    positive="#f2954c",
    negative="#5c9cf0",
    wire="#5c687a",
    node_fill="#232a33",
    node_border="#364150",
    shadow="#12151a",
    plate="#161a20",
    selection="#96a0ff",
    problem="#ff6fa8",
    problem_soft="#3d1d2c",
)

# What groups and notes can be coloured with: the name of a token ("" is none), and as people say it
MARK_COLORS = (
    ("", "plain"),
    ("input", "blue"),
    ("parameter", "amber"),
    ("activation", "violet"),
    ("layer", "teal"),
    ("loss", "magenta"),
)

# Okabe and Ito's blue and orange, darkened on white until they can be read as text.
_COLOR_BLIND = {
    False: {
        "forward": "#0067a5",
        "forward_soft": "#e2f0f9",
        "backward": "#b65200",
        "backward_soft": "#fbeee2",
    },
    True: {
        "forward": "#63b7f2",
        "forward_soft": "#1a3040",
        "backward": "#f5a04c",
        "backward_soft": "#3d2c1a",
    },
}


def theme(dark: bool, color_blind: bool = False) -> Theme:
    """The light or dark theme; ``color_blind`` shows the two passes in blue and orange."""
    chosen = DARK if dark else LIGHT
    return dataclasses.replace(chosen, **_COLOR_BLIND[dark]) if color_blind else chosen


def system_is_dark() -> bool:
    """Whether the desktop asks for dark; False where it says nothing (offscreen, bare X11)."""
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication):
        return False
    return app.styleHints().colorScheme() is Qt.ColorScheme.Dark


# fonts ------------------------------------------------------------------------------------------

UI_FAMILIES = ["Inter", "Segoe UI", "DejaVu Sans", "sans-serif"]
MONO_FAMILIES = ["JetBrains Mono", "DejaVu Sans Mono", "monospace"]
MATH_FAMILIES = ["STIXGeneral", "DejaVu Sans", "serif"]  # Computer Modern is too thin at 18 px
_loaded: list[int] = []


def load_fonts() -> None:
    """Register the fonts that ship with the app; safe to call again."""
    if _loaded:
        return
    for path in sorted(asset("fonts").glob("*.[to]tf")):
        handle = QFontDatabase.addApplicationFont(str(path))
        if handle < 0:
            logging.getLogger(__name__).warning("cannot read the font %s", path)
        _loaded.append(handle)


def _font(families: list[str], px: float, weight: int) -> QFont:
    font = QFont(families)
    font.setPixelSize(max(1, round(px)))
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def ui_font(px: float = 13, weight: int = 400) -> QFont:
    """The font of labels and buttons."""
    return _font(UI_FAMILIES, px, weight)


def mono_font(px: float = 12, weight: int = 400) -> QFont:
    """The font of numbers and of formulas as typed."""
    return _font(MONO_FAMILIES, px, weight)


def math_font(px: float = 16, italic: bool = False) -> QFont:
    """The serif font of names and signs on nodes."""
    font = _font(MATH_FAMILIES, px, 400)
    font.setItalic(italic)
    return font


# Qt's own widgets -------------------------------------------------------------------------------


def mix(a: str, b: str, share: float) -> str:
    """The colour that is ``share`` of ``b`` over ``a``."""
    first, second = QColor(a), QColor(b)

    def part(x: int, y: int) -> int:
        return round(x + (y - x) * share)

    return QColor(
        part(first.red(), second.red()),
        part(first.green(), second.green()),
        part(first.blue(), second.blue()),
    ).name()


def palette(theme: Theme) -> QPalette:
    """The palette for the Fusion style."""
    role = QPalette.ColorRole
    roles = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.sunken,
        role.Text: theme.text,
        role.Button: theme.panel,
        role.ButtonText: theme.text,
        role.BrightText: theme.on_accent,
        role.ToolTipBase: theme.field,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.text_muted,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.activation,
        role.Accent: theme.accent,
        role.Light: mix(theme.panel, "#ffffff", 0.3),
        role.Midlight: theme.hover,
        role.Mid: theme.hairline,
        role.Dark: theme.hairline,
        role.Shadow: mix(theme.hairline, "#000000", 0.2),
    }
    result = QPalette()
    for key, color in roles.items():
        result.setColor(key, QColor(color))
    faint = QColor(mix(theme.panel, theme.text_muted, 0.6))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, faint)
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.hairline))
    return result


def stylesheet(theme: Theme) -> str:
    """Style sheet of the few widgets that a palette alone leaves grey and square."""
    tokens = {f.name: getattr(theme, f.name) for f in dataclasses.fields(theme)}
    tokens["accent_hover"] = mix(theme.accent, theme.text, 0.14)
    tokens["faint"] = mix(theme.panel, theme.text_muted, 0.55)
    tokens["handle"] = mix(theme.panel, theme.text_muted, 0.45)
    return _STYLE.read(tokens)


class _Template(str):
    def read(self, tokens: dict[str, str]) -> str:
        """This text with each ``@token`` replaced; longest names first."""
        text = str(self)
        for name in sorted(tokens, key=len, reverse=True):
            text = text.replace("@" + name, str(tokens[name]))
        return text


_STYLE = _Template("""
QMainWindow, QDialog { background: @window; }
QPushButton { background: @field; color: @text; border: 1px solid @hairline;
  border-radius: 7px; padding: 6px 12px; min-height: 16px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @accent_soft; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @faint; }
QPushButton[primary="true"] { background: @accent; color: @on_accent; border-color: @accent; }
QPushButton[primary="true"]:hover { background: @accent_hover; border-color: @accent_hover; }
QPushButton[primary="true"]:disabled { background: @hairline; border-color: @hairline; }
QPushButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover { background: @hover; }
QPushButton[flat="true"]:focus { border-color: @accent; }
QToolButton { background: transparent; color: @text; border: 1px solid transparent;
  border-radius: 7px; padding: 5px; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @accent_soft; color: @accent; }
QToolButton:focus { border-color: @accent; }
QToolButton:disabled { color: @faint; }
QToolButton::menu-indicator { image: none; width: 0; }
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: @field; color: @text;
  border: 1px solid @hairline; border-radius: 7px; padding: 5px 8px;
  selection-background-color: @accent; selection-color: @on_accent; }
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
  border-color: @accent; }
QLineEdit:disabled, QComboBox:disabled { color: @faint; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: @panel; border: 1px solid @hairline; outline: none;
  selection-background-color: @accent_soft; selection-color: @text; padding: 4px; }
QMenuBar { background: @panel; color: @text; border: none; padding: 2px 4px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 7px; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @panel; color: @text; border: 1px solid @hairline; padding: 6px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 7px; }
QMenu::item:selected { background: @accent_soft; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @hairline; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QTableView, QTreeView, QListView { background: @panel; color: @text; border: none; outline: none;
  gridline-color: transparent; selection-background-color: @accent_soft; selection-color: @text; }
QTableView::item, QListView::item { border: none; padding: 2px 8px; }
QTableView::item:hover, QListView::item:hover { background: @hover; }
QTableView::item:selected, QListView::item:selected { background: @accent_soft; color: @text; }
QTableCornerButton::section { background: @panel; border: none; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section { background: @panel; color: @text_muted; border: none;
  border-bottom: 1px solid @hairline; padding: 4px 8px; }
QScrollArea, QScrollArea > QWidget > QWidget#rightColumn { background: @panel; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @handle; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: @text_muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @hairline; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -6px 0; border-radius: 8px;
  background: @field; border: 2px solid @accent; }
QSlider::handle:horizontal:hover { background: @accent_soft; }
QSlider::sub-page:horizontal:disabled { background: @hairline; }
QSlider::handle:horizontal:disabled { border-color: @hairline; }
QSplitter::handle { background: @hairline; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: @accent; }
QToolTip, #pointerTip { background: @field; color: @text; border: 1px solid @hairline;
  padding: 6px 8px; }
QTabBar { background: transparent; border: none; }
QTabBar::tab { background: transparent; color: @text_soft; border: none; padding: 6px 10px; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @accent; border-bottom: 2px solid @accent; }
QTabWidget::pane { border: none; border-top: 1px solid @hairline; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; background: @field;
  border: 1px solid @handle; border-radius: 4px; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; }
QRadioButton::indicator { border-radius: 7px; }
QRadioButton::indicator:checked { background: @accent; border-color: @accent; }
""")
