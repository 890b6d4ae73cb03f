from math import nan
from pathlib import Path

import pandas as pd
import pytest

from bioloom.report import sections
from bioloom.report.gather import Findings

POOLED = {
    "f1@0.5": 0.9,
    "f1@0.75": 0.6,
    "pq@0.5": 0.8,
    "f1_mean": nan,
    "objects_truth": 1200.0,
    "objects_predicted": 1100.0,
    "baseline_f1@0.5": 0.7,
    "baseline_pq@0.5": 0.85,
}


def findings(pooled=None, images=(), **rest):
    summary = [("", *row) for row in (pooled or {}).items()]
    metrics = [(image, "", "f1@0.5", 0.5) for image in images]
    return Findings(
        Path("results/trial"),
        {"run": "trial", "task": "instance_segmentation"},
        tuple(images),
        summary=pd.DataFrame(summary, columns=["class", "metric", "value"]) if summary else None,
        metrics=pd.DataFrame(metrics, columns=["image", "class", "metric", "value"]) if metrics else None,
        **rest,
    )


def test_the_region_that_was_validated_on_is_named():
    region = {"axis": "y", "start": 205, "stop": 256, "of": 256}
    regions = {"val_a": {"region": region, "source": "a.tif"}, "train_a": {"region": {}, "source": "a.tif"}}
    page = sections.what_ran(findings(images=["test_a"], regions=regions), "")
    assert "y = 205 to 255 of 0 to 255 of a.tif" in page
    assert "Validation" not in sections.what_ran(findings(images=["test_a"]), "")


def test_cards_stand_beside_the_baseline():
    cards = sections.cards(findings(POOLED))
    assert "0.900" in cards
    assert 'baseline 0.700 (<span class="better">+0.200</span>)' in cards
    assert 'baseline 0.850 (<span class="worse">−0.050</span>)' in cards
    assert "1,100" in cards
    assert "1,200 in the ground truth" in cards
    assert "–" in cards  # the mean F1 is NaN


def test_cards_of_a_run_without_truth_count_the_objects():
    table = pd.DataFrame({"image": ["a"] * 3, "label": [1, 2, 3]})
    assert ">3<" in sections.cards(findings(objects=table))
    assert sections.cards(findings()) == ""


def test_cards_of_a_detection_without_truth_count_the_points():
    cards = sections.cards(Findings(Path("x"), {"task": "detection"}, points={"a": 4, "b": 3}))
    assert "Points found" in cards
    assert ">7<" in cards


def test_tables_by_threshold_and_image():
    tables = sections.metric_tables(findings(POOLED, ["test_a", "test_<b>"]))
    assert "F1 at IoU 0.5" in tables
    assert "F1 at IoU 0.75" not in tables
    assert "By IoU threshold" in tables
    assert '<tr><th class="number"' not in tables.split("By image")[1]
    assert "By image (2)" in tables
    assert "test_&lt;b&gt;" in tables
    assert sections.metric_tables(findings()) == ""


def test_without_a_baseline_there_is_no_word_of_it():
    own = {metric: value for metric, value in POOLED.items() if not metric.startswith("baseline_")}
    assert "Baseline" in sections.metric_tables(findings(POOLED))
    without = sections.metric_tables(findings(own))
    assert "Result" in without
    assert "Baseline" not in without
    assert "baseline" not in sections.cards(findings(own))


def test_what_is_for_comparison_stands_in_tables_of_its_own():
    more = {"missing": 0.1, "objects_missing": 12.0, "baseline_missing": 0.3, "ari": 0.8, "ap@0.5": 0.7}
    first, split, other = sections.metric_tables(findings(POOLED | more)).split("<details>")[:3]
    assert "F1 at IoU 0.5" in first
    assert not any(
        word in first for word in ("Missed", "Adjusted Rand", "Average precision", "objects missing")
    )
    assert "Split, merged and missed objects" in split
    assert "0.100" in split
    assert "0.300" in split
    assert "12" not in split
    assert "Adjusted Rand index (mean over images)" in other
    assert "Average precision (COCO) at IoU 0.5" in other


