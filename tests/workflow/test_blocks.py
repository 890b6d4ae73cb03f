"""An image of several blocks: one job per block and pass makes the labels that one job for all makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bioloom.cli import main_group
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow
from bioloom.settings import parse_config
from bioloom.tasks.recipe import pass_names
from bioloom.volumes.plans import read_blocks, read_chunks, write_blocks
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("workflow")


def bioloom(step: str, results: Path, flags: Mapping[str, object]) -> None:
    """Call a step in this process with its options of the run."""
    options = {"--options": results / "options" / f"{step}.yaml"}
    arguments = [step, *(str(part) for pair in {**options, **flags}.items() for part in pair)]
    done = CliRunner().invoke(main_group, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_blocks_own_whole_shards(large_run):
    rows = read_blocks(large_run.results / "blocks" / "test_large.csv")
    assert [row.core.shape for row in rows] == [(256, 256), (256, 44), (44, 256), (44, 44)]
    for store in ("predictions", "outputs"):
        assert open_volume(large_run.results / store / "test_large.zarr").block_shape() == (256, 256)


def test_every_block_had_a_job_in_every_pass_and_none_is_left(large_run):
    passes = set(pass_names(parse_config(large_run.config)))
    logs = large_run.folder / "logs" / "tiny"
    assert {path.stem for path in (logs / "postprocess_merge" / "test_large").iterdir()} == passes
    for name in passes:
        folder = logs / "postprocess_block" / "test_large" / name
        assert len(list(folder.iterdir())) == 4
    assert len(list((logs / "stitch_block" / "test_large").iterdir())) == 4
    folders = (large_run.results / name for name in ("passes", "stitched", "chunks/test_large"))
    assert [path for folder in folders for path in folder.rglob("*") if path.is_file()] == []


def test_a_job_has_only_the_chunks_that_touch_its_block(large_run):
    rows = read_chunks(large_run.results / "chunks" / "test_large.csv")
    files = {row.chunk: f"chunks/test_large/{row.chunk}.zarr.zip" for row in rows}
    assert len(files) == 4
    block = "results/tiny/stitched/test_large/00003.json"
    said = large_run.snakemake("--dry-run", "--force", block)
    job = said.split("rule stitch_block:")[1].split("output:")[0]
    core = read_blocks(large_run.results / "blocks" / "test_large.csv")[3].core
    for row in rows:
        assert (files[row.chunk] in job) == (not row.box.clip(core).empty)
    assert sum(file in job for file in files.values()) < 4


def test_one_job_stitches_the_same_prediction(large_run, tmp_path):
    """The chunks are gone, so the whole image is predicted again: only into another folder."""
    results = large_run.results
    shared = {
        "--fingerprint": results / "fingerprint.yaml",
        "--chunks": results / "chunks" / "test_large.csv",
        "--images": results / "images" / "test_large.csv",
        "--model": results / "models" / "all",
    }
    for row in read_chunks(shared["--chunks"]):
        more = {"--chunk": row.chunk, "--sums": tmp_path / "sums" / f"{row.chunk}.zarr.zip", "--threads": 1}
        bioloom("infer", results, {**shared, **more, "--device": "cpu"})
    for whole in (False, True):
        blocks = results / "blocks" / "test_large.csv"
        if whole:
            blocks = tmp_path / "one.csv"
            write_blocks(blocks, [BlockRow("00000", "test_large", Box.of((300, 300)))])
        manifest = tmp_path / f"predictions-{whole}" / "test_large.csv"
        bioloom(
            "stitch",
            results,
            {**shared, "--blocks": blocks, "--sums": tmp_path / "sums", "--predictions": manifest},
        )
        found = open_volume(manifest.with_suffix(".zarr")).read()
        expected = open_volume(results / "predictions" / "test_large.zarr").read()
        np.testing.assert_array_equal(found, expected)
        if not whole:  # the same shards: every byte is the same
            assert manifest.read_text() == (results / "predictions" / "test_large.csv").read_text()


@pytest.mark.parametrize("whole", [False, True], ids=["four blocks", "one block"])
def test_one_job_makes_the_same_labels(large_run, tmp_path, whole):
    results = large_run.results
    blocks = results / "blocks" / "test_large.csv"
    if whole:
        blocks = tmp_path / "one.csv"
        write_blocks(blocks, [BlockRow("00000", "test_large", Box.of((300, 300)))])
    flags = {
        "--fingerprint": results / "fingerprint.yaml",
        "--calibration": results / "calibration.yaml",
        "--predictions": results / "predictions" / "test_large.csv",
        "--blocks": blocks,
        "--outputs": tmp_path / "outputs" / "test_large.csv",
    }
    bioloom("postprocess", results, flags)
    labels = open_volume(tmp_path / "outputs" / "test_large.zarr").read()
    assert labels.max() > 20
    crossing = np.intersect1d(labels[0, 255], labels[0, 256])
    assert crossing.any()  # otherwise blocks would have nothing to agree on
    np.testing.assert_array_equal(labels, open_volume(results / "outputs" / "test_large.zarr").read())
