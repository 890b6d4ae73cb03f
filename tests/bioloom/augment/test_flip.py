import numpy as np
import torch

from bioloom.augment.flip import flip
from bioloom.augment.frame import Frame
from bioloom.augment.options import FlipOptions
from bioloom.augment.spatial_map import SpatialMap


def signs(shape, axes, count=400):
    generator, frame = torch.Generator().manual_seed(0), Frame(shape, (1.0,) * len(shape))
    options = FlipOptions(axes=axes)
    return np.array(
        [np.diag(flip(SpatialMap.identity(frame), options, generator).matrix) for _ in range(count)]
    )


def test_every_axis_is_mirrored_in_half_of_the_draws():
    for shape in [(6, 7), (5, 6, 7)]:
        found = signs(shape, "ZYX")
        assert (np.abs((found < 0).mean(0) - 0.5) < 0.1).all()
        assert len(np.unique(found, axis=0)) == 2 ** len(shape)


def test_only_allowed_axes_are_mirrored():
    np.testing.assert_array_equal((signs((5, 6, 7), "ZX") < 0).any(0), [True, False, True])
    np.testing.assert_array_equal((signs((6, 7), "Z") < 0).any(0), [False, False])
