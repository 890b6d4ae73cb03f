"""What every metric of classes promises: its counts add up over images, and ignored voxels do not count."""

from collections import Counter
from math import isfinite, isinf, isnan

import numpy as np
import pytest
from scipy import ndimage

from bioloom.evaluate import METRICS
from bioloom.evaluate.comparison import compare

SHAPES = {2: (30, 40), 3: (6, 20, 24)}
CLASSES = (0, 1, 4)
IGNORED = 255


@pytest.fixture(params=[name for name in METRICS if "classes" in METRICS[name].truths])
def metric(request):
    """One entry of the table that judges classes: (metric, its default options)."""
    return METRICS[request.param], METRICS.parse(request.param)


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def ndim(request):
    return request.param


def pair_of_maps(ndim, seed):
    """Patches of three classes, and the same ones after a little noise."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=SHAPES[ndim]), 2)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPES[ndim]), 1)
    truth, labels = (
        np.digitize(values / values.std(), [-0.3, 0.6]) for values in (smooth, smooth + 0.2 * noise)
    )
    return np.array(CLASSES, np.uint8)[truth], np.array(CLASSES, np.uint8)[labels]


def counts_of(metric, truth, labels, **how):
    entry, options = metric
    return entry.count(compare(truth, labels, classes=CLASSES, **how), options)


def flat(counts):
    return {(class_, name): value for class_, values in counts.items() for name, value in values.items()}


def finished(metric, counts):
    return {
        (class_, name): value
        for class_, values in counts.items()
        for name, value in metric[0].finish(values).items()
    }


def test_counts_of_two_images_add_up_to_those_of_both_in_one(metric, ndim):
    first, second = pair_of_maps(ndim, 0), pair_of_maps(ndim, 1)
    apart = Counter(flat(counts_of(metric, *first)))
    apart.update(flat(counts_of(metric, *second)))
    gap = np.full((5, *SHAPES[ndim][1:]), IGNORED, np.uint8)
    truth = np.concatenate([first[0], gap, second[0]])
    labels = np.concatenate([first[1], 0 * gap, second[1]])
    assert dict(apart) == flat(counts_of(metric, truth, labels, ignore=IGNORED))


def test_ignored_voxels_may_hold_anything(metric, ndim):
    truth, labels = pair_of_maps(ndim, 0)
    truth[..., 10:20] = IGNORED
    other = labels.copy()
    other[..., 12:18] = 4  # more than the tolerance away from what is judged
    expected = counts_of(metric, truth, labels, ignore=IGNORED)
    assert str(IGNORED) not in expected
    assert counts_of(metric, truth, other, ignore=IGNORED) == expected


def test_equal_maps_are_perfect_and_every_class_has_its_values(metric, ndim):
    truth, labels = pair_of_maps(ndim, 0)
    assert {value for _, value in finished(metric, counts_of(metric, truth, truth)).items()} == {1.0}
    values = finished(metric, counts_of(metric, truth, labels))
    assert all(0.3 < value <= 1 for value in values.values())


def test_what_is_not_there_says_nothing(metric, ndim):
    empty = np.zeros(SHAPES[ndim], np.uint8)
    counts = counts_of(metric, empty, empty)
    values = finished(metric, counts)
    assert {type(value) for value in flat(counts).values()} == {float}
    assert all(isnan(value) for (class_, _), value in values.items() if class_ not in ("", "0"))
    truth, labels = pair_of_maps(ndim, 0)
    for pair in ((truth, empty), (empty, labels)):
        values = finished(metric, counts_of(metric, *pair))
        assert not any(isinf(value) for value in values.values())
        assert all(isfinite(value) for value in flat(counts_of(metric, *pair)).values())
