from math import prod

import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.postprocess import crops as module
from bioloom.postprocess.crops import crop_shape, crops


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9000, 9000), (2048, 2048)),
        ((1000, 1000, 1000), (161, 161, 161)),
        ((30, 5000, 5000), (30, 373, 373)),
        ((500, 20000), (500, 8388)),
    ],
)
def test_a_crop_is_as_large_and_as_cubic_as_it_may_be(shape, expected):
    assert crop_shape(shape) == expected
    assert prod(expected) <= module.CROP_VOXELS


def test_a_small_image_is_taken_whole_and_not_read():
    assert list(crops((2048, 2048), None)) == [Box.of((2048, 2048))]


@pytest.mark.parametrize("shape", [(40, 61), (14, 15, 19)])
def test_a_large_image_gives_crops_with_objects_only(monkeypatch, shape):
    monkeypatch.setattr(module, "CROP_VOXELS", 4 ** len(shape))
    truth, seen = np.zeros(shape, np.uint16), []
    truth[tuple(slice(0, n // 2) for n in shape)] = 5

    def read(box):
        seen.append(box)
        return truth[box.slices]

    found = list(crops(shape, read))
    assert found == list(crops(shape, read))
    assert len(found) == len(set(found)) == module.CROPS
    assert all(truth[box.slices].any() for box in found)
    assert max(box.size for box in seen) <= 4 ** len(shape)
    assert len({box.start[0] for box in found}) > 1


def test_an_image_without_objects_gives_no_crop(monkeypatch):
    monkeypatch.setattr(module, "CROP_VOXELS", 16)
    assert list(crops((9, 9), lambda box: np.zeros(box.shape))) == []
