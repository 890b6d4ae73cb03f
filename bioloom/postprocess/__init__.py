"""From predictions to outputs: operations that compile to passes over blocks, exact for any block size.

Options stand beside their operations, and every job of the workflow reads options: what is slow to import
(zarr, scipy, scikit-image) is imported where a map or a reduce uses it.
"""

from bioloom.registry import Registry

OPERATIONS = Registry(
    "operation",
    __name__,
    {
        "median_filter": ("median_filter:median_filter", "median_filter:MedianFilterOptions"),
        "gaussian_filter": ("gaussian_filter:gaussian_filter", "gaussian_filter:GaussianFilterOptions"),
        "watershed": ("watershed:watershed", "watershed:WatershedOptions"),
        "flows": ("flows:flows", "flows:FlowsOptions"),
        "offsets": ("offsets:offsets", "offsets:OffsetsOptions"),
        "argmax": ("argmax:argmax", "argmax:ArgmaxOptions"),
        "threshold": ("threshold:threshold", "threshold:ThresholdOptions"),
        "majority_filter": ("majority_filter:majority_filter", "majority_filter:MajorityFilterOptions"),
        "peaks": ("peaks:peaks", "peaks:PeaksOptions"),
        "fill_holes": ("fill_holes:fill_holes", "fill_holes:FillHolesOptions"),
        "remove_small": ("remove_small:remove_small", "remove_small:RemoveSmallOptions"),
    },
)
