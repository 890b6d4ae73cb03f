import math

import pandas as pd

from bioloom.evaluate.metric import finish_by_class, ratio, rows


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
