import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import ArrayReader, Run, run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import MemoryWorkspace


def passes_of(ndim, **options):
    channels = ("foreground", *(f"flow-{letter}" for letter in "zyx"[-ndim:]))
    return compile_passes([{"name": "flows", **options}], channels=channels, spacing=(1.0,) * ndim)


def tubes(ndim):
    """Two tubes side by side, 60 voxels long, whose flows lead to opposite ends."""
    shape = (10, 66) if ndim == 2 else (3, 10, 66)
    prediction = np.zeros((1 + ndim, *shape), np.float32)
    prediction[0, ..., 2:5, 3:63] = prediction[0, ..., 5:8, 3:63] = 1
    prediction[-1, ..., 2:5, 4:63] = -1
    prediction[-1, ..., 5:8, 3:62] = 1
    truth = np.zeros(shape, np.uint32)
    truth[..., 2:5, 3:63] = 1
    truth[..., 5:8, 3:63] = 2
    return prediction, truth


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("halo", [0, 5])
def test_long_ways_through_many_blocks(ndim, halo):
    prediction, truth = tubes(ndim)
    shape = truth.shape
    for tile in [shape, (*shape[:-1], 7), (*shape[:-2], 4, 25)]:
        labels = run_in_memory(prediction, passes_of(ndim, least=2), Layout.cut(shape, tile, halo))
        np.testing.assert_array_equal(labels, truth)


def test_blocks_whose_ways_leave_the_window_are_counted():
    prediction, truth = tubes(2)
    workspace = MemoryWorkspace()
    passes = passes_of(2)
    layout = Layout.cut(truth.shape, (10, 22), 2)
    Run(passes, ArrayReader(prediction), layout, workspace, lambda core, labels: {}).run()
    assert int(workspace.table("1-flows").read("redone")) > 0


def test_what_ends_alone_is_no_object():
    prediction = np.zeros((3, 12, 12), np.float32)
    prediction[0, 2, 2] = 1
    prediction[0, 6:9, 6:9] = 1
    layout = Layout.cut((12, 12), (12, 12), 0)
    labels = run_in_memory(prediction, passes_of(2, least=4), layout)
    np.testing.assert_array_equal(labels > 0, (prediction[0] > 0) & (np.arange(12) > 4))
    assert run_in_memory(prediction, passes_of(2, least=1), layout).max() == 2


def test_the_threshold_is_that_of_the_foreground():
    prediction, truth = tubes(2)
    prediction[0] *= 0.6
    layout = Layout.cut(truth.shape, truth.shape, 0)
    assert run_in_memory(prediction, passes_of(2, foreground_threshold=0.5), layout).max() == 2
    assert not run_in_memory(prediction, passes_of(2, foreground_threshold=0.7), layout).any()


def test_mistakes_are_named():
    with pytest.raises(BioLoomError, match="no channel 'flow-z'"):
        compile_passes(["flows"], channels=("foreground", "flow-y", "flow-x"), spacing=(1.0,) * 3)
    with pytest.raises(BioLoomError, match="put it first"):
        compile_passes(["flows", "flows"], channels=("foreground", "flow-y", "flow-x"), spacing=(1.0,) * 2)
