import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.given_table import read_given


def read(path):
    return read_given(path, "apples", ("kind", "weight"), allowed="kind,weight")


def test_columns_may_stand_anywhere_and_empty_rows_are_passed_over(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\ufeffweight, who ,kind\n3,me,red,,\n,,\n\n5\n", encoding="utf-8")
    columns, rows = read(path)
    assert columns == ["weight", "who", "kind"]
    assert [(line, row["weight"], row["kind"]) for line, row in rows] == [(2, "3", "red"), (5, "5", None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"t\.csv is empty; fix: write at least the header kind,weight for no apples at all"),
        (
            b"kind,wieght\n",
            r"no column 'weight' \(it has kind,wieght\); allowed: kind,weight; fix: did you mean",
        ),
        (b"kind,weight\n\xff,1\n", r"t\.csv is no table of apples: .*; fix: save it as CSV in UTF-8"),
        (
            b"kind,weight\nred,1\nred,1,5\n",
            r"t\.csv, line 3: more fields than the header has, such as '5'; allowed: .* decimal point",
        ),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(BioLoomError, match=message):
        read(tmp_path / "t.csv")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BioLoomError, match=r"t\.csv is no table of apples"):
        read(tmp_path / "t.csv")
