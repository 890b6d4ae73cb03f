import os

import numpy as np
import pytest
import tifffile

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign, tiff
from bioloom.volumes.formats.foreign import Mapped
from bioloom.volumes.formats.tiff import export_tiff
from bioloom.volumes.store import create_volume

STACK = np.random.default_rng(0).integers(0, 60000, (2, 7, 50, 40)).astype(np.uint16)


def check(path, expected, axes=None, **more):
    found = read_foreign(path, axes, **more)
    np.testing.assert_array_equal(found.read(), expected)
    box = Box((3,) * found.ndim, (6, 20, 30)[: found.ndim])
    np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])
    return found


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_ome(tmp_path, compression, bigtiff):
    metadata = {
        "axes": "ZCYX",
        "PhysicalSizeX": 0.25,
        "PhysicalSizeY": 250.0,
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 0.002,
        "PhysicalSizeZUnit": "mm",
        "Channel": {"Name": ["nuclei", "membrane"]},
    }
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        STACK.swapaxes(0, 1),
        metadata=metadata,
        compression=compression,
        bigtiff=bigtiff,
    )
    found = check(tmp_path / "a.ome.tif", STACK)
    assert found.spacing == pytest.approx((2.0, 0.25, 0.25))
    assert found.channel_names == ("nuclei", "membrane")


@pytest.mark.parametrize("unit", ["um", "micron", "\\u00B5m", "µm", "nm"])
def test_imagej(tmp_path, unit):
    factor = 1e-3 if unit == "nm" else 1.0
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK.swapaxes(0, 1),
        imagej=True,
        resolution=(4.0, 2.0),
        metadata={"axes": "ZCYX", "spacing": 1.5, "unit": unit if unit != "µm" else "\\u00B5m"},
    )
    found = check(tmp_path / "a.tif", STACK)
    assert found.spacing == pytest.approx((1.5 * factor, 0.5 * factor, 0.25 * factor))


def test_imagej_in_pixels_says_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], imagej=True, resolution=(72, 72), metadata={"axes": "ZYX"})
    assert check(tmp_path / "a.tif", STACK[:1]).spacing is None


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_plain_pages(tmp_path, compression):
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=">") as writer:
        for page in STACK[0]:
            writer.write(page, metadata=None, contiguous=False, compression=compression, resolution=(72, 72))
    assert check(tmp_path / "a.tif", STACK[:1]).spacing is None
    assert check(tmp_path / "a.tif", STACK[0], "CYX").channels == 7


def test_one_page_and_colours(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0, 0], resolution=(300, 300))
    check(tmp_path / "a.tif", STACK[0, :1])
    tifffile.imwrite(tmp_path / "b.tif", STACK[0, :3].transpose(1, 2, 0), photometric="rgb")
    assert check(tmp_path / "b.tif", STACK[0, :3]).channel_names == ("red", "green", "blue")
    tifffile.imwrite(tmp_path / "c.tif", STACK[0, :3], photometric="rgb", planarconfig="separate")
    check(tmp_path / "c.tif", STACK[0, :3])


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("limit", [0, 50 * 40 * 2])
@pytest.mark.parametrize("strip", [1, 1 << 16])
def test_large_compressed_files_are_read_in_parts(tmp_path, monkeypatch, tile, limit, strip):
    monkeypatch.setattr(tiff, "_AT_ONCE", limit)
    monkeypatch.setattr(tiff, "_STRIP", strip)
    more = {"tile": tile} if tile else {"rowsperstrip": 7}
    tifffile.imwrite(tmp_path / "a.tif", STACK, compression="zlib", metadata={"axes": "CZYX"}, **more)
    found = check(tmp_path / "a.tif", STACK)
    assert not isinstance(found.source, np.ndarray)


