import numpy as np
import pytest
import tifffile

from bioloom.commands.benchmarks.bulk import SPEC, Bulk
from bioloom.geometry.box import Box
from bioloom.infer.assemble import Sums
from bioloom.infer.stitch import stitch_block
from bioloom.postprocess.components import label_components

SHAPE = (64, 160, 288)


@pytest.fixture(params=[1, 2], ids=["full", "clusters"])
def scene(request, tmp_path):
    made = Bulk(tmp_path, SHAPE, request.param)
    made.write_raw()
    made.write_chunks()
    return made


def test_raw_files_show_the_objects_that_are_counted(scene):
    image, labels = (tifffile.imread(scene.raw(kind)) for kind in ("images", "labels"))
    assert (image.dtype, labels.dtype) == (np.uint16, np.uint32)
    assert image.shape == labels.shape == SHAPE
    assert scene.objects * 0.9 < np.unique(labels[labels > 0]).size <= scene.objects
    assert image[labels > 0].mean() > 2 * image[labels == 0].mean()
    _, parts = label_components(labels > 0, 1)
    assert 1 <= parts < 0.9 * scene.objects  # many touch


def test_chunks_add_up_to_the_heights(scene):
    sums = Sums(scene.folder / "chunks", SPEC.weights)
    whole = Box.of(SHAPE)
    found = stitch_block(whole, scene.grid, scene.chunks, sums.read, 2)
    heights = scene._heights(whole)
    np.testing.assert_allclose(found[1], heights, atol=1 / 2048)
    np.testing.assert_allclose(found[0], np.clip(4 * heights, 0, 1), atol=1 / 2048)
    assert len(scene.chunks) > 1


def test_a_larger_volume_has_about_as_many_objects(tmp_path):
    small, large = Bulk(tmp_path, (160, 256, 512)), Bulk(tmp_path, (320, 512, 1024), 2)
    assert large.voxels == 8 * small.voxels
    assert small.objects < large.objects < 2 * small.objects
    assert len(small.blocks) * 8 > len(large.blocks) > 500
