"""A tiny run, made by the steps themselves once for all tests here; tests that spoil something copy it."""

import logging
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile

from bioloom.cli import main
from bioloom.settings import dump_yaml, parse_config, step_options
from bioloom.volumes.packs import packs
from bioloom.volumes.samples import discover, write_pack

SIDE = 64
sys.path.append(str(Path(__file__).parent))  # for `products`


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status, and what it wrote to the two streams."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines that say what was wrong."""
        mark = "bioloom: error: "
        return [line.removeprefix(mark) for line in self.err.splitlines() if line.startswith(mark)]


def call(capsys, *args: object) -> Outcome:
    """Run `bioloom ARGS` in this process."""
    capsys.readouterr()
    code: object = 0
    try:
        main([str(arg) for arg in args])
    except SystemExit as error:
        code = error.code
    captured = capsys.readouterr()
    return Outcome(int(code or 0), captured.out, captured.err)


@pytest.fixture(autouse=True)
def _no_traces():
    """Undo what `main` sets for the whole process."""
    formatwarning, handlers = warnings.formatwarning, logging.root.handlers[:]
    yield
    logging.captureWarnings(False)
    warnings.formatwarning, logging.root.handlers[:] = formatwarning, handlers


@pytest.fixture
def bioloom(capsys) -> Callable[..., Outcome]:
    """Run a command: ``bioloom("plan", "--images", path)``."""
    return lambda *args: call(capsys, *args)


@pytest.fixture
def refused(bioloom) -> Callable[..., str]:
    """Run a command that must fail, and return the one line that says why."""

    def run(*args: object) -> str:
        done = bioloom(*args)
        assert done.code == 1, done
        assert len(done.errors) == 1, done.err
        assert "Traceback" not in done.err
        return done.errors[0]

    return run


