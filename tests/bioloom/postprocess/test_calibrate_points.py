import numpy as np
import pytest

from bioloom.postprocess.calibrate import MIN_OBJECTS
from bioloom.postprocess.calibrate_points import GRID, fit_peaks
from bioloom.volumes.points import Points

SIDE = 400


def scene(heights, truth):
    """A row of blobs of some heights, the first `truth` of which are real."""
    places = np.array([(6.0, 6.0 + 8 * n) for n in range(len(heights))])
    grid = np.stack(np.meshgrid(np.arange(13), np.arange(8 * len(heights) + 6), indexing="ij"), -1)
    away = ((grid[..., None, :] - places) ** 2).sum(-1)
    heat = (heights * np.exp(-away / 4.5)).max(-1)[None].astype(np.float32)
    return heat, Points.of(places[:truth])


def by_place(truth, found, spacing):
    """Count points as the same if they lie within a voxel."""
    if not len(found) or not len(truth):
        return 0, len(found), len(truth)
    near = np.abs(truth.places[:, None] - found.places[None]).max(-1) < 1
    tp = int(near.any(1).sum())
    return tp, len(found) - tp, len(truth) - tp


def fitted(scenes, operations=({"name": "peaks", "smoothing": 0},)):
    sized = [(image, truth, (1.0, 1.0)) for image, truth in scenes]
    return fit_peaks(sized, operations, by_place, channels=["points"], defaults={"suppression_um": 2.0})


def test_the_threshold_between_true_and_false_peaks_is_found():
    scenes = [scene(np.array([0.8] * 30 + [0.6] * 10), 30), scene(np.array([0.72] * 30), 30)]
    found = fitted(scenes)
    assert found.thresholds == {"peak": 0.65}
    assert "60 validation points" in found.reason
    assert [row["peak"] for row in found.curve] == list(GRID)
    best = next(row for row in found.curve if row["peak"] == 0.65)
    assert best["f1"] == 1
    low = next(row for row in found.curve if row["peak"] == 0.5)
    assert low["f1"] == pytest.approx(120 / 130)


def test_of_equal_ones_the_threshold_nearest_to_a_half_is_taken():
    assert fitted([scene(np.array([0.9] * 60), 60)]).thresholds == {"peak": 0.5}


def test_few_points_choose_nothing():
    found = fitted([scene(np.array([0.9] * (MIN_OBJECTS - 1)), MIN_OBJECTS - 1)])
    assert found.thresholds == {"peak": 0.5}
    assert "fewer than" in found.reason


def test_no_points_at_all_choose_nothing():
    found = fitted([scene(np.array([0.9] * 3), 0)])
    assert found.thresholds == {"peak": 0.5}
    assert fitted([]).thresholds == {"peak": 0.5}


def test_a_threshold_that_is_given_is_not_fitted():
    found = fitted([scene(np.array([0.9] * 60), 60)], [{"name": "peaks", "threshold": 0.3}])
    assert "set to fit" in found.reason
    assert found.curve == ()


def test_every_image_has_its_own_voxel_size():
    """Blobs 8 voxels apart: of neighbours one is suppressed where that is less than 6 um, which is half."""
    image, truth = scene(np.array([0.9, 0.8] * 20), 40)
    images = [(image, truth, (1.0, 1.0)), (image, truth, (0.5, 0.5))]
    asked = []

    def score(truth, found, spacing):
        asked.append((spacing, len(found)))
        return by_place(truth, found, spacing)

    def fit_in_order(images):
        given = {"channels": ["points"], "defaults": {"suppression_um": 6.0}}
        return fit_peaks(images, [{"name": "peaks", "smoothing": 0}], score, **given)

    found = fit_in_order(images)
    assert found == fit_in_order(images[::-1])
    assert asked[0] == ((1.0, 1.0), 40)
    assert asked[len(GRID)] == ((0.5, 0.5), 20)
    assert found.curve[0]["f1"] == pytest.approx(120 / 140)
