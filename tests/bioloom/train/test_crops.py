import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage

from bioloom.augment import AUGMENTATIONS
from bioloom.augment.compose import Augmenter
from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.train.crops import CropSource, generators, renumber
from bioloom.train.images import ImageShelf, LabelledImage, OpenImage
from bioloom.train.patches import patch_table
from bioloom.volumes.manifest import Entry
from bioloom.volumes.store import create_volume

SCENES = {
    "2D": ((90, 120), (1.0, 1.0), (48, 48)),
    "2D anisotropic": ((90, 120), (0.5, 0.8), (40, 56)),
    "3D": ((14, 50, 60), (2.0, 0.5, 0.5), (8, 32, 32)),
    "smaller than the patch": ((30, 44), (1.0, 1.0), (48, 48)),
    "2D region": ((90, 150), (1.0, 1.0), (48, 48)),
    "3D region": ((14, 50, 80), (2.0, 0.5, 0.5), (8, 32, 32)),
}
REGIONS = {"2D region": slice(0, 120), "3D region": slice(14, 60)}
"""Along the last axis; all objects that reach its cut faces are left out where they matter."""
FLOOR = 3.0
ALL = ("foreground", {"name": "contour", "width": 2}, "center", "distance")


class FakeStore:
    """An array with the interface of a store."""

    def __init__(self, values, spacing, region=slice(None)):
        self.file, self.region = values, region
        self.values = values = values[..., region]
        self.shape, self.dtype, self.spacing = values.shape, values.dtype, spacing
        self.facts = {"intensity": {"offset": [100.0], "scale": [50.0]}}
        if region.stop:
            ends = {"start": region.start, "stop": region.stop, "of": self.file.shape[-1]}
            self.facts["region"] = {"axis": "x", **ends}

    def read(self, box=None):
        return self.values if box is None else self.values[(slice(None), *box.slices)]

    def read_reflected(self, box):
        pads = [
            (max(-a, 0), max(b - n, 0)) for a, b, n in zip(box.start, box.stop, self.shape[1:], strict=True)
        ]
        padded = np.pad(self.values, [(0, 0), *pads], mode="reflect")
        return padded[(slice(None), *box.shift(tuple(low for low, _ in pads)).slices)]


def scene(shape, spacing, seed=0):
    """Touching convex objects: labels with odd ids, and an image that shows them."""
    rng = np.random.default_rng(seed)
    points, radii = rng.uniform(0, 1, (25, len(shape))) * shape, rng.uniform(2.5, 5, 25)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    distance = np.linalg.norm((grid[..., None, :] - points) * spacing, axis=-1) - radii
    labels = np.where(distance.min(-1) < 0, 1000 * distance.argmin(-1) + 7, 0).astype(np.uint16)
    image = (100 + 50 * (labels > 0)).astype(np.uint16)
    return image, labels, facts_of(labels, spacing)


def facts_of(labels, spacing):
    ids = np.unique(labels[labels > 0]).astype(np.int64)
    centers = np.array([np.argwhere(labels == i).mean(0) for i in ids])
    reach = [ndimage.distance_transform_edt(labels == i, sampling=spacing).max() for i in ids]
    return ObjectFacts(ids, centers, np.array(reach), 2.5)


def facts_of_part(store, spacing):
    """Return what can be known of the objects of a part of a file."""
    labels = store.values[0]
    facts = facts_of(labels, spacing)
    for face, cut in (
        (0, store.region.start),
        (-1, (store.region.stop or store.file.shape[-1]) < store.file.shape[-1]),
    ):
        facts.distance_max_um[np.isin(facts.ids, labels[..., face]) & bool(cut)] = np.inf
    return facts


def objects_of(labels):
    places = {i: np.argwhere(labels == i) for i in np.unique(labels[labels > 0])}
    return pd.DataFrame(
        {"image": "a", "label": i, "voxels": len(p)} | dict(enumerate([*p.min(0), *(p.max(0) + 1)]))
        for i, p in places.items()
    ).rename(columns=lambda c: f"bbox-{c}" if isinstance(c, int) else c)


def source_of(name, recipe=(), targets=ALL, median_radius_um=2.5, **kwargs):
    shape, spacing, patch = SCENES[name]
    image, labels, _ = scene(shape, spacing)
    stores = [FakeStore(values[None], spacing, REGIONS.get(name, slice(None))) for values in (image, labels)]
    opened = OpenImage(*stores, facts_of_part(stores[1], spacing), FLOOR)
    entry = Entry("a", Path("a"), stores[0].shape, "u2", "")
    rows = patch_table([entry], objects_of(stores[1].values[0]), patch)
    return CropSource(
        rows,
        rows,
        {"a": opened},
        targets=TargetStack([TARGETS.parse(t) for t in targets]),
        augmenter=Augmenter([AUGMENTATIONS.parse(r) for r in recipe]),
        patch=patch,
        median_radius_um=median_radius_um,
        **kwargs,
    )


