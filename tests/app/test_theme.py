"""Colours that can be read, fonts that load, icons that recolour."""

import dataclasses
import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontDatabase, QFontInfo, QFontMetricsF, QIcon, QPalette

from engine.files import drawing
from graphviz_app import theme as themes
from graphviz_app.icons import icon
from graphviz_app.theme import (
    asset,
    load_fonts,
    math_font,
    mono_font,
    palette,
    stylesheet,
    theme,
    ui_font,
)

pytestmark = pytest.mark.usefixtures("qapp")
VARIANTS = [(dark, blind) for dark in (False, True) for blind in (False, True)]


def luminance(color):
    def linear(part):
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue, _ = QColor(color).getRgbF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(a, b):
    """The WCAG contrast ratio."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("dark", "blind"), VARIANTS)
def test_text_and_numbers_can_be_read(dark, blind):
    look = theme(dark, blind)
    for token in ("text", "text_soft", "forward", "backward", "accent"):
        assert contrast(getattr(look, token), look.canvas) >= 4.5, token
    for token in ("input", "parameter", "activation", "layer", "loss", "plain", "problem"):
        assert contrast(getattr(look, token), look.node_fill) >= 3.0, token
    assert contrast(look.on_accent, look.accent) >= 4.5


@pytest.mark.parametrize(("dark", "blind"), VARIANTS)
def test_every_token_is_a_color(dark, blind):
    look = theme(dark, blind)
    for field in dataclasses.fields(look):
        if field.name not in ("name", "dark"):
            assert QColor(getattr(look, field.name)).isValid(), field.name


def test_the_color_blind_variant_differs_in_the_two_passes_only():
    plain, blind = dataclasses.asdict(theme(False)), dataclasses.asdict(theme(False, True))
    different = {k for k in plain if plain[k] != blind[k]}
    assert different == {"forward", "forward_soft", "backward", "backward_soft"}


@pytest.mark.parametrize("dark", [False, True])
def test_the_style_sheet_has_no_token_left(dark):
    assert "@" not in stylesheet(theme(dark))
    assert re.search(r"QPushButton\[primary", stylesheet(theme(dark)))


def test_the_palette_follows_the_theme():
    assert palette(themes.DARK).color(QPalette.ColorRole.Window) == QColor(themes.DARK.window)


def test_the_shipped_fonts_are_used():
    load_fonts()
    load_fonts()
    assert {"Inter", "JetBrains Mono", "STIXGeneral"} <= set(QFontDatabase.families())
    assert QFontInfo(ui_font(13)).family().startswith("Inter")
    assert QFontInfo(mono_font(12)).family() == "JetBrains Mono"


@pytest.mark.parametrize("italic", [False, True])
def test_names_on_nodes_are_set_in_the_shipped_serif(italic):
    load_fonts()
    font = math_font(18, italic)
    info = QFontInfo(font)
    assert (info.family(), info.italic()) == ("STIXGeneral", italic)
    metrics = QFontMetricsF(font)
    assert all(metrics.inFontUcs4(ord(c)) for c in "wxyz0189+−×÷αβγδεζηθικλμνξπρστφχψωΣΦ²")


@pytest.mark.parametrize("name", sorted(p.stem for p in asset("icons").glob("*.svg")))
def test_every_icon_draws_in_the_themes_colors(name):
    images = []
    for look in (themes.LIGHT, themes.DARK):
        made = icon(name, look)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
            image = made.pixmap(QSize(24, 24), mode).toImage()
            assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24)), (
                "not empty"
            )
            images.append(image)
    assert len({bytes(i.constBits()) for i in images}) == len(images)


def test_an_icon_that_does_not_ship_is_an_error():
    with pytest.raises(FileNotFoundError):
        icon("no such icon", themes.LIGHT)


def test_dot_and_tikz_have_the_colours_of_the_light_theme():
    renamed = {"value": "forward", "gradient": "backward"}
    light = theme(dark=False)
    for meaning, color in drawing.COLORS.items():
        assert getattr(light, renamed.get(meaning, meaning)) == f"#{color}", meaning
