from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage

SHAPES = {2: (48, 60), 3: (14, 24, 30)}


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def ndim(request):
    return request.param


def blobs(shape, seed):
    """Voronoi cells of random points, cut by a smooth random mask: many touching objects of all sizes."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros(shape, int)
    points = tuple(rng.integers(0, n, 40) for n in shape)
    seeds[points] = rng.permutation(np.arange(1, 41)) * 7
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    mask = ndimage.gaussian_filter(rng.normal(size=shape), 4)
    return np.where(mask > np.quantile(mask, 0.3), seeds[tuple(nearest)], 0)


@pytest.fixture
def truth(ndim):
    return blobs(SHAPES[ndim], seed=ndim)


@pytest.fixture
def labels(truth):
    """A prediction with shifted, merged, split, missed and invented objects of any IoU."""
    rng = np.random.default_rng(truth.ndim)
    out = np.roll(truth, 1, axis=-1)
    ids = rng.permutation(np.unique(out)[1:])
    out[out == ids[0]] = ids[1]
    out[np.isin(out, ids[2:5])] = 0
    half = np.zeros(out.shape, bool)
    half[..., ::2] = True
    out[(out == ids[5]) & half] = 9001
    out[: len(out) // 3] = np.where(out[: len(out) // 3] > 0, blobs(out.shape, 9)[: len(out) // 3] + 1000, 0)
    return out.astype(np.uint32)


def iou_by_loop(truth, labels):
    """All IoU by comparing every object with every other: (ids, ids, matrix)."""
    rows, columns = np.unique(truth[truth > 0]), np.unique(labels[labels > 0])
    matrix = np.zeros((len(rows), len(columns)))
    for i, a in enumerate(rows):
        for j, b in enumerate(columns):
            one, other = truth == a, labels == b
            matrix[i, j] = (one & other).sum() / (one | other).sum()
    return rows, columns, matrix


@pytest.fixture
def reference(truth, labels):
    return iou_by_loop(truth, labels)


@dataclass(frozen=True)
class Prediction:
    """A prediction in memory, opened like a stored one: ``(channel, *spatial)`` and the channels' names."""

    values: np.ndarray
    channel_names: tuple[str, ...] = ("foreground",)

    @property
    def spatial(self):
        return self.values.shape[1:]

    def read(self, box, channels=slice(None)):
        return self.values[(channels, *box.slices)]


@pytest.fixture(scope="session")
def open_prediction():
    """Make a prediction of an array and the names of its channels."""
    return Prediction


@pytest.fixture
def prediction(truth):
    """Two channels of smooth noise, from below 0 to above 1."""
    noise = np.random.default_rng(5).normal(size=(2, *truth.shape))
    values = 0.5 + 4 * np.stack([ndimage.gaussian_filter(channel, 2) for channel in noise])
    return Prediction(values.astype(np.float32), ("distance", "foreground"))


def metrics_of(metric, comparison, options):
    """All values of one metric, by name."""
    return metric.finish(metric.count(comparison, options)[""])


@pytest.fixture(scope="session", name="metrics_of")
def _metrics_of():
    return metrics_of
