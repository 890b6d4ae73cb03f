import shutil

import pytest

from bioloom.errors import BioLoomError
from bioloom.report.gather import gather, split_of

SCORES = {"test_a": {"f1@0.5": 0.8, "baseline_f1@0.5": 0.5}, "test_b": {"f1@0.5": float("nan")}}


def test_everything_is_read_and_only_test_images_are_reported(run):
    run.images("test_b", "test_a", "train_c").scores(SCORES).training([2.0, 1.0])
    run.yaml("calibration.yaml", {"thresholds": {"seed": 0.5}}).yaml("fingerprint.yaml", {"images": 3})
    found = gather(run.run, {"run": "trial"})
    assert found.images == ("test_a", "test_b")
    assert found.spacing == (0.5, 0.5)
    assert found.splits == {"test": 2, "train": 1}
    assert set(found.objects["image"]) == set(found.truth["image"]) == {"test_a", "test_b"}
    assert found.per_image("f1@0.5")["test_a"] == 0.8
    assert found.per_image("baseline_f1@0.5") == {"test_a": 0.5}
    assert found.pooled["f1@0.5"] == 0.8
    assert list(found.history["step"]) == [50, 100]
    assert (found.calibration, found.fingerprint) == ({"thresholds": {"seed": 0.5}}, {"images": 3})
    assert all((table["image"] == "test_b").all() for table in found.objects_of("test_b"))


def test_a_run_of_nothing_but_images(run):
    found = gather(run.images("predict_x", truth=False, known=False).run, {})
    assert found.spacing is None
    assert found.images == ("predict_x",)
    assert not found.scored
    assert found.pooled == found.per_image("f1@0.5") == {}
    assert found.truth is None
    assert len(found.objects) > 0


def test_without_test_images_all_images_are_reported(run):
    assert gather(run.images("train_a", "val_b").run, {}).images == ("train_a", "val_b")


def test_classes_are_kept_apart_from_the_pool(run):
    run.images("test_a")
    (run.run / "summary.csv").write_text("class,metric,value\n,iou,0.5\nNA,iou,0.25\n")
    found = gather(run.run, {})
    assert found.pooled == {"iou": 0.5}
    assert list(found.summary["class"]) == ["", "NA"]


def test_an_empty_table_counts_as_none(run):
    run.images("test_a")
    (run.run / "metrics.csv").write_text("image,class,metric,value\n")
    assert gather(run.run, {}).metrics is None


def test_what_an_earlier_version_left_behind_is_not_looked_at(run):
    run.images("test_a", "test_b", "train_c").scores(SCORES)
    run.pack("test_a", "test_a")
    run.pack("train_c", "train_c")
    everything = gather(run.run, {})
    shutil.copy(run.run / "objects/test_a.csv", run.run / "objects/test_pack-0000.csv")
    found = gather(run.run, {}, ["train_c", "test_a"])
    assert found.images == ("test_a",)
    assert found.splits == {"test": 1, "train": 1}
    for now, before in ((found.objects, everything.objects), (found.truth, everything.truth)):
        assert now.equals(before[before["image"] == "test_a"].reset_index(drop=True))
    assert found.scored
    assert not gather(run.run, {}, ["train_c", "test_a"], scored=False).scored


def test_labels_and_tables_of_an_earlier_task_are_not_looked_at(run):
    run.images("test_a").pack("test_a", "test_a", folders=("images", "outputs"))
    found = gather(run.run, {"task": "semantic_segmentation"}, ["test_a"])
    assert found.objects is None
    assert len(found.truth) == 0
    assert [found.holds(folder, "test_a") for folder in ("labels", "outputs")] == [False, True]


def test_a_pack_that_is_not_there_is_named(run):
    with pytest.raises(BioLoomError, match=r"images/test_z\.csv"):
        gather(run.images("test_a").run, {}, ["test_z"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metrics.csv", "image,metric,value\n", "lacks the column class"),
        ("summary.csv", "", "no table of numbers"),
        ("metrics.csv", "image,class,metric,value\na,,b,many\n", "no table of numbers"),
        ("objects/test_a.csv", "image,label\n", "lacks the column 'centroid-0'"),
        ("calibration.yaml", "a: [", "no YAML file"),
    ],
)
def test_damaged_files_are_named(run, name, text, message):
    run.images("test_a")
    (run.run / name).write_text(text)
    with pytest.raises(BioLoomError, match=message) as raised:
        gather(run.run, {})
    assert name in str(raised.value)


def test_a_folder_without_images_is_no_run(tmp_path):
    with pytest.raises(BioLoomError, match="holds no images"):
        gather(tmp_path, {})


def test_the_split_is_the_first_word():
    assert split_of("test_a_b") == "test"
