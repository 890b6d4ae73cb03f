"""Semantic segmentation: every voxel gets a class."""

from bioloom.tasks.record import Task

TASK = Task(
    name="semantic_segmentation",
    summary="Tells for every voxel of an image of which class it is.",
    truth="classes",
    product="classes",
    targets=({"name": "classes"},),
    postprocess=({"name": "argmax"},),
    metrics=({"name": "class_overlap"}, {"name": "boundary"}),
    headline="iou",
    picture="neurites",
)
