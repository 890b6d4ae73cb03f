"""Semantic segmentation: every voxel gets a class."""

from bioloom.tasks.record import Task

TASK = Task(
    name="semantic_segmentation",
    summary="Tells for every voxel of an image of which class it is.",
    truth="classes",
    product="classes",
    targets=({"name": "classes"},),
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
    postprocess=({"name": "argmax"},),
    metrics=({"name": "class_overlap"}, {"name": "boundary"}),
    headline="iou",
)
