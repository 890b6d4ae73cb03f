import pytest
import torch
from synthetic_training import Discs, loss, tiny_net

from bioloom.train import validate
from bioloom.train.feed import ValidationBatches
from bioloom.train.precision import Precision
from bioloom.train.validate import Validation


class Counted(Discs):
    made = 0

    def validation_example(self, row):
        self.made += 1
        return super().validation_example(row)


def validation(source, workers=0, precision="fp32"):
    batches = ValidationBatches(source, 2)
    return Validation(batches, loss, Precision(precision, "cpu"), torch.device("cpu"), workers)


def never():
    return False


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_mean_is_over_examples(ndim, workers):
    source, model = Discs(ndim, rows=5), tiny_net(ndim)
    model(torch.rand(2, 1, *(16,) * ndim))  # batch norm has seen something
    losses = validation(source, workers)(model, never)
    model.eval()
    expected = []
    for row in range(5):
        example = {
            part: torch.from_numpy(values)[None] for part, values in source.validation_example(row).items()
        }
        with torch.no_grad():
            expected.append(loss(model(example["image"]), example["target"], example["weight"])[0].item())
    assert losses["loss"] == pytest.approx(sum(expected) / 5, rel=1e-5)
    assert losses["loss"] == pytest.approx(losses["entropy"] + 0.5 * losses["error"], rel=1e-5)


def test_validating_changes_nothing():
    model, check = tiny_net(), validation(Discs())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert check(model, never) == check(model, never)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_examples_are_kept_as_far_as_they_fit(monkeypatch):
    source = Counted(rows=5)
    check = validation(source)
    batch_bytes = 3 * 2 * 16 * 16 * 4
    monkeypatch.setattr(validate, "KEPT_BYTES", 2 * batch_bytes)
    first = check(tiny_net(), never)
    assert source.made == 5
    assert check(tiny_net(), never) == first
    assert source.made == 6  # the third batch, of one example, did not fit


def test_no_examples_give_no_losses():
    assert validation(Discs(rows=0))(tiny_net(), never) == {}


def test_an_interrupted_validation_gives_nothing():
    answers = iter([False, True])
    assert validation(Discs())(tiny_net(), lambda: next(answers)) is None
