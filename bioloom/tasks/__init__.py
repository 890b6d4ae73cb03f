"""What each task learns and makes: one frozen record per task."""

from bioloom.registry import Registry

TASKS = Registry(
    "task",
    __name__,
    {
        "instance_segmentation": ("instance_segmentation:TASK", "record:Task"),
    },
)
