import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.seeds import choose_seeds


def labels_of(seeds, tile=None, **options):
    """Label a picture that is all foreground, so that its objects tell the seeds."""
    shape = seeds.shape
    prediction = np.stack([np.ones(shape, np.float32), seeds.astype(np.float32)])
    watershed = {"name": "watershed", "seeds": "seeds", "topography": "seeds", "seed_smoothing": 0, **options}
    passes = compile_passes([watershed], channels=("foreground", "seeds"), spacing=(1.0,) * seeds.ndim)
    return run_in_memory(prediction, passes, Layout.cut(shape, tile or shape, halo=2))


def peaks(shape, *heights, width=3.0):
    """Peaks in a row along the last axis, as many as there are heights; a valley lies between neighbours."""
    grid = np.indices(shape)
    places = [
        (*(n // 2 for n in shape[:-1]), (i + 1) * shape[-1] // (len(heights) + 1))
        for i in range(len(heights))
    ]
    hills = [
        height * np.exp(-sum((axis - at) ** 2 for axis, at in zip(grid, place, strict=True)) / (2 * width**2))
        for height, place in zip(heights, places, strict=True)
    ]
    return np.max(hills, axis=0)


@pytest.mark.parametrize("shape", [(20, 48), (9, 11, 48)])
def test_touching_peaks_are_several_seeds_and_faint_ones_are_kept(shape):
    """At the low threshold all are one component; at the high one the faint peak would be lost."""
    hills = peaks(shape, 0.95, 0.9, 0.45, width=6.0)
    low = {"seed_threshold": 0.2, "seed_step": 0}
    assert labels_of(hills, **low).max() == 1
    assert labels_of(hills, **low | {"seed_threshold": 0.6}).max() == 2
    for tile in (None, tuple(n // 2 + 1 for n in shape), (4,) * len(shape)):
        assert labels_of(hills, tile, **low | {"seed_step": 0.1}).max() == 3


def test_pieces_below_the_size_do_not_count():
    hills = peaks((15, 40), 0.9, 0.9, width=5.0)
    hills[7, 20:22] = 1.0  # two voxels in the valley
    options = {"seed_threshold": 0.3, "seed_step": 0.1}
    assert labels_of(hills, **options, seed_voxels=3).max() == 2
    assert labels_of(hills, **options, seed_voxels=1).max() == 3


def test_a_lonely_seed_counts_however_small():
    hills = np.zeros((12, 12))
    hills[3, 3] = 0.9
    labels = labels_of(hills, seed_threshold=0.3, seed_voxels=50, unseeded="drop")
    assert labels.max() == 1


def recursive(mask, levels, least, connectivity):
    """The definition, voxel by voxel: the seeds inside a mask, as a list of masks."""
    if not levels:
        return [mask]
    structure = ndimage.generate_binary_structure(mask.ndim, connectivity)
    labels, count = ndimage.label(mask & levels[0], structure)
    pieces = [labels == i for i in range(1, count + 1)]
    pieces = [piece for piece in pieces if piece.sum() >= least]
    inner = [seed for piece in pieces for seed in recursive(piece, levels[1:], least, connectivity)]
    return inner if len(inner) > 1 else [mask]


@pytest.mark.parametrize(
    ("shape", "connectivity"), [((30, 34), 1), ((30, 34), 2), ((9, 12, 14), 1), ((9, 12, 14), 3)]
)
@pytest.mark.parametrize("least", [1, 6])
def test_the_tree_is_the_recursion(shape, connectivity, least):
    rng = np.random.default_rng(connectivity)
    noise = ndimage.gaussian_filter(rng.random(shape), 1.5)
    noise = ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)
    levels = [0.3 + 0.1 * k for k in range(7)]
    structure = ndimage.generate_binary_structure(len(shape), connectivity)
    lowest, count = ndimage.label(noise > np.float32(0.3), structure)
    above = [noise > np.float32(level) for level in levels[1:]]
    expected = [
        seed for i in range(1, count + 1) for seed in recursive(lowest == i, above, least, connectivity)
    ]
    options = {"seed_threshold": 0.3, "seed_step": 0.1, "seed_voxels": least, "connectivity": connectivity}
    for tile in (shape, tuple(n // 3 + 1 for n in shape)):
        labels = labels_of(noise, tile, **options)
        assert labels.max() == len(expected) > 3
        found = {int(labels[seed][0]) for seed in expected}
        assert len(found) == len(expected), "every seed has a label of its own"
        assert all((labels[seed] == labels[seed][0]).all() for seed in expected)


def test_a_tree_without_components():
    nothing = np.zeros(0, np.int64)
    assert [seeds.size for seeds in choose_seeds([nothing, nothing], [nothing, nothing], 1)] == [0, 0]
