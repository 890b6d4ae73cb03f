import numpy as np
import pytest

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stars import Stars, StarsOptions


def ball(ndim, spacing, side=31):
    grid = np.stack(np.meshgrid(*(np.arange(side),) * ndim, indexing="ij"), -1)
    return (np.linalg.norm((grid - side // 2) * spacing, axis=-1) <= 6).astype(np.uint8)


def facts(ndim, radius=6.0, median=3.0):
    return ObjectFacts(np.array([1]), np.zeros((1, ndim)), np.array([radius]), median)


def uncut(ndim):
    return ((False, False),) * ndim


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 0.7, 0.5)])
@pytest.mark.parametrize("ndim", [2, 3])
def test_rays_of_a_ball_are_its_radius_by_the_median_radius(ndim, spacing):
    step = spacing[-ndim:]
    values, weight = Stars(StarsOptions()).make(ball(ndim, step), facts(ndim), step, uncut(ndim))
    middle = (slice(None), *(15,) * ndim)
    np.testing.assert_allclose(values[middle][1:], 2, atol=0.9 * max(step) / 3)
    assert values[middle][0] > 0.95
    assert weight[middle].all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_rays_count_inside_of_objects_and_up_to_a_cut_only(ndim):
    labels = ball(ndim, (1.0,) * ndim)[:18]
    target = Stars(StarsOptions(rays=32))
    values, weight = target.make(labels, facts(ndim), (1.0,) * ndim, ((False, True), *uncut(ndim)[1:]))
    assert not weight[1:, labels == 0].any()
    assert not values[1:, labels == 0].any()
    down = np.array([channel.direction[0] > 0.99 for channel in target.channels(ndim)[1:]])
    up = np.array([channel.direction[0] < -0.99 for channel in target.channels(ndim)[1:]])
    middle = (15,) * ndim
    assert not weight[1:][down][(slice(None), *middle)].any()
    assert weight[1:][up][(slice(None), *middle)].all()
    assert up.any() or ndim == 3


def test_options_say_how_many_rays():
    assert [len(Stars(StarsOptions()).channels(ndim)) for ndim in (2, 3)] == [33, 65]
    channels = Stars(StarsOptions(rays=12)).channels(3)
    assert [channel.name for channel in channels[:3]] == ["stars-probability", "stars-ray-0", "stars-ray-1"]
    assert len(channels) == 13
    assert channels[0].direction is None
    assert all(len(channel.direction) == 3 for channel in channels[1:])
