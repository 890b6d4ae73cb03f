"""What networks learn, made from labels: one file per target.

The workflow asks targets for their channels when it is parsed: what is slow to import (scipy, scikit-image)
is imported where a target is made.
"""

from bioloom.registry import Registry

TARGETS = Registry(
    "target",
    __name__,
    {
        "foreground": ("foreground:Foreground", "foreground:ForegroundOptions"),
        "contour": ("contour:Contour", "contour:ContourOptions"),
        "center": ("center:Center", "center:CenterOptions"),
        "classes": ("classes:Classes", "classes:ClassesOptions"),
        "points": ("points:Points", "points:PointsOptions"),
        "distance": ("distance:Distance", "distance:DistanceOptions"),
        "background": ("background:Background", "background:BackgroundOptions"),
        "signed_distance": ("signed_distance:SignedDistance", "signed_distance:SignedDistanceOptions"),
        "center_distance": ("center_distance:CenterDistance", "center_distance:CenterDistanceOptions"),
        "neighbour_distance": (
            "neighbour_distance:NeighbourDistance",
            "neighbour_distance:NeighbourDistanceOptions",
        ),
        "touching": ("touching:Touching", "touching:TouchingOptions"),
        "core": ("core:Core", "core:CoreOptions"),
        "skeleton": ("skeleton:Skeleton", "skeleton:SkeletonOptions"),
        "border_weight": ("border_weight:BorderWeight", "border_weight:BorderWeightOptions"),
        "offset": ("offset:Offset", "offset:OffsetOptions"),
        "flow": ("flow:Flow", "flow:FlowOptions"),
        "stars": ("stars:Stars", "stars:StarsOptions"),
        "embeddings": ("embeddings:Embeddings", "embeddings:EmbeddingsOptions"),
        "affinities": ("affinities:Affinities", "affinities:AffinitiesOptions"),
    },
)
