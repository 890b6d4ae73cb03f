"""What holds for every augmentation, in 2D and 3D."""

import numpy as np
import pytest
import torch

from bioloom.augment import AUGMENTATIONS
from bioloom.augment.compose import Augmenter
from bioloom.augment.frame import Frame
from bioloom.augment.options import IntensityOptions, SpatialOptions
from bioloom.augment.sample import Warp
from bioloom.geometry.box import Box

FRAMES = {
    "2D": Frame((32, 32), (1.0, 1.0)),
    "2D anisotropic": Frame((24, 36), (0.7, 0.3)),
    "3D": Frame((16, 16, 16), (1.0, 1.0, 1.0)),
    "3D anisotropic": Frame((6, 20, 24), (3.0, 0.5, 0.6)),
    "3D one slice": Frame((1, 20, 20), (3.0, 0.5, 0.5)),
}


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("name", AUGMENTATIONS)
class TestEveryAugmentation:
    def test_it_keeps_shape_and_type_and_is_finite(self, name, frame):
        map_, image = self.run(name, frame, 0)
        assert image.shape == (2, *frame.shape)
        assert image.dtype == torch.float32
        assert torch.isfinite(image).all()
        assert np.isfinite(map_.matrix).all()

    def test_it_depends_on_the_generator_alone(self, name, frame):
        first, again = self.run(name, frame, 3)[1], self.run(name, frame, 3)[1]
        assert torch.equal(first, again)
        others = [self.run(name, frame, seed)[1] for seed in range(4, 14)]
        assert any(not torch.equal(first, other) for other in others)

    def test_it_never_happens_with_probability_0(self, name, frame):
        options = AUGMENTATIONS.parse({"name": name, "probability": 0})
        augmenter, image = Augmenter([options]), torch.rand(2, *frame.shape, generator=generator(0))
        np.testing.assert_array_equal(augmenter.map(frame, generator(1)).matrix, np.eye(frame.ndim))
        assert augmenter.apply(image, frame, generator(1)) is image

    def test_it_is_either_spatial_or_of_intensities(self, name, frame):
        options = AUGMENTATIONS.parse(name)
        assert isinstance(options, SpatialOptions) != isinstance(options, IntensityOptions)
        changes_map = not (self.run(name, frame, 3)[0].matrix == np.eye(frame.ndim)).all()
        bends = bool(self.run(name, frame, 3)[0].displacements)
        assert not (changes_map or bends) or isinstance(options, SpatialOptions)

    def test_image_and_labels_go_the_same_way(self, name, frame):
        augmenter = Augmenter([AUGMENTATIONS.parse({"name": name, "probability": 1})])
        map_, patch = augmenter.map(frame, generator(2)), Box.of(frame.shape)
        source = map_.source_box(patch)
        # a smooth ramp along every axis: as an image it may differ from the nearest voxel by one step at most
        for axis in range(frame.ndim):
            ramp = np.arange(source.start[axis], source.stop[axis])
            ramp = np.broadcast_to(
                np.expand_dims(ramp, [a for a in range(frame.ndim) if a != axis]), source.shape
            )
            warp = Warp(map_, patch)
            image = warp.image(torch.from_numpy(ramp[None].astype(np.float32)), patch)[0].numpy()
            labels = warp.labels(np.ascontiguousarray(ramp - source.start[axis]), source) + source.start[axis]
            assert np.abs(image - labels).max() <= 0.5 + 1e-3

    def run(self, name, frame, seed):
        augmenter = Augmenter([AUGMENTATIONS.parse({"name": name, "probability": 1})])
        random = generator(seed)
        map_, patch = augmenter.map(frame, random), Box.of(frame.shape)
        shape = map_.source_box(patch).shape
        image = Warp(map_, patch).image(torch.rand(2, *shape, generator=generator(0)), patch)
        return map_, augmenter.apply(image, frame, random)
