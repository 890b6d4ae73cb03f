"""The small language that makes one map of several prediction channels.

A term is the name of a channel, or ``not`` and the name of a channel whose values lie between 0 and 1. A
list of terms means their minimum, so that it exceeds a threshold where every term does::

    seeds: distance                       the distance channel
    seeds: [foreground, not contour]      min(foreground, 1 - contour)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from bioloom.errors import BioLoomError, did_you_mean

_NOT = "not "

Terms = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
]
"""The type of an option that holds terms; a single one may stand without a list."""
Threshold = float | Literal["fit"]
"""The type of an option that holds a threshold."""


@dataclass(frozen=True)
class Expression:
    """A list of terms whose channels were found.

    Parameters
    ----------
    terms : tuple of (int, bool)
        The index of each channel, and whether it is negated.
    """

    terms: tuple[tuple[int, bool], ...]

    def __call__(self, prediction: NDArray[Any]) -> NDArray[np.float32]:
        r"""Return the minimum of the terms, ``(*spatial)``, of a prediction ``(channel, *spatial)``."""
        parts = []
        for index, negated in self.terms:
            values = np.asarray(prediction[index], np.float32)
            parts.append(np.float32(1) - values if negated else values)
        return np.minimum.reduce(parts) if len(parts) > 1 else parts[0]


def read_term(term: str) -> tuple[str, bool]:
    """Return the name of the channel of a term, and whether it is negated."""
    return term.removeprefix(_NOT).strip(), term.startswith(_NOT)


def find_terms(terms: Sequence[str], channels: Sequence[str]) -> Expression:
    """Look the channels of `terms` up among the names of the prediction's `channels`.

    Raises
    ------
    BioLoomError
        For a channel that the prediction does not have.
    """
    found = []
    for term in terms:
        name, negated = read_term(term)
        if name not in channels:
            raise BioLoomError(
                f"postprocess: the prediction has no channel '{name}'",
                allowed=", ".join(channels),
                fix=did_you_mean(name, channels) or "name a channel, or add its target to train.targets",
            )
        found.append((list(channels).index(name), negated))
    return Expression(tuple(found))


def find_vector(target: str, channels: Sequence[str], ndim: int) -> tuple[int, ...]:
    """Return the positions of the components of a vector, ``target-z`` (in 3D), ``target-y``, ``target-x``.

    Raises
    ------
    BioLoomError
        For a channel that the prediction does not have.
    """
    terms = [f"{target}-{letter}" for letter in "zyx"[-ndim:]]
    return tuple(index for index, _ in find_terms(terms, channels).terms)


def numbered(prefix: str, channels: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the channels ``prefix-0``, ``prefix-1``, ... in this order.

    Raises
    ------
    BioLoomError
        If the prediction has none.
    """
    find_terms([f"{prefix}-0"], channels)
    known = {name: index for index, name in enumerate(channels)}
    count = next(n for n in range(len(channels) + 1) if f"{prefix}-{n}" not in known)
    return tuple(known[f"{prefix}-{n}"] for n in range(count))
