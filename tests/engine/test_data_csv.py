"""Tables from files: what is guessed and said, what is refused and where, and how much is kept."""

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import Dataset, load_data
from engine.data.csv_columns import Content, Role, plan_table
from engine.data.encoding import to_dataset, to_split
from engine.data.table_files import read_table, write_table
from engine.errors import DataError


@pytest.fixture
def file(tmp_path):
    """Writes a table and gives its path."""

    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def learned(path, **how) -> Dataset:
    return to_dataset(read_table(path), **how)


def said(data: Dataset) -> str:
    return " ".join(data.notes)


def test_a_plain_table_is_understood_and_said(file):
    data = learned(file("length,width,species\n1.5,2,b\n3,4.25,a\n5,6,b\n"))
    assert data.name == "t"
    assert data.features == ("length", "width")
    assert data.x.tolist() == [[1.5, 2], [3, 4.25], [5, 6]]
    assert data.classes == ("a", "b")
    assert data.y.tolist() == [1, 0, 1]
    assert "“species” is the target, classes, since it is called so." in data.notes
    assert "The classes of “species” are labelled a = 0, b = 1." in data.notes
    assert "3 rows of t.csv were read." in data.notes


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(file, delimiter, end):
    lines = ["a,b,y", "1,2,0.5", "3,4,1.5", ""]
    data = learned(file(end.join(lines).replace(",", delimiter)))
    assert data.x.tolist() == [[1, 2], [3, 4]]
    assert data.y.tolist() == [[0.5], [1.5]]
    assert data.targets == ("y",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_and_byte_order_marks(file, encoding):
    data = learned(file("größe,art\n1,süß\n2,herb\n".encode(encoding)))
    assert data.features == ("größe",)
    assert data.classes == ("herb", "süß")
    assert ("Windows-1252" in said(data)) == (encoding == "cp1252")


def test_decimal_commas(file):
    data = learned(file("a;b;y\n1,5;1.234,5;0,25\n-2;3e2;7,5\n0.125;1.234;2,5\n"))
    assert data.x.tolist() == [[1.5, 1234.5], [-2, 300], [0.125, 1234]]
    assert data.y.tolist() == [[0.25], [7.5], [2.5]]
    assert "A comma is the decimal mark" in said(data)
    quoted = learned(file('a,y\n"1,5","0,25"\n"2,75","3,5"\n'))
    assert quoted.x.tolist() == [[1.5], [2.75]]
    thousands = learned(file('a,y\n"1,234.5","2,000"\n"7,123","0.5"\n'))
    assert thousands.x.tolist() == [[1234.5], [7123]]
    assert thousands.y.tolist() == [[2000], [0.5]]


def test_quotes_hold_delimiters_line_ends_and_quotes(file):
    data = learned(file('a,kind\n1,"x, ""y"""\n2,"two\nlines"\n3,"x, ""y"""\n'))
    assert data.classes == ("two\nlines", 'x, "y"')
    assert data.y.tolist() == [1, 0, 1]


def test_a_table_without_header_has_counted_columns(file):
    data = learned(file("1,2,red\n3,4,blue\n5,6,red\n"))
    assert data.features == ("column 1", "column 2")
    assert data.count == 3
    assert "The first line is no header" in said(data)
    names = learned(file("s,colour\nbig,red\nsmall,blue\nbig,green\n"))
    assert names.features == ("s = big", "s = small")


def test_a_header_may_hold_numbers_and_a_first_row_gaps(file):
    years = learned(file("2019,2020,y\n1.5,2,3.5\n4,5,6.5\n"))
    assert years.features == ("2019", "2020")
    gaps = plan_table(file("?,2,red\n3,4,blue\n5,6,red\n"))
    assert not gaps.layout.has_header


def test_blank_lines_are_passed_over_and_lines_of_empty_cells_are_gaps(file):
    assert learned(file("a,y\n\n1,2.5\n   \n3,4.5\n\n")).count == 2
    with pytest.raises(DataError, match="2 cells are missing, the first in line 3"):
        learned(file("a,y\n1,2.5\n,\n3,4.5\n"))


def test_a_target_by_name_may_have_many_classes_up_to_a_limit(file):
    def rows(kinds):
        return "label,x\n" + "".join(f"kind {n % kinds},{n}\n" for n in range(300))

    assert len(learned(file(rows(60))).classes) == 60
    with pytest.raises(DataError, match="“label” has 150 classes, more than 100"):
        learned(file(rows(150)))


def test_names_without_number_are_refused_before_they_fill_the_memory(file):
    few = "".join(f"{n},kind {n % 5},{n / 7}\n" for n in range(1000))
    many = "".join(f"{n},kind {n},{n / 7}\n" for n in range(3000))
    with pytest.raises(DataError, match="column “b” holds more than 1000 different names"):
        learned(file("a,b,y\n" + few + many))


def test_a_split_column_that_names_no_part_is_refused(file):
    plan = plan_table(file("x,kind,y\n1,train,2.5\n2,other,3.5\n")).change("kind", Role.SPLIT)
    with pytest.raises(DataError, match="says “other” in row 2"):
        to_split(read_table(plan))
    with pytest.raises(DataError, match="Missing cells: refuse, drop, fill, not “guess”"):
        to_split(read_table(plan), missing="guess")


def test_blank_and_repeated_names_are_mended_and_said(file):
    plan = plan_table(file("a,,a,y\n1,2,3,0.5\n4,5,6,1.5\n"))
    assert plan.layout.names == ("a", "column 2", "a (2)", "y")
    assert "it became “a (2)”" in " ".join(plan.notes)


def test_columns_get_the_roles_that_their_cells_suggest(file):
    rows = "".join(f"{n},{n * 0.5},{'ab'[n % 2]},name {n},,{n % 3}\n" for n in range(60))
    plan = plan_table(file("id,size,kind,who,empty,label\n" + rows))
    roles = {column.name: column.role for column in plan.columns}
    assert roles == {
        "id": Role.IGNORE,
        "size": Role.FEATURE,
        "kind": Role.FEATURE,
        "who": Role.IGNORE,
        "empty": Role.IGNORE,
        "label": Role.TARGET,
    }
    for told in (
        "“id” numbers the rows and is ignored.",
        "“who” holds 60 different texts and is ignored.",
        "“empty” is empty and ignored.",
        "“kind” holds 2 names, each of which becomes a feature of 0 and 1.",
        "“label” is the target, classes, since it is called so.",
    ):
        assert told in plan.notes
    data = to_dataset(read_table(plan))
    assert data.features == ("size", "kind = a", "kind = b")
    assert data.classes == ("0", "1", "2")


def test_roles_can_be_chosen(file):
    plan = plan_table(file("a,b,y\n1,2,0.5\n3,4,1.5\n5,6,2.5\n"))
    assert plan.column("y").role is Role.TARGET
    other = plan.with_target("a").change("b", Role.IGNORE)
    data = to_dataset(read_table(other))
    assert (data.features, data.classes) == (("y",), ("1", "3", "5"))
    amounts = to_dataset(read_table(plan.with_target("a", Content.NUMBERS)))
    assert amounts.y.tolist() == [[1], [3], [5]]
    both = to_dataset(read_table(plan.change("b", Role.TARGET, Content.NUMBERS)))
    assert both.targets == ("b", "y")
    assert both.y.tolist() == [[2, 0.5], [4, 1.5], [6, 2.5]]
    with pytest.raises(DataError, match="no column “z”; there are a, b, y"):
        plan.change("z", Role.TARGET)
    with pytest.raises(DataError, match="only numbers can be predicted together"):
        read_table(plan.change("b", Role.TARGET, Content.CATEGORIES))
    with pytest.raises(DataError, match="no column is the target"):
        read_table(plan.change("y", Role.FEATURE))
    with pytest.raises(DataError, match="no column is a feature"):
        read_table(plan.change("a", Role.IGNORE).change("b", Role.IGNORE))


def test_labels_that_are_numbers_are_in_the_order_of_size(file):
    data = learned(file("x,rating\n" + "".join(f"{n / 2},{10 - n % 10}\n" for n in range(40))))
    assert data.classes == tuple(str(n) for n in range(1, 11))


GAPS = "a,kind,y\n1,u,yes\n,u,no\n3,NA,yes\n5,v,\n9,u,no\n"


def test_missing_cells_are_refused_unless_told_what_to_do(file):
    with pytest.raises(DataError) as refused:
        learned(file(GAPS))
    assert str(refused.value) == (
        "t.csv: 3 cells are missing, the first in line 3, column “a”. Choose to drop 3 rows, or to "
        "fill in the mean of the training rows."
    )


def test_rows_with_missing_cells_can_be_dropped(file):
    data = learned(file(GAPS), missing="drop")
    assert data.x.tolist() == [[1, 1], [9, 1]]
    assert "3 of 5 rows were left out for missing cells." in data.notes


def test_missing_cells_can_be_filled_but_a_missing_target_is_dropped(file):
    data = learned(file(GAPS), missing="fill")
    assert data.features == ("a", "kind = u")
    assert data.x[:, 0].tolist() == [1, pytest.approx(13 / 3), 3, 9]
    assert data.x[:, 1].tolist() == [1, 1, 1, 1]
    assert "1 of 5 rows was left out for missing cells." in data.notes
    assert "1 missing cell of “a” became 4.33333, the mean of training rows." in data.notes
    assert "1 missing cell of “kind” became “u”, the most frequent of training rows." in data.notes


def test_filling_and_names_come_from_training_rows_alone(file):
    parts = to_split(
        read_table(
            file("a,kind,split,y\n1,u,train,0\n3,v,train,1\n,u,train,0\n1000,w,test,1\n,u,val,0\n")
        ),
        missing="fill",
    )
    assert parts.train.features == ("a", "kind = u", "kind = v")
    assert parts.train.x[2].tolist() == [2, 1, 0]
    assert parts.validation.x.tolist() == [[2, 1, 0]]
    assert parts.test.x.tolist() == [[1000, 0, 0]]
    assert "The rows were split as the column “split” says." in parts.train.notes


def test_a_table_is_split_with_the_same_share_of_each_class(file):
    rows = "".join(f"{n / 7:.3f},{'ab'[n % 4 == 0]}\n" for n in range(80))
    parts = to_split(read_table(file("x,y\n" + rows)), 0.25, 0.25, seed=3)
    for part in (parts.train, parts.validation, parts.test):
        assert (part.y == 1).mean() == 0.25
    everything = [*parts.train.x[:, 0], *parts.validation.x[:, 0], *parts.test.x[:, 0]]
    assert sorted(everything) == [round(n / 7, 3) for n in range(80)]


def test_a_class_that_no_training_row_has_is_said(file):
    table = read_table(file("x,part,y\n1,train,a\n2,train,b\n3,test,c\n"))
    assert "No training row is of class c; it cannot be learned." in to_split(table).train.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t\.csv is empty"),
        ("  \n \n", "is empty"),
        ("a,b\n", "has a header and no rows"),
        ("a\n1\n2\n", "has one column only"),
        ("a,b,y\n1,2,3\n4,5\n", r"t\.csv, line 3: 2 cells where the others have 3"),
        ("a,b,y\n1,2,3\n4,5,6,7\n", "line 3: 4 cells where the others have 3"),
        ("a,y\n1,2.5\n3,oops\n" + "5,6\n" * 30, "line 3, column “y”: “oops” is not a number"),
        ("a,y\n1,2\ninf,2.5\n" + "5,6\n" * 30, "line 3, column “a”: “inf” is no finite number"),
        ('a,y\n1,2\n"3,4\n5,6\n', "the quotes do not fit"),
        ('a,y\n1,2\n"3"4,5\n', "line 3: the quotes do not fit"),
        ("a,y\n1,same\n2,same\n", "all rows have the class “same” in “y”"),
        ("a,y\n,x\n,z\n", "no column is a feature"),
        (b"PK\x03\x04\0\0\0", "is not a text file"),
    ],
)
def test_a_table_that_cannot_be_learned_is_refused_with_place_and_remedy(file, content, message):
    with pytest.raises(DataError, match=message):
        learned(file(content))


