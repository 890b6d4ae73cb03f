"""Blood cells in colours: many red ones, some white ones, in transmitted light."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.microscope import slope
from bioloom.synthesize.place import count_for, place, tidied, window
from bioloom.synthesize.texture import field

RED, WHITE = 1, 2
RADII = {RED: 3.4, WHITE: 5.6}
"""Micrometres, in the median."""
ABSORBED = {
    "red": (0.10, 0.42, 0.36),
    "plasma": (0.25, 0.38, 0.10),
    "nucleus": (0.75, 1.05, 0.38),
}
"""Absorbance of red, green and blue light."""
EMPTY = (0.88, 0.86, 0.84)
"""Colour of the light without a cell."""


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint a smear: red cells with a pale middle that touch, white cells with a lobed nucleus."""
    count = count_for(frame, generator.uniform(0.3, 0.5), RADII[RED])
    whites = max(1, round(0.06 * count + generator.uniform(-0.5, 0.5)))
    classes = np.array([WHITE] * whites + [RED] * count)
    radii = np.array([RADII[kind] for kind in classes]) * generator.normal(1, 0.08, len(classes)).clip(
        0.7, 1.3
    )
    centers, kept = place(generator, frame, radii, touching=0.35, closeness=0.97, margin=0)
    classes, radii = classes[kept], radii[kept]
    crooked = 1 + 0.06 * field(generator, frame, 1.6)
    coordinates = frame.coordinates()
    nearest = np.ones(frame.shape, np.float32)
    labels = np.zeros(frame.shape, np.uint16)
    absorbed = np.zeros((*frame.shape, 3), np.float32)
    for number, (center, radius, kind) in enumerate(zip(centers, radii, classes, strict=True), start=1):
        box = window(frame, center, 1.4 * radius)
        offsets = coordinates[:, *box] - center.reshape(-1, 1, 1)
        stretch = generator.uniform(0.93, 1.07)
        distance = np.hypot(offsets[0] * stretch, offsets[1] / stretch) / radius * crooked[box]
        inside = distance < nearest[box]
        labels[box][inside] = number
        nearest[box][inside] = distance[inside]
        draw = _red if kind == RED else _white
        absorbed[box][inside] = draw(generator, offsets / radius, distance)[inside]
    labels, classes = _numbered(labels, classes)
    points = np.array(ndimage.center_of_mass(labels > 0, labels, np.arange(1, len(classes) + 1)))
    truth = np.append(0, classes).astype(np.uint8)[labels]
    image = _exposed(generator, frame, absorbed)
    return Picture(image, labels, truth, points.reshape(-1, 2), tuple(map(int, classes)))


def _numbered(labels: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels numbered anew without crumbs, and their classes."""
    found = tidied(labels, 30)
    first = np.unique(found, return_index=True)
    old = labels.ravel()[first[1][first[0] > 0]]
    return found, classes[old - 1]


def _red(generator: np.random.Generator, offsets: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Return the absorbance of a red cell, (y, x, 3): thickest in a ring around its middle."""
    thick = 1 - generator.uniform(0.35, 0.75) * np.exp(-0.5 * (distance / 0.38) ** 2)
    return np.asarray(thick[..., None] * generator.normal(1, 0.1) * np.array(ABSORBED["red"]), np.float32)


def _white(generator: np.random.Generator, offsets: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Return the absorbance of a white cell, (y, x, 3): a nucleus of one to four lobes in a pale plasma."""
    lobes = int(generator.integers(1, 5))
    size = (0.72, 0.5, 0.42, 0.36)[lobes - 1]
    start = generator.uniform(0, 2 * np.pi)
    nucleus = np.zeros(distance.shape)
    for lobe in range(lobes):
        angle = start + 1.7 * lobe
        middle = (0.15 if lobes == 1 else 0.4) * np.array([np.sin(angle), np.cos(angle)])
        apart = np.linalg.norm(offsets - middle.reshape(-1, 1, 1), axis=0) / size
        nucleus = np.maximum(nucleus, 1 / (1 + np.exp(14 * (apart - 1))))
    nucleus *= 1 + 0.12 * generator.standard_normal(distance.shape)
    plasma = np.array(ABSORBED["plasma"]) * generator.normal(1, 0.15)
    found = plasma + nucleus[..., None] * (np.array(ABSORBED["nucleus"]) - plasma)
    return np.asarray(found, np.float32)


def _exposed(generator: np.random.Generator, frame: Frame, absorbed: np.ndarray) -> np.ndarray:
    """Return the picture, uint8, (y, x, 3): what is left of the light after Beer and Lambert, with noise."""
    sigma = [0.16 / size for size in frame.spacing]
    texture = 1 + 0.06 * field(generator, frame, 0.3)
    passed = np.exp(-ndimage.gaussian_filter(absorbed * texture[..., None], [*sigma, 0]))
    light = generator.normal(1, 0.03) * np.array(EMPTY) * generator.normal(1, 0.015, 3)
    uneven = 1 + 0.06 * slope(generator, frame) + 0.01 * field(generator, frame, 3.0)
    expected = 900 * passed * light * uneven[..., None]
    counts = generator.poisson(expected) / 900 + 0.008 * generator.standard_normal(expected.shape)
    return (255 * counts).round().clip(0, 255).astype(np.uint8)


KIND = Kind(
    name="cells",
    summary="Blood cells in colours: many red ones that touch, some white ones with a lobed nucleus.",
    paint=paint,
    frames={2: Frame((192, 192), (0.25, 0.25))},
    holds=("objects", "classes", "points"),
    class_names=("red cell", "white cell"),
)
