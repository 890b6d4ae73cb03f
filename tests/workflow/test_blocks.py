"""An image of several blocks: one job per block and pass makes the labels that one job for all makes."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from bioloom.cli import main_group
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow
from bioloom.settings import parse_config
from bioloom.tasks.recipe import pass_names
from bioloom.volumes.plans import read_blocks, write_blocks
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("workflow")


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
    left = [path for path in (large_run.results / "passes").rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.parametrize("whole", [False, True], ids=["four blocks", "one block"])
def test_one_job_makes_the_same_labels(large_run, tmp_path, whole):
    results = large_run.results
    blocks = results / "blocks" / "test_large.csv"
    if whole:
        blocks = tmp_path / "one.csv"
        write_blocks(blocks, [BlockRow("00000", "test_large", Box.of((300, 300)))])
    flags = {
        "--options": results / "options" / "postprocess.yaml",
        "--fingerprint": results / "fingerprint.yaml",
        "--calibration": results / "calibration.yaml",
        "--predictions": results / "predictions" / "test_large.csv",
        "--blocks": blocks,
        "--outputs": tmp_path / "outputs" / "test_large.csv",
    }
    arguments = ["postprocess", *(str(part) for pair in flags.items() for part in pair)]
    done = CliRunner().invoke(main_group, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output

    labels = open_volume(tmp_path / "outputs" / "test_large.zarr").read()
    assert labels.max() > 20
    crossing = np.intersect1d(labels[0, 255], labels[0, 256])
    assert crossing.any()  # otherwise blocks would have nothing to agree on
    np.testing.assert_array_equal(labels, open_volume(results / "outputs" / "test_large.zarr").read())
