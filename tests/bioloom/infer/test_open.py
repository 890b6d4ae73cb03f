from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.infer.fixed_point import SCALE
from bioloom.infer.open import activated, intensity, open_picture, open_pictures, open_predictor
from bioloom.train.export import load_model
from bioloom.train.precision import choose_precision
from bioloom.volumes.store import open_volume

PREDICTION = {"batch_size": 2, "precision": "fp32", "device": "cpu", "threads": 1}


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_predictor_gives_each_channel_its_activation(model, ndim):
    folder, _ = model(ndim)
    predictor, spec = open_predictor(folder, **PREDICTION)
    patch = np.random.default_rng(0).normal(size=(1, *(16,) * ndim)).astype(np.float32)
    found = predictor([patch])
    module, _ = load_model(folder, "cpu")
    with torch.inference_mode():
        raw = module(torch.from_numpy(patch)[None])[0]
    expected = np.stack([raw[0].sigmoid().numpy(), raw[1].numpy()])
    assert found.shape == (1, 2, *(16,) * ndim)
    np.testing.assert_allclose(found[0] / SCALE, expected, atol=1 / SCALE)
    assert [channel["activation"] for channel in spec.channels] == ["sigmoid", "linear"]


@pytest.mark.parametrize("ndim", [2, 3])
def test_channels_of_a_group_share_a_softmax_and_the_others_do_not(ndim):
    names = [("classes-0", "softmax"), ("classes-3", "softmax"), ("far", "linear")]
    names += [("kinds-0", "softmax"), ("kinds-1", "softmax"), ("kinds-2", "softmax"), ("near", "sigmoid")]
    spec = SimpleNamespace(channels=tuple({"name": n, "activation": a} for n, a in names))
    batch = torch.randn(2, 7, *(4,) * ndim, generator=torch.Generator().manual_seed(0))
    found = activated(torch.nn.Identity(), spec, choose_precision("fp32", torch.device("cpu")))(batch)
    powers = batch.double().exp()
    expected = torch.cat(
        [
            powers[:, :2] / powers[:, :2].sum(1, keepdim=True),
            batch[:, 2:3].double(),
            powers[:, 3:6] / powers[:, 3:6].sum(1, keepdim=True),
            1 / (1 + 1 / powers[:, 6:]),
        ],
        1,
    )
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)


def test_sums_of_another_version(model):
    folder, _ = model(scale=1024)
    with pytest.raises(BioLoomError, match="sums of 1024 steps up to 8; allowed: 2048 steps up to 8"):
        open_predictor(folder, **PREDICTION)


def test_images_of_another_kind(model, image):
    _, spec = model()
    with pytest.raises(BioLoomError, match="image b has 2 channels; allowed: 1, as in training"):
        open_picture(image((2, 20, 20), "b"), PatchGrid((20, 20), (16, 16), (4, 4)), spec)
    with pytest.raises(BioLoomError, match="image c has 3 spatial axes; allowed: 2"):
        open_picture(image((1, 9, 20, 20), "c"), PatchGrid((9, 20, 20), (8, 16, 16), (2, 4, 4)), spec)
    _, deep = model(3)
    with pytest.raises(BioLoomError, match="image d has 2 spatial axes; allowed: 3"):
        open_picture(image((1, 20, 20), "d"), PatchGrid((20, 20), (16, 16), (4, 4)), deep)


def test_a_network_of_planes_predicts_a_volume_plane_by_plane(model, image):
    folder, spec = model()
    entry = image((1, 5, 20, 30), "stack")
    picture = open_picture(entry, PatchGrid.of(entry.shape[1:], (16, 16), (4, 4)), spec)
    predictor, _ = open_predictor(folder, **PREDICTION)
    places = [(0, 0, 1), (3, 1, 0)]
    found = predictor([picture.patch(place) for place in places])
    assert found.shape == (2, 2, 1, 16, 16)
    flat = predictor([picture.patch(place)[:, 0] for place in places])
    np.testing.assert_array_equal(found[:, :, 0], flat)
    around = np.pad(open_volume(entry.path).read()[:, 3], [(0, 0), (2, 2), (2, 2)], "reflect")
    raw = around[:, 8:24, 0:16].astype(np.float32)  # half an overlap beyond the image
    np.testing.assert_array_equal(picture.patch((3, 1, 0))[:, 0], (raw - 10) / 8)


