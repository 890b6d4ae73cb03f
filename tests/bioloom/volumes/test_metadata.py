import json

import numpy as np
import pytest
import yaozarrs

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes import metadata
from bioloom.volumes.store import create_volume, open_volume


def filled(path, shape, **more):
    volume = create_volume(path, shape, "uint16", spacing=(0.5, 0.25), kind="image", **more)
    volume.write(Box.of(volume.spatial), np.ones(shape, np.uint16))
    return volume, None


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("scales", [[(0.5, 0.5)], [(2.0, 0.5, 0.5), (2.0, 1.0, 1.0), (4.0, 2.0, 2.0)]])
def test_what_is_written_is_read(tmp_path, scales, labels):
    found = metadata.attributes(
        scales, labels=labels, dtype=np.dtype("uint8"), channel_names=("a", "b"), facts={"x": 1}
    )
    yaozarrs.validate_ome_object(found["ome"])
    (tmp_path / "zarr.json").write_text(json.dumps({"attributes": found}))
    again = metadata.read_attributes(tmp_path)
    assert metadata.scales_of(again) == scales
    assert metadata.is_labels(again) == labels
    assert metadata.channel_names_of(again) == (() if labels else ("a", "b"))
    assert again[metadata.OWN] == {"x": 1}


def test_channels_have_names_colours_and_windows(tmp_path):
    volume, _ = filled(tmp_path / "a.zarr", (2, 20, 20), channel_names=("nuclei", "red"))
    volume.update_facts(
        intensity={"min": [1.0, 2.0], "max": [9.0, 8.0], "percentiles": {"1": [3.0, 4.0], "99.8": [7.0, 6.0]}}
    )
    found = json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())["attributes"]["ome"]["omero"][
        "channels"
    ]
    assert [channel["label"] for channel in found] == ["nuclei", "red"]
    assert found[1]["color"] == "FF0000"
    assert [channel["window"] for channel in found] == [
        {"min": 1.0, "max": 9.0, "start": 3.0, "end": 7.0},
        {"min": 2.0, "max": 8.0, "start": 4.0, "end": 6.0},
    ]
    assert open_volume(tmp_path / "a.zarr").facts["intensity"]["min"] == [1.0, 2.0]
    yaozarrs.validate_zarr_store(str(tmp_path / "a.zarr"))


def test_missing_foreign_and_broken_stores(tmp_path):
    with pytest.raises(BioLoomError, match="no OME-Zarr store"):
        open_volume(tmp_path / "none.zarr")
    path = tmp_path / "a.zarr"
    filled(path, (1, 8, 8))
    good = (path / "zarr.json").read_text()
    for text, says in [
        (good[: len(good) // 2], "damaged"),
        ("{}", "damaged"),
        (good.replace('"0.5"', '"0.6"'), "foreign store"),
        (good.replace("micrometer", "nanometer"), "foreign store"),
        (good.replace('"name": "c"', '"name": "t"'), "foreign store"),
    ]:
        (path / "zarr.json").write_text(text)
        with pytest.raises(BioLoomError, match=says):
            open_volume(path)
    (path / "zarr.json").write_text(good)
    with pytest.raises(BioLoomError, match="level 3"):
        open_volume(path, 3)
    (path / "0" / "zarr.json").unlink()
    with pytest.raises(BioLoomError, match="level 0"):
        open_volume(path)
    old = tmp_path / "old.zarr"
    old.mkdir()
    (old / ".zattrs").write_text("{}")
    with pytest.raises(BioLoomError, match=r"0\.4"):
        open_volume(old)
