"""What every operation that makes points must hold: the block grid never shows, little breaks nothing."""

import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.points import run_points
from bioloom.postprocess.program import compile_passes

POINT_OPERATIONS = ("peaks",)
SHAPES = {2: (36, 41), 3: (11, 13, 15)}
TILES = {2: [(9, 14), (36, 5), (17, 40)], 3: [(4, 5, 6), (11, 3, 15), (10, 12, 14)]}


def points_of(name, prediction, tile=None, halo=2):
    shape = prediction.shape[1:]
    passes = compile_passes(
        [name],
        channels=("points-a", "points-b"),
        spacing=(2.0, 1.0, 1.0)[-len(shape) :],
        defaults={"suppression_um": 2.5},
        product="points",
    )
    return run_points(prediction, passes, Layout.cut(shape, tile or shape, halo))


def crowd(shape, seed):
    """Many peaks and plateaus."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(2, *shape)), (0, *[1.2] * len(shape)))
    return (np.round(np.clip(0.5 + 0.3 * smooth / smooth.std(), 0, 1) * 6) / 6).astype(np.float32)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", POINT_OPERATIONS)
def test_the_block_grid_never_shows(name, ndim):
    for seed in range(2):
        prediction = crowd(SHAPES[ndim], seed)
        whole = points_of(name, prediction)
        assert len(whole) > 5
        for tile in TILES[ndim]:
            cut = points_of(name, prediction, tile)
            np.testing.assert_array_equal(cut.places, whole.places)
            np.testing.assert_array_equal(cut.scores, whole.scores)
            assert cut.classes.tolist() == whole.classes.tolist()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", POINT_OPERATIONS)
def test_an_empty_image_has_no_point(name, ndim):
    assert len(points_of(name, np.zeros((2, *SHAPES[ndim]), np.float32), TILES[ndim][0])) == 0


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", POINT_OPERATIONS)
def test_points_lie_in_the_image_and_have_classes_and_scores(name, ndim):
    found = points_of(name, crowd(SHAPES[ndim], 3))
    assert (found.places >= 0).all()
    assert (found.places <= np.array(SHAPES[ndim]) - 1).all()
    assert set(found.classes) == {"a", "b"}
    assert ((found.scores >= 0.5) & (found.scores <= 1)).all()
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize("name", POINT_OPERATIONS)
def test_options_have_defaults_and_describe_themselves(name):
    options = OPERATIONS.parse(name)
    assert options.name == name
    for field, info in type(options).model_fields.items():
        assert field == "name" or info.description
