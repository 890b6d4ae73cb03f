"""What `bioloom measure` writes, and what it says to labels that it cannot measure."""

import numpy as np
import pytest

from bioloom.volumes.manifest import write_manifest
from bioloom.volumes.store import create_volume, open_volume
from bioloom.volumes.tables import OBJECTS, read_table

BRIEF = {"area_um2", "equivalent_diameter_um", "eccentricity", "intensity_mean-channel-0", "touches_border"}
MORE = {
    "perimeter_um",
    "circularity",
    "solidity",
    "axis_major_length_um",
    "intensity_std-channel-0",
    "neighbours",
}


@pytest.fixture
def labels_of(run):
    """Put other labels in the place of those of image test_d."""

    def write(values):
        store = run / "labels" / "test_d.zarr"
        volume = create_volume(store, (1, *values.shape), values.dtype, spacing=(0.5, 0.5), kind="labels")
        volume.array[...] = values[None]
        write_manifest(run / "labels" / "test_d.csv", [open_volume(store).entry()])

    return write


@pytest.fixture
def measure(bioloom, line_of, run):
    """Measure, with or without details, and return the table."""

    def call(truth):
        args = line_of("measure", objects=run / "o.csv")
        assert bioloom(*(args if truth else [arg for arg in args if arg != "--truth"])).code == 0
        return read_table(run / "o.csv", OBJECTS)

    return call


def test_results_have_all_measures_and_truth_what_training_needs(measure):
    truth, result = measure(True), measure(False)
    assert set(truth) >= BRIEF | {"distance_max_um"}
    assert not set(truth) & MORE
    assert set(result) >= BRIEF | MORE
    assert "distance_max_um" not in result
    assert truth["label"].tolist() == result["label"].tolist()
    assert len(result) == 5


@pytest.mark.parametrize("truth", [False, True])
def test_no_objects_give_a_header(measure, labels_of, truth):
    full = measure(truth)
    labels_of(np.zeros((64, 64), np.uint32))
    empty = measure(truth)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_the_largest_ids(measure, labels_of):
    labels = np.zeros((64, 64), np.uint32)
    labels[3:9, 3:9], labels[9:12, 3:9] = 2**32 - 1, 2**32 - 2
    labels_of(labels)
    table = measure(False)
    assert table["label"].tolist() == [2**32 - 2, 2**32 - 1]
    assert table["area_um2"].tolist() == [4.5, 9]
    assert table["neighbours"].tolist() == [1, 1]


@pytest.mark.parametrize("truth", [False, True])
@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (
            np.ones((64, 64), np.float32),
            "the labels of test_d hold values of type float32; allowed: integers",
        ),
        (np.full((64, 64), -3, np.int32), "the labels of test_d hold the id -3"),
        (
            np.ones((64, 65), np.uint16),
            "an image of spatial shape (64, 64) for labels of shape (64, 65) (test_d)",
        ),
        (
            np.ones((3, 64), np.uint16),
            "an image of spatial shape (64, 64) for labels of shape (3, 64) (test_d)",
        ),
    ],
    ids=["float", "negative", "wide", "small"],
)
def test_labels_that_cannot_be_measured(refused, line_of, run, contents, labels_of, labels, says, truth):
    labels_of(labels)
    before = contents(run)
    args = [arg for arg in line_of("measure") if truth or arg != "--truth"]
    assert says in refused(*args)
    assert contents(run) == before


def test_a_voxel_size_of_zero(refused, line_of, run):
    path = run / "labels" / "test_d.zarr" / "zarr.json"
    path.write_text(path.read_text().replace("0.5", "0.0"))
    assert "0.0" in refused(*line_of("measure"))
