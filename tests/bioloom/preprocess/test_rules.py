from math import prod

import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess import rules
from bioloom.settings import parse_options
from bioloom.settings.resolve import resolve


def facts(ndim=2, **changes):
    values = {
        "ndim": ndim,
        "spacing_um": [1.0] * ndim,
        "median_shape": [300] * ndim,
        "object_diameter_um": {"95": 20.0},
        "object_voxels": {"1": 90.0},
        "largest_object": [30] * ndim,
        "median_radius_um": 7.2,
    }
    return values | changes


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (facts(), [128, 128]),  # six objects are 120 voxels
        (facts(object_diameter_um={"95": 30.0}), [192, 192]),
        (facts(object_diameter_um={"95": 300.0}), [256, 256]),
        (facts(median_shape=[60, 300]), [64, 128]),
        (facts(3), [64, 64, 64]),
        (facts(3, spacing_um=[4.0, 1.0, 1.0]), [16, 64, 64]),
        ({k: v for k, v in facts().items() if "object" not in k}, [128, 128]),
    ],
)
def test_patches_are_some_objects_wide(found, expected):
    assert rules.patch_size(found)[0] == expected


def test_axes_with_coarse_voxels_are_pooled_later():
    flat, _ = rules.poolings(facts(), [128, 128], 4)
    assert flat == [[2, 2]] * 4
    deep, _ = rules.poolings(facts(3, spacing_um=[4.0, 1.0, 1.0]), [16, 64, 64], 4)
    assert deep == [[1, 2, 2], [1, 2, 2], [2, 2, 2], [2, 2, 2]]
    kernels, _ = rules.kernels(facts(3, spacing_um=[4.0, 1.0, 1.0]), [16, 64, 64], deep)
    assert kernels[:2] == [[1, 3, 3], [3, 3, 3]]
    assert rules.poolings(facts(), [6, 128], 4)[0] == [[1, 2]]  # then the voxels are twice as long along x
    assert rules.poolings(facts(), [7, 7], 4)[0] == []


@pytest.mark.parametrize("spacing", [[4.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.2, 1.0, 1.0]])
def test_patches_of_one_plane_make_a_network_of_planes(spacing):
    """However long the voxels are along z, the rules are those of 2D in the plane."""
    found, flat = facts(3, spacing_um=spacing), facts()
    levels, why = rules.poolings(found, [1, 128, 128], 4)
    assert levels == [[1, *pool] for pool in rules.poolings(flat, [128, 128], 4)[0]]
    kernels, _ = rules.kernels(found, [1, 128, 128], levels)
    assert kernels == [[1, 3, 3]] * 5
    assert "plane by plane" in why
    assert rules.overlap([1, 128, 128])[0] == [0, 32, 32]
    assert rules.chunk(found, [1, 128, 128], [0, 32, 32], 4)[0] == [12, 12, 12]


def test_an_image_of_one_plane_has_patches_of_one_plane():
    assert rules.patch_size(facts(3, median_shape=[1, 300, 300]))[0] == [1, 64, 64]


def test_patches_always_halve_as_often_as_the_network_does():
    for side in range(16, 257, 16):
        levels, _ = rules.poolings(facts(), [side, side], 4)
        assert all(side % prod(pool[axis] for pool in levels) == 0 for axis in (0, 1))


def test_two_patches_fit_a_training_step():
    """Large objects in cubic voxels would ask for 96, of which one alone is more than a step holds."""
    size, _ = rules.patch_size(facts(3, spacing_um=[1.0, 1.0, 1.0], median_shape=[500, 500, 500]))
    assert 2 * prod(size) <= rules.VOXELS_PER_STEP[3]
    assert size == [64, 64, 64]


