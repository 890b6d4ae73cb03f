from math import nan

import numpy as np
import pytest

from bioloom.report.advice import warnings
from bioloom.report.gather import gather

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


def test_no_truth_and_no_objects(run):
    run.images("predict_a", truth=False, objects=0)
    text = told(run)
    assert "no ground truth" in text
    assert "No object was found in any image" in text


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
