import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.program import compile_passes, filter_whole

CHANNELS = ("foreground", "distance")
WATERSHED = {"name": "watershed", "seeds": "distance"}


def names(operations):
    return [step.name for step in compile_passes(operations, channels=CHANNELS, spacing=(1, 1))]


def test_operations_compile_to_few_passes_with_names_in_order():
    assert names([WATERSHED]) == ["0-seeds", "1-flood", "2-relabel"]
    assert names([WATERSHED, "remove_small"]) == ["0-seeds", "1-flood", "2-relabel"]
    assert names([WATERSHED, "fill_holes", "remove_small", "fill_holes"]) == [
        "0-seeds",
        "1-flood",
        "2-fill_holes",
        "3-fill_holes",
        "4-relabel",
    ]


def test_an_operation_sees_the_labels_of_the_one_before():
    passes = compile_passes(
        [WATERSHED, "remove_small", "fill_holes", "fill_holes"], channels=CHANNELS, spacing=(1, 1)
    )
    assert len(passes[1].filters) == 1
    assert [step.of for step in passes[2:]] == ["1-flood", "2-fill_holes", "3-fill_holes"]


@pytest.mark.parametrize("name", ["stars", "flows", "offsets", "embeddings", "affinities"])
def test_directions_of_planes_say_nothing_of_volumes(name):
    with pytest.raises(
        BioLoomError, match=f"{name} follows directions in volumes, and the network learned from"
    ):
        compile_passes([name], channels=CHANNELS, spacing=(1, 1, 1), learned_axes=2)


def test_reading_options_imports_nothing_slow():
    code = (
        "import sys; from bioloom.postprocess import OPERATIONS\n"
        "for name in OPERATIONS: OPERATIONS.parse(name)\n"
        "slow = {'zarr', 'scipy', 'skimage', 'torch', 'pandas'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_leading_filters_are_carried_out_on_a_whole_prediction():
    prediction = np.random.default_rng(0).random((2, 9, 11)).astype(np.float32)
    operations = [{"name": "median_filter", "channels": "distance"}, WATERSHED, "fill_holes"]
    found, others = filter_whole(operations, prediction, channels=CHANNELS, spacing=(1, 1))
    assert others == operations[1:]
    np.testing.assert_array_equal(found[0], prediction[0])
    np.testing.assert_array_equal(found[1], ndimage.median_filter(prediction[1], 3))
    same, others = filter_whole(others, prediction, channels=CHANNELS, spacing=(1, 1))
    assert same is prediction
    assert len(others) == 2


def test_mistakes_are_named():
    with pytest.raises(BioLoomError, match="unknown operation 'watershet'"):
        names(["watershet"])
    with pytest.raises(BioLoomError, match="no labels to work on"):
        names([])
