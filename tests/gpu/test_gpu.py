"""What holds on a CPU holds on a GPU: run by `make test-gpu`, where there is one.

Numbers of a GPU are not those of a CPU to the last bit. What must agree to the last bit is one GPU with
itself: any chunk grid, and a training that was killed.
"""

import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.infer.predict import Picture, Predictor, predict_chunk
from bioloom.infer.stitch import stitch_block
from bioloom.models import MODELS
from bioloom.models.build import build_model
from bioloom.train.device import claimed_device
from bioloom.train.loop import train
from bioloom.train.precision import Precision, channels_last, channels_last_tensor, choose_precision
from tests.bioloom.train.synthetic_training import Discs, loss, options, tiny_net

pytestmark = pytest.mark.gpu

GPU = torch.device("cuda", 0)
FORMATS = [Precision(name, "cuda") for name in ("fp32", "bf16", "fp16")]
GRIDS = {
    2: (PatchGrid((150, 180), (64, 64), (16, 16)), [(99, 99), (1, 99), (2, 1), (1, 1)]),
    3: (PatchGrid((24, 60, 80), (16, 32, 32), (4, 8, 8)), [(9, 9, 9), (1, 9, 9), (2, 1, 2), (1, 1, 1)]),
}
"""For 2D and 3D a grid of patches, and chunkings of it: one chunk, some, and one for each patch."""


def network(name, ndim):
    """A model of the registry as it predicts: in evaluation mode, with statistics of its own."""
    narrow = {"feature_maps": [16, 32, 64]} if "feature_maps" in MODELS.options(name).model_fields else {}
    torch.manual_seed(0)
    model = build_model(MODELS.parse({"name": name, **narrow}), 1, 3, ndim)
    images = torch.rand(2, 1, *(2 * divisor for divisor in model.divisor))
    for _ in range(5):
        model.train()(images)
    return channels_last(model.eval())


def outputs(model, images, precision):
    """Return what a model makes of a batch on the GPU, in float32."""
    model, images = model.to(GPU), channels_last_tensor(images.to(GPU))
    with torch.inference_mode(), precision.autocast():
        return model(images).float().cpu()


@pytest.mark.parametrize("precision", FORMATS, ids=lambda precision: precision.name)
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", list(MODELS))
def test_a_gpu_computes_what_a_cpu_does(name, ndim, precision):
    model = network(name, ndim)
    images = torch.rand(2, 1, *(4 * divisor for divisor in model.divisor))
    with torch.inference_mode():
        expected = model(images)
    found = outputs(model, images, precision)
    # the convolutions of a GPU take 10 bits of each float32 (TF32) as of each float16, and 7 of a bfloat16
    bits = 7 if precision.name == "bf16" else 10
    assert (found - expected).norm() / expected.norm() < 8 * 2.0**-bits


class Array:
    """Values in memory that are mirrored at their far ends."""

    def __init__(self, values):
        self.values = values

    def read_reflected(self, box):
        beyond = [
            (0, max(0, stop - side)) for stop, side in zip(box.stop, self.values.shape[1:], strict=True)
        ]
        return np.pad(self.values, [(0, 0), *beyond], "reflect")[(slice(None), *box.slices)]


@pytest.mark.parametrize("precision", FORMATS, ids=lambda precision: precision.name)
@pytest.mark.parametrize("ndim", GRIDS)
@pytest.mark.parametrize("name", list(MODELS))
def test_the_chunk_grid_never_shows(name, ndim, precision):
    model = network(name, ndim).to(GPU)
    grid, chunkings = GRIDS[ndim]
    values = np.random.default_rng(0).normal(size=(1, *grid.shape)).astype(np.float32)
    picture = Picture(Array(values), grid, np.zeros(1, np.float32), np.ones(1, np.float32))

    def forward(batch):
        with precision.autocast():
            return model(channels_last_tensor(batch)).float().sigmoid()

    predictor = Predictor(forward, GPU, 4)
    results = []
    for number, chunk in enumerate(chunkings):
        rows = plan_chunks({"a": grid}, chunk)
        order = np.random.default_rng(number).permutation(len(rows))
        sums = {rows[i].chunk: predict_chunk([rows[i]], {"a": picture}, predictor)["a"] for i in order}
        results.append(
            stitch_block(
                Box.of(grid.shape),
                grid,
                rows,
                lambda row, box, sums=sums: sums[row.chunk][(slice(None), *box.slices)],
                3,
            )
        )
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    assert results[0].std() > 0


class Dies:
    """A progress that ends the run after a step."""

    def __init__(self, step):
        self.left = step

    def start(self, total, done=0):
        pass

    def advance(self, note=""):
        self.left -= 1
        if not self.left:
            raise ConnectionError("the node has died")

    def finish(self):
        pass


@pytest.mark.parametrize("precision", [precision.name for precision in FORMATS])
@pytest.mark.parametrize("ndim", [2, 3])
def test_a_training_that_died_continues_exactly(tmp_path, ndim, precision):
    def run(folder, progress=None):
        settings = options(precision=precision, workers=0)
        where = {"device": GPU, "checkpoints": tmp_path / folder}
        return train(tiny_net(ndim), loss, Discs(ndim), settings, **where, progress=progress)

    expected, again = run("undisturbed"), run("again")
    with pytest.raises(ConnectionError):
        run("killed", Dies(11))
    for result in (again, run("killed")):
        assert all(torch.equal(result.weights[name], expected.weights[name]) for name in expected.weights)
        assert result.val_loss == expected.val_loss
    assert expected.history[-1]["train_loss"] < expected.history[0]["train_loss"]


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("ndim", [2, 3])
def test_every_model_trains_the_same_twice(tmp_path, name, ndim):
    def run(folder):
        torch.manual_seed(0)
        narrow = {"feature_maps": [4, 8]} if "feature_maps" in MODELS.options(name).model_fields else {}
        model = build_model(MODELS.parse({"name": name, **narrow}), 1, 1, ndim)
        settings = options(precision="auto", workers=0, steps=12)
        return train(model, loss, Discs(ndim), settings, device=GPU, checkpoints=tmp_path / folder)

    first, second = run("first"), run("second")
    pd.testing.assert_series_equal(
        pd.DataFrame(first.history).train_loss, pd.DataFrame(second.history).train_loss, rtol=0, atol=0
    )
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_auto_takes_the_fastest_format_of_the_gpu():
    assert choose_precision("auto", GPU).name == ("bf16" if torch.cuda.is_bf16_supported(False) else "fp16")


def test_a_second_process_waits_for_the_gpu(caplog):
    code = (
        "import logging, sys; logging.basicConfig(level='INFO', stream=sys.stdout, format='%(message)s');"
        "from bioloom.train.device import claimed_device\n"
        "with claimed_device('cuda:0') as device: print('has', device)"
    )
    with caplog.at_level(logging.INFO), claimed_device("cuda:0") as device:
        assert device == GPU
        other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert other.stdout.readline().startswith("waiting for a GPU: 1 taken, by process ")
    assert other.communicate(timeout=60)[0].splitlines() == ["device: cuda:0", "has cuda:0"]
    assert other.returncode == 0


def test_a_full_memory_is_told_in_a_line():
    message = r"^cuda:0: its memory of .* GiB is full, .* GiB are free; fix: a smaller batch_size or patch "
    with pytest.raises(BioLoomError, match=message), claimed_device("cuda:0") as device:
        torch.empty(2**50, dtype=torch.uint8, device=device)
