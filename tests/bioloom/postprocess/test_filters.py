import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.filters import FilteredReader, PredictionFilter, along_axes, find_channels
from bioloom.postprocess.median_filter import Median
from bioloom.postprocess.passes import ArrayReader, run_in_memory
from bioloom.postprocess.points import run_points
from bioloom.postprocess.program import compile_passes

WATERSHED = {"name": "watershed", "seeds": "distance"}
SHAPES = {2: (31, 37), 3: (9, 17, 19)}
TILES = {2: [(31, 37), (8, 11), (31, 4)], 3: [(9, 17, 19), (4, 6, 8), (9, 3, 19)]}
FILTERS = [
    ["median_filter"],
    [{"name": "gaussian_filter", "sigma": 1.5}],
    [{"name": "median_filter", "channels": "distance", "radius": 2}, {"name": "gaussian_filter"}],
]


def passes_of(operations, ndim):
    return compile_passes(operations, channels=("foreground", "distance"), spacing=(2.0, 0.5, 0.5)[-ndim:])


def filtered(prediction, operations):
    """The prediction as the last pass but one reads it when nothing is cut."""
    passes, image = passes_of([*operations, WATERSHED], prediction.ndim - 1), Box.of(prediction.shape[1:])
    reader = ArrayReader(prediction)
    for by in passes[0].filters:
        reader = FilteredReader(reader, by, image)
    return reader.read(image)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("operations", FILTERS, ids=["median", "gaussian", "both"])
def test_blocks_never_show_and_objects_are_made_of_filtered_values(operations, ndim, crowded):
    for seed in range(2):
        prediction = crowded(SHAPES[ndim], seed)
        expected = run_in_memory(
            filtered(prediction, operations),
            passes_of([WATERSHED], ndim),
            Layout.cut(SHAPES[ndim], SHAPES[ndim], 0),
        )
        raw = run_in_memory(
            prediction, passes_of([WATERSHED], ndim), Layout.cut(SHAPES[ndim], SHAPES[ndim], 0)
        )
        assert (expected != raw).any()
        for tile in TILES[ndim]:
            passes = passes_of([*operations, WATERSHED], ndim)
            labels = run_in_memory(prediction, passes, Layout.cut(SHAPES[ndim], tile, 1))
            np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("shape", [(11, 13), (5, 7, 8)])
def test_every_box_is_read_as_a_part_of_the_whole(shape):
    prediction = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    by = PredictionFilter("median_filter", (1,), Median((2, 1, 3)[-len(shape) :]))
    reader = FilteredReader(ArrayReader(prediction), by, Box.of(shape))
    whole = reader.read(Box.of(shape))
    np.testing.assert_array_equal(whole[0], prediction[0])
    assert (whole[1] != prediction[1]).any()
    rng = np.random.default_rng(1)
    for _ in range(20):
        start = tuple(int(rng.integers(side)) for side in shape)
        stop = tuple(int(rng.integers(a, side)) + 1 for a, side in zip(start, shape, strict=True))
        box = Box(start, stop)
        np.testing.assert_array_equal(reader.read(box), whole[(slice(None), *box.slices)])


@pytest.mark.parametrize("ndim", [2, 3])
def test_points_are_made_of_filtered_values(ndim, crowded):
    shape, channels = SHAPES[ndim], ("foreground", "points")

    def points(operations, values, tile):
        spacing = (1.0,) * ndim
        passes = compile_passes(operations, channels=channels, spacing=spacing, product="points")
        return run_points(values, passes, Layout.cut(shape, tile, 1))

    prediction = crowded(shape, 0, levels=64)
    smooth = prediction.copy()
    smooth[1] = ndimage.median_filter(prediction[1], 3)
    peaks = {"name": "peaks", "threshold": 0.1}
    expected = points([peaks], smooth, shape)
    assert 0 < len(expected.places) != len(points([peaks], prediction, shape).places)
    for tile in TILES[ndim]:
        found = points([{"name": "median_filter", "channels": "points"}, peaks], prediction, tile)
        np.testing.assert_array_equal(found.places, expected.places)
        np.testing.assert_array_equal(found.scores, expected.scores)


def test_a_filter_adds_no_pass():
    names = [step.name for step in passes_of(["median_filter", WATERSHED, "fill_holes"], 2)]
    assert names == ["0-seeds", "1-flood", "2-fill_holes", "3-relabel"]


def test_mistakes_are_named():
    with pytest.raises(BioLoomError, match="no operation after median_filter reads what it changes"):
        passes_of([WATERSHED, "median_filter"], 2)
    with pytest.raises(BioLoomError, match="no labels to work on"):
        passes_of(["median_filter"], 2)
    with pytest.raises(BioLoomError, match=r"'distanc'.*allowed: foreground, distance"):
        find_channels(("distanc",), ("foreground", "distance"), "median_filter")
    with pytest.raises(BioLoomError, match="along z on a 2D image"):
        along_axes(1, 0, "z", 2, "median_filter")


def test_axes_are_chosen_by_name():
    assert along_axes(2, 0, "z", 3, "x") == (2, 0, 0)
    assert along_axes(2, 0, "xy", 3, "x") == (0, 2, 2)
    assert along_axes(2, 0, "xy", 2, "x") == (2, 2)
    assert along_axes(2, 0, "all", 3, "x") == (2, 2, 2)
