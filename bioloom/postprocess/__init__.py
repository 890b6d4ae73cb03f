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
        "stars": ("stars:stars", "stars:StarsOptions"),
        "affinities": ("affinities:affinities", "affinities:AffinitiesOptions"),
        "embeddings": ("embeddings:embeddings", "embeddings:EmbeddingsOptions"),
        "argmax": ("argmax:argmax", "argmax:ArgmaxOptions"),
        "threshold": ("threshold:threshold", "threshold:ThresholdOptions"),
        "majority_filter": ("majority_filter:majority_filter", "majority_filter:MajorityFilterOptions"),
        "peaks": ("peaks:peaks", "peaks:PeaksOptions"),
        "fill_holes": ("fill_holes:fill_holes", "fill_holes:FillHolesOptions"),
        "refine": ("refine:refine", "refine:RefineOptions"),
        "smooth_outlines": ("smooth_outlines:smooth_outlines", "smooth_outlines:SmoothOutlinesOptions"),
        "voronoi": ("voronoi:voronoi", "voronoi:VoronoiOptions"),
        "split_large": ("split_large:split_large", "split_large:SplitLargeOptions"),
        "split_parts": ("split_parts:split_parts", "split_parts:SplitPartsOptions"),
        "remove_small": ("remove_small:remove_small", "remove_small:RemoveSmallOptions"),
        "remove_large": ("remove_large:remove_large", "remove_large:RemoveLargeOptions"),
        "clear_border": ("clear_border:clear_border", "clear_border:ClearBorderOptions"),
        "select_objects": ("select_objects:select_objects", "select_objects:SelectObjectsOptions"),
    },
)
