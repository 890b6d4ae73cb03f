"""Files of microscopes, through BioIO: an extra that ``pip install 'bioloom[formats]'`` adds.

Axes, voxel size and channel names are those that BioIO finds; voxels are read through dask, slab by slab as
far as the plug-in for the format can. A file with several scenes is refused.

Source: https://bioio-devs.github.io/bioio (BioImage).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.volumes.formats.axes import MICROMETRES, letters_of, open_array
from bioloom.volumes.formats.foreign import Foreign, reading

_SHOWN = 5
_PLUGINS = {".nd2": "bioio-nd2", ".lif": "bioio-lif", ".dv": "bioio-dv", ".czi": "bioio-czi"}
"""The plug-ins that read them; that for CZI is no part of the extra, since its licence is the GPL."""


class Computed:
    """A dask array whose parts are computed when asked for.

    Parameters
    ----------
    array : dask.array.Array
        The voxels.
    """

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape: tuple[int, ...] = tuple(int(side) for side in array.shape)
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a part as an array."""
        return np.asarray(self.array[index].compute())


def read_vendor(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a file of a microscope (see `bioloom.volumes.formats.read_foreign`)."""
    try:
        from bioio import BioImage
    except ImportError:
        raise BioLoomError(
            f"{path}: BioIO, which reads {path.suffix}, is not installed",
            fix=f"pip install 'bioloom[formats]'{_also(path)}, or save the image as OME-TIFF",
        ) from None
    with reading(path):
        try:
            image = BioImage(path)
        except Exception as error:
            if type(error).__name__ != "UnsupportedFileFormatError":
                raise
            raise BioLoomError(
                f"{path} can be read by no plug-in of BioIO that is installed, or it is damaged",
                fix=f"pip install {_PLUGINS[path.suffix.lower()]}, or save the image as OME-TIFF",
            ) from error
        scenes = list(image.scenes)
        if len(scenes) > 1:
            names = ", ".join(map(str, scenes[:_SHOWN])) + (", ..." if len(scenes) > _SHOWN else "")
            raise BioLoomError(
                f"{path} holds {len(scenes)} scenes: {names}",
                allowed="one image per file",
                fix="save each as a file of its own",
            )
        return open_array(
            path,
            Computed(image.dask_data),
            letters_of(image.dims.order),
            axes,
            labels=labels,
            sizes=_sizes(image),
            channel_names=tuple(str(name) for name in image.channel_names or ()),
        )


def _also(path: Path) -> str:
    return " bioio-czi" if path.suffix.lower() == ".czi" else ""


def _sizes(image: Any) -> dict[str, float]:
    """Return the micrometres per voxel by axis; a size without a unit is in micrometres."""
    found = {}
    for axis in "ZYX":
        size = getattr(image.physical_pixel_sizes, axis, None)
        about = getattr(getattr(image, "dimension_properties", None), axis, None)
        factor = MICROMETRES.get(str(getattr(about, "unit", None) or "um"))
        if size is not None and factor is not None:
            found[axis] = float(size) * factor
    return found
