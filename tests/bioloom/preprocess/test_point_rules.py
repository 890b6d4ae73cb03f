import numpy as np
import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess.fingerprint import ImageFacts, radius_of_points, take_fingerprint
from bioloom.preprocess.meaning import Meaning
from bioloom.preprocess.point_rules import SUPPRESSION, TOLERANCE, settle_points
from bioloom.preprocess.rules import patch_size
from bioloom.targets.points import PointsOptions

SIZED = {"object_diameter_um": {"50": 12.0, "95": 20.0}, "median_radius_um": 5.0}

POINTS = Meaning("points")


def values(targets, facts):
    settled = settle_points(targets, facts)
    assert all(choice["reason"] for choice in settled.values())
    return settled[SUPPRESSION]["value"], settled[TOLERANCE]["value"]


def test_lengths_of_objects_of_known_size():
    assert values([PointsOptions()], SIZED) == (5.0, 6.0)
    assert values([PointsOptions(sigma=0.25)], SIZED) == (2.5, 6.0)
    assert values([PointsOptions(shape="dilated")], SIZED) == (5.0, 6.0)
    assert values([], SIZED) == (5.0, 6.0)


def test_a_radius_that_is_given_wins():
    assert values([PointsOptions(radius_um=40.0, sigma=0.25)], SIZED) == (20.0, 40.0)


def test_points_of_unknown_size_go_by_their_distances():
    assert values([PointsOptions()], {"median_radius_um": 3.0}) == (3.0, 3.0)
    assert values([PointsOptions()], {}) == (1.0, 1.0)


@pytest.mark.parametrize(("neighbour", "radius"), [(12.0, 3.0), (1.0, 1.0), (400.0, 5.0)])
def test_the_radius_of_points_is_a_quarter_of_their_distance_within_limits(neighbour, radius):
    assert radius_of_points(neighbour, np.array([2.0, 0.5, 0.5])) == radius


def test_the_fingerprint_of_points():
    image = ImageFacts("train_a", (100, 200), 1, (0.5, 0.5), (1.0,), {"50": [1.0]})
    boxes = {"bbox-0": 1, "bbox-1": 2, "bbox-2": 2, "bbox-3": 3}
    table = pd.DataFrame({"voxels": [1] * 4, "distance_max_um": 0.0, **boxes})
    table["nearest_neighbour_um"], table["class"] = [8.0, 12.0, 16.0, np.nan], ["a", "b", "a", "a"]
    facts = take_fingerprint([image], table, POINTS)
    assert facts["objects"] == 4
    assert facts["neighbour_um"]["50"] == 12
    assert facts["median_radius_um"] == 3
    assert facts["class_objects"] == {"a": 3, "b": 1}
    assert not {"object_diameter_um", "foreground_share", "largest_object"} & set(facts)
    size, reason = patch_size(facts)
    assert size == [112, 160]
    assert "points are 12 um apart" in reason


def test_the_fingerprint_of_no_points():
    image = ImageFacts("train_a", (100, 200), 1, (0.5, 0.5), (1.0,), {"50": [1.0]})
    assert take_fingerprint([image], pd.DataFrame({"voxels": []}))["objects"] == 0


def test_points_with_and_without_a_class_are_refused():
    image = ImageFacts("train_a", (100, 200), 1, (0.5, 0.5), (1.0,), {"50": [1.0]})
    table = pd.DataFrame({"voxels": [1, 1], "class": ["a", ""], "distance_max_um": 0.0})
    boxes = {"bbox-0": 1, "bbox-1": 2, "bbox-2": 2, "bbox-3": 3}
    with pytest.raises(BioLoomError, match="1 of 2 training points have no class"):
        take_fingerprint([image], table.assign(**boxes), POINTS)
