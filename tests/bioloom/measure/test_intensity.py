from dataclasses import fields

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.measure.intensity import Intensities, accumulate, merge
from bioloom.measure.runs import object_runs


def intensities_of(labels, image, details=True):
    return accumulate(object_runs(labels), image, details=details)


def in_blocks(labels, image, side, details=True):
    """The intensities of slabs along the last axis, which cut rows and objects, in a shuffled order."""
    starts = np.arange(0, labels.shape[-1], side)
    np.random.default_rng(0).shuffle(starts)
    return [intensities_of(labels[..., at : at + side], image[..., at : at + side], details) for at in starts]


def assert_close(one: Intensities, other: Intensities, **tolerance) -> None:
    for field in fields(Intensities):
        np.testing.assert_allclose(
            getattr(one, field.name), getattr(other, field.name), err_msg=field.name, **tolerance
        )


def test_statistics_are_those_of_numpy(labels, image):
    found = intensities_of(labels, image)
    np.testing.assert_array_equal(found.ids, np.unique(labels)[1:])
    for index, object_id in enumerate(found.ids):
        values = image[:, labels == object_id].astype(float)
        assert found.voxels[index] == values.shape[1]
        np.testing.assert_array_equal(found.total[index], values.sum(axis=1))
        np.testing.assert_array_equal(found.lowest[index], values.min(axis=1))
        np.testing.assert_array_equal(found.highest[index], values.max(axis=1))
        np.testing.assert_allclose(found.mean[index], values.mean(axis=1), rtol=1e-14)
        np.testing.assert_allclose(found.std[index], values.std(axis=1), rtol=1e-12)


@pytest.mark.parametrize("side", [1, 4, 7, 1000])
def test_blocks_add_up_to_the_whole(labels, image, side):
    whole = intensities_of(labels, image)
    parts = merge(in_blocks(labels, image, side))
    for name in ("ids", "voxels", "total", "lowest", "highest"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name), name)
    np.testing.assert_allclose(parts.spread, whole.spread, rtol=1e-12)


@pytest.mark.parametrize("side", [1, 4, 7])
def test_blocks_of_float_images_differ_by_rounding_only(labels, side):
    image = np.random.default_rng(3).normal(size=(1, *labels.shape)).astype(np.float32)
    assert_close(merge(in_blocks(labels, image, side)), intensities_of(labels, image), rtol=1e-12, atol=1e-12)


def test_a_small_spread_on_a_large_offset_is_kept(labels):
    """Sums of squares would have lost it."""
    image = 1e9 + np.random.default_rng(3).normal(size=(1, *labels.shape))
    found = merge(in_blocks(labels, image, 5))
    for index, object_id in enumerate(found.ids):
        values = image[0, labels == object_id]
        assert found.std[index, 0] == pytest.approx(values.std(), rel=1e-6, abs=1e-6)


def test_without_details_there_are_totals_only(labels, image):
    found = merge(in_blocks(labels, image, 5, details=False))
    np.testing.assert_array_equal(found.total, intensities_of(labels, image).total)
    assert found.lowest.shape == found.highest.shape == found.spread.shape == (len(found.ids), 0)


def test_a_constant_has_no_spread(labels):
    found = merge(in_blocks(labels, np.full((1, *labels.shape), 65535, np.uint16), 6))
    assert not found.spread.any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("value", "total"), [(np.nan, np.nan), (np.inf, np.inf)])
def test_values_that_are_no_numbers_stay_in_their_object(value, total):
    labels = np.array([[1, 1, 2, 2]])
    image = np.array([[[3.0, value, 5.0, 7.0]]])
    found = merge(
        [intensities_of(labels[:, :1], image[..., :1]), intensities_of(labels[:, 1:], image[..., 1:])]
    )
    np.testing.assert_array_equal(found.total[:, 0], [total, 12])
    np.testing.assert_array_equal(found.spread[:, 0], [np.nan, 2])


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("channels", [0, 2])
def test_no_objects(details, channels):
    empty = intensities_of(np.zeros((3, 4), int), np.zeros((channels, 3, 4)), details)
    both = merge([empty, empty])
    assert both.mean.shape == (0, channels)
    assert both.std.shape == (0, channels if details else 0)


def test_an_image_of_another_shape_is_refused(labels):
    with pytest.raises(BioLoomError, match="an image of shape"):
        intensities_of(labels, np.zeros((1, *labels.shape[:-1], 3)))
