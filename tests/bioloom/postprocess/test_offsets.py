import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.evaluate.matching import match_pairs
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.offsets import WithInterior, interior
from bioloom.postprocess.passes import ArrayReader, run_in_memory
from bioloom.postprocess.program import compile_passes


@pytest.mark.parametrize("shape", [(11, 14), (7, 8, 9)])
def test_rises_are_those_of_the_sobel_filter(shape):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(shape), *shape)).astype(np.float32)
    weight = 4 ** (len(shape) - 1)
    rises = [ndimage.sobel(part, axis) / weight for axis, part in enumerate(vectors)]
    inner = (slice(1, -1),) * len(shape)
    expected = 1 - np.clip(np.max(rises, axis=0), 0, 1)[inner]
    np.testing.assert_allclose(interior(vectors), expected, atol=1e-5)
    assert 0 < expected.mean() < 1


@pytest.mark.parametrize("shape", [(11, 14), (7, 8, 9)])
def test_any_box_reads_the_same(shape):
    rng = np.random.default_rng(0)
    prediction = rng.normal(size=(1 + len(shape), *shape)).astype(np.float32)
    image = Box.of(shape)
    view = WithInterior(ArrayReader(prediction), image, tuple(range(1, 1 + len(shape))))
    whole = view.read(image)
    assert whole.shape == (2 + len(shape), *shape)
    np.testing.assert_array_equal(whole[:-1], prediction)
    for start in (0, 2):
        box = Box((start,) * len(shape), tuple(n - start for n in shape))
        np.testing.assert_array_equal(view.read(box), whole[(slice(None), *box.slices)])


def test_squares_are_cut_where_offsets_jump():
    truth = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((8, 8), int)).astype(np.uint32)
    y, x = np.indices(truth.shape)
    prediction = np.stack([np.ones(truth.shape), 1 - (y % 8) / 3.5, 1 - (x % 8) / 3.5]).astype(np.float32)
    passes = compile_passes(["offsets"], channels=("foreground", "offset-y", "offset-x"), spacing=(1.0, 1.0))
    labels = run_in_memory(prediction, passes, Layout.cut(truth.shape, truth.shape, 0))
    found = match_pairs(truth, labels, 0.9)
    assert (found.truth.size, found.missed.size, found.invented.size) == (6, 0, 0)
    blocks = run_in_memory(prediction, passes, Layout.cut(truth.shape, (5, 7), 1))
    np.testing.assert_array_equal(blocks, labels)


def test_mistakes_are_named():
    with pytest.raises(BioLoomError, match="no channel 'offset-z'"):
        compile_passes(["offsets"], channels=("foreground", "offset-y", "offset-x"), spacing=(1.0,) * 3)
    channels = ("foreground", "offset-y", "offset-x")
    with pytest.raises(BioLoomError, match="offsets comes after another operation"):
        compile_passes(["offsets", "offsets"], channels=channels, spacing=(1.0,) * 2)
