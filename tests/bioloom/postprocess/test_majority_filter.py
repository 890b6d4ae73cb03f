from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.majority_filter import most_common
from bioloom.postprocess.program import compile_passes


def slowly(values, reach):
    """Count the classes around every voxel, one by one."""
    result = np.zeros_like(values)
    for place in product(*map(range, values.shape)):
        box = tuple(slice(max(0, p - r), p + r + 1) for p, r in zip(place, reach, strict=True))
        ids, counts = np.unique(values[box], return_counts=True)
        best = ids[counts == counts.max()]
        result[place] = values[place] if values[place] in best else best.min()
    return result


@pytest.mark.parametrize(
    ("shape", "reach"),
    [((14, 17), (1, 1)), ((9, 10), (3, 2)), ((5, 8, 9), (1, 1, 1)), ((7, 6, 8), (2, 0, 0))],
)
def test_it_is_the_most_common_class_around(shape, reach):
    values = np.random.default_rng(0).choice([0, 2, 9], shape, p=[0.5, 0.3, 0.2]).astype(np.uint8)
    np.testing.assert_array_equal(most_common(values, (0, 2, 9), reach), slowly(values, reach))


@pytest.mark.parametrize("shape", [(20, 30), (6, 12, 14)])
def test_for_two_classes_it_is_the_median_inside_of_the_image(shape):
    values = (np.random.default_rng(1).random(shape) > 0.5).astype(np.uint8)
    inner = (slice(1, -1),) * len(shape)
    found = most_common(values, (0, 1), (1,) * len(shape))
    np.testing.assert_array_equal(found[inner], ndimage.median_filter(values, 3)[inner])


def reach_of(spacing, **options):
    passes = compile_passes(
        ["argmax", {"name": "majority_filter", **options}],
        channels=("classes-0", "classes-1"),
        spacing=spacing,
        product="classes",
    )
    return passes[1].reach


def test_the_axes_of_the_window():
    assert reach_of((1, 1), radius=2) == (2, 2)
    assert reach_of((1, 1, 1), radius=2, along="z") == (2, 0, 0)
    assert reach_of((1, 1, 1), radius=3, along="xy") == (0, 3, 3)
    with pytest.raises(BioLoomError, match="along z on a 2D image; allowed: xy, all"):
        reach_of((1, 1), along="z")


def test_it_needs_a_class_map():
    with pytest.raises(BioLoomError, match="majority_filter has no class map to work on; fix: begin with"):
        compile_passes(["majority_filter"], channels=("classes-0",), spacing=(1, 1), product="classes")
