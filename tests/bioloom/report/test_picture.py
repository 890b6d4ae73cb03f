import numpy as np
import pytest

from bioloom.report import picture, style


def test_bright_images_are_stretched_between_the_percentiles():
    image = np.linspace(100, 300, 10_000).reshape(1, 100, 100)
    low, high = np.percentile(image, [0.5, 99.7])
    expected = np.clip((image - low) / (high - low), 0, 1)
    assert picture.stretch(image) == pytest.approx(expected, abs=1e-5)


def test_dark_images_are_brightened_and_keep_their_order():
    image = np.linspace(0, 1, 10_000).reshape(1, 100, 100) ** 4
    shown = picture.stretch(image)
    assert np.all(np.diff(shown.ravel()) >= 0)
    assert shown.mean() > image.mean()


@pytest.mark.parametrize("value", [0, 7])
def test_flat_and_sparse_images_do_not_divide_by_zero(value):
    image = np.full((1, 50, 50), value, np.uint8)
    assert np.all(picture.stretch(image) == 0)
    image[0, 0, 0] = 200
    assert picture.stretch(image)[0, 0, 0] == 1


def test_nan_and_infinity_become_black():
    image = np.ones((1, 10, 10), np.float32)
    image[0, 0, :2] = np.nan, np.inf
    assert np.isfinite(picture.stretch(image)).all()
    assert picture.stretch(image)[0, 0, 0] == 0


@pytest.mark.parametrize(("channels", "shape"), [(1, (8, 9)), (2, (8, 9, 3)), (3, (8, 9, 3)), (5, (8, 9, 3))])
def test_color_has_the_shape_that_imshow_wants(channels, shape):
    shown = picture.color(np.random.default_rng(0).integers(0, 4000, (channels, 8, 9)))
    assert shown.shape == shape
    assert 0 <= shown.min() <= shown.max() <= 1


def test_a_photograph_keeps_its_colours():
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    assert np.array_equal(np.round(picture.color(image) * 255), np.moveaxis(image, 0, -1))


@pytest.mark.parametrize(
    ("width", "length"), [(100, 20), (81.92, 20), (79.9, 10), (8, 2), (0.04, 0.01), (4000, 1000)]
)
def test_scale_bars_have_round_lengths_up_to_a_quarter(width, length):
    assert picture.bar_length(width) == pytest.approx(length)


def test_the_scale_bar_is_as_long_as_it_says():
    axes = style.canvas(2).subplots()
    picture.draw_scale_bar(axes, (100, 200), 0.32)
    (left, right), _ = axes.lines[0].get_data()
    assert (right - left) * 200 * 0.32 == pytest.approx(10)
    assert axes.texts[0].get_text() == "10 µm"
