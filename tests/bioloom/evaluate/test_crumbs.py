import numpy as np
import pytest

from bioloom.evaluate.crumbs import without_crumbs
from bioloom.evaluate.matching import match_pairs
from bioloom.evaluate.overlap import candidates, overlap

SMALLEST = 60


def judged(truth, labels, smallest=SMALLEST):
    return without_crumbs(overlap(truth, labels), smallest)


def crumbs_by_loop(truth, smallest):
    """Ids of the true objects that touch a face of the array and are small."""
    inner = np.zeros(truth.shape, bool)
    inner[(slice(1, -1),) * truth.ndim] = True
    return [
        i for i in np.unique(truth[truth > 0]) if (truth == i).sum() < smallest and (~inner[truth == i]).any()
    ]


def test_the_table_is_that_of_images_without_the_crumbs(truth, labels):
    crumbs = crumbs_by_loop(truth, SMALLEST)
    assert 0 < len(crumbs) < len(np.unique(truth)) - 1
    on_crumb = np.isin(truth, crumbs)
    found = [i for i in np.unique(labels[labels > 0]) if on_crumb[labels == i].mean() > 0.5]
    assert found
    kept = ~on_crumb
    expected = overlap(truth[kept][None], np.where(np.isin(labels, found), 0, labels)[kept][None])
    table = judged(truth, labels)
    for name in ("truth", "labels", "voxels"):
        np.testing.assert_array_equal(getattr(table, name), getattr(expected, name))


def test_matches_of_other_objects_stay_and_those_of_crumbs_are_forgiven(truth, labels):
    crumbs = crumbs_by_loop(truth, SMALLEST)
    before, pairs = match_pairs(truth, labels, 0.5), candidates(judged(truth, labels))
    others = ~np.isin(before.truth, crumbs)
    after = {
        (pairs.truth[i], pairs.labels[j])
        for i, j, iou in zip(pairs.row, pairs.column, pairs.iou, strict=True)
        if iou > 0.5
    }
    assert set(zip(before.truth[others], before.labels[others], strict=True)) <= after
    assert not set(before.labels[~others]) & set(pairs.labels)
    assert not set(crumbs) & set(pairs.truth)


def scene():
    """A crumb (1) at the border, an object inside of its size (2) and a large one at the border (3)."""
    truth = np.zeros((20, 20), int)
    truth[0:2, 2:6], truth[8:10, 2:6], truth[10:20, 10:20] = 1, 2, 3
    return truth


def test_only_small_objects_at_the_border_are_left_out():
    truth = scene()
    np.testing.assert_array_equal(np.unique(judged(truth, truth, 9).truth), [0, 2, 3])
    np.testing.assert_array_equal(np.unique(judged(truth, truth, 8).truth), [0, 1, 2, 3])
    assert judged(truth, truth, 0).voxels.sum() == truth.size


@pytest.mark.parametrize(("rows", "counts"), [(3, False), (4, True)])
def test_what_lies_on_a_crumb_by_more_than_half_is_no_false_object(rows, counts):
    truth, labels = scene(), np.zeros((20, 20), int)
    labels[0:rows, 2:6] = 7
    table = judged(truth, labels)
    assert (7 in table.labels) is counts
    assert table.voxels.sum() == truth.size - 8


def test_sums_go_with_the_voxels(truth, labels, prediction):
    from bioloom.evaluate.channels import Channels

    whole = overlap(truth, labels, Channels(prediction, ("auto",)))
    table = without_crumbs(whole, SMALLEST)
    crumbs = np.isin(whole.truth, crumbs_by_loop(truth, SMALLEST))
    assert table.sums.sum() == whole.sums[~crumbs].sum()


@pytest.mark.parametrize("empty", ["truth", "labels", "both"])
def test_empty_images(truth, labels, empty):
    if empty != "labels":
        truth = truth * 0
    if empty != "truth":
        labels = labels * 0
    table = judged(truth, labels)
    assert table.voxels.sum() <= truth.size
    assert len(np.unique(table.truth)) >= 1
