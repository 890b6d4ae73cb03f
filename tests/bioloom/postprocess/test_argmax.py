import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes

CHANNELS = ("classes-5", "distance", "classes-0", "classes-12")


def compiled(operations, channels=CHANNELS, product="classes"):
    return compile_passes(operations, channels=channels, spacing=(1, 1), product=product)


@pytest.mark.parametrize("shape", [(12, 15), (4, 6, 7)])
def test_it_is_the_id_of_the_largest_channel(shape):
    prediction = np.random.default_rng(0).random((4, *shape)).astype(np.float32)
    prediction[1] = 9  # no class
    found = run_in_memory(prediction, compiled(["argmax"]), Layout.cut(shape, shape, 0))
    expected = np.array([0, 5, 12])[prediction[[2, 0, 3]].argmax(0)]
    np.testing.assert_array_equal(found, expected)


def test_of_equal_classes_the_lowest_id_is_taken():
    found = run_in_memory(np.ones((4, 3, 3), np.float32), compiled(["argmax"]), Layout.cut((3, 3), (3, 3), 0))
    assert not found.any()


def test_mistakes_in_the_order_of_operations():
    with pytest.raises(BioLoomError, match=r"no channels 'classes-<id>'; allowed: foreground"):
        compiled(["argmax"], ("foreground",))
    with pytest.raises(BioLoomError, match="argmax comes after another operation; fix: put it first"):
        compiled(["argmax", "argmax"])
    with pytest.raises(BioLoomError, match="the list of operations has no labels to work on"):
        compiled(["argmax"], product="labels")
