import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import ArrayReader, Run, run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import FileWorkspace

WATERSHED = {"name": "watershed", "seeds": "distance"}

SHAPE = (30, 33)


def program():
    operations = [WATERSHED, "fill_holes", {"name": "remove_small", "min_voxels": 6}]
    return compile_passes(operations, channels=("foreground", "distance"), spacing=(1, 1))


def test_jobs_that_share_files_make_the_labels_of_one_process(crowded, tmp_path):
    prediction, layout = crowded(SHAPE), Layout.cut(SHAPE, (16, 12), halo=4)
    whole = run_in_memory(prediction, program(), Layout.cut(SHAPE, SHAPE, halo=0))
    labels = np.zeros(SHAPE, np.uint32)

    def job():  # every job of the workflow starts from nothing but the files
        workspace = FileWorkspace(tmp_path, "a")
        return Run(
            program(),
            ArrayReader(prediction),
            layout,
            workspace,
            lambda core, values: labels.__setitem__(core.slices, values) or {},
        )

    for index in range(len(program())):
        for block in reversed(layout.blocks):
            job().run_block(index, block.id)
        job().run_block(index, layout.blocks[0].id)  # a repeated job changes nothing
        run = job()
        run.workspace.put_table(run.passes[index].name, run.merged(index))
    np.testing.assert_array_equal(labels, whole)
    assert whole.max() > 3
    assert (tmp_path / "1-flood" / "00002.zarr.zip").is_file()
    assert FileWorkspace(tmp_path, "a").table("3-relabel").read("objects") == whole.max()
    assert FileWorkspace(tmp_path, "a").table("3-relabel").read("voxels") == np.count_nonzero(whole)


def test_a_reader_is_asked_for_boxes_of_the_image_only(crowded):
    prediction, layout = crowded(SHAPE), Layout.cut(SHAPE, (16, 12), halo=4)

    class Careful(ArrayReader):
        def read(self, box):
            assert layout.image.contains(box)
            return super().read(box)

    labels = run_in_memory(Careful(prediction), program(), layout)
    np.testing.assert_array_equal(labels, run_in_memory(prediction, program(), layout))


def test_a_missing_partial_is_named(crowded, tmp_path):
    layout = Layout.cut(SHAPE, (16, 12), halo=4)
    run = Run(
        program(), ArrayReader(crowded(SHAPE)), layout, FileWorkspace(tmp_path, "a"), lambda core, values: {}
    )
    with pytest.raises(BioLoomError, match=r"00000\.zarr\.zip"):
        run.merged(0)
