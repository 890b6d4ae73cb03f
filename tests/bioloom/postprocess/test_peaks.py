import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.peaks import refine
from bioloom.postprocess.points import run_points
from bioloom.postprocess.program import compile_passes

SHAPES = {2: (36, 41), 3: (11, 17, 15)}
SPACINGS = {2: (1.0, 1.0), 3: (2.0, 1.0, 0.5)}
TILES = {2: [(9, 14), (36, 5), (1, 1), (17, 40)], 3: [(4, 5, 6), (11, 3, 15), (2, 1, 3)]}


def points_of(prediction, channels=("points",), tile=None, **options):
    shape = prediction.shape[1:]
    passes = compile_passes(
        [{"name": "peaks", "threshold": 0.3, "radius_um": 0, **options}],
        channels=channels,
        spacing=SPACINGS[len(shape)],
        product="points",
    )
    return run_points(prediction, passes, Layout.cut(shape, tile or shape, 0))


def blobs(places, shape, sigma=1.5, heights=None):
    """Gaussians, the higher value where two overlap."""
    heights = np.ones(len(places)) if heights is None else heights
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    away = ((grid[..., None, :] - np.asarray(places)) ** 2).sum(-1)
    return (heights * np.exp(-away / (2 * sigma**2))).max(-1)[None].astype(np.float32)


def plateaus(ndim, levels, seed=0):
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(2, *SHAPES[ndim])), (0, *[1.3] * ndim))
    smooth = np.clip(0.5 + 0.35 * smooth / smooth.std(), 0, 1)
    return (np.round(smooth * levels) / levels).astype(np.float32)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
@pytest.mark.parametrize("ndim", [2, 3])
def test_gaussians_are_found_between_the_voxels(ndim, smoothing):
    places = np.array([[4.3, 5.2, 3.4], [5.75, 11.5, 9.9]])[:, :ndim] + [0.25] * ndim
    found = points_of(blobs(places, SHAPES[ndim], 2.0), smoothing=smoothing)
    order = np.argsort(found.places[:, 0])
    np.testing.assert_allclose(found.places[order], places, atol=0.02 if smoothing else 0.002)


@pytest.mark.parametrize("ndim", [2, 3])
def test_maxima_are_those_of_brute_force(ndim):
    rng = np.random.default_rng(0)
    values = rng.random((1, *SHAPES[ndim])).astype(np.float32)
    found = points_of(values, smoothing=0, threshold=0.9)
    expected = set()
    for voxel in np.ndindex(SHAPES[ndim]):
        around = values[0][tuple(slice(max(0, v - 1), v + 2) for v in voxel)]
        if values[0][voxel] >= 0.9 and values[0][voxel] == around.max():
            expected.add(voxel)
    scores = {float(np.round(np.float64(values[0][voxel]), 6)) for voxel in expected}
    assert set(found.scores.tolist()) == scores
    nearest = {tuple(v) for v in np.abs(found.places).round().astype(int).tolist()}
    assert len(found) == len(expected)
    assert len(nearest & expected) > 0.9 * len(expected)  # a point half a voxel away may round to the next


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smoothing": 0},
        {"radius_um": 3.0},
        {"radius_um": 3.0, "across_classes": False, "smoothing": 0},
        {"border_um": 1.1, "smoothing": 0},
    ],
)
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_block_grid_never_shows(ndim, options):
    for levels in (4, 1000):
        prediction = plateaus(ndim, levels)
        channels = ("points-a", "points-b")
        whole = points_of(prediction, channels, **options)
        assert len(whole) > 5
        assert set(whole.classes) == {"a", "b"}
        for tile in TILES[ndim]:
            cut = points_of(prediction, channels, tile, **options)
            np.testing.assert_array_equal(cut.places, whole.places)
            np.testing.assert_array_equal(cut.scores, whole.scores)
            assert cut.classes.tolist() == whole.classes.tolist()


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_plateau_is_one_point(ndim):
    values = np.zeros((1, *SHAPES[ndim]), np.float32)
    values[(0, *(slice(3, 8),) * ndim)] = 0.9
    found = points_of(values, smoothing=1.0)
    assert len(found) == 1
    # along an axis that is hardly smoothed, the plateau is as flat as before
    away = np.abs(found.places[0] - 5) * np.minimum(1, 1 / np.array(SPACINGS[ndim]) ** 4)
    np.testing.assert_allclose(away, 0, atol=0.05)
    assert len(points_of(values, smoothing=0, radius_um=9.0)) == 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_an_empty_heat_map_has_no_points(ndim):
    found = points_of(np.zeros((1, *SHAPES[ndim]), np.float32))
    assert found.places.shape == (0, ndim)
    assert len(found.classes) == 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_point_on_the_border_is_found(ndim):
    found = points_of(blobs([(0.0,) * ndim], SHAPES[ndim]), smoothing=0)
    np.testing.assert_array_equal(found.places, [(0.0,) * ndim])


