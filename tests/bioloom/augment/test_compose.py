import numpy as np
import pytest
import torch

from bioloom.augment import AUGMENTATIONS
from bioloom.augment.compose import Augmenter
from bioloom.augment.frame import Frame

FRAME = Frame((24, 24), (1.0, 1.0))


def augmenter(*options):
    return Augmenter([AUGMENTATIONS.parse(o) for o in options])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_an_empty_recipe_changes_nothing():
    image = torch.rand(1, 24, 24)
    empty = augmenter()
    assert empty.map(FRAME, generator()).exact
    np.testing.assert_array_equal(empty.map(FRAME, generator()).matrix, np.eye(2))
    assert empty.apply(image, FRAME, generator()) is image


def test_probabilities_are_kept():
    recipe = augmenter({"name": "affine", "probability": 0.3}, {"name": "brightness", "probability": 0.3})
    image, random = torch.zeros(1, 24, 24), generator()
    maps = [recipe.map(FRAME, random).exact for _ in range(500)]
    changed = [bool(recipe.apply(image, FRAME, random).any()) for _ in range(500)]
    assert 1 - np.mean(maps) == pytest.approx(0.3, abs=0.07)
    assert np.mean(changed) == pytest.approx(0.3, abs=0.07)


def test_intensities_change_in_the_order_of_the_list():
    image = torch.rand(1, 24, 24, generator=generator())
    gamma = {"name": "gamma", "probability": 1, "range": [2, 2]}
    brightness = {"name": "brightness", "probability": 1, "range": [0.5, 0.5]}
    contrast = {"name": "contrast", "probability": 1, "range": [2, 2]}
    first = augmenter(contrast, brightness, gamma).apply(image, FRAME, generator())
    second = augmenter(brightness, gamma, contrast).apply(image, FRAME, generator())
    assert not torch.allclose(first, second)


def test_the_same_generator_gives_the_same_and_another_one_does_not():
    recipe = augmenter(*AUGMENTATIONS)
    image = torch.rand(2, 24, 24, generator=generator(9))
    first, again, other = (generator(seed) for seed in (1, 1, 2))
    maps = [recipe.map(FRAME, g) for g in (first, again, other)]
    np.testing.assert_array_equal(maps[0].matrix, maps[1].matrix)
    assert not np.array_equal(maps[0].matrix, maps[2].matrix)
    images = [recipe.apply(image, FRAME, g) for g in (first, again)]
    assert torch.equal(*images)


def test_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    recipe = augmenter(*({"name": name, "probability": 1} for name in AUGMENTATIONS))
    recipe.map(FRAME, generator())
    recipe.apply(torch.rand(1, 24, 24, generator=generator()), FRAME, generator())
    assert torch.equal(torch.rand(3), expected)
