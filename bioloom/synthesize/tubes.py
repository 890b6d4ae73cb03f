"""Curved tubes, such as vessels or mitochondria: long, bent, of changing width."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.synthesize.microscope import Microscope
from bioloom.synthesize.place import tidied
from bioloom.synthesize.texture import field

RADIUS = 1.2
"""Micrometres, in the median."""
STEP = 0.3
"""Along a tube, micrometres."""
GAP = 0.35
"""Between two tubes at the narrowest, micrometres; their light runs together."""
MICROSCOPE = Microscope(blur=0.3, photons=160, background=0.14)


def paint(generator: np.random.Generator, frame: Frame) -> Picture:
    """Paint tubes; one that would run into another ends before it."""
    length = 0.8 * float(frame.extent[-1])
    share, section = {2: (0.35, 2 * RADIUS), 3: (0.14, np.pi * RADIUS**2)}[frame.ndim]
    count = max(2, round(share * float(np.prod(frame.extent)) / (section * length)))
    nearest = np.ones(frame.shape, np.float32)
    labels = np.zeros(frame.shape, np.uint16)
    paths = [np.empty((0, frame.ndim + 1))]  # points of all tubes, each with the radius there
    for number in range(1, count + 1):
        path = _free(_path(generator, frame, length), np.vstack(paths))
        if len(path) * STEP < 4 * RADIUS:
            continue
        paths.append(path)
        _draw(frame, path, number, labels, nearest)
    labels = tidied(labels, 12)
    bright = generator.lognormal(-0.2, 0.3, int(labels.max()) + 1)
    bright[0] = 0
    light = bright[labels] * (0.6 + 0.4 * np.sqrt((1 - nearest**2).clip(0)))
    light = (light * (1 + 0.2 * field(generator, frame, 0.6))).clip(0)
    return Picture(MICROSCOPE.take(generator, frame, light), labels, (labels > 0).astype(np.uint8))


def _path(generator: np.random.Generator, frame: Frame, length: float) -> np.ndarray:
    """Return points along a tube and its radius at each, (point, axis + 1), micrometres.

    The direction drifts, so that the tube bends instead of shaking; along z it is flatter, as the picture is.
    """
    steps = round(length / STEP)
    flat = np.array([0.35, 1, 1])[-frame.ndim :]
    direction, turn = flat * generator.standard_normal(frame.ndim), np.zeros(frame.ndim)
    points = [generator.uniform(0, frame.extent)]
    for _ in range(steps):
        turn = 0.93 * turn + 0.04 * generator.standard_normal(frame.ndim)
        direction = direction / np.linalg.norm(direction) + turn * flat
        points.append(points[-1] + STEP * direction / np.linalg.norm(direction))
    wave = np.sin(np.arange(steps + 1) * STEP / generator.uniform(1.5, 4) + generator.uniform(0, 6))
    radii = RADIUS * generator.lognormal(0, 0.2) * (1 + 0.15 * wave)
    return np.column_stack([points, radii])


def _free(path: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the start of a path up to where it would touch another tube or itself."""
    if not len(others):
        return path
    reach = path[:, -1].max() + others[:, -1].max() + GAP
    near = KDTree(others[:, :-1]).query_ball_point(path[:, :-1], reach)
    for number, found in enumerate(near):
        gaps = np.linalg.norm(others[found, :-1] - path[number, :-1], axis=1) - others[found, -1]
        if len(found) and gaps.min() < path[number, -1] + GAP:
            return path[:number]
    return path


def _draw(frame: Frame, path: np.ndarray, number: int, labels: np.ndarray, nearest: np.ndarray) -> None:
    """Add a tube to `labels`, and to `nearest` the distance from its axis, 1 on its border."""
    reach = path[:, -1].max()
    low = np.floor((path[:, :-1].min(0) - reach) / frame.spacing).astype(int).clip(0)
    high = np.ceil((path[:, :-1].max(0) + reach) / frame.spacing).astype(int).clip(0, frame.shape)
    box = tuple(map(slice, low, high))
    points = frame.coordinates()[:, *box].reshape(frame.ndim, -1).T
    if not len(points):
        return
    distances, found = KDTree(path[:, :-1]).query(points, distance_upper_bound=reach)
    radii = np.append(path[:, -1], 1)[found]  # the tree answers len(path) where nothing is near
    relative = (distances / radii).reshape(labels[box].shape)
    inside = relative < nearest[box]
    labels[box][inside] = number
    nearest[box][inside] = relative[inside]


KIND = Kind(
    name="tubes",
    summary="Curved tubes, such as vessels or mitochondria: long, bent, of changing width.",
    paint=paint,
    frames={3: Frame((32, 96, 96), (0.6, 0.3, 0.3)), 2: Frame((160, 160), (0.25, 0.25))},
    holds=("objects", "classes"),
    class_names=("tube",),
)
