from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaozarrs

from bioloom.errors import BioLoomError
from bioloom.preprocess import NORMALIZATIONS, slabs
from bioloom.preprocess.convert import PERCENTILES, convert_pack, convert_sample
from bioloom.volumes.manifest import digest_folder
from bioloom.volumes.parts import split_parts
from bioloom.volumes.samples import Sample
from bioloom.volumes.store import open_volume

DATA = Path(__file__).parents[2] / "data"
RNG = np.random.default_rng(0)


class Workplace:
    """A folder with a raw image and labels, and conversion in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sample(self, image, labels=None, split="train", name="a") -> Sample:
        paths = []
        for kind, values in (("image", image), ("labels", labels)):
            paths.append(None if values is None else self.folder / f"{name}_{kind}.npy")
            if values is not None:
                np.save(paths[-1], values)
        return Sample(f"{split}_{name}", split, paths[0], paths[1])

    def convert_all(self, sample, axes=None, voxel_size=None, normalize="percentile"):
        folders = self.folder / "images", self.folder / "labels"
        return convert_sample(
            sample, *folders, axes=axes, voxel_size=voxel_size, normalize=NORMALIZATIONS.parse(normalize)
        )

    def convert(self, sample, **options):
        (pair,) = self.convert_all(sample, **options)
        return pair

    def __call__(self, image, labels=None, split="train", name="a", **options):
        return self.convert(self.sample(image, labels, split, name), **options)


@pytest.fixture
def work(tmp_path):
    return Workplace(tmp_path)


IMAGES = {
    "flat": (RNG.integers(0, 4000, (300, 270)).astype(np.uint16), None),
    "solid": (RNG.integers(-9, 99, (20, 70, 80)).astype(np.int8), None),
    "colours": (RNG.integers(0, 256, (70, 80, 3)).astype(np.uint8), "YXC"),
    "floats": (RNG.random((2, 20, 70, 80)), "CZYX"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_keeps_its_numbers_and_gets_statistics(work, name):
    values, axes = IMAGES[name]
    entry, labels = work(values, axes=axes)
    assert labels is None
    volume = open_volume(entry.path)
    expected = values if axes else values[None]
    expected = expected.transpose(2, 0, 1) if axes == "YXC" else expected
    expected = expected.astype(np.float32) if expected.dtype.kind == "f" else expected
    np.testing.assert_array_equal(volume.read(), expected)
    assert volume.dtype == expected.dtype
    flat = expected.reshape(len(expected), -1).astype(np.float64)
    intensity = volume.facts["intensity"]
    for percentile in PERCENTILES:
        found = intensity["percentiles"][f"{percentile:g}"]
        np.testing.assert_allclose(found, np.percentile(flat, percentile, axis=1), rtol=1e-9)
    for key in ("min", "max", "mean", "std"):
        np.testing.assert_allclose(intensity[key], getattr(flat, key)(axis=1), rtol=1e-9)
    low, high = np.percentile(flat, [1, 99.8], axis=1)
    np.testing.assert_allclose(intensity["offset"], low, rtol=1e-9)
    np.testing.assert_allclose(intensity["scale"], high - low, rtol=1e-9)
    assert volume.facts["spacing_known"] is False
    assert volume.facts["source"] == "a_image.npy"
    assert (entry.shape, entry.dtype, entry.digest) == (
        volume.shape,
        str(volume.dtype),
        digest_folder(entry.path),
    )
    yaozarrs.validate_zarr_store(str(entry.path))


@pytest.mark.parametrize("shape", [(90, 100), (20, 50, 60)])
@pytest.mark.parametrize(
    ("dtype", "most", "expected"),
    [
        ("bool", 1, "uint8"),
        ("int64", 200, "uint8"),
        ("uint16", 300, "uint16"),
        ("uint64", 2**33, "uint64"),
        ("int32", 70000, "uint32"),
    ],
)
def test_labels_are_stored_as_narrow_as_they_fit(work, shape, dtype, most, expected):
    labels = np.zeros(shape, np.int64)
    labels.flat[5:9] = 1
    labels.flat[-3:] = most
    entry, found = work(RNG.random(shape), labels.astype(dtype), voxel_size=(2.0, 0.5, 0.25)[-len(shape) :])
    volume = open_volume(found.path)
    assert volume.dtype == np.dtype(expected)
    assert volume.labels
    np.testing.assert_array_equal(volume.read()[0].astype(np.int64), labels)
    assert volume.facts["objects"] == len(np.unique(labels)) - 1
    assert volume.facts["max"] == most
    assert volume.spacing == open_volume(entry.path).spacing == (2.0, 0.5, 0.25)[-len(shape) :]
    yaozarrs.validate_zarr_store(str(found.path))


def test_slabs_do_not_show(work, monkeypatch):
    image, labels = RNG.random((100, 150, 70)).astype(np.float32), RNG.integers(0, 9, (100, 150, 70))
    voxels, facts = [], []
    for size in (slabs.SLAB_BYTES, 64 * 64 * 70 * 8):
        monkeypatch.setattr(slabs, "SLAB_BYTES", size)
        volumes = [open_volume(entry.path) for entry in work(image, labels)]
        voxels.append([volume.read() for volume in volumes])
        facts.append(volumes[0].facts["intensity"])
    for one, other, expected in zip(*voxels, (image, labels), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one[0], expected)
    assert facts[0]["percentiles"] == facts[1]["percentiles"]
    np.testing.assert_allclose(facts[0]["std"], facts[1]["std"], rtol=1e-12)


def test_64_bit_intensities_are_narrowed(work):
    values = RNG.integers(0, 40000, (50, 60))
    values[0, 0] = -5
    entry, _ = work(values)
    assert entry.dtype == "int32"
    np.testing.assert_array_equal(open_volume(entry.path).read()[0], values)


def test_the_same_files_make_the_same_stores(work):
    image, labels = RNG.random((300, 300)), RNG.integers(0, 9, (300, 300))
    assert work(image, labels) == work(image, labels)


def test_voxel_sizes(work, tmp_path):
    tifffile.imwrite(
        tmp_path / "s.tif",
        np.arange(60, dtype=np.uint8).reshape(3, 4, 5),
        imagej=True,
        resolution=(2.0, 2.0),
        metadata={"axes": "ZYX", "spacing": 3.0, "unit": "um"},
    )
    sample = Sample("test_s", "test", tmp_path / "s.tif")
    volume = open_volume(work.convert(sample)[0].path)
    assert (volume.spacing, volume.facts["spacing_known"]) == ((3.0, 0.5, 0.5), True)
    volume = open_volume(work.convert(sample, voxel_size=[1.0, 0.2, 0.2])[0].path)
    assert volume.spacing == (1.0, 0.2, 0.2)


FLAT = RNG.random((30, 40)).astype(np.float32)


def spoiled(value):
    values = FLAT.astype(np.float64)
    values[3:5, 7] = value
    return values


@pytest.mark.parametrize(
    ("image", "labels", "options", "says"),
    [
        (
            FLAT,
            np.zeros((30, 41), int),
            {},
            r"a_labels\.npy are 30 x 41 voxels, the image .*a_image\.npy 30 x 40",
        ),
        (FLAT, np.zeros((3, 30, 40), int), {}, "3 x 30 x 40"),
        (FLAT, np.zeros((30, 40)), {}, r"a_labels\.npy are of type float64"),
        (FLAT, np.full((30, 40), -1), {}, "negative"),
        (spoiled(np.nan), None, {}, r"a_image\.npy holds 2 voxels that are NaN"),
        (spoiled(np.inf), None, {"split": "test"}, "holds 2 voxels"),
        (spoiled(1e300), None, {"split": "test"}, "holds 2 voxels that are NaN or infinite"),
        (np.ones((30, 40)), None, {}, "constant.*take it out of data.train"),
        (np.ones((30, 40), np.uint8), None, {"split": "val"}, "constant"),
        (FLAT, None, {"axes": "ZYX"}, r"data.axes says ZYX, but .*a_image\.npy"),
        (FLAT, None, {"voxel_size": [1, 1, 1]}, "3 numbers"),
        (FLAT, None, {"voxel_size": [1, 0]}, "1 x 0"),
        (RNG.integers(0, 9, (4, 30, 40)), np.zeros((4, 30, 40), int), {"axes": "CYX"}, "4 channels"),
    ],
)
def test_spoiled_data_leave_nothing_behind(work, image, labels, options, says):
    with pytest.raises(BioLoomError, match=says):
        work(image, labels, **options)
    assert not [path.name for path in work.folder.glob("images/*")]
    assert not [path.name for path in work.folder.glob("labels/.*")]


def test_a_constant_image_is_fine_outside_training(work):
    for split in ("test", "predict"):
        entry, _ = work(np.ones((30, 40), np.uint8), split=split)
        assert open_volume(entry.path).facts["intensity"]["scale"] == [1.0]


def test_a_truncated_tiff(work, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RNG.integers(0, 99, (9, 50, 60)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(BioLoomError, match=r"a\.tif cannot be read"):
        work.convert(Sample("train_a", "train", path))


def test_colours_are_no_labels(work, tmp_path):
    sample = work.sample(FLAT)
    tifffile.imwrite(tmp_path / "l.tif", np.zeros((30, 40, 3), np.uint8), photometric="rgb")
    with pytest.raises(BioLoomError, match=r"l\.tif have 3 channels"):
        work.convert(replace(sample, labels=tmp_path / "l.tif"))


def test_a_pack(work):
    samples = [work.sample(FLAT, np.ones((30, 40), int), "train", "a"), work.sample(FLAT, None, "train", "b")]
    options = {"axes": None, "voxel_size": None, "normalize": NORMALIZATIONS.parse("none")}
    images, labels = convert_pack(samples, work.folder / "i", work.folder / "l", **options)
    assert [entry.image for entry in images] == ["train_a", "train_b"]
    assert [entry.image for entry in labels] == ["train_a"]
    assert images[0].path == work.folder / "i" / "train_a.zarr"
    assert convert_pack([], work.folder / "i", work.folder / "l", **options) == ([], [])
    solid = work.sample(np.zeros((3, 30, 40)), None, "test", "c")
    with pytest.raises(
        BioLoomError, match=r"a_image\.npy has 1 channel\(s\) and 2 .*c_image\.npy has 1 .* and 3 "
    ):
        convert_pack([*samples, solid], work.folder / "i", work.folder / "l", **options)


@pytest.mark.parametrize(("name", "shape"), [("nuclei2d", (1, 256, 256)), ("nuclei3d", (1, 31, 61, 57))])
def test_real_images(work, name, shape):
    images = sorted((DATA / name / "train" / "images").glob("*.tif"))
    for path in images:
        labels = DATA / name / "train" / "labels" / path.name
        image, label = work.convert(Sample(f"train_{path.stem}", "train", path, labels))
        assert image.shape == label.shape == shape
        np.testing.assert_array_equal(open_volume(image.path).read()[0], tifffile.imread(path))
        truth = tifffile.imread(labels)
        np.testing.assert_array_equal(open_volume(label.path).read()[0], truth)
        assert open_volume(label.path).facts["objects"] == len(np.unique(truth)) - 1


@pytest.mark.parametrize("shape", [(4, 30, 40), (4, 9, 30, 40)])
def test_time_points_are_images_of_their_own(work, shape):
    axes = "TZYX" if len(shape) == 4 else "TYX"
    image, labels = RNG.random(shape).astype(np.float32), RNG.integers(0, 9, shape)
    pairs = work.convert_all(work.sample(image, labels), axes=axes)
    assert [entry.image for entry, _ in pairs] == [f"train_a_t000{time}" for time in range(4)]
    for time, (entry, labelled) in enumerate(pairs):
        volume, truth = open_volume(entry.path), open_volume(labelled.path)
        np.testing.assert_array_equal(volume.read()[0], image[time])
        np.testing.assert_array_equal(truth.read()[0], labels[time])
        assert volume.facts["time"] == truth.facts["time"] == time
        assert volume.facts["intensity"]["max"] == [image[time].max()]
        yaozarrs.validate_zarr_store(str(entry.path))


def test_bad_labels_of_one_time_point_leave_all_images_alone(work, tmp_path):
    image, labels = RNG.random((3, 20, 20)), RNG.integers(0, 3, (3, 20, 20))
    work.convert_all(work.sample(image, labels), axes="TYX")
    names = [f"{kind}/train_a_t000{time}.zarr" for kind in ("images", "labels") for time in range(3)]
    before = [digest_folder(tmp_path / name) for name in names]
    labels[2, 3, 3] = -1
    with pytest.raises(BioLoomError, match="negative numbers"):
        work.convert_all(work.sample(image + 1, labels), axes="TYX")
    assert [digest_folder(tmp_path / name) for name in names] == before


@pytest.mark.parametrize("shape", [(100, 60), (12, 100, 60)])
def test_the_regions_of_one_file(work, shape):
    image, labels = RNG.random(shape).astype(np.float32), RNG.integers(0, 9, shape)
    learn, validate = split_parts(0.2)
    for part, split, rows in ((learn, "train", slice(0, 64)), (validate, "val", slice(80, 100))):
        entry, labelled = work.convert(replace(work.sample(image, labels, split), part=part))
        for found, expected in ((entry, image), (labelled, labels)):
            volume = open_volume(found.path)
            np.testing.assert_array_equal(volume.read()[0], expected[..., rows, :])
            assert volume.facts["region"] == {"axis": "y", "start": rows.start, "stop": rows.stop, "of": 100}
        # what is known of the image is known of the region only
        assert open_volume(entry.path).facts["intensity"]["max"] == [image[..., rows, :].max()]


def test_bad_labels_leave_an_earlier_image_alone(work, tmp_path):
    """The two belong together: neither is replaced unless both can be."""
    good, labels = RNG.integers(0, 99, (20, 20)), RNG.integers(0, 3, (20, 20))
    work(good, labels)
    before = [digest_folder(tmp_path / kind / "train_a.zarr") for kind in ("images", "labels")]
    for image, bad in ((good + 1, labels - 5), (good * np.nan, labels + 1), (good + 1, labels * 1.0)):
        with pytest.raises(BioLoomError):
            work(image, bad)
        assert [digest_folder(tmp_path / kind / "train_a.zarr") for kind in ("images", "labels")] == before
