import numpy as np
import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.tables import METRICS, OBJECTS, POINTS, SUMMARY, Schema, read_table, write_table


def test_text_of_a_table(tmp_path):
    frame = pd.DataFrame(
        {
            "image": ["a", "NA", "c"],
            "class": ["", "null", "x,y"],
            "metric": ["dice"] * 3,
            "value": [1 / 3, np.nan, 1e-12],
        }
    )
    write_table(tmp_path / "m.csv", frame, METRICS)
    assert (tmp_path / "m.csv").read_text() == (
        'image,class,metric,value\na,,dice,0.333333333\nNA,null,dice,\nc,"x,y",dice,1e-12\n'
    )
    found = read_table(tmp_path / "m.csv", METRICS)
    assert found["image"].tolist() == ["a", "NA", "c"]
    assert found["class"].tolist() == ["", "null", "x,y"]
    assert np.isnan(found["value"][1])
    np.testing.assert_allclose(found["value"][[0, 2]], [1 / 3, 1e-12], rtol=1e-9)


def test_ids_that_look_like_numbers_stay_text(tmp_path):
    write_table(
        tmp_path / "m.csv", pd.DataFrame({"class": ["007"], "metric": ["1e3"], "value": [2]}), SUMMARY
    )
    found = read_table(tmp_path / "m.csv", SUMMARY)
    assert found["class"].tolist() == ["007"]
    assert found["metric"].tolist() == ["1e3"]
    assert found["value"].dtype == np.float64


def test_object_tables_in_two_and_three_dimensions(tmp_path):
    frame = pd.DataFrame(
        {
            "image": ["a"],
            "label": np.array([4000000000], np.uint32),
            "centroid-0": [1.5],
            "centroid-1": [2.0],
            "bbox-0": [0],
            "voxels": [9],
            "area_um2": [0.25],
            "intensity_mean-nuclei red": [3.0],
            "touches_border": [True],
        }
    )
    write_table(tmp_path / "o.csv", frame, OBJECTS)
    found = read_table(tmp_path / "o.csv", OBJECTS)
    assert found["label"].tolist() == [4000000000]
    assert found["touches_border"].dtype == bool
    pd.testing.assert_frame_equal(found, frame.astype({"label": "int64"}), check_dtype=False)
    write_table(
        tmp_path / "o.csv", frame.assign(**{"centroid-2": 1.0, "bbox-5": 3, "volume_um3": 2.0}), OBJECTS
    )
    assert read_table(tmp_path / "o.csv", OBJECTS)["bbox-5"].dtype == np.int64


def test_empty_tables_keep_their_columns(tmp_path):
    frame = pd.DataFrame({"axis-0": [], "axis-1": [], "class": [], "score": []})
    write_table(tmp_path / "p.csv", frame, POINTS)
    found = read_table(tmp_path / "p.csv", POINTS)
    assert list(found.columns) == ["axis-0", "axis-1", "class", "score"]
    assert found["score"].dtype == np.float64
    assert len(found) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("class,metrics,value\n", "lacks the column 'metric'.*did you mean 'metrics'"),
        ("class,metric,value,more\n", "no column 'more'"),
        ("class,metric,value\na,b,high\n", "no summary table"),
        ("", "no summary table"),
        ("class,metric,value\na,b,1,2,3\na,b,1\n", "no summary table"),
    ],
)
def test_faulty_files(tmp_path, text, says):
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(BioLoomError, match=says):
        read_table(tmp_path / "s.csv", SUMMARY)


def test_missing_file(tmp_path):
    with pytest.raises(BioLoomError, match="no summary table"):
        read_table(tmp_path / "s.csv", SUMMARY)


def test_faulty_frames_are_mistakes_of_programs(tmp_path):
    schema = Schema("table", {"n": "integer"}, {})
    for frame in (pd.DataFrame({"m": [1]}), pd.DataFrame({"n": [1], "m": [1]}), pd.DataFrame({"n": [0.5]})):
        with pytest.raises(ValueError):  # noqa: PT011 - any
            write_table(tmp_path / "t.csv", frame, schema)
    assert not list(tmp_path.iterdir())