@pytest.mark.parametrize(
    ("size", "image", "seen"),
    [
        ([128, 192], [500, 500], [256, 384]),
        ([128, 192], [256, 256], [256, 352]),
        ([128, 192], [150, 200], [208, 272]),
        ([1, 64, 64], [9, 500, 500], [1, 128, 128]),
        ([32, 64, 64], [31, 100, 90], [48, 128, 128]),
    ],
)
def test_predicted_patches_are_twice_as_large_within_the_images(size, image, seen):
    found = facts(len(size), median_shape=image)
    levels = [[min(n, 2) for n in size]] * 4
    assert rules.predicted_size(found, size, levels)[0] == seen
    assert rules.predicted_batch(8, size, seen)[0] == max(1, 8 * prod(size) // prod(seen))


def test_batches_fit_the_budget():
    assert rules.batch_size(facts(), [128, 128])[0] == 16
    assert rules.batch_size(facts(), [256, 256])[0] == 4
    assert rules.batch_size(facts(), [2048, 2048])[0] == 2


def test_sizes_of_operations_come_from_the_objects():
    assert rules.smallest_object(facts())[0] == 90
    assert rules.largest_hole(facts())[0] == 8
    assert rules.unit_of_lengths({"median_radius_um": 2.5})[0] == 2.5
    assert rules.unit_of_lengths({})[0] == 1.0
    assert rules.halo(facts())[0] == [34, 34]
    assert rules.halo(facts(3, largest_object=[2, 90, 3]))[0] == [16, 94, 16]


@pytest.mark.parametrize("ndim", [2, 3])
def test_all_that_is_left_to_auto_is_settled_with_a_reason(ndim):
    config = parse_options({"task": "instance_segmentation"})
    settled = rules.settle(config, facts(ndim), 3)
    assert all(choice["reason"] for choice in settled.values())
    resolved = resolve(config, settled).model_dump()
    sections = ("patch", "model", "train", "infer")
    left = {f"{s}.{key}" for s in sections for key, value in resolved[s].items() if value == "auto"}
    machine = {"train.precision", "train.device", "train.workers", "infer.precision", "infer.device"}
    assert left == {"train.targets", "train.losses"} | machine


def test_what_is_given_is_not_settled():
    options = {
        "patch": {"size": [64, 64]},
        "model": {"name": "unet", "feature_maps": [4, 8]},
        "train": {"steps": 7},
    }
    settled = rules.settle(parse_options(options), facts(), 3)
    assert not {"patch.size", "model.feature_maps", "train.steps"} & set(settled)
    assert settled["infer.patch_size"]["value"] == [128, 128]
    assert settled["patch.overlap"]["value"] == [32, 32]
    assert settled["model.pooling"]["value"] == [[2, 2]]


def test_patches_of_another_number_of_axes():
    with pytest.raises(
        BioLoomError, match=r"patch\.size has 3 numbers, the training images have 2 spatial axes"
    ):
        rules.settle(parse_options({"patch": {"size": [8, 8, 8]}}), facts(), 3)

    with pytest.raises(
        BioLoomError, match=r"infer\.patch_size has 3 numbers.*; fix: correct infer\.patch_size"
    ):
        rules.settle(parse_options({"infer": {"patch_size": [8, 8, 8]}}), facts(), 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"infer": {"patch_size": [200, 200]}},
            r"infer\.patch_size: \[200, 200\] .* \[192, 192\] or \[208, 208\]",
        ),
        (
            {"patch": {"size": [100, 100]}, "infer": {"patch_size": [98, 100]}},
            r"infer\..* multiples of 4 x 4",
        ),
        (
            {"model": {"name": "unet", "pooling": [[3, 3]]}},
            r"patch\.size: \[128, 128\] .* \[126, 126\] or \[129",
        ),
        ({"model": {"name": "unet", "pooling": [[2, 2, 2]]}}, r"model\.pooling: \[2, 2, 2\] has 3 entries"),
    ],
)
def test_patches_that_the_network_cannot_halve(options, says):
    with pytest.raises(BioLoomError, match=f"^{says}"):
        rules.settle(parse_options(options), facts(), 3)


def test_patches_to_predict_change_nothing_that_is_settled():
    given = parse_options({"infer": {"patch_size": [208, 64]}})
    assert rules.settle(given, facts(), 3) == rules.settle(parse_options({}), facts(), 3)


def test_objects_without_sizes_leave_the_least():
    known = {key: value for key, value in facts().items() if key in ("ndim", "spacing_um")}
    for rule, value in ((rules.halo, [32, 32]), (rules.smallest_object, 1), (rules.largest_hole, 1)):
        assert rule(known) == (value, "no object has a size")
