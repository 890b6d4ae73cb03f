import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate.baselines import BASELINES
from bioloom.evaluate.cases import OPENING, CaseFiles
from bioloom.evaluate.point_cases import centers_of_regions
from bioloom.evaluate.point_fit import fit_stored_points
from bioloom.evaluate.point_matching import PointMatchingOptions
from bioloom.evaluate.pool import pack_metrics, pool
from bioloom.geometry.box import Box
from bioloom.preprocess.point_rules import SUPPRESSION, TOLERANCE
from bioloom.volumes.manifest import Entry, Stores, write_manifest
from bioloom.volumes.points import POINTS, POINTS_FILE, Points, write_points
from bioloom.volumes.store import create_volume, open_volume

SHAPE = (60, 80)
FINGERPRINT = {
    "facts": {"class_objects": {"a": 3, "b": 9}},
    "resolved": {TOLERANCE: {"value": 3.0}, SUPPRESSION: {"value": 4.0}},
}


def spots(places):
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), -1)
    away = ((grid[..., None, :] - places) ** 2).sum(-1)
    return np.exp(-away / 12.5).max(-1)


@pytest.fixture
def truth():
    grid = np.stack(np.meshgrid(np.arange(8, 56, 11), np.arange(8, 76, 11), indexing="ij"), -1).reshape(-1, 2)
    places = grid + np.random.default_rng(0).uniform(-1, 1, grid.shape)
    return Points.of(places, ["a", "b"] * (len(places) // 2) + ["a"] * (len(places) % 2))


@pytest.fixture
def files(tmp_path, truth):
    """Stores of one image: its picture, its labels made of points, and a prediction of two classes."""
    image = (1000 - 800 * spots(truth.places)).astype(np.uint16)[None]  # dark spots
    maps = [spots(truth.places[truth.classes == name]) for name in "ab"]
    kinds = {
        "images": (image, "image", {}),
        "labels": (np.zeros((1, *SHAPE), np.uint16), "labels", {"facts": {POINTS: len(truth)}}),
        "predictions": (
            np.stack(maps).astype(np.float32),
            "prediction",
            {"channel_names": ("points-a", "points-b")},
        ),
    }
    for folder, (values, kind, more) in kinds.items():
        path = tmp_path / folder / "val_x.zarr"
        volume = create_volume(path, values.shape, values.dtype, spacing=(1.0, 1.0), kind=kind, **more)
        volume.write(Box.of(SHAPE), values)
        if folder == "labels":
            write_points(path / POINTS_FILE, truth)
        write_manifest(tmp_path / folder / "val_x.csv", [open_volume(path).entry("val_x")])
    return tmp_path


def case_files(files, **more):
    return CaseFiles(Stores(files / "images/val_x.csv"), Stores(files / "labels/val_x.csv"), **more)


def output(files, points):
    write_points(files / "points.csv", points)
    return Entry("val_x", files / "points.csv", points.places.shape, "float64", "")


def scores(files, points, **more):
    case = OPENING["points"](output(files, points), case_files(files, fingerprint=FINGERPRINT, **more))
    table = pack_metrics([case], [PointMatchingOptions()])
    summary = pool([table], split="val")[1]
    return {(row["class"], row["metric"]): row["value"] for _, row in summary.iterrows()}


def test_points_are_scored_beside_the_baseline(files, truth):
    found = Points.of(truth.places[1:] + 1, truth.classes[1:])
    values = scores(files, found, without_learning=BASELINES["points"])
    count = len(truth)
    assert values["", "recall"] == pytest.approx((count - 1) / count)
    assert values["", "precision"] == values["b", "f1"] == 1
    assert values["", "mean_distance_um"] == pytest.approx(np.sqrt(2), rel=1e-6)
    # the baseline sees dark spots, and guesses the commonest class of the training
    assert values["", "baseline_f1_any_class"] > 0.9
    assert values["b", "baseline_recall"] > 0.9
    assert values["a", "baseline_recall"] == 0


def test_points_without_classes_are_not_asked_for_them(files, truth):
    values = scores(files, Points.of(truth.places))
    assert values["", "f1"] == 1
    assert {class_ for class_, _ in values} == {""}


def test_no_points_found_are_scored(files, truth):
    predictions = Stores(files / "predictions/val_x.csv")
    for more in ({}, {"predictions": predictions}):
        values = scores(files, truth.take(np.zeros(len(truth), bool)), **more)
        assert values["", "recall"] == values["a", "recall"] == values["", "recall_any_class"] == 0
        assert np.isnan(values["", "precision"])


def test_the_channels_of_the_prediction_say_whether_classes_are_told(files, truth):
    predictions = Stores(files / "predictions/val_x.csv")
    values = scores(files, Points.of(truth.places), predictions=predictions)
    assert values["", "f1"] == values["a", "recall"] == 0
    assert values["", "f1_any_class"] == 1


def test_without_a_fingerprint_nothing_says_how_near_points_must_be(files, truth):
    with pytest.raises(BioLoomError, match="no fingerprint"):
        OPENING["points"](output(files, truth), case_files(files))


def test_the_threshold_is_fitted_on_stored_predictions(files, truth):
    entry = open_volume(files / "predictions/val_x.zarr").entry("val_x")
    labels = Stores(files / "labels/val_x.csv")
    operations = [{"name": "peaks", "smoothing": 0}]
    few = fit_stored_points([entry], labels, operations, FINGERPRINT)
    assert f"hold {len(truth)} points" in few.reason
    assert max(row["f1"] for row in few.curve) == 1
    many = fit_stored_points([entry] * 2, labels, operations, FINGERPRINT)
    assert many.thresholds == {"peak": 0.5}
    assert f"{2 * len(truth)} validation points" in many.reason
    assert fit_stored_points([], Stores(), operations, FINGERPRINT).thresholds == {"peak": 0.5}


@pytest.mark.parametrize("shape", [(20, 30), (6, 20, 30)])
def test_centers_of_regions_are_their_centroids(shape):
    regions = np.zeros(shape, np.uint32)
    regions[..., 2:9, 3:7], regions[..., 12:14, 20:29] = 1, 2
    found = centers_of_regions(regions, "b")
    expected = [np.argwhere(regions == i).mean(0) for i in (1, 2)]
    np.testing.assert_allclose(found.places, expected)
    assert found.classes.tolist() == ["b", "b"]
    assert centers_of_regions(regions * 0, "b").places.shape == (0, len(shape))
