import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.targets.facts import ObjectFacts
from bioloom.train.images import Decoded, ImageShelf, LabelledImage, OpenImage, mirrored
from bioloom.volumes.store import create_volume

SPACING = (0.5, 0.5)


class FakeStore:
    """An array with the interface of a store; it remembers what was read."""

    def __init__(self, values, spacing=SPACING):
        self.values, self.shape, self.dtype, self.spacing = values, values.shape, values.dtype, spacing
        self.facts = {"intensity": {"offset": [10.0], "scale": [4.0]}}
        self.reads = []

    def read(self, box=None):
        self.reads.append(box)
        return self.values if box is None else self.values[(slice(None), *box.slices)]

    def read_reflected(self, box):
        raise AssertionError("not needed here")


def facts_of(labels):
    ids = np.unique(labels[labels > 0])
    centers = np.array(ndimage.center_of_mass(labels > 0, labels, ids)).reshape(len(ids), labels.ndim)
    return ObjectFacts(ids, centers, np.ones(len(ids)), 1.0)


def open_image(labels, spacing=SPACING, **kwargs):
    pixels = FakeStore(np.zeros((1, *labels.shape), np.uint8), spacing)
    return OpenImage(pixels, FakeStore(labels[None], spacing), facts_of(labels), **kwargs)


def ring_and_disk():
    y, x = np.indices((60, 80))
    radius = np.hypot(y - 30, x - 30)
    labels = ((radius > 15) & (radius < 20)).astype(np.uint16) * 7
    labels[np.hypot(y - 30, x - 65) < 6] = 9
    labels[29:32, 28:31] = 3
    return labels


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.3)])
def test_every_center_lies_in_its_object(spacing):
    labels = ring_and_disk()
    image = open_image(labels, spacing)
    ring, disk, inner = image.centered(np.array([7, 9, 3]))
    np.testing.assert_allclose(disk, [30, 65])
    np.testing.assert_allclose(inner, [30, 29])
    assert labels[tuple(ring.astype(int))] == 7
    places = np.argwhere(labels == 7)
    centroid = places.mean(0)
    apart = np.linalg.norm((places - centroid) * spacing, axis=1)
    assert np.linalg.norm((ring - centroid) * spacing) == pytest.approx(apart.min())


def test_centers_are_looked_up_once():
    image = open_image(ring_and_disk())
    first = image.centered(np.array([7, 9]))
    count = len(image.labels.reads)
    np.testing.assert_array_equal(image.centered(np.array([9, 7])), first[::-1])
    assert len(image.labels.reads) == count


def test_an_object_that_is_only_in_the_table_is_an_error():
    image = open_image(ring_and_disk())
    image.labels.values = np.zeros_like(image.labels.values)
    with pytest.raises(BioLoomError, match="label 9 of the object table is not in the labels"):
        image.centered(np.array([9]))


def test_the_scale_has_a_floor():
    assert open_image(ring_and_disk()).scale.ravel() == [4.0]
    assert open_image(ring_and_disk(), floor=np.array([6.5])).scale.ravel() == [6.5]
    assert open_image(ring_and_disk()).offset.shape == (1, 1, 1)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_mirrored_positions_are_those_of_numpy(length):
    expected = np.pad(np.arange(length), (12, 13), mode="reflect")
    np.testing.assert_array_equal(mirrored(-12, length + 13, length), expected)


def test_a_decoded_image_reads_like_its_store(tmp_path):
    values = np.random.default_rng(0).integers(0, 200, (2, 7, 20, 30)).astype(np.uint8)
    volume = create_volume(tmp_path / "a.zarr", values.shape, "uint8", spacing=(2.0, 0.5, 0.5), kind="image")
    volume.write(Box.of(values.shape[1:]), values)
    decoded = Decoded(volume)
    assert (decoded.shape, decoded.dtype, decoded.spacing) == (volume.shape, volume.dtype, volume.spacing)
    for box in [Box((1, 2, 3), (4, 9, 9)), Box((-9, -3, 10), (12, 5, 50))]:
        np.testing.assert_array_equal(decoded.read_reflected(box), volume.read_reflected(box))


def shelf(budget, opened):
    def opener(path):
        labels = path.name.startswith("labels")
        opened.append(FakeStore(np.full((1, 10, 10), 1, np.uint16 if labels else np.uint8)))
        return opened[-1]

    facts = facts_of(np.ones((10, 10), int))
    images = {i: LabelledImage(Path(f"image-{i}"), Path(f"labels-{i}"), facts) for i in "abc"}
    return ImageShelf(images, memory_bytes=budget, opener=opener)


def test_images_are_decoded_while_they_fit_the_budget():
    opened = []
    images = shelf(650, opened)  # each image and its labels take 100 + 200 bytes
    kinds = [type(images[i].image) for i in "abcab"]
    assert kinds == [Decoded, Decoded, FakeStore, Decoded, Decoded]
    assert len(opened) == 6
    assert list(images) == ["a", "b", "c"]
    assert len(images) == 3


def test_nothing_open_is_sent_to_another_process(tmp_path):
    values = np.ones((1, 8, 8), np.uint8)
    for name, kind in (("image", "image"), ("labels", "labels")):
        facts = {"intensity": {"offset": [0.0], "scale": [1.0]}}
        volume = create_volume(
            tmp_path / name, values.shape, "uint8", spacing=SPACING, kind=kind, facts=facts
        )
        volume.write(Box.of((8, 8)), values)
    files = LabelledImage(tmp_path / "image", tmp_path / "labels", facts_of(values[0]))
    images = ImageShelf({"a": files})
    untouched = len(pickle.dumps(images))
    np.testing.assert_array_equal(images["a"].image.read(), values)
    assert len(pickle.dumps(images)) == untouched
    copy = pickle.loads(pickle.dumps(images))
    np.testing.assert_array_equal(copy["a"].image.read(), values)
