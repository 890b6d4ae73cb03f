import re
from base64 import b64decode
from html.parser import HTMLParser
from math import nan

import pytest

from bioloom.errors import BioLoomError
from bioloom.report import views
from bioloom.report.assemble import write_report

CONFIG = {"run": "trial", "task": "instance_segmentation", "report": {"title": "", "images": 2}}
VOID = {"meta", "img", "br"}


class Checker(HTMLParser):
    """Collects headings, addresses and images, and fails on tags that do not pair."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.addresses, self.text, self.ids = [], [], "", set()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert tag != "script"
        assert not any(name.startswith("on") for name in values)
        assert tag != "img" or values.get("alt")
        self.addresses += [values[name] for name in ("src", "href") if name in values]
        self.ids |= {values["id"]} if "id" in values else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def check(path):
    page = path.read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    for address in checker.addresses:
        assert address.startswith("data:image/") or address.removeprefix("#") in checker.ids
        if address.startswith("data:"):
            assert len(b64decode(address.split(",", 1)[1], validate=True)) > 1000
    assert not re.search(r"https?://|url\(|@import", page)
    return checker


@pytest.fixture
def full(run):
    metrics = {
        "f1@0.5": 0.8,
        "f1@0.6": 0.7,
        "baseline_f1@0.5": 0.5,
        "objects_truth": 12.0,
        "objects_predicted": 11.0,
    }
    run.images("test_a", "test_b", "test_c").scores({f"test_{c}": metrics for c in "abc"})
    run.training([2.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5])
    curve = [{"foreground": 0.5, "seed": s, "f1": s} for s in (0.4, 0.5)]
    run.yaml(
        "calibration.yaml", {"thresholds": {"foreground": 0.5, "seed": 0.5}, "reason": "best", "curve": curve}
    )
    return run.yaml("fingerprint.yaml", {"resolved": {"train.steps": {"value": 600, "reason": "enough"}}})


def test_the_report_of_a_full_run(full):
    page = write_report(full.run, CONFIG)
    assert page == full.run / "report.html"
    found = check(page)
    assert {"images", "scores", "objects", "training", "decisions", "files", "run"} <= found.ids
    figures = {path.name for path in (full.run / "figures").iterdir()}
    plots = {"score_by_iou", "score_per_image", "object_counts", "object_sizes", "training", "thresholds"}
    pictures = {name for name in figures if name.startswith("overlay_")}
    assert len(pictures) == 2
    assert figures - pictures == {f"{plot}.{kind}" for plot in plots for kind in ("png", "svg")}
    assert len(found.addresses) == len(found.ids) - 1 + len(plots) + 2


def test_the_same_run_gives_the_same_bytes(full, tmp_path):
    first = write_report(full.run, CONFIG).read_bytes()
    figures = {path.name: path.read_bytes() for path in (full.run / "figures").iterdir()}
    second = write_report(full.run, CONFIG, tmp_path / "other" / "page.html")
    assert second.read_bytes() == first
    assert {path.name: path.read_bytes() for path in (second.parent / "figures").iterdir()} == figures
    assert str(tmp_path).encode() not in first


def test_the_report_of_some_packs_shows_nothing_else(full):
    full.pack("test_b", "test_b", folders=("images", "outputs"))
    page = check(write_report(full.run, CONFIG, packs=["test_b"], scored=False))
    assert "test_a" not in page.text
    assert "no ground truth" in page.text
    assert "matched" not in page.text
    assert "summary.csv" not in page.text
    assert "labels/test_b.zarr" not in page.text


def test_former_figures_go_and_nothing_half_written_stays(full):
    (full.run / "figures").mkdir()
    (full.run / "figures" / "overlay_gone.png").write_text("old")
    write_report(full.run, CONFIG)
    assert not (full.run / "figures" / "overlay_gone.png").exists()
    assert not list(full.run.glob(".tmp-*"))


def test_a_failure_leaves_the_former_report(full, monkeypatch):
    write_report(full.run, CONFIG)
    before = (full.run / "report.html").read_bytes()
    (full.run / "metrics.csv").write_text("nonsense\n")
    with pytest.raises(BioLoomError):
        write_report(full.run, CONFIG)
    assert (full.run / "report.html").read_bytes() == before


def test_predictions_without_truth_or_training(run):
    run.images("predict_a", truth=False, known=False)
    found = check(write_report(run.run, {"run": "trial", "task": "instance_segmentation"}))
    assert "no ground truth" in found.text
    assert "lengths are in pixels" in found.text
    assert not {"scores", "training", "decisions"} & found.ids
    assert {"images", "objects", "files"} <= found.ids
    assert {path.stem for path in (run.run / "figures").iterdir()} == {"overlay_predict_a", "object_sizes"}


def test_no_objects_anywhere_and_nan_metrics(run):
    metrics = {"f1@0.5": nan, "f1@0.6": nan, "objects_truth": 0.0, "objects_predicted": 0.0}
    run.images("test_a", "test_b", objects=0).scores({"test_a": metrics, "test_b": metrics})
    run.summary(metrics)
    found = check(write_report(run.run, CONFIG))
    assert "No object was found in any image" in found.text
    assert "–" in found.text


def test_volumes(run):
    run.images("test_a", shape=(10, 30, 40)).scores({"test_a": {"f1@0.5": 0.5}})
    assert "slices are counted from 0" in check(write_report(run.run, CONFIG)).text


def test_large_images(run, monkeypatch):
    monkeypatch.setattr(views, "LARGEST_SIDE", 60)
    monkeypatch.setattr(views, "CROP_SIDE", 40)
    monkeypatch.setattr("bioloom.report.plates.LARGEST_SIDE", 60)
    run.images("test_a", shape=(64, 100))
    assert "The frame in the overview" in check(write_report(run.run, CONFIG)).text


def test_what_users_write_is_text(run):
    nasty = '<script>alert(1)</script> "&'
    run.images("test_a").yaml("calibration.yaml", {"thresholds": {"seed": 0.5}, "reason": nasty})
    config = {**CONFIG, "run": nasty, "report": {"title": nasty, "images": 1}}
    found = check(write_report(run.run, config, date=nasty, notes=[nasty]))
    assert found.text.count(nasty) == 6  # title, heading, run, date, reason, note
