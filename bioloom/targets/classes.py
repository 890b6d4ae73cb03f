"""Classes: of which class a voxel is, one channel per class."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.settings.base import Auto, Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts

NOT_KNOWN_YET = (0, 1)
"""Stands for the classes while the workflow is parsed: what they are called decides nothing then."""


class ClassesOptions(Section):
    """Of which class a voxel is."""

    name: Literal["classes"] = "classes"
    """Name of the target."""
    classes: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2)] | Auto = "auto"
    """Ids of the classes, 0 for background, ascending; auto: those of the data (`data.classes`)."""


class Classes(Target):
    """1 in the channel of the class of the voxel's object, 0 in those of all other classes.

    The channels are called ``classes-<id>`` and form one softmax group, also where there are only two. A
    voxel of a class that has no channel counts nowhere.
    """

    activation = "softmax"
    losses = ({"name": "cross_entropy"}, {"name": "dice"})

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the classes."""
        chosen = self.options.classes
        return NOT_KNOWN_YET if chosen == "auto" else tuple(chosen)

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return one channel per class. See `Target.channels`."""
        return tuple(Channel(f"{self.options.name}-{id_}", self.activation) for id_ in self.ids)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Look the classes of objects up; nothing depends on what lies beyond a cut. See `Target.make`.

        Raises
        ------
        BioLoomError
            If nothing is known of the classes of the objects.
        """
        channel = np.full(labels.shape, -1, np.int16)
        channel[labels == 0] = self.ids.index(0) if 0 in self.ids else -1
        inside = labels > 0
        if inside.any():
            channel[inside] = self._channel_of(facts)[facts.rows(labels[inside])]
        values = np.stack([channel == index for index in range(len(self.ids))]).astype(np.float32)
        known = (channel >= 0).astype(np.float32)
        return values, np.broadcast_to(known, values.shape).copy()

    def _channel_of(self, facts: ObjectFacts) -> NDArray[np.int16]:
        """Return for every object the channel of its class, -1 where there is none."""
        if facts.classes is None:
            raise BioLoomError(
                "the target 'classes' was asked for, and the labels tell no classes",
                fix="choose a task whose labels tell classes, or leave the target out of train.targets",
            )
        places = {str(id_): index for index, id_ in enumerate(self.ids)}
        return np.array([places.get(str(name), -1) for name in facts.classes], np.int16)
