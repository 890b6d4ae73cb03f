import subprocess
import sys

import pytest
from pydantic import ValidationError

from bioloom.losses import LOSSES


def test_importing_the_options_does_not_import_torch():
    code = "import sys, bioloom.losses.options; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", list(LOSSES))
def test_every_loss_has_the_shared_options(name):
    options = LOSSES.parse({"name": name, "weight": 2, "target": "distance"})
    assert (options.name, options.weight, options.target) == (name, 2.0, "distance")
    assert next(iter(options.model_dump())) == "name"
    assert all(field.description for key, field in type(options).model_fields.items() if key != "name")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "dice", "weight": 0},
        {"name": "dice", "smooth": -1},
        {"name": "smooth_l1", "beta": 0},
        {"name": "l1", "smooth": 1},
        {"name": "mse", "weight": float("inf")},
    ],
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        LOSSES.parse(wrong)
