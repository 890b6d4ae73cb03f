import subprocess
import sys

import pytest
from pydantic import ValidationError

from bioloom.models import MODELS
from bioloom.models.options import UNetFamilyOptions, UNetOptions


def test_importing_options_and_levels_does_not_import_torch():
    modules = "bioloom.models, bioloom.models.options, bioloom.models.blocks.levels"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_of_the_family_has_the_stated_defaults(name):
    options = MODELS.parse(name)
    assert isinstance(options, UNetFamilyOptions)
    assert options.model_dump() == {
        "name": name,
        "feature_maps": "auto",
        "kernel": "auto",
        "pooling": "auto",
        "normalization": "batch",
        "activation": "relu",
        "dropout": 0.0,
        "convolutions": 2,
        "downsampling": "blur",
        "upsampling": "smooth",
    }
    assert next(iter(options.model_dump())) == "name"
    assert all(field.description for key, field in type(options).model_fields.items() if key != "name")


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        ({}, 5),
        ({"feature_maps": [8, 16, 32]}, 3),
        ({"pooling": [[1, 2, 2], [2, 2, 2]]}, 3),
        ({"kernel": [[3, 3], [5, 5]]}, 2),
        ({"dropout": [0, 0.1, 0.2, 0.3], "kernel": 5}, 4),
    ],
)
def test_the_number_of_levels_comes_from_whichever_list_is_given(given, levels):
    assert UNetOptions(**given).levels == levels


def test_lists_for_different_numbers_of_levels_are_refused_with_every_count():
    counts = r"\(feature_maps 3, dropout 4, pooling 2\)"
    with pytest.raises(
        ValidationError, match=f"different numbers of levels {counts}; allowed: .* in pooling"
    ):
        UNetOptions(feature_maps=[8, 16, 32], pooling=[[2, 2]], dropout=[0.0, 0.1, 0.1, 0.2])


@pytest.mark.parametrize(
    "wrong",
    [
        {"feature_maps": [8]},
        {"feature_maps": [8, 0]},
        {"kernel": [[3], [3]]},
        {"kernel": -3},
        {"pooling": [[2, 2, 2, 2]]},
        {"pooling": [[0, 2]]},
        {"dropout": 1.0},
        {"dropout": [0.1, 1.5]},
        {"convolutions": 0},
        {"normalization": "layer"},
        {"activation": "tanh"},
        {"upsampling": "bilinear"},
        {"depth": 4},
    ],
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        UNetOptions(**wrong)


@pytest.mark.parametrize("kernel", [4, [[3, 3], [2, 3]]])
def test_an_even_kernel_is_refused_with_the_reason(kernel):
    with pytest.raises(ValidationError, match="is even; allowed: an odd side"):
        UNetOptions(kernel=kernel)
