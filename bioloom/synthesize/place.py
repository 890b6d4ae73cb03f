"""Where objects lie, and what becomes of them where they overlap."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bioloom.synthesize.kind import Frame

ATTEMPTS = 40


def place(
    generator: np.random.Generator,
    frame: Frame,
    radii: np.ndarray,
    *,
    touching: float = 0.0,
    closeness: float = 1.0,
    margin: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Place balls one after the other; one that finds no room is left out.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of the places.
    frame : Frame
        The picture.
    radii : ndarray of float64
        (ball,), micrometres.
    touching : float
        Share of the balls that are laid against another one.
    closeness : float
        The least distance of two centers, as a multiple of the sum of their radii.
    margin : float
        How far centers may lie beyond the border, micrometres.

    Returns
    -------
    centers : ndarray of float64
        (placed, axis), micrometres.
    kept : ndarray of int64
        (placed,), which of the balls these are.
    """
    centers = np.empty((0, frame.ndim))
    kept: list[int] = []
    for number, radius in enumerate(radii):
        for _ in range(ATTEMPTS):
            center = generator.uniform(-margin, frame.extent + margin)
            if kept and generator.random() < touching:
                center = _beside(generator, centers, radii[kept], radius, closeness)
            inside = ((center >= -margin) & (center <= frame.extent + margin)).all()
            apart = np.linalg.norm(centers - center, axis=1) >= closeness * (radii[kept] + radius)
            if inside and apart.all():
                centers = np.vstack([centers, center])
                kept.append(number)
                break
    return centers, np.array(kept, np.int64)


def _beside(
    generator: np.random.Generator, centers: np.ndarray, radii: np.ndarray, radius: float, closeness: float
) -> np.ndarray:
    """Return a center at the side of one that is there."""
    other = generator.integers(len(centers))
    direction = generator.standard_normal(centers.shape[1])
    direction = direction / float(np.linalg.norm(direction))
    found: np.ndarray = centers[other] + direction * (radii[other] + radius) * closeness * 1.01
    return found


def count_for(frame: Frame, share: float, radius: float) -> int:
    """Return how many balls of a radius (micrometres) fill a share of the picture, at least 2."""
    ball = {2: np.pi, 3: 4 / 3 * np.pi}[frame.ndim] * radius**frame.ndim
    return max(2, round(share * float(np.prod(frame.extent)) / ball))


def rotation(generator: np.random.Generator, ndim: int) -> np.ndarray:
    """Return a random orthogonal matrix, (ndim, ndim): the Q of a random matrix's QR decomposition."""
    return np.linalg.qr(generator.standard_normal((ndim, ndim)))[0]


def window(frame: Frame, center: np.ndarray, reach: float) -> tuple[slice, ...]:
    """Return the voxels of a picture within `reach` of a point along every axis; both in micrometres."""
    low = np.floor((center - reach) / frame.spacing).astype(int).clip(0)
    high = np.ceil((center + reach) / frame.spacing).astype(int).clip(0, frame.shape)
    return tuple(map(slice, low, high))


def tidied(labels: np.ndarray, smallest: int) -> np.ndarray:
    """Return labels of which each is one connected piece, numbered from 1.

    Parameters
    ----------
    labels : ndarray of integers
        (*spatial); 0 is background.
    smallest : int
        Pieces of fewer voxels go.

    Returns
    -------
    ndarray of uint16
        The largest piece of every label, of those that share faces.
    """
    found = np.zeros(labels.shape, np.uint16)
    number = 0
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        pieces, _ = ndimage.label(labels[box] == label)
        sizes = np.bincount(pieces.ravel())[1:]
        if sizes.max() >= smallest:
            number += 1
            found[box][pieces == sizes.argmax() + 1] = number
    return found
