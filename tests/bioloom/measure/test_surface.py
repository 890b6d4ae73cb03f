from itertools import product
from math import pi

import numpy as np
import pytest
from scipy.special import ellipe, ellipeinc, ellipkinc
from skimage.measure import marching_cubes, mesh_surface_area, perimeter_crofton

from bioloom.measure.cells import count_cells
from bioloom.measure.surface import cell_surface


def surface_of(mask, spacing):
    """The surface of one object."""
    return count_cells(np.pad(mask, 1).astype(np.uint8), cell_surface(spacing)).surface[0]


def ellipsoid(radii, spacing):
    """A digital ellipse or ellipsoid, its radii in micrometres, centred on a voxel."""
    sides = [int(radius / step) + 1 for radius, step in zip(radii, spacing, strict=True)]
    grids = np.meshgrid(*(np.arange(-n, n + 1) for n in sides), indexing="ij")
    return sum((g * step / r) ** 2 for g, step, r in zip(grids, spacing, radii, strict=True)) <= 1


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.4, 0.25), (0.3, 0.3, 5.0)])
def test_surfaces_are_those_of_marching_cubes(spacing):
    rng = np.random.default_rng(0)
    for density in (0.1, 0.5, 0.9):
        mask = rng.random((7, 8, 9)) < density
        vertices, triangles, _, _ = marching_cubes(np.pad(mask, 1).astype(np.float32), 0.5, spacing=spacing)
        assert surface_of(mask, spacing) == pytest.approx(mesh_surface_area(vertices, triangles), rel=1e-6)


@pytest.mark.parametrize("pixel", [1.0, 0.3])
def test_perimeters_are_those_of_scikit_image_for_square_pixels(pixel):
    rng = np.random.default_rng(0)
    for density in (0.1, 0.5, 0.9):
        mask = rng.random((20, 30)) < density
        expected = perimeter_crofton(mask, directions=4) * pixel
        assert surface_of(mask, (pixel, pixel)) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.2), (0.1, 0.6)])
def test_perimeters_are_those_of_a_loop_over_lines(spacing):
    """Crossings along each step, times the distance of the lines, times the angle it stands for."""
    height, width = spacing
    mask = np.pad(np.random.default_rng(1).random((9, 11)) < 0.5, 1)
    angles = sorted(np.arctan2(a * height, b * width) % pi for a, b in ((0, 1), (1, 0), (1, 1), (1, -1)))
    expected = 0.0
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        angle = np.arctan2(down * height, right * width) % pi
        place = angles.index(angle)
        share = ((angles[(place + 1) % 4] - angle) % pi + (angle - angles[place - 1]) % pi) / 2
        crossings = 0
        for y, x in product(range(mask.shape[0]), range(mask.shape[1])):
            if y + down < mask.shape[0] and 0 <= x + right < mask.shape[1]:
                crossings += mask[y, x] != mask[y + down, x + right]
        expected += share / 2 * crossings * height * width / np.hypot(down * height, right * width)
    assert surface_of(mask, spacing) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0), (1.0, 5.0)])
def test_the_perimeter_of_a_disc(spacing):
    radius = 20 * max(spacing)
    found = surface_of(ellipsoid((radius, radius), spacing), spacing)
    assert found == pytest.approx(2 * pi * radius, rel=0.02)


def test_the_perimeter_of_a_small_disc_is_too_long_by_what_the_documents_say():
    found = surface_of(ellipsoid((5.0, 5.0), (1.0, 1.0)), (1.0, 1.0))
    assert found == pytest.approx(1.08 * 2 * pi * 5, rel=0.005)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 0.5), (0.3, 1.0)])
@pytest.mark.parametrize("radii", [(30.0, 15.0), (15.0, 40.0)])
def test_the_perimeter_of_an_ellipse(radii, spacing):
    """Four directions are few for a long object and long pixels."""
    small, large = sorted(radii)
    expected = 4 * large * ellipe(1 - (small / large) ** 2)
    assert surface_of(ellipsoid(radii, spacing), spacing) == pytest.approx(expected, rel=0.07)


def area_of_ellipsoid(radii):
    """Legendre's formula."""
    c, b, a = sorted(radii)
    phi = np.arccos(c / a)
    k = a**2 * (b**2 - c**2) / (b**2 * (a**2 - c**2))
    curved = ellipeinc(phi, k) * np.sin(phi) ** 2 + ellipkinc(phi, k) * np.cos(phi) ** 2
    return 2 * pi * c**2 + 2 * pi * a * b / np.sin(phi) * curved


@pytest.mark.parametrize(
    ("height", "low", "high"), [(1.0, 1.08, 1.1), (2.0, 1.11, 1.13), (3.0, 1.14, 1.17), (5.0, 1.19, 1.22)]
)
def test_the_surface_of_a_ball_is_too_large_by_what_the_documents_say(height, low, high):
    """The steps of the voxels show in the mesh, however fine they are."""
    radius = 10 * height
    found = surface_of(ellipsoid((radius,) * 3, (height, 1.0, 1.0)), (height, 1.0, 1.0))
    assert low < found / (4 * pi * radius**2) < high


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (1.0, 0.5, 0.8)])
def test_the_surface_of_an_ellipsoid(spacing):
    radii = (12.0, 18.0, 24.0)
    ratio = surface_of(ellipsoid(radii, spacing), spacing) / area_of_ellipsoid(radii)
    assert 1.05 < ratio < 1.14


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.4, 0.25)])
def test_the_surface_of_a_box(spacing):
    """Flat faces between the outer voxel centres, edges and corners cut off half-way to the outside."""
    sides = (4, 5, 6)
    a, b, c = ((side - 1) * step for side, step in zip(sides, spacing, strict=True))
    flat = 2 * (a * b + b * c + c * a)
    x, y, z = spacing
    edges = 4 * (a * np.hypot(y, z) + b * np.hypot(x, z) + c * np.hypot(x, y)) / 2
    corners = 8 * np.sqrt((x * y) ** 2 + (y * z) ** 2 + (z * x) ** 2) / 8
    assert surface_of(np.ones(sides, bool), spacing) == pytest.approx(flat + edges + corners, rel=1e-8)


@pytest.mark.parametrize("spacing", [(0.4, 0.25), (1.5, 0.4, 0.25)])
def test_sums_of_cells_do_not_depend_on_their_order(spacing):
    amounts = cell_surface(spacing)[np.random.default_rng(0).integers(0, 2**2 ** len(spacing), 100_000)]
    assert np.cumsum(amounts)[-1] == np.cumsum(amounts[::-1])[-1] == np.cumsum(np.sort(amounts))[-1]


@pytest.mark.parametrize("spacing", [(0.4, 0.25), (1.5, 0.4, 0.25)])
def test_cells_of_one_kind_have_no_surface_and_all_others_do(spacing):
    surface = cell_surface(spacing)
    assert surface[0] == surface[-1] == 0
    assert (surface[1:-1] > 0).all()
