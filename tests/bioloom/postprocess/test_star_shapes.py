import numpy as np
import pytest
from skimage.draw import polygon2mask

from bioloom.geometry.box import Box
from bioloom.postprocess.star_shapes import find_cones, half_sides
from bioloom.targets.rays import ray_directions


def drawn(radii, spacing, half):
    directions = ray_directions(radii.size, len(spacing))
    cones = find_cones(directions, spacing, half)
    return cones.inside(radii.astype(np.float32), Box(tuple(-h for h in half), tuple(h + 1 for h in half)))


def test_in_2d_many_rays_draw_the_polygon_of_their_ends():
    angle = 2 * np.pi * np.arange(90) / 90
    radii = 12 + 3 * np.cos(3 * angle) + 2 * np.sin(angle)
    for spacing in ((1.0, 1.0), (0.5, 1.25)):
        half = tuple(int(20 / step) for step in spacing)
        ends = (radii[:, None] * ray_directions(90, 2)) / spacing + half
        expected = polygon2mask(tuple(2 * h + 1 for h in half), ends)
        found = drawn(radii, spacing, half)
        assert (found & expected).sum() / (found | expected).sum() > 0.98


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.7, 0.9)])
def test_equal_radii_make_a_ball(ndim, spacing):
    step, half = spacing[-ndim:], (12,) * ndim
    grid = np.stack(np.meshgrid(*(np.arange(-12, 13),) * ndim, indexing="ij"), -1) * step
    expected = np.linalg.norm(grid, axis=-1) <= 8.05
    np.testing.assert_array_equal(drawn(np.full(48, 8.05), step, half), expected)


def test_in_3d_the_radius_is_weighed_by_the_coordinates_along_the_rays_around():
    directions, spacing, half = ray_directions(40, 3), (2.0, 1.0, 1.0), (4, 8, 8)
    radii = np.random.default_rng(0).uniform(3, 8, 40)
    found = drawn(radii, spacing, half)
    from scipy.spatial import ConvexHull

    for offset in np.random.default_rng(1).integers((-4, -8, -8), (5, 9, 9), (200, 3)):
        place = offset * spacing
        for corners in ConvexHull(directions).simplices:  # the cone with no negative coordinate
            along = np.linalg.solve(directions[corners].T, place)
            if (along >= -1e-9).all() and along.sum():
                radius = along @ radii[corners] / along.sum()
                if abs(np.linalg.norm(place) - radius) > 1e-5:
                    assert found[tuple(offset + half)] == (np.linalg.norm(place) < radius)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_size_of_the_table_does_not_matter(ndim):
    radii = np.random.default_rng(2).uniform(2, 6, 64)
    small, large = drawn(radii, (1.0,) * ndim, (6,) * ndim), drawn(radii, (1.0,) * ndim, (11,) * ndim)
    np.testing.assert_array_equal(small, large[(slice(5, -5),) * ndim])
    large[(slice(5, -5),) * ndim] = False
    assert not large.any()


def test_half_sides_hold_the_longest_ray():
    sides = half_sides(np.array([[1.0, 4.0, 2.0], [0.0, 0.5, 0.2]]), (2.0, 0.5))
    np.testing.assert_array_equal(sides, [[2, 8], [0, 1]])
