"""Crowded label images, what is known of their objects, and windows of them, for the tests of this folder."""

from functools import cache

import numpy as np
from scipy import ndimage

from bioloom.targets.base import UNKNOWN
from bioloom.targets.facts import ObjectFacts

SHAPES = {2: (40, 48), 3: (12, 24, 20)}
SPACINGS = {
    "isotropic": {2: (1.0, 1.0), 3: (1.0, 1.0, 1.0)},
    "anisotropic": {2: (0.5, 1.3), 3: (2.0, 0.4, 0.6)},
}


def crowded(ndim, seed=0):
    """Touching objects of all sizes with background between them; some lie on the border."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[ndim]
    points = rng.uniform(0, 1, (14, ndim)) * shape
    radii = rng.uniform(2, 9, 14)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    distance = np.linalg.norm(grid[..., None, :] - points, axis=-1) - radii
    return np.where(distance.min(-1) < 0, distance.argmin(-1) + 1, 0).astype(np.int32)


def facts_of(labels, spacing):
    ids = np.unique(labels[labels > 0]).astype(np.int64)
    column = (len(ids), labels.ndim)
    voxels = [np.argwhere(labels == i) for i in ids]
    centers = np.array([v.mean(0) for v in voxels]).reshape(column)
    half = [np.abs(v - center).max(0) for v, center in zip(voxels, centers, strict=True)]
    radii = [ndimage.distance_transform_edt(labels == i, sampling=spacing).max() for i in ids]
    return ObjectFacts(
        ids,
        centers,
        np.array(radii),
        2.5,
        classes=np.array([str(1 + i % 2) for i in ids], np.str_),
        half_lengths=np.array(half).reshape(column),
    )


@cache
def scene(ndim, seed, spacing):
    labels = crowded(ndim, seed)
    return labels, facts_of(labels, spacing)


def take_window(labels, box, cut=None):
    """Labels of a box that may stick out, continued outwards as ``-1 - L``, less UNKNOWN beyond a cut."""
    lines = [np.arange(a, b) for a, b in zip(box.start, box.stop, strict=True)]
    clipped = [line.clip(0, n - 1) for line, n in zip(lines, labels.shape, strict=True)]
    window = labels[np.ix_(*clipped)]
    inside = np.ix_(*(line == c for line, c in zip(lines, clipped, strict=True)))
    outside = np.ones(window.shape, bool)
    outside[inside] = False
    window = np.where(outside, -1 - window, window)
    for axis, (low, high) in enumerate(cut or ()):
        away = (low & (lines[axis] < 0)) | (high & (lines[axis] >= labels.shape[axis]))
        window -= UNKNOWN * away.reshape([-1 if a == axis else 1 for a in range(labels.ndim)])
    return window


def moved(facts, start):
    return facts.moved(facts.centroids - start)


def uncut(ndim):
    return ((False, False),) * ndim


def reaching(part, cut):
    """Return the labels of the objects that reach a face at which `part` was cut out."""
    ends = [(part.take(0, axis), part.take(-1, axis)) for axis in range(part.ndim)]
    met = [
        face
        for pair, faces in zip(ends, cut, strict=True)
        for face, is_cut in zip(pair, faces, strict=True)
        if is_cut
    ]
    return np.unique(np.concatenate([face.ravel() for face in met]))
