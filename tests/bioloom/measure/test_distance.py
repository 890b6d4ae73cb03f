import numpy as np
import pytest
from scipy import ndimage

from bioloom.measure.distance import boundary_distance


def test_distance_is_that_of_each_object_alone(labels, spacing):
    expected = np.zeros(labels.shape)
    for object_id in np.unique(labels)[1:]:
        here = labels == object_id
        expected += ndimage.distance_transform_edt(here, sampling=spacing) * here
    np.testing.assert_allclose(boundary_distance(labels, spacing), expected, rtol=1e-6)


def test_threads_do_not_show(labels, spacing):
    one = boundary_distance(labels, spacing)
    np.testing.assert_array_equal(boundary_distance(labels, spacing, threads=2), one)


def test_the_border_is_no_boundary(ndim):
    labels = np.zeros((9,) * ndim, np.uint8)
    labels[:5] = 1
    distance = boundary_distance(labels, (1.0,) * ndim)
    np.testing.assert_allclose(distance[0], 5)
    np.testing.assert_allclose(distance[4], 1)


def test_ids_above_32_bits_bound_one_another():
    labels = np.array([[2**40, 2**40, 2**40 + 2**33, 2**40 + 2**33]], np.uint64)
    np.testing.assert_allclose(boundary_distance(labels, (1, 2)), [[4, 2, 2, 4]])


@pytest.mark.parametrize("ndim", [2, 3])
def test_an_object_that_fills_the_image_ends_at_the_border(ndim):
    distance = boundary_distance(np.ones((5,) * ndim, np.uint16), (1.0,) * ndim)
    assert distance.max() == distance[(2,) * ndim] == 3
    assert distance[(0,) * ndim] == 1


def test_no_objects(ndim):
    assert not boundary_distance(np.zeros((4,) * ndim, int), (1.0,) * ndim).any()
