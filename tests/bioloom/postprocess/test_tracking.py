import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.postprocess.tracking import cluster, follow


def walk(flow, start, spacing, steps):
    """Follow a flow from one voxel by plain loops."""
    place = np.array(start, float)
    shape = flow.shape[1:]
    for _ in range(steps):
        low = np.floor(place).astype(int)
        share = place - low
        move = np.zeros(len(shape))
        for corner in np.ndindex((2,) * len(shape)):
            voxel = np.minimum(low + corner, np.array(shape) - 1)
            factor = np.prod([s if c else 1 - s for s, c in zip(share, corner, strict=True)])
            vector = flow[(slice(None), *voxel)]
            length = max(1, np.linalg.norm(vector))
            move += factor * vector / length * 0.5 * min(spacing) / np.array(spacing)
        place = np.clip(place + move, 0, np.array(shape) - 1)
        if (np.abs(move) * spacing <= 0.02 * min(spacing)).all():
            break
    return np.floor(place + 0.5).astype(int)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((12, 15), (1.0, 1.0)), ((12, 15), (1.0, 0.4)), ((7, 8, 9), (2.0, 1.0, 1.0))]
)
def test_ways_by_plain_loops(shape, spacing):
    rng = np.random.default_rng(0)
    flow = rng.normal(size=(len(shape), *shape)).astype(np.float32)
    flow[:, rng.random(shape) < 0.2] = 0
    image = Box.of(shape)
    ends, settled = follow(flow, np.arange(flow[0].size), image, image, spacing, 30)
    expected = [np.ravel_multi_index(walk(flow, start, spacing, 30), shape) for start in np.ndindex(shape)]
    np.testing.assert_array_equal(ends, expected)
    assert settled.all()


def test_ways_are_followed_some_at_a_time(monkeypatch):
    flow = np.random.default_rng(0).normal(size=(2, 9, 11)).astype(np.float32)
    image = Box.of((9, 11))
    ends, _ = follow(flow, np.arange(99), image, image, (1.0, 1.0), 9)
    monkeypatch.setattr("bioloom.postprocess.tracking.AT_ONCE", 10)
    np.testing.assert_array_equal(follow(flow, np.arange(99), image, image, (1.0, 1.0), 9)[0], ends)


def test_a_way_comes_to_rest_between_voxels_that_point_at_each_other():
    flow = np.zeros((2, 5, 8), np.float32)
    flow[1, :, :4], flow[1, :, 4:] = 1, -1
    image = Box.of((5, 8))
    few, many = (follow(flow, np.arange(40), image, image, (1.0, 1.0), steps)[0] for steps in (8, 9))
    np.testing.assert_array_equal(few, many)
    np.testing.assert_array_equal(np.unique(few % 8), [4])


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_window_says_what_the_image_says_or_that_it_is_not_settled(ndim):
    shape = (30, 34, 32)[-ndim:] if ndim == 2 else (14, 16, 18)
    rng = np.random.default_rng(1)
    flow = rng.normal(size=(ndim, *shape)).astype(np.float32) + 0.2
    image = Box.of(shape)
    window = Box(tuple(n // 4 for n in shape), tuple(n - 2 for n in shape))
    starts = np.arange(np.prod(shape)).reshape(shape)[window.slices].ravel()
    whole, _ = follow(flow, starts, image, image, (1.0,) * ndim, 20)
    part, settled = follow(flow[(slice(None), *window.slices)], starts, window, image, (1.0,) * ndim, 20)
    assert 0 < settled.sum() < len(starts)
    np.testing.assert_array_equal(part[settled], whole[settled])


def test_a_step_is_half_a_voxel_of_the_finest_axis():
    flow = np.zeros((2, 40, 40), np.float32)
    flow[0], flow[1] = 3, 4  # a direction only: its length is more than 1
    image = Box.of((40, 40))
    ends, _ = follow(flow, np.array([0]), image, image, (2.0, 1.0), 20)
    assert np.unravel_index(ends[0], (40, 40)) == (3, 8)


def test_ends_that_are_neighbours_share_a_sink():
    image = Box.of((10, 10))
    counts = {(1, 1): 9, (2, 2): 1, (2, 3): 8, (2, 4): 1, (6, 6): 3, (9, 9): 1, (9, 0): 20, (8, 9): 1}
    places = sorted(counts)
    ends = np.array([np.ravel_multi_index(place, (10, 10)) for place in places])
    sinks = cluster(ends, np.array([counts[place] for place in places]), image, 4)
    found = dict(zip(places, sinks.tolist(), strict=True))
    # (2, 2) joins (1, 1) and (2, 3), (2, 4) is dense by its neighbour; (6, 6) and the corner hold too few
    assert found == {(1, 1): 1, (2, 2): 1, (2, 3): 1, (2, 4): 1, (6, 6): 0, (8, 9): 0, (9, 0): 2, (9, 9): 0}


def test_rows_do_not_wrap_around():
    image = Box.of((4, 5))
    ends = np.array([4, 5, 14, 15])  # the ends of rows and the beginnings of the next ones
    np.testing.assert_array_equal(cluster(ends, np.full(4, 9), image, 1), [1, 2, 3, 4])


def test_no_end_no_sink():
    assert cluster(np.zeros(0, np.int64), np.zeros(0, np.int64), Box.of((3, 3)), 1).size == 0
