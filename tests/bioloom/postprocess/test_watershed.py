import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed as plain_watershed

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import ArrayReader, Run, run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import MemoryWorkspace

CHANNELS = ("foreground", "distance")
WATERSHED = {"name": "watershed", "seeds": "distance"}
PLAIN = {"seed_smoothing": 0, "seed_step": 0, "unseeded": "drop"}
TILES = {
    2: [(13, 11), (1, 44), (20, 9), (39, 43), (7, 31)],
    3: [(5, 6, 7), (1, 14, 4), (12, 3, 3), (11, 13, 15), (7, 14, 9)],
}


def passes_of(ndim, **options):
    return compile_passes(
        [{"name": "watershed", "seeds": "distance", **options}], channels=CHANNELS, spacing=(1.0,) * ndim
    )


@pytest.mark.parametrize(
    ("shape", "connectivity"),
    [((40, 44), 1), ((40, 44), 2), ((12, 14, 16), 1), ((12, 14, 16), 2), ((12, 14, 16), 3)],
)
@pytest.mark.parametrize("options", [{}, PLAIN])
def test_the_block_grid_never_shows(crowded, shape, connectivity, options):
    prediction = crowded(shape, seed=connectivity)
    passes = passes_of(len(shape), connectivity=connectivity, **options)
    whole = run_in_memory(prediction, passes, Layout.cut(shape, shape, halo=0))
    assert whole.max() > 2
    for tile in TILES[len(shape)]:
        for halo in (0, 3):
            blocks = run_in_memory(prediction, passes, Layout.cut(shape, tile, halo))
            np.testing.assert_array_equal(blocks, whole)


@pytest.mark.parametrize("shape", [(40, 44), (12, 14, 16)])
def test_without_plateaus_it_is_the_usual_watershed(crowded, canonical, shape):
    prediction = crowded(shape, levels=1 << 20)
    rng = np.random.default_rng(0)
    prediction[1] = (
        prediction[1] + 1e-4 * rng.permutation(prediction[1].size).reshape(shape) / prediction[1].size
    )
    assert np.unique(prediction[1]).size == prediction[1].size
    mask = prediction[0] > 0.5
    seeds, _ = ndimage.label((prediction[1] > 0.5) & mask)
    expected = canonical(plain_watershed(-prediction[1], seeds, mask=mask))
    labels = run_in_memory(prediction, passes_of(len(shape), **PLAIN), Layout.cut(shape, shape, halo=0))
    np.testing.assert_array_equal(labels, expected)


def bent_tube(ndim):
    """A thin U, 100 voxels long, with a seed at one end, beside a blob; in 3D it goes on through planes."""
    prediction = np.zeros((2, 30, 40), np.float32)
    for part in (np.s_[2:4, 2:36], np.s_[2:28, 34:36], np.s_[26:28, 2:36]):
        prediction[0][part] = 1
    prediction[1][2:4, 2:4] = 1
    prediction[:, 12:18, 8:14] = 1
    if ndim == 3:
        flat = prediction
        prediction = np.zeros((2, 24, 30, 40), np.float32)
        prediction[:, 3:5] = flat[:, None]
        prediction[0, 3:22, 26:28, 2:4] = 1
        prediction[0, 20:22, 2:28, 2:4] = 1
    return prediction


@pytest.mark.parametrize(("ndim", "connectivity"), [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3)])
def test_an_object_beyond_the_halo_is_noticed(ndim, connectivity):
    prediction, workspace = bent_tube(ndim), MemoryWorkspace()
    shape = prediction.shape[1:]
    passes, labels = passes_of(ndim, **PLAIN, connectivity=connectivity), np.zeros(shape, np.uint32)
    layout = Layout.cut(shape, (8,) * ndim, halo=2)
    Run(
        passes,
        ArrayReader(prediction),
        layout,
        workspace,
        lambda core, values: labels.__setitem__(core.slices, values) or {},
    ).run()
    np.testing.assert_array_equal(labels > 0, prediction[0] > 0)
    plane = labels if ndim == 2 else labels[3]
    assert plane[27, 2] == plane[2, 2] == 1
    assert plane[15, 10] == 2
    assert labels.max() == 2
    assert workspace.table("1-flood").read("redone") > 10
    whole = run_in_memory(prediction, passes, Layout.cut(shape, shape, halo=0))
    np.testing.assert_array_equal(labels, whole)


