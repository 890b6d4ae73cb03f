import re
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
    reader = re.compile(r"^def read_\w+\(path: Path, axes: ", re.MULTILINE)
    readers = {path.stem for path in folder.glob("*.py") if reader.search(path.read_text())} - {"__init__"}
    assert readers == {address.split(":")[0] for address in FORMATS.values()}


def test_suffixes():
    assert suffix_of(Path("a.TIF")) == ".TIF"
    assert suffix_of(Path("a.ome.tif")) == ".tif"
    assert suffix_of(Path("a.NII.gz")) == ".NII.gz"
    assert suffix_of(Path("a.gz")) == suffix_of(Path("a.docx")) == ""
    assert suffix_of(Path("a.ome.zarr/labels/nuclei")) == ".zarr"
    assert suffix_of(Path("a.tif/raw")) == ""


def test_unknown_and_missing_files(tmp_path):
    with pytest.raises(BioLoomError, match=r"unknown format; allowed: \.tif"):
        read_foreign(tmp_path / "a.docx")
    for name in ("a.tif", "a.h5/raw", "a.zarr/0"):
        with pytest.raises(BioLoomError, match=f"no file .*{name.split('/')[0]}"):
            read_foreign(tmp_path / name)


def test_the_table_imports_no_reader():
    heavy = "{'numpy', 'tifffile', 'PIL', 'zarr', 'h5py', 'bioio'}"
    code = f"import sys, bioloom.volumes.formats; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
