import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.synthesize import KINDS
from bioloom.synthesize.write import generator_of

EVERY = [(name, ndim) for name, kind in KINDS.items() for ndim in kind.frames]
SMALL = {2: 96, 3: 64}
made = {}


def picture(name, ndim, number=0):
    """Return a picture that is smaller than the default, and its frame; painted once."""
    if (name, ndim, number) not in made:
        kind = KINDS[name]
        frame = kind.frame(ndim, SMALL[ndim])
        made[name, ndim, number] = kind.paint(generator_of(kind, 0, "train", number), frame), frame
    return made[name, ndim, number]


@pytest.mark.parametrize(("name", "ndim"), EVERY)
class TestEveryKind:
    def test_the_image_has_its_shape_and_uses_its_range(self, name, ndim):
        found, frame = picture(name, ndim)
        colours = (3,) if name == "cells" else ()
        assert found.image.shape == (*frame.shape, *colours)
        assert found.image.dtype == (np.uint8 if name in ("cells", "neurites") else np.uint16)
        low, high = np.percentile(found.image, (1, 99))
        assert high - low > 50
        assert (found.image == np.iinfo(found.image.dtype).max).mean() < 0.05

    def test_objects_are_numbered_pieces(self, name, ndim):
        found, frame = picture(name, ndim)
        assert found.objects.shape == frame.shape
        numbers = np.unique(found.objects)
        np.testing.assert_array_equal(numbers, np.arange(len(numbers)))  # 0, 1, 2, ...
        assert len(numbers) >= 3
        for label in numbers[1:]:
            assert ndimage.label(found.objects == label)[1] == 1

    def test_a_second_picture_differs(self, name, ndim):
        assert not np.array_equal(picture(name, ndim)[0].image, picture(name, ndim, 1)[0].image)

    def test_it_holds_what_it_says(self, name, ndim):
        found, frame = picture(name, ndim)
        kind = KINDS[name]
        assert ("classes" in kind.holds) == (found.classes is not None)
        assert ("points" in kind.holds) == (found.points is not None)
        if found.classes is not None:
            assert found.classes.shape == frame.shape
            assert set(np.unique(found.classes)) <= set(range(len(kind.class_names) + 1))
        if found.points is not None:
            assert len(found.points) == len(found.point_classes) == found.objects.max()

    def test_neighbours_along_the_axes_resemble_each_other(self, name, ndim):
        """Blur and objects correlate neighbours, in the plane more than across the thicker layers."""
        found, _ = picture(name, ndim)
        image = found.image.astype(float) if found.image.ndim == ndim else found.image.mean(-1)
        for axis in range(ndim):
            first, second = (np.delete(image, end, axis).ravel() for end in (0, -1))
            assert np.corrcoef(first, second)[0, 1] > 0.4


def contact(labels):
    """Return whether some voxel has another label than the next one, neither being 0."""
    return any(
        (
            (np.delete(labels, 0, axis) != np.delete(labels, -1, axis))
            & (np.delete(labels, 0, axis) * np.delete(labels, -1, axis).astype(int) > 0)
        ).any()
        for axis in range(labels.ndim)
    )


@pytest.mark.parametrize(("name", "ndim"), [("nuclei", 2), ("nuclei", 3), ("cells", 2)])
def test_some_objects_touch(name, ndim):
    assert any(contact(picture(name, ndim, number)[0].objects) for number in range(3))


@pytest.mark.parametrize("ndim", [2, 3])
def test_nuclei_are_bright_and_vary(ndim):
    found, _ = picture("nuclei", ndim)
    image, labels = found.image.astype(float), found.objects
    means = ndimage.mean(image, labels, np.arange(1, labels.max() + 1))
    assert means.min() > image[labels == 0].mean() * 1.1
    assert means.max() > 1.5 * means.min()
    sizes = np.bincount(labels.ravel())[1:]
    assert sizes.max() > 2 * sizes.min()


@pytest.mark.parametrize(
    ("name", "ndim", "sign"), [(n, d, s) for n, s in (("membranes", 1), ("neurites", -1)) for d in (2, 3)]
)
def test_walls_are_bright_in_light_and_dark_in_electrons(name, ndim, sign):
    found, _ = picture(name, ndim)
    wall, inner = found.classes == 1, (found.classes == 0) & (found.objects > 0)
    assert sign * (found.image[wall].mean() - found.image[inner].mean()) > 20
    assert not (found.objects[wall] > 0).any()
    # walls keep cells apart: no two share a face
    assert not contact(found.objects)


