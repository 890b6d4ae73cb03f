"""Examples for points: their blobs come from the table of points, not from the voxels that a window shows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioloom.augment import AUGMENTATIONS
from bioloom.augment.compose import Augmenter
from bioloom.preprocess.point_labels import PointVoxels
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.train.crops import CropSource
from bioloom.train.images import OpenImage
from bioloom.train.patches import patch_table
from bioloom.volumes.manifest import Entry
from bioloom.volumes.points import POINTS, Points

SCENES = {2: ((90, 120), (0.5, 0.8), (48, 40)), 3: ((14, 50, 60), (2.0, 0.5, 0.5), (8, 32, 32))}
TARGET = {"name": "points", "radius_um": 4.0, "classes": ["a", "b"]}


class FakeStore:
    """An array with the interface of a store."""

    def __init__(self, values, spacing, **facts):
        self.values, self.shape, self.dtype, self.spacing = values, values.shape, values.dtype, spacing
        self.facts = {"intensity": {"offset": [0.0], "scale": [1.0]}, **facts}

    def read(self, box=None):
        return self.values if box is None else self.values[(slice(None), *box.slices)]

    def read_reflected(self, box):
        pads = [
            (max(-a, 0), max(b - n, 0)) for a, b, n in zip(box.start, box.stop, self.shape[1:], strict=True)
        ]
        padded = np.pad(self.values, [(0, 0), *pads], mode="reflect")
        return padded[(slice(None), *box.shift(tuple(low for low, _ in pads)).slices)]


def source_of(ndim, recipe=()):
    """Return a source of examples, whose image shows the blobs, and the target of the whole image."""
    shape, spacing, patch = SCENES[ndim]
    rng = np.random.default_rng(1)
    places = rng.uniform(0, np.array(shape) - 1, (40, ndim))
    places[1] = places[0] + 0.01  # two points in one voxel: the labels show one of them
    facts = ObjectFacts(np.arange(1, 41), places, np.zeros(40), 9.0, np.array(["a", "b"] * 20))
    voxels = PointVoxels(Points.of(places), shape)[tuple(slice(0, n) for n in shape)]
    targets = TargetStack([TARGETS.parse(TARGET)])
    whole, _ = targets.make(np.zeros(shape, int), facts, spacing, ((False, False),) * ndim)
    image = FakeStore(whole.max(0)[None].astype(np.float32), spacing)
    opened = OpenImage(image, FakeStore(voxels[None], spacing, **{POINTS: 40}), facts)
    entry = Entry("a", Path("a"), image.shape, "f4", "")
    rows = patch_table([entry], _boxes(voxels), patch)
    augmenter = Augmenter([AUGMENTATIONS.parse(r) for r in recipe])
    given = {"targets": targets, "augmenter": augmenter, "patch": patch, "median_radius_um": 9.0}
    return CropSource(rows, rows, {"a": opened}, **given), whole


def _boxes(voxels):
    places = np.argwhere(voxels > 0)
    both = np.concatenate([places, places + 1], 1)
    table = pd.DataFrame(both, columns=[f"bbox-{n}" for n in range(both.shape[1])])
    return table.assign(image="a", voxels=1)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_target_of_a_patch_is_that_of_the_image_also_at_its_borders(ndim):
    source, whole = source_of(ndim)
    for row in range(len(source.validation_rows)):
        example = source.validation_example(row)
        start = source.validation_rows.start(row)
        part = tuple(slice(a, a + n) for a, n in zip(start, SCENES[ndim][2], strict=True))
        np.testing.assert_allclose(example["target"].numpy(), whole[(slice(None), *part)], atol=1e-6)
        assert example["weight"].all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_blobs_move_with_the_picture(ndim):
    """The picture shows the blobs, so after any flip and turn it still equals the target."""
    source, _ = source_of(ndim, recipe=["flip", "rotate90"])
    for step in range(8):
        example = source.example(step, 0)
        known = example["weight"].numpy().all(0)
        shown = example["image"][0].numpy()
        np.testing.assert_allclose(example["target"].numpy().max(0)[known], shown[known], atol=1e-5)
        assert known.mean() > 0.5


@pytest.mark.parametrize("ndim", [2, 3])
def test_blobs_stay_on_their_objects_when_the_picture_is_bent(ndim):
    """A bent blob is no blob any more, but its peak lies where the picture peaks."""
    source, _ = source_of(ndim, recipe=[{"name": "affine", "probability": 1}, {"name": "elastic"}])
    seen = 0
    for step in range(6):
        example = source.example(step, 0)
        known = example["weight"].numpy().all(0)
        target, shown = example["target"].numpy().max(0), example["image"][0].numpy()
        peaks = (target > 0.9) & known
        seen += peaks.sum()
        assert (shown[peaks] > 0.6).all()
    assert seen > 30
