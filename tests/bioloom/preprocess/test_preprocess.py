from pathlib import Path

from bioloom import preprocess
from bioloom.preprocess import NORMALIZATIONS


def test_every_normalisation_has_a_file_a_function_and_options():
    folder = Path(preprocess.__file__).parent
    for name in NORMALIZATIONS:
        assert (folder / f"{name}.py").is_file()
        assert NORMALIZATIONS[name].__name__ == "fit"
        assert NORMALIZATIONS.options(name).model_fields["name"].default == name