def test_long_tables_are_cut_and_say_so(monkeypatch):
    monkeypatch.setattr(sections, "LONGEST_TABLE", 2)
    tables = sections.metric_tables(findings(POOLED, ["test_a", "test_b", "test_c"]))
    assert "test_c" not in tables
    assert "The other 1 images are in metrics.csv." in tables


def test_classes_have_a_table_of_their_own():
    found = findings({"iou": 0.5})
    found.summary.loc[1] = ["mitosis", "iou", 0.25]
    tables = sections.metric_tables(found)
    assert "By class" in tables
    assert "mitosis" in tables


def test_what_ran():
    model = {
        "model": {"name": "unet", "feature_maps": [16, 32]},
        "ndim": 3,
        "steps": 2000,
        "best_step": 1500,
        "patch": {"size": [32, 96, 96]},
    }
    text = sections.what_ran(
        findings(splits={"test": 4, "train": 12, "predict": 1}, model=model, spacing=(2.0, 0.5, 0.5)), date=""
    )
    for words in (
        "12 training · 4 test · 1 new",
        "unet, 3D, features 16–32",
        "2,000 steps, weights of step 1,500",
        "32 × 96 × 96 voxels",
        "2 × 0.5 × 0.5 µm",
        "instance segmentation",
    ):
        assert words in text
    assert "Date" not in text
    assert "unknown: lengths are in pixels" in sections.what_ran(findings(), date="")
    assert "2026-01-02" in sections.what_ran(findings(), date="2026-01-02")


@pytest.mark.parametrize("nested", [True, False])
def test_decisions_come_with_their_reasons(nested):
    facts = {"images": 3, "object_diameter_um": {"50": 8.5}}
    resolved = {"patch.size": {"value": [256, 256], "reason": "objects <are> large"}}
    fingerprint = {"resolved": resolved} | ({"facts": facts} if nested else facts)
    calibration = {
        "thresholds": {"foreground": 0.5, "seed": 0.4},
        "reason": "fixed defaults: only 12 objects & few",
    }
    text = sections.decisions(findings(fingerprint=fingerprint, calibration=calibration))
    for words in (
        "foreground 0.5, seed 0.4",
        "only 12 objects &amp; few",
        "<code>[256, 256]</code>",
        "objects &lt;are&gt; large",
        "object diameter um",
        "8.5",
    ):
        assert words in text
    assert sections.decisions(findings()) == ""


@pytest.mark.parametrize(
    ("foregrounds", "seeds", "words"),
    [
        ([0.5], [0.5], ""),
        ([0.3, 0.5], [0.7], "<strong>foreground 0.3</strong>"),
        ([0.3, 0.5], [0.7, 0.8], "<strong>foreground 0.3, seed 0.7</strong>"),
    ],
)
def test_only_thresholds_that_were_to_be_fitted_are_told(foregrounds, seeds, words):
    curve = [{"foreground": f, "seed": s, "f1": 0.5} for f in foregrounds for s in seeds]
    thresholds = {"foreground": foregrounds[0], "seed": seeds[0]}
    calibration = {"thresholds": thresholds, "reason": "so", "curve": curve}
    text = sections.decisions(findings(calibration=calibration))
    assert words in text
    assert bool(words) == bool(text)


def test_a_threshold_of_peaks_that_was_set_is_not_told():
    calibration = {"thresholds": {"peak": 0.5}, "reason": "No threshold is set to fit.", "curve": []}
    assert sections.decisions(findings(calibration=calibration)) == ""


def test_the_lead_is_what_the_task_does():
    assert sections.lead(findings()).startswith("Finds every object")
    assert sections.lead(Findings(Path("x"), {"task": "my_task"})) == "My task"


def test_warnings():
    assert sections.warning_box([]) == ""
    assert "<li>a &lt; b</li>" in sections.warning_box(["a < b"])
