"""A tissue with bright membranes, as a dye or a fluorescent protein shows it."""

from __future__ import annotations

import numpy as np

from bioloom.synthesize.cellular import Cells, cut
from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.microscope import Microscope
from bioloom.synthesize.place import tidied
from bioloom.synthesize.texture import field

RADIUS = 4.5
"""Of a cell, micrometres."""
HALF = 0.4
"""Half the thickness of a wall, micrometres."""
MICROSCOPE = Microscope(blur=0.25, photons=140, background=0.1)


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint the cells of a tissue whose edge may cross the picture."""
    cells = cut(generator, frame, RADIUS, spread=0.25, bend=0.22)
    within = _within(generator, frame, cells)
    here, there = within[cells.cell], within[cells.beyond]
    wall = cells.walls(HALF) & (here | there)
    labels = tidied(np.where(here & ~wall, cells.cell + 1, 0), 12)
    light = _light(generator, frame, cells, wall, here)
    return Picture(MICROSCOPE.take(generator, frame, light), labels, wall.astype(np.uint8))


def _within(generator: np.random.Generator, frame: Frame, cells: Cells) -> np.ndarray:
    """Return which cells belong to the tissue: those on one side of a plane that may lie outside."""
    direction = generator.standard_normal(frame.ndim)
    direction /= np.linalg.norm(direction)
    along = (cells.centers - frame.extent / 2) @ direction
    return np.asarray(along < generator.uniform(0.15, 0.8) * frame.extent[-1])


def _light(
    generator: np.random.Generator, frame: Frame, cells: Cells, wall: np.ndarray, here: np.ndarray
) -> np.ndarray:
    """Return the light: walls of uneven brightness, a haze in the cells, now and then a bright granule."""
    each = generator.uniform(0.6, 1.1, len(cells.centers))
    pair = 0.5 * (each[cells.cell] + each[cells.beyond])
    patchy = (1 + 0.3 * field(generator, frame, 1.2)).clip(0.25)
    haze = 0.1 * each[cells.cell] * (1 + 0.35 * field(generator, frame, 0.7)).clip(0)
    granules = 0.5 * (field(generator, frame, 0.35) > 3.2)
    light: np.ndarray = np.where(wall, pair * patchy, here * (haze + granules))
    return light.astype(np.float32)


KIND = Kind(
    name="membranes",
    summary="A tissue with bright membranes in fluorescence; its edge may cross the picture.",
    paint=paint,
    frames={2: Frame((160, 160), (0.3, 0.3)), 3: Frame((40, 96, 96), (0.6, 0.3, 0.3))},
    holds=("objects", "classes"),
    class_names=("membrane",),
)
