import numpy as np
import pytest

from bioloom.targets.center import Center, CenterOptions
from bioloom.targets.facts import ObjectFacts


@pytest.mark.parametrize(("shape", "spacing"), [((20, 24), (0.5, 1.5)), ((8, 20, 18), (2.0, 0.5, 0.7))])
@pytest.mark.parametrize("sigma", [0.5, 1.2])
def test_peaks_by_the_formula(shape, spacing, sigma):
    labels = np.zeros(shape, np.uint16)
    labels[..., 2:9] = 3
    labels[..., 9:15] = 8
    centers = np.array([np.argwhere(labels == i).mean(0) for i in (3, 8)]) + 0.2
    radii = np.array([1.9, 2.6])
    facts = ObjectFacts(np.array([3, 8]), centers, radii, 2.0)
    target = Center(CenterOptions(sigma=sigma))
    values, weight = target.make(labels, facts, spacing, ((True, True),) * len(shape))

    expected = np.zeros(shape)
    for place in np.argwhere(labels > 0):
        row = 0 if labels[tuple(place)] == 3 else 1
        distance = (place - np.floor(centers[row] + 0.5)) * spacing
        expected[tuple(place)] = np.exp(-(distance @ distance) / (2 * (sigma * radii[row]) ** 2))
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    assert weight.all(), "a center is a fact of the whole object: no cut matters"


def test_an_object_without_boundary_has_no_width():
    facts = ObjectFacts(np.array([1]), np.array([[2.0, 2.0]]), np.array([np.inf]), 2.0)
    values, weight = Center(CenterOptions()).make(
        np.ones((5, 5), int), facts, (1.0, 1.0), ((False, False),) * 2
    )
    assert np.isfinite(values).all()
    assert not weight.any()
