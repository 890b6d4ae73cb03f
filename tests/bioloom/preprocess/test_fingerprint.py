import numpy as np
import pandas as pd
import pytest
import yaml

from bioloom.preprocess.fingerprint import ImageFacts, image_facts, take_fingerprint
from bioloom.volumes.store import create_volume

SHAPES = {2: [(40, 60), (50, 60), (30, 80)], 3: [(8, 40, 60), (9, 40, 60), (7, 40, 60)]}


def images(ndim):
    spacing = (2.0, 0.5, 0.25)[-ndim:]
    shapes = SHAPES[ndim]
    return [
        ImageFacts(f"i{n}", shape, 1, spacing, (10.0 * (n + 1),), {"1": [n], "99": [200.0 + n]})
        for n, shape in enumerate(shapes)
    ]


def objects(ndim):
    count = 200
    generator = np.random.default_rng(0)
    low = generator.integers(0, 20, (count, ndim))
    high = low + generator.integers(1, 9, (count, ndim))
    boxes = {f"bbox-{axis}": values for axis, values in enumerate(np.hstack([low, high]).T)}
    table = {"voxels": np.prod(high - low, 1), "equivalent_diameter_um": generator.uniform(1, 5, count)}
    return pd.DataFrame(boxes | table | {"distance_max_um": generator.uniform(1, 2, count)})


@pytest.mark.parametrize("ndim", SHAPES)
def test_facts_agree_with_numpy(ndim):
    table = objects(ndim)
    facts = take_fingerprint(images(ndim), table)
    assert (facts["images"], facts["channels"], facts["ndim"], facts["objects"]) == (3, 1, ndim, 200)
    assert facts["spacing_um"] == list((2.0, 0.5, 0.25)[-ndim:])
    assert facts["anisotropy"] == (8.0 if ndim == 3 else 2.0)
    assert facts["median_shape"] == np.median(SHAPES[ndim], axis=0).astype(int).tolist()
    assert facts["smallest_shape"] == np.min(SHAPES[ndim], axis=0).tolist()
    assert facts["intensity_percentiles"] == {"1": [1.0], "99": [201.0]}
    assert facts["intensity_floor"] == [5.0]  # half of the smallest range
    voxels = sum(np.prod(shape) for shape in SHAPES[ndim])
    assert facts["foreground_share"] == pytest.approx(table["voxels"].sum() / voxels, rel=1e-5)
    assert facts["object_voxels"]["95"] == pytest.approx(np.percentile(table["voxels"], 95), rel=1e-5)
    sides = [(table[f"bbox-{a + ndim}"] - table[f"bbox-{a}"]).max() for a in range(ndim)]
    assert facts["largest_object"] == sides
    assert facts["median_radius_um"] == pytest.approx(table["distance_max_um"].median(), rel=1e-5)


def test_images_without_objects_have_facts_too():
    facts = take_fingerprint(images(2), objects(2).iloc[:0])
    assert facts["objects"] == 0
    assert "median_radius_um" not in facts


def test_facts_are_plain():
    facts = take_fingerprint(images(3), objects(3))
    assert yaml.safe_load(yaml.safe_dump(facts)) == facts


def test_what_a_store_says(tmp_path):
    intensity = {"scale": [4.0], "percentiles": {"50": [7.0]}, "min": [0], "max": [9]}
    facts = {"intensity": intensity}
    volume = create_volume(tmp_path / "a.zarr", (1, 5, 6), "uint8", spacing=(1, 2), kind="image", facts=facts)
    assert image_facts("a", volume) == ImageFacts("a", (5, 6), 1, (1.0, 2.0), (4.0,), {"50": [7.0]})