def test_uncompressed_files_are_mapped(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", metadata={"axes": "CZYX"})
    assert isinstance(read_foreign(tmp_path / "a.tif").source, Mapped)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("limit", [0, 1 << 20])
def test_axes_of_length_one_that_readers_leave_out(tmp_path, monkeypatch, limit, compression):
    monkeypatch.setattr(tiff, "_AT_ONCE", limit)
    path = tmp_path / "a.ome.tif"
    metadata = {"axes": "TCZYX"}
    tifffile.imwrite(
        path, STACK[None, :1], metadata=metadata, photometric="minisblack", compression=compression
    )
    for axes in (None, "ZYX", "CZYX", "TCZYX", "TCZYXS"):
        check(path, STACK[:1], axes)
    assert read_foreign(path, "CYX").channels == 7
    with pytest.raises(BioLoomError, match=r"data\.axes says YX"):
        read_foreign(path, "YX")
    tifffile.imwrite(
        path, STACK[None, :1, :1], metadata=metadata, photometric="minisblack", compression=compression
    )
    np.testing.assert_array_equal(read_foreign(path, "ZYX").read(), STACK[:1, :1])
    np.testing.assert_array_equal(read_foreign(path).read(), STACK[:1, 0])


MOVIE = np.random.default_rng(1).integers(0, 60000, (5, 2, 3, 40, 30)).astype(np.uint16)
"""T, C, Z, Y, X."""


@pytest.mark.parametrize("limit", [0, 1 << 20], ids=["page by page", "at once"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("axes", ["TCZYX", "TZCYX", "CTZYX", "ZTCYX", "TYX", "ZTYX", "TCYX"])
@pytest.mark.parametrize("kind", ["ome", "imagej"])
def test_time_points(tmp_path, monkeypatch, limit, compression, axes, kind):
    """ImageJ knows one order of axes only."""
    monkeypatch.setattr(tiff, "_AT_ONCE", limit)
    order = axes if kind == "ome" else "".join(sorted(axes, key="TZCYX".index))
    whole = MOVIE[(slice(None), *(slice(None) if a in axes else slice(1) for a in "CZ"))]
    kept = "".join(a for a in "TCZYX" if a in axes)
    squeezed = whole.reshape([whole.shape["TCZYX".index(a)] for a in kept])
    values = np.einsum(f"{kept.lower()}->{order.lower()}", squeezed)
    path = tmp_path / f"a.{'ome.' if kind == 'ome' else ''}tif"
    options = {kind: True, "compression": compression, "metadata": {"axes": order}}
    tifffile.imwrite(path, values, photometric="minisblack", **options)
    found = read_foreign(path)
    assert found.times == 5
    expected = whole if "Z" in axes else whole[:, :, 0]
    region = Box((1,) * found.ndim, (3, 9, 12)[-found.ndim :])
    for time in range(5):
        np.testing.assert_array_equal(found.at(time).read(), expected[time])
        view = found.at(time).inside(region)
        np.testing.assert_array_equal(view.read(), expected[time][(slice(None), *region.slices)])


def test_positions_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        for position in STACK:
            writer.write(position, metadata={"axes": "ZYX"}, photometric="minisblack")
    with pytest.raises(BioLoomError, match="holds 2 images"):
        read_foreign(tmp_path / "a.ome.tif")


def test_palettes_are_for_labels(tmp_path):
    values = STACK[0, 0].astype(np.uint8)
    palette = np.random.default_rng(0).integers(0, 65536, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="palette", colormap=palette)
    check(tmp_path / "a.tif", values[None], labels=True)
    with pytest.raises(BioLoomError, match="palette"):
        read_foreign(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["contiguous", "imagej", "compressed", "pages", "large"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9, 0.999])
def test_truncated_files(tmp_path, monkeypatch, kind, share):
    path = tmp_path / "a.tif"
    if kind == "pages":
        with tifffile.TiffWriter(path) as writer:
            for page in STACK[0]:
                writer.write(page, metadata=None, contiguous=False, compression="zlib")
    elif kind == "imagej":
        tifffile.imwrite(path, STACK[0], imagej=True)
    else:
        compression = None if kind == "contiguous" else "zlib"
        tifffile.imwrite(path, STACK[0], compression=compression, photometric="minisblack")
    if kind == "large":
        monkeypatch.setattr(tiff, "_AT_ONCE", 0)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(BioLoomError, match=r"a\.tif cannot be read"):
        read_foreign(path).read()


def test_damaged_and_false_files(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text("not a picture at all")
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_foreign(path)
    tifffile.imwrite(path, STACK[0], compression="zlib", photometric="minisblack")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    path.write_bytes(content)
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_foreign(path).read()


@pytest.mark.parametrize("shape", [(2, 40, 50), (2, 70, 40, 50)])
@pytest.mark.parametrize(("kind", "dtype"), [("labels", "uint32"), ("prediction", "float32")])
@pytest.mark.parametrize("held", [1, 64 * 50 * 7, 1 << 22])
def test_export(tmp_path, monkeypatch, shape, kind, dtype, held):
    monkeypatch.setattr(tiff, "_HELD", held)
    shape = (1, *shape[1:]) if kind == "labels" else shape
    names = () if kind == "labels" else ("foreground", "contour")
    spacing = (1.5, 0.5, 0.25)[-(len(shape) - 1) :]
    volume = create_volume(tmp_path / "a.zarr", shape, dtype, spacing=spacing, kind=kind, channel_names=names)
    values = np.random.default_rng(0).integers(0, 99, shape).astype(dtype)
    volume.write(Box.of(volume.spatial), values)
    entry = export_tiff([volume], "test_a", tmp_path / "a.tif")
    found = read_foreign(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.read(), values)
    assert found.dtype == dtype
    assert found.spacing == spacing
    assert found.channel_names == names
    assert tifffile.TiffFile(tmp_path / "a.tif").is_ome
    assert (entry.image, entry.path, entry.shape, entry.dtype) == ("test_a", tmp_path / "a.tif", shape, dtype)
    assert export_tiff([volume], "test_a", tmp_path / "b.tif").digest == entry.digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "a.zarr", "b.tif"]


def test_export_in_bands_of_whole_strips(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff, "_HELD", 300 * 100)
    volume = create_volume(tmp_path / "a.zarr", (1, 600, 300), np.uint16, spacing=(1, 1), kind="labels")
    values = np.random.default_rng(0).integers(0, 99, volume.shape).astype(np.uint16)
    volume.write(Box.of(volume.spatial), values)
    export_tiff([volume], "test_a", tmp_path / "a.tif")
    assert tifffile.TiffFile(tmp_path / "a.tif").pages[0].rowsperstrip == 64
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), values[0])


def test_a_voxel_size_that_nobody_knows_is_not_exported(tmp_path):
    more = {"spacing": (1, 1), "kind": "labels", "facts": {"spacing_known": False}}
    volume = create_volume(tmp_path / "a.zarr", (1, 60, 30), np.uint16, **more)
    assert not volume.spacing_known
    export_tiff([volume], "test_a", tmp_path / "a.tif")
    assert read_foreign(tmp_path / "a.tif").spacing is None
    assert "PhysicalSize" not in tifffile.TiffFile(tmp_path / "a.tif").ome_metadata
