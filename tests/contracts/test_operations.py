"""What every post-processing operation must hold: the block grid never shows, little breaks nothing."""

import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.targets.affinities import OFFSETS, offset_name

CLASS_OPERATIONS = ("argmax", "threshold", "majority_filter")
# those that make or change class maps are tried in test_class_operations.py
# what makes points is tried in test_point_operations.py
POINT_OPERATIONS = ("peaks",)
LABEL_OPERATIONS = [name for name in OPERATIONS if name not in (*CLASS_OPERATIONS, *POINT_OPERATIONS)]
FILTERS = ("median_filter", "gaussian_filter")
# options with which an operation has something to do
CASES = [
    *LABEL_OPERATIONS,
    *({"name": "refine", "how": how, "radius": 1.5} for how in ("dilate", "erode", "close")),
    {"name": "refine", "radius_um": 2},
    {"name": "voronoi", "max_distance_um": 3, "foreground": "not distance", "threshold": 0.9},
    {"name": "clear_border", "along": "xy"},
    {"name": "split_parts", "connectivity": 2},
    {"name": "remove_large", "max_voxels": 30},
    {"name": "split_large", "max_voxels": 40, "depth": 0.05, "smoothing": 0.5},
    *(
        {"name": "select_objects", "where": [{"measure": measure, **limit}]}
        for measure, limit in {
            "voxels": {"gt": 10, "le": 60},
            "elongation": {"lt": 2},
            "intensity_mean-distance": {"ge": 0.35},
            "neighbours": {"ge": 1},
        }.items()
    ),
]
CHANGES_NOTHING = ("split_parts", "select_objects")  # with their defaults, where objects are connected
ROUNDS_CORNERS = ("refine", "smooth_outlines", "voronoi", "clear_border", *FILTERS)
SHAPES = {2: (36, 41), 3: (11, 13, 15)}
TILES = {2: [(9, 14), (36, 5), (17, 40)], 3: [(4, 5, 6), (11, 3, 15), (10, 12, 14)]}


MAKERS = {
    "watershed": {"name": "watershed", "seeds": "distance"},
    "flows": {"name": "flows", "flow": "vector"},
    "offsets": {"name": "offsets", "offset": "vector"},
    "stars": {"name": "stars", "probability": "distance", "seed_threshold": 0.3},
    "affinities": {"name": "affinities", "seed_threshold": 0.3},
    "embeddings": {"name": "embeddings", "target": "vector", "seeds": "distance", "seed_threshold": 0.3}
    | {"foreground": "foreground", "radius_um": 3},
}
"""Operations that make labels; the others change those of the watershed."""
EXACT = [name for name in LABEL_OPERATIONS if name not in ("stars", "embeddings")]
"""Operations that give a box back; the others make round objects."""


def extra(name, prediction):
    """The channels that only one operation reads, by name."""
    if name == "stars":
        return {f"stars-ray-{n}": 3 * prediction[1] + n % 3 for n in range(12)}
    if name == "affinities":
        offsets = OFFSETS[prediction.ndim - 1]
        return {f"affinities-{offset_name(o)}": np.roll(prediction[1], n) for n, o in enumerate(offsets)}
    return {"vector-width": prediction[1] - 0.5} if name == "embeddings" else {}


def labels_of(name, prediction, tile=None, halo=2):
    shape = prediction.shape[1:]
    first = [name, MAKERS["watershed"]] if name in FILTERS else [MAKERS["watershed"], name]
    operations = [MAKERS[name]] if name in tuple(MAKERS) else first
    more = extra(name, prediction)
    prediction = np.stack([*prediction, *more.values()])
    vectors = (f"vector-{letter}" for letter in "zyx"[-len(shape) :])
    passes = compile_passes(
        operations,
        channels=("foreground", "distance", *vectors, *more),
        spacing=(2.0, 1.0, 1.0)[-len(shape) :],
        defaults={"min_voxels": 9, "max_extent": 4},
    )
    return run_in_memory(prediction, passes, Layout.cut(shape, tile or shape, halo))


def crowd(shape, seed):
    """Touching objects with holes; the values are quantised, so there are plateaus everywhere."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), 1.2)
    smooth /= smooth.std()
    holes = rng.random(shape) < 0.04
    maps = np.stack([np.where(holes, 0, smooth > -0.4), np.clip(0.4 * smooth, 0, 1)])
    corner = tuple(slice(-4, None) for _ in shape)
    maps[(slice(None), *corner)] = 0
    maps[(slice(None), *(slice(-2, None) for _ in shape))] = 1  # an object of 4 or 8 voxels
    vectors = np.stack(np.gradient(ndimage.gaussian_filter(smooth, 1.2)))
    vectors *= 2 / np.abs(vectors).max()
    return (np.round(np.concatenate([maps, vectors]) * 6) / 6).astype(np.float32)


def maps(values):
    """A prediction with these values in its scalar channels and vectors of length 0."""
    return np.concatenate([np.repeat(values[np.newaxis], 2, 0), np.zeros((values.ndim, *values.shape))])


def id_of(case):
    return case if isinstance(case, str) else "-".join(str(value) for value in case.values())[:40]


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_the_block_grid_never_shows(case, ndim):
    objects, changed = 0, 0
    for seed in range(2):
        prediction = crowd(SHAPES[ndim], seed)
        whole = labels_of(case, prediction)
        objects += whole.max()
        changed += np.count_nonzero(whole != labels_of("watershed", prediction))
        for tile in TILES[ndim]:
            np.testing.assert_array_equal(labels_of(case, prediction, tile), whole)
    assert objects > 0
    name = case if isinstance(case, str) else case["name"]
    assert changed or case in CHANGES_NOTHING or name in ("watershed", "split_parts")


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", LABEL_OPERATIONS)
def test_an_empty_image_gives_no_object(name, ndim):
    labels = labels_of(name, maps(np.zeros(SHAPES[ndim], np.float32)), TILES[ndim][0])
    assert labels.dtype == np.uint32
    assert not labels.any()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", EXACT)
def test_one_object_stays_one_object(name, ndim):
    prediction = maps(np.zeros(SHAPES[ndim], np.float32))
    prediction[(slice(2), *(slice(2, n - 3) for n in SHAPES[ndim]))] = 1
    labels = labels_of(name, prediction, TILES[ndim][0])
    assert labels.max() == 1
    assert labels[tuple(slice(4, n - 5) for n in SHAPES[ndim])].all()
    if name not in ROUNDS_CORNERS:
        np.testing.assert_array_equal(labels, prediction[0] > 0)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", EXACT)
def test_an_image_that_is_all_object_is_one_object(name, ndim):
    labels = labels_of(name, maps(np.ones(SHAPES[ndim], np.float32)), TILES[ndim][0], halo=0)
    assert (labels == (name != "clear_border")).all()


@pytest.mark.parametrize("name", OPERATIONS)
def test_options_have_defaults_and_describe_themselves(name):
    options = OPERATIONS.parse(name)
    assert options.name == name
    for field, info in type(options).model_fields.items():
        assert field == "name" or info.description
