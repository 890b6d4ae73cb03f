import pytest
import torch
from torch import nn
from torch.profiler import profile

from bioloom.models.build import build_model, parameter_count
from bioloom.models.cost import estimate_flops, estimate_memory_bytes


class Toy(nn.Module):
    """Two convolutions, whose costs can be told by hand."""

    in_channels = 2

    def __init__(self, ndim):
        super().__init__()
        convolution = {2: nn.Conv2d, 3: nn.Conv3d}[ndim]
        self.body = nn.Sequential(
            convolution(2, 8, 3, padding=1, bias=False), convolution(8, 1, 1, bias=False)
        )

    def forward(self, x):
        return self.body(x)


@pytest.mark.parametrize("size", [(8, 16), (4, 8, 16)])
def test_flops_of_two_convolutions(size):
    ndim, voxels = len(size), torch.Size(size).numel()
    first, second = 2 * voxels * 3**ndim * 2 * 8, 2 * voxels * 8
    assert estimate_flops(Toy(ndim), size) == first + second
    # Backward: the kernels' gradient of both, the values' gradient of the second only.
    assert estimate_flops(Toy(ndim), size, training=True) == 2 * first + 3 * second


def test_flops_of_the_published_training_step():
    options = {"name": "residual_unet", "downsampling": "max", "upsampling": "transpose"}
    model = build_model(options, 1, 2, 2)
    assert round(4 * estimate_flops(model, (256, 256), training=True) / 1e9) == 76


@pytest.mark.parametrize("size", [(8, 16), (4, 8, 16)])
def test_memory_of_two_convolutions(size):
    voxels, model = torch.Size(size).numel(), Toy(len(size))
    parameters = parameter_count(model)
    # The largest moment: all channels before, between or after; PyTorch keeps the 8 while it makes the 1.
    assert estimate_memory_bytes(model, size) == 4 * voxels * (8 + 1) + 4 * parameters
    assert estimate_memory_bytes(model, size, batch_size=3) == 3 * 4 * voxels * (8 + 1) + 4 * parameters
    assert estimate_memory_bytes(model, size, precision="bf16") == 2 * voxels * (8 + 1) + 6 * parameters


def test_training_holds_weights_gradients_averages_and_two_moments():
    model, size = Toy(2), (8, 16)
    voxels, parameters = 8 * 16, parameter_count(model)
    # The largest moment: the middle and its gradient, the result, the second kernel's gradient (8 values),
    # the sum and its gradient.
    values = 4 * (voxels * (8 + 8 + 1) + 8 + 1 + 1)
    assert estimate_memory_bytes(model, size, training=True) == values + 4 * 4 * parameters


def measured_peak(model, images, *, training):
    with profile(profile_memory=True) as record, torch.set_grad_enabled(training):
        values = model(images)
        if training:
            values.sum().backward()
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [(64, 96), (16, 32, 32)])
def test_memory_is_near_what_pytorch_really_takes(size, training):
    layout = torch.channels_last if len(size) == 2 else torch.channels_last_3d
    options = {"name": "residual_unet", "feature_maps": [8, 16, 32]}
    model = build_model(options, 1, 1, len(size)).to(memory_format=layout).eval()
    images = torch.rand(4, 1, *size).contiguous(memory_format=layout)
    constant = parameter_count(model) * (16 if training else 4)
    estimate = estimate_memory_bytes(model, size, batch_size=4, training=training) - constant
    # PyTorch also takes scratch space inside some operations. Tensors without memory have no layout either,
    # so that the estimate holds a copy in three dimensions which is none in channels-last layout.
    most = 1.02 if training and len(size) == 3 else 1
    assert 0.8 < estimate / measured_peak(model, images, training=training) <= most


def test_the_model_is_left_as_it_was():
    model = build_model("unet", 1, 1, 2).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    estimate_flops(model, (32, 32), training=True)
    estimate_memory_bytes(model, (32, 32), training=True)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
