"""What every model must hold, in 2D and 3D."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.errors import BioLoomError
from bioloom.models import MODELS
from bioloom.models.build import build_model

MEMORY_FORMATS = {2: torch.channels_last, 3: torch.channels_last_3d}


def small(name):
    """The options of a model, narrow where it can be."""
    narrow = {"feature_maps": [4, 6, 8]} if "feature_maps" in MODELS.options(name).model_fields else {}
    return MODELS.parse({"name": name, **narrow})


@pytest.fixture(params=list(MODELS))
def name(request):
    return request.param


@pytest.fixture(params=[2, 3])
def ndim(request):
    return request.param


@pytest.fixture
def model(name, ndim):
    torch.manual_seed(0)
    return build_model(small(name), 2, 3, ndim)


@pytest.fixture
def images(model):
    sides = [2 * divisor for divisor in model.divisor]
    return torch.rand(2, 2, *sides, generator=torch.Generator().manual_seed(1))


def settled(model, images):
    """The model in evaluation mode, after its running statistics have seen the images."""
    model.train()
    for _ in range(20):
        model(images)
    return model.eval()


def test_a_result_has_the_shape_of_the_image(model, images):
    assert model(images).shape == (2, 3, *images.shape[2:])


def test_sides_need_not_be_equal(model):
    sides = [(axis + 1) * divisor for axis, divisor in enumerate(model.divisor)]
    assert model(torch.rand(2, 2, *sides)).shape == (2, 3, *sides)


def test_results_are_raw_values(model, images):
    with torch.no_grad():
        model.head.bias.fill_(50.0)
    assert model(images).max() > 10


def test_the_gradient_reaches_every_parameter(model, images):
    model(images).square().mean().backward()
    dead = [name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert dead == []


def test_a_seed_fixes_weights_and_results(name, ndim, model, images):
    torch.manual_seed(0)
    twin = build_model(small(name), 2, 3, ndim)
    torch.testing.assert_close(twin(images), model(images), rtol=0, atol=0)


def test_other_sides_are_refused_with_the_nearest_size(model, ndim):
    sides = [divisor + 1 for divisor in model.divisor]
    nearest = str(list(model.divisor)).replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(BioLoomError, match=f"multiples of.*{nearest}"):
        model(torch.rand(1, 2, *sides))


def test_weights_survive_safetensors(model, images, name, ndim, tmp_path):
    settled(model, images)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    other = build_model(small(name), 2, 3, ndim)
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    torch.testing.assert_close(other.eval()(images), model(images), rtol=0, atol=0)


def test_channels_last_gives_the_same_result(model, images, ndim):
    expected = settled(model, images)(images)
    model.to(memory_format=MEMORY_FORMATS[ndim])
    result = model(images.contiguous(memory_format=MEMORY_FORMATS[ndim]))
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)


def test_autocast_stays_narrow_and_channels_last_throughout(model, images, ndim):
    layout = MEMORY_FORMATS[ndim]
    model.to(memory_format=layout)
    odd = []

    def look(module, _, result):
        if result.dtype != torch.bfloat16 or not result.is_contiguous(memory_format=layout):
            odd.append((module, result.dtype, result.stride()))

    for module in model.modules():
        module.register_forward_hook(look)
    with torch.autocast("cpu", torch.bfloat16):
        model(images.contiguous(memory_format=layout))
    assert odd == []


def test_autocast_is_close_to_full_precision(model, images):
    expected = settled(model, images)(images)
    with torch.autocast("cpu", torch.bfloat16):
        result = model(images)
    assert (result - expected).abs().mean() < 0.05 * expected.std()


def test_a_patch_does_not_depend_on_its_neighbours_in_the_batch(model, images):
    settled(model, images)
    others = torch.stack([images[0], 5 * images[1]])
    torch.testing.assert_close(model(others)[0], model(images)[0], rtol=0, atol=0)
    torch.testing.assert_close(model(images[:1])[0], model(images)[0], rtol=1e-4, atol=1e-5)


def test_it_learns_a_pattern(model, images):
    target = (images[:, :1] > 0.5).float().expand(-1, 3, *images.shape[2:])
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(40):
        losses.append(binary_cross_entropy_with_logits(model(images), target))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]
