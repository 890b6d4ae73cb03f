"""PNG and JPEG pictures.

- grey, RGB: as they are, 8 or 16 bits; black and white becomes 0 and 1
- alpha: dropped if it is the same everywhere, for then it says nothing; else refused
- palette: as labels the indices count; as an image only a palette of greys is taken, by its grey values
- labels in JPEG are refused: its compression invents values at every edge
"""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image

from bioloom.errors import BioLoomError
from bioloom.volumes.formats.foreign import Foreign, open_foreign, reading

# Pillow takes pictures of more than 179 million pixels for an attack; here they are microscope slides.
Image.MAX_IMAGE_PIXELS = None
_AXES = {2: "YX", 3: "YXS"}


def read_picture(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a PNG or JPEG file (see `bioloom.volumes.formats.read_foreign`)."""
    if labels and path.suffix.lower() in (".jpg", ".jpeg"):
        raise BioLoomError(
            f"{path}: labels in a JPEG file are damaged by its compression",
            allowed="PNG or TIFF",
            fix="export the labels again from where they were drawn",
        )
    with reading(path):
        values = _decode(path, labels)
    if values.ndim == 3 and values.shape[2] in (2, 4):
        values = _without_alpha(values, path)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return open_foreign(path, values, _AXES[values.ndim], axes, labels=labels)


def _decode(path: Path, labels: bool) -> np.ndarray:
    with Image.open(path) as picture:
        if picture.mode == "P":
            return _of_palette(picture, path, labels)
        if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
            raise BioLoomError(f"{path} is a {picture.mode} picture", allowed="grey or RGB", fix="convert it")
        if picture.format == "PNG" and picture.mode not in ("1", "I;16"):
            # Pillow cuts 16-bit colours down to 8 bits without a word.
            return np.asarray(imagecodecs.png_decode(path.read_bytes()))
        return np.asarray(picture)


def _of_palette(picture: Image.Image, path: Path, labels: bool) -> np.ndarray:
    indices = np.asarray(picture)
    if labels:
        return indices
    colours = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = colours[np.unique(indices)]
    if (used != used[:, :1]).any():
        raise BioLoomError(
            f"{path} is a palette picture: its numbers stand for colours, not intensities",
            allowed="grey or RGB",
            fix="save it as grey (or RGB) from the program that made it",
        )
    return colours[:, 0][indices]


def _without_alpha(values: np.ndarray, path: Path) -> np.ndarray:
    alpha = values[:, :, -1]
    if (alpha != alpha.flat[0]).any():
        raise BioLoomError(
            f"{path} is partly transparent", allowed="RGB or grey", fix="remove its alpha channel"
        )
    return values[:, :, :-1]
