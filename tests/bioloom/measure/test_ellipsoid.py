from math import pi

import numpy as np
import pytest
from skimage.measure import regionprops

from bioloom.measure import ellipsoid
from bioloom.measure.moments import accumulate, centered
from bioloom.measure.runs import object_runs


def covariance_of(labels, spacing):
    return centered(accumulate(object_runs(labels)))[1] * np.outer(spacing, spacing)


def test_axes_are_those_of_scikit_image(labels, spacing):
    lengths = ellipsoid.axis_lengths(covariance_of(labels, spacing))
    for row, region in zip(lengths, regionprops(labels, spacing=spacing), strict=True):
        assert row[0] == pytest.approx(region.axis_major_length, abs=1e-6)
        assert row[-1] == pytest.approx(region.axis_minor_length, abs=1e-6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.2, 0.5, 0.4)])
@pytest.mark.parametrize("radii", [(9.0, 9.0, 9.0), (6.0, 12.0, 18.0), (15.0, 6.0, 10.0)])
def test_axes_of_an_ellipsoid(radii, spacing):
    sides = [int(radius / step) + 1 for radius, step in zip(radii, spacing, strict=True)]
    grids = np.meshgrid(*(np.arange(-n, n + 1) for n in sides), indexing="ij")
    mask = sum((g * s / r) ** 2 for g, s, r in zip(grids, spacing, radii, strict=True)) <= 1
    lengths = ellipsoid.axis_lengths(covariance_of(mask.astype(np.uint8), spacing))
    c, b, a = sorted(radii)
    np.testing.assert_allclose(lengths[0], [2 * a, 2 * b, 2 * c], rtol=0.04)
    assert ellipsoid.elongation(lengths)[0] == pytest.approx(a / b, rel=0.04)
    assert ellipsoid.flatness(lengths)[0] == pytest.approx(b / c, rel=0.04)


def test_axes_of_a_box():
    """A row of n points has the variance (n**2 - 1) / 12."""
    lengths = ellipsoid.axis_lengths(covariance_of(np.ones((4, 5, 6), np.uint8), (2.0, 1.0, 1.0)))
    variances = [4 * 15 / 12, 35 / 12, 24 / 12]
    np.testing.assert_allclose(lengths[0], 2 * np.sqrt(5 * np.array(variances)))


def test_orientation_is_that_of_scikit_image(labels, spacing, ndim):
    if ndim == 3:
        labels, spacing = labels[3], spacing[1:]
    angles = ellipsoid.orientation(covariance_of(labels, spacing))
    regions = regionprops(labels, spacing=spacing)
    assert np.isfinite(angles).sum() > 2
    for angle, region in zip(angles, regions, strict=True):
        if np.isfinite(angle):
            assert np.sin(angle - region.orientation) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("angle", "step"), [(0, (1, 0)), (pi / 2, (0, 1)), (pi / 4, (1, 1)), (-pi / 4, (1, -1))]
)
def test_orientation_of_a_line(angle, step):
    labels = np.zeros((11, 11), int)
    for at in range(-3, 4):
        labels[5 + at * step[0], 5 + at * step[1]] = 1
    assert ellipsoid.orientation(covariance_of(labels, (1.0, 1.0)))[0] == pytest.approx(angle)


def test_orientation_honours_the_voxel_size():
    """3 rows of 5 pixels lie along the rows, unless pixels are three times as high as wide."""
    labels = np.ones((3, 5), int)
    assert ellipsoid.orientation(covariance_of(labels, (1.0, 1.0)))[0] == pytest.approx(pi / 2)
    assert ellipsoid.orientation(covariance_of(labels, (3.0, 1.0)))[0] == pytest.approx(0)


@pytest.mark.parametrize("shape", [(1, 1), (4, 4)])
def test_equal_axes_have_no_orientation(shape):
    assert np.isnan(ellipsoid.orientation(covariance_of(np.ones(shape, int), (0.3, 0.3)))[0])


def test_a_line_and_a_sheet_have_no_ratio_to_what_has_no_length():
    labels = np.zeros((5, 5, 5), int)
    labels[0, 0, :] = 1
    labels[2, :3, :] = 2
    lengths = ellipsoid.axis_lengths(covariance_of(labels, (1.0, 1.0, 1.0)))
    np.testing.assert_array_equal(np.isnan(ellipsoid.elongation(lengths)), [True, False])
    assert np.isnan(ellipsoid.flatness(lengths)).all()
    assert ellipsoid.eccentricity(lengths[:1, :2]).tolist() == [1]
