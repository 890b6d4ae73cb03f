import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

RAYS = 16
CHANNELS = ("stars-probability", *(f"stars-ray-{n}" for n in range(RAYS)))
SHAPES = {2: (40, 44), 3: (12, 16, 18)}
TILES = {2: [(9, 14), (40, 5), (17, 44)], 3: [(4, 5, 6), (12, 3, 18)]}


def noisy(ndim, seed=0):
    """Probabilities with plateaus and rays of all lengths: many shapes that overlap and cross blocks."""
    rng = np.random.default_rng(seed)
    maps = rng.random((1 + RAYS, *SHAPES[ndim])).astype(np.float32)
    maps[0] = np.round(maps[0] * 8) / 8
    maps[1:] = 2 + 3 * maps[1:]
    return maps


def passes_of(ndim, channels=CHANNELS, **options):
    values = {"name": "stars", "seed_threshold": 0.5, **options}
    return compile_passes(
        [values], channels=channels, spacing=(1.5, 1.0, 1.0)[-ndim:], defaults={"radius_um": 1.2}
    )


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_block_grid_never_shows(ndim):
    for seed in range(2):
        maps, passes = noisy(ndim, seed), passes_of(ndim)
        whole = run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], SHAPES[ndim], 0))
        assert whole.max() > 3
        for tile in TILES[ndim]:
            found = run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], tile, 0))
            np.testing.assert_array_equal(found, whole)


def test_where_objects_overlap_the_more_probable_one_is_seen():
    maps = np.zeros((1 + RAYS, 30, 40), np.float32)
    maps[0, 15, 12], maps[0, 15, 22] = 0.8, 0.9
    maps[1:] = 6
    labels = run_in_memory(maps, passes_of(2, radius_um=1), Layout.cut((30, 40), (30, 40), 0))
    grid = np.mgrid[:30, :40]
    left, right = (np.hypot(grid[0] - 15, grid[1] - x) <= 6 for x in (12, 22))
    np.testing.assert_array_equal(labels > 0, left | right)
    assert len(set(labels[right])) == 1
    assert labels[15, 12] != labels[15, 22]
    alone = run_in_memory(maps, passes_of(2, max_overlap=0, radius_um=1), Layout.cut((30, 40), (30, 40), 0))
    np.testing.assert_array_equal(alone > 0, right)


def test_bad_rays_do_no_harm():
    maps = np.zeros((1 + RAYS, 20, 20), np.float32)
    maps[0, 10, 10] = 1
    maps[1:] = np.inf
    maps[1] = np.nan
    maps[2] = -5
    labels = run_in_memory(maps, passes_of(2, max_radius=3, radius_um=1), Layout.cut((20, 20), (7, 7), 0))
    assert 0 < labels.astype(bool).sum() <= 29


def test_lengths_are_in_the_fingerprints_radius_unless_given():
    assert passes_of(2)[0].rules.radius_um == 1.2
    assert passes_of(2, radius_um=3)[0].rules.radius_um == 3


@pytest.mark.parametrize("channels", [CHANNELS[:1], CHANNELS[1:]])
def test_missing_channels_are_named(channels):
    with pytest.raises(BioLoomError, match="has no channel 'stars-"):
        passes_of(2, channels)


def test_it_comes_first():
    with pytest.raises(BioLoomError, match="put it first"):
        compile_passes(["stars", "stars"], channels=CHANNELS, spacing=(1, 1))
