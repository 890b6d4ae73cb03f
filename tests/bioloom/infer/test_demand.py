"""What a config asks of the jobs, and that they take no more memory than is estimated."""

import pytest

from bioloom.commands.benchmarks import scene
from bioloom.commands.benchmarks.chunks import write_chunks
from bioloom.commands.benchmarks.job import HALO, job
from bioloom.errors import BioLoomError
from bioloom.geometry.arithmetic import Demand, account
from bioloom.geometry.grid import plan_blocks
from bioloom.infer.demand import demand_of, network_bytes
from bioloom.models.build import build_model, parameter_count
from bioloom.settings.load import parse_options

OPTIONS = {
    "task": "instance_segmentation",
    "model": {"name": "unet", "feature_maps": [4, 8]},
    "infer": {"patch_size": [32, 32], "batch_size": 3, "halo": [5, 7]},
}
IMAGES = {"data": {"predict": {"images": "a"}}}


def test_options_of_the_step():
    demand = demand_of(parse_options(OPTIONS), 2)
    assert demand == Demand(channels=2, targets=4, batch_size=3, halo=7, passes=4, network=None)


def test_a_whole_config():
    more = {
        "train": {"targets": ["foreground", "contour"]},
        "postprocess": [{"name": "watershed", "seeds": "foreground", "topography": "foreground"}],
    }
    options = parse_options({**OPTIONS, **IMAGES, **more})
    demand = demand_of(options, 1)
    assert (demand.targets, demand.passes) == (2, 3)
    assert demand.network == network_bytes(options, 1, 2)


@pytest.mark.parametrize("size", [[32, 32], [16, 32, 32]])
def test_the_network_takes_its_weights_and_what_its_first_level_makes(size):
    options = parse_options({**OPTIONS, "infer": {"patch_size": size, "batch_size": 3}})
    found = network_bytes(options, 1, 4)
    voxels = 3  # patches at once
    for side in size:
        voxels *= side
    weights = 4 * parameter_count(build_model(options.model, 1, 4, len(size)))
    # four maps of float32 and the four outputs, at the least; a few such levels at the most
    assert weights + 4 * (4 + 4) * voxels <= found <= weights + 4 * 12 * (4 + 4) * voxels


def test_options_without_a_task():
    without = {key: value for key, value in OPTIONS.items() if key != "task"}
    with pytest.raises(BioLoomError, match="the options name no task"):
        demand_of(parse_options(without), 1)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["stitch", "postprocess"])
def test_no_job_takes_more_than_was_said(tmp_path, stage):
    side, block = 2048, 1024
    scene.write_image(scene.raw_file(tmp_path), side)
    job("preprocess", tmp_path, side, block)()
    write_chunks(tmp_path, side)
    for name in ("stitch", "postprocess") if stage == "postprocess" else ("stitch",):
        taken = job(name, tmp_path, side, block)()["memory"]
    demand = Demand(1, len(scene.SPEC.channels), 4, HALO, 4)
    blocks = plan_blocks({scene.IMAGE: (side, side)}, (block, block))
    found = account({scene.IMAGE: scene.grid_of(side)}, scene.chunks_of(side), blocks, demand)
    said = found.memory[stage] / 1e6
    assert taken < said < 5 * taken  # taken is without what Python and libraries take to start
