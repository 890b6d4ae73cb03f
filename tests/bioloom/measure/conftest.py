import numpy as np
import pytest
from scipy import ndimage

SHAPES = {2: (37, 53), 3: (17, 23, 29)}
SPACINGS = {2: (0.4, 0.25), 3: (1.5, 0.4, 0.25)}


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def ndim(request):
    return request.param


@pytest.fixture
def spacing(ndim):
    return SPACINGS[ndim]


@pytest.fixture
def labels(ndim):
    """Objects of all shapes, some touching each other, some in several pieces, with ids that have gaps."""
    rng = np.random.default_rng(ndim)
    smooth = ndimage.gaussian_filter(rng.normal(size=SHAPES[ndim]), 2)
    pieces, number = ndimage.label(smooth > smooth.std() / 2)
    ids = rng.choice(np.arange(1, 10 * number), size=number, replace=False)
    ids[1] = ids[0]
    out = np.concatenate([[0], ids])[pieces]
    out[(slice(2, 6),) * ndim] = 9999
    out[(slice(3, 5), *(slice(6, 9),) * (ndim - 1))] = 5000
    out[(-1,) * ndim] = 12345
    return out.astype(np.uint32)


@pytest.fixture
def image(labels):
    return np.random.default_rng(7).integers(0, 65536, (2, *labels.shape)).astype(np.uint16)
