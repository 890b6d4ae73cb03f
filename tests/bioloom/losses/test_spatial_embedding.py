import numpy as np
import pytest
import torch

from bioloom.losses.lovasz import lovasz_hinge
from bioloom.losses.options import SpatialEmbeddingOptions
from bioloom.losses.spatial_embedding import SpatialEmbedding, voxel_steps
from bioloom.targets.embeddings import Embeddings, EmbeddingsOptions
from bioloom.targets.facts import ObjectFacts

SPACING = {2: (0.5, 0.8), 3: (2.0, 0.5, 0.8)}
MEDIAN = 1.6


def scene(ndim):
    """Labels with two objects that touch and one apart, their target and its weight."""
    labels = np.zeros((10, 12) if ndim == 2 else (4, 10, 12), int)
    labels[..., 1:5, 1:5], labels[..., 1:5, 5:9], labels[..., 7:9, 2:10] = 1, 2, 3
    ids = np.array([1, 2, 3])
    centers = np.array([np.argwhere(labels == i).mean(0) for i in ids])
    facts = ObjectFacts(ids, centers, np.ones(3), MEDIAN)
    values, weight = Embeddings(EmbeddingsOptions()).make(
        labels, facts, SPACING[ndim], ((False, False),) * ndim
    )
    return labels, np.floor(centers + 0.5), torch.from_numpy(values)[None], torch.from_numpy(weight)[None]


def random_output(target, seed=0):
    return torch.randn(target.shape, generator=torch.Generator().manual_seed(seed)) * 0.4


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_is_the_formula_object_by_object(ndim):
    labels, centers, target, weight = scene(ndim)
    weight[..., 0] = 0
    output = random_output(target)
    options = SpatialEmbeddingOptions(evenness=3, foreground=7)
    places = np.argwhere(labels >= 0).reshape(*labels.shape, ndim)
    step = np.array(SPACING[ndim]) / MEDIAN
    counted = np.broadcast_to(np.arange(12) > 0, labels.shape)
    sent = places * step + np.moveaxis(output[0, :ndim].numpy(), 0, -1)
    width, seed = output[0, -2].numpy(), output[0, -1].sigmoid().numpy()
    gathered = uneven = 0.0
    seeds = (seed[counted & (labels == 0)] ** 2).sum()
    for number, center in enumerate(centers, start=1):
        inside = labels == number
        sigma = 0.5 * np.exp(width[inside].mean())
        phi = np.exp(-((sent - center * step) ** 2).sum(-1) / (2 * sigma**2))
        gathered += float(lovasz_hinge(torch.tensor((2 * phi - 1)[counted]), torch.tensor(inside[counted])))
        uneven += width[inside].var()
        seeds += 7 * ((seed - phi)[inside] ** 2).sum()
    expected = (gathered + 3 * uneven) / 3 + seeds / counted.sum()
    assert float(SpatialEmbedding(options)(output, target, weight)) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("ndim", [2, 3])
def test_right_offsets_narrow_widths_and_sure_seeds_cost_nothing(ndim):
    _, _, target, weight = scene(ndim)
    output = target.clone()
    output[:, -2] = -1.5
    output[:, -1] = 20 * target[:, -1] - 10
    loss = SpatialEmbedding(SpatialEmbeddingOptions())
    assert float(loss(output, target, weight)) < 0.01
    assert float(loss(random_output(target), target, weight)) > 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_falls_along_its_gradient_and_can_be_trained(ndim):
    _, _, target, weight = scene(ndim)
    output = random_output(target).requires_grad_()
    loss = SpatialEmbedding(SpatialEmbeddingOptions())
    optimiser = torch.optim.Adam([output], lr=0.05)
    first = float(loss(output, target, weight).detach())
    for _ in range(60):
        optimiser.zero_grad()
        value = loss(output, target, weight)
        value.backward()
        assert torch.isfinite(output.grad).all()
        optimiser.step()
    assert float(value.detach()) < 0.3 * first


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_side_of_a_voxel_is_read_off(ndim):
    labels, _, target, _ = scene(ndim)
    found = voxel_steps(target[0, :ndim], torch.from_numpy(labels > 0))
    np.testing.assert_allclose(found, np.array(SPACING[ndim]) / MEDIAN, rtol=1e-5)
    flat = torch.zeros_like(target[0, :ndim])
    np.testing.assert_allclose(voxel_steps(flat, torch.zeros(labels.shape, dtype=torch.bool)), 1)


def test_what_has_no_weight_counts_neither_in_the_loss_nor_in_the_gradient():
    _, _, target, weight = scene(2)
    loss, output = SpatialEmbedding(SpatialEmbeddingOptions()), random_output(target)
    weight[:, 0, :, 8:] = 0  # of one channel: the voxel does not count in any
    expected = loss(output, target, weight)
    noisy = output.clone()
    noisy[..., 8:] = float("nan")
    noisy.requires_grad_()
    value = loss(noisy, target, weight)
    value.backward()
    torch.testing.assert_close(value, expected)
    assert not noisy.grad[..., 8:].any()
    silent = loss(noisy, target, torch.zeros_like(weight))
    silent.backward()
    assert silent == 0


def test_an_image_without_objects_wants_no_seeds():
    _, _, target, weight = scene(2)
    output = random_output(target)
    value = SpatialEmbedding(SpatialEmbeddingOptions())(output, torch.zeros_like(target), weight)
    torch.testing.assert_close(value, output[:, -1].sigmoid().square().mean())


def test_images_count_the_same():
    _, _, target, weight = scene(2)
    loss, output = SpatialEmbedding(SpatialEmbeddingOptions()), random_output(target)
    other = random_output(target, 1)
    both = loss(torch.cat([output, other]), torch.cat([target] * 2), torch.cat([weight] * 2))
    torch.testing.assert_close(both, (loss(output, target, weight) + loss(other, target, weight)) / 2)


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="2 axes need 4 channels, not 3"):
        SpatialEmbedding(SpatialEmbeddingOptions())(*(torch.zeros(1, 3, 5, 5),) * 3)
