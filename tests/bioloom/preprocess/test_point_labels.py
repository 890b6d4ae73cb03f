from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.preprocess.point_labels import of_points, open_labels, points_of
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.points import Points

SHAPES = {2: (12, 20), 3: (5, 12, 20)}


def some_points(ndim, number=9):
    return Points.of(np.random.default_rng(0).uniform(0, np.array(SHAPES[ndim]) - 1, (number, ndim)))


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_point_is_a_voxel_in_any_part(ndim):
    points = some_points(ndim)
    labels = of_points(Path("a.csv"), points, SHAPES[ndim])
    expected = np.zeros(SHAPES[ndim], int)
    for number, place in enumerate(points.places):
        expected[tuple(np.floor(place + 0.5).astype(int))] = number + 1
    np.testing.assert_array_equal(labels.read()[0], expected)
    box = Box((1, 3, 2)[-ndim:], (4, 11, 19)[-ndim:])
    np.testing.assert_array_equal(labels.read(box)[0], expected[box.slices])


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_region_has_its_points_in_its_own_voxels(ndim):
    points, shape = some_points(ndim), SHAPES[ndim]
    region = Box((0,) * (ndim - 1) + (8,), (*shape[:-1], 20))
    labels = of_points(Path("a.csv"), points, shape).inside(region)
    own = points_of(labels)
    held = np.floor(points.places[:, -1] + 0.5) >= 8
    assert 0 < held.sum() < len(points)
    np.testing.assert_allclose(own.places, points.places[held] - region.start)
    assert np.count_nonzero(labels.read()) == held.sum()


def test_label_images_have_no_points():
    assert points_of(Foreign(Path("a.tif"), np.zeros((3, 4), np.uint8), "YX")) is None


def test_a_table_is_read_for_the_shape_of_its_image(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("axis-0,axis-1\n3,4\n")
    image = Foreign(Path("a.tif"), np.zeros((12, 20), np.uint8), "YX")
    assert open_labels(path, image, None, "points").read()[0, 3, 4] == 1
    with pytest.raises(BioLoomError, match=r"are a table.*label images"):
        open_labels(path, image, None, "objects")
    with pytest.raises(BioLoomError, match="cannot be read"):
        open_labels(path, None, None, "points")
