from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess.checks import check_labels, check_pair, narrowest, spacing_of
from bioloom.settings import parse_config
from bioloom.volumes.formats.foreign import Foreign

FLAT = Foreign(Path("flat.tif"), np.zeros((5, 6), np.uint8), "YX")
SOLID = Foreign(Path("solid.tif"), np.zeros((4, 5, 6), np.uint8), "ZYX", (2.0, 0.5, 0.25))
UNSCALED = Foreign(Path("unscaled.tif"), SOLID.source, "ZYX")
MOVIE = Foreign(Path("movie.tif"), np.zeros((3, 5, 6), np.uint8), "TYX")


def test_the_users_voxel_size_wins():
    assert spacing_of(SOLID, None) == ((2.0, 0.5, 0.25), True)
    assert spacing_of(SOLID, [3, 1, 1]) == ((3.0, 1.0, 1.0), True)
    assert spacing_of(FLAT, None) == ((1.0, 1.0), False)
    assert spacing_of(FLAT, [0.1, 0.2]) == ((0.1, 0.2), True)
    # of planes, for a volume whose file says how far apart they are
    assert spacing_of(SOLID, [0.1, 0.2]) == ((2.0, 0.1, 0.2), True)


def test_the_voxel_size_of_a_config_follows_its_axes():
    data = {"predict": {"images": "a.tif"}, "axes": "XYZC", "voxel_size": [0.1, 0.2, 0.7]}
    config = parse_config({"run": "a", "task": "instance_segmentation", "data": data})
    assert spacing_of(SOLID, config.data.voxel_size) == ((0.7, 0.2, 0.1), True)


@pytest.mark.parametrize(
    ("image", "voxel_size", "says"),
    [
        (FLAT, [1, 1, 1], "3 numbers, but flat.tif has the axes YX"),
        (UNSCALED, [1, 1], "2 numbers, but unscaled.tif has the axes ZYX"),
        (SOLID, [1, 0, 1], "data.voxel_size is 1 x 0 x 1"),
        (SOLID, [1, -2, 1], "data.voxel_size is 1 x -2 x 1"),
        (Foreign(Path("a.tif"), FLAT.source, "YX", (0.0, 1.0)), None, "a.tif has the voxel size 0 x 1"),
    ],
)
def test_impossible_voxel_sizes(image, voxel_size, says):
    with pytest.raises(BioLoomError, match=says):
        spacing_of(image, voxel_size)


@pytest.mark.parametrize(
    ("image", "labels", "says"),
    [
        (MOVIE, FLAT, r"labels flat\.tif hold one time point, the image movie\.tif 3 time points"),
        (FLAT, MOVIE, r"labels movie\.tif hold 3 time points, the image flat\.tif one time point"),
        (
            MOVIE,
            Foreign(Path("short.tif"), np.zeros((2, 5, 6), np.uint8), "TYX"),
            r"short\.tif hold 2 time points, .* 3 time points; allowed: labels of every time point",
        ),
    ],
)
def test_labels_of_other_time_points(image, labels, says):
    with pytest.raises(BioLoomError, match=says):
        check_pair(image, labels)
    check_pair(image, image)


def test_labels_of_their_image():
    check_pair(FLAT, FLAT)
    with pytest.raises(
        BioLoomError, match=r"labels flat\.tif are 5 x 6 voxels, the image solid\.tif 4 x 5 x 6"
    ):
        check_pair(SOLID, FLAT)
    with pytest.raises(BioLoomError, match="have 3 channels"):
        check_pair(FLAT, Foreign(Path("a.png"), np.zeros((5, 6, 3), np.uint8), "YXS"))
    with pytest.raises(BioLoomError, match="of type float64; allowed: integers"):
        check_labels(Foreign(Path("a.tif"), np.ones((5, 6)), "YX"))


@pytest.mark.parametrize(
    ("least", "most", "signed", "expected"),
    [
        (0, 255, False, "uint8"),
        (0, 256, False, "uint16"),
        (0, 65536, False, "uint32"),
        (0, 2**32, False, "uint64"),
        (0, 255, True, "uint8"),
        (-1, 100, True, "int8"),
        (-1, 40000, True, "int32"),
        (0, 2**32 - 1, True, "uint32"),
    ],
)
def test_the_narrowest_type(least, most, signed, expected):
    assert narrowest(Path("a"), least, most, signed=signed) == np.dtype(expected)


def test_no_type_is_wide_enough():
    with pytest.raises(BioLoomError, match="negative numbers"):
        narrowest(Path("a"), -1, 5, signed=False)
    with pytest.raises(BioLoomError, match="up to 32 bits"):
        narrowest(Path("a"), 0, 2**32, signed=True)
