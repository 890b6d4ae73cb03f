import numpy as np
import pytest
import torch

from bioloom.infer.orientations import counterparts, orientations, oriented

SCALAR = [{"name": "foreground", "activation": "sigmoid"}]
SHAPES = {2: (12, 12), 3: (6, 12, 12)}
OFFSETS = {
    2: [[1, 0], [0, 1], [3, 3], [3, -3]],
    3: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 3, 3], [2, -3, 3], [2, 3, -3], [2, -3, -3]],
}
RAYS = {
    2: [[0, 2], [2, 0], [0, -2], [-2, 0]],
    3: [[0, 0, 2], [0, 2, 0], [0, 0, -2], [0, -2, 0], [2, 0, 0], [-2, 0, 0]],
}


def picture(ndim, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 1, *SHAPES[ndim])).astype(np.float32))


def looking_at(steps):
    """A network that multiplies each voxel by the one at a step, 0 beyond the patch."""

    def forward(batch):
        outputs = []
        for step in steps:
            reach = max(map(abs, step))
            around = np.pad(batch[:, 0].numpy(), [(0, 0)] + [(reach, reach)] * len(step))
            there = tuple(slice(reach + s, reach + s + n) for s, n in zip(step, batch.shape[2:], strict=True))
            outputs.append(torch.from_numpy(around[(slice(None), *there)]) * batch[:, 0])
        return torch.stack(outputs, 1)

    return forward


def gradient(batch):
    """A network of vectors: central differences along each axis."""
    return torch.stack(torch.gradient(batch[:, 0], dim=list(range(1, batch.ndim - 1))), 1)


def spacing(ndim):
    return (2.0, 1.0, 1.0)[-ndim:]


@pytest.mark.parametrize("ndim", [2, 3])
def test_there_are_8_and_16_and_turning_back_undoes_turning(ndim):
    found = orientations(ndim, exchange=True)
    image = picture(ndim)
    turned = {way.turn(image).numpy().tobytes() for way in found}
    assert len(found) == len(turned) == {2: 8, 3: 16}[ndim]
    assert len(orientations(ndim, exchange=False)) == {2: 4, 3: 8}[ndim]
    assert torch.equal(found[0].turn(image), image)
    for way in found:
        assert torch.equal(way.turn_back(way.turn(image)), image)


@pytest.mark.parametrize("combine", ["mean", "min", "max"])
def test_scalars_are_those_of_turned_pictures(combine):
    ramp = torch.arange(144, dtype=torch.float32).reshape(12, 12)
    image = picture(2)
    expected = []
    for turns in range(4):
        for flip in (False, True):
            view = np.rot90(image.numpy(), turns, (2, 3))
            view = view[..., ::-1] if flip else view
            answer = view * ramp.numpy()
            answer = answer[..., ::-1] if flip else answer
            expected.append(np.rot90(answer, -turns, (2, 3)))
    found = oriented(lambda batch: batch * ramp, SCALAR, (1.0, 1.0), "all", combine)(image)
    np.testing.assert_allclose(found.numpy(), getattr(np, combine)(expected, axis=0), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("chosen", ["none", "flips", "all"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_vectors_are_exchanged_and_negated(ndim, chosen):
    channels = [
        {"name": f"flow-{'zyx'[axis - ndim]}", "activation": "linear", "axis": axis} for axis in range(ndim)
    ]
    image = picture(ndim)
    found = oriented(gradient, channels, spacing(ndim), chosen, "max")(image)
    np.testing.assert_allclose(found.numpy(), gradient(image).numpy(), atol=1e-5)


@pytest.mark.parametrize("chosen", ["flips", "all"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_affinities_are_found_from_either_voxel(ndim, chosen):
    offsets = OFFSETS[ndim]
    channels = [
        {"name": f"affinity-{i}", "activation": "sigmoid", "offset": o} for i, o in enumerate(offsets)
    ]
    assert all(counterparts(channels, way) for way in orientations(ndim, exchange=True))
    image = picture(ndim)
    forward = looking_at(offsets)
    found = oriented(forward, channels, spacing(ndim), chosen)(image)
    expected = forward(image).numpy()
    # where the partner lies outside, the patch as it is may say anything
    for index, offset in enumerate(offsets):
        inside = tuple(slice(max(0, -s), min(n, n - s)) for s, n in zip(offset, SHAPES[ndim], strict=True))
        np.testing.assert_allclose(
            found[(slice(None), index, *inside)], expected[(slice(None), index, *inside)], atol=1e-5
        )


@pytest.mark.parametrize("ndim", [2, 3])
def test_rays_are_numbered_anew(ndim):
    channels = [
        {"name": f"ray-{i}", "activation": "linear", "direction": ray} for i, ray in enumerate(RAYS[ndim])
    ]
    assert all(counterparts(channels, way) for way in orientations(ndim, exchange=True))
    image = picture(ndim)
    forward = looking_at(RAYS[ndim])
    found = oriented(forward, channels, spacing(ndim), "all")(image)
    np.testing.assert_allclose(found.numpy(), forward(image).numpy(), atol=1e-5)


def test_orientations_without_a_counterpart_are_left_out():
    rays = [[0.0, 1.0], [0.0, -1.0]]
    channels = [{"name": f"ray-{i}", "activation": "linear", "direction": ray} for i, ray in enumerate(rays)]
    kept = [way for way in orientations(2, exchange=True) if counterparts(channels, way)]
    assert len(kept) == 4
    asked = []
    forward = looking_at([[0, 1], [0, -1]])
    oriented(lambda batch: asked.append(1) or forward(batch), channels, (1.0, 1.0), "all")(picture(2))
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("shape", "step", "expected"), [((8, 8), (1, 1), 8), ((8, 6), (1, 1), 4), ((8, 8), (1, 2), 4)]
)
def test_y_and_x_change_places_only_where_they_are_alike(shape, step, expected):
    asked = []
    forward = oriented(lambda batch: asked.append(batch.shape) or batch, SCALAR, step, "all")
    forward(torch.zeros(1, 1, *shape))
    assert asked == [(1, 1, *shape)] * expected


def test_channels_of_several_kinds_each_go_their_way():
    channels = [*SCALAR, {"name": "flow-y", "activation": "linear", "axis": 0}]
    channels.append({"name": "flow-x", "activation": "linear", "axis": 1})
    image = picture(2)
    found = oriented(
        lambda batch: torch.cat([batch, gradient(batch)], 1), channels, (1.0, 1.0), "all", "min"
    )(image)
    np.testing.assert_allclose(found[:, :1].numpy(), image.numpy(), atol=1e-6)
    np.testing.assert_allclose(found[:, 1:].numpy(), gradient(image).numpy(), atol=1e-5)


def test_offsets_longer_than_the_patch_are_unknown_when_turned():
    channels = [{"name": "affinity-0", "activation": "sigmoid", "offset": [0, 20]}]
    image = picture(2)
    found = oriented(lambda batch: batch, channels, (1.0, 1.0), "flips")(image)
    up = image.flip(2).flip(2)
    np.testing.assert_allclose(found.numpy(), up.numpy(), atol=1e-6)