def test_mitochondria_lie_in_neurites():
    found = [picture("neurites", 2, number)[0] for number in range(3)]
    inside = [f.classes == 2 for f in found]
    assert sum(mask.sum() for mask in inside) > 100
    assert all(
        (f.objects[mask] > 0).mean() > 0.95 for f, mask in zip(found, inside, strict=True) if mask.any()
    )


@pytest.mark.parametrize(("name", "ndim"), [("spots", 2), ("spots", 3), ("cells", 2)])
def test_points_lie_in_objects_of_their_class(name, ndim):
    found, frame = picture(name, ndim)
    assert ((found.points >= -0.5) & (found.points <= np.array(frame.shape) - 0.5)).all()
    for number, (point, kind) in enumerate(zip(found.points, found.point_classes, strict=True), start=1):
        mask = found.objects == number
        assert (found.classes[mask] == kind).all()
        if not mask.any() or any(mask.take(end, axis).any() for axis in range(ndim) for end in (0, -1)):
            continue  # cut by the border
        middle = np.mean(np.nonzero(mask), axis=1)
        assert np.linalg.norm(point - middle) < (0.7 if name == "spots" else 1e-6)


def test_tubes_are_long():
    found, frame = picture("tubes", 3)
    boxes = ndimage.find_objects(found.objects)
    extents = [np.array([s.stop - s.start for s in box]) * frame.spacing for box in boxes]
    sizes = np.bincount(found.objects.ravel())[1:] * np.prod(frame.spacing)
    longest = max(
        np.linalg.norm(extent) / np.sqrt(size / np.linalg.norm(extent) / np.pi)
        for extent, size in zip(extents, sizes, strict=True)
    )
    assert longest > 6  # length by radius
    assert set(np.unique(found.classes)) == {0, 1}


def test_white_cells_are_larger_and_more_purple():
    found, _ = picture("cells", 2)
    red, white = (found.image[found.classes == kind].mean(0) for kind in (1, 2))
    assert red[0] > red[2] + 20  # pink: more red than blue
    assert white[2] > white[1] + 20  # purple: more blue than green
    sizes = {
        kind: [(found.objects == n).sum() for n, k in enumerate(found.point_classes, 1) if k == kind]
        for kind in (1, 2)
    }
    assert np.median(sizes[2]) > 1.5 * np.median(sizes[1])


def test_the_frame_follows_the_side():
    kind = KINDS["nuclei"]
    assert kind.frame(None, None).shape == (160, 160)
    assert kind.frame(3, None) == kind.frames[3]
    assert kind.frame(3, 192).shape == (64, 192, 192)
    assert kind.frame(2, 32).shape == (32, 32)
    assert KINDS["tubes"].frame(None, None).ndim == 3


@pytest.mark.parametrize(
    ("name", "ndim", "side", "text"),
    [
        ("nuclei", 2, 31, "--size 31 is too small for nuclei; allowed: 32 or more"),
        ("nuclei", 2, -4, "--size -4 is too small"),
        ("neurites", 3, 20, "--size 20 is too small for neurites; allowed: 32 or more"),
        ("cells", 3, None, "--ndim 3: there are no such cells; allowed: 2"),
    ],
)
def test_frames_that_make_no_sense(name, ndim, side, text):
    with pytest.raises(BioLoomError, match=text):
        KINDS[name].frame(ndim, side)


@pytest.mark.parametrize(("name", "ndim"), EVERY)
def test_the_smallest_pictures_can_be_painted(name, ndim):
    kind = KINDS[name]
    side = next(side for side in range(8, 99) if _possible(kind, ndim, side))
    frame = kind.frame(ndim, side)
    for seed in range(3):
        found = kind.paint(generator_of(kind, seed, "test", 0), frame)
        assert found.objects.shape == frame.shape


def _possible(kind, ndim, side):
    try:
        kind.frame(ndim, side)
    except BioLoomError:
        return False
    return True
