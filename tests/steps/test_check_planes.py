"""`bioloom check`: what is learned from planes must suit volumes, where these are to be predicted."""

import numpy as np
import pytest
import tifffile
import yaml


@pytest.mark.parametrize(("recipe", "mistakes"), [("contour", 0), ("flow", 1)])
def test_a_recipe_of_planes_for_volumes(bioloom, config, tmp_path, recipe, mistakes):
    volume = np.random.default_rng(0).integers(0, 200, (1, 5, 40, 50)).astype(np.uint8)
    pixels = {"axes": "CZYX", **{f"PhysicalSize{axis}": 0.5 for axis in "XYZ"}}
    tifffile.imwrite(tmp_path / "stack.ome.tif", volume, metadata=pixels)
    config["data"]["predict"] = {"images": str(tmp_path / "stack.ome.tif")}
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(config | {"recipe": recipe, "postprocess": "auto"}))
    done = bioloom("check", path)
    said = [line for line in done.errors if "flows follows directions in volumes" in line]
    assert (done.code, len(done.errors), len(said)) == (mistakes, mistakes, mistakes)
