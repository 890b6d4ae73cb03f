import numpy as np
import pytest

from bioloom.postprocess import calibrate
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.calibrate import fit_thresholds
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

CHANNELS = ("foreground", "distance")
WATERSHED = {"name": "watershed", "seeds": "distance"}


def score(truth, labels, thresholds):
    """Match by brute force; at IoU of 0.5 or more a match is one to one by itself."""
    overlap = []
    for true in np.unique(truth[truth > 0]):
        for found in np.unique(labels[(truth == true) & (labels > 0)]):
            both = np.sum((truth == true) & (labels == found))
            overlap.append(both / np.sum((truth == true) | (labels == found)))
    tp = np.array([sum(value > t for value in overlap) for t in thresholds], int)
    return tp, np.count_nonzero(np.unique(labels)) - tp, np.count_nonzero(np.unique(truth)) - tp


def discs(count=8, pitch=12, level=1.0, bridge=0.0):
    """A grid of discs: their truth, and a prediction with `level` in them and `bridge` between."""
    y, x = np.mgrid[: count * pitch, : count * pitch]
    radius = np.hypot(y % pitch - pitch / 2 + 0.5, x % pitch - pitch / 2 + 0.5)
    inside = radius < 4
    truth = np.where(inside, 1 + (y // pitch) * count + x // pitch, 0)
    foreground = np.where(inside, level, bridge)
    return np.stack([foreground, np.clip(1 - radius / 4, 0, 1) * inside]).astype(np.float32), truth


def fit(images, operations=(WATERSHED,)):
    sized = [(image, truth, (1.0, 1.0)) for image, truth in images]
    return fit_thresholds(sized, operations, score, channels=CHANNELS)


def test_the_thresholds_of_the_best_score_are_chosen():
    result = fit([discs(level=0.9, bridge=0.55)])
    assert result.thresholds["foreground"] == 0.6
    best = max(row["f1"] for row in result.curve)
    assert best == 1
    assert (
        next(r for r in result.curve if {k: r[k] for k in result.thresholds} == result.thresholds)["f1"] == 1
    )
    assert "on 64 validation objects" in result.reason
    assert len(result.curve) == 49


def test_ties_go_toward_one_half():
    assert fit([discs()]).thresholds == {"foreground": 0.5, "seed": 0.5}


def test_few_objects_choose_nothing():
    result = fit([discs(count=7, level=0.9, bridge=0.55)])
    assert result.thresholds == {"foreground": 0.5, "seed": 0.5}
    assert "hold 49 objects, fewer than the 50" in result.reason
    assert result.reason.endswith("0.5 is used for foreground and seed.")


def test_the_reason_names_only_what_was_to_be_chosen():
    result = fit([discs(count=7)], [WATERSHED | {"seed_threshold": 0.7}])
    assert result.thresholds == {"foreground": 0.5, "seed": 0.7}
    assert result.reason.endswith("0.5 is used for foreground.")


def test_counts_are_pooled_over_images():
    images = [discs(count=4, level=0.9, bridge=0.55), discs(count=6, level=0.9, bridge=0.35)]
    pooled = {(row["foreground"], row["seed"]): row["f1"] for row in fit(images).curve}
    separate = []
    for image, truth in images:
        passes = compile_passes(
            [WATERSHED], channels=CHANNELS, spacing=(1, 1), thresholds={"foreground": 0.4, "seed": 0.3}
        )
        labels = run_in_memory(image, passes, Layout.cut(truth.shape, truth.shape, 0))
        separate.append(score(truth, labels, calibrate.IOU_THRESHOLDS))
    tp, fp, fn = (sum(image[part] for image in separate) for part in range(3))
    assert pooled[0.4, 0.3] == pytest.approx(np.mean(2 * tp / (2 * tp + fp + fn)))


@pytest.mark.parametrize(
    "other",
    [{"name": "refine", "how": "erode", "radius_um": 1.0}, {"name": "gaussian_filter", "sigma_um": 1.0}],
    ids=lambda other: other["name"],
)
def test_every_image_has_its_own_voxel_size(other):
    """Lengths in micrometres are more voxels where voxels are finer, whichever image comes first."""
    operations = [WATERSHED, other] if other["name"] == "refine" else [other, WATERSHED]
    image, truth = discs(count=6, level=0.9, bridge=0.55)
    images = [(image, truth, (1.0, 1.0)), (image, truth, (0.25, 0.25))]
    curves = [
        fit_thresholds(chosen, operations, score, channels=CHANNELS).curve
        for chosen in (images, images[::-1])
    ]
    assert curves[0] == curves[1]
    counts = []
    for prediction, labels, spacing in images:
        given = {"channels": CHANNELS, "thresholds": {"foreground": 0.6, "seed": 0.5}}
        passes = compile_passes(operations, spacing=spacing, **given)
        found = run_in_memory(prediction, passes, Layout.cut(labels.shape, labels.shape, 0))
        counts.append(score(labels, found, calibrate.IOU_THRESHOLDS))
    assert any((one != two).any() for one, two in zip(*counts, strict=True))
    tp, fp, fn = (np.add(*part) for part in zip(*counts, strict=True))
    row = next(row for row in curves[0] if (row["foreground"], row["seed"]) == (0.6, 0.5))
    assert row["f1"] == pytest.approx(np.mean(2 * tp / (2 * tp + fp + fn)))


def test_a_threshold_that_the_user_set_is_kept():
    fixed = {"name": "watershed", "seeds": "distance", "foreground_threshold": 0.45}
    result = fit([discs()], [fixed])
    assert result.thresholds == {"foreground": 0.45, "seed": 0.5}
    assert len(result.curve) == 7
    assert result.reason.startswith("Of 7 values, seed 0.5 gives the highest mean F1")
    both = fit([discs()], [{**fixed, "seed_threshold": 0.25}])
    assert both.thresholds == {"foreground": 0.45, "seed": 0.25}
    assert both.reason == "No threshold is set to fit."


def test_remembered_ranks_make_the_labels_of_the_pipeline(crowded):
    image, seen = crowded((40, 44)), []

    def note(truth, labels, thresholds):
        seen.append(labels)
        return score(truth, labels, thresholds)

    fit_thresholds([(image, np.zeros((40, 44), int), (1, 1))], [WATERSHED], note, channels=CHANNELS)
    for labels, pair in zip(seen, fit([(image, np.zeros((40, 44), int))]).curve, strict=True):
        passes = compile_passes([WATERSHED], channels=CHANNELS, spacing=(1, 1), thresholds=pair)
        np.testing.assert_array_equal(labels, run_in_memory(image, passes, Layout.cut((40, 44), (40, 44), 0)))
