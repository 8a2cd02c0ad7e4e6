"""Typeset formulas: LaTeX in, something a painter can draw crisply at any zoom out.

LaTeX that the engine printed goes through tylax to Typst and comes back as SVG.  ``\\href{node:x0}
{x_0}`` survives as a rectangle, so that terms can be hovered and coloured.  Results are cached; a
formula that cannot be typeset is drawn as plain text instead, so nothing here ever raises.
Knows no widget and no graph.  Use it from the GUI thread only.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache, lru_cache
from xml.sax.saxutils import unescape

import tylax
import typst
from PySide6.QtCore import QByteArray, QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtSvg import QSvgRenderer

FALLBACK_FAMILY = "DejaVu Sans"  # has σ ∂ ∇ and the subscripts
CACHE_SIZE = 500
LONGEST = 20_000  # characters of LaTeX; beyond that typesetting would be felt

_PLACEHOLDER = 0xE000  # private-use characters pass through tylax untouched
_PLACEHOLDERS = 6_000
_BASELINE_MARK = "#010203"  # the colour of an invisible dot that tells where the baseline is
_OPERATORS = {"+", "-", "=", "*", r"\cdot", r"\times", r"\odot", r"\div", r"\le", r"\ge"}

_SOURCE = """#set page(width: auto, height: auto, margin: (x: 0.04em, y: 0.06em), fill: none)
#set text(size: {px}pt, fill: rgb("{color}"))
#let mark = box(width: 0pt, text(fill: rgb("{mark}"), "."))
{terms}
$ {body}#mark $"""

_HEAD = re.compile(
    r"\\(?:(?:operatorname|mathrm|text)\{[^{}]*\}|(?!frac|left|sqrt)[a-zA-Z]+)(?=\s*\\left)"
)
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_MARK = re.compile(
    r'<g transform="translate\([-\d.]+[ ,]([-\d.]+)\)"><g transform="matrix\(1 0 0 -1 [-\d.]+ '
    rf'([-\d.]+)\)"><use [^>]*fill="{_BASELINE_MARK}"[^>]*/></g></g>'
)
_LINK = re.compile(
    r'<a transform="translate\(([-\d.]+)[ ,]([-\d.]+)\)" href="term:(\d+)"[^>]*>'
    r'<rect width="([\d.]+)" height="([\d.]+)"'
)
_GLYPH = re.compile(r"(<symbol[^>]*><path )")


class Typeset:
    """A formula ready to be drawn.

    ``size`` is in pixels, ``baseline`` the distance from the top to the baseline of the main
    line, ``plain`` what a screen reader says.  ``links`` are (node id, rectangle) of the terms
    that were wrapped in ``\\href{node:…}``, outer terms before the terms inside them.
    """

    def __init__(self, plain: str, size: QSizeF, baseline: float) -> None:
        self.plain = plain
        self.size = size
        self.baseline = baseline
        self.links: list[tuple[str, QRectF]] = []
        self.renderer: QSvgRenderer | None = None
        self.font = QFont()
        self.color = QColor()

    def draw(self, painter: QPainter, at: QPointF, scale: float = 1.0) -> None:
        """Paint with the upper left corner at ``at``."""
        if self.renderer is not None:
            self.renderer.render(painter, QRectF(at, self.size * scale))
            return
        painter.save()
        painter.translate(at)
        painter.scale(scale, scale)
        painter.setFont(self.font)
        painter.setPen(self.color)
        painter.drawText(QPointF(0, self.baseline), self.plain)
        painter.restore()

    def link_at(self, position: QPointF, scale: float = 1.0) -> str:
        """The node id of the innermost term at ``position``, or an empty string."""
        best, smallest = "", float("inf")
        for node, rect in self.links:
            area = rect.width() * rect.height()
            if rect.contains(position / scale) and area < smallest:
                best, smallest = node, area
        return best


_cache: OrderedDict[tuple, Typeset] = OrderedDict()


def typeset(
    latex: str, *, px: float, color: str, link_colors: Mapping[str, str] | None = None
) -> Typeset:
    """``latex`` at ``px`` pixels an em, in ``color``; the terms of ``link_colors`` in theirs.

    ``link_colors`` maps node ids to colours (``#rrggbb``).
    """
    used = {n: c for n, c in (link_colors or {}).items() if n in latex}
    key = (latex, px, color, tuple(sorted(used.items())))
    if key in _cache:
        _cache.move_to_end(key)
        return _cache[key]
    try:
        made = _typeset(latex, px, color, used)
    except Exception:  # whatever went wrong in two young libraries, a formula is still shown
        made = _fallback(latex, px, color)
    _cache[key] = made
    while len(_cache) > CACHE_SIZE:
        _cache.popitem(last=False)
    return made