def whole_target(source):
    """Return the target of the whole file, where the image is."""
    image = source.images["a"]
    uncut, labels = ((False, False),) * len(image.spatial), image.labels.file[0]
    whole = source.targets.make(labels, facts_of(labels, image.spacing), image.spacing, uncut)[0]
    return whole[..., image.labels.region]


@pytest.mark.parametrize(("median_radius_um", "share"), [(2.5, 0.99), (0.6, 0.9)])
@pytest.mark.parametrize("name", SCENES)
def test_validation_patches_equal_the_whole_image(name, median_radius_um, share):
    source = source_of(name, median_radius_um=median_radius_um)
    whole, image = whole_target(source), source.images["a"]
    settled = []
    for row in range(len(source.validation_rows)):
        example = source.validation_example(row)
        patch = Box.of(source.patch).shift(source.validation_rows.start(row))
        inside = patch.clip(Box.of(image.spatial))
        found = tuple(slice(0, n) for n in inside.shape)
        raw = image.image.read_reflected(patch).astype(np.float32)
        np.testing.assert_array_equal(example["image"], (raw - 100) / 50)

        weight = example["weight"].numpy()
        assert weight[(slice(None), *found)].sum() == weight.sum(), "nothing counts beyond the image"
        known = weight[(slice(None), *found)] > 0
        expected = whole[(slice(None), *inside.slices)]
        np.testing.assert_allclose(
            example["target"].numpy()[(slice(None), *found)][known], expected[known], atol=1e-5
        )
        settled.append(known.mean())
    assert np.mean(settled) > share - 0.05 * (name in REGIONS)


@pytest.mark.parametrize("name", SCENES)
def test_examples_without_augmentation_equal_the_whole_image_too(name):
    source = source_of(name)
    image = source.images["a"]
    whole = np.pad(whole_target(source), [(0, 0)] + [(n, n) for n in source.patch])
    for item in range(6):
        draws, _ = generators(0, 5, item)
        row = source.rows.draw(0.5, draws)
        start = source.rows.jitter(source.rows.start(row), image.spatial, draws)
        example = source.example(5, item)
        where = tuple(slice(n + a, n + a + n) for n, a in zip(source.patch, start, strict=True))
        known = example["weight"].numpy() > 0
        assert known.any()
        np.testing.assert_allclose(
            example["target"].numpy()[known], whole[(slice(None), *where)][known], atol=1e-5
        )


EXACT = ({"name": "flip"}, {"name": "rotate90"})
BENT = (*EXACT, {"name": "affine", "probability": 1}, {"name": "elastic", "probability": 1, "magnitude": 1})


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("recipe", [EXACT, BENT], ids=["exact", "bent"])
def test_target_and_image_go_the_same_way(name, recipe):
    source = source_of(name, recipe, seed=3)
    agreed, known_share = [], []
    for item in range(8):
        example = source.example(1, item)
        shown = example["image"][0] > 0.5
        target, weight = example["target"], example["weight"]
        known = weight[0] > 0
        agreed.append(float((shown == (target[0] > 0.5))[known].float().mean()))
        known_share.append(float(weight[3][known].mean()))
        for channel in (2, 3):
            both = known & (weight[channel] > 0)
            assert torch.equal((target[channel] > 0)[both], (target[0] > 0)[both])
            assert float(target[channel][both].max()) <= 1
    assert min(agreed) > (0.999 if recipe is EXACT else 0.97)
    assert np.mean(known_share) > 0.95 - 0.05 * (name in REGIONS)


def test_exact_maps_give_the_exact_target():
    """A mirrored and turned patch has the mirrored and turned target of the whole image."""
    source = source_of("2D", EXACT, targets=("foreground", "contour", "distance"), seed=1)
    image = source.images["a"]
    whole = np.pad(whole_target(source), [(0, 0)] + [(n, n) for n in source.patch])
    orientations = set()
    for item in range(20):
        draws, _ = generators(1, 0, item)
        row = source.rows.draw(0.5, draws)
        start = source.rows.jitter(source.rows.start(row), image.spatial, draws)
        plain = whole[
            (slice(None), *(slice(n + a, n + a + n) for n, a in zip(source.patch, start, strict=True)))
        ]
        turned = [np.rot90(side, k, axes=(1, 2)) for side in (plain, plain[..., ::-1]) for k in range(4)]
        example = source.example(0, item)
        known = example["weight"].numpy() > 0
        fits = [np.allclose(example["target"].numpy()[known], t[known], atol=1e-5) for t in turned]
        assert any(fits)
        orientations.add(fits.index(True))
    assert len(orientations) >= 5


