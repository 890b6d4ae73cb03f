import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.geometry.window import total_weight
from bioloom.infer.assemble import Sums, stitch_image
from bioloom.infer.fixed_point import SCALE
from bioloom.volumes.bundle import write_bundle
from bioloom.volumes.store import open_volume

CASES = {2: ((1, 300, 280), (64, 64), (16, 16)), 3: ((1, 20, 70, 40), (16, 32, 32), (4, 8, 8))}


@pytest.mark.parametrize("ndim", CASES)
def test_a_prediction_from_one_chunk(tmp_path, image, model, ndim):
    shape, size, overlap = CASES[ndim]
    entry, (_, spec) = image(shape), model(ndim)
    grid = PatchGrid(shape[1:], size, overlap)
    rows = plan_chunks({"a": grid}, (99,) * ndim)
    weights = total_weight(grid, Box.of(shape[1:]))
    values = np.random.default_rng(0).integers(-SCALE, SCALE, (2, *shape[1:]))
    write_bundle(
        tmp_path / "00000.zarr.zip", {"a": (values * weights).astype(np.int32)}, {"weights": spec.weights}
    )
    output = tmp_path / "predictions" / "a.zarr"
    found = stitch_image(entry, grid, rows, Sums(tmp_path, spec.weights), spec, (16,) * ndim, output)
    volume = open_volume(output)
    assert found == volume.entry("a")
    assert volume.channel_names == ("foreground", "distance")
    assert volume.spacing == (0.5,) * ndim
    np.testing.assert_allclose(volume.read(), values / SCALE, atol=1e-6)


@pytest.mark.parametrize("damage", ["truncated", "another model"])
def test_a_bad_chunk_is_put_aside_and_an_earlier_prediction_stays(tmp_path, image, model, damage):
    entry, (_, spec) = image((1, 20, 20)), model()
    grid = PatchGrid((20, 20), (16, 16), (4, 4))
    rows, path = plan_chunks({"a": grid}, (9, 9)), tmp_path / "00000.zarr.zip"
    weights = "of another" if damage == "another model" else spec.weights
    write_bundle(path, {"a": np.zeros((2, 20, 20), np.int32)}, {"weights": weights})
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-30])
    output = tmp_path / "predictions" / "a.zarr"
    output.mkdir(parents=True)
    (output / "earlier").touch()
    with pytest.raises(BioLoomError, match=r"it was renamed; fix: run the same command again"):
        stitch_image(entry, grid, rows, Sums(tmp_path, spec.weights), spec, (16, 16), output)
    assert not path.exists()
    assert [p.suffix for p in tmp_path.glob("00000*")] == [".bad"]
    assert [p.name for p in output.parent.rglob("*")] == ["a.zarr", "earlier"]


def test_a_missing_chunk(tmp_path):
    row = plan_chunks({"a": PatchGrid((20, 20), (16, 16), (4, 4))}, (9, 9))[0]
    with pytest.raises(BioLoomError, match=r"there is no bundle .*00000\.zarr\.zip"):
        Sums(tmp_path, "").read(row, row.box)
