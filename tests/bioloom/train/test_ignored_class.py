"""Voxels of the class to ignore have no weight in the examples of a training, and change nothing else."""

from pathlib import Path

import numpy as np
import pytest

from bioloom.augment.compose import Augmenter
from bioloom.geometry.box import Box
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.train.crops import CropSource
from bioloom.train.images import OpenImage
from bioloom.train.patches import class_patch_table
from bioloom.volumes.manifest import Entry

IGNORED = 9


class Store:
    """An image in memory."""

    def __init__(self, values):
        self.values = values[None]
        self.shape, self.dtype, self.spatial = self.values.shape, values.dtype, values.shape
        self.spacing = (1.0,) * values.ndim
        self.facts = {"intensity": {"offset": [0.0], "scale": [1.0]}}

    def read(self, box):
        return self.values[(slice(None), *box.slices)]

    def read_reflected(self, box):
        return self.read(box)


def source_of(labels, patch, ignore):
    ids = np.array([1, 2, IGNORED])
    facts = ObjectFacts(ids, np.zeros((3, labels.ndim)), np.full(3, np.inf), 1.0, ids.astype(np.str_))
    image = OpenImage(Store(labels.astype(np.uint16)), Store(labels), facts)
    rows = class_patch_table(
        [(Entry("a", Path("a"), (1, *labels.shape), "u1", ""), Store(labels))], (0, 1, 2), patch
    )
    targets = [{"name": "classes", "classes": [0, 1, 2, IGNORED]}, "foreground"]
    stack = TargetStack([TARGETS.parse(target) for target in targets])
    return CropSource(
        rows,
        rows,
        {"a": image},
        targets=stack,
        augmenter=Augmenter([]),
        patch=patch,
        median_radius_um=1.0,
        ignore=ignore,
    )


@pytest.mark.parametrize(("shape", "patch"), [((40, 50), (16, 16)), ((12, 20, 24), (8, 12, 12))])
def test_the_weight_of_ignored_voxels_is_0(shape, patch):
    labels = np.random.default_rng(0).choice([0, 1, 2, IGNORED], shape).astype(np.uint8)
    plain, ignoring = source_of(labels, patch, None), source_of(labels, patch, IGNORED)
    for row in range(len(plain.validation_rows)):
        inside = Box.of(patch).shift(plain.validation_rows.start(row))
        ignored = labels[inside.slices] == IGNORED
        found, expected = (s.validation_example(row) for s in (ignoring, plain))
        assert ignored.any()
        assert not found["weight"].numpy()[:, ignored].any()
        assert (found["weight"].numpy()[:, ~ignored] == expected["weight"].numpy()[:, ~ignored]).all()
        assert (found["target"] == expected["target"]).all()
        assert expected["weight"].all()


def test_what_has_no_label_may_be_ignored():
    labels = np.random.default_rng(0).choice([0, 1, 2], (40, 50)).astype(np.uint8)
    source = source_of(labels, (16, 16), 0)
    inside = Box.of((16, 16)).shift(source.validation_rows.start(0))
    weight = source.validation_example(0)["weight"].numpy()
    np.testing.assert_array_equal(weight > 0, np.broadcast_to(labels[inside.slices] > 0, weight.shape))
