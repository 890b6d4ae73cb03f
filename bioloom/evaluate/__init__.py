"""Evaluate: counts that add up, and the metrics that follow from them."""

from bioloom.registry import Registry

METRICS = Registry(
    "metric",
    __name__,
    {
        "matching": ("matching:METRIC", "matching:MatchingOptions"),
        "point_matching": ("point_matching:METRIC", "point_matching:PointMatchingOptions"),
        "average_precision": ("average_precision:METRIC", "average_precision:AveragePrecisionOptions"),
        "association": ("association:METRIC", "association:AssociationOptions"),
        "foreground": ("foreground:METRIC", "foreground:ForegroundOptions"),
        "class_overlap": ("class_overlap:METRIC", "class_overlap:ClassOverlapOptions"),
        "boundary": ("boundary:METRIC", "boundary:BoundaryOptions"),
        "rand": ("rand:METRIC", "rand:RandOptions"),
        "voi": ("voi:METRIC", "voi:VoiOptions"),
    },
)