# LaTeX to Typst --------------------------------------------------------------------------------


@cache
def _compiler() -> typst.Compiler:
    """One compiler for all formulas; its root is an empty folder, so it can read no file."""
    root = tempfile.mkdtemp(prefix="typeset-")
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return typst.Compiler(ignore_system_fonts=True, root=root)


def _typeset(latex: str, px: float, color: str, link_colors: Mapping[str, str]) -> Typeset:
    if not latex.strip() or len(latex) > LONGEST:
        raise ValueError("nothing to typeset, or too much")
    terms: list[tuple[str, str]] = []
    body = _to_typst(_take_links(latex.replace(r"\#", "♯").replace("#", "♯"), terms))
    definitions = []
    for number, (node, inside) in enumerate(terms):
        tint = QColor(link_colors[node]).name() if node in link_colors else ""
        content = f'link("term:{number}", {_tinted(inside, tint)})'
        if inside.strip() in _OPERATORS:
            content = f'math.class("binary", {content})'
        definitions.append(f"#let {_term_name(number)} = {content}")
    source = _SOURCE.format(
        px=px,
        color=QColor(color).name(),
        mark=_BASELINE_MARK,
        terms="\n".join(definitions),
        body=body,
    )
    svg = _compiler().compile(source.encode(), format="svg")
    assert isinstance(svg, bytes)
    return _read_svg(svg.decode(), plain_text(latex), [node for node, _ in terms])


def _tinted(inside: str, tint: str) -> str:
    """A term's content in its colour.  Of a term with terms inside only the head is coloured:

    in σ(w₀ x₀) the σ, but not the brackets, and of a sum nothing.
    """
    head, rest = inside, ""
    if re.search(f"[{chr(_PLACEHOLDER)}-{chr(_PLACEHOLDER + _PLACEHOLDERS)}]", inside):
        found = _HEAD.match(inside)
        head = found[0] if found else ""
        rest = inside[len(head) :]
    parts = []
    if head:
        fill = f'fill: rgb("{tint}"), ' if tint else ""
        parts.append(f"text({fill}$ {_to_typst(head)} $.body)")
    if rest:
        parts.append(f"$ {_to_typst(rest)} $.body")
    return " + ".join(parts)


def _take_links(latex: str, terms: list[tuple[str, str]]) -> str:
    """``latex`` with each ``\\href{node:id}{body}`` replaced by one placeholder character.

    tylax would read the body as text.  Inner terms come first in ``terms``, as Typst needs them.
    """
    out, at = [], 0
    while (start := latex.find(r"\href{", at)) >= 0:
        out.append(latex[at:start])
        target, after = _braced(latex, start + len(r"\href"))
        body, at = _braced(latex, after)
        inside = _take_links(body, terms)
        node = target.removeprefix("node:").replace(r"\_", "_")
        if len(terms) < _PLACEHOLDERS:
            out.append(chr(_PLACEHOLDER + len(terms)))
            terms.append((node, inside))
        else:
            out.append(inside)
    return "".join(out) + latex[at:]


def _braced(text: str, start: int) -> tuple[str, int]:
    """What stands in the braces that open at ``start``, and where they end."""
    if start >= len(text) or text[start] != "{":
        raise ValueError("braces expected")
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : at], at + 1
        at += 1
    raise ValueError("a brace is not closed")


def _to_typst(latex: str) -> str:
    """Typst mathematics for ``latex``; placeholders become the names of their terms."""
    body = tylax.latex_to_typst(latex)
    return re.sub(
        f"[{chr(_PLACEHOLDER)}-{chr(_PLACEHOLDER + _PLACEHOLDERS)}]",
        lambda found: f" {_term_name(ord(found[0]) - _PLACEHOLDER)} ",
        body,
    )


def _term_name(number: int) -> str:
    """A Typst identifier of letters only, as mathematics requires: TermA, TermB, …, TermBA."""
    letters = ""
    while True:
        number, rest = divmod(number, 26)
        letters = chr(65 + rest) + letters
        if number == 0:
            return f"Term{letters}"


