import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError

CASES = [((29, 31), (1.0, 1.0), 4.0), ((25, 30), (1.5, 0.5), 2.0), ((8, 13, 14), (2.0, 1.0, 1.0), 3.0)]


def scattered(shape, seed):
    """Small objects far apart, numbered by first voxels."""
    mask = np.random.default_rng(seed).random(shape) < 0.02
    return ndimage.label(mask)[0]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("shape", "spacing", "distance"), CASES)
def test_voxels_go_to_the_nearest_object_as_by_the_distance_transform(
    shape, spacing, distance, masked, operate
):
    for seed in range(3):
        labels = scattered(shape, seed)
        prediction = np.random.default_rng(seed + 9).random((2, *shape)).astype(np.float32)
        options = {"name": "voronoi", "max_distance_um": distance}
        allowed = np.ones(shape, bool)
        if masked:
            options |= {"foreground": ["a", "not b"], "threshold": 0.3}
            allowed = (prediction[0] > np.float32(0.3)) & (1 - prediction[1] > np.float32(0.3))
        each = np.stack(
            [ndimage.distance_transform_edt(labels != n, spacing) for n in range(1, labels.max() + 1)]
        )
        away, nearest = each.min(axis=0), np.round(each, 6).argmin(axis=0) + 1
        grown = (labels == 0) & allowed & (away <= distance + 1e-6)
        expected = np.where(grown, nearest, labels)
        assert grown.any()
        for tile in (shape, (6,) * len(shape), (4, 30, 5)[-len(shape) :]):
            found = operate(labels, options, spacing=spacing, tile=tile, prediction=prediction)
            number = np.zeros(labels.max() + 1, int)  # growing may change which object comes first
            number[expected.ravel()] = found.ravel()
            np.testing.assert_array_equal(found, number[expected])
            assert len(set(number[1:])) == labels.max()


def test_distances_and_channels_that_make_no_sense_are_refused(operate):
    with pytest.raises(BioLoomError, match=r"voronoi has a radius of 0\.25 voxels"):
        operate(np.ones((3, 3)), {"name": "voronoi", "max_distance_um": 0.5}, spacing=(2.0, 2.0))
    with pytest.raises(BioLoomError, match="no channel 'z'"):
        operate(np.ones((3, 3)), {"name": "voronoi", "foreground": "z"})
