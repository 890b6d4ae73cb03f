from dataclasses import replace

import numpy as np
import pytest

from bioloom.report import plates, sizes, style
from bioloom.report.gather import gather

IMAGES = ("test_a", "test_b", "test_c")


def names(drawn):
    return [plate.name for plate in drawn]


def opener(run):
    from bioloom.volumes.store import open_volume

    return lambda folder, image: open_volume(run.run / folder / f"{image}.zarr")


def test_the_tally_below_a_picture_agrees_with_matching(run):
    from bioloom.evaluate.matching import match_pairs

    run.images("test_a")
    (plate,) = plates.pictures(gather(run.run, {}), 1, opener(run))
    truth, labels = (opener(run)(folder, "test_a").read()[0] for folder in ("labels", "outputs"))
    matches = match_pairs(truth, labels, 0.5)
    expected = f"{len(matches.iou)} matched, {len(matches.missed)} missed, {len(matches.invented)} false."
    assert expected in plate.caption


def test_pictures_come_from_best_to_worst_and_are_explained_once(run):
    run.images(*IMAGES).scores(
        {image: {"f1@0.5": score} for image, score in zip(IMAGES, (0.2, 0.9, 0.5), strict=True)}
    )
    drawn = list(plates.pictures(gather(run.run, {}), 3, opener(run)))
    assert names(drawn) == ["overlay_test_b", "overlay_test_c", "overlay_test_a"]
    assert drawn[0].title == "test_b – best (F1 at IoU 0.5: 0.900)."
    assert ["dashed yellow" in plate.caption for plate in drawn] == [True, False, False]


def test_figures_need_their_numbers(run):
    run.images(*IMAGES)
    found = gather(run.run, {})
    for draw in (plates.scores, plates.training, plates.calibration):
        assert list(draw(found)) == []
    assert names(plates.objects(found)) == ["object_sizes"]
    scores = {"f1@0.5": 0.9, "f1@0.6": 0.8, "objects_truth": 3.0, "objects_predicted": np.nan}
    run.scores(dict.fromkeys(IMAGES, scores)).training([1.0, 0.5])
    curve = [{"foreground": 0.5, "seed": s, "f1": s} for s in (0.4, 0.5)]
    found = gather(
        run.yaml("calibration.yaml", {"thresholds": {"foreground": 0.5, "seed": 0.4}, "curve": curve}).run, {}
    )
    assert names(plates.scores(found)) == ["score_by_iou", "score_per_image"]
    assert names(plates.objects(found)) == ["object_sizes"]
    assert names(plates.training(found)) == ["training"]
    assert names(plates.calibration(found)) == ["thresholds"]
    assert all(plate.svg.startswith(b"<?xml") for plate in plates.training(found))


@pytest.mark.parametrize("baseline", [{}, {"baseline_f1@0.5": 0.3, "baseline_f1@0.6": 0.2}])
def test_the_baseline_is_explained_where_there_is_one(run, baseline):
    run.images("test_a").scores({"test_a": {"f1@0.5": 0.9, "f1@0.6": 0.8} | baseline})
    plate = next(plates.scores(gather(run.run, {})))
    assert plate.name == "score_by_iou"
    assert ("The baseline is a simple threshold" in plate.caption) == bool(baseline)


def test_only_scored_images_are_compared_with_the_truth(run, monkeypatch):
    drawn = []
    monkeypatch.setattr(sizes, "draw", lambda *args: drawn.append(args) or style.canvas(1.0))
    run.images("test_a", "predict_b").scores({"test_a": {"f1@0.5": 0.5}})
    found = gather(run.run, {})
    list(plates.objects(found))
    list(plates.objects(replace(found, metrics=None, summary=None)))
    (compared, truth, unit), (alone, nothing, _) = drawn
    assert unit == "µm"
    assert sorted(compared) == sorted(found.objects_of("test_a")[1]["equivalent_diameter_um"])
    assert sorted(truth) == sorted(found.truth["equivalent_diameter_um"])
    assert len(alone) == len(found.objects) > len(compared)
    assert nothing is None
