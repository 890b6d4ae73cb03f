"""Nuclei in fluorescence: crowded, touching, of many sizes and brightnesses."""

from __future__ import annotations

import numpy as np

from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.microscope import Microscope
from bioloom.synthesize.place import count_for, place, rotation, tidied, window
from bioloom.synthesize.texture import field

RADIUS = 4.5
"""Micrometres, in the median."""
MICROSCOPE = Microscope(blur=0.35, photons=220, background=0.12)


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint ellipses or ellipsoids with crooked outlines, chromatin and nucleoli."""
    share = generator.uniform(0.3, 0.5)
    radii = RADIUS * generator.lognormal(0, 0.2, count_for(frame, share, RADIUS))
    centers, kept = place(generator, frame, radii, touching=0.6, closeness=0.86, margin=0.5 * RADIUS)
    crooked = 1 + 0.09 * field(generator, frame, 0.45 * RADIUS)
    coordinates = frame.coordinates()
    nearest = np.ones(frame.shape, np.float32)
    labels = np.zeros(frame.shape, np.uint16)
    for number, (center, radius) in enumerate(zip(centers, radii[kept], strict=True), start=1):
        box = window(frame, center, 1.8 * radius)
        turned = rotation(generator, frame.ndim) @ (
            coordinates[:, *box].reshape(frame.ndim, -1) - center[:, None]
        )
        axes = radius * np.array([1.2, *[0.84] * (frame.ndim - 1)]) ** generator.uniform(0, 1.4)
        distance = np.linalg.norm(turned / axes[:, None], axis=0).reshape(nearest[box].shape) * crooked[box]
        inside = distance < nearest[box]
        labels[box][inside] = number
        nearest[box][inside] = distance[inside]
    labels = tidied(labels, max(6, round(0.05 * _voxels(frame))))
    light = _light(generator, frame, labels, nearest)
    return Picture(MICROSCOPE.take(generator, frame, light), labels)


def _voxels(frame: Frame) -> float:
    """Return the voxels of a ball of the median radius."""
    return 1 / count_for(frame, 1, RADIUS) * float(np.prod(frame.shape))


def _light(
    generator: np.random.Generator, frame: Frame, labels: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    """Return the light of nuclei: thicker in the middle, with chromatin and dark nucleoli."""
    bright = generator.lognormal(-0.35, 0.4, int(labels.max()) + 1).clip(0.3, 2.2)
    bright[0] = 0
    thick = 0.55 + 0.45 * np.sqrt((1 - distance**2).clip(0))
    chromatin = 1 + 0.14 * field(generator, frame, 0.5) + 0.1 * field(generator, frame, 1.4)
    nucleoli = 1 - 0.45 * (field(generator, frame, 0.7) > 2.0)
    light: np.ndarray = (bright[labels] * thick * chromatin * nucleoli).clip(0)
    return light.astype(np.float32)


KIND = Kind(
    name="nuclei",
    summary="Nuclei in fluorescence: crowded, touching, of many sizes and brightnesses.",
    paint=paint,
    frames={2: Frame((160, 160), (0.4, 0.4)), 3: Frame((32, 96, 96), (1.0, 0.4, 0.4))},
    holds=("objects",),
)
