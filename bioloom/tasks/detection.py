"""Detection: every object is a point, with a class where there are classes."""

from bioloom.tasks.record import Task

TASK = Task(
    name="detection",
    summary="Finds every object of an image and gives its place, and its class where there are classes.",
    truth="points",
    product="points",
    targets=({"name": "points"},),
    postprocess=({"name": "peaks"},),
    metrics=({"name": "point_matching"},),
    headline="f1",
    picture="spots",
)