def test_a_part_without_a_seed_is_one_object_or_none():
    """Parts as long as several blocks: their only seed, if they have one, lies in a block of its own."""
    prediction = np.zeros((2, 6, 19), np.float32)
    prediction[0, 1:5, 1:9] = prediction[0, 1:5, 10:18] = 1
    prediction[1, 2, 2] = 1
    for tile in ((6, 19), (3, 3), (1, 19)):
        layout = Layout.cut((6, 19), tile, halo=1)
        kept = run_in_memory(prediction, passes_of(2, seed_smoothing=0), layout)
        assert (kept[1:5, 1:9] == 1).all()
        assert (kept[1:5, 10:18] == 2).all()
        dropped = run_in_memory(prediction, passes_of(2, **PLAIN), layout)
        assert (dropped[1:5, 1:9] == 1).all()
        assert not dropped[:, 9:].any()


@pytest.mark.parametrize("shape", [(30, 34), (10, 12, 14)])
def test_seeds_are_those_of_the_smoothed_map(canonical, shape):
    noise = np.random.default_rng(3).random(shape).astype(np.float32)
    prediction = np.stack([np.ones(shape, np.float32), noise])
    smooth = ndimage.gaussian_filter(noise, 1.5, truncate=10 / 3)
    expected = ndimage.label(smooth > 0.52)[0]
    passes = passes_of(len(shape), seed_smoothing=1.5, seed_threshold=0.52)
    for tile in (shape, tuple(n // 2 + 1 for n in shape)):
        labels = run_in_memory(prediction, passes, Layout.cut(shape, tile, halo=3))
        assert labels.max() == expected.max() > 1
        np.testing.assert_array_equal(canonical(labels * (expected > 0)), canonical(expected))


def test_thresholds_come_from_the_options_then_the_calibration_then_one_half():
    def rules(thresholds, **options):
        passes = compile_passes(
            [{"name": "watershed", "seeds": "distance", **options}],
            channels=CHANNELS,
            spacing=(1, 1),
            thresholds=thresholds,
        )
        return passes[0].rules.foreground_threshold, passes[0].rules.levels[0]

    assert rules({}) == (0.5, 0.5)
    assert rules({"foreground": 0.3, "seed": 0.7}) == (0.3, 0.7)
    assert rules({"foreground": 0.3, "seed": 0.7}, seed_threshold=0.2) == (0.3, 0.2)


def test_seeds_may_be_foreground_without_contour():
    foreground = np.ones((5, 9), np.float32)
    contour = np.zeros((5, 9), np.float32)
    contour[:, 4] = 0.8
    passes = compile_passes(
        [
            {
                **PLAIN,
                "name": "watershed",
                "seeds": ["foreground", "not contour"],
                "topography": ["not contour"],
            }
        ],
        channels=("foreground", "contour"),
        spacing=(1, 1),
    )
    labels = run_in_memory(np.stack([foreground, contour]), passes, Layout.cut((5, 9), (5, 9), 0))
    assert (labels[:, :4] == 1).all()
    assert (labels[:, 5:] == 2).all()
    assert (labels[:, 4] > 0).all()


def test_mistakes_are_named():
    with pytest.raises(BioLoomError, match="no channel 'distance'; allowed: foreground"):
        compile_passes([WATERSHED], channels=["foreground"], spacing=(1, 1))
    with pytest.raises(BioLoomError, match="connectivity 3 on a 2D image"):
        passes_of(2, connectivity=3)
    with pytest.raises(BioLoomError, match="fix: put it first"):
        compile_passes([WATERSHED, "watershed"], channels=CHANNELS, spacing=(1, 1))
