"""The channels of a prediction that metrics ask for, read box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.geometry.box import Box

AUTO = "auto"
PREFERRED = "foreground"
"""What `AUTO` means wherever there is such a channel."""


@dataclass(frozen=True)
class Channels:
    """Some channels of an opened prediction.

    Parameters
    ----------
    prediction : Volume
        Only its ``spatial`` shape, ``channel_names`` and ``read(box, channels)`` are used.
    wanted : tuple of str
        The channels as metrics ask for them, each a name or ``auto``.

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
    def indices(self) -> tuple[int, ...]:
        """Where the wanted channels are in the prediction."""
        return tuple(find_channel(name, self.prediction.channel_names) for name in self.wanted)

    def read(self, box: Box) -> np.ndarray:
        """Return the wanted channels in a box, ``(channel, *box.shape)``."""
        parts = [self.prediction.read(box, channels=slice(at, at + 1)) for at in self.indices]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def find_channel(wanted: str, names: Sequence[str]) -> int:
    """Return where a channel is among `names`; ``auto`` is `PREFERRED`, or the first if there is none.

    Raises
    ------
    BioLoomError
        For a channel that is not among them.
    """
    if wanted == AUTO:
        return list(names).index(PREFERRED) if PREFERRED in names else 0
    if wanted not in names:
        raise BioLoomError(
            f"evaluate.metrics: the prediction has no channel '{wanted}'",
            allowed=", ".join(names),
            fix=did_you_mean(wanted, names) or "name a channel, or leave `channel` out",
        )
    return list(names).index(wanted)
