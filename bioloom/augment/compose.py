"""All augmentations of a training together."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from bioloom.augment import AUGMENTATIONS
from bioloom.augment.draw import happens
from bioloom.augment.frame import Frame
from bioloom.augment.options import AugmentationOptions, IntensityOptions, SpatialOptions
from bioloom.augment.spatial_map import SpatialMap


class Augmenter:
    """Draws a spatial map, and changes intensities.

    Both only depend on the generator that is given. Each augmentation happens with its own probability, in
    the order of the list; spatial ones come before all others.

    Parameters
    ----------
    options : iterable of options
        The augmentations, as ``AUGMENTATIONS.parse`` returns them.
    """

    def __init__(self, options: Iterable[AugmentationOptions] = ()) -> None:
        self.options = tuple(options)

    def map(self, frame: Frame, generator: torch.Generator) -> SpatialMap:
        """Return the map of one example."""
        map_ = SpatialMap.identity(frame)
        for options in self.options:
            if isinstance(options, SpatialOptions) and happens(options.probability, generator):
                map_ = AUGMENTATIONS[options.name](map_, options, generator)
        return map_

    def apply(self, image: torch.Tensor, frame: Frame, generator: torch.Generator) -> torch.Tensor:
        """Return a normalised image ``(channel, *spatial)`` of float32 with changed intensities."""
        for options in self.options:
            if isinstance(options, IntensityOptions) and happens(options.probability, generator):
                image = AUGMENTATIONS[options.name](image, options, generator, frame)
        return image
