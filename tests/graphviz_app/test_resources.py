"""Shipped files are found by name; tests/test_package.py asks the same of an installed wheel."""

import pytest

from graphviz_app import resources


@pytest.mark.parametrize("relative", ["icons/play.svg", "fonts/Inter-Regular.ttf"])
def test_an_asset_is_found_by_its_path(relative):
    assert resources.asset(relative).is_file()


def test_every_example_is_found_by_its_name_with_or_without_suffix():
    for path in resources.examples():
        assert resources.example(path.name) == path
        assert resources.example(path.name.removesuffix(".graph.json")) == path


def test_what_is_not_shipped_is_named():
    with pytest.raises(FileNotFoundError, match=r'does not ship "spam\.svg"'):
        resources.asset("icons/spam.svg")
