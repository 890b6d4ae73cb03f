import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bioloom.preprocess.statistics import Statistics, _keys, _values

WANTED = (0, 0.1, 1, 33.3, 50, 99.8, 100)
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"]


def measure(values, pieces=3):
    blocks = np.array_split(values, pieces, axis=1)
    readings = []

    def again():
        readings.append(1)
        return iter(blocks)

    statistics = Statistics(len(values), values.dtype, again)
    for block in blocks:
        statistics.add(block)
    return statistics, readings


def check(values, pieces=3):
    statistics, _ = measure(values, pieces)
    flat = values.reshape(len(values), -1).astype(np.float64)
    np.testing.assert_allclose(
        statistics.percentiles(WANTED), np.percentile(flat, WANTED, axis=1), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(statistics.minimum, flat.min(axis=1))
    np.testing.assert_array_equal(statistics.maximum, flat.max(axis=1))
    scale = np.abs(flat).max() + 1e-300
    np.testing.assert_allclose(statistics.mean / scale, flat.mean(axis=1) / scale, atol=1e-12)
    np.testing.assert_allclose(statistics.std / scale, flat.std(axis=1) / scale, atol=1e-9)
    assert statistics.invalid == 0
    assert (statistics.count == flat.shape[1]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 40, 50), (1, 10, 20, 30)])
def test_agrees_with_numpy(dtype, shape):
    rng = np.random.default_rng(0)
    if dtype == "float32":
        values = (rng.standard_normal(shape) * 1e3 + 7).astype(dtype)
        values.flat[0] = 1e30  # an outlier must not coarsen the percentiles
        values.flat[1] = -0.0
    else:
        limits = np.iinfo(dtype)
        values = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
        values.flat[:2] = limits.min, limits.max
    check(values)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_agrees_with_numpy_on_any_values(data, dtype):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=6))
    elements = {"min_value": -(2.0**60), "max_value": 2.0**60} if dtype == "float32" else None
    check(data.draw(hnp.arrays(dtype, shape, elements=elements)), pieces=1)


def test_large_offsets_cost_no_precision():
    values = (np.random.default_rng(0).random((1, 100, 100)) + 1e6).astype(np.float32)
    statistics, _ = measure(values, pieces=10)
    np.testing.assert_allclose(statistics.std, values.astype(np.float64).std(), rtol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_invalid_voxels_are_counted_and_left_out(bad):
    values = np.random.default_rng(0).random((2, 9, 9)).astype(np.float32)
    values[1, 2:4, 3] = bad
    statistics, _ = measure(values)
    assert statistics.invalid == 2
    good = values[1][np.isfinite(values[1])].astype(np.float64)
    np.testing.assert_allclose(statistics.percentiles((50,))[0, 1], np.median(good))
    np.testing.assert_allclose(statistics.mean[1], good.mean())


def test_how_often_the_image_is_read():
    statistics, readings = measure(np.zeros((1, 5, 5), np.uint16))
    statistics.percentiles(WANTED)
    assert len(readings) == 0
    statistics, readings = measure(np.random.default_rng(0).random((1, 50, 50)).astype(np.float32))
    statistics.percentiles(WANTED)
    statistics.percentiles((1, 99.8))
    assert len(readings) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_keys_have_the_order_of_the_values_and_lead_back(dtype):
    if dtype == "float32":
        values = np.array([-3e38, -1.5, -1e-40, -0.0, 0.0, 1e-40, 1.0, 3e38], np.float32)
    else:
        limits = np.iinfo(dtype)
        values = np.unique(np.array([limits.min, 0, 1, limits.max // 2, limits.max], dtype))
    keys = _keys(values)
    assert keys.dtype.kind == "u"
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    np.testing.assert_array_equal(_values(keys, np.dtype(dtype)), values)


@pytest.mark.parametrize("dtype", ["int64", "float64", "float16", "bool"])
def test_other_dtypes(dtype):
    with pytest.raises(ValueError, match="no statistics"):
        Statistics(1, np.dtype(dtype), list)
