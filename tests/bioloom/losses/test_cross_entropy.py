import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from bioloom.errors import BioLoomError
from bioloom.losses.cross_entropy import CrossEntropy
from bioloom.losses.options import CrossEntropyOptions


def batch(shape, seed=0):
    """Logits, the true class one-hot and a weight per voxel, equal in all channels."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    target = np.stack([classes == c for c in range(shape[1])], 1).astype(float)
    weight = np.broadcast_to(rng.random((shape[0], 1, *shape[2:])), shape).copy()
    return 3 * rng.standard_normal(shape), target, weight, classes


@pytest.mark.parametrize("weights", ["none", [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_cross_entropy_of_torch_by_weight(shape, weights):
    logits, target, weight, classes = (torch.from_numpy(a) for a in batch(shape))
    loss = CrossEntropy(CrossEntropyOptions(class_weights=weights))
    factors = torch.tensor([1.0, 1, 1] if weights == "none" else weights, dtype=torch.float64)
    each = cross_entropy(logits, classes, reduction="none")
    scaled = weight[:, 0] * factors[classes]
    torch.testing.assert_close(
        loss(logits, target, weight).double(), (each * scaled).sum() / scaled.sum(), rtol=1e-5, atol=1e-6
    )


def test_a_wrong_number_of_weights():
    logits, target, weight, _ = (torch.from_numpy(a) for a in batch((1, 3, 4, 4)))
    with pytest.raises(BioLoomError, match="class_weights has 2 numbers; allowed: one per class, 3 in all"):
        CrossEntropy(CrossEntropyOptions(class_weights=[1, 2]))(logits, target, weight)
