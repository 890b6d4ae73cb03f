from itertools import product

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import bioloom.measure.blocks
from bioloom.evaluate import METRICS
from bioloom.evaluate.boundary import METRIC, boundary
from bioloom.evaluate.comparison import compare

SPACING = {2: (0.5, 0.3), 3: (2.0, 0.5, 0.7)}
SHAPE = {2: (23, 31), 3: (6, 13, 14)}


def maps(ndim, seed=0):
    """Boxes of two classes, and the same moved by a voxel here and there."""
    rng = np.random.default_rng(seed)
    truth, labels = np.zeros((2, *SHAPE[ndim]), np.uint8)
    for id_ in (1, 2, 1, 2, 2):
        start = [int(rng.integers(0, n - 3)) for n in SHAPE[ndim]]
        truth[tuple(slice(a, a + 6) for a in start)] = id_
        labels[tuple(slice(a + int(rng.integers(0, 3)), a + 6) for a in start)] = id_
    return truth, labels


def slow_boundary(ids, id_):
    """The voxels of a class with a face neighbour of another one, one by one."""
    found = []
    for place in product(*map(range, ids.shape)):
        if ids[place] != id_:
            continue
        for axis, step in product(range(ids.ndim), (-1, 1)):
            other = list(place)
            other[axis] += step
            if 0 <= other[axis] < ids.shape[axis] and ids[tuple(other)] != id_:
                found.append(place)
                break
    return np.array(found, float).reshape(-1, ids.ndim)


def counts(truth, labels, ndim, **options):
    comparison = compare(truth, labels, classes=(0, 1, 2), spacing=SPACING[ndim])
    return METRIC.count(comparison, METRICS.parse({"name": "boundary", **options}))


@pytest.mark.parametrize("tolerance", [0.55, 1.5])
@pytest.mark.parametrize("ndim", [2, 3])
def test_counts_are_those_of_all_pairs_of_boundary_voxels(ndim, tolerance):
    truth, labels = maps(ndim)
    found = counts(truth, labels, ndim, tolerance_um=tolerance)
    for id_ in (0, 1, 2):
        one, other = (slow_boundary(ids, id_) for ids in (truth, labels))
        distance = cdist(one * SPACING[ndim], other * SPACING[ndim])
        assert found[str(id_)] == {
            "truth": len(one),
            "found_truth": (distance.min(1) <= tolerance).sum(),
            "predicted": len(other),
            "found_predicted": (distance.min(0) <= tolerance).sum(),
        }


@pytest.mark.parametrize("ndim", [2, 3])
def test_blocks_do_not_show(ndim, monkeypatch):
    truth, labels = maps(ndim, 1)
    whole = counts(truth, labels, ndim, tolerance_um=1.5)
    monkeypatch.setattr(bioloom.measure.blocks, "BLOCK_VOXELS", 5**ndim)
    monkeypatch.setattr(bioloom.measure.blocks, "_CHUNK", {})
    assert len(list(bioloom.measure.blocks.blocks(truth.shape))) > 4
    assert counts(truth, labels, ndim, tolerance_um=1.5) == whole


def test_auto_is_two_voxels_of_the_finest_axis():
    truth, labels = maps(2)
    assert counts(truth, labels, 2) == counts(truth, labels, 2, tolerance_um=0.6)


def test_the_f1_is_the_harmonic_mean_and_0_where_nothing_fits():
    own = {"truth": 10.0, "found_truth": 5.0, "predicted": 4.0, "found_predicted": 4.0}
    found = METRIC.finish(own)
    assert found == {
        "boundary_f1": pytest.approx(2 * 1 * 0.5 / 1.5),
        "boundary_precision": 1.0,
        "boundary_recall": 0.5,
    }
    assert METRIC.finish({**own, "found_truth": 0.0, "found_predicted": 0.0})["boundary_f1"] == 0
    assert METRIC.finish({**own, "predicted": 0.0, "found_predicted": 0.0})["boundary_f1"] == 0


def test_the_border_of_the_image_and_of_the_unknown_are_no_boundary():
    mask = np.ones((5, 6), bool)
    assert not boundary(mask, np.ones_like(mask)).any()
    mask[:, 3:] = False
    found = boundary(mask, np.ones_like(mask))
    assert found[:, 2].all()
    assert found.sum() == 5
    known = np.ones_like(mask)
    known[:2, 3] = False
    assert boundary(mask, known)[:, 2].tolist() == [False, False, True, True, True]
