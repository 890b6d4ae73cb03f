import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError


@pytest.mark.parametrize("connectivity", [1, 2, 3])
@pytest.mark.parametrize("shape", [(26, 31), (9, 12, 14)])
def test_every_connected_part_gets_a_number_of_its_own(shape, connectivity, patches, operate, canonical):
    if connectivity > len(shape):
        with pytest.raises(BioLoomError, match="connectivity 3 on a 2D image"):
            operate(np.ones(shape), {"name": "split_parts", "connectivity": connectivity})
        return
    structure = ndimage.generate_binary_structure(len(shape), connectivity)
    for seed in range(2):
        labels = patches(shape, seed, objects=4)
        labels[np.random.default_rng(seed).random(shape) < 0.3] = 0
        expected, taken = np.zeros(shape, int), 0
        for label in range(1, labels.max() + 1):
            parts, count = ndimage.label(labels == label, structure)
            expected[parts > 0] = parts[parts > 0] + taken
            taken += count
        assert taken > labels.max()
        for tile in (shape, (5,) * len(shape), (4, 30, 3)[-len(shape) :]):
            options = {"name": "split_parts", "connectivity": connectivity}
            np.testing.assert_array_equal(operate(labels, options, tile=tile), canonical(expected))
