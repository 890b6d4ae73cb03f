"""The trivial baseline of classes: thresholds between intensities, and a guess which range is which class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_multiotsu

SIGMA = 1.0
MOST_RANGES = 4
"""Ranges of intensity that are told apart; the search for more takes too long."""
BINS = 128


def otsu_classes(image: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Tell classes by intensity alone.

    All settings are fixed, none is fitted to labels:

    1. Mean over channels and a Gaussian filter, sigma 1 voxel.
    2. As many ranges of intensity as there are classes, at most four, by Otsu's criterion (for several
       thresholds: Liao et al., Journal of Information Science and Engineering 17, 2001).
    3. The range with most voxels is the class of the lowest id, usually the background, the next one that of
       the next id, and so on, whether they are bright or dark.

    Parameters
    ----------
    image : (C, *spatial)
        Intensities. The whole image is held in memory.
    classes : sequence of int
        Ids of the classes.

    Returns
    -------
    (*spatial) unsigned int
        Ids of classes; the lowest everywhere if the image has too few intensities.
    """
    ids = np.array(sorted(classes), np.min_scalar_type(max(classes)))
    smooth = ndimage.gaussian_filter(image.mean(axis=0, dtype=np.float64), SIGMA)
    try:
        cuts = threshold_multiotsu(smooth, classes=min(len(ids), MOST_RANGES), nbins=BINS)
    except ValueError:  # fewer different intensities than ranges
        return np.full(smooth.shape, ids[0])
    ranges = np.digitize(smooth, cuts)
    voxels = np.bincount(ranges.ravel(), minlength=len(cuts) + 1)
    rank = np.empty(len(voxels), np.intp)
    rank[np.argsort(-voxels, kind="stable")] = np.arange(len(voxels))
    return ids[rank[ranges]]
