import io

import pytest

from bioloom.volumes.formats.unpacked import unpack_file


def test_everything_is_in_a_file_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    content = bytes(range(256)) * 9000
    file = unpack_file(io.BytesIO(content))
    file.seek(0)
    assert file.read() == content
    assert list(tmp_path.iterdir()) == []


def test_what_the_stream_raises_passes():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise EOFError("cut off")

    with pytest.raises(EOFError, match="cut off"):
        unpack_file(Broken())
