"""The images that a file holds: one per time point, each all of the file's space or a region of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bioloom.preprocess.checks import check_pair
from bioloom.preprocess.object_classes import Given
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.parts import region_of, region_text, time_id
from bioloom.volumes.samples import Sample


@dataclass(frozen=True)
class Piece:
    """One image of a file, with its labels if there are any.

    Parameters
    ----------
    image : str
        Image id.
    voxels : Foreign
        Its voxels.
    labels : Foreign, optional
        Its labels.
    facts : dict
        What its stores keep of its place in the file: ``time`` (from 0) and ``region``, where it has one.
    classes : Foreign or ClassTable, optional
        The classes of the objects in its labels, see `bioloom.preprocess.object_classes`.
    """

    image: str
    voxels: Foreign
    labels: Foreign | None
    facts: dict[str, Any]
    classes: Given | None = None

    @property
    def name(self) -> str:
        """The file and the place in it, for messages."""
        time = f"time point {self.facts['time']}" if "time" in self.facts else ""
        place = ", ".join(filter(None, (time, region_text(self.facts))))
        return f"{self.voxels.path} ({place})" if place else str(self.voxels.path)


def pieces_of(
    sample: Sample, image: Foreign, labels: Foreign | None, classes: Given | None = None
) -> list[Piece]:
    """Return the images of a file in the order of time.

    A file with one time point, or without a time axis, is one image of the sample's id; the images of
    others are numbered: ``test_a_t0000``, ``test_a_t0001``, ...

    Parameters
    ----------
    sample : Sample
        Which file, and which part of it.
    image, labels : Foreign
        The file and that of its labels.
    classes : Foreign or ClassTable, optional
        The classes of the objects in these labels.

    Raises
    ------
    BioLoomError
        If the labels have another shape or other time points, or the file is too small for the part.
    """
    if labels is not None:
        check_pair(image, labels)
    facts: dict[str, Any] = {}
    if sample.part:
        region = region_of(sample.part, image.spatial, str(sample.path))
        facts = {"region": region.facts}
        image, labels = image.inside(region.box), labels and labels.inside(region.box)
        classes = classes.inside(region.box) if isinstance(classes, Foreign) else classes
    if image.times == 1:
        return [Piece(sample.image, image, labels, facts, classes)]
    return [
        Piece(
            time_id(sample.image, time),
            image.at(time),
            labels and labels.at(time),
            {**facts, "time": time},
            classes.at(time) if isinstance(classes, Foreign) else classes,
        )
        for time in range(image.times)
    ]
