"""Thresholds that are fitted on stored images of different voxel sizes: each image has its own."""

import numpy as np
import pytest

from bioloom.evaluate.label_fit import fit_stored_labels
from bioloom.evaluate.matching import match_counts
from bioloom.evaluate.point_fit import fit_stored_points
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.calibrate import IOU_THRESHOLDS
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.preprocess.point_rules import SUPPRESSION, TOLERANCE
from bioloom.volumes.points import POINTS, POINTS_FILE, Points, write_points
from bioloom.volumes.store import create_volume, open_volume

SPACINGS = {"val_coarse": (1.0, 1.0), "val_fine": (0.25, 0.25)}
CHANNELS = ("foreground", "center")
OPERATIONS = [
    {"name": "watershed", "seeds": "center", "topography": "center", "seed_threshold": 0.5},
    {"name": "refine", "how": "erode", "radius_um": 1.0},
]
ORDERS = pytest.mark.parametrize("turn", [1, -1], ids=["coarse first", "fine first"])


@pytest.fixture
def stored(tmp_path):
    """Store a prediction and its labels once per voxel size; returns entries, and where the labels are."""

    def write(prediction, names, labels, points=None):
        entries, found = [], {}
        for image, spacing in SPACINGS.items():
            paths = {kind: tmp_path / kind / f"{image}.zarr" for kind in ("prediction", "labels")}
            facts = {} if points is None else {POINTS: len(points)}
            for kind, values, more in (
                ("prediction", prediction.astype(np.float32), {"channel_names": names}),
                ("labels", labels[None].astype(np.uint16), {"facts": facts}),
            ):
                given = {"spacing": spacing, "kind": kind, **more}
                volume = create_volume(paths[kind], values.shape, values.dtype, **given)
                volume.write(Box.of(labels.shape), values)
            if points is not None:
                write_points(paths["labels"] / POINTS_FILE, points)
            entries.append(open_volume(paths["prediction"]).entry(image))
            found[image] = paths["labels"]
        return entries, found

    return write


@ORDERS
def test_points(stored, turn):
    """Points are 4 voxels off, 4 um in one image and 1 um in the other: half of them match within 1 um."""
    places = np.stack(np.meshgrid(*[np.arange(5.0, 80, 10)] * 2, indexing="ij"), -1).reshape(-1, 2)
    away = ((np.indices((80, 80))[:, None] - places.T[:, :, None, None]) ** 2).sum(0).min(0)
    blobs = 0.9 * np.exp(-away[None] / 4)
    entries, labels = stored(blobs, ("points",), np.zeros((80, 80)), Points.of(places + np.array([4, 0])))
    fingerprint = {"resolved": {TOLERANCE: {"value": 1.01}, SUPPRESSION: {"value": 0.1}}}
    found = fit_stored_points(entries[::turn], labels, [{"name": "peaks"}], fingerprint)
    assert max(row["f1"] for row in found.curve) == pytest.approx(0.5)
    assert "on 128 validation points" in found.reason


@ORDERS
def test_labels(stored, turn):
    """A margin of 1 um is one voxel of the squares in one image, and four in the other."""
    y, x = np.indices((72, 72))
    inside = (y % 12 < 9) & (x % 12 < 9)
    truth = np.where(inside, 1 + y // 12 * 6 + x // 12, 0)
    prediction = np.stack([inside * 0.9, inside * 0.8]).astype(np.float32)
    entries, labels = stored(prediction, CHANNELS, truth)
    found = fit_stored_labels(entries[::turn], labels, OPERATIONS, {"resolved": {}})
    assert "72 validation objects" in found.reason
    counts = []
    for spacing in SPACINGS.values():
        passes = compile_passes(OPERATIONS, channels=CHANNELS, spacing=spacing)
        labelled = run_in_memory(prediction, passes, Layout.cut(truth.shape, truth.shape, 0))
        counts.append(np.stack(match_counts(truth, labelled, IOU_THRESHOLDS)))
    assert (counts[0] != counts[1]).any()
    tp, fp, fn = sum(counts)
    row = next(row for row in found.curve if row["foreground"] == 0.5)
    assert row["f1"] == pytest.approx(np.mean(2 * tp / (2 * tp + fp + fn)))


def test_no_predictions_choose_nothing():
    found = fit_stored_labels([], {}, OPERATIONS, {"resolved": {}})
    assert found.thresholds == {"foreground": 0.5, "seed": 0.5}
