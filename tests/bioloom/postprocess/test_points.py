"""Points as the product of a pack: a table per image, from one job or from many."""

import numpy as np
import pytest

from bioloom.evaluate.matching import match_counts
from bioloom.evaluate.point_matching import match_points
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, tiles
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.points import run_points
from bioloom.postprocess.product import (
    Recipe,
    finish_image,
    merge_pass,
    output_path,
    process_block,
    process_image,
)
from bioloom.postprocess.program import compile_passes
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.volumes.manifest import read_manifest, write_manifest
from bioloom.volumes.points import Points, read_points
from bioloom.volumes.store import create_volume, open_volume

SHAPES = [(70, 90), (20, 40, 30)]
RECIPE = Recipe(["peaks"], {"peak": 0.4}, {"suppression_um": 3.0}, 4, "points")


@pytest.fixture(params=SHAPES)
def scene(request, tmp_path):
    """A prediction of two classes and its blocks."""
    shape = request.param
    rng = np.random.default_rng(0)
    volume = create_volume(
        tmp_path / "run/predictions/test_a.zarr",
        (2, *shape),
        np.float32,
        spacing=(1.0,) * len(shape),
        kind="prediction",
        channel_names=("points-a", "points-b"),
    )
    volume.write(Box.of(shape), rng.random((2, *shape)).astype(np.float32))
    cores = enumerate(tiles(shape, tuple(n // 2 + 1 for n in shape)))
    return open_volume(volume.path).entry("test_a"), [BlockRow(f"{n}", "test_a", core) for n, core in cores]


def test_many_jobs_write_the_table_of_one(scene, tmp_path):
    entry, rows = scene
    target = output_path(tmp_path / "run/outputs/test_a.csv", "test_a", "points")
    assert target == tmp_path / "run/points/test_a.csv"
    one = process_image(entry.path, "test_a", rows, RECIPE, target)
    first = target.read_bytes()
    folder = tmp_path / "run/passes/test_a"
    for row in rows:
        process_block(entry, rows, RECIPE, folder, "0-peaks", row.block)
    merge_pass([entry], rows, RECIPE, folder, "0-peaks")
    many = finish_image(entry, rows, RECIPE, folder, target)
    assert target.read_bytes() == first
    assert one == many
    write_manifest(tmp_path / "run/outputs/test_a.csv", [many])
    (listed,) = read_manifest(tmp_path / "run/outputs/test_a.csv")
    assert listed.path == target


def test_the_table_holds_the_points(scene, tmp_path):
    entry, rows = scene
    process_image(entry.path, "test_a", rows, RECIPE, tmp_path / "points.csv")
    found = read_points(tmp_path / "points.csv")
    prediction = open_volume(entry.path)
    expected = run_points(prediction.read(), RECIPE.passes(prediction), _whole(prediction.spatial))
    np.testing.assert_allclose(found.places, expected.places)
    np.testing.assert_allclose(found.scores, expected.scores)
    assert found.classes.tolist() == expected.classes.tolist()
    assert not list(tmp_path.glob("*.passes"))


def test_passes_that_make_no_points_are_a_mistake_in_a_program():
    watershed = {"name": "watershed", "seeds": "foreground", "topography": "foreground"}
    passes = compile_passes([watershed], channels=["foreground"], spacing=(1, 1))
    with pytest.raises(TypeError, match="no points"):
        run_points(np.zeros((1, 4, 4), np.float32), passes, _whole((4, 4)))


def _whole(shape):
    return Layout.cut(shape, shape, 0)


def crowd(ndim, seed=0):
    """Balls that touch or lie apart, on a grid that is shaken, with their centers."""
    spacing, shape = {2: ((1.0, 0.5), (60, 110)), 3: ((2.0, 1.0, 1.0), (20, 44, 50))}[ndim]
    rng = np.random.default_rng(seed)
    steps = np.array(spacing)
    lines = [np.arange(6.0, n * s - 5, 10) for n, s in zip(shape, spacing, strict=True)]
    um = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, ndim) + rng.uniform(-0.8, 0.8, ndim)
    um = um + rng.uniform(-0.5, 0.5, um.shape)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1) * steps
    away = np.linalg.norm(grid[..., None, :] - um, axis=-1)
    labels = np.where(away.min(-1) < 5.2, away.argmin(-1) + 1, 0)
    return labels, um / steps, spacing


def perfect(labels, places, spacing, *targets):
    """What a network without mistakes predicts, and the names of its channels."""
    ids = np.arange(1, len(places) + 1)
    classes = np.array(["a", "b"] * len(places))[: len(places)]
    facts = ObjectFacts(ids, places, np.full(len(places), 5.0), 5.0, classes)
    stack = TargetStack([TARGETS.parse(target) for target in targets])
    values, _ = stack.make(labels, facts, spacing, ((False, False),) * labels.ndim)
    return values, [channel.name for channel in stack.channels(labels.ndim)], classes


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("options", [{}, {"sigma": 0.25}, {"shape": "dilated", "radius_um": 2.0}])
def test_perfect_heat_maps_give_the_points_back(ndim, options):
    labels, places, spacing = crowd(ndim)
    target = {"name": "points", "classes": ["a", "b"], **options}
    prediction, channels, classes = perfect(labels, places, spacing, target)
    given = {"defaults": {"suppression_um": 4.0}, "product": "points"}
    passes = compile_passes(
        [{"name": "peaks", "threshold": 0.2}], channels=channels, spacing=spacing, **given
    )
    found = run_points(prediction, passes, _whole(labels.shape))
    tolerance = 1.0 if options.get("shape") == "dilated" else 0.3
    outcome = match_points(Points.of(places, classes), found, tolerance, spacing)
    assert len(outcome.truth) == len(places) > 20
    assert len(outcome.invented) == 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_points_seed_a_watershed(ndim):
    labels, places, spacing = crowd(ndim)
    targets = ("foreground", "distance", {"name": "points", "sigma": 0.25, "classes": "none"})
    prediction, channels, _ = perfect(labels, places, spacing, *targets)
    passes = compile_passes([{"name": "watershed", "seeds": "points"}], channels=channels, spacing=spacing)
    found = run_in_memory(prediction, passes, _whole(labels.shape))
    tp, fp, fn = match_counts(labels, found, [0.9])
    assert (tp[0], fp[0], fn[0]) == (len(places), 0, 0)
