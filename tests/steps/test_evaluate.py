"""What `evaluate` reads and says."""

import logging

import numpy as np
import pytest
import yaml

from bioloom.evaluate import cases
from bioloom.volumes.manifest import write_manifest
from bioloom.volumes.store import create_volume, open_volume
from bioloom.volumes.tables import METRICS, read_table


@pytest.fixture
def choose(run):
    """Set options of the step."""

    def change(**options):
        path = run / "options/evaluate.yaml"
        values = yaml.safe_load(path.read_text())
        values["evaluate"].update(options)
        path.write_text(yaml.safe_dump(values))

    return change


@pytest.fixture
def replace_store(run):
    """Put an array in the place of the only store of a manifest."""

    def replace(folder, values, kind, names=()):
        path = run / folder / "test_d.zarr"
        spacing = (0.5,) * (values.ndim - 1)
        made = create_volume(
            path, values.shape, values.dtype, spacing=spacing, kind=kind, channel_names=names
        )
        made.array[...] = values
        write_manifest(run / folder / "test_d.csv", [open_volume(path).entry()])

    return replace


@pytest.fixture
def counted(bioloom, run, line_of):
    """Run the step and return the names of what it counted."""

    def names():
        done = bioloom(*line_of("evaluate"))
        assert done.code == 0, done.err
        return read_table(run / "metrics/test_d.csv", METRICS)["metric"]

    return names


def test_objects_are_scored_by_a_channel_of_the_prediction(choose, counted, run):
    choose(metrics=[{"name": "average_precision", "channel": "contour"}])
    names = counted()
    objects = len(np.unique(open_volume(run / "outputs/test_d.zarr").read())) - 1
    assert names.str.startswith("average_precision:0").sum() in range(1, objects + 1)
    assert not names.str.startswith("baseline").any()


def test_without_predictions_nothing_has_a_score(choose, bioloom, refused, line_of):
    def without():
        line = line_of("evaluate")
        at = line.index("--predictions")
        return line[:at] + line[at + 2 :]

    assert "there is no prediction; fix: give the manifest of the predictions" in refused(*without())
    choose(metrics=["matching", "foreground"])
    assert bioloom(*without()).code == 0


def test_a_prediction_of_other_targets(choose, refused, line_of, replace_store):
    replace_store("predictions", np.ones((1, 64, 64), np.float32), "prediction", ("affinity",))
    choose(metrics=[{"name": "average_precision", "channel": "foreground"}])
    line = refused(*line_of("evaluate"))
    assert line.startswith("image test_d: evaluate.metrics: the prediction has no channel 'foreground'")
    assert "allowed: affinity" in line


@pytest.mark.parametrize("folder", ["labels", "outputs"])
@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.ones((1, 64, 64), np.float32), "hold values of type float32; allowed: integers"),
        (np.ones((1, 64, 32), np.uint16), "allowed: two label images of the same shape"),
    ],
)
def test_labels_that_cannot_be_compared(refused, line_of, replace_store, contents, run, folder, values, says):
    replace_store(folder, values, "labels")
    before = contents(run)
    line = refused(*line_of("evaluate"))
    assert line.startswith("image test_d: ")
    assert says in line
    assert contents(run) == before


def test_an_unknown_metric(choose, refused, line_of):
    choose(metrics=["everage_precision"])
    line = refused(*line_of("evaluate"))
    assert "evaluate.metrics[0]: unknown metric 'everage_precision'; allowed: matching" in line
    assert "did you mean 'average_precision'?" in line


def test_a_large_image_has_no_baseline_and_the_log_says_so(counted, monkeypatch, caplog):
    assert counted().str.startswith("baseline_").any()
    monkeypatch.setattr(cases, "LARGEST_BASELINE", 64 * 64 - 1)
    with caplog.at_level(logging.INFO):
        assert not counted().str.startswith("baseline_").any()
    assert "test_d: too large for the baseline (over 4095 values)" in caplog.text


def test_crumbs_at_the_border_are_not_judged(choose, bioloom, line_of, run, replace_store):
    truth = np.zeros((1, 64, 64), np.uint16)
    truth[0, 0, 3:6], truth[0, 20:30, 20:30] = 1, 2
    for folder in ("labels", "outputs"):
        replace_store(folder, truth, "labels")
    found = []
    for smallest in (0, 4):
        choose(smallest_truth=smallest, metrics=["matching"])
        assert bioloom(*line_of("evaluate")).code == 0
        table = read_table(run / "metrics/test_d.csv", METRICS)
        found.append(table.loc[table["metric"] == "matching:tp@0.5", "value"].item())
    assert found == [2, 1]
