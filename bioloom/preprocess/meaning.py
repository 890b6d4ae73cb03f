"""What the numbers in label files mean, and whether they can mean it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.registry import table

MOST_CLASSES = 64
"""More different numbers in one file than this are no classes but objects."""


@dataclass(frozen=True)
class Meaning:
    """What labels tell.

    Parameters
    ----------
    truth : {"objects", "classes", "points"}
        The truth of the task.
    classes : sequence of int or "auto"
        The ids that classes may have; any few ones by default.
    ignore : int, optional
        The id of voxels whose class nobody knows.
    """

    truth: str = "objects"
    classes: Sequence[int] | Literal["auto"] = "auto"
    ignore: int | None = None

    def check(self, path: Path, ids: np.ndarray) -> None:
        """Raise if labels that are to tell classes hold other numbers; see `check_classes`."""
        if self.truth == "classes":
            self.check_classes(path, ids)

    def check_classes(self, path: Path, ids: np.ndarray) -> None:
        """Raise if a file of classes holds numbers that are none.

        Parameters
        ----------
        path : Path
            The file, for messages.
        ids : ndarray of int, shape (n,)
            The different numbers in it.

        Raises
        ------
        BioLoomError
            For ids that were not declared, or more than any set of classes has.
        """
        found = [int(i) for i in ids if i != self.ignore]
        if self.classes == "auto":
            if len(found) > MOST_CLASSES or max(found, default=0) >= 2**16:
                raise BioLoomError(
                    f"the labels {path} hold {len(found)} different numbers up to {max(found)}",
                    allowed=f"up to {MOST_CLASSES} class ids below {2**16}",
                    fix="number classes, not objects"
                    + ("; or choose a task that finds objects" if self.truth == "classes" else ""),
                )
            return
        background = {0} if self.truth == "objects" else set()  # what lies between objects has no class
        if unknown := sorted(set(found) - set(self.classes) - background):
            shown = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
            ignored = "" if self.ignore is None else f", and {self.ignore} for voxels to ignore"
            raise BioLoomError(
                f"the labels {path} hold the class {shown}",
                allowed=f"{', '.join(map(str, self.classes))} (data.classes){ignored}",
                fix="correct the labels, or name the class in data.classes or data.ignore",
            )


OBJECTS = Meaning()
"""Labels that tell objects, as those of most tasks."""


def meaning_of(config: Any) -> Meaning:
    """Return what the labels of a run tell; options that name no task take them for objects."""
    if not config.task:
        return OBJECTS
    return Meaning(table("task")[config.task].truth, config.data.classes, config.data.ignore)
