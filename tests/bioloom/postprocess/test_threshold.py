import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes


def class_map(prediction, **options):
    shape = prediction.shape[1:]
    operation = {"name": "threshold", **options}
    passes = compile_passes(
        [operation], channels=("foreground", "classes-2"), spacing=(1, 1, 1)[: len(shape)], product="classes"
    )
    return run_in_memory(prediction, passes, Layout.cut(shape, shape, 0))


@pytest.mark.parametrize("shape", [(12, 15), (4, 6, 7)])
def test_what_exceeds_the_threshold_is_of_the_class(shape):
    prediction = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    np.testing.assert_array_equal(class_map(prediction), prediction[0] > 0.5)
    found = class_map(prediction, foreground=["foreground", "not classes-2"], threshold=0.3, class_id=200)
    np.testing.assert_array_equal(found, 200 * (np.minimum(prediction[0], 1 - prediction[1]) > 0.3))


@pytest.mark.parametrize(
    ("defaults", "options", "expected"),
    [({}, {}, 1), ({"class_id": 255}, {}, 255), ({"class_id": 255}, {"class_id": 7}, 7)],
)
def test_the_class_is_the_one_of_the_labels(defaults, options, expected):
    passes = compile_passes(
        [{"name": "threshold", **options}],
        channels=("foreground",),
        spacing=(1, 1),
        defaults=defaults,
        product="classes",
    )
    found = run_in_memory(np.ones((1, 3, 3), np.float32), passes, Layout.cut((3, 3), (3, 3), 0))
    assert (found == expected).all()


def test_it_comes_first_and_needs_its_channel():
    with pytest.raises(BioLoomError, match="no channel 'contour'"):
        class_map(np.zeros((2, 3, 3)), foreground="contour")
    with pytest.raises(BioLoomError, match="threshold comes after another operation"):
        compile_passes(["threshold"] * 2, channels=("foreground",), spacing=(1, 1), product="classes")
