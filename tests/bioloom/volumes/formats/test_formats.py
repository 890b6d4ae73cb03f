import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.formats import FORMATS, read_foreign, suffix_of


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_entry_has_its_reader(suffix):
    module, function = FORMATS[suffix].split(":")
    assert callable(getattr(import_module(f"bioloom.volumes.formats.{module}"), function))


def test_every_reader_is_in_the_table():
    folder = Path(import_module("bioloom.volumes.formats").__file__).parent
    readers = {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "axes",
        "foreign",
        "n5_blocks",
        "ngff",
        "unpacked",
    }
    assert readers == {address.split(":")[0] for address in FORMATS.values()}


def test_suffixes():
    assert suffix_of(Path("a.TIF")) == ".TIF"
    assert suffix_of(Path("a.ome.tif")) == ".tif"
    assert suffix_of(Path("a.docx")) == ""


def test_unknown_and_missing_files(tmp_path):
    with pytest.raises(BioLoomError, match=r"unknown format; allowed: \.tif"):
        read_foreign(tmp_path / "a.czi")
    with pytest.raises(BioLoomError, match="no file"):
        read_foreign(tmp_path / "a.tif")


def test_the_table_imports_no_reader():
    heavy = "{'numpy', 'tifffile', 'PIL', 'zarr'}"
    code = f"import sys, bioloom.volumes.formats; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
