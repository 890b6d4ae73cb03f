"""Which jobs an edit makes run again, as announced by a dry run after a complete run."""

from __future__ import annotations

from collections import Counter

import pytest

pytestmark = pytest.mark.xdist_group("workflow")

NEVER_FOR_RESULTS = {"preprocess", "truth", "fingerprint", "patch", "train"}
"""What an option of prediction, post-processing or evaluation must leave alone."""
SUMMARIES = {"report": 1, "all": 1}


def test_a_complete_run_has_nothing_to_do(tiny_run):
    assert tiny_run.planned() == Counter()
    for name in ("report.html", "metrics.csv", "summary.csv", "figures", "outputs/test_pack-0000.csv"):
        assert (tiny_run.results / name).exists()


@pytest.mark.parametrize(
    "evaluate",
    [
        {"metrics": [{"name": "foreground"}]},
        {"metrics": [{"name": "average_precision", "channel": "contour"}], "smallest_truth": 20},
    ],
    ids=["metric", "channel"],
)
def test_other_metrics_evaluate_again(tiny_run, evaluate):
    edited = tiny_run.with_changes({"evaluate": evaluate})
    assert edited.planned() == Counter(options=2, evaluate=1, **SUMMARIES)


def test_other_postprocessing_starts_at_the_thresholds(tiny_run):
    edited = tiny_run.with_changes({"postprocess": ["watershed", {"name": "remove_small", "min_voxels": 9}]})
    assert edited.planned() == Counter(options=2, fit=1, postprocess=1, measure=1, evaluate=1, **SUMMARIES)


def test_another_title_draws_the_report_again(tiny_run):
    edited = tiny_run.with_changes({"report": {"title": "Discs"}})
    assert edited.planned() == Counter(options=1, **SUMMARIES)


def test_other_chunks_predict_again_and_learn_nothing_anew(tiny_run):
    planned = tiny_run.with_changes({"infer": {"chunk": [2, 2]}}).planned()
    assert not NEVER_FOR_RESULTS & set(planned)
    assert planned["plan"] == planned["stitch"] == 2  # validation and test images
    assert planned["options"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"train": {"workers": 3}},
        {"train": {"memory_gb": 0.5}},
        {"train": {"device": "cpu"}, "infer": {"device": "cpu"}},
        {"infer": {"device": "cuda:1"}},
    ],
    ids=["workers", "memory", "cpu", "cuda"],
)
def test_options_about_the_machine_change_nothing(tiny_run, changes):
    assert tiny_run.with_changes(changes).planned() == Counter()


def test_a_comment_changes_nothing(tiny_run, tmp_path):
    command = tiny_run.command("--dry-run")
    at = command.index("--configfile") + 1
    commented = tmp_path / "commented.yaml"
    with open(command[at]) as file:
        commented.write_text("# discs\n" + file.read().replace("\nmodel:", "  # small\n\nmodel:"))
    assert tiny_run.planned("--configfile", str(commented)) == Counter()


def test_a_new_test_image_runs_its_pack_and_the_summaries(tiny_run, add_image):
    grown = add_image(tiny_run, "tile-new", seed=55)
    assert grown.planned() == Counter(
        pack=1,
        preprocess=1,
        truth=1,
        plan=1,
        stitch=1,
        postprocess=1,
        measure=1,
        evaluate=1,
        **SUMMARIES,
    )


def test_a_new_large_test_image_leaves_the_other_packs_alone(tiny_run, add_image):
    planned = add_image(tiny_run, "wide", seed=56, shape=(400, 400)).planned()
    assert planned["preprocess"] == planned["plan"] == planned["stitch"] == planned["evaluate"] == 1
    assert not {"fingerprint", "patch", "train", "fit"} & set(planned)


def test_a_new_training_image_learns_anew(tiny_run, add_image):
    planned = add_image(tiny_run, "tile-new", seed=57, split="train").planned()
    assert planned["fingerprint"] == planned["train"] == planned["fit"] == 1
