import pytest

from bioloom.errors import BioLoomError
from bioloom.report.assemble import write_report
from bioloom.report.tables import calibration, count_points, mapping, object_table, scores_table

PLAIN = "image,label,centroid-0,centroid-1,voxels"
BOXED = f"{PLAIN},bbox-0,bbox-1,bbox-2,bbox-3,class,solidity"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("objects/test_a.csv", "", "is no object table"),
        ("objects/test_a.csv", f"{PLAIN}\n", "lacks the column bbox-0, bbox-1"),
        ("objects/test_a.csv", f"{BOXED}\n", "lacks the column equivalent_diameter_um"),
        ("objects/test_a.csv", f"{PLAIN}\ntest_a,many,1,1,1\n", "is no object table"),
        ("calibration.yaml", "thresholds: {seed: half}", "holds no thresholds"),
        ("calibration.yaml", "thresholds: {seed: 0.5}\ncurve: [{seed: half, f1: 1}]", "else than numbers"),
        ("calibration.yaml", "thresholds: {seed: 0.5}\ncurve: [1, 2]", "else than numbers"),
        ("calibration.yaml", "thresholds: {seed: 0.5}\ncurve: 5", "else than numbers"),
    ],
)
def test_damaged_files_end_the_report_with_one_line(run, name, text, message):
    run.images("test_a")
    (run.run / name).write_text(text)
    with pytest.raises(BioLoomError, match=message) as raised:
        write_report(run.run, {"task": "instance_segmentation"})
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_object_table_is_cut_to_what_is_used(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{BOXED}\na,1,2,2,9,0,0,4,4,NA,1\nb,1,2,2,9,0,0,4,4,,1\n")
    table = object_table([path], ["a"])
    assert list(table.columns) == BOXED.split(",")[:-1]
    assert table["class"].tolist() == ["NA"]
    assert object_table([], ["a"]) is None


def test_what_is_missing_is_left_out(tmp_path):
    assert scores_table(tmp_path / "metrics.csv", ("image",)) is None
    assert mapping(tmp_path / "fingerprint.yaml") == calibration(tmp_path / "calibration.yaml") == {}
    assert count_points(tmp_path, ["a"]) is None
