"""What a typed text finds, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_app.widgets.search_rank import Grade, rank

TITLES = st.text(max_size=12)
TEXTS = st.lists(st.tuples(TITLES, TITLES), max_size=8)
# Few letters, so that titles and queries meet often.
NEAR = st.text("aAb é-", max_size=6)
NEAR_TEXTS = st.lists(st.tuples(NEAR, NEAR), max_size=8)


def found(query: str, *titles: str) -> list[str]:
    """The titles found, best first."""
    return [titles[m.index] for m in rank(query, [(t, "") for t in titles])]


def test_better_fits_come_first():
    titles = ("Subtract the maximum", "Climax", "m a x", "Maximum", "Max")
    assert found("max", *titles) == ["Max", "Maximum", "Subtract the maximum", "Climax", "m a x"]


def test_keywords_come_after_titles_and_before_loose_letters():
    texts = [("Load and go", ""), ("Natural logarithm", "ln log"), ("Logistic", ""), ("Root", "g")]
    assert [m.index for m in rank("log", texts)] == [2, 1, 0]


def test_a_whole_keyword_comes_before_a_part_of_one():
    assert [m.index for m in rank("ln", [("A", "lnsoft"), ("B", "ln")])] == [1, 0]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("CAFE", "Café"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("x2", "x²"),
        ("*-1", "×−1"),
        ("straße", "STRASSE"),
        ("  add ", "Add"),
    ],
)
def test_case_accents_and_typography_do_not_count(query, title):
    (match,) = rank(query, [(title, "")])
    assert match.grade is Grade.EXACT
    assert found(query, title, "Unlike") == [title]


def test_words_are_found_in_any_order():
    assert found("relu leaky", "ReLU", "Leaky ReLU") == ["Leaky ReLU"]


def test_the_letters_that_fit_are_told():
    (match,) = rank("re", [("Leaky ReLU", "")])
    assert match.letters == (6, 7)
    (match,) = rank("lkr", [("Leaky ReLU", "")])
    assert match.letters == (0, 3, 6)


def test_letters_are_positions_in_the_title_as_it_is_written():
    (match,) = rank("b", [("  ½ b", "")])
    assert match.letters == (4,)


def test_close_letters_come_before_loose_ones():
    assert found("gd", "Gain and loss divided", "Good") == ["Good", "Gain and loss divided"]


def test_equally_good_titles_keep_their_order():
    assert found("s", "Sum", "Sine", "Softmax") == ["Sum", "Sine", "Softmax"]


def test_a_blank_query_finds_everything_as_it_stands():
    assert [m.index for m in rank(" ", [("B", ""), ("A", "")])] == [0, 1]


def test_nothing_is_found_where_nothing_fits():
    assert found("zebra", "Add", "Multiply") == []


@given(TEXTS | NEAR_TEXTS, st.data())
def test_a_title_finds_itself_first(texts, data):
    if not texts:
        return
    k = data.draw(st.integers(0, len(texts) - 1))
    matches = rank(texts[k][0], texts)
    assert k in [m.index for m in matches if m.grade is Grade.EXACT]
    assert matches[0].grade is Grade.EXACT


@given(TITLES | NEAR, TEXTS | NEAR_TEXTS)
def test_what_is_found_is_in_the_list_once_and_in_order_of_grade(query, texts):
    matches = rank(query, texts)
    indices = [m.index for m in matches]
    assert len(set(indices)) == len(indices)
    assert set(indices) <= set(range(len(texts)))
    assert [m.grade for m in matches] == sorted(m.grade for m in matches)
    for match in matches:
        assert list(match.letters) == sorted(set(match.letters))
        assert all(0 <= k < len(texts[match.index][0]) for k in match.letters)


@given(NEAR, NEAR_TEXTS)
def test_the_same_search_gives_the_same_answer(query, texts):
    assert rank(query, texts) == rank(query, list(texts))


@given(NEAR, NEAR_TEXTS)
def test_typing_on_never_finds_more(query, texts):
    longer = {m.index for m in rank(query + "b", texts)}
    assert longer <= {m.index for m in rank(query, texts)}


@given(NEAR, NEAR_TEXTS)
def test_case_never_matters(query, texts):
    assert rank(query.upper(), texts) == rank(query, texts)
