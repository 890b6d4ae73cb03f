"""Files of another config in the folder of a run: told in one line, nothing is mixed up."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import bioloom
from bioloom.volumes.bundle import read_bundle, write_bundle
from bioloom.volumes.manifest import write_manifest
from bioloom.volumes.store import create_volume, open_volume

SNAKEFILE = Path(bioloom.__file__).parents[1] / "workflow" / "Snakefile"


def edit(path, change):
    """Change the contents of a YAML file."""
    values = yaml.safe_load(path.read_text())
    change(values)
    path.write_text(yaml.safe_dump(values))


def replace_store(manifest, image, values, kind, names):
    """Put an array in the place of the only store of a manifest."""
    path = manifest.parent / f"{image}.zarr"
    spacing = (0.5,) * (values.ndim - 1)
    volume = create_volume(path, values.shape, values.dtype, spacing=spacing, kind=kind, channel_names=names)
    volume.array[...] = values
    write_manifest(manifest, [open_volume(path).entry()])


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((2, 64, 64), "image test_d has 2 channels; allowed: 1"),
        (
            (1, 9, 64, 64),
            "'test_d' were planned for other patches; allowed: 81 patches of 1 x 32 x 32 voxels",
        ),
    ],
)
def test_images_that_the_model_was_not_trained_on(refused, run, line_of, contents, shape, says):
    replace_store(run / "images/test_d.csv", "test_d", np.ones(shape, np.uint8), "image", ())
    before = contents(run)
    assert says in refused(*line_of("infer"))
    assert contents(run) == before


def test_a_prediction_of_other_targets(refused, run, line_of, contents):
    values = np.ones((1, 64, 64), np.float32)
    replace_store(run / "predictions/test_d.csv", "test_d", values, "prediction", ("affinity",))
    before = contents(run)
    line = refused(*line_of("postprocess"))
    assert "the prediction has no channel 'foreground'; allowed: affinity" in line
    assert contents(run) == before


def test_a_model_of_another_architecture(refused, run, line_of):
    edit(run / "models/all/model.yaml", lambda spec: spec["model"].update(feature_maps=[8, 16]))
    assert "does not fit the model in model.yaml" in refused(*line_of("infer"))


def test_a_model_of_options_that_nobody_knows(refused, run, line_of):
    edit(run / "models/all/model.yaml", lambda spec: spec["model"].update(depth=3))
    assert "model.yaml is damaged: this version knows no such options" in refused(*line_of("infer"))
    edit(run / "models/all/model.yaml", lambda spec: spec.update(model={"name": "swin"}))
    assert "unknown model 'swin'; allowed: " in refused(*line_of("infer"))


@pytest.mark.parametrize("name", ["infer", "stitch"])
def test_a_model_of_another_version(refused, run, line_of, name):
    edit(run / "models/all/model.yaml", lambda spec: spec.update(format=99))
    assert "format 99; allowed: 1" in refused(*line_of(name))


def test_weights_of_another_model(refused, run, line_of, contents):
    path = run / "models/all/weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    before = contents(run)
    assert "weights.safetensors is damaged: its digest is not the one in" in refused(*line_of("infer"))
    assert contents(run) == before


def test_chunks_of_another_model_are_put_aside(refused, run, line_of):
    chunk = run / "chunks/test_d/00000.zarr.zip"
    write_bundle(chunk, read_bundle(chunk)[0], {"weights": "of another"})
    earlier = (run / "predictions/test_d.csv").read_bytes()
    line = refused(*line_of("stitch"))
    assert "was predicted by another model; it was renamed; fix: run the same command again" in line
    assert not chunk.exists()
    assert (run / "predictions/test_d.csv").read_bytes() == earlier


def test_a_truncated_chunk_is_put_aside(refused, run, line_of):
    chunk = run / "chunks/test_d/00000.zarr.zip"
    chunk.write_bytes(chunk.read_bytes()[:-100])
    assert "truncated or damaged" in refused(*line_of("stitch"))
    assert not chunk.exists()


@pytest.mark.parametrize("name", ["infer", "stitch"])
def test_chunks_of_other_patches(refused, run, line_of, contents, name):
    edit(run / f"options/{name}.yaml", lambda options: options["infer"].update(patch_size=[48, 48]))
    before = contents(run)
    line = refused(*line_of(name))
    assert "the chunks of image 'test_d' were planned for other patches; allowed: 4 patches" in line
    assert contents(run) == before


def test_chunks_that_lack_an_image(refused, run, line_of, contents):
    """Adding up nothing would give an empty picture."""
    table = run / "chunks/test_d.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")
    before = contents(run)
    assert "the chunks of image 'test_d' were planned for other patches" in refused(*line_of("stitch"))
    assert contents(run) == before


def test_a_chunk_that_is_not_planned(refused, run, line_of):
    assert "has no chunk '00007'; allowed: 00000 to 00000" in refused(*line_of("infer", chunk="00007"))


@pytest.mark.parametrize("name", ["measure", "evaluate", "fit"])
def test_manifests_of_different_packs(refused, run, line_of, contents, name):
    args = line_of(name)
    if name == "fit":
        shutil.copy(run / "labels/val_c.csv", run / "labels/test_d.csv")
    else:
        folder = "images" if name == "measure" else "labels"
        args = line_of(name, **{folder: run / folder / "val_c.csv"})
    before = contents(run)
    assert "there is no image 'test_d' in " in refused(*args)
    assert contents(run) == before


def test_options_that_the_fingerprint_does_not_suit(refused, run, line_of):
    kernels = [[[3, 3]] * 2, [[3, 3]] * 5]
    edit(
        run / "options/train.yaml",
        lambda options: options["model"].update(feature_maps="auto", kernel=kernels[1]),
    )
    line = refused(*line_of("train"))
    assert line.startswith("model: lists for different numbers of levels")
    assert "where the fingerprint settled" in line


def test_training_images_of_which_some_have_a_voxel_size(refused, run, line_of):
    path = run / "images/train_a.zarr/zarr.json"
    values = json.loads(path.read_text())
    values["attributes"]["bioloom"]["spacing_known"] = False
    path.write_text(json.dumps(values))
    line = refused(*line_of("fingerprint"))
    assert line.startswith("the voxel size of ")
    assert "train_a.zarr is unknown, that of " in line


@pytest.mark.parametrize("name", ["patch", "plan"])
def test_options_of_another_number_of_axes(refused, run, line_of, name):
    edit(
        run / f"options/{name}.yaml",
        lambda options: options["patch"].update(size=[32, 32, 32], overlap="auto"),
    )
    line = refused(*line_of(name))
    assert "patch.size has 3" in line
    assert "allowed: one number per spatial axis" in line


def test_patches_of_another_number_of_axes(refused, run, line_of):
    edit(run / "options/fingerprint.yaml", lambda options: options["patch"].update(size=[32, 32, 32]))
    line = refused(*line_of("fingerprint"))
    assert "patch.size has 3 numbers, the training images have 2 spatial axes" in line


def test_a_calibration_without_thresholds(refused, run, line_of):
    (run / "calibration.yaml").write_text("curve: []\n")
    assert "calibration.yaml holds no thresholds" in refused(*line_of("postprocess"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trian": {}}, "trian: unknown key; did you mean 'train'?"),
        ({"data": {"train": {"images": "/no/where"}}}, "data.train.images: there is no /no/where"),
    ],
)
def test_snakemake_shows_the_mistakes_of_a_config(config, tmp_path, change, says):
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(config | change))
    command = [sys.executable, "-m", "snakemake", "-n", "--snakefile", str(SNAKEFILE)]
    command += ["--directory", str(tmp_path), "--configfile", str(path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert says in text
    assert "Traceback" not in text
    assert not (tmp_path / "results").exists()