# SVG -------------------------------------------------------------------------------------------


def _read_svg(svg: str, plain: str, nodes: list[str]) -> Typeset:
    size = _VIEW_BOX.search(svg)
    assert size is not None
    marks = list(_MARK.finditer(svg))
    height = float(size[2])
    baseline = sum(map(float, marks[-1].groups())) if marks else height * 0.75
    made = Typeset(plain, QSizeF(float(size[1]), height), baseline)
    boxes: dict[int, QRectF] = {}
    for x, y, term, w, h in _LINK.findall(svg):
        rect = QRectF(float(x), float(y), float(w), float(h))
        boxes[int(term)] = boxes.get(int(term), QRectF()).united(rect)
    made.links = [(unescape(nodes[term]), boxes[term]) for term in sorted(boxes, reverse=True)]
    # Without this, SVG that is exported through Qt gets black outlines (Qt 6.11 and 6.12).
    svg = _GLYPH.sub(r'\1stroke="none" stroke-width="0" ', _MARK.sub("", svg))
    made.renderer = QSvgRenderer(QByteArray(svg.encode()))
    if not made.renderer.isValid():
        raise ValueError("the SVG could not be read")
    return made


# plain text ------------------------------------------------------------------------------------


def _fallback(latex: str, px: float, color: str) -> Typeset:
    font = QFont(FALLBACK_FAMILY)
    font.setPixelSize(max(1, round(px)))
    metrics = QFontMetricsF(font)
    plain = plain_text(latex)
    made = Typeset(plain, QSizeF(metrics.horizontalAdvance(plain), metrics.height()), 0.0)
    made.baseline = metrics.ascent()
    made.font, made.color = font, QColor(color)
    return made


_SIGNS = {
    "cdot": "·", "times": "×", "odot": "⊙", "div": "÷", "partial": "∂", "infty": "∞",
    "le": "≤", "ge": "≥", "leq": "≤", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "in": "∈", "sum": "Σ", "prod": "Π",
    "nabla": "∇", "top": "ᵀ", "ell": "ℓ", "alpha": "α", "beta": "β", "gamma": "γ",
    "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Phi": "Φ", "Sigma": "Σ", "Delta": "Δ", "Gamma": "Γ", "Theta": "Θ", "Omega": "Ω",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "ldots": "…", "dots": "…",
    "cdots": "⋯", "lfloor": "⌊", "rfloor": "⌋", "lVert": "‖", "rVert": "‖", "quad": " ",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


@lru_cache(maxsize=2_000)
def plain_text(latex: str) -> str:
    """``latex`` as one line of plain text: for screen readers, and where typesetting fails."""
    text = re.sub(r"\\href\{[^{}]*\}", "", latex)
    text = re.sub(r"\\(?:begin|end)\{[a-zA-Z*]+\}", " ", text)
    text = re.sub(r"\\(?:text|math|operatorname|left|right|big)[a-z]*(?![a-zA-Z])", "", text)
    text = re.sub(
        r"\\(hat|bar|tilde)\{([^{}]*)\}",
        lambda m: unicodedata.normalize("NFC", m[2] + _ACCENTS[m[1]]),
        text,
    )
    text = text.replace(r"\\", "; ").replace("&", " ").replace(r"\_", "_")
    for _ in range(6):  # nested braces, from the inside out
        text = re.sub(r"_(\{\d+\}|\d)", lambda m: m[1].strip("{}").translate(_SUBSCRIPTS), text)
        text = re.sub(
            r"\^(\{[-+]?\d+\}|\d)", lambda m: m[1].strip("{}").translate(_SUPERSCRIPTS), text
        )
        text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", _fraction, text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", text)
        text = re.sub(r"\^\{([^{}\s]{2,})\}", r"^(\1)", text)
        text = re.sub(r"(?<![\\}])(?<!frac)(?<!sqrt)\{([^{}]*)\}(?!\{)", r"\1", text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda m: _SIGNS.get(m[1], m[1]), text)
    text = re.sub(r"\\[,;:! ]", " ", text)
    text = re.sub(r"\\(.)", r"\1", text)
    return " ".join(text.replace("-", "−").replace("∂ ", "∂").split())


def _fraction(found: re.Match[str]) -> str:
    above, below = (p if re.fullmatch(r"[\\\w∂ ₀-₉]+", p) else f"({p})" for p in found.groups())
    return f"{above.strip()}/{below.strip()}"
