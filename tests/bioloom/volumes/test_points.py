import logging

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.points import Points, read_annotations, read_points, write_points

SHAPES = {2: (20, 30), 3: (6, 20, 30)}


def table(tmp_path, text):
    path = tmp_path / "spots.csv"
    path.write_text(text)
    return path


def test_points_of_a_plane_with_classes_and_other_columns(tmp_path):
    path = table(tmp_path, "index,axis-1, axis-0,class,size\n0,2.5,19.25,RBC,9\n1,29.4,-0.5, WBC ,\n\n")
    found = read_annotations(path, SHAPES[2])
    np.testing.assert_array_equal(found.places, [[19.25, 2.5], [-0.5, 29.4]])
    assert found.classes.tolist() == ["RBC", "WBC"]
    assert found.scores.tolist() == [1, 1]


def test_points_of_a_volume_without_classes(tmp_path):
    found = read_annotations(table(tmp_path, "axis-0,axis-1,axis-2\n1,2,3\n"), SHAPES[3])
    np.testing.assert_array_equal(found.places, [[1, 2, 3]])
    assert found.classes.tolist() == [""]


def test_a_header_alone_is_an_image_without_points(tmp_path):
    found = read_annotations(table(tmp_path, "axis-0,axis-1,axis-2\n"), SHAPES[3])
    assert found.places.shape == (0, 3)
    assert len(found.inside(Box((0, 0, 0), (2, 2, 2)))) == 0


@pytest.mark.parametrize(
    ("text", "ndim", "message"),
    [
        ("", 2, "is empty"),
        ("y,x\n1,2\n", 2, "no column 'axis-0'"),
        ("axis-0,axis-1\n1,2\n", 3, "no column 'axis-2'"),
        ("axis-0,axis-1,axis-2\n1,2,3\n", 2, "2 spatial axes"),
        ("axis-0,axis-1\n1,2\n3,nan\n", 2, "line 3: axis-1 is 'nan'"),
        ("axis-0,axis-1\n1,\n", 2, "line 2: axis-1 is ''"),
        ("axis-0,axis-1\n1\n", 2, "axis-1 is None"),
        ("axis-0,axis-1\ninf,3\n", 2, "axis-0 is 'inf'"),
        ("axis-0,axis-1\n25,3\n1,1\n", 2, r"1 of 2 points lie outside .* \(25, 3\).* 20 x 30"),
        ("axis-0,axis-1\n1,29.5\n", 2, "1 of 1 points"),
        ("axis-0,axis-1,class\n1,2,a\n1,2,b\n", 2, "two classes, 'a' and 'b'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, ndim, message):
    with pytest.raises(BioLoomError, match=message):
        read_annotations(table(tmp_path, text), SHAPES[ndim])


def test_a_file_that_is_no_text_is_said(tmp_path):
    path = tmp_path / "spots.csv"
    path.write_bytes(b"\xff\xfe\x00axis")
    with pytest.raises(BioLoomError, match="no table of points"):
        read_annotations(path, SHAPES[2])


def test_a_point_that_stands_twice_counts_once(tmp_path, caplog):
    path = table(tmp_path, "axis-0,axis-1,class\n5,2,a\n1,2,a\n5,2.0,a\n")
    with caplog.at_level(logging.WARNING):
        found = read_annotations(path, SHAPES[2])
    np.testing.assert_array_equal(found.places, [[5, 2], [1, 2]])
    assert "1 points stand there more than once" in caplog.text


@pytest.mark.parametrize("ndim", [2, 3])
def test_written_points_come_back(tmp_path, ndim):
    points = Points.of(np.random.default_rng(0).uniform(0, 20, (9, ndim)), ["a", ""] * 4 + ["b"], [0.5] * 9)
    write_points(tmp_path / "p.csv", points)
    found = read_points(tmp_path / "p.csv")
    np.testing.assert_allclose(found.places, points.places, rtol=1e-8)
    assert found.classes.tolist() == points.classes.tolist()
    assert found.scores.tolist() == points.scores.tolist()
    write_points(tmp_path / "none.csv", points.take(np.zeros(9, bool)))
    assert read_points(tmp_path / "none.csv").places.shape == (0, ndim)


def test_the_points_in_a_box_move_with_it():
    points = Points.of([[0.4, 3.0], [1.5, 3.0], [4.49, 2.0], [4.5, 2.0]], list("abcd"))
    found = points.inside(Box((2, 0), (5, 9)))
    np.testing.assert_allclose(found.places, [[-0.5, 3], [2.49, 2]])
    assert found.classes.tolist() == ["b", "c"]
