"""Every step is killed again and again at moments drawn with a fixed seed, then run to its end.

What was made earlier stays whole until it is replaced whole, and the end is that of an undisturbed run. The
processes are forked from one that has imported everything, so that the kills hit the work, not the imports.
"""

import json
import multiprocessing
import random
import shutil
import time

import numpy as np
import pytest
import tifffile
import yaml
from products import WRITES

from bioloom.cli import main
from bioloom.volumes.bundle import read_bundle
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.plans import read_blocks, read_chunks
from bioloom.volumes.samples import Sample, write_pack
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.slow

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "bioloom.train.run",
        "bioloom.infer.open",
        "bioloom.infer.predict",
        "bioloom.infer.assemble",
        "bioloom.postprocess.watershed",
        "bioloom.postprocess.calibrate",
        "bioloom.preprocess.convert",
        "bioloom.measure.volume",
        "bioloom.evaluate.pool",
        "bioloom.report.assemble",
        "matplotlib.backends.backend_agg",
        "skimage.segmentation",
        "scipy.ndimage",
    ]
)
KILLS = {"train": 3, "report": 3}
"""How often a step is killed; every other one is over in no time and killed six times."""
PATIENCE = 120.0
"""Seconds after which a step is given up."""
TIMED = ("history.csv",)
"""Files with times in them, which are never the same."""


def complete(args):
    """Run a command to its end and return how long it took."""
    process, began = FORKS.Process(target=main, args=(args,)), time.monotonic()
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0, args
    return time.monotonic() - began


def kill(args, after):
    """Start a command and kill it after some seconds; return whether it was still at work."""
    process = FORKS.Process(target=main, args=(args,))
    process.start()
    process.join(after)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode in (0, -9), args
    return process.exitcode == -9


def killed(args, duration, moments):
    """Kill a command once; a moment too late is drawn again, in less time."""
    for attempt in range(20):
        if kill(args, moments.uniform(0.05, 0.95) * duration * 0.8**attempt):
            return
    raise AssertionError(f"never killed: {args}")


def content(path):
    """Return the bytes of a file, or of all files in a folder by their names; None if there is nothing."""
    if path.is_dir():
        files = (file for file in sorted(path.rglob("*")) if file.is_file() and file.name not in TIMED)
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}
    return path.read_bytes() if path.exists() else None


def put_earlier(made, whole):
    """Put something of an earlier run in the place of every file and store; return their contents."""
    for path in made:
        if isinstance(whole[path], dict):
            shutil.rmtree(path)
            path.mkdir()
            (path / "earlier").write_text("earlier")
        else:
            path.write_text("earlier")
    return {path: content(path) for path in made}


def leftovers(run):
    return [path for path in run.rglob(".tmp-*") if "checkpoints" not in path.parts]


@pytest.fixture(scope="module", autouse=True)
def _everything_imported():
    """Wait until the process that all others are forked from has imported everything."""
    process = FORKS.Process(target=int)
    process.start()
    process.join(PATIENCE)


def products(run, name):
    """Return the files and stores of a step, the three of a model one by one."""
    names = ["models/all/weights.safetensors", "models/all/model.yaml"] if name == "train" else WRITES[name]
    return [run / path for path in names]


@pytest.mark.parametrize("name", WRITES)
def test_a_step_is_killed(run, line_of, contents, name):
    line, made = line_of(name), products(run, name)
    if name == "train":
        shutil.rmtree(run / "checkpoints")
    duration = complete(line)
    whole = {path: content(path) for path in made}
    before = contents(run)
    if name == "train":  # which then goes on from kill to kill
        shutil.rmtree(run / "checkpoints")
    moments = random.Random(f"2026 {name}")
    for _ in range(KILLS.get(name, 6)):
        earlier = put_earlier(made, whole)
        killed(line, duration, moments)
        now = {path: content(path) for path in made}
        assert all(now[path] in (earlier[path], whole[path]) for path in made)
        for store in (path for path in made if path.suffix in (".zarr", ".tif")):
            manifest = store.with_suffix(".csv")  # is written when the store is there
            assert now[manifest] == earlier[manifest] or now[store] == whole[store]
    complete(line)
    assert {path: content(path) for path in made} == whole
    assert leftovers(run) == []
    different = [path for path, text in contents(run).items() if before.get(path) != text]
    assert [path for path in different if "checkpoints" not in path and not path.endswith(TIMED)] == []


