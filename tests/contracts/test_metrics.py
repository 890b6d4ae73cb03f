"""What every metric promises: its counts add up, and images that have nothing to say do not speak.

Metrics of whole images, which do not add up, promise the mean instead.
"""

from collections import Counter
from dataclasses import dataclass
from math import isfinite, isinf, isnan

import numpy as np
import pytest
from pydantic import BaseModel

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.metric import channel_of

SHAPES = {2: (30, 40), 3: (6, 20, 24)}


@pytest.fixture(params=[name for name in METRICS if "objects" in METRICS[name].truths])
def metric(request):
    """One entry of the table that judges objects: (name, metric, its default options)."""
    return request.param, METRICS[request.param], METRICS.parse(request.param)


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def ndim(request):
    return request.param


def pair_of_images(ndim, seed):
    """Boxes as the truth, and the same boxes shifted, grown or missing as the prediction."""
    rng = np.random.default_rng(seed)
    truth, labels = np.zeros((2, *SHAPES[ndim]), np.uint16)
    for object_id in range(1, 13):
        start = [int(rng.integers(0, n - 4)) for n in SHAPES[ndim]]
        box = tuple(slice(a, a + int(rng.integers(2, 9))) for a in start)
        truth[box] = object_id
        shifted = tuple(slice(s.start + int(rng.integers(0, 2)), s.stop) for s in box)
        labels[shifted] = object_id * int(rng.integers(0, 4) > 0)
    return truth, labels


@dataclass(frozen=True)
class Prediction:
    """One channel in memory, opened like a stored prediction."""

    values: np.ndarray
    channel_names = ("foreground",)

    @property
    def spatial(self):
        return self.values.shape

    def read(self, box, channels):
        return self.values[None][(channels, *box.slices)]


def counts_of(metric, truth, labels):
    """Count one metric; every object has the score that its size gives it, whatever its id."""
    _, entry, options = metric
    size = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    scores = np.vectorize(lambda label: size[label] % 7 / 7, otypes=[np.float32])(labels)
    wanted = channel_of(options)
    channels = Channels(Prediction(scores), (wanted,)) if wanted else None
    return entry.count(compare(truth, labels, channels), options)


def summed(*counts):
    """Add up counts as the pool does."""
    total = {}
    for by_class in counts:
        for class_, values in by_class.items():
            total.setdefault(class_, Counter()).update(values)
    return total


def finished(metric, counts):
    """The metrics of all classes, by class and name."""
    return {
        (class_, name): value
        for class_, values in counts.items()
        for name, value in metric[1].finish(values).items()
    }


def flat(counts):
    return {(class_, name): value for class_, values in counts.items() for name, value in values.items()}


def far_apart(one, other, offset):
    """Both images in one large one, with empty space between; `offset` keeps the ids apart."""
    gap = np.zeros((7, *one.shape[1:]), np.uint64)
    other = np.where(other > 0, other.astype(np.uint64) + np.uint64(offset), 0)
    return np.concatenate([one.astype(np.uint64), gap, other])


def test_counts_of_two_images_add_up_to_those_of_both_in_one(metric, ndim):
    first, second = pair_of_images(ndim, 0), pair_of_images(ndim, 1)
    apart = summed(counts_of(metric, *first), counts_of(metric, *second))
    if metric[1].averaged:
        one, other = (finished(metric, counts_of(metric, *images)) for images in (first, second))
        means = {name: (one[name] + other[name]) / 2 for name in one}
        assert finished(metric, apart) == pytest.approx(means, rel=1e-9)
        return
    together = counts_of(metric, *(far_apart(a, b, 2**33) for a, b in zip(first, second, strict=True)))
    assert flat(apart) == pytest.approx(flat(together), rel=1e-12)
    assert finished(metric, apart) == pytest.approx(finished(metric, together), rel=1e-9)


def test_an_empty_image_adds_nothing(metric, ndim):
    images = pair_of_images(ndim, 0)
    full = counts_of(metric, *images)
    empty = counts_of(metric, *(image * 0 for image in images))
    assert set(flat(empty).values()) == {0}
    assert set(flat(empty)) <= set(flat(full))
    values = finished(metric, empty)
    assert list(values) == list(finished(metric, full))
    assert all(isnan(value) or name.startswith("objects_") for (_, name), value in values.items())


@pytest.mark.parametrize("empty", [0, 1], ids=["truth", "labels"])
def test_nothing_there_and_nothing_found_are_answered(metric, ndim, empty):
    images = list(pair_of_images(ndim, 0))
    images[empty] = images[empty] * 0
    counts = counts_of(metric, *images)
    assert all(isfinite(value) for value in flat(counts).values())
    values = finished(metric, counts)
    assert not any(isinf(value) for value in values.values())
    assert list(values) == list(finished(metric, counts_of(metric, *pair_of_images(ndim, 0))))


def test_counts_and_metrics_are_floats_by_name(metric, ndim):
    counts = counts_of(metric, *pair_of_images(ndim, 0))
    for table in (flat(counts), finished(metric, counts)):
        assert {type(value) for value in table.values()} == {float}
    assert all(isfinite(value) for value in flat(counts).values())


def test_the_ids_do_not_matter(metric, ndim):
    truth, labels = pair_of_images(ndim, 0)
    renamed = np.random.default_rng(3).permutation(np.arange(1, 14))
    lookup = np.concatenate([[0], renamed * 2**34])
    expected = flat(counts_of(metric, truth, labels))
    assert flat(counts_of(metric, lookup[truth], lookup[labels])) == pytest.approx(expected, rel=1e-12)


def test_different_shapes_are_refused(metric, ndim):
    truth, labels = pair_of_images(ndim, 0)
    with pytest.raises(BioLoomError, match="shape"):
        counts_of(metric, truth, labels[:-1])


def test_options_are_checked_and_carry_the_name(metric):
    name, _, options = metric
    assert options.name == name
    assert isinstance(options, BaseModel)
    with pytest.raises(ValueError, match="extra"):
        METRICS.parse({"name": name, "no_such_option": 1})
