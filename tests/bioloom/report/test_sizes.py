import numpy as np
import pytest

from bioloom.report import sizes


def test_bins_follow_freedman_and_diaconis():
    values = np.random.default_rng(0).normal(10, 2, 500)
    edges = sizes.bin_edges(values)
    rule = np.histogram_bin_edges(values, "fd")
    assert edges[0] == 0
    assert edges[1] - edges[0] == pytest.approx(rule[1] - rule[0], rel=0.1)
    assert edges[-1] >= np.percentile(values, 99.5)


@pytest.mark.parametrize("values", [[3.0], [3.0] * 20, [0.0], [1.0, 1e6]])
def test_odd_sizes_have_ten_to_sixty_bins(values):
    edges = sizes.bin_edges(np.array(values))
    assert 11 <= len(edges) <= 61
    assert np.all(np.diff(edges) > 0)


@pytest.mark.parametrize("truth", [None, np.empty(0), np.array([4.0, 5.0, 5.5])])
@pytest.mark.parametrize("found", [np.empty(0), np.array([4.2, 5.1])])
def test_histograms_count_every_object(found, truth, ink):
    if not found.size and (truth is None or not truth.size):
        return
    figure = sizes.draw(found, truth, "µm")
    heights = [patch.get_height() for patch in figure.axes[0].patches if hasattr(patch, "get_height")]
    assert sum(heights) == (0 if truth is None else truth.size)
    assert ink(figure) > 0.005
    assert figure.axes[0].get_xlabel() == "equivalent diameter (µm)"
