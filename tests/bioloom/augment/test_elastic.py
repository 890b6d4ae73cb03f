import pytest
import torch
from pydantic import ValidationError

from bioloom.augment.elastic import elastic
from bioloom.augment.frame import Frame
from bioloom.augment.options import ElasticOptions
from bioloom.augment.spatial_map import SpatialMap


@pytest.mark.parametrize("frame", [Frame((64, 64), (1.0, 0.5)), Frame((16, 64, 64), (2.0, 0.5, 0.5))])
def test_control_points_cover_the_patch_and_move_by_the_magnitude(frame):
    options = ElasticOptions(magnitude=2, control_spacing=10)
    generator = torch.Generator().manual_seed(0)
    fields = [elastic(SpatialMap.identity(frame), options, generator).displacements[0] for _ in range(50)]
    for count, side, spacing in zip(fields[0].controls.shape[1:], frame.shape, frame.spacing, strict=True):
        assert (count - 1) * 5.0 >= (side - 1) * spacing + 2 * 5.0
    moved = torch.stack([f.controls for f in fields])
    assert float(moved.abs().max()) <= 2 * 2 * 0.5
    assert float(moved.std()) == pytest.approx(2 * 0.5, rel=0.15)
    assert fields[0].step == (5.0,) * frame.ndim


def test_options_that_could_fold_the_picture_are_refused():
    with pytest.raises(ValidationError, match="could fold over"):
        ElasticOptions(magnitude=5, control_spacing=24)
