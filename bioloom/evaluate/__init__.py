"""Evaluate: counts that add up, and the metrics that follow from them."""

from bioloom.registry import Registry

METRICS = Registry(
    "metric",
    __name__,
    {
        "matching": ("matching:METRIC", "matching:MatchingOptions"),
        "foreground": ("foreground:METRIC", "foreground:ForegroundOptions"),
    },
)
