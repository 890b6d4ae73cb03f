import math

import pandas as pd

from bioloom.evaluate import METRICS
from bioloom.evaluate.metric import (
    channel_of,
    finish_by_class,
    image_values,
    mean_over_images,
    ratio,
    rows,
)


def test_rows_hold_floats_under_their_names():
    table = rows({"tp": 3, "fp": 1}, "nucleus")
    assert table.to_dict("list") == {"class": ["nucleus"] * 2, "metric": ["tp", "fp"], "value": [3.0, 1.0]}


def test_each_class_is_finished_by_itself():
    counts = pd.concat([rows({"a": 1, "b": 2}, "one"), rows({"a": 3, "b": 4}, "two")])
    table = finish_by_class(lambda values: {"a/b": ratio(values["a"], values["b"])})(counts)
    assert table.to_dict("list") == {"class": ["one", "two"], "metric": ["a/b"] * 2, "value": [0.5, 0.75]}


def test_no_counts_give_no_metrics():
    assert len(finish_by_class(dict)(rows({}))) == 0


def test_nothing_over_nothing_is_no_number():
    assert math.isnan(ratio(0, 0))
    assert ratio(0, 2) == 0


def test_values_of_images_become_their_mean():
    images = [{"a": 0.5, "b": math.nan}, {"a": 1.0, "b": 3.0}, {"a": math.nan, "b": math.nan}]
    sums = pd.concat([image_values(image) for image in images]).groupby("metric")["value"].sum()
    assert mean_over_images(sums.to_dict()) == {"a": 0.75, "b": 3.0}


def test_values_of_no_image_have_no_mean():
    table = finish_by_class(mean_over_images)(image_values({"a": math.nan}))
    assert table["metric"].tolist() == ["a"]
    assert math.isnan(table["value"][0])


def test_only_options_with_a_channel_look_at_one():
    assert channel_of(METRICS.parse("average_precision")) == "auto"
    assert channel_of(METRICS.parse("matching")) is None
