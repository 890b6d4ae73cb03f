"""What must be right about an image and its labels before anything is learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.preprocess.statistics import Statistics
from bioloom.volumes.formats.foreign import Foreign

_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
_IMAGES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32)


def spacing_of(image: Foreign, voxel_size: Sequence[float] | None) -> tuple[tuple[float, ...], bool]:
    """Return the voxel size in micrometres, ``(z, y, x)`` or ``(y, x)``, and whether it is known.

    Parameters
    ----------
    image : Foreign
        The image.
    voxel_size : sequence of float, optional
        What the user says about the voxel size, in the order ``(z, y, x)`` that a checked config has; it wins
        over the file. Unknown sizes are 1.0. Two numbers are those of the planes of a volume whose file
        says how far apart they are.

    Raises
    ------
    BioLoomError
        If the size is not positive or has another number of axes than the image.
    """
    spatial = "ZYX"[-image.ndim :]
    if voxel_size is None:
        found, source = image.spacing, f"{image.path} has the voxel size"
    else:
        if (len(voxel_size), image.ndim) == (2, 3) and image.spacing is not None:
            voxel_size = (image.spacing[0], *voxel_size)
        if len(voxel_size) != image.ndim:
            raise BioLoomError(
                f"data.voxel_size has {len(voxel_size)} numbers, but {image.path} has the axes {spatial}",
                allowed=f"{image.ndim} numbers, in micrometres, in the order of data.axes",
            )
        found, source = tuple(map(float, voxel_size)), "data.voxel_size is"
    if found is None:
        return (1.0,) * image.ndim, False
    if not all(isfinite(size) and size > 0 for size in found):
        raise BioLoomError(
            f"{source} {' x '.join(f'{size:g}' for size in found)}",
            allowed="positive numbers, in micrometres",
            fix="set data.voxel_size",
        )
    return found, True


def check_pair(image: Foreign, labels: Foreign, noun: str = "labels") -> None:
    """Raise if `labels`, called `noun`, are not of the shape of `image`, time point by time point."""
    if labels.channels != 1:
        raise BioLoomError(
            f"the {noun} {labels.path} have {labels.channels} channels (axes {labels.axes})",
            allowed="one number per voxel: the number of its object or class, 0 for background",
            fix="export label numbers, not colours; for several label images make a run for each",
        )
    if labels.spatial != image.spatial:
        raise BioLoomError(
            f"the {noun} {labels.path} are {_sides(labels)} voxels, the image {image.path} {_sides(image)}",
            allowed=f"{noun} of the shape of their image",
            fix="check that the two files belong together, and data.axes",
        )
    if labels.times != image.times:
        raise BioLoomError(
            f"the {noun} {labels.path} hold {_times(labels)}, the image {image.path} {_times(image)}",
            allowed=f"{noun} of every time point, in one file with the same time axis",
            fix="check that the two files belong together, and that both say which axis is time (data.axes)",
        )


def check_labels(labels: Foreign, noun: str = "labels") -> None:
    """Raise if the file, which is called `noun`, does not hold integers."""
    if labels.dtype.kind == "f":
        raise BioLoomError(
            f"the {noun} {labels.path} are of type {labels.source.dtype}",
            allowed="integers: the number of the object or class, 0 for background",
            fix="save them as integers (numpy: astype('uint16'); ImageJ: Image > Type, without scaling)",
        )


def check_image(split: str, name: str, statistics: Statistics) -> None:
    """Raise if an image holds NaN or infinite values, or is constant and to be learned from.

    Parameters
    ----------
    split : str
        What the image is for.
    name : str
        What it is called in messages.
    statistics : Statistics
        Of all of its voxels.
    """
    if statistics.invalid:
        raise BioLoomError(
            f"{name} holds {statistics.invalid} voxels that are NaN or infinite (as 32-bit floats)",
            fix="replace them, for example by the background",
        )
    if split in ("train", "val") and (statistics.minimum == statistics.maximum).all():
        raise BioLoomError(
            f"{name} is constant (every voxel is {statistics.minimum[0]:g})",
            allowed="in training and validation, images that something can be learned from",
            fix=f"take it out of data.{split}",
        )


def narrowest(path: Path, least: int, most: int, *, signed: bool) -> np.dtype:
    """Return the smallest integer type that holds ``least .. most``.

    Parameters
    ----------
    path : Path
        The file, for messages.
    least, most : int
        Range of its values.
    signed : bool
        Whether this is an image (types of up to 32 bits, also negative values); labels have unsigned types.

    Raises
    ------
    BioLoomError
        If there is none: negative labels, or intensities beyond 32 bits.
    """
    for dtype in _IMAGES if signed else _UNSIGNED:
        if np.iinfo(dtype).min <= least and most <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    if signed:
        raise BioLoomError(f"{path} holds intensities from {least} to {most}", allowed="up to 32 bits")
    raise BioLoomError(
        f"the labels {path} hold negative numbers (down to {least})",
        allowed="0 for background, positive numbers for objects or classes",
        fix="give such voxels the number 0",
    )


def _sides(image: Foreign) -> str:
    return " x ".join(map(str, image.spatial))


def _times(image: Foreign) -> str:
    return "one time point" if image.times == 1 else f"{image.times} time points"