def test_a_fault_far_behind_the_first_rows_is_named(file):
    good = "a,y\n" + "1,2.5\n" * 30_000
    with pytest.raises(DataError, match="line 30002, column “a”: “x” is not a number"):
        learned(file(good + "x,1\n"))
    with pytest.raises(DataError, match="line 30002: 1 cells where the others have 2"):
        learned(file(good + "7\n"))
    with pytest.raises(DataError, match="a character is not utf-8"):
        learned(file((good + "1,2.5\n" * 30_000).encode() + b"\xff,1\n"))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path)


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory(file):
    with pytest.raises(DataError, match="no line end in its first"):
        learned(file("1,2," * 200_000))
    with pytest.raises(DataError, match="a line of more than"):
        learned(file("a,y\n" + "1,2\n" * 100_000 + "1," * 2_000_000))


def test_cells_are_never_executed(file, tmp_path):
    trap = tmp_path / "trap"
    code = f"__import__('pathlib').Path({str(trap)!r}).touch()"
    data = learned(file(f'a,kind\n1,"{code}"\n2,=1+1\n'))
    assert data.classes == ("=1+1", code)
    assert not trap.exists()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table of 200,000 rows, some 5 MB, whose class and place go with the row."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    with open(path, "w") as out:
        out.write("place,other,half\n")
        for start in range(0, 200_000, 10_000):
            out.writelines(
                f"{n},{n * 0.125:.6f},{'late' if n >= 100_000 else 'early'}\n"
                for n in range(start, start + 10_000)
            )
    return path


