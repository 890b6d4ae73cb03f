import numpy as np
import pytest

from bioloom.geometry.grid import plan_blocks
from bioloom.postprocess import product
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import ArrayReader, Run
from bioloom.postprocess.product import Recipe, process_image
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import MemoryWorkspace
from bioloom.volumes.store import create_volume, open_volume

NAMES = ("classes-0", "classes-1", "classes-300")
RECIPE = Recipe(["argmax", "majority_filter"], {}, {}, 8, "classes")
BLOCK = (256, 256)


def test_the_last_table_counts_the_voxels_of_every_class():
    prediction = np.random.default_rng(0).random((3, 20, 30)).astype(np.float32)
    passes = compile_passes(["argmax"], channels=NAMES, spacing=(1, 1), product="classes")
    workspace = MemoryWorkspace()
    layout = Layout.cut((20, 30), (7, 11), 0)
    Run(passes, ArrayReader(prediction), layout, workspace, lambda core, values: {}).run()
    expected = np.bincount(prediction.argmax(0).ravel(), minlength=3)
    np.testing.assert_array_equal(workspace.table("1-classes").read("voxels"), expected)


@pytest.fixture
def prediction(tmp_path):
    """A stored prediction of 300 x 270 voxels, which is four blocks."""
    values = np.random.default_rng(0).random((3, 300, 270)).astype(np.float32)
    path = tmp_path / "predictions" / "test_a.zarr"
    volume = create_volume(
        path, values.shape, np.float32, spacing=(1, 1), kind="prediction", channel_names=NAMES, block=BLOCK
    )
    for row in plan_blocks({"test_a": (300, 270)}, BLOCK):
        volume.write(row.core, values[(slice(None), *row.core.slices)])
    return path


def test_a_class_map_is_stored_small_and_knows_its_classes(prediction, tmp_path):
    rows = plan_blocks({"test_a": (300, 270)}, BLOCK)
    entry = process_image(prediction, "test_a", rows, RECIPE, tmp_path / "outputs" / "test_a.zarr")
    volume = open_volume(entry.path)
    assert entry.dtype == "uint16"
    assert volume.labels
    assert volume.facts["classes"] == [0, 1, 300]
    assert set(np.unique(volume.read())) == {0, 1, 300}


def test_one_job_makes_what_many_make(prediction, tmp_path):
    rows = plan_blocks({"test_a": (300, 270)}, BLOCK)
    assert len(rows) == 4
    whole = process_image(prediction, "test_a", rows, RECIPE, tmp_path / "one" / "test_a.zarr")
    folder, entry = tmp_path / "passes", open_volume(prediction).entry("test_a")
    for name in ("0-argmax", "1-majority_filter", "2-classes"):
        for row in rows:
            product.process_block(entry, rows, RECIPE, folder, name, row.block)
        product.merge_pass([entry], rows, RECIPE, folder, name)
    many = product.finish_image(entry, rows, RECIPE, folder, tmp_path / "many.zarr")
    assert (many.digest, many.dtype) == (whole.digest, whole.dtype)
