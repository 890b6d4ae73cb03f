"""What every operation on class maps must hold: the block grid never shows, and the map is small."""

import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

SHAPES = {2: (36, 41), 3: (11, 13, 15)}
TILES = {2: [(9, 14), (36, 5), (17, 40)], 3: [(4, 5, 6), (11, 3, 15), (10, 12, 14)]}
CHANNELS = ("classes-0", "foreground", "classes-7", "classes-2")
CASES = [
    ["argmax"],
    ["threshold"],
    [{"name": "threshold", "foreground": ["classes-7", "not foreground"], "class_id": 300}],
    ["argmax", "majority_filter"],
    ["argmax", {"name": "majority_filter", "radius": 3, "along": "xy"}, "majority_filter"],
]
IN_3D = [*CASES, ["argmax", {"name": "majority_filter", "radius": 2, "along": "z"}]]


def class_map(operations, prediction, tile=None):
    shape = prediction.shape[1:]
    passes = compile_passes(
        operations, channels=CHANNELS, spacing=(2.0, 1.0, 1.0)[-len(shape) :], product="classes"
    )
    return run_in_memory(prediction, passes, Layout.cut(shape, tile or shape, 2)), passes


def patchy(shape, seed=0):
    rng = np.random.default_rng(seed)
    values = np.stack([ndimage.gaussian_filter(rng.random(shape), 1.0) for _ in CHANNELS])
    return (np.round(values * 20) / 20).astype(np.float32)  # plateaus everywhere


@pytest.mark.parametrize(
    ("operations", "ndim"), [(case, 2) for case in CASES] + [(case, 3) for case in IN_3D]
)
def test_the_block_grid_never_shows(operations, ndim):
    prediction = patchy(SHAPES[ndim])
    whole, passes = class_map(operations, prediction)
    assert len(np.unique(whole)) > 1
    assert set(np.unique(whole)) <= set(passes[-1].facts["classes"])
    assert whole.dtype == (np.uint16 if 300 in passes[-1].facts["classes"] else np.uint8)
    for tile in TILES[ndim]:
        np.testing.assert_array_equal(class_map(operations, prediction, tile)[0], whole)


@pytest.mark.parametrize("operations", CASES)
def test_one_class_everywhere_stays_so(operations):
    prediction = np.zeros((len(CHANNELS), *SHAPES[2]), np.float32)
    prediction[0] = 1
    assert not class_map(operations, prediction, TILES[2][0])[0].any()
