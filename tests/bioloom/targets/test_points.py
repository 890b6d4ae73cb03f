import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.targets.base import UNKNOWN
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.points import Points, PointsOptions

SHAPES = {2: (22, 26), 3: (9, 22, 26)}
SPACINGS = {2: (0.5, 0.8), 3: (2.0, 0.5, 0.8)}


def facts_of(places, classes=None, radius=2.0):
    places = np.array(places, float)
    named = None if classes is None else np.array(classes)
    return ObjectFacts(np.arange(1, len(places) + 1), places, np.zeros(len(places)), radius, named)


def made(places, ndim, cut=None, **options):
    target = Points(PointsOptions(**options))
    return target.make(
        np.zeros(SHAPES[ndim], np.int32),
        facts_of(places),
        SPACINGS[ndim],
        cut or ((False, False),) * ndim,
    )


def some_places(ndim, number=7):
    return np.random.default_rng(3).uniform(-3, np.array(SHAPES[ndim]) + 2, (number, ndim))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("radius", "sigma"), [(0.3, 0.5), (3.0, 0.5), (5.0, 0.2)])
def test_blurred_points_by_the_formula(ndim, radius, sigma):
    places, spacing = some_places(ndim), np.array(SPACINGS[ndim])
    values, weight = made(places, ndim, radius_um=radius, sigma=sigma)
    sigmas = np.maximum(radius * sigma, spacing / 2)  # no Gaussian is narrower than half a voxel
    expected = np.zeros(SHAPES[ndim])
    for voxel in np.ndindex(SHAPES[ndim]):
        away = np.sqrt((((voxel - places) * spacing / sigmas) ** 2).sum(1))
        expected[voxel] = np.where(away <= 3, np.exp(-(away**2) / 2), 0).max()
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    assert weight.all()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("radius", [0.1, 2.2])
def test_dilated_points_are_balls_of_at_least_a_voxel(ndim, radius):
    places, spacing = some_places(ndim), np.array(SPACINGS[ndim])
    values, _ = made(places, ndim, radius_um=radius, shape="dilated")
    radii = np.maximum(radius, spacing / 2)
    expected = np.zeros(SHAPES[ndim], bool)
    for voxel in np.ndindex(SHAPES[ndim]):
        near = (((voxel - places) * spacing / radii) ** 2).sum(1) <= 1
        expected[voxel] = (near | (np.floor(places + 0.5) == voxel).all(1)).any()
    np.testing.assert_array_equal(values[0], expected)


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_class_has_a_channel(ndim):
    places = [(4,) * ndim, (8,) * ndim, (8,) * ndim]
    target = Points(PointsOptions(radius_um=1.0, classes=("a", "b", "c")))
    empty, uncut = np.zeros(SHAPES[ndim], int), ((False, False),) * ndim
    values, _ = target.make(empty, facts_of(places, ["b", "a", "b"]), SPACINGS[ndim], uncut)
    assert [float(v[(4,) * ndim]) for v in values] == [0, 1, 0]
    assert [float(v[(8,) * ndim]) for v in values] == [1, 1, 0]
    names = [channel.name for channel in Points(PointsOptions(classes=("a", "b"))).channels(ndim)]
    assert names == ["points-a", "points-b"]


@pytest.mark.parametrize(
    ("classes", "message"), [(["WBC"], "class 'WBC'.*allowed: RBC.*"), (None, "has no class")]
)
def test_a_point_of_no_declared_class_is_refused(classes, message):
    target = Points(PointsOptions(classes=("RBC",)))
    with pytest.raises(BioLoomError, match=message):
        target.make(np.zeros((5, 5), int), facts_of([(2, 2)], classes), (1.0, 1.0), ((False, False),) * 2)


def test_without_classes_those_of_the_table_do_not_matter():
    facts = facts_of([(2, 2)], ["WBC"])
    values, _ = Points(PointsOptions()).make(np.zeros((5, 5), int), facts, (1.0, 1.0), ((False, False),) * 2)
    assert values[0, 2, 2] == 1


def test_near_a_cut_nothing_is_settled_as_far_as_a_blob_reaches():
    cut = ((False, False), (True, False))
    _, weight = made([(5, 5)], 2, cut=cut, radius_um=4.0)
    # the nearest center beyond the cut lies at x = -1; blobs reach 1.5 * 4 um, voxels are 0.8 um wide
    assert weight[0, 0].tolist() == [float((x + 1) * 0.8 > 6) for x in range(26)]


def test_beyond_a_face_at_which_the_image_was_cut_out_points_are_not_known():
    labels = np.zeros((9, 12), np.int64)
    labels[:, 10:] = -1 - UNKNOWN
    target = Points(PointsOptions(radius_um=2.0))
    _, weight = target.make(labels, facts_of([(4, 4)]), (1.0, 1.0), ((False, False),) * 2)
    assert weight[0, 0].tolist() == [1.0] * 7 + [0.0] * 5


@pytest.mark.parametrize("ndim", [2, 3])
def test_no_points_are_an_empty_target(ndim):
    values, weight = made(np.zeros((0, ndim)), ndim)
    assert not values.any()
    assert weight.all()


@pytest.mark.parametrize("name", ["", " a", "a "])
def test_names_of_classes_are_names(name):
    with pytest.raises(ValueError, match="classes"):
        PointsOptions(classes=(name,))


@pytest.mark.parametrize("classes", ["all", "none"])
def test_classes_that_are_not_known_have_one_channel(classes):
    channels = Points(PointsOptions(classes=classes)).channels(2)
    assert [channel.name for channel in channels] == ["points"]
