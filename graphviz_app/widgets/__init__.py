"""Small reusable parts of the window; each knows a theme and nothing of graphs."""

from graphviz_app.widgets.basics import Card, ElidedLabel, Pill, SectionTitle, SegmentedSwitch
from graphviz_app.widgets.choice_box import ChoiceBox
from graphviz_app.widgets.formula_label import FormulaLabel
from graphviz_app.widgets.notice import Notice
from graphviz_app.widgets.scrub_box import ScrubBox
from graphviz_app.widgets.search_popup import SearchEntry, SearchPopup
from graphviz_app.widgets.stepper import Stepper
from graphviz_app.widgets.swatches import Swatches
from graphviz_app.widgets.text_field import TextField

__all__ = [
    "Card",
    "ChoiceBox",
    "ElidedLabel",
    "FormulaLabel",
    "Notice",
    "Pill",
    "ScrubBox",
    "SearchEntry",
    "SearchPopup",
    "SectionTitle",
    "SegmentedSwitch",
    "Stepper",
    "Swatches",
    "TextField",
]
