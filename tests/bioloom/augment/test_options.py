import subprocess
import sys

import pytest
from pydantic import ValidationError

from bioloom.augment import AUGMENTATIONS


def test_checking_options_imports_no_torch():
    code = (
        "import sys; from bioloom.augment import AUGMENTATIONS as table\n"
        "for name in table: table.parse(name)\n"
        "heavy = {'torch', 'zarr', 'skimage', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_option_is_described(name):
    fields = AUGMENTATIONS.options(name).model_fields
    assert {"name", "probability"} <= set(fields)
    assert all(field.description for field in fields.values())


@pytest.mark.parametrize(
    "options",
    [
        {"name": "gamma", "range": [1.5, 0.7]},
        {"name": "gamma", "range": [0, 1]},
        {"name": "noise", "range": [-0.1, 0.1]},
        {"name": "flip", "probability": 1.1},
        {"name": "flip", "axes": "XY"},
        {"name": "affine", "rotation": 200},
        {"name": "blur", "sigma": 3},
    ],
)
def test_senseless_options_are_refused(options):
    with pytest.raises(ValidationError):
        AUGMENTATIONS.parse(options)
