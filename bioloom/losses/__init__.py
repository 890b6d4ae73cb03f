"""Losses, one file each; adding one is a file and a line in this table."""

from bioloom.registry import Registry

LOSSES = Registry(
    "loss",
    __name__,
    {
        "binary_cross_entropy": (
            "binary_cross_entropy:BinaryCrossEntropy",
            "options:BinaryCrossEntropyOptions",
        ),
        "cross_entropy": ("cross_entropy:CrossEntropy", "options:CrossEntropyOptions"),
        "dice": ("dice:Dice", "options:DiceOptions"),
        "focal": ("focal:Focal", "options:FocalOptions"),
        "heatmap_focal": ("heatmap_focal:HeatmapFocal", "options:HeatmapFocalOptions"),
        "l1": ("l1:L1", "options:L1Options"),
        "mse": ("mse:MeanSquaredError", "options:MeanSquaredErrorOptions"),
        "smooth_l1": ("smooth_l1:SmoothL1", "options:SmoothL1Options"),
        "spatial_embedding": ("spatial_embedding:SpatialEmbedding", "options:SpatialEmbeddingOptions"),
    },
)
