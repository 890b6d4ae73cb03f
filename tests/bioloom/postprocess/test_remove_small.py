import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

WATERSHED = {"name": "watershed", "seeds": "distance"}


def squares():
    prediction = np.zeros((2, 8, 16), np.float32)
    prediction[:, 1:3, 1:3] = 1
    prediction[:, 1:4, 6:9] = 1
    prediction[:, 5:7, 7:13] = 1
    return prediction


@pytest.mark.parametrize(("smallest", "sizes"), [(1, [4, 9, 12]), (4, [4, 9, 12]), (5, [9, 12]), (13, [])])
def test_objects_that_are_too_small_go_and_the_others_are_numbered_anew(smallest, sizes):
    operations = [WATERSHED, {"name": "remove_small", "min_voxels": smallest}]
    passes = compile_passes(operations, channels=("foreground", "distance"), spacing=(1, 1))
    for tile in ((8, 16), (3, 4)):
        labels = run_in_memory(squares(), passes, Layout.cut((8, 16), tile, halo=1))
        assert np.bincount(labels.ravel())[1:].tolist() == sizes


def test_auto_takes_the_given_value_and_20_without_one():
    def smallest(**kwargs):
        passes = compile_passes(
            [WATERSHED, "remove_small"], channels=("foreground", "distance"), spacing=(1, 1), **kwargs
        )
        return passes[1].filters[0].min_voxels

    assert smallest(defaults={"min_voxels": 7}) == 7
    assert smallest() == 20


def test_it_needs_labels():
    with pytest.raises(
        BioLoomError, match="remove_small has no labels to work on; fix: begin with watershed"
    ):
        compile_passes(["remove_small"], channels=("foreground",), spacing=(1, 1))
