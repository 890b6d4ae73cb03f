import math

from bioloom.evaluate import METRICS
from bioloom.evaluate.metric import channel_of, image_values, mean_over_images, ratio, without_class


def test_counts_without_a_class_are_floats():
    counts = without_class({"tp": 3, "fp": True})
    assert counts == {"": {"tp": 3.0, "fp": 1.0}}
    assert {type(value) for value in counts[""].values()} == {float}


def test_nothing_over_nothing_is_no_number():
    assert math.isnan(ratio(0, 0))
    assert ratio(0, 2) == 0


def test_values_of_images_become_their_mean():
    images = [{"a": 0.5, "b": math.nan}, {"a": 1.0, "b": 3.0}, {"a": math.nan, "b": math.nan}]
    counts = [image_values(image)[""] for image in images]
    sums = {name: sum(values[name] for values in counts) for name in counts[0]}
    assert mean_over_images(sums) == {"a": 0.75, "b": 3.0}


def test_values_of_no_image_have_no_mean():
    values = mean_over_images(image_values({"a": math.nan})[""])
    assert list(values) == ["a"]
    assert math.isnan(values["a"])


def test_only_options_with_a_channel_look_at_one():
    assert channel_of(METRICS.parse("average_precision")) == "auto"
    assert channel_of(METRICS.parse("matching")) is None