def test_points_near_the_border_are_left_out_and_suppress_none():
    # micrometres to the border, half a voxel beyond the last one: 0.5, 3.5, 2.5
    places, heights = [(0, 20), (3, 20), (33, 20)], [1.0, 0.8, 0.9]
    heat = blobs(places, SHAPES[2], 0.8, heights)
    options = {"smoothing": 0, "radius_um": 3.5}
    assert points_of(heat, **options).places.tolist() == [[0, 20], [33, 20]]
    assert points_of(heat, border_um=2.6, **options).places.tolist() == [[3, 20]]
    assert points_of(heat, border_um=2.5, **options).places.tolist() == [[33, 20], [3, 20]]


def test_the_border_is_as_far_in_micrometres_along_every_axis():
    heat = blobs([(1, 8, 7), (5, 8, 2), (5, 8, 12)], SHAPES[3], 0.6)
    # voxels of 2 x 1 x 0.5 um: 3 um in z, 1.25 and 1.25 um in x
    assert points_of(heat, smoothing=0, border_um=1.2).places.tolist() == [[1, 8, 7], [5, 8, 2], [5, 8, 12]]
    assert points_of(heat, smoothing=0, border_um=1.3).places.tolist() == [[1, 8, 7]]


def test_classes_suppress_each_other_unless_told_otherwise():
    one = blobs([(10, 10), (20, 30)], SHAPES[2])
    other = 0.8 * blobs([(10, 11), (30, 12)], SHAPES[2])
    both, channels = np.concatenate([one, other]), ("points-a", "points-b")
    found = points_of(both, channels, radius_um=3.0, smoothing=0)
    assert sorted(found.classes) == ["a", "a", "b"]
    found = points_of(both, channels, radius_um=3.0, smoothing=0, across_classes=False)
    assert sorted(found.classes) == ["a", "a", "b", "b"]


def test_the_radius_is_in_micrometres():
    prediction = blobs([(4, 8, 4), (7, 8, 4), (4, 8, 10)], SHAPES[3], sigma=0.8)
    # apart: three planes of 2 um, six columns of 0.5 um
    assert len(points_of(prediction, smoothing=0, radius_um=2.9)) == 3
    assert len(points_of(prediction, smoothing=0, radius_um=3.1)) == 2
    assert len(points_of(prediction, smoothing=0, radius_um=6.1)) == 1


def test_the_surest_points_come_first_and_unsure_ones_are_left_out():
    heights = np.array([0.5, 0.9, 0.2])
    found = points_of(blobs([(8, 8), (20, 20), (30, 8)], SHAPES[2], heights=heights), smoothing=0)
    np.testing.assert_allclose(found.scores, [0.9, 0.5], atol=1e-6)


def test_flat_neighbours_move_nothing():
    values = np.ones((3, 3))
    np.testing.assert_array_equal(refine(values, np.array([[1, 1]])), [[1, 1]])


@pytest.mark.parametrize(
    ("operations", "channels", "message"),
    [
        (["peaks"], ("foreground",), "no channel 'points'.*allowed: foreground"),
        ([{"name": "watershed", "seeds": "foreground", "topography": "foreground"}, "peaks"],
         ("foreground", "points"), "put it first"),
        ([{"name": "watershed", "seeds": "foreground", "topography": "foreground"}],
         ("foreground",), "no points"),
        (["peaks", "fill_holes"], ("points",), "no labels to work on"),
    ],
)  # fmt: skip
def test_orders_that_make_no_sense_are_refused(operations, channels, message):
    with pytest.raises(BioLoomError, match=message):
        compile_passes(operations, channels=channels, spacing=(1, 1), product="points")
