import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.models import MODELS
from bioloom.models.build import begin_near, build_model, parameter_count
from bioloom.models.options import UNetOptions


@pytest.mark.parametrize("options", ["unet", {"name": "unet"}, UNetOptions()])
def test_options_may_be_an_object_a_mapping_or_a_name(options):
    model = build_model(options, 2, 3, 2)
    assert (model.in_channels, model.out_channels, model.ndim, model.divisor) == (2, 3, 2, (16, 16))


def test_an_unknown_model_is_refused_with_a_suggestion():
    with pytest.raises(BioLoomError, match=r"unknown model 'resudual_unet'.*did you mean 'residual_unet'"):
        build_model("resudual_unet", 1, 1, 2)


def test_lists_for_another_number_of_axes_are_refused():
    options = UNetOptions(pooling=[[1, 2, 2], [2, 2, 2]])
    with pytest.raises(
        BioLoomError, match=r"model.pooling: \[1, 2, 2\] has 3 entries; allowed: 2 .*\(y, x\)"
    ):
        build_model(options, 1, 1, 2)


def test_parameter_count_leaves_out_what_is_not_trained():
    layer = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5))
    assert parameter_count(layer) == 3 * 5 + 5 + 2 * 5
    layer[0].bias.requires_grad_(False)
    assert parameter_count(layer) == 3 * 5 + 2 * 5


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_an_untrained_model_begins_near_the_wanted_outputs(name, ndim):
    torch.manual_seed(0)
    model = build_model(name, 1, 2, ndim).eval()
    image = torch.randn(1, 1, *[16] * ndim)
    with torch.no_grad():
        before = model(image)
        begin_near(model, (0.0, -4.0))
        torch.testing.assert_close(model(image), before + torch.tensor([0.0, -4.0]).reshape(2, *[1] * ndim))
