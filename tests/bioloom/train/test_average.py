import numpy as np
import torch
from synthetic_training import tiny_net

from bioloom.train.average import Average


def changed(model, generator):
    """Give every weight and buffer of `model` a new value."""
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.from_numpy(generator.normal(size=value.shape).astype(np.float32)))
        else:
            value += 1


def test_the_average_is_the_formula():
    model, decay, generator = tiny_net(), 0.8, np.random.default_rng(0)
    average = Average(model, decay)
    expected = {name: value.double().numpy().copy() for name, value in model.state_dict().items()}
    for update in range(60):
        changed(model, generator)
        average.update(model)
        share = min(decay, (1 + update) / (10 + update))
        for name, value in model.state_dict().items():
            expected[name] = share * expected[name] + (1 - share) * value.double().numpy()
    assert average.updates == 60
    for name, value in average.module.state_dict().items():
        if value.is_floating_point():
            np.testing.assert_allclose(value.numpy(), expected[name], rtol=1e-5, atol=1e-6)


def test_batch_norm_statistics_are_averaged_and_counts_copied():
    model = tiny_net()
    average = Average(model, 0.9)
    changed(model, np.random.default_rng(1))
    average.update(model)
    mine, theirs = average.module.layers[1], model.layers[1]
    assert torch.allclose(mine.running_mean, 0.9 * theirs.running_mean)  # it was 0, the first decay is 0.1
    assert mine.num_batches_tracked == theirs.num_batches_tracked == 1


def test_no_decay_gives_the_newest_weights_exactly():
    model = tiny_net()
    average = Average(model, 0.0)
    changed(model, np.random.default_rng(2))
    average.update(model)
    assert all(
        torch.equal(a, b)
        for a, b in zip(average.module.state_dict().values(), model.state_dict().values(), strict=True)
    )


def test_the_random_start_is_soon_forgotten():
    model = tiny_net()
    average = Average(model, 0.999)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    for _ in range(20):
        average.update(model)
    assert max(p.abs().max() for p in average.module.parameters()) < 1e-6


def test_the_average_takes_no_part_in_training_and_can_be_saved():
    model = tiny_net()
    average = Average(model, 0.9)
    assert not average.module.training
    assert not any(p.requires_grad for p in average.module.parameters())
    assert all(p.requires_grad for p in model.parameters())
    changed(model, np.random.default_rng(3))
    average.update(model)
    other = Average(tiny_net(), 0.9)
    other.load_state_dict(average.state_dict())
    assert other.current_decay() == average.current_decay() == 2 / 11
    assert torch.equal(other.module.layers[0].weight, average.module.layers[0].weight)