@pytest.mark.parametrize("ndim", [2, 3])
def test_centers_and_radii_follow_the_map(ndim):
    shape = (60,) * ndim
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    labels = (np.linalg.norm(grid - np.array([30, 36, 28][:ndim]), axis=-1) < 9).astype(np.uint8) * 4
    facts = ObjectFacts(np.array([4]), np.argwhere(labels).mean(0)[None], np.array([9.0]), 9.0)
    opened = OpenImage(FakeStore(labels[None], (1.0,) * ndim), FakeStore(labels[None], (1.0,) * ndim), facts)
    source = CropSource(
        patch_table([Entry("a", Path("a"), (1, *shape), "u1", "")], pd.DataFrame(), shape),
        pd.DataFrame(columns=["image", *(f"start-{a}" for a in range(ndim)), "objects"]),
        {"a": opened},
        targets=TargetStack([TARGETS.parse(t) for t in ("foreground", "center", "distance")]),
        augmenter=Augmenter([AUGMENTATIONS.parse(r) for r in BENT]),
        patch=shape,
        median_radius_um=9.0,
    )
    for item in range(6):
        target = source.example(0, item)["target"].numpy()
        middle = np.argwhere(target[0] > 0).mean(0)
        peak = np.array(np.unravel_index(target[1].argmax(), shape))
        assert target[1].max() > 0.9
        assert np.linalg.norm(peak - middle) < 2
        assert 0.85 < target[2].max() <= 1
        # the peak is as wide as the object now is: sigma is half of its radius
        radius = (target[0].sum() / (np.pi * (4 / 3 if ndim == 3 else 1))) ** (1 / ndim)
        width = np.sqrt((target[1] > np.exp(-0.5)).sum() / np.pi) if ndim == 2 else None
        assert width is None or width == pytest.approx(radius / 2, rel=0.15)


def test_the_same_seed_gives_the_same_whatever_was_made_before():
    recipe = [{"name": name, "probability": 0.5} for name in AUGMENTATIONS]
    first, second = source_of("3D", recipe, seed=4), source_of("3D", recipe, seed=4)
    wanted = {(step, item): first.example(step, item) for step in (0, 7) for item in (0, 1)}
    for place in reversed(wanted):
        found = second.example(*place)
        assert all(torch.equal(found[part], wanted[place][part]) for part in ("image", "target", "weight"))
    other = source_of("3D", recipe, seed=5)
    assert not torch.equal(other.example(0, 0)["image"], wanted[0, 0]["image"])
    assert not torch.equal(wanted[0, 0]["image"], wanted[0, 1]["image"])


@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_stores_give_the_same_as_arrays_also_in_another_process(tmp_path, budget):
    recipe = [{"name": name} for name in AUGMENTATIONS]
    expected = source_of("3D", recipe)
    shape, spacing, _ = SCENES["3D"]
    image, labels, facts = scene(shape, spacing)
    for name, kind, values in (("image", "image", image), ("labels", "labels", labels)):
        own = {"intensity": {"offset": [100.0], "scale": [50.0]}}
        volume = create_volume(tmp_path / name, (1, *shape), "uint16", spacing=spacing, kind=kind, facts=own)
        volume.write(Box.of(shape), values[None])
    files = {"a": LabelledImage(tmp_path / "image", tmp_path / "labels", facts)}
    source = source_of("3D", recipe)
    source.images = ImageShelf(files, floor=FLOOR, memory_bytes=budget)
    source = pickle.loads(pickle.dumps(source))
    for item in range(4):
        found, wanted = source.example(2, item), expected.example(2, item)
        for part, array in wanted.items():
            assert torch.equal(found[part], array)
            assert found[part].dtype == torch.float32
            assert found[part].is_contiguous()


def test_no_training_patch_is_an_error():
    rows = patch_table([], pd.DataFrame(), (8, 8))
    with pytest.raises(BioLoomError, match="no training patch"):
        CropSource(
            rows, rows, {}, targets=TargetStack([TARGETS.parse("foreground")]),
            augmenter=Augmenter(), patch=(8, 8), median_radius_um=1.0,
        )  # fmt: skip


def test_labels_are_numbered_in_order_of_appearance():
    labels = np.array([[0, 2**40, 5], [5, 0, 2**40], [9, 9, 0]], np.uint64)
    numbered, ids = renumber(labels)
    assert numbered.dtype == np.int32
    np.testing.assert_array_equal(np.append(ids, 0)[numbered - 1], labels.astype(np.int64))
    assert sorted(ids.tolist()) == [5, 9, 2**40]


def test_generators_of_examples_differ():
    seeds = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)]
    made = [generators(*seed) for seed in seeds]
    assert len({float(draws.random()) for draws, _ in made}) == 4
    assert len({changes.initial_seed() for _, changes in made}) == 4