def test_a_file_larger_than_the_memory_is_sampled_evenly_in_bounded_memory_and_that_is_said(large):
    memory = 400_000
    assert large.stat().st_size > 12 * memory
    tracemalloc.start()
    table = read_table(large, memory=memory)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    kept = table.count
    assert kept == memory // 40
    assert f"{kept} of 200000 rows of large.csv were kept" in table.notes[-1]
    assert f"{200_000 - kept} rows were left out" in table.notes[-1]

    place = table.numbers["place"]
    assert (np.diff(place) > 0).all()
    assert np.array_equal(table.lines, place + 2)
    assert np.array_equal(table.numbers["other"], place * 0.125)
    data = to_dataset(table)
    assert np.array_equal(data.y == data.classes.index("late"), place >= 100_000)
    # An even sample: the share of each tenth within five standard deviations of a tenth.
    tenths = np.histogram(place, 10, (0, 200_000))[0] / kept
    assert np.abs(tenths - 0.1).max() < 5 * math.sqrt(0.1 * 0.9 / kept)


def test_the_sample_of_a_large_file_is_drawn_from_its_seed(large):
    one, same, other = (read_table(large, memory=200_000, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.lines, same.lines)
    assert not np.array_equal(one.lines, other.lines)


def test_a_file_that_fits_is_kept_whole(large):
    table = read_table(large)
    assert table.count == 200_000
    assert table.notes[-1] == "200000 rows of large.csv were read."


numbers = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=8
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(numbers, numbers, st.integers(0, 2)), min_size=2, max_size=20),
    st.lists(names, min_size=3, max_size=3, unique=True),
)
def test_a_set_of_classes_comes_back_from_its_file(tmp_path_factory, rows, classes):
    kinds = sorted({f"kind {name}" for name in classes})
    labels = np.array([label for _, _, label in rows])
    if len(kinds) < 3 or len(set(labels.tolist())) < 2:
        return
    data = Dataset("d", [row[:2] for row in rows], labels, ("a", "b"), tuple(kinds))
    path = tmp_path_factory.mktemp("round") / "d.csv"
    write_table(data, path)
    back = learned(path)
    assert back.features == data.features
    assert np.array_equal(back.x, data.x)
    assert [back.classes[y] for y in back.y] == [kinds[y] for y in labels]


