"""Space cut into cells: a power diagram with crooked walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from bioloom.synthesize.kind import Frame
from bioloom.synthesize.place import count_for, place
from bioloom.synthesize.texture import displaced


@dataclass(frozen=True)
class Cells:
    """Which cell a voxel is in, and how far it is from the nearest wall.

    Parameters
    ----------
    cell, beyond : ndarray of int64
        (*spatial); number of the cell, and of that behind the nearest wall.
    wall : ndarray of float32
        (*spatial); distance to the middle of that wall, micrometres.
    centers, radii : ndarray of float64
        (cell, axis) and (cell,), micrometres.
    """

    cell: np.ndarray
    beyond: np.ndarray
    wall: np.ndarray
    centers: np.ndarray
    radii: np.ndarray

    def walls(self, half: float) -> np.ndarray:
        """Return where walls are, bool, (*spatial): up to `half` micrometres from the middle of one.

        A wall is never thinner than a voxel, so that no two cells share a face.
        """
        found = self.wall < half
        for axis in range(found.ndim):
            before, after = (np.delete(self.cell, end, axis) for end in (-1, 0))
            found |= np.pad(before != after, [(axis == other, 0) for other in range(found.ndim)])
        return np.asarray(found)


def cut(generator: np.random.Generator, frame: Frame, radius: float, spread: float, bend: float) -> Cells:
    """Cut a picture into cells.

    A voxel belongs to the ball to which its power, the squared distance less the squared radius, is least
    (Aurenhammer, SIAM Journal on Computing 1987). With a further coordinate that makes up for the radius, the
    power is a squared distance, so that a tree finds the two least.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of everything.
    frame : Frame
        The picture.
    radius, spread : float
        Median radius of the cells (micrometres), and the deviation of its logarithm.
    bend : float
        How far walls are bent, as a share of the radius.
    """
    wide = Frame(frame.shape, tuple((frame.extent + 4 * radius) / frame.shape))
    radii = radius * generator.lognormal(0, spread, count_for(wide, 1.1, radius))
    radii = -np.sort(-radii.clip(radius / 3, 3 * radius))
    centers, kept = place(generator, frame, radii, closeness=0.85, margin=2 * radius)
    radii = radii[kept]
    points = displaced(generator, frame, 0.8 * radius, bend * radius).reshape(frame.ndim, -1).T
    lifted = np.sqrt(radii.max() ** 2 - radii**2)
    tree = KDTree(np.column_stack([centers, lifted]))
    distances, found = tree.query(np.column_stack([points, np.zeros(len(points))]), k=2)
    apart = np.linalg.norm(centers[found[:, 0]] - centers[found[:, 1]], axis=1)
    wall = (distances[:, 1] ** 2 - distances[:, 0] ** 2) / (2 * apart)
    cell, beyond = (found[:, n].reshape(frame.shape) for n in (0, 1))
    return Cells(cell, beyond, wall.reshape(frame.shape).astype(np.float32), centers, radii)
