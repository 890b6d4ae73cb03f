from itertools import product

import numpy as np
import pytest

from bioloom.postprocess.median_filter import Median
from bioloom.postprocess.program import compile_passes


@pytest.mark.parametrize("reach", [(1, 1), (0, 2), (1, 1, 1), (2, 0, 0)])
def test_every_voxel_gets_the_median_of_its_box(reach):
    shape = (6, 7, 8)[-len(reach) :]
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    padded = np.pad(values, [(r, r) for r in reach], mode="symmetric")
    expected = np.empty(shape, np.float32)
    for index in product(*map(range, shape)):
        expected[index] = np.median(
            padded[tuple(slice(i, i + 2 * r + 1) for i, r in zip(index, reach, strict=True))]
        )
    np.testing.assert_array_equal(Median(reach)(values), expected)


def test_the_options_choose_channels_and_axes():
    operation = {"name": "median_filter", "channels": "b", "radius": 3, "along": "z"}
    terms = dict.fromkeys(("foreground", "seeds", "topography"), "a")
    passes = compile_passes(
        [operation, {"name": "watershed", **terms}], channels=("a", "b"), spacing=(1.0, 1.0, 1.0)
    )
    (found,) = passes[0].filters
    assert found.channels == (1,)
    assert found.filter == Median((3, 0, 0))
