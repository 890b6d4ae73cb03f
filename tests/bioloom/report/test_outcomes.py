import numpy as np
import pytest

from bioloom.evaluate.overlap import overlap
from bioloom.geometry.box import Box
from bioloom.report import outcomes
from bioloom.report.outcomes import Outcome, judge, outcome_in, overlap_within
from bioloom.report.plane import Plane


def brute_force(truth, labels):
    """Compare every object with every object, voxel by voxel."""
    pairs = {}
    ids = [set(np.unique(a[a > 0]).tolist()) for a in (truth, labels)]
    for t in ids[0]:
        for p in ids[1]:
            both, either = ((truth == t) & (labels == p)).sum(), ((truth == t) | (labels == p)).sum()
            if 2 * both > either:
                pairs[t] = p
    return Outcome(pairs, frozenset(ids[0] - set(pairs)), frozenset(ids[1] - set(pairs.values())))


@pytest.mark.parametrize("shape", [(60, 70), (16, 40, 44)])
@pytest.mark.parametrize("tables", [True, False])
def test_the_whole_image_agrees_with_brute_force(subject, shape, tables):
    made = subject(shape, tables=tables)
    truth, labels = made.truth.values[0], made.labels.values[0]
    expected = brute_force(truth, labels)
    axis = None if len(shape) == 2 else 0
    for index in range(1 if axis is None else shape[0]):
        plane = Plane.through(shape, axis, index)
        seen = [np.unique(plane.read(v)) for v in (made.truth, made.labels)]
        assert outcome_in(made, plane) == expected.among(*seen)


def test_a_crop_judges_objects_by_their_parts_outside_and_reads_no_more_than_that(subject):
    made = subject((200, 220), 120)
    expected = brute_force(made.truth.values[0], made.labels.values[0])
    plane = Plane.through((200, 220), None).crop(Box((90, 100), (110, 130)))
    outcome = outcome_in(made, plane)
    assert outcome == expected.among(*(np.unique(plane.read(v)) for v in (made.truth, made.labels)))
    assert outcome.pairs
    assert made.truth.largest < 60 * 70


def test_overlaps_add_up_over_slabs(subject, monkeypatch):
    made = subject((40, 50))
    box = Box((3, 5), (37, 41))
    whole = overlap(made.truth.values[0][box.slices], made.labels.values[0][box.slices])
    monkeypatch.setattr(outcomes, "SLAB_VOXELS", 100)
    parts = overlap_within(made.truth, made.labels, box)
    for name in ("truth", "labels", "voxels"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_exactly_half_is_no_match():
    truth, labels = np.array([0, 1, 1, 1]), np.array([5, 5, 5, 0])
    assert judge(overlap(truth, labels), {1: 3}, {5: 3}) == Outcome({}, frozenset({1}), frozenset({5}))
    assert judge(overlap(truth, labels), {1: 3}, {5: 2}).pairs == {1: 5}


def test_without_truth_there_is_nothing_to_judge(volume):
    from bioloom.report.sources import Subject

    blank = volume(np.zeros((1, 4, 4), int))
    assert outcome_in(Subject(blank, None, blank), Plane.through((4, 4), None)) == Outcome()
