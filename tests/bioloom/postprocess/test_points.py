"""Points as the product of a pack: a table per image, from one job or from many."""

import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, tiles
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
from bioloom.volumes.manifest import read_manifest, write_manifest
from bioloom.volumes.points import read_points
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
    from bioloom.postprocess.blocks import Layout

    return Layout.cut(shape, shape, 0)
