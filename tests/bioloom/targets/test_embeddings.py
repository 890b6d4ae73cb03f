import numpy as np
import pytest

from bioloom.targets.embeddings import Embeddings, EmbeddingsOptions
from bioloom.targets.facts import ObjectFacts

TARGET = Embeddings(EmbeddingsOptions())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.5, 0.8)])
@pytest.mark.parametrize("ndim", [2, 3])
def test_every_voxel_points_to_the_center_of_its_object(ndim, spacing):
    step = spacing[-ndim:]
    labels = np.zeros((5, 9, 12)[-ndim:], int)
    labels[..., 1:6, 1:4], labels[..., 2:5, 4:11] = 4, 9
    ids = np.array([4, 9])
    centers = np.array([np.argwhere(labels == i).mean(0) for i in ids])
    facts = ObjectFacts(ids, centers, np.ones(2), 2.5)
    values, weight = TARGET.make(labels, facts, step, ((False, False),) * ndim)
    for number, center in zip(ids, np.floor(centers + 0.5), strict=True):
        for voxel in np.argwhere(labels == number):
            found = values[(slice(ndim), *voxel)]
            np.testing.assert_allclose(found, (center - voxel) * step / 2.5, atol=1e-6)
    np.testing.assert_array_equal(values[-1], labels > 0)
    assert not values[-2].any()
    assert not values[:, labels == 0].any()
    assert weight.all()


def test_an_object_that_goes_on_beyond_its_image_does_not_count():
    labels = np.array([[1, 1, 0, 2, 2]])
    facts = ObjectFacts(np.array([1, 2]), np.array([[0, np.nan], [0, 3.5]]), np.array([np.inf, 1.0]), 1.0)
    values, weight = TARGET.make(labels, facts, (1.0, 1.0), ((False, False),) * 2)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(weight, np.broadcast_to([[0, 0, 1, 1, 1]], (4, 1, 5)))


@pytest.mark.parametrize("ndim", [2, 3])
def test_offsets_are_vectors_and_the_others_are_not(ndim):
    channels = TARGET.channels(ndim)
    assert [channel.axis for channel in channels] == [*range(ndim), None, None]
    assert [channel.name for channel in channels[-3:]] == [
        "embeddings-x",
        "embeddings-width",
        "embeddings-seed",
    ]
    assert channels[-1].activation == "sigmoid"
