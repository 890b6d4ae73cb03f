"""What a microscope makes of light: blur, uneven background, noise of light and of the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from bioloom.synthesize.kind import Frame
from bioloom.synthesize.texture import field

AXIAL = 2.5
"""How much wider the blur is along z."""


@dataclass(frozen=True)
class Microscope:
    """A fluorescence microscope with a camera.

    The blur is a Gaussian, the usual approximation of a point spread function (Zhang, Zerubia and
    Olivo-Marin, Applied Optics 2007); the noise is Poisson for light, Gaussian for reading out.
    """

    blur: float
    """Standard deviation in the plane, micrometres; `AXIAL` times that along z."""
    photons: float
    """Counts for light of brightness 1."""
    background: float
    """Brightness where nothing lies."""
    unevenness: float = 0.3
    """Relative change of background and illumination over the picture."""
    offset: float = 100
    """Counts of the camera in the dark."""
    read_noise: float = 3
    """Standard deviation of reading out, counts."""

    def take(self, generator: np.random.Generator, frame: Frame, light: np.ndarray) -> np.ndarray:
        """Return a picture of light.

        Parameters
        ----------
        generator : numpy.random.Generator
            Source of background and noise.
        frame : Frame
            The picture.
        light : ndarray of float32
            (*spatial), 0 where it is dark and about 1 where it is bright.

        Returns
        -------
        ndarray of uint16
            (*spatial), counts.
        """
        sigma = [self.blur / size for size in frame.spacing]
        sigma[:-2] = [AXIAL * side for side in sigma[:-2]]
        blurred = ndimage.gaussian_filter(light.astype(np.float32), sigma, mode="nearest")
        uneven = slope(generator, frame)
        shine = 1 + 0.5 * self.unevenness * uneven
        haze = self.background * (
            1 + self.unevenness * (uneven + 0.3 * field(generator, frame, _broad(frame)))
        )
        expected = self.photons * (blurred * shine + haze.clip(0))
        counts = generator.poisson(expected) + generator.normal(self.offset, self.read_noise, frame.shape)
        return counts.round().clip(0, 65535).astype(np.uint16)


def slope(generator: np.random.Generator, frame: Frame) -> np.ndarray:
    """Return a plane that rises from -1 to 1 at most in a random direction; float32, (*spatial)."""
    direction = generator.standard_normal(frame.ndim)
    direction /= np.abs(direction).sum()
    grid = 2 * frame.coordinates() / frame.extent.reshape(-1, *[1] * frame.ndim) - 1
    return np.tensordot(direction, grid, 1).astype(np.float32)


def _broad(frame: Frame) -> float:
    return float(frame.extent[-1]) / 6