def discs(seed: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Return an image with discs of light on noise, and their labels."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((side, side), np.uint16)
    grid = np.indices(labels.shape)
    for label, center in enumerate(generator.uniform(8, side - 8, (5, 2)), start=1):
        labels[((grid - center[:, None, None]) ** 2).sum(0) < 30] = label
    image = generator.normal(50, 5, labels.shape) + 150 * (labels > 0)
    return image.astype(np.uint8), labels


def write_pair(folder: Path, name: str, image: np.ndarray, labels: np.ndarray | None) -> None:
    """Write an image, and its labels if there are any, with a voxel size of half a micrometre."""
    for kind, values in (("images", image), ("labels", labels)):
        if values is not None:
            (folder / kind).mkdir(parents=True, exist_ok=True)
            known = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
            path = folder / kind / f"{name}.ome.tif"
            tifffile.imwrite(path, values, metadata={"axes": "YX", **known}, photometric="minisblack")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Folders train, val, test and predict with images and labels; nobody changes them."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, (split, name) in enumerate((("train", "a"), ("train", "b"), ("val", "c"), ("test", "d"))):
        write_pair(folder / split, name, *discs(seed))
    write_pair(folder / "predict", "e", discs(9)[0], None)
    return folder


def config_of(pictures: Path) -> dict:
    """Return a config of all four splits with a network of no consequence."""
    pairs = ("train", "val", "test")
    data = {s: {"images": f"{pictures}/{s}/images", "labels": f"{pictures}/{s}/labels"} for s in pairs}
    return {
        "run": "tiny",
        "task": "instance_segmentation",
        "data": data | {"predict": {"images": f"{pictures}/predict/images"}},
        "patch": {"size": [32, 32], "overlap": [8, 8]},
        "model": {"name": "unet", "feature_maps": [4, 8]},
        "train": {
            "steps": 30,
            "batch_size": 4,
            "learning_rate": 0.02,
            "ema": 0,
            "validate_every": 30,
            "workers": 0,
        },
        "postprocess": [{"name": "watershed", "seeds": "foreground", "seed_threshold": 0.2}, "remove_small"],
        "infer": {"patch_size": [32, 32], "chunk": [3, 3], "precision": "fp32"},
    }


def commands(run: Path) -> dict[str, list[str]]:
    """Return for every step that makes files a command line, in the order of the pipeline.

    The files that a command writes are those of `run`; all are given as flags with absolute paths.
    """
    pack, learned = "test_d.csv", "train_a train_b"
    settled, model = f"--fingerprint {run}/fingerprint.yaml", f"--model {run}/models/all"
    images, labels = f"--images {run}/images/{pack}", f"--labels {run}/labels/{pack}"
    chunks, blocks = f"--chunks {run}/chunks/{pack}", f"--blocks {run}/blocks/{pack}"
    folders = f"--images {run}/images --truth {run}/truth"
    table = {
        "preprocess": f"--pack {run}/packs/{pack} {images} {labels}",
        "measure": f"{images} {labels} --objects {run}/truth/{pack} --truth",
        "fingerprint": f"{folders} {settled} {learned}",
        "patch": f"{settled} {folders} --labels {run}/labels --patches {run}/patches/train.csv {learned}",
        "train": f"{settled} --patches {run}/patches {folders} --labels {run}/labels {model} "
        f"--checkpoints {run}/checkpoints --device cpu --workers 0 --threads 1 {learned} val_c",
        "plan": f"{settled} {images} {chunks} {blocks}",
        "infer": f"{settled} {chunks} {images} {model} --chunk 00000 --device cpu --threads 1 "
        f"--sums {run}/chunks/test_d/00000.zarr.zip",
        "stitch": f"{settled} {chunks} {blocks} {images} {model} --sums {run}/chunks/test_d "
        f"--predictions {run}/predictions/{pack}",
        "fit": f"{settled} --predictions {run}/predictions --labels {run}/labels "
        f"--calibration {run}/calibration.yaml test_d",
        "postprocess": f"{settled} --predictions {run}/predictions/{pack} {blocks} "
        f"--calibration {run}/calibration.yaml --outputs {run}/outputs/{pack}",
        "evaluate": f"{settled} {images} {labels} --outputs {run}/outputs/{pack} "
        f"--predictions {run}/predictions/{pack} --metrics {run}/metrics/{pack}",
        "report": f"--run {run} test_d",
        "export": f"--outputs {run}/outputs/{pack} --exports {run}/exports/{pack}",
    }
    return {name: f"--options {run}/options/{name}.yaml {args}".split() for name, args in table.items()}


def write_tables(run: Path, values: dict) -> None:
    """Write what the workflow itself writes: the options of the steps and the tables of the packs."""
    config = parse_config(values)
    (run / "options").mkdir(parents=True)
    for name in commands(run):
        (run / "options" / f"{name}.yaml").write_text(dump_yaml(step_options(config, name)))
    for pack, samples in packs(discover(config.data), 1).items():
        write_pack(run / "packs" / f"{pack}.csv", samples)


@pytest.fixture(scope="session")
def finished(pictures, tmp_path_factory) -> Path:
    """The folder of a complete run with one test image; nobody changes it."""
    run = tmp_path_factory.mktemp("results") / "tiny"
    write_tables(run, config_of(pictures))
    for name, args in commands(run).items():
        every = ("train_a", "train_b", "val_c", "test_d") if name in ("preprocess", "measure") else ()
        for pack in every or ("test_d",):
            main_quietly([name, *(arg.replace("test_d", pack) for arg in args)])
        if name == "patch":
            swap = {f"{run}/patches/train.csv": f"{run}/patches/val.csv", "train_a": "val_c"}
            main_quietly([name, *(swap.get(arg, arg) for arg in args if arg != "train_b")])
    return run


def main_quietly(args: list[str]) -> None:
    """Run a command that must succeed, which click tells by `SystemExit(0)`."""
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 0, args


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy of the complete run, to be spoilt."""
    return shutil.copytree(finished, tmp_path / "tiny")


@pytest.fixture
def line_of(run) -> Callable[..., list[str]]:
    """Return the command line of a step of `run`, some of its flags with other values or besides."""

    def line(name: str, **flags: object) -> list[str]:
        args = [name, *commands(run)[name]]
        for flag, value in flags.items():
            option = f"--{flag.replace('_', '-')}"
            args += [] if option in args else [option, ""]
            args[args.index(option) + 1] = str(value)
        return args

    return line


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return the contents of all files below a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read


@pytest.fixture
def config(pictures) -> dict:
    """A valid config with every option that the tests here change, to be changed."""
    return config_of(pictures)


@pytest.fixture
def pair() -> Callable[..., None]:
    """Write an image and its labels as files."""
    return write_pair
