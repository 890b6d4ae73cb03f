import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.postprocess.affinity_maps import AffinityMaps
from bioloom.postprocess.channels import find_terms
from bioloom.postprocess.passes import ArrayReader


@pytest.mark.parametrize(
    ("shape", "steps"),
    [((6, 7), {1: (1, 0), 2: (0, -1)}), ((4, 5, 6), {1: (-1, 0, 0), 2: (0, 1, 0), 3: (0, 0, 1)})],
)
def test_a_voxel_counts_the_affinities_to_all_its_neighbours(shape, steps):
    prediction = np.random.default_rng(0).random((len(steps) + 1, *shape)).astype(np.float32)
    maps = AffinityMaps(ArrayReader(prediction), Box.of(shape), find_terms(["a"], ["a"]), steps)
    whole = maps.read(Box.of(shape))
    np.testing.assert_array_equal(whole[0], prediction[0])
    for voxel in np.ndindex(*shape):
        found = []
        for channel, step in steps.items():
            low = tuple(np.array(voxel) - step)
            high = tuple(np.array(voxel) + step)
            if all(0 <= p < n for p, n in zip(high, shape, strict=True)):
                found.append(prediction[(channel, *voxel)])
            if all(0 <= p < n for p, n in zip(low, shape, strict=True)):
                found.append(prediction[(channel, *low)])
        assert whole[(1, *voxel)] == min(found)
        assert whole[(2, *voxel)] == pytest.approx(np.mean(found), abs=1e-6)
    box = Box((1,) * len(shape), tuple(n - 1 for n in shape))
    np.testing.assert_array_equal(maps.read(box), whole[(slice(None), *box.slices)])
    corner = Box((0,) * len(shape), (2,) * len(shape))
    np.testing.assert_array_equal(maps.read(corner), whole[(slice(None), *corner.slices)])
