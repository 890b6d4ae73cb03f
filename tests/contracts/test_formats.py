"""What holds for every suffix of the table of formats: values, parts, labels, damage, a line in the docs."""

import gzip
import json
import re
import shutil
from pathlib import Path
from struct import pack, pack_into

import h5py
import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.preprocess import NORMALIZATIONS
from bioloom.preprocess.convert import convert_sample
from bioloom.volumes.formats import FORMATS, read_foreign
from bioloom.volumes.inner import STORES
from bioloom.volumes.samples import Sample
from bioloom.volumes.store import open_volume

ROOT = Path(__file__).parents[2]
SHAPES = {2: (40, 30), 3: (9, 40, 30)}
FLAT = (".png", ".jpg", ".jpeg")
OPTIONAL = {suffix for suffix, reader in FORMATS.items() if reader == "vendor:read_vendor"}
"""Suffixes that an extra reads; its boundary is tested beside the reader."""
SUFFIXES = sorted(FORMATS.keys() - OPTIONAL)
LOSSY = (".jpg", ".jpeg")


def write_hdf5(path, values):
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=values, chunks=True, compression="gzip")


def write_n5(path, values):
    path.mkdir()
    sides = values.shape[::-1]
    about = {
        "dimensions": sides,
        "blockSize": sides,
        "dataType": str(values.dtype),
        "compression": {"type": "raw"},
    }
    (path / "attributes.json").write_text(json.dumps(about))
    file = path.joinpath(*"0" * values.ndim)
    file.parent.mkdir(parents=True)
    swapped = values.astype(values.dtype.newbyteorder(">"))
    file.write_bytes(pack(f">HH{values.ndim}I", 0, values.ndim, *sides) + swapped.tobytes())


def write_nifti(path, values):
    header = bytearray(352)
    pack_into("<i", header, 0, 348)
    pack_into("<8h", header, 40, values.ndim, *values.shape[::-1], *[1] * (7 - values.ndim))
    pack_into("<h", header, 70, {"uint8": 2, "uint16": 512, "uint64": 1280}[str(values.dtype)])
    pack_into("<f4x", header, 108, 352)
    header[344:347] = b"n+1"
    content = bytes(header) + values.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


WRITERS = {
    **dict.fromkeys(
        (".tif", ".tiff"), lambda path, values: tifffile.imwrite(path, values, photometric="minisblack")
    ),
    ".png": lambda path, values: path.write_bytes(imagecodecs.png_encode(values)),
    **dict.fromkeys(LOSSY, lambda path, values: path.write_bytes(imagecodecs.jpeg_encode(values))),
    ".npy": np.save,
    ".npz": lambda path, values: np.savez_compressed(path, raw=values),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), write_hdf5),
    ".zarr": lambda path, values: zarr.create_array(str(path), data=values, chunks=(8,) * values.ndim),
    ".n5": write_n5,
    **dict.fromkeys((".nii", ".nii.gz"), write_nifti),
}


def cases():
    return [(suffix, ndim) for suffix in SUFFIXES for ndim in SHAPES if ndim == 2 or suffix not in FLAT]


def written(folder, suffix, values):
    WRITERS[suffix](folder / f"a{suffix}", values)
    return folder / f"a{suffix}"


def ramp(ndim, dtype="uint8"):
    """Return values that change slowly, so that JPEG keeps them but for a few grey values."""
    return sum(np.indices(SHAPES[ndim])).astype(dtype)


@pytest.mark.parametrize(("suffix", "ndim"), cases())
def test_values_and_parts(tmp_path, suffix, ndim):
    values = ramp(ndim)
    found = read_foreign(written(tmp_path, suffix, values))
    assert (found.spatial, found.channels, found.times) == (values.shape, 1, 1)
    np.testing.assert_allclose(found.read()[0], values, atol=3 if suffix in LOSSY else 0)
    box = Box((2,) * ndim, tuple(side - 3 for side in values.shape))
    np.testing.assert_array_equal(found.read(box), found.read()[(slice(None), *box.slices)])


@pytest.mark.parametrize(("suffix", "ndim"), [case for case in cases() if case[0] not in FLAT])
def test_labels_beyond_32_bits(tmp_path, suffix, ndim):
    labels = ramp(ndim, "uint64")
    labels[labels > 40] += 2**40
    image = tmp_path / "image.npy"
    np.save(image, labels.astype(np.float32))
    sample = Sample("train_a", "train", image, written(tmp_path, suffix, labels))
    options = {"axes": None, "voxel_size": None, "normalize": NORMALIZATIONS.parse("none")}
    ((_, entry),) = convert_sample(sample, tmp_path / "images", tmp_path / "labels", **options)
    assert entry.dtype == "uint64"
    np.testing.assert_array_equal(open_volume(entry.path).read()[0], labels)


@pytest.mark.parametrize(("suffix", "ndim"), cases())
@pytest.mark.parametrize("share", [0, 0.3, 0.8])
def test_a_truncated_file_is_one_line_that_names_it(tmp_path, suffix, ndim, share):
    path = written(tmp_path, suffix, ramp(ndim) * 7)
    for file in (file for file in path.rglob("*") if file.is_file()) if suffix in STORES else (path,):
        file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.raises(BioLoomError, match=re.escape(str(path))) as error:
        read_foreign(path).read()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", STORES)
def test_a_folder_that_is_no_store(tmp_path, suffix):
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(BioLoomError, match=re.escape(f"a{suffix}")):
        read_foreign(tmp_path / f"a{suffix}")
    shutil.rmtree(tmp_path / f"a{suffix}")
    with pytest.raises(BioLoomError, match="there is no file"):
        read_foreign(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_page_about_formats_has_a_line_for_it(suffix):
    lines = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("| ") and f"`{suffix}`" in line.split("|")[1] for line in lines)