@pytest.fixture
def wide(run, line_of, pictures, tmp_path):
    """The run with an image of two blocks, predicted chunk by chunk."""
    files = []
    for kind in ("images", "labels"):
        files.append(tmp_path / f"{kind}.tif")
        tifffile.imwrite(files[-1], np.tile(tifffile.imread(pictures / "test" / kind / "d.ome.tif"), (5, 1)))
    write_pack(run / "packs" / "test_d.csv", [Sample("test_d", "test", *files)])
    options = yaml.safe_load((run / "options" / "plan.yaml").read_text())
    options["infer"]["block"] = [256, 256]
    (run / "options" / "plan.yaml").write_text(yaml.safe_dump(options))
    for name in ("preprocess", "plan"):
        complete(line_of(name))
    for chunk in {row.chunk for row in read_chunks(run / "chunks" / "test_d.csv")}:
        complete(line_of("infer", chunk=chunk, sums=run / "chunks" / "test_d" / f"{chunk}.zarr.zip"))
    return run


def shared_jobs(line_of, run):
    """Return the jobs that stitch and post-process many blocks, and what each leaves."""
    blocks = [row.block for row in read_blocks(run / "blocks" / "test_d.csv")]
    stitched, passes = run / "stitched" / "test_d", run / "passes" / "test_d"
    whole = {}
    for name, flag, folder in (("stitch", "--predictions", stitched), ("postprocess", "--outputs", passes)):
        line = line_of(name)
        at = line.index(flag)
        shared = f"--{folder.parent.name}"
        whole[name] = [*line[:at], *line[at + 2 :], shared, str(folder)], [*line, shared, str(folder)]
    part, last = whole["stitch"]
    yield part, stitched / "store.json"
    for block in blocks:
        yield [*part, "--block", block], stitched / f"{block}.json"
    yield last, run / "predictions" / "test_d.csv"
    part, last = whole["postprocess"]
    for name in ("0-seeds", "1-flood", "2-relabel"):
        for block in blocks:
            yield [*part, "--pass", name, "--block", block], passes / name / f"{block}.zarr.zip"
        yield [*part, "--pass", name], passes / f"{name}.zarr.zip"
    yield last, run / "outputs" / "test_d.csv"


def read_whole(path):
    """Read a file that must be complete."""
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return read_bundle(path) if path.suffix == ".zip" else read_manifest(path)


def test_the_jobs_of_many_blocks_are_killed(wide, line_of):
    """Each of them twice; some write to a store that they share."""
    for name in ("stitch", "postprocess"):
        complete(line_of(name))
    manifests = [wide / folder / "test_d.csv" for folder in ("predictions", "outputs")]
    whole = [path.read_bytes() for path in manifests]
    for path in manifests:
        path.unlink()
        shutil.rmtree(path.with_suffix(".zarr"))
    moments = random.Random(2026)
    jobs = list(shared_jobs(line_of, wide))
    assert len(jobs) == 1 + 2 + 1 + 3 * 3 + 1
    for line, made in jobs:
        for _ in range(2):
            if kill(line, moments.uniform(0, 0.3)):
                assert not made.exists() or read_whole(made)
        complete(line)
        assert read_whole(made)
    assert [path.read_bytes() for path in manifests] == whole
    assert open_volume(manifests[1].with_suffix(".zarr")).read().max() > 10
    assert leftovers(wide) == []
