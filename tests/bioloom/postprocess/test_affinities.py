import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.labels import gather_labels
from bioloom.postprocess.passes import ArrayReader, MemoryWorkspace, Run, Source, run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.region_graph import STEPS
from bioloom.targets.affinities import Affinities, AffinitiesOptions
from bioloom.targets.facts import ObjectFacts

SHAPES = {2: (36, 40), 3: (10, 14, 16)}
TILES = {2: [(9, 14), (36, 5), (17, 40)], 3: [(4, 5, 6), (10, 3, 16)]}
NOTHING = ObjectFacts(np.zeros(0, int), np.zeros((0, 2)), np.zeros(0), 1.0)


def channels(ndim, options=None):
    made = Affinities(options or AffinitiesOptions()).channels(ndim)
    return ("foreground", *(channel.name for channel in made))


def noisy(ndim, seed=0):
    """Affinities of blobs with noise and plateaus: many fragments, some of which belong together."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[ndim]
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    labels = ndimage.label(smooth > 0)[0] * (1 + (np.arange(shape[-1]) > shape[-1] // 2))
    target = Affinities(AffinitiesOptions())
    values, _ = target.make(labels, NOTHING, (1.0,) * ndim, ((False, False),) * ndim)
    values = np.clip(values + 0.5 * rng.normal(size=values.shape), 0, 1)
    maps = np.concatenate([(smooth > -0.05 * smooth.std())[None], values])
    return (np.round(maps * 16) / 16).astype(np.float32)


def passes_of(ndim, **options):
    return compile_passes(
        [{"name": "affinities", **options}], channels=channels(ndim), spacing=(2.0, 1.0, 1.0)[-ndim:]
    )


@pytest.mark.parametrize("method", ["mean", "median", "mutex"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_block_grid_never_shows(ndim, method):
    maps, passes = noisy(ndim), passes_of(ndim, method=method, seed_threshold=0.3)
    whole = run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], SHAPES[ndim], 0))
    assert whole.max() > 2
    for tile in TILES[ndim]:
        np.testing.assert_array_equal(run_in_memory(maps, passes, Layout.cut(SHAPES[ndim], tile, 1)), whole)


def test_edges_are_what_all_pairs_of_voxels_say():
    maps, passes, workspace = noisy(2), passes_of(2, seed_threshold=0.3), MemoryWorkspace()
    layout = Layout.cut(SHAPES[2], (9, 14), 2)
    Run(passes, ArrayReader(maps), layout, workspace, lambda core, values: {}).run()
    edges = passes[2]
    source = Source(ArrayReader(maps), layout, workspace)
    fragments = gather_labels(source, passes[1].name, Box.of(SHAPES[2])).astype(int)
    expected = {}
    for channel, offset in edges.offsets.items():
        for voxel in np.ndindex(*SHAPES[2]):
            other = tuple(np.array(voxel) + offset)
            if all(place < side for place, side in zip(other, SHAPES[2], strict=True)):
                one, two = sorted((fragments[voxel], fragments[other]))
                if one != two and one:
                    counts = expected.setdefault((one, two), np.zeros(3, int))
                    counts += (sum(offset) == 1, 1, round(float(maps[(channel, *voxel)]) * STEPS))
    found = {}
    for block in layout.blocks:
        partial = workspace.partial(edges.name, block.id)
        for pair, counts in zip(partial.read("pairs").tolist(), partial.read("counts"), strict=True):
            found[tuple(pair)] = found.get(tuple(pair), 0) + counts
    assert len(found) > 5
    assert found.keys() == expected.keys()
    assert all((found[pair] == expected[pair]).all() for pair in found)


def test_a_weak_bridge_keeps_objects_apart_and_a_strong_one_unites_them():
    labels = np.zeros((12, 20), int)
    labels[2:10, 2:10], labels[2:10, 10:18] = 1, 2
    target = Affinities(AffinitiesOptions())
    values, _ = target.make(labels, NOTHING, (1.0, 1.0), ((False, False),) * 2)
    united, _ = target.make(np.minimum(labels, 1), NOTHING, (1.0, 1.0), ((False, False),) * 2)
    for method in ("mean", "median", "mutex"):
        for share, count in ((0.3, 2), (0.7, 1)):
            maps = np.concatenate([(labels > 0)[None], values + share * (united - values)])
            passes = passes_of(2, method=method, seed_threshold=0.8)
            found = run_in_memory(maps, passes, Layout.cut((12, 20), (5, 8), 2))
            assert found.max() == count
            np.testing.assert_array_equal(found > 0, labels > 0)


def test_what_is_missing_is_said():
    with pytest.raises(BioLoomError, match=r"no channel 'affinities-\.\.\.' with an offset"):
        compile_passes(["affinities"], channels=("foreground",), spacing=(1, 1))
    some = ("foreground", "affinities-x1", "affinities-y3")
    with pytest.raises(BioLoomError, match="neighbours along y"):
        compile_passes(["affinities"], channels=some, spacing=(1, 1))
    with pytest.raises(BioLoomError, match="put it first"):
        compile_passes(["affinities", "affinities"], channels=channels(2), spacing=(1, 1))
