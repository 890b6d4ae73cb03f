"""Voxel sizes of the images of a run, compared with each other and with those that a network learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bioloom.errors import BioLoomError

FACTOR = 1.25
"""Voxel sizes that differ more than this along an axis are worth a word."""
CONSEQUENCE = (
    "objects look larger or smaller to the network than those it learned from: resample such images, or "
    "train with some of them"
)
"""What such a difference means if both sizes are true."""


def check_known(sizes: Mapping[Path, Sequence[float] | None]) -> None:
    """Raise if the voxel size of some images of a run is known, and of others not.

    Parameters
    ----------
    sizes : mapping of Path to sequence of float, optional
        For every file the voxel size in micrometres, None if nobody says; these are taken for 1 um.
    """
    known = [(path, size) for path, size in sizes.items() if size is not None]
    unknown = [path for path, size in sizes.items() if size is None]
    if known and unknown:
        more = f" (and of {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise BioLoomError(
            f"the voxel size of {unknown[0]}{more} is unknown, that of {known[0][0]} is "
            f"{size_text(known[0][1])} um",
            allowed="images of one run whose voxel sizes are all known, or all unknown",
            fix="set data.voxel_size if it is that of all images, or write it into the files that lack it",
        )


def apart(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether voxel sizes differ by more than `FACTOR`; of planes and volumes, within the plane."""
    shared = min(len(one), len(other))
    sides = zip(one[-shared:], other[-shared:], strict=True)
    return any(round(max(a / b, b / a), 3) > FACTOR for a, b in sides)


def apart_text(name: str, count: int, size: Sequence[float], learned: Sequence[float]) -> str:
    """Return that an image, one of `count`, has voxels of another size than the training images."""
    among = f" (one of {count} such images)" if count > 1 else ""
    return (
        f"{name}{among} has voxels of {size_text(size)} um, the training images have {size_text(learned)} um"
    )


def size_text(size: Sequence[float]) -> str:
    """Return ``2 x 0.5 x 0.5``."""
    return " x ".join(f"{side:.4g}" for side in size)
