"""Tables of the classes of objects: what is read, what is refused, and what lies in a store."""

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.object_classes import read_class_table, read_classes, write_classes


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "c.csv").write_text(text)
        return tmp_path / "c.csv"

    return write


def test_labels_have_classes_and_other_columns_are_passed_over(table):
    assert read_class_table(table("class , who,label\n2,me,7\n 1,you,3\n\n2,me,7\n")) == {7: 2, 3: 1}
    assert read_class_table(table("label,class\n")) == {}


def test_a_row_may_say_nothing_and_numbers_may_have_a_point(table):
    assert read_class_table(table("label,class\n1,0\n2,\n3.0,2.00\n4\n3,\n5,1.\n")) == {3: 2, 5: 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels,class\n1,1\n", r"no column 'label' .*did you mean 'labels'"),
        ("label\n1\n", "no column 'class'"),
        ("", "is empty"),
        ("label,class\n0,1\n", r"c\.csv, line 2: label '0'; allowed: whole numbers from 1"),
        ("label,class\n1,-1\n", r"line 2: class '-1'; allowed: whole numbers from 0 \(none\) to 65535"),
        ("label,class\n1,1.5\n", r"class '1\.5'"),
        ("label,class\n,1\n", "label ''"),
        ("label,class\n1,65536\n", "class '65536'"),
        ("label,class\n1,nucleus\n", "class 'nucleus'"),
        ("label,class\n1,1\n2,1\n1,2\n", r"line 4: the label 1 has the class 2, and 1 further up"),
    ],
)
def test_what_is_no_table_of_classes_is_refused(table, text, message):
    with pytest.raises(BioLoomError, match=message):
        read_class_table(table(text))


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"label,class\n\xff\xfe,1\n")
    for name in ("b.csv", "none.csv"):
        with pytest.raises(BioLoomError, match=f"{name} is no table of classes"):
            read_class_table(tmp_path / name)


def test_a_store_gives_back_what_was_written(tmp_path):
    assert read_classes(tmp_path) is None
    write_classes(tmp_path, {2**40: 3, 5: 1})
    assert list(read_classes(tmp_path).items()) == [(5, "1"), (2**40, "3")]
