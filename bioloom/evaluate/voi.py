"""Variation of information: what is still unknown of one partition of the voxels when the other is known."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.contingency import contingency
from bioloom.evaluate.metric import Counts, Metric, image_values, mean_over_images
from bioloom.settings.base import Section


class VoiOptions(Section):
    """Variation of information and its parts by splits and merges, means over images."""

    name: Literal["voi"] = "voi"
    background: bool = True
    """Whether the background of the truth counts as one more object; else its voxels are left out (CREMI)."""


def count(comparison: Comparison, options: VoiOptions) -> Counts:
    """Compute the variation of information of one image, in bits; 0 for equal partitions.

    ``voi_split`` is the entropy of the labels where the truth is known, H(labels | truth): it grows with
    every object that is cut. ``voi_merge`` is H(truth | labels), which grows with objects that are joined.
    ``voi`` is their sum (Meila, Journal of Multivariate Analysis 98, 2007; for segmentation Nunez-Iglesias et
    al., PLoS ONE 8, e71715 (2013)). CREMI leaves out the background of the truth, too.
    """
    table = contingency(comparison.table, options.background)
    total = table.both.sum()
    if not total:
        return image_values(dict.fromkeys(("voi", "voi_split", "voi_merge"), float("nan")))
    split, merge = (
        float((table.both * np.log2(whole / table.both)).sum() / total)
        for whole in (table.truth, table.labels)
    )
    return image_values({"voi": split + merge, "voi_split": split, "voi_merge": merge})


METRIC = Metric(count=count, finish=mean_over_images, averaged=True)
