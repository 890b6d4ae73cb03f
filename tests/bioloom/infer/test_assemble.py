import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkIndex, PatchGrid, plan_blocks, plan_chunks
from bioloom.geometry.window import total_weight
from bioloom.infer.assemble import (
    Stitching,
    Sums,
    create_shared,
    finish_shared,
    stitch_image,
    stitch_shared,
)
from bioloom.infer.fixed_point import SCALE
from bioloom.volumes.bundle import write_bundle
from bioloom.volumes.layout import aligned_block
from bioloom.volumes.store import open_volume

CASES = {2: ((1, 300, 280), (64, 64), (16, 16)), 3: ((1, 20, 70, 40), (16, 32, 32), (4, 8, 8))}


@pytest.mark.parametrize("ndim", CASES)
def test_a_prediction_from_one_chunk(tmp_path, image, model, ndim):
    shape, size, overlap = CASES[ndim]
    entry, (_, spec) = image(shape, spacing_known=False), model(ndim)
    grid = PatchGrid(shape[1:], size, overlap)
    rows = plan_chunks({"a": grid}, (99,) * ndim)
    weights = total_weight(grid, Box.of(shape[1:]))
    values = np.random.default_rng(0).integers(-SCALE, SCALE, (2, *shape[1:]))
    write_bundle(
        tmp_path / "00000.zarr.zip", {"a": (values * weights).astype(np.int32)}, {"weights": spec.weights}
    )
    output = tmp_path / "predictions" / "a.zarr"
    work = Stitching(entry, grid, rows, Sums(tmp_path, spec.weights), spec)
    found = stitch_image(work, plan_blocks({"a": shape[1:]}, aligned_block((16,) * ndim)), output)
    volume = open_volume(output)
    assert found == volume.entry("a")
    assert volume.channel_names == ("foreground", "distance")
    assert (volume.spacing, volume.spacing_known) == ((0.5,) * ndim, False)
    np.testing.assert_allclose(volume.read(), values / SCALE, atol=1e-6)


@pytest.fixture(params=CASES)
def stitching(request, tmp_path, image, model):
    """An image in several chunks and blocks: what it takes to stitch it, and the rows of its blocks."""
    ndim = request.param
    size, overlap = {2: ((128, 128), (32, 32)), 3: ((16, 64, 64), (4, 16, 16))}[ndim]
    shape = {2: (300, 560), 3: (20, 130, 70)}[ndim]
    entry, (_, spec) = image((1, *shape)), model(ndim)
    grid = PatchGrid(shape, size, overlap)
    rows = plan_chunks({"a": grid}, (2,) * ndim)
    rng = np.random.default_rng(0)
    for row in rows:
        values = rng.integers(-SCALE, SCALE, (2, *row.box.shape)).astype(np.int32)
        write_bundle(tmp_path / f"{row.chunk}.zarr.zip", {"a": values}, {"weights": spec.weights})
    work = Stitching(entry, grid, rows, Sums(tmp_path, spec.weights), spec)
    return work, plan_blocks({"a": shape}, aligned_block((9,) * ndim))


def test_a_job_per_block_makes_the_store_of_one_job(stitching, tmp_path):
    work, rows = stitching
    assert len(rows) > 2
    one = stitch_image(work, rows, tmp_path / "one" / "a.zarr")
    shared, many = tmp_path / "shared", tmp_path / "many" / "a.zarr"
    create_shared([(work, rows)], shared)
    for row in (*reversed(rows), rows[0]):  # in any order, one of them twice
        stitch_shared(work, row, shared)
    found = finish_shared(work, rows, shared, many)
    assert (found.digest, found.shape) == (one.digest, one.shape)
    left = {path.name for path in shared.iterdir()}
    assert left == {"store.json", *(f"{row.block}.json" for row in rows)}
    assert finish_shared(work, rows, shared, many) == found  # killed before the manifest was written


def test_the_images_of_a_pack_share_a_folder(tmp_path, image, model):
    """Two time points in two blocks each: every job has its own, and none sees the store of the other."""
    _, spec = model()
    shape, works = (300, 40), []
    grid = PatchGrid(shape, (128, 128), (32, 32))
    grids = dict.fromkeys(("a_t0000", "a_t0001"), grid)
    chunks, blocks = plan_chunks(grids, (1, 1)), plan_blocks(dict.fromkeys(grids, shape), (256, 256))
    for number, row in enumerate(chunks):
        values = np.full((2, *row.box.shape), number * SCALE, np.int32)
        write_bundle(tmp_path / f"{row.chunk}.zarr.zip", {row.image: values}, {"weights": spec.weights})
    for name in grids:
        entry = image((1, *shape), name)
        own = [row for row in chunks if row.image == name]
        work = Stitching(entry, grid, own, Sums(tmp_path, spec.weights), spec)
        works.append((work, [row for row in blocks if row.image == name]))
    create_shared(works, tmp_path / "shared")
    for work, rows in works:
        for row in rows:
            stitch_shared(work, row, tmp_path / "shared")
    for work, rows in works:
        name = work.entry.image
        one = stitch_image(work, rows, tmp_path / "one" / f"{name}.zarr")
        many = finish_shared(work, rows, tmp_path / "shared", tmp_path / "many" / f"{name}.zarr")
        assert (many.image, many.digest) == (name, one.digest)
    left = {path.name for path in (tmp_path / "shared").iterdir()}
    assert left == {"store.json", *(f"{row.block}.json" for row in blocks)}


def test_a_block_needs_only_the_chunks_that_touch_it(stitching, tmp_path):
    work, rows = stitching
    create_shared([(work, rows)], tmp_path / "shared")
    near = ChunkIndex(work.rows).touching(rows[0].core)
    assert 0 < len(near) < len(work.rows)
    for row in work.rows:
        if row.chunk not in near:
            (tmp_path / f"{row.chunk}.zarr.zip").unlink()
    stitch_shared(work, rows[0], tmp_path / "shared")
    with pytest.raises(BioLoomError, match="there is no bundle"):
        stitch_shared(work, rows[-1], tmp_path / "shared")


def test_marks_or_a_name_that_are_missing_or_damaged(stitching, tmp_path):
    work, rows = stitching
    with pytest.raises(BioLoomError, match=r"store\.json is missing or damaged"):
        stitch_shared(work, rows[0], tmp_path / "shared")
    create_shared([(work, rows)], tmp_path / "shared")
    for row in rows:
        stitch_shared(work, row, tmp_path / "shared")
    (tmp_path / "shared" / f"{rows[1].block}.json").write_text("{}")
    with pytest.raises(BioLoomError, match=rf"{rows[1].block}\.json is missing or damaged"):
        finish_shared(work, rows, tmp_path / "shared", tmp_path / "a.zarr")


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
        stitch_image(
            Stitching(entry, grid, rows, Sums(tmp_path, spec.weights), spec),
            plan_blocks({"a": (20, 20)}, (256, 256)),
            output,
        )
    assert not path.exists()
    assert [p.suffix for p in tmp_path.glob("00000*")] == [".bad"]
    with pytest.raises(BioLoomError, match=r"was damaged and is renamed to .*bad; fix: run the same command"):
        Sums(tmp_path, spec.weights).read(rows[0], rows[0].box)
    assert [p.name for p in output.parent.rglob("*")] == ["a.zarr", "earlier"]


def test_a_missing_chunk(tmp_path):
    row = plan_chunks({"a": PatchGrid((20, 20), (16, 16), (4, 4))}, (9, 9))[0]
    with pytest.raises(BioLoomError, match=r"there is no bundle .*00000\.zarr\.zip"):
        Sums(tmp_path, "").read(row, row.box)
