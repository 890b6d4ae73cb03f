"""What each task learns and makes: one frozen record per task."""

from bioloom.registry import Registry

TASKS = Registry(
    "task",
    __name__,
    {
        "semantic_segmentation": ("semantic_segmentation:TASK", "record:Task"),
        "instance_segmentation": ("instance_segmentation:TASK", "record:Task"),
        "detection": ("detection:TASK", "record:Task"),
    },
)
