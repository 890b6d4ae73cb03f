"""Spots in cells: vesicles, which are rings, and puncta, which are smaller than the microscope resolves."""

from __future__ import annotations

import numpy as np

from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.microscope import Microscope
from bioloom.synthesize.place import count_for, place, window
from bioloom.synthesize.texture import field

VESICLE, PUNCTUM = 1, 2
RADII = {VESICLE: 0.65, PUNCTUM: 0.3}
"""Of the objects, micrometres."""
MICROSCOPE = Microscope(blur=0.14, photons=150, background=0.1)


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint both classes of spots at places between the voxels, in the haze of their cells."""
    count = count_for(frame, generator.uniform(0.1, 0.16), RADII[VESICLE])
    classes = generator.choice([VESICLE, PUNCTUM], count, p=[0.4, 0.6])
    radii = np.array([RADII[kind] for kind in classes]) * generator.uniform(0.85, 1.15, count)
    centers, kept = place(generator, frame, radii, touching=0.2, closeness=1.2, margin=-0.3)
    classes, radii = classes[kept], radii[kept]
    haze = 0.18 / (1 + np.exp(-3 * field(generator, frame, 3.0) - 0.5))
    light = haze * (1 + 0.2 * field(generator, frame, 0.5))
    labels = np.zeros(frame.shape, np.uint16)
    coordinates = frame.coordinates()
    for number, (center, radius, kind) in enumerate(zip(centers, radii, classes, strict=True), start=1):
        box = window(frame, center, 2 * radius)
        offsets = coordinates[:, *box] - center.reshape(-1, *[1] * frame.ndim)
        distance = np.linalg.norm(offsets, axis=0) / radius
        labels[box][distance < 1] = number
        light[box] += _profile(kind, distance) * generator.lognormal(0, 0.3)
    truth = np.append(0, classes).astype(np.uint8)[labels]
    points = centers / frame.spacing - 0.5
    image = MICROSCOPE.take(generator, frame, light.clip(0))
    return Picture(image, labels, truth, points, tuple(map(int, classes)))


def _profile(kind: int, distance: np.ndarray) -> np.ndarray:
    """Return the light of a spot by the distance from its center, 1 on its border."""
    if kind == VESICLE:
        return np.asarray(1.1 * np.exp(-0.5 * ((distance - 0.75) / 0.2) ** 2))
    return np.asarray(2.0 * np.exp(-0.5 * (distance / 0.45) ** 2))


KIND = Kind(
    name="spots",
    summary="Spots in cells: vesicles, which are rings, and puncta, smaller than the microscope resolves.",
    paint=paint,
    frames={2: Frame((160, 160), (0.12, 0.12)), 3: Frame((32, 96, 96), (0.25, 0.12, 0.12))},
    holds=("objects", "classes", "points"),
    class_names=("vesicle", "punctum"),
)
