import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.evaluate.pool import Case, pack_metrics, pool


def square(side, start=0, size=40):
    labels = np.zeros((size, size), int)
    labels[start : start + side, start : start + side] = 1
    return labels


@pytest.fixture
def metrics():
    return [METRICS.parse({"name": "matching", "thresholds": [0.5, 0.75]}), METRICS.parse("foreground")]


@pytest.fixture
def cases():
    two = square(10) + 2 * square(10, 20)
    return [
        Case("test_a", two, square(9) + 5 * square(8, 20), baseline=square(10)),
        Case("test_b", square(10), square(4), baseline=square(10)),
        Case("test_empty", square(0), square(0), baseline=square(0)),
        Case("val_c", square(10), square(10), baseline=square(0)),
    ]


def lookup(table, metric, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    (value,) = table.loc[table["metric"] == metric, "value"]
    return value


def test_counts_carry_the_name_of_their_metric(cases, metrics):
    table = pack_metrics(cases, metrics)
    assert list(table) == ["image", "class", "metric", "value"]
    assert lookup(table, "matching:tp@0.5", image="test_a") == 2
    assert lookup(table, "matching:iou@0.75", image="test_a") == 0.81
    assert lookup(table, "baseline_matching:fn@0.5", image="test_a") == 1
    assert lookup(table, "foreground:both", image="test_b") == 16


def test_each_image_has_its_own_metrics(cases, metrics):
    per_image, _ = pool([pack_metrics(cases, metrics)])
    assert list(per_image) == ["image", "class", "metric", "value"]
    assert list(per_image["image"].unique()) == ["test_a", "test_b", "test_empty", "val_c"]
    assert lookup(per_image, "f1@0.5", image="test_a") == 1
    assert lookup(per_image, "f1@0.5", image="test_b") == 0
    assert lookup(per_image, "baseline_recall@0.5", image="test_a") == 0.5
    assert lookup(per_image, "pq@0.75", image="test_a") == pytest.approx(0.81 / 2)
    assert np.isnan(lookup(per_image, "f1@0.5", image="test_empty"))


def test_the_summary_pools_the_counts_of_the_test_images(cases, metrics):
    _, summary = pool([pack_metrics(cases, metrics)])
    assert list(summary) == ["class", "metric", "value"]
    assert set(summary["class"]) == {""}
    assert lookup(summary, "f1@0.5") == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert lookup(summary, "mean_matched_iou@0.5") == pytest.approx((0.81 + 0.64) / 2)
    assert lookup(summary, "foreground_iou") == pytest.approx((81 + 64 + 16) / 300)
    assert lookup(summary, "baseline_f1@0.5") == pytest.approx(2 * 2 / (2 * 2 + 0 + 1))
    assert lookup(summary, "baseline_foreground_dice") == pytest.approx(2 * 200 / (200 + 300))
    assert (lookup(summary, "objects_truth"), lookup(summary, "objects_predicted")) == (3, 3)


def test_what_cannot_be_pooled_is_the_mean_of_the_images(cases):
    per_image, summary = pool([pack_metrics(cases, [METRICS.parse("rand"), METRICS.parse("voi")])])
    for name in ("ari", "voi_merge", "baseline_adapted_rand_error"):
        values = [lookup(per_image, name, image=image) for image in ("test_a", "test_b", "test_empty")]
        assert np.isnan(values[2])
        assert lookup(summary, name) == pytest.approx(np.mean(values[:2]))


def test_only_predicted_objects_have_scores(cases, open_prediction):
    metrics = [METRICS.parse("average_precision"), METRICS.parse("association")]
    scored = [
        replace(case, prediction=open_prediction(np.full((1, 40, 40), 0.75, np.float32))) for case in cases
    ]
    table = pack_metrics(scored, metrics)
    assert lookup(table, "average_precision:0.7500@0.8", image="test_a") == 1
    _, summary = pool([table])
    # both objects of one image match, that of the other does not, and all have the same score
    assert lookup(summary, "ap@0.5") == pytest.approx(67 / 101 * 2 / 3)
    assert lookup(summary, "one_to_one") == 1
    assert lookup(summary, "baseline_missing") == pytest.approx(1 / 3)
    assert not summary["metric"].str.startswith("baseline_ap").any()


def test_small_objects_at_the_border_may_be_left_out(cases, metrics):
    _, summary = pool([pack_metrics(cases, metrics, smallest_truth=200)])
    # those of test_a and test_b in the corner are, the one in the middle stays
    assert (lookup(summary, "objects_truth"), lookup(summary, "objects_predicted")) == (1, 1)
    assert lookup(summary, "baseline_objects_predicted") == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": np.zeros((9, 9), int)}, "the truth has shape"),
        ({"labels": np.zeros((40, 40))}, "labels hold values of type float64"),
        ({"truth": np.zeros((40, 40), np.float32)}, "the truth hold values of type float32"),
        ({"prediction": None}, "average_precision scores objects by a channel of the prediction"),
    ],
)
def test_a_mistake_names_the_image(cases, open_prediction, change, says):
    prediction = open_prediction(np.zeros((1, 40, 40), np.float32))
    with pytest.raises(BioLoomError, match=f"image test_a: {says}"):
        pack_metrics(
            [replace(cases[0], **{"prediction": prediction} | change)], [METRICS.parse("average_precision")]
        )


def test_a_channel_that_the_prediction_lacks_is_a_mistake(cases, open_prediction):
    case = replace(cases[0], prediction=open_prediction(np.zeros((1, 40, 40), np.float32), ("distance",)))
    wanted = METRICS.parse({"name": "average_precision", "channel": "foreground"})
    with pytest.raises(BioLoomError, match=r"image test_a: .* no channel 'foreground'; allowed: distance"):
        pack_metrics([case], [wanted])


def test_packs_do_not_matter(cases, metrics):
    together = pool([pack_metrics(cases, metrics)])
    apart = pool(pack_metrics([case], metrics) for case in cases)
    for one, other in zip(together, apart, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_all_images_are_pooled_without_a_split(cases, metrics):
    _, summary = pool([pack_metrics(cases, metrics)], split=None)
    assert lookup(summary, "objects_truth") == 4


def test_tables_may_come_from_files(cases, metrics):
    table = pack_metrics(cases, metrics)
    read = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    for one, other in zip(pool([read]), pool([table]), strict=True):
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_without_a_baseline_there_are_no_baseline_rows(cases, metrics):
    case = Case("test_a", cases[0].truth, cases[0].labels)
    per_image, summary = pool([pack_metrics([case], metrics)])
    assert not per_image["metric"].str.startswith("baseline").any()
    assert not summary["metric"].str.startswith("baseline").any()


def test_no_images_give_empty_tables(metrics):
    for table in (pack_metrics([], metrics), *pool([])):
        assert len(table) == 0
        assert list(table)[-3:] == ["class", "metric", "value"]
