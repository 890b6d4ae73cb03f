"""One image in 1, 2, 7 and 16 chunks, predicted in shuffled order: the same bytes come out."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bioloom.cli import main_group
from bioloom.settings import parse_config
from bioloom.settings.slices import step_options
from bioloom.volumes.plans import read_chunks
from bioloom.volumes.samples import Sample, pack_table
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("workflow")

SHAPE = (69, 120)
"""With patches of 32 that overlap by 15 and begin 7 voxels before it: 4 x 7 patches."""
CHUNKS = {1: [4, 7], 2: [2, 7], 7: [4, 1], 16: [1, 2]}
PACK = "test_oblong"


def bioloom(step: str, **flags: object) -> None:
    """Call a step in this process."""
    arguments = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
    done = CliRunner().invoke(main_group, [step, *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def images(tiny_run: Any, tmp_path_factory: pytest.TempPathFactory, picture: Callable[..., Path]) -> Path:
    """The manifest of one converted image without a symmetry that chunks could hide behind."""
    folder = tmp_path_factory.mktemp("chunks")
    raw = picture(folder, "oblong", seed=9, shape=SHAPE)
    (folder / "pack.csv").write_text(pack_table([Sample(PACK, "test", raw)]))
    options = tiny_run.results / "options" / "preprocess.yaml"
    manifests = {kind: folder / kind / f"{PACK}.csv" for kind in ("images", "labels")}
    bioloom("preprocess", options=options, pack=folder / "pack.csv", **manifests)
    return manifests["images"]


def predicted(run: Any, images: Path, chunk: list[int], folder: Path) -> int:
    """Plan, infer in shuffled order, stitch and post-process in `folder`; return the number of chunks."""
    config = parse_config(dict(run.with_changes({"infer": {"chunk": chunk}}).config))
    fingerprint = {"fingerprint": run.results / "fingerprint.yaml"}
    model = {"model": run.results / "models" / "all"}

    def options(step: str) -> dict[str, Path]:
        file = folder / f"{step}.yaml"
        file.write_text(yaml.safe_dump(step_options(config, step)))
        return {"options": file, **fingerprint}

    tables = {"chunks": folder / "chunks.csv", "blocks": folder / "blocks.csv"}
    bioloom("plan", **options("plan"), images=images, **tables)
    names = sorted({row.chunk for row in read_chunks(tables["chunks"])})
    random.Random(0).shuffle(names)
    inputs = {"chunks": tables["chunks"], "images": images, **model}
    for name in names:
        target = folder / "sums" / f"{name}.zarr.zip"
        bioloom("infer", **options("infer"), **inputs, chunk=name, sums=target, device="cpu", threads=1)
    predictions = folder / "predictions" / f"{PACK}.csv"
    made = {"blocks": tables["blocks"], "sums": folder / "sums", "predictions": predictions}
    bioloom("stitch", **options("stitch"), **inputs, **made)
    bioloom(
        "postprocess",
        **options("postprocess"),
        calibration=run.results / "calibration.yaml",
        predictions=predictions,
        blocks=tables["blocks"],
        outputs=folder / "outputs" / f"{PACK}.csv",
    )
    return len(names)


def test_the_number_of_chunks_does_not_show(tiny_run, images, tmp_path):
    manifests = {}
    for count, chunk in CHUNKS.items():
        folder = tmp_path / str(count)
        folder.mkdir()
        assert predicted(tiny_run, images, chunk, folder) == count
        # a manifest holds a digest of every byte of a store
        manifests[count] = [
            (folder / kind / f"{PACK}.csv").read_text() for kind in ("predictions", "outputs")
        ]
    assert open_volume(tmp_path / "1" / "outputs" / f"{PACK}.zarr").read().max() > 5
    assert open_volume(tmp_path / "1" / "predictions" / f"{PACK}.zarr").read().std() > 0.01
    assert all(found == manifests[1] for found in manifests.values())