def test_the_scale_is_at_least_the_floor(model, image):
    volume = open_volume(image((1, 20, 20)).path)
    offset, scale = intensity(volume, {"floor": [8.0]})
    assert (offset.tolist(), scale.tolist()) == ([10.0], [8.0])
    assert intensity(volume, {"floor": [1.0]})[1].tolist() == [4.0]


def test_the_images_of_a_chunk(model, image):
    _, spec = model()
    entries = [image((1, 20, 20), "a"), image((1, 16, 16), "b"), image((1, 30, 16), "c")]
    grids = {e.image: PatchGrid.of(e.shape[1:], (16, 16), (4, 4)) for e in entries}
    rows = [row for row in plan_chunks(grids, (2, 2)) if row.image in "ac"]
    found = open_pictures(rows, entries, (16, 16), (4, 4), spec)
    assert list(found) == ["a", "c"]
    assert found["c"].grid == grids["c"]
    with pytest.raises(BioLoomError, match="the chunk holds the image 'c'; allowed: a, b"):
        open_pictures(rows, entries[:2], (16, 16), (4, 4), spec)
    with pytest.raises(BioLoomError, match="planned for other patches"):
        open_pictures(rows, entries, (8, 8), (2, 2), spec)


@pytest.fixture
def warnings_of(image, caplog):
    """Open images, given as the facts of each, and return the warnings."""

    def opened(spec, *given):
        entries = [
            image((1, *(16,) * facts.pop("ndim", spec.ndim)), f"x{n}", **facts)
            for n, facts in enumerate(given)
        ]
        size, overlap = (16,) * spec.ndim, (4,) * spec.ndim
        grids = {e.image: PatchGrid.of(e.shape[1:], size, overlap) for e in entries}
        rows = plan_chunks(grids, (2,) * (len(entries[0].shape) - 1))
        caplog.clear()
        open_pictures(rows, entries, size, overlap, spec)
        return caplog.messages

    return opened


@pytest.mark.parametrize("ndim", [2, 3])
def test_one_warning_of_voxels_that_are_not_of_the_size_learned_from(model, warnings_of, ndim):
    _, spec = model(ndim, spacing=(0.3,) * ndim)
    (line,) = warnings_of(spec, {"spacing": 0.3}, {"spacing": 0.6}, {"spacing": 0.1})
    got, learned = " x ".join(["0.6"] * ndim), " x ".join(["0.3"] * ndim)
    assert line.startswith(
        f"image x1 (one of 2 such images) has voxels of {got} um, the training images have {learned} um; "
    )
    assert "objects look larger or smaller" in line


def test_no_warning_of_voxels_that_are_nearly_of_the_size_learned_from(model, warnings_of):
    _, spec = model(spacing=(0.3, 0.3))
    assert warnings_of(spec, {"spacing": 0.3}, {"spacing": 0.25}, {"spacing": 0.37}) == []
    _, spec = model()  # nothing is known of any of them
    assert warnings_of(spec, {"spacing": 1.0, "spacing_known": False}) == []


def test_planes_of_volumes_are_compared_with_planes(model, warnings_of):
    _, spec = model(spacing=(0.3, 0.3))
    assert warnings_of(spec, {"spacing": 0.3, "ndim": 3}) == []
    (line,) = warnings_of(spec, {"spacing": 0.6, "ndim": 3})
    assert "voxels of 0.6 x 0.6 x 0.6 um, the training images have 0.3 x 0.3 um" in line


def test_a_voxel_size_that_is_unknown_is_told(model, warnings_of):
    _, spec = model(spacing=(0.3, 0.3))
    (line,) = warnings_of(spec, {"spacing": 1.0, "spacing_known": False})
    assert "image x0 has voxels of 1 x 1 um" in line
    assert "unknown and taken for 1 um" in line
    assert "set data.voxel_size" in line
