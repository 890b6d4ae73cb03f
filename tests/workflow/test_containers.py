"""Images inside files and stores, as the workflow plans and converts them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from bioloom.volumes.samples import read_pack
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("workflow")

SNAKEFILE = Path(__file__).parents[2] / "workflow" / "Snakefile"
PACKS = ("train_t0", "val_t1", "test_a")
FOREIGN = """
rule simulate:
    output:
        "{made}/{{name}}.zarr/zarr.json",
    shell:
        "cp -r {source}/. {made}/{{wildcards.name}}.zarr && touch {{output}}"


include: {snakefile!r}
"""


@pytest.fixture
def written(project, picture, tmp_path):
    """A folder of HDF5 files and Zarr stores that hold images and their labels, and a project of them."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for number, name in enumerate(("t0", "t1", "a", "source")):
        image = tifffile.imread(path := picture(tmp_path, name, number))
        labels = tifffile.imread(path.parents[1] / "labels" / path.name)
        if name[0] == "t":
            with h5py.File(raw / f"{name}.h5", "w") as file:
                file["raw"], file["seg/label"] = image, labels
        else:
            group = zarr.create_group(str(raw / f"{name}.zarr"))
            group.create_array("image", data=image)
            group.create_array("labels/nuclei", data=labels)
    data = {
        "train": {"images": f"{raw}/t0.h5/raw", "labels": f"{raw}/t0.h5/seg/label"},
        "val": {"images": f"{raw}/*1.h5/raw", "labels": f"{raw}/*1.h5/seg/label"},
        "test": {"images": f"{raw}/a.zarr/image", "labels": f"{raw}/a.zarr/labels/nuclei"},
    }
    return raw, project.copied(tmp_path / "launch").with_changes({"data": {**data, "val_fraction": 0.5}})


def targets(*packs):
    return [f"results/tiny/images/{pack}.csv" for pack in packs]


def test_images_and_labels_of_the_same_files(written):
    raw, run = written
    assert run.planned(*targets(*PACKS)) == Counter(options=1, pack=3, preprocess=3)
    run.snakemake(*targets(*PACKS))
    for name, pack in (("t0", "train_t0"), ("a", "test_a")):
        for kind in ("images", "labels"):
            expected = tifffile.imread(raw.parent / kind / f"{name}.tif")
            np.testing.assert_array_equal(
                open_volume(run.results / kind / f"{pack}.zarr").read()[0], expected
            )
    assert open_volume(run.results / "labels/train_t0.zarr").facts["source"] == "t0.h5/seg/label"
    assert read_pack(run.results / "packs/test_a.csv")[0].labels == raw / "a.zarr/labels/nuclei"
    assert run.planned(*targets(*PACKS)) == Counter()
    zarr.open_group(str(raw / "a.zarr")).attrs["corrected"] = True
    assert run.planned(*targets(*PACKS)) == Counter(preprocess=1)


def test_a_store_that_another_rule_makes(written, tmp_path):
    raw, run = written
    table = ["split,image,labels", f"train,{raw}/t0.h5/raw,{raw}/t0.h5/seg/label"]
    table += [f"val,{raw}/t1.h5/raw,{raw}/t1.h5/seg/label"]
    table += [f"test,{tmp_path}/b.zarr/image,{tmp_path}/b.zarr/labels/nuclei"]
    (run.folder / "samples.csv").write_text("\n".join(table))
    without = {key: value for key, value in run.config.items() if key != "data"}
    run = type(run)(run.folder, {**without, "data": {"samples": "samples.csv"}})
    larger = tmp_path / "Snakefile"
    larger.write_text(FOREIGN.format(snakefile=str(SNAKEFILE), source=raw / "source.zarr", made=tmp_path))
    assert run.planned(*targets("test_b"), snakefile=larger)["simulate"] == 1
    run.snakemake(*targets("test_b"), snakefile=larger)
    expected = tifffile.imread(tmp_path / "labels" / "source.tif")
    np.testing.assert_array_equal(open_volume(run.results / "labels/test_b.zarr").read()[0], expected)
    assert run.planned(*targets("test_b"), snakefile=larger) == Counter()
