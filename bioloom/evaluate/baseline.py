"""A trivial baseline that knows nothing about the data: what a published score has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import edt
import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

SIGMA = 1.0
SMALLEST_VOXELS = 20


def otsu_watershed(image: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Segment bright blobs by Otsu's threshold and a watershed of the distance transform.

    All settings are fixed, none is fitted to labels:

    1. Gaussian filter, sigma 1 voxel along every axis since noise is a matter of voxels, and Otsu's threshold
       of the whole image (Otsu, IEEE Transactions on Systems, Man, and Cybernetics 9, 1979).
    2. Distance to the background in micrometres, smoothed by the same filter.
    3. Seeds are the maxima of the distance, no two within half the typical radius along any axis. That radius
       is the largest distance inside a connected component, the median over components weighted by their
       voxels.
    4. Watershed from the seeds down the distance, inside the mask; regions under 20 voxels are dropped.

    Parameters
    ----------
    image : (C, *spatial)
        Intensities with bright objects; several channels are averaged.
    spacing : sequence of float
        Voxel size in micrometres, spatial order.

    Returns
    -------
    (*spatial) uint32
        Object ids 1..n, 0 for background. The whole image is held in memory.
    """
    mean = image.mean(axis=0, dtype=np.float64)
    smooth = ndimage.gaussian_filter(mean, SIGMA)
    mask = smooth > threshold_otsu(smooth)
    if not mask.any():
        return np.zeros(mask.shape, np.uint32)
    distance = edt.edt(mask, anisotropy=tuple(float(step) for step in spacing), black_border=False)
    height = ndimage.gaussian_filter(distance, SIGMA)
    half_radius = 0.5 * _typical_radius(mask, distance)
    reach = np.maximum(1, np.round(half_radius / np.asarray(spacing))).astype(int)
    seeds = np.zeros(mask.shape, np.int32)
    points = _peaks(height, mask, reach)
    seeds[tuple(points.T)] = np.arange(1, len(points) + 1)
    return _drop_small(watershed(-height, seeds, mask=mask))


def rare_as_bright(image: np.ndarray) -> np.ndarray:
    """Return the mean of the channels ``(1, *spatial)``, negated if most of it is above Otsu's threshold.

    Objects are taken for what fills the smaller part of an image, be it bright or dark.
    """
    mean = image.mean(axis=0, dtype=np.float64, keepdims=True)
    return -mean if (mean > threshold_otsu(mean)).mean() > 0.5 else mean


def _typical_radius(mask: np.ndarray, distance: np.ndarray) -> float:
    """Largest distance inside a component, the median weighted by the components' voxels."""
    components, number = ndimage.label(mask)
    radius = ndimage.maximum(distance, components, np.arange(1, number + 1))
    voxels = np.bincount(components.reshape(-1), minlength=number + 1)[1:]
    order = np.argsort(radius)
    cumulated = np.cumsum(voxels[order])
    return float(radius[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _peaks(height: np.ndarray, mask: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Coordinates (n, d) of local maxima, no two within `reach` voxels (per axis), highest first."""
    points = peak_local_max(
        height, footprint=np.ones(2 * reach + 1, bool), labels=mask.astype(np.uint8), exclude_border=False
    )
    # Plateaus leave several maxima within reach, because skimage keeps only isotropic distances.
    near = KDTree(points / reach).query_ball_point(points / reach, r=1, p=np.inf)
    kept = np.ones(len(points), bool)
    for index, others in enumerate(near):
        if kept[index]:
            kept[[other for other in others if other > index]] = False
    return points[kept]


def _drop_small(labels: np.ndarray) -> np.ndarray:
    """Remove regions under `SMALLEST_VOXELS` and number the others 1..n."""
    large = np.bincount(labels.reshape(-1)) >= SMALLEST_VOXELS
    large[0] = False
    return np.where(large, np.cumsum(large), 0).astype(np.uint32)[labels]
