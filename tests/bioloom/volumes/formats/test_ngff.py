import pytest

from bioloom.volumes.formats.ngff import axes_of, channel_names_of, levels_of, multiscale_of, sizes_of


def image(scale, *, unit="micrometer", outer=None):
    transformations = [{"type": "translation", "translation": [9, 9]}, {"type": "scale", "scale": scale}]
    found = {
        "axes": [{"name": "y", "unit": unit}, {"name": "x", "unit": unit}],
        "datasets": [{"path": "s0", "coordinateTransformations": transformations}, {"path": "s1"}],
    }
    return found | ({"coordinateTransformations": [{"type": "scale", "scale": outer}]} if outer else {})


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: {"ome": found}], ids=["0.4", "0.5"])
def test_where_the_metadata_is(wrap):
    attributes = wrap({"multiscales": [image([1, 1])], "omero": {"channels": [{"label": "a"}, {}]}})
    assert levels_of(multiscale_of(attributes)) == ["s0", "s1"]
    assert channel_names_of(attributes) == ("a", "")
    assert multiscale_of(wrap({})) is None
    assert channel_names_of(wrap({})) == ()


def test_axes_of_all_versions():
    assert axes_of(image([1, 1])) == "YX"
    assert axes_of({"axes": ["c", "y", "x"]}) == "CYX"
    assert axes_of({}) == "TCZYX"


def test_scales_are_multiplied():
    assert sizes_of(image([0.5, 0.25], outer=[2, 4]), "s0") == {"Y": 1.0, "X": 1.0}
    assert sizes_of(image([500, 250], unit="nanometer"), "s0") == {"Y": 0.5, "X": 0.25}


def test_a_scale_without_a_unit():
    assert sizes_of(image([0.5, 0.25], unit=None), "s0") == {"Y": 0.5, "X": 0.25}
    assert sizes_of(image([1, 1], unit=None), "s0") == {}
    assert sizes_of(image([0.5, 0.25], unit="pixel"), "s0") == {}
