"""A run with one training file, a region of which is set aside: planes, volumes seen as planes, movies."""

import numpy as np
import pytest
import yaml

from bioloom.settings import dump_yaml, parse_config, step_options
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.packs import packs
from bioloom.volumes.plans import read_chunks
from bioloom.volumes.samples import discover, write_pack
from bioloom.volumes.store import open_volume
from bioloom.volumes.tables import OBJECTS, read_table

FILES = {"YX": (70, 130), "ZYX": (5, 64, 130), "TYX": (2, 64, 130)}
PATCHES = {"YX": [32, 32], "ZYX": [1, 64, 64], "TYX": [32, 32]}


def balls(shape):
    """Return an image of bright balls on a grid, and their labels; some reach over the cut."""
    centers = [np.arange(8, n, 20) if n > 20 else np.array([n // 2]) for n in shape]
    labels, grid = np.zeros(shape, np.uint16), np.indices(shape)
    for label, place in enumerate(
        np.stack(np.meshgrid(*centers, indexing="ij"), -1).reshape(-1, len(shape)), 1
    ):
        labels[((grid - place.reshape(-1, *[1] * len(shape))) ** 2).sum(0) < 36] = label
    image = np.random.default_rng(0).normal(50, 5, shape) + 150 * (labels > 0)
    return image.astype(np.uint8), labels


@pytest.fixture(params=FILES)
def axes(request):
    return request.param


@pytest.fixture
def config(tmp_path, axes):
    """A config with one training file, which is also the one to predict."""
    shape = FILES[axes]
    pairs = [balls(shape[1:]) for _ in range(shape[0])] if "T" in axes else [balls(shape)]
    for name, values in zip(("image", "labels"), zip(*pairs, strict=True), strict=True):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "a.npy", np.stack(values) if "T" in axes else values[0])
    train = {"images": f"{tmp_path}/image", "labels": f"{tmp_path}/labels"}
    ndim = len(PATCHES[axes])
    return {
        "run": "one",
        "task": "instance_segmentation",
        "data": {"train": train, "predict": {"images": train["images"]}, "axes": axes},
        "patch": {"size": PATCHES[axes], "overlap": [0, 8, 8][-ndim:]},
        "model": {"name": "unet", "feature_maps": [4, 8]},
        "augment": ["flip", "rotate90", {"name": "affine", "tilt": 20}, "elastic", "blur"],
        "train": {"steps": 2, "batch_size": 2, "validate_every": 2, "workers": 0},
        "infer": {"batch_size": 4},
    }


@pytest.fixture
def steps(bioloom, config, tmp_path):
    """Returns a function that runs a step on a pack or on all of some packs, and the packs of the run."""
    parsed, run = parse_config(config), tmp_path / "one"
    found = packs(discover(parsed.data), 1)
    for pack, samples in found.items():
        write_pack(run / "packs" / f"{pack}.csv", samples)

    def step(name, *more, **flags):
        options = run / "options" / f"{name}.yaml"
        options.parent.mkdir(exist_ok=True)
        options.write_text(dump_yaml(step_options(parsed, name)))
        words = [word for flag, value in flags.items() for word in (f"--{flag.replace('_', '-')}", value)]
        done = bioloom(name, "--options", options, *words, *more)
        assert done.code == 0, (name, done.err)

    return run, step, list(found)


def learn(run, step, names):
    """Run everything up to the model."""
    for pack in names:
        places = {kind: run / kind / f"{pack}.csv" for kind in ("images", "labels")}
        step("preprocess", pack=run / "packs" / f"{pack}.csv", **places)
        if pack != "predict_a":
            step("measure", "--truth", **places, objects=run / "truth" / f"{pack}.csv")
    settled = run / "fingerprint.yaml"
    folders = {kind: run / kind for kind in ("images", "truth")}
    step("fingerprint", "train_a", **folders, fingerprint=settled)
    for split in ("train", "val"):
        patches = run / "patches" / f"{split}.csv"
        labels = run / "labels"
        step("patch", f"{split}_a", **folders, labels=labels, fingerprint=settled, patches=patches)
    more = {"labels": run / "labels", "patches": run / "patches", "checkpoints": run / "checkpoints"}
    step("train", "train_a", "val_a", **folders, **more, fingerprint=settled, model=run / "model", workers=0)


def predict(run, step, pack):
    """Run everything from the model to the labels of a pack."""
    files = {kind: run / kind / f"{pack}.csv" for kind in ("chunks", "images", "blocks")}
    settled = {"fingerprint": run / "fingerprint.yaml"}
    step("plan", **files, **settled)
    blocks, model = files.pop("blocks"), {"model": run / "model"}
    for chunk in sorted({row.chunk for row in read_chunks(files["chunks"])}):
        step(
            "infer",
            **files,
            **settled,
            **model,
            chunk=chunk,
            sums=run / "chunks" / pack / f"{chunk}.zarr.zip",
        )
    made = run / "predictions" / f"{pack}.csv"
    step("stitch", **files, **settled, **model, blocks=blocks, predictions=made)
    step("postprocess", predictions=made, blocks=blocks, **settled, outputs=run / "outputs" / f"{pack}.csv")


def test_a_region_of_the_only_file_is_validated_on(steps, axes):
    run, step, names = steps
    assert names == ["train_a", "val_a", "predict_a"]
    learn(run, step, names)
    times = FILES[axes][0] if "T" in axes else 1
    suffixes = [f"_t000{time}" for time in range(times)] if times > 1 else [""]
    for split, side in (("train", 88), ("val", 26), ("predict", 130)):
        entries = read_manifest(run / "images" / f"{split}_a.csv")
        assert [entry.image for entry in entries] == [f"{split}_a{suffix}" for suffix in suffixes]
        assert {entry.shape[-1] for entry in entries} == {side}
    for split in ("train", "val"):  # what reaches the cut, and what does not
        table = read_table(run / "truth" / f"{split}_a.csv", OBJECTS)
        assert 0 < table["distance_max_um"].isna().sum() < len(table)
    history = (run / "model" / "history.csv").read_text().splitlines()
    assert float(history[1].split(",")[history[0].split(",").index("val_loss")]) > 0

    for pack in ("val_a", "predict_a"):
        predict(run, step, pack)
        outputs = read_manifest(run / "outputs" / f"{pack}.csv")
        images = read_manifest(run / "images" / f"{pack}.csv")
        assert [entry.shape[1:] for entry in outputs] == [entry.shape[1:] for entry in images]
        assert [entry.image for entry in outputs] == [entry.image for entry in images]
    made = run / "predictions"
    step(
        "fit",
        "val_a",
        predictions=made,
        labels=run / "labels",
        calibration=run / "c.yaml",
        fingerprint=run / "fingerprint.yaml",
    )
    step("report", run=run)
    assert "= 104 to 129 of 0 to 129" in (run / "report.html").read_text()


@pytest.mark.parametrize("axes", ["ZYX"], indirect=True)
def test_volumes_with_patches_of_one_plane_are_seen_plane_by_plane(steps, axes):
    """Shuffled planes give shuffled predictions, bit by bit: nothing looks at a neighbour."""
    run, step, names = steps
    learn(run, step, names)
    model = yaml.safe_load((run / "model" / "model.yaml").read_text())
    assert model["ndim"] == 3
    assert model["model"]["kernel"] == [[1, 3, 3]] * 2
    assert model["model"]["pooling"] == [[1, 2, 2]]
    predict(run, step, "predict_a")
    first = open_volume(run / "predictions" / "predict_a.zarr").read()
    volume = open_volume(run / "images" / "predict_a.zarr")
    order = [3, 0, 1, 4, 2]
    volume.array[...] = volume.read()[:, order]
    predict(run, step, "predict_a")
    np.testing.assert_array_equal(open_volume(run / "predictions" / "predict_a.zarr").read(), first[:, order])
    assert first.std() > 0
