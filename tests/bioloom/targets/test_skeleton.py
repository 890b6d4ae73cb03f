import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from bioloom.targets.base import UNKNOWN
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.skeleton import Skeleton, SkeletonOptions


def make(labels, cut=None, **options):
    ids = np.unique(labels[labels > 0])
    facts = ObjectFacts(ids, np.zeros((len(ids), labels.ndim)), np.ones(len(ids)), 1.0)
    cut = cut or ((False, False),) * labels.ndim
    values, weight = Skeleton(SkeletonOptions(**options)).make(labels, facts, (1.0,) * labels.ndim, cut)
    return values[0], weight[0]


def two_bars(ndim):
    """Two bars that touch along their sides."""
    labels = np.zeros((9, 12, 24)[-ndim:], np.uint16)
    labels[..., 2:7, 2:22] = 3
    labels[..., 7:12, 4:24] = 8
    if ndim == 3:
        labels[:2] = labels[7:] = 0
    return labels


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_object_has_a_line_of_its_own(ndim):
    labels = two_bars(ndim)
    lines, weight = make(labels, width=1)
    expected = sum(skeletonize(np.pad(labels == i, 1))[(slice(1, -1),) * ndim] for i in (3, 8))
    np.testing.assert_array_equal(lines, expected)
    assert weight.all()
    for i in (3, 8):
        own = (lines > 0) & (labels == i)
        assert 10 < own.sum() < 30, "a line, not a sheet"
        assert ndimage.label(own, np.ones((3,) * ndim))[1] == 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_width_thickens_within_the_object(ndim):
    labels = two_bars(ndim)
    thin, _ = make(labels, width=1)
    thick, _ = make(labels, width=3)
    for i in (3, 8):
        grown = ndimage.binary_dilation((thin > 0) & (labels == i), iterations=2, mask=labels == i)
        np.testing.assert_array_equal((thick > 0) & (labels == i), grown)


@pytest.mark.parametrize("side", [1, 2, 4, 6])
def test_small_blocks_have_one_too(side):
    labels = np.zeros((8, 8, 8), int)
    labels[(slice(1, 1 + side),) * 3] = 1
    assert make(labels, width=1)[0].any()


def test_an_object_that_a_cut_meets_does_not_count():
    labels = two_bars(2)
    _, weight = make(labels, ((False, False), (False, True)))
    np.testing.assert_array_equal(weight == 0, labels == 8)
    beyond = np.where(labels == 8, -9 - UNKNOWN, labels.astype(np.int64))
    _, weight = make(beyond)
    np.testing.assert_array_equal(weight == 0, labels > 0)
