import numpy as np
import pytest

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.offset import Offset, OffsetOptions

UNCUT = {2: ((False, False),) * 2, 3: ((False, False),) * 3}


@pytest.mark.parametrize(("shape", "spacing"), [((9, 11), (1.0, 0.5)), ((7, 9, 11), (2.0, 0.5, 0.7))])
def test_vectors_lead_to_the_center(shape, spacing):
    ndim = len(shape)
    labels = np.zeros(shape, int)
    labels[(slice(1, 6), slice(2, 7), slice(2, 9))[:ndim]] = 4
    voxels = np.argwhere(labels == 4)
    center, half = voxels.mean(0), np.ptp(voxels, axis=0) / 2
    facts = ObjectFacts(np.array([4]), center[None], np.array([1.0]), 1.0, half_lengths=half[None])
    target = Offset(OffsetOptions())
    values, weight = target.make(labels, facts, spacing, UNCUT[ndim])
    reach = (half * spacing).max()
    landed = voxels + values[(slice(None), *voxels.T)].T * reach / spacing
    np.testing.assert_allclose(landed, np.tile(center, (len(voxels), 1)), atol=1e-5)
    assert not values[:, labels == 0].any()
    assert np.abs(values).max() == pytest.approx(1)
    assert weight.shape == values.shape
    assert weight.all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_one_channel_per_axis(ndim):
    channels = Offset(OffsetOptions()).channels(ndim)
    assert [channel.axis for channel in channels] == list(range(ndim))
    assert [channel.name for channel in channels] == [f"offset-{axis}" for axis in "zyx"[-ndim:]]


def test_transposed_labels_have_exchanged_components():
    rng = np.random.default_rng(0)
    labels = np.zeros((12, 12), int)
    labels[2:6, 1:10] = 1
    labels[7:11, 4:7] = 2
    facts = ObjectFacts(np.array([1, 2]), rng.uniform(3, 8, (2, 2)), np.array([2.0, 1.5]), 1.0)
    turned = facts.moved(facts.centroids[:, ::-1])
    target = Offset(OffsetOptions())
    values, _ = target.make(labels, facts, (0.5, 0.5), UNCUT[2])
    other, _ = target.make(labels.T, turned, (0.5, 0.5), UNCUT[2])
    np.testing.assert_array_equal(other, values[::-1].transpose(0, 2, 1))
