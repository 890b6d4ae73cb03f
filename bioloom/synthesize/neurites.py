"""Neurites in the electron microscope: dark membranes, mitochondria, vesicles."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bioloom.synthesize.cellular import Cells, cut
from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.place import rotation, tidied, window
from bioloom.synthesize.texture import field

RADIUS = 0.13
"""Of a neurite, micrometres."""
HALF = 0.012
"""Half the thickness of a membrane, micrometres."""
MEMBRANE, MITOCHONDRION = 1, 2


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint cut neurites of very different sizes."""
    cells = cut(generator, frame, RADIUS, spread=0.55, bend=0.35)
    wall = cells.walls(HALF)
    inner = _mitochondria(generator, frame, cells)
    labels = tidied(np.where(wall, 0, cells.cell + 1), 12)
    classes = np.where(wall, MEMBRANE, np.where(inner < 1, MITOCHONDRION, 0)).astype(np.uint8)
    return Picture(_exposed(generator, frame, cells, inner), labels, classes)


def _mitochondria(generator: np.random.Generator, frame: Frame, cells: Cells) -> np.ndarray:
    """Return the distance to the middle of the nearest mitochondrion, 1 on its border; (*spatial)."""
    inner = np.full(frame.shape, 9, np.float32)
    crooked = 1 + 0.1 * field(generator, frame, 0.05)
    coordinates = frame.coordinates()
    for number, (center, radius) in enumerate(zip(cells.centers, cells.radii, strict=True)):
        if radius < 0.9 * RADIUS or generator.random() < 0.25:
            continue
        size = min(0.5 * radius, 0.11) * generator.uniform(0.7, 1)
        axes = size * np.array([generator.uniform(1.1, 1.9), *[0.85] * (frame.ndim - 1)])
        place = center + generator.uniform(-0.3, 0.3, frame.ndim) * radius
        box = window(frame, place, 2 * size)
        offsets = coordinates[:, *box] - place.reshape(-1, *[1] * frame.ndim)
        turned = np.tensordot(rotation(generator, frame.ndim), offsets, 1)
        distance = np.sqrt(np.tensordot(axes**-2.0, turned**2, 1)) * crooked[box]
        roomy = (cells.cell[box] == number) & (cells.wall[box] > 2.2 * HALF)
        inner[box] = np.where(roomy, np.minimum(inner[box], distance), inner[box])
    return inner


def _exposed(generator: np.random.Generator, frame: Frame, cells: Cells, inner: np.ndarray) -> np.ndarray:
    """Return the picture, uint8: bright where electrons pass; membranes that are cut obliquely are faint."""
    cytoplasm = generator.normal(0.72, 0.035, len(cells.centers))[cells.cell]
    cytoplasm += 0.035 * field(generator, frame, 0.008) + 0.02 * field(generator, frame, 0.03)
    oblique = 1 + 0.45 * field(generator, frame, 0.09).clip(-1, 2)
    dark = 0.46 * np.exp(-0.5 * (cells.wall / (0.75 * HALF * oblique)) ** 2) / oblique.clip(0.8)
    cristae = 0.06 * np.sin(field(generator, frame, 0.035) * 9)
    rim = np.exp(-0.5 * ((inner - 0.95) / 0.09) ** 2)
    matrix = np.where(inner < 1, 0.17 + cristae, 0) + 0.17 * rim * (inner < 1.2)
    spots = field(generator, frame, 0.009) * (field(generator, frame, 0.12) > 0.9)
    vesicles = 0.12 * ((spots > 1.2) & (inner > 1.1)) - 0.08 * (spots > 2.2)
    bright = ndimage.gaussian_filter(
        cytoplasm - dark - matrix - vesicles, [*[0] * (frame.ndim - 2), 0.6, 0.6]
    )
    noise = 0.045 * generator.standard_normal(frame.shape) + 0.03 * field(generator, frame, 0.003)
    light = 1 + 0.05 * field(generator, frame, float(frame.extent[-1]) / 5)
    return (255 * (bright * light + noise)).round().clip(0, 255).astype(np.uint8)


KIND = Kind(
    name="neurites",
    summary="Neurites in the electron microscope: dark membranes, mitochondria, vesicles.",
    paint=paint,
    frames={2: Frame((192, 192), (0.006, 0.006)), 3: Frame((32, 112, 112), (0.02, 0.008, 0.008))},
    holds=("objects", "classes"),
    class_names=("membrane", "mitochondrion"),
)