@settings(max_examples=100)
@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=20))
def test_a_set_of_numbers_comes_back_from_its_file(tmp_path_factory, rows):
    table = np.array(rows)
    data = Dataset("d", table[:, :2], table[:, 2:], ("a", "b"), targets=("out",))
    path = tmp_path_factory.mktemp("round") / "d.csv"
    write_table(data, path)
    plan = plan_table(path).with_target("out", Content.NUMBERS)
    back = to_dataset(read_table(plan))
    assert np.array_equal(back.x, data.x)
    assert np.array_equal(back.y, data.y)


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes", "moons", "sine"])
def test_shipped_and_made_sets_come_back_from_their_files(tmp_path, name):
    data = load_data(name)
    write_table(data, tmp_path / "d.csv")
    back = learned(tmp_path / "d.csv")
    assert back.features == data.features
    assert np.array_equal(back.x, data.x)
    if data.is_classes:
        assert [back.classes[y] for y in back.y] == [data.classes[y] for y in data.y]
    else:
        assert np.array_equal(back.y, data.y)


def test_images_are_no_table(tmp_path):
    with pytest.raises(DataError, match="only rows of single numbers"):
        write_table(load_data("digits"), tmp_path / "d.csv")


pieces = st.sampled_from(
    (
        *",;\t|\n\r \"'.-+é?01ab\0\ufeff",
        "2.5",
        "1,5",
        "1e999",
        "NA",
        "label",
        "train",
        "test",
        "split",
    )
)


@settings(max_examples=600)
@given(
    st.one_of(st.lists(pieces, max_size=60).map("".join).map(str.encode), st.binary(max_size=80))
)
def test_any_file_is_read_or_refused_as_data(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content)
    try:
        parts = to_split(read_table(path), missing="fill")
    except DataError:
        return  # any other error fails the test
    assert parts.train.count > 0
    assert np.isfinite(parts.train.x).all()
