"""What networks learn, made from labels: one file per target."""

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
    },
)
