from itertools import pairwise, product

import pytest
import torch

from bioloom.losses.lovasz import jaccard_steps, lovasz_hinge


@pytest.mark.parametrize("size", [1, 5])
def test_at_scores_of_one_it_is_twice_the_jaccard_loss(size):
    """Errors are 2 where wrong and 0 where right: twice the loss of the set of wrong voxels."""
    for truth, said in product(product((False, True), repeat=size), repeat=2):
        inside, found = torch.tensor(truth), torch.tensor(said)
        both, either = (inside & found).sum(), (inside | found).sum()
        expected = 2 * (1 - both / either) if either else torch.tensor(0.0)
        value = lovasz_hinge(found.float() * 2 - 1, inside)
        assert value == pytest.approx(float(expected), abs=1e-6)


def test_it_is_the_lovasz_extension_of_the_jaccard_loss():
    """The integral over thresholds of the loss of the voxels whose error exceeds them."""
    generator = torch.Generator().manual_seed(0)
    inside = torch.rand(30, generator=generator) > 0.6
    scores = torch.randn(30, generator=generator)
    errors = (1 - scores * (inside.float() * 2 - 1)).clamp(min=0)
    levels = torch.cat([torch.zeros(1), errors.sort().values])
    total = 0.0
    for low, high in pairwise(levels):
        wrong = errors > low
        missed, invented = (wrong & inside).sum(), (wrong & ~inside).sum()
        total += float((high - low) * (1 - (inside.sum() - missed) / (inside.sum() + invented)))
    assert float(lovasz_hinge(scores, inside)) == pytest.approx(total, rel=1e-5)


def test_without_errors_or_voxels_it_is_0():
    inside = torch.tensor([True, False, True])
    assert lovasz_hinge(torch.tensor([1.5, -1.0, 2.0]), inside) == 0
    assert lovasz_hinge(torch.zeros(0), torch.zeros(0, dtype=torch.bool)) == 0


def test_steps_add_up_to_the_whole_loss():
    inside = torch.tensor([True, False, True, False, False])
    steps = jaccard_steps(inside)
    assert (steps >= 0).all()
    assert float(steps.sum()) == pytest.approx(1.0)
