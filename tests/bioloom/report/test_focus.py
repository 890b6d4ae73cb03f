import numpy as np
import pandas as pd
import pytest

from bioloom.geometry.box import Box
from bioloom.report import focus


def test_suspects_are_the_objects_without_a_partner(object_table):
    truth = np.zeros((60, 60), int)
    truth[5:15, 5:15], truth[30:40, 30:40], truth[50:55, 5:10] = 1, 2, 3
    found = np.zeros_like(truth)
    found[6:16, 5:15], found[30:40, 30:35], found[30:40, 35:40], found[5:9, 50:55] = 1, 2, 3, 4
    truth_alone, found_alone = focus.suspects(object_table(truth), object_table(found), (0.5, 0.5))
    assert truth_alone.tolist() == [False, False, True]
    assert found_alone.tolist()[0] is False
    assert found_alone.tolist()[3] is True
    assert found_alone[1:3].sum() == 1  # one half of the split object


@pytest.mark.parametrize("ndim", [2, 3])
def test_equal_tables_have_no_suspects(nuclei, object_table, ndim):
    table = object_table(nuclei((40,) * ndim, 20)[1])
    assert not any(alone.any() for alone in focus.suspects(table, table, (1.0,) * ndim))


def test_everything_is_suspect_beside_an_empty_table(nuclei, object_table):
    table = object_table(nuclei((40, 40), 5)[1])
    truth_alone, found_alone = focus.suspects(table, table.iloc[:0], (1.0, 1.0))
    assert truth_alone.all()
    assert found_alone.size == 0


def test_the_busiest_slice_agrees_with_counting():
    rng = np.random.default_rng(0)
    for _ in range(50):
        first = rng.integers(0, 20, 8)
        stop = first + rng.integers(1, 6, 8)
        counts = [np.sum((first <= z) & (z < stop)) for z in range(22)]
        z = focus.busiest_slice(first, stop, 22)
        ties = [i for i in range(22) if counts[i] == max(counts)]
        assert z in ties
        assert abs(z - 10.5) == min(abs(i - 10.5) for i in ties)


def test_without_objects_the_middle_is_shown():
    nothing = np.empty(0, int)
    assert focus.busiest_slice(nothing, nothing, 31) == 15
    assert focus.densest_window(np.empty((0, 2)), (1000, 900), 512) == Box((244, 194), (756, 706))


def test_the_window_holds_the_cluster_and_stays_inside():
    points = np.array([[10, 10], [500, 990], [510, 985], [490, 980]], float)
    box = focus.densest_window(points, (1000, 1000), 200)
    assert box.shape == (200, 200)
    assert Box.of((1000, 1000)).contains(box)
    assert sum(np.all((p >= box.start) & (p < box.stop)) for p in points) == 3
    assert focus.densest_window(points, (100, 3000), 200).shape == (100, 200)


def test_crossing_finds_the_boxes_that_meet(nuclei, object_table):
    labels = nuclei((60, 60), 30)[1]
    box = Box((20, 20), (40, 40))
    rows = focus.crossing(object_table(labels), box)
    assert set(np.unique(labels[box.slices])) - {0} <= set(rows["label"])
    assert isinstance(rows, pd.DataFrame)
