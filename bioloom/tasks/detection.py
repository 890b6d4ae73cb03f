"""Detection: every object is a point, with a class where there are classes."""

from bioloom.tasks.record import Task

TASK = Task(
    name="detection",
    summary="Finds every object of an image and gives its place, and its class where there are classes.",
    truth="points",
    product="points",
    targets=({"name": "points"},),
    augment=(
        {"name": "flip"},
        {"name": "rotate90"},
        {"name": "affine"},
        {"name": "elastic"},
        {"name": "gamma"},
        {"name": "brightness"},
        {"name": "contrast"},
        {"name": "blur"},
        {"name": "noise"},
    ),
    postprocess=({"name": "peaks"},),
    metrics=({"name": "point_matching"},),
    headline="f1",
)
