"""What every metric promises: its counts add up, and images that have nothing to say do not speak.

Metrics of whole images, which do not add up, promise the mean instead.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.metric import channel_of

SHAPES = {2: (30, 40), 3: (6, 20, 24)}
COLUMNS = ["class", "metric", "value"]


@pytest.fixture(params=list(METRICS))
def metric(request):
    """One entry of the table: (name, metric, its default options)."""
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
    return pd.concat(counts).groupby(["class", "metric"], sort=False)["value"].sum().reset_index()


def by_name(table):
    return table.set_index(["class", "metric"])["value"].sort_index()


def far_apart(one, other, offset):
    """Both images in one large one, with empty space between; `offset` keeps the ids apart."""
    gap = np.zeros((7, *one.shape[1:]), np.uint64)
    other = np.where(other > 0, other.astype(np.uint64) + np.uint64(offset), 0)
    return np.concatenate([one.astype(np.uint64), gap, other])


def test_counts_of_two_images_add_up_to_those_of_both_in_one(metric, ndim):
    first, second = pair_of_images(ndim, 0), pair_of_images(ndim, 1)
    apart = summed(counts_of(metric, *first), counts_of(metric, *second))
    finish = metric[1].finish
    if metric[1].averaged:
        means = (by_name(finish(counts_of(metric, *images))) for images in (first, second))
        pd.testing.assert_series_equal(by_name(finish(apart)), sum(means) / 2, rtol=1e-9)
        return
    together = counts_of(metric, *(far_apart(a, b, 2**33) for a, b in zip(first, second, strict=True)))
    pd.testing.assert_series_equal(by_name(apart), by_name(together), rtol=1e-12)
    pd.testing.assert_frame_equal(finish(apart), finish(together), rtol=1e-9)


def test_an_empty_image_adds_nothing(metric, ndim):
    images = pair_of_images(ndim, 0)
    full = counts_of(metric, *images)
    empty = counts_of(metric, *(image * 0 for image in images))
    assert not empty["value"].any()
    assert set(empty["metric"]) <= set(full["metric"])
    pd.testing.assert_series_equal(by_name(summed(full, empty)), by_name(full))
    finished = metric[1].finish(empty)
    assert finished["metric"].tolist() == metric[1].finish(full)["metric"].tolist()
    assert (finished["value"].isna() | finished["metric"].str.startswith("objects_")).all()


@pytest.mark.parametrize("empty", [0, 1], ids=["truth", "labels"])
def test_nothing_there_and_nothing_found_are_answered(metric, ndim, empty):
    images = list(pair_of_images(ndim, 0))
    images[empty] = images[empty] * 0
    counts = counts_of(metric, *images)
    finished = metric[1].finish(counts)
    assert np.isfinite(counts["value"]).all()
    assert not np.isinf(finished["value"]).any()
    whole = metric[1].finish(counts_of(metric, *pair_of_images(ndim, 0)))
    assert finished["metric"].tolist() == whole["metric"].tolist()


def test_tables_have_the_three_columns_and_each_name_once(metric, ndim):
    counts = counts_of(metric, *pair_of_images(ndim, 0))
    for table in (counts, metric[1].finish(counts)):
        assert list(table) == COLUMNS
        assert not table.duplicated(["class", "metric"]).any()
        assert table["value"].dtype == np.float64
    assert np.isfinite(counts["value"]).all()


def test_the_ids_do_not_matter(metric, ndim):
    truth, labels = pair_of_images(ndim, 0)
    renamed = np.random.default_rng(3).permutation(np.arange(1, 14))
    lookup = np.concatenate([[0], renamed * 2**34])
    expected = counts_of(metric, truth, labels)
    pd.testing.assert_frame_equal(counts_of(metric, lookup[truth], lookup[labels]), expected)


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
