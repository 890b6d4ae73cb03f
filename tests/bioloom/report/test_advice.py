from math import nan

import numpy as np
import pytest

from bioloom.report.advice import warnings
from bioloom.report.gather import gather
from bioloom.volumes.store import create_volume

IMAGES = ("test_a", "test_b", "test_c")
GOOD = {image: {"f1@0.5": 0.9, "objects_truth": 10.0, "objects_predicted": 10.0} for image in IMAGES}


@pytest.fixture
def good(run):
    return run.images(*IMAGES).scores(GOOD)


def told(run):
    return " ".join(warnings(gather(run.run, {})))


def test_a_good_run_has_no_warnings(good):
    good.training([*np.geomspace(2, 0.5, 20), *[0.52] * 5])
    assert told(good) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"f1@0.5": 0.5, "baseline_f1@0.5": 0.6}, "no better than the simple baseline (0.600)"),
        ({"f1@0.5": nan}, "3 images (test_a, test_b, test_c) without a score"),
        ({"objects_predicted": 14.0}, "40% more objects were found (42) than there are (30)"),
        ({"objects_predicted": 7.0}, "30% fewer objects"),
        ({"objects_truth": 0.0, "objects_predicted": 0.0}, ""),
    ],
)
def test_scores_that_should_not_be_trusted(good, change, words):
    good.scores({image: {**GOOD[image], **change} for image in IMAGES})
    assert words in told(good)
    assert bool(words) == bool(told(good))


def test_few_images(run):
    run.images("test_a").scores({"test_a": GOOD["test_a"]})
    assert "from one image only" in told(run)


def test_lower_is_better_for_errors(run):
    run.images(*IMAGES)
    run.scores({image: {"mae": 0.1, "baseline_mae": 0.2} for image in IMAGES})
    assert told(run) == ""
    run.scores({image: {"mae": 0.3, "baseline_mae": 0.2} for image in IMAGES})
    assert "no better" in told(run)


@pytest.mark.parametrize(
    ("having", "words"),
    [
        (IMAGES, ""),
        (IMAGES[:2], "1 image (test_c): larger than 16,777,216 values. Its scores of all images together"),
        ((), "3 images (test_a, test_b, test_c): larger than 16,777,216 values."),
    ],
)
def test_images_that_are_too_large_for_the_baseline(good, having, words):
    baseline = {"baseline_f1@0.5": 0.1}
    good.scores({image: GOOD[image] | (baseline if image in having else {}) for image in IMAGES})
    text = " ".join(warnings(gather(good.run, {"evaluate": {"baseline": True}})))
    assert words in text
    assert bool(words) == bool(text)
    assert not warnings(gather(good.run, {"evaluate": {"baseline": False}}))


def test_no_truth_and_no_objects(run):
    run.images("predict_a", truth=False, objects=0)
    text = told(run)
    assert "no ground truth" in text
    assert "No object was found in any image" in text


@pytest.mark.parametrize(
    ("counts", "metrics", "words"),
    [
        ((0, 0), {}, ["No point was found in any image"]),
        ((3, 0), {}, ["1 image (predict_b) without any found point."]),
        ((3, 0), {"objects_predicted": 14.0}, ["40% more points were found (14)", "1 image (predict_b)"]),
        ((3, 4), {}, []),
    ],
)
def test_points_are_counted_like_objects(run, counts, metrics, words):
    run.points(predict_a=counts[0], predict_b=counts[1])
    if metrics:
        run.summary({"objects_truth": 10.0} | metrics)
    text = [line for line in warnings(gather(run.run, {"task": "detection"})) if "ground truth" not in line]
    assert len(text) == len(words)
    assert all(word in line for word, line in zip(words, text, strict=True))


def test_counts_are_compared_without_a_table_of_objects(run):
    run.points(test_a=1).scores({"test_a": {"objects_truth": 10.0, "objects_predicted": 5.0}})
    (run.run / "points/test_a.csv").unlink()
    found = gather(run.run, {"task": "detection"})
    assert found.tally is None
    assert "50% fewer points were found (5) than there are (10)." in warnings(found)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (np.geomspace(2, 0.5, 20), "more steps"),
        (
            [*np.geomspace(2, 0.5, 10), *np.linspace(0.5, 0.9, 10)],
            "After step 500 the validation loss rose again",
        ),
        ([2.0, 1.0], ""),
        ([nan] * 10, ""),
    ],
)
def test_trainings_that_were_too_short_or_too_long(good, losses, words):
    text = told(good.training(list(losses)))
    assert words in text
    assert bool(words) == bool(text)


@pytest.mark.parametrize(("largest", "warned"), [([9, 14], True), ([14, 13], False)])
def test_objects_that_may_be_in_both_regions_of_a_file(good, largest, warned):
    """The file was cut along x, with 13 voxels between the regions."""
    for split, start, stop in (("train", 0, 192), ("val", 205, 256)):
        image = create_volume(
            good.run / "images" / f"{split}_a.zarr",
            (1, 20, stop - start),
            "uint8",
            spacing=(1, 1),
            kind="image",
        )
        image.update_facts(region={"axis": "x", "start": start, "stop": stop, "of": 256})
    good.yaml("fingerprint.yaml", {"facts": {"largest_object": largest}, "resolved": {}})
    assert ("a large object may be in both" in told(good)) == warned


def test_many_time_points_are_still_one_film(run):
    scores = {f"test_a_t{time:04d}": GOOD["test_a"] for time in range(9)}
    assert "The scores come from one film only: another film" in told(run.images(*IMAGES).scores(scores))
