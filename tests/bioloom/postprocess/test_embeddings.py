import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.embeddings import HALF, NEAR, take_the_rest
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

SHAPES = {2: (36, 40), 3: (10, 14, 16)}
TILES = {2: [(9, 14), (36, 5), (17, 40)], 3: [(4, 5, 6), (10, 3, 16)]}
SPACING = (2.0, 1.0, 1.0)


def channels(ndim):
    return tuple(f"embeddings-{name}" for name in (*"zyx"[-ndim:], "width", "seed"))


def passes_of(ndim, **options):
    values = {"name": "embeddings", "seed_threshold": 0.6, "foreground_threshold": 0.4, **options}
    return compile_passes(
        [values], channels=channels(ndim), spacing=SPACING[-ndim:], defaults={"radius_um": 3.0}
    )


def noisy(ndim, seed=0):
    """Smooth offsets and seeds with plateaus, widths of all sizes: objects across many blocks."""
    rng = np.random.default_rng(seed)
    maps = ndimage.gaussian_filter(rng.normal(size=(ndim + 2, *SHAPES[ndim])), (0, *(1.2,) * ndim))
    maps /= maps.std()
    maps[-1] = np.clip(0.5 + 0.4 * maps[-1], 0, 1)
    maps[-2] *= 0.4
    return (np.round(maps * 16) / 16).astype(np.float32)


def brute(maps, ndim):
    """One candidate after the other, each compared with all voxels."""
    shape, step = SHAPES[ndim], np.array(SPACING[-ndim:])
    voxels = np.argwhere(np.ones(shape, bool))
    places = voxels * step + 3.0 * maps[:ndim].reshape(ndim, -1).T.astype(float)
    length = np.sqrt(np.square(maps[:ndim]).sum(0, dtype=np.float32))
    score = np.where(maps[-1] > 0.6, maps[-1] - NEAR * length, -np.inf)
    candidates = []
    for voxel in voxels:
        around = [
            tuple(voxel + delta)
            for delta in np.argwhere(np.ones((3,) * ndim)) - 1
            if delta.any() and all(0 <= p < n for p, n in zip(voxel + delta, shape, strict=True))
        ]
        own = (-score[tuple(voxel)], *voxel)
        if np.isfinite(own[0]) and all(own < (-score[other], *other) for other in around):
            candidates.append(own)
    flat = {tuple(voxel): index for index, voxel in enumerate(voxels.tolist())}
    labels, taken = np.zeros(len(voxels), int), np.zeros(len(voxels), bool)
    for number, (_, *voxel) in enumerate(sorted(candidates), start=1):
        index = flat[tuple(int(v) for v in voxel)]
        if taken[index]:
            continue
        radius = HALF * 3.0 * np.exp(float(maps[-2].ravel()[index]))
        mine = np.square(places - places[index]).sum(1) < radius**2
        taken |= mine
        labels[mine & (labels == 0) & (maps[-1].ravel() > 0.4)] = number
    return labels.reshape(shape)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_block_grid_never_shows_and_it_is_the_greedy_choice(ndim, canonical):
    for seed in range(2):
        maps, passes = noisy(ndim, seed), passes_of(ndim)
        whole = run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], SHAPES[ndim], 0))
        assert whole.max() > 3
        np.testing.assert_array_equal(whole, canonical(brute(maps, ndim)))
        for tile in TILES[ndim]:
            found = run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], tile, 0))
            np.testing.assert_array_equal(found, whole)


def test_each_takes_those_within_its_radius():
    places = np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 4.5], [9.0, 9.0]])
    np.testing.assert_array_equal(take_the_rest(places, np.array([3.0, 9.0, 1.0, 1.0])), [0, 2, 3])
    np.testing.assert_array_equal(take_the_rest(places, np.array([2.0, 2.0, 1.0, 1.0])), [0, 1, 2, 3])


def test_rubbish_does_no_harm():
    maps = np.full((4, 20, 20), np.nan, np.float32)
    maps[:2, :10], maps[-1] = np.inf, 1
    run_in_memory(maps, passes_of(2), Layout.cut((20, 20), (7, 7), 0))


def test_what_is_missing_is_said():
    with pytest.raises(BioLoomError, match="no channel 'embeddings-width'"):
        compile_passes(["embeddings"], channels=channels(2)[:2], spacing=(1, 1))
    with pytest.raises(BioLoomError, match="put it first"):
        compile_passes(["embeddings", "embeddings"], channels=channels(2), spacing=(1, 1))
