import numpy as np
import pytest
from PIL import Image

from bioloom.errors import BioLoomError
from bioloom.volumes.formats import read_foreign

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 30)).astype(np.uint8)
RGB = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)


def save(path, values, mode=None):
    Image.fromarray(values).save(path) if mode is None else Image.fromarray(values).convert(mode).save(path)
    return path


def test_grey(tmp_path):
    np.testing.assert_array_equal(read_foreign(save(tmp_path / "a.png", GREY)).read(), GREY[None])
    deep = GREY.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_foreign(save(tmp_path / "b.PNG", deep)).read(), deep[None])


def test_black_and_white_becomes_0_and_1(tmp_path):
    found = read_foreign(save(tmp_path / "a.png", GREY > 100)).read()
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], GREY > 100)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colours_keep_their_depth(tmp_path, depth):
    imagecodecs = pytest.importorskip("imagecodecs")
    values = RGB.astype(depth) * (257 if depth == np.uint16 else 1)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(values))
    found = read_foreign(tmp_path / "a.png")
    np.testing.assert_array_equal(found.read(), values.transpose(2, 0, 1))
    assert found.channel_names == ("red", "green", "blue")


@pytest.mark.parametrize("base", [RGB, GREY[:, :, None]])
def test_alpha(tmp_path, base):
    constant = np.full((20, 30, 1), 200, np.uint8)
    found = read_foreign(save(tmp_path / "a.png", np.concatenate([base, constant], axis=2))).read()
    np.testing.assert_array_equal(found, base.transpose(2, 0, 1))
    with pytest.raises(BioLoomError, match="partly transparent"):
        read_foreign(save(tmp_path / "b.png", np.concatenate([base, GREY[:, :, None]], axis=2)))


def palette_picture(path, colours):
    picture = Image.fromarray(GREY % len(colours), "P")
    picture.putpalette(np.asarray(colours, np.uint8).ravel().tolist())
    picture.save(path)
    return path


def test_palettes(tmp_path):
    greys = palette_picture(tmp_path / "a.png", [(v, v, v) for v in (7, 200, 31)])
    np.testing.assert_array_equal(read_foreign(greys).read()[0], np.array([7, 200, 31])[GREY % 3])
    colours = palette_picture(tmp_path / "b.png", [(0, 0, 0), (255, 0, 0), (0, 255, 0)])
    np.testing.assert_array_equal(read_foreign(colours, labels=True).read()[0], GREY % 3)
    with pytest.raises(BioLoomError, match="palette"):
        read_foreign(colours)


def test_jpeg(tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    found = read_foreign(save(tmp_path / "a.jpg", smooth)).read()
    assert np.abs(found[0].astype(int) - smooth).max() < 8
    assert read_foreign(save(tmp_path / "b.jpeg", RGB)).channels == 3
    with pytest.raises(BioLoomError, match="labels in a JPEG"):
        read_foreign(tmp_path / "a.jpg", labels=True)
    with pytest.raises(BioLoomError, match="CMYK"):
        read_foreign(save(tmp_path / "c.jpg", RGB, "CMYK"))


def test_axes_must_fit(tmp_path):
    save(tmp_path / "a.png", RGB)
    assert read_foreign(tmp_path / "a.png", "YXC").channels == 3
    with pytest.raises(BioLoomError, match=r"data\.axes says YX,"):
        read_foreign(tmp_path / "a.png", "YX")


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_truncated(tmp_path, name, share):
    path = save(tmp_path / name, RGB)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_foreign(path)
