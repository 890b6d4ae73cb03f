import numpy as np
import tifffile
import torch

from bioloom.commands.benchmarks import scene
from bioloom.commands.benchmarks.chunks import predict
from bioloom.postprocess.components import label_components


def test_the_image_is_full_of_separate_objects_and_always_the_same(tmp_path):
    for name in ("a.tif", "b.tif"):
        scene.write_image(tmp_path / name, 1100)
    values = tifffile.imread(tmp_path / "a.tif")
    assert (values.shape, values.dtype) == ((1100, 1100), np.uint16)
    np.testing.assert_array_equal(values, tifffile.imread(tmp_path / "b.tif"))
    height = ((values[:1008, :1008] - 200.0) / 3000)[None, None]
    foreground, contour, distance = predict(torch.from_numpy(height))[0].numpy()
    labels, _ = label_components(foreground > 0.7, 1)
    sizes = np.bincount(labels.ravel())[1:]
    assert np.count_nonzero(sizes > 200) == 28**2
    for channel in (foreground, contour, distance):
        assert 0 <= channel.min() < channel.max() <= 1


def test_boxes_lie_inside_and_are_always_the_same():
    boxes = scene.random_boxes(300, 256, 20)
    assert boxes == scene.random_boxes(300, 256, 20)
    assert all(
        0 <= a < b <= 300 and b - a == 256 for x in boxes for a, b in zip(x.start, x.stop, strict=True)
    )
    assert len(set(boxes)) > 10
