import numpy as np
import pytest

from bioloom.targets.two_nearest import two_nearest

CASES = [((13, 15), (1.0, 1.0)), ((13, 15), (0.4, 1.3)), ((6, 8, 9), (2.0, 0.5, 0.6))]


def brute_force(labels, spacing):
    """The two smallest distances of every voxel to the voxels of an object."""
    places = np.argwhere(np.ones(labels.shape, bool)) * spacing
    parts = [np.argwhere(labels == i) * spacing for i in np.unique(labels[labels > 0])]
    apart = [np.linalg.norm(places[:, None] - part[None], axis=-1).min(1) for part in parts]
    return np.sort(apart, axis=0)[:2].reshape(2, *labels.shape)


@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_distances_by_brute_force(shape, spacing):
    rng = np.random.default_rng(0)
    labels = np.zeros(shape, np.int32)
    for number in (7, 3, 12, 5):
        corner = [rng.integers(0, n - 3) for n in shape]
        labels[tuple(slice(c, c + 3) for c in corner)] = number
    expected = brute_force(labels, spacing)
    for got, wanted in zip(two_nearest(labels, spacing, 100.0), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
    for got, wanted in zip(two_nearest(labels, spacing, 2.01), expected, strict=True):
        np.testing.assert_allclose(got[wanted <= 2.01], wanted[wanted <= 2.01], rtol=1e-5)
        assert (got[wanted > 2.01] > 2.01).all()


def test_without_a_second_object_there_is_no_second_distance():
    labels = np.zeros((5, 6), np.uint16)
    first, second = two_nearest(labels, (1.0, 1.0), 3.0)
    assert np.isinf(first).all()
    labels[2:4, 2:4] = 9
    first, second = two_nearest(labels, (1.0, 1.0), 3.0)
    assert (first[labels > 0] == 0).all()
    assert np.isinf(second).all()
