from math import nan

import pytest

from bioloom.report import per_image


@pytest.mark.parametrize("count", [1, 20, 300])
def test_one_dot_per_image_best_on_top(count, ink):
    scores = {f"test_{i}": (i + 1) / (count + 1) for i in range(count)} | {"test_nan": nan}
    figure = per_image.draw(scores, {"test_0": 0.4}, "F1", 0.5)
    dots = {line.get_label(): line for line in figure.axes[0].lines}
    assert dots["result"].get_xdata().tolist() == sorted(s for s in scores.values() if s == s)
    assert dots["result"].get_ydata().tolist() == list(range(count))
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ([f"test_{i}" for i in range(count)] if count <= per_image.NAMED else [])
    assert ink(figure) > 0.005


def test_the_baseline_stands_in_the_row_of_its_image():
    figure = per_image.draw({"a": 0.9, "b": 0.2}, {"a": 0.5}, "F1")
    (dots,) = (line for line in figure.axes[0].lines if line.get_label() == "baseline")
    assert dots.get_xdata()[1] == 0.5
    assert dots.get_xdata()[0] != dots.get_xdata()[0]
    assert "baseline" not in {line.get_label() for line in per_image.draw({"a": 0.9}, {}, "F1").axes[0].lines}


def test_scores_beyond_one_and_long_names_fit():
    figure = per_image.draw({"test_" + "x" * 80: 31.5, "b": 28.0}, {}, "PSNR")
    assert figure.axes[0].get_xlim()[1] > 31.5
    assert max(len(text.get_text()) for text in figure.axes[0].get_yticklabels()) <= 34
