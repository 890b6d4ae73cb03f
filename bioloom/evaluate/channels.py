"""The channels of a prediction that metrics ask for, read box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.geometry.box import Box
from bioloom.postprocess.channels import read_term

AUTO = "auto"
SURE = ("foreground", "not background", "stars-probability", "embeddings-seed")
"""What `AUTO` means: the first of these that a prediction has. All are high where an object is sure."""


@dataclass(frozen=True)
class Channels:
    """Some channels of an opened prediction.

    Parameters
    ----------
    prediction : Volume
        Only its ``spatial`` shape, ``channel_names`` and ``read(box, channels)`` are used.
    wanted : tuple of str
        The channels as metrics ask for them, each a name, ``not`` and a name, or ``auto``.

    Raises
    ------
    BioLoomError
        From `indices` and `read`, for a channel that the prediction lacks.
    """

    prediction: Any
    wanted: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape."""
        return tuple(self.prediction.spatial)

    @cached_property
    def places(self) -> tuple[tuple[int, bool], ...]:
        """Where the wanted channels are in the prediction, and which of them are negated."""
        return tuple(find_channel(name, self.prediction.channel_names) for name in self.wanted)

    def read(self, box: Box) -> np.ndarray:
        """Return the wanted channels in a box, ``(channel, *box.shape)``; one less them where negated."""
        parts = []
        for at, negated in self.places:
            values = self.prediction.read(box, channels=slice(at, at + 1))
            parts.append(1 - values if negated else values)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def find_channel(wanted: str, names: Sequence[str]) -> tuple[int, bool]:
    """Return where a channel is among `names`, and whether it is negated.

    ``auto`` is the first of `SURE` that is there, or the first channel.

    Raises
    ------
    BioLoomError
        For a channel that is not among them.
    """
    if wanted == AUTO:
        wanted = next((sure for sure in SURE if read_term(sure)[0] in names), names[0])
    name, negated = read_term(wanted)
    if name not in names:
        raise BioLoomError(
            f"evaluate.metrics: the prediction has no channel '{name}'",
            allowed=", ".join(names),
            fix=did_you_mean(name, names) or "name a channel, or leave `channel` out",
        )
    return list(names).index(name), negated
